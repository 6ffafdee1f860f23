"""Every state can be reached, and every step that no table lists is refused."""

import itertools

import pytest

from server.domain import lifecycle
from server.domain.errors import WrongTransition

NOUNS = sorted(lifecycle.TABLES)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_state_is_reachable(noun):
    reached, table = {lifecycle.FIRST[noun]}, lifecycle.TABLES[noun]
    for _ in table:
        reached |= {after for (state, _), after in table.items() if state in reached}
    assert reached == lifecycle.states(noun)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_other_step_is_refused(noun):
    table = lifecycle.TABLES[noun]
    actions = {action for _, action in table} | {"no such action"}
    for state, action in itertools.product(lifecycle.states(noun), actions):
        if (state, action) in table:
            assert lifecycle.after(noun, state, action) == table[state, action]
        else:
            with pytest.raises(WrongTransition):
                lifecycle.after(noun, state, action)


def test_what_holds_stock_is_live_and_covers():
    assert lifecycle.HOLDS_STOCK < lifecycle.LIVE < lifecycle.COVERS <= lifecycle.states("assignment")
