"""A closed road changes who is planned, ranked, asked and waited for; its end changes that back."""

from datetime import timedelta

import pytest

from server.services import hazards
from server.services.candidates import for_need
from server.services.inputs import parse
from server.services.inputs_supply import ClosureIn, EndIn
from tests.services.world import COORDINATOR

SOUTH, NORTH, FAR_NORTH = (107.139, -6.862), (107.139, -6.782), (107.139, -6.682)
BRIDGE = {"type": "LineString", "coordinates": [[107.138, -6.822], [107.140, -6.822]]}
AROUND_MIN = 42.9
"""10 km x 1.43 at the 20 km/h of a pickup."""


def close_bridge(world):
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        return hazards.close_road(tx, COORDINATOR, parse(ClosureIn, {"shape": BRIDGE}), gazetteer)["id"]


def open_again(world, closure_id):
    with world.system.writing() as tx:
        hazards.end(tx, COORDINATOR, closure_id, EndIn(), closures=True)


def planned(world):
    plan = world.shown(world.plan())
    return plan["closures"], [match["lot_id"] for match in plan["matches"]]


def test_a_plan_goes_around_a_closed_bridge_while_it_is_closed(world):
    south, north = (world.stock(world.site(at=at), "blanket", 10) for at in (SOUTH, FAR_NORTH))
    world.case({"blanket": 5}, at=NORTH)
    assert planned(world) == (0, [south])
    closure_id = close_bridge(world)
    assert planned(world) == (1, [north])
    open_again(world, closure_id)
    assert planned(world) == (0, [south])


def test_a_closure_that_has_not_begun_closes_nothing(world):
    south = world.stock(world.site(at=SOUTH), "blanket", 10)
    world.stock(world.site(at=FAR_NORTH), "blanket", 10)
    world.case({"blanket": 5}, at=NORTH)
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        body = parse(ClosureIn, {"shape": BRIDGE, "begins_at": (tx.now + timedelta(hours=1)).isoformat()})
        hazards.close_road(tx, COORDINATOR, body, gazetteer)
    assert planned(world) == (0, [south])


def test_the_candidates_of_a_need_say_that_the_road_is_closed(world):
    south = world.stock(world.site(at=SOUTH), "blanket", 10)
    need = world.needs(world.case({"blanket": 5}, at=NORTH))["blanket"]
    close_bridge(world)
    with world.system.reading() as tx:
        (found,) = for_need(tx, COORDINATOR, need["id"])["candidates"]
    assert found["lot_id"] == south
    assert found["lacks"] == [{"code": "road_closed", "minutes": pytest.approx(AROUND_MIN, abs=0.1)}]


def test_who_is_on_this_side_of_the_bridge_is_asked_first(world):
    world.stock(world.site(at=NORTH), "blanket", 10)
    _, (assignment_id,) = world.approved({"blanket": 5}, at=NORTH, tier=2)
    over_there = world.volunteer(vehicle="pickup", at=SOUTH)
    over_here = world.volunteer(vehicle="pickup", at=FAR_NORTH)
    close_bridge(world)
    world.round(assignment_id)
    assert world.offers_of(assignment_id) == {over_here: "open"}
    assert over_there not in world.offers_of(assignment_id)


def test_nobody_is_called_late_for_the_way_around(world):
    world.settings(overdue={"slack_minutes": 10})
    volunteer_id = world.volunteer(vehicle="pickup", at=SOUTH)
    world.stock(world.site(at=NORTH), "blanket", 10)
    _, (assignment_id,) = world.approved({"blanket": 1}, at=NORTH)
    close_bridge(world)
    world.round(assignment_id)
    world.accept(assignment_id, volunteer_id)
    with world.system.reading() as tx:
        left = (tx.assignments.get(assignment_id)["expected_at"] - tx.now) / timedelta(minutes=1)
    # 8.85 km x 1.43 at 20 km/h, 10 minutes to start, and the way around.
    assert left == pytest.approx(48.0 + AROUND_MIN + 10, abs=1)
