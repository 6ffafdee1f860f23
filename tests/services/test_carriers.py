"""Who brings the goods of a plan: trips with the vehicles that are there, and what a what-if says of one more."""

from datetime import timedelta

import pytest

from server.services import sheets
from tests.services.world import CIANJUR, COORDINATOR

NEAR, NEXT, FAR = (107.18, -6.83), (107.182, -6.831), (107.10, -6.70)
DISTANT = (107.60, -7.00)


def stops(plan):
    return [[stop["case_id"] for stop in trip["stops"]] for trip in plan["trips"]]


def units(plan):
    """Match -> units that trips bring of it."""
    found = {}
    for line in (line for trip in plan["trips"] for stop in trip["stops"] for line in stop["lines"]):
        found[line["n"]] = found.get(line["n"], 0) + line["quantity"]
    return found


def test_neighbours_get_one_trip_and_the_plan_says_when_it_is_over(world):
    site = world.site()
    world.stock(site, "blanket", 100)
    driver = world.volunteer(vehicle="pickup")
    cases = [world.case({"blanket": 10}, at=at) for at in (NEAR, NEXT)]
    plan = world.shown(world.plan())
    assert stops(plan) == [cases]
    (trip,) = plan["trips"]
    assert (trip["site_id"], trip["vehicle"], trip["volunteer_id"], trip["turn"]) == (site, "pickup", driver, 1)
    assert units(plan) == {match["n"]: match["quantity"] for match in plan["matches"]}
    assert plan["volunteers"][driver]["lon"] == CIANJUR[0]
    carriers = plan["carriers"]
    mean = carriers.pop("mean_minutes")
    assert carriers == {"loads": 2, "vehicles": {"pickup": 1}, "last_minutes": trip["minutes"], "left": []}
    assert mean == pytest.approx(sum(stop["minutes"] for stop in trip["stops"]) / 2, abs=0.06)
    assert trip["stops"][0]["minutes"] < trip["stops"][1]["minutes"] == trip["minutes"]


def test_what_no_vehicle_takes_at_once_is_split(world):
    world.stock(world.site(), "rice", 3_000)
    world.volunteer(vehicle="pickup")
    world.case({"rice": 2_500}, at=NEAR)
    plan = world.shown(world.plan())
    assert [trip["turn"] for trip in plan["trips"]] == [1, 2, 3]
    assert max(trip["weight_kg"] for trip in plan["trips"]) <= 1_000
    assert units(plan) == {1: 2_500}


def test_what_nobody_brings_says_why(world):
    world.stock(world.site(), "blanket", 100)
    case_id = world.case({"blanket": 10}, at=FAR)
    carriers = world.shown(world.plan())["carriers"]
    assert (carriers["vehicles"], carriers["mean_minutes"], carriers["last_minutes"]) == ({}, None, None)
    assert [(one["case_id"], one["why"]) for one in carriers["left"]] == [(case_id, "no_vehicle")]
    world.volunteer(until=timedelta(minutes=10))
    assert [one["why"] for one in world.shown(world.plan())["carriers"]["left"]] == ["shift_over"]


def test_who_helps_otherwise_drives_nothing(world):
    world.stock(world.site(), "blanket", 100)
    medic = world.volunteer(skills=["medical"])
    world.case({"blanket": 10, "medical": 1}, at=NEAR)
    plan = world.shown(world.plan())
    assert {match["volunteer_id"] for match in plan["matches"]} == {medic, None}
    assert plan["carriers"]["vehicles"] == {}
    assert plan["trips"] == []


def test_one_truck_more_brings_the_last_load_sooner(world):
    site = world.site()
    world.stock(site, "rice", 8_000)
    world.volunteer(vehicle="truck")
    for at in (NEAR, FAR):
        world.case({"rice": 3_000}, at=at)
    shown = world.what_if({"kind": "add_vehicle", "vehicle": "truck", "site_id": site, "count": 1})
    base, now = shown["what_if"]["base"], shown["what_if"]["now"]
    assert now["last_minutes"] < base["last_minutes"]
    assert (base["loads_left"], now["loads_left"]) == (0, 0)
    assert shown["carriers"]["vehicles"] == {"truck": 2}
    assert min(shown["volunteers"][trip["volunteer_id"]]["alias"] for trip in shown["trips"]) == "+1"


def test_a_truck_that_helps_all_but_the_last_load_does_not_look_useless(world):
    """One case is so far away that its way alone is the last arrival, with two trucks and with three."""
    site = world.site()
    world.stock(site, "rice", 9_000)
    for _ in range(2):
        world.volunteer(vehicle="truck")
    for at in (NEAR, NEXT, DISTANT):
        world.case({"rice": 3_000}, at=at)
    shown = world.what_if({"kind": "add_vehicle", "vehicle": "truck", "site_id": site, "count": 1})
    base, now = shown["what_if"]["base"], shown["what_if"]["now"]
    assert now["last_minutes"] == base["last_minutes"]
    assert now["mean_minutes"] < base["mean_minutes"]


def test_a_vehicle_where_there_is_none_brings_what_was_left(world):
    site = world.site()
    world.stock(site, "blanket", 100)
    world.case({"blanket": 10}, at=NEAR)
    shown = world.what_if({"kind": "add_vehicle", "vehicle": "car", "site_id": site, "count": 1})
    base, now = shown["what_if"]["base"], shown["what_if"]["now"]
    assert (base["last_minutes"], base["loads_left"], now["loads_left"]) == (None, 1, 0)
    assert now["last_minutes"] > 0


def test_sheets_are_cut_by_trips_even_in_the_middle_of_a_match(world):
    world.stock(world.site(), "rice", 3_000)
    world.volunteer(vehicle="pickup")
    case_id = world.case({"rice": 2_500}, at=NEAR)
    plan_id = world.plan()
    with world.system.reading() as tx:
        found = sheets.sheets(tx, COORDINATOR, plan_id).trips
    assert [trip.vehicle for trip in found] == ["pickup"] * 3
    assert {stop["case_id"] for trip in found for stop in trip.stops} == {case_id}
    assert sum(line["quantity"] for trip in found for stop in trip.stops for line in stop["lines"]) == 2_500
