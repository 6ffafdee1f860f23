"""A volunteer who calls for help: one alarm until a coordinator answers, whatever is sent twice."""

import uuid

import pytest

from server.domain.errors import Conflict, Forbidden, NotFound
from server.domain.permissions import Actor, Grant
from server.services import distress
from server.services.inputs import parse
from server.services.inputs_dispatch import DistressIn
from tests.services.world import CIANJUR, COORDINATOR, volunteer_actor

ELSEWHERE = Actor(name="koordinator-lain", grants=(Grant("coordinator", "32.04"),))
THERE = {"lon": 107.2, "lat": -6.9, "accuracy_m": 12}


@pytest.fixture
def budi(world):
    """A volunteer who is checked in."""
    return volunteer_actor(world.volunteer())


def call(world, actor, call_id=None, **more):
    body = parse(DistressIn, {"client_id": call_id or str(uuid.uuid4()), **more})
    return world.do(lambda tx, who, _, given: distress.call(tx, who, given), actor, None, body)


def listed(world, actor=COORDINATOR):
    with world.system.reading() as tx:
        return distress.listed(tx, actor)["calls"]


def step(world, action, actor, call_id):
    with world.system.writing() as tx:
        return action(tx, actor, call_id)


def alarms(world):
    """The states of the volunteer's row in the events, in order."""
    return [event["data"]["rows"]["volunteers"][0]["distress"] for event in world.events("DistressChanged")]


def test_a_call_reaches_the_coordinators_there_with_the_place_of_the_check_in(world, budi):
    made, is_new = call(world, budi, note="ban pecah, malam")
    assert is_new
    (seen,) = listed(world)
    assert (seen["id"], seen["state"], seen["note"]) == (made["id"], "open", "ban pecah, malam")
    assert (seen["place"]["lon"], seen["place"]["lat"]) == CIANJUR
    assert listed(world, ELSEWHERE) == []
    (told,) = world.events("DistressChanged")
    assert (told["area"], told["data"]["volunteer_id"]) == ("32.03", budi.volunteer_id)
    assert alarms(world) == ["open"]


def test_the_same_call_again_adds_the_place_and_alarms_nobody_anew_without_news(world, budi):
    made, _ = call(world, budi)
    _, is_new = call(world, budi, made["id"], place=THERE)
    assert not is_new
    call(world, budi, made["id"], place=THERE)
    (seen,) = listed(world)
    assert seen["place"] == THERE
    assert alarms(world) == ["open", "open"]


def test_another_cry_before_it_is_over_is_the_same_call_and_alarms_again(world, budi):
    made, _ = call(world, budi)
    answered = step(world, distress.answer, COORDINATOR, made["id"])
    assert (answered["state"], answered["answered_by"]) == ("answered", COORDINATOR.name)
    call(world, budi, made["id"])
    assert [one["state"] for one in listed(world)] == ["answered"]
    again, is_new = call(world, budi, note="belum ada yang datang")
    assert (again["id"], again["state"], is_new) == (made["id"], "open", False)
    assert alarms(world) == ["open", "answered", "open"]


def test_it_is_over_when_the_volunteer_says_so_and_a_late_copy_opens_nothing(world, budi):
    made, _ = call(world, budi)
    assert step(world, distress.end, budi, made["id"])["state"] == "ended"
    assert step(world, distress.end, budi, made["id"])["state"] == "ended"
    late, is_new = call(world, budi, made["id"])
    assert (late["state"], is_new) == ("ended", False)
    assert listed(world) == []
    with pytest.raises(Conflict):
        step(world, distress.answer, COORDINATOR, made["id"])
    with world.system.reading() as tx:
        assert distress.mine(tx, budi) is None
    assert alarms(world) == ["open", None]


def test_only_the_volunteer_and_the_coordinators_there_know_of_a_call(world, budi):
    made, _ = call(world, budi)
    stranger = volunteer_actor(world.volunteer())
    for actor in (stranger, ELSEWHERE):
        for action in (distress.answer, distress.end):
            with pytest.raises(NotFound):
                step(world, action, actor, made["id"])
    with pytest.raises(Forbidden):
        step(world, distress.answer, budi, made["id"])
    with pytest.raises(Conflict):
        call(world, stranger, made["id"])
    with pytest.raises(Forbidden):
        listed(world, budi)


def test_the_number_to_call_back_is_shown_to_coordinators_and_written_down(world, budi):
    made, _ = call(world, budi)
    with world.system.writing() as tx:
        found = distress.reveal(tx, COORDINATOR, made["id"], world.system.keys)
    assert found["phone"].startswith("+62813")
    with pytest.raises(Forbidden), world.system.writing() as tx:
        distress.reveal(tx, budi, made["id"], world.system.keys)
    with world.system.reading() as tx:
        query = "select actor from audit where action = 'contact:reveal' and subject = %(who)s"
        actors = list(tx.conn.exec_driver_sql(query, {"who": f"volunteer:{budi.volunteer_id}"}).scalars())
    assert actors == [COORDINATOR.name]


def test_who_is_not_checked_in_is_heard_at_home(world):
    away = volunteer_actor(world.volunteer(here=False))
    call(world, away)
    (seen,) = listed(world)
    assert (seen["area"], seen["place"]) == ("32.03", None)
