"""Nobody under way is forgotten: an alarm when the next step does not come, and its end with the next sign of life."""

from datetime import timedelta

import pytest

from server.domain.errors import Conflict, NotFound
from server.services import assignments, my_work, overdue
from server.services.inputs_dispatch import FailIn, StepIn
from tests.services.world import CIANJUR, COORDINATOR, volunteer_actor
from workers import clock

AWAY = (CIANJUR[0] + 0.1, CIANJUR[1])


def taken(world, item="blanket", **more):
    """An accepted assignment and who carries it."""
    volunteer_id = world.volunteer(skills=("medical",), **more)
    if item == "blanket":
        world.stock(world.site(), item, 100)
    _, (assignment_id,) = world.approved({item: 1}, at=AWAY)
    world.round(assignment_id)
    world.accept(assignment_id, volunteer_id)
    return assignment_id, volunteer_id


def minutes_left(world, assignment_id):
    with world.system.reading() as tx:
        return (tx.assignments.get(assignment_id)["expected_at"] - tx.now) / timedelta(minutes=1)


def too_late(world, assignment_id):
    with world.system.writing() as tx:
        query = "update assignments set expected_at = clock_timestamp() where id = %(id)s"
        tx.conn.exec_driver_sql(query, {"id": assignment_id})
    return clock.raise_alarms(world.system)


def depart(world, assignment_id, volunteer_id):
    world.do(assignments.depart, volunteer_actor(volunteer_id), assignment_id, StepIn())


def test_the_way_and_the_slack_of_the_incident_say_by_when(world):
    world.settings(overdue={"slack_minutes": 10})
    assignment_id, volunteer_id = taken(world, at=(CIANJUR[0], CIANJUR[1] + 0.1), vehicle="truck")
    # 11.06 km x 1.5 at 17 km/h, 20 minutes to start: 78.6; and 11.05 km to the place.
    assert minutes_left(world, assignment_id) == pytest.approx(78.6 + 10, abs=1)
    depart(world, assignment_id, volunteer_id)
    assert minutes_left(world, assignment_id) == pytest.approx(78.5 + 10, abs=1)


def test_a_service_may_last_as_long_as_the_shift(world):
    assignment_id, volunteer_id = taken(world, "medical", until=timedelta(hours=5))
    assert minutes_left(world, assignment_id) == pytest.approx(30, abs=1)
    depart(world, assignment_id, volunteer_id)
    assert minutes_left(world, assignment_id) == pytest.approx(5 * 60 + 30, abs=1)


def test_silence_raises_one_alarm_that_the_next_step_ends(world):
    assignment_id, volunteer_id = taken(world)
    assert clock.raise_alarms(world.system) == 0
    assert too_late(world, assignment_id) == 1
    assert clock.raise_alarms(world.system) == 0
    told = world.events("AssignmentChanged")[-1]["data"]["rows"]["assignments"][0]
    assert (told["attention"], told["volunteer_id"]) == ("overdue", volunteer_id)
    with world.system.reading() as tx:
        (mine,) = my_work.taken(tx, volunteer_actor(volunteer_id))
    assert mine["overdue"]
    depart(world, assignment_id, volunteer_id)
    assert world.state(assignment_id)["attention"] is None
    assert clock.raise_alarms(world.system) == 0


def test_who_says_that_all_is_well_gets_more_time(world):
    assignment_id, volunteer_id = taken(world)
    too_late(world, assignment_id)
    told = world.do(overdue.all_well, volunteer_actor(volunteer_id), assignment_id, StepIn())
    assert told["attention"] is None
    assert minutes_left(world, assignment_id) == pytest.approx(60 + 30, abs=1)
    too_late(world, assignment_id)
    assert world.do(overdue.all_well, COORDINATOR, assignment_id, StepIn())["attention"] is None


def test_strangers_and_the_idle_cannot_say_it(world):
    assignment_id, volunteer_id = taken(world)
    with pytest.raises(NotFound):
        world.do(overdue.all_well, volunteer_actor(world.volunteer()), assignment_id, StepIn())
    world.do(assignments.fail, volunteer_actor(volunteer_id), assignment_id, FailIn(reason="ban bocor"))
    assert world.state(assignment_id)["expected_at"] is None
    assert clock.raise_alarms(world.system) == 0
    with pytest.raises(Conflict):
        world.do(overdue.all_well, COORDINATOR, assignment_id, StepIn())
