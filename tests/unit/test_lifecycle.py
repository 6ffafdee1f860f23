"""Lifecycles under any sequence of actions, and the small rules of dispatch beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import carrying, lifecycle, offering
from server.domain.carrying import CAPACITY, into_loads, load_of
from server.domain.catalogue import ITEMS, Kind
from server.domain.errors import WrongTransition
from server.domain.rooms import rooms_above

NOUNS = st.sampled_from(sorted(lifecycle.TABLES))
GOODS = sorted(code for code, item in ITEMS.items() if item.kind is Kind.GOODS)
RELEASED = {"declined", "expired", "withdrawn", "cancelled", "failed"}


@st.composite
def walks(draw):
    """A noun and any actions, its own and others'."""
    noun = draw(NOUNS)
    every = sorted({action for table in lifecycle.TABLES.values() for _, action in table})
    return noun, draw(st.lists(st.sampled_from(every), max_size=30))


@given(walks())
def test_a_refused_action_changes_nothing_and_an_end_is_an_end(walk):
    noun, actions = walk
    table, state = lifecycle.TABLES[noun], lifecycle.FIRST[noun]
    for action in actions:
        if (state, action) not in table:
            with pytest.raises(WrongTransition) as refused:
                lifecycle.after(noun, state, action)
            assert refused.value.params == {"noun": noun, "present": state, "action": action}
            continue
        state = lifecycle.after(noun, state, action)
        assert state in lifecycle.states(noun)
    if not any(before == state for before, _ in table):
        assert all((state, action) not in table for _, action in table)


@given(st.lists(st.sampled_from(sorted({action for _, action in lifecycle.ASSIGNMENT})), max_size=30))
def test_an_assignment_holds_stock_until_it_sets_off_or_lets_go(actions):
    state, departed = lifecycle.FIRST["assignment"], False
    for action in actions:
        if (state, action) not in lifecycle.ASSIGNMENT:
            continue
        state = lifecycle.after("assignment", state, action)
        departed = departed or state == "en_route"
        assert (state in lifecycle.HOLDS_STOCK) == (not departed and state not in RELEASED)
        assert (state in lifecycle.COVERS) == (state not in RELEASED)


@given(st.integers(0, 3), st.integers(0, 20), st.integers(0, 20))
def test_the_offer_rule_asks_no_more_than_the_round_and_calls_a_person_in_time(tier, still_open, refusals):
    rules = offering.rules_for(tier)
    more, person = offering.next_step(rules, still_open, refusals)
    assert 0 <= more <= rules.round.size
    assert more + still_open <= max(still_open, rules.round.size)
    assert person == (tier == 0 or refusals >= offering.ASK_A_PERSON_AFTER)
    assert more == 0 or not person or tier == 0


def test_timings_are_settings():
    rules = offering.rules_for(1, {"offers": {"1": {"size": 4, "seconds": 9}, "ask_a_person_after": 7}})
    assert (rules.round.size, rules.round.seconds, rules.ask_a_person_after) == (4, 9, 7)
    assert offering.rules_for(2, {"offers": {"1": {"size": 4}}}).round == offering.ROUNDS[2]


@given(
    st.lists(st.tuples(st.sampled_from(GOODS), st.integers(1, 5_000)), min_size=1, max_size=6),
    st.sampled_from(sorted(CAPACITY)),
)
def test_loads_carry_everything_and_fit_the_vehicle(lines, vehicle):
    room = CAPACITY[vehicle]
    rows = [{"item": item, "quantity": quantity, "n": n} for n, (item, quantity) in enumerate(lines)]
    loads = into_loads(rows, room)
    for n, (_, quantity) in enumerate(lines):
        assert sum(row["quantity"] for load in loads for row in load if row["n"] == n) == quantity
    for load in loads:
        alone = len(load) == 1 and load[0]["quantity"] == 1
        assert alone or load_of((row["item"], row["quantity"]) for row in load).fits(room)
        assert all(row["quantity"] > 0 for row in load)


def test_nobody_carries_a_tent_on_foot():
    assert not carrying.can_carry(None, load_of([("tent", 1)]))
    assert carrying.can_carry("pickup", load_of([("tent", 1), ("water", 500)]))


def test_an_event_is_heard_in_its_district_and_above():
    assert rooms_above("x", "32.03.05.2001") == ["i:x:", "i:x:32", "i:x:32.03", "i:x:32.03.05"]
    assert rooms_above("x", "") == ["i:x:"]
