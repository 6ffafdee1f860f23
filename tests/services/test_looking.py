"""Who else looks at a case: told to those who may see it, for as long as it is so."""

from datetime import timedelta

import pytest

from server.domain.errors import NotFound
from server.domain.permissions import Actor, Grant
from server.services import looking
from tests.services.world import World

RINA, BUDI = (Actor(name=name, grants=(Grant("verifier", "32.03"),)) for name in ("rina", "budi"))


@pytest.fixture
def world(system):
    return World(system)


def look(world, actor, case_id, **how):
    with world.system.writing() as tx:
        return looking.look(tx, actor, case_id, **how)["others"]


def test_two_who_look_at_one_case_know_of_each_other(world):
    case_id, other = world.case({"water": 40}), world.case({"water": 40})
    assert look(world, RINA, case_id) == []
    assert look(world, BUDI, case_id) == ["rina"]
    assert look(world, RINA, case_id) == ["budi"]
    assert look(world, RINA, other) == []


def test_who_looks_away_or_falls_silent_is_gone(world):
    case_id = world.case({"water": 40})
    look(world, BUDI, case_id)
    look(world, BUDI, case_id, away=True)
    assert look(world, RINA, case_id) == []
    look(world, BUDI, case_id)
    with world.system.writing() as tx:
        tx.now += looking.PRESENT + timedelta(seconds=1)
        assert looking.look(tx, RINA, case_id)["others"] == []


def test_who_may_not_see_the_case_neither_looks_nor_is_named(world):
    case_id = world.case({"water": 40})
    elsewhere = Actor(name="garut", grants=(Grant("verifier", "32.05"),))
    with pytest.raises(NotFound):
        look(world, elsewhere, case_id)
    assert look(world, RINA, case_id) == []
