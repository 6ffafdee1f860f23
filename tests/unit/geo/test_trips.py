"""Loads into trips: nothing too full, nobody past their shift, everything once, and never worse than one by one."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.trips import best_of_all, instance
from geo import travel, trips
from geo.trips import Load, Trip, Vehicle

POSKO = (107.139, -6.822)
ROOMS = {"motorcycle": (60.0, 0.25), "car": (300.0, 0.8), "truck": (4_000.0, 18.0)}
DEGREES = st.floats(-0.3, 0.3, allow_nan=False).map(lambda away: round(away, 4))
PLACES = st.tuples(DEGREES.map(lambda x: 107.139 + x), DEGREES.map(lambda y: -6.822 + y))
SITES = st.fixed_dictionaries({"a": PLACES, "b": PLACES})


def vehicle(name="v", kind="truck", at=POSKO, minutes_left=600.0):
    return Vehicle(name, kind, at, *ROOMS[kind], minutes_left)


def load(name, at=(107.2, -6.8), *, site="a", kg=20.0, m3=0.05, weight=1.0):
    return Load(name, site, at, kg, m3, weight)


@st.composite
def loads(draw):
    sizes = st.floats(0.1, 80)
    return [
        load(f"l{n}", draw(PLACES), site=draw(st.sampled_from("ab")), kg=draw(sizes), weight=draw(st.floats(0.1, 3)))
        for n in range(draw(st.integers(0, 12)))
    ]


@st.composite
def vehicles(draw):
    kinds, shifts = st.sampled_from(sorted(ROOMS)), st.floats(10, 700)
    return [vehicle(f"v{n}", draw(kinds), draw(PLACES), draw(shifts)) for n in range(draw(st.integers(0, 4)))]


def follow(mine: list[Trip], driver: Vehicle, brought: dict[str, Load], sites) -> list[float]:
    """When each stop of one vehicle's trips is reached, by the same function that all travel times come from."""
    here, clock, times = driver.at, 0.0, []
    for trip in mine:
        clock += float(travel.minutes(here, sites[trip.site], driver.kind))
        here = sites[trip.site]
        for stop in trip.stops:
            clock += float(travel.minutes(here, brought[stop.load].at, driver.kind))
            here = brought[stop.load].at
            times.append(clock)
    return times


@settings(max_examples=30, deadline=None)
@given(loads(), vehicles(), SITES)
def test_trips_can_be_driven_as_they_are_told(found, drivers, sites):
    made = trips.plan(found, drivers, sites)
    by_id = {one.id: one for one in found}
    carried = [stop.load for trip in made.trips for stop in trip.stops]
    assert sorted([*carried, *made.left]) == sorted(by_id)
    for driver in drivers:
        mine = [trip for trip in made.trips if trip.vehicle == driver.id]
        assert [trip.turn for trip in mine] == list(range(1, len(mine) + 1))
        told = [stop.minutes for trip in mine for stop in trip.stops]
        assert told == pytest.approx(follow(mine, driver, by_id, sites), abs=0.01)
        assert all(minutes <= driver.minutes_left + 0.001 for minutes in told)
        for trip in mine:
            on_board = [by_id[stop.load] for stop in trip.stops]
            assert {one.site for one in on_board} == {trip.site}
            assert sum(one.kg for one in on_board) <= driver.kg + 0.001
            assert sum(one.m3 for one in on_board) <= driver.m3 + 0.001
            assert 1 <= len(on_board) <= trips.MOST_STOPS
            assert trip.minutes == trip.stops[-1].minutes


@settings(max_examples=30, deadline=None)
@given(loads(), vehicles(), SITES)
def test_joined_trips_are_never_worse_than_one_by_one(found, drivers, sites):
    joined, alone = trips.plan(found, drivers, sites), trips.plan(found, drivers, sites, joined=False)
    assert joined.weighted_minutes <= alone.weighted_minutes * (1 + 1e-9)
    assert all(len(trip.stops) == 1 for trip in alone.trips)
    weight = {one.id: one.weight for one in found}
    for made in (joined, alone):
        arrived = sum(weight[stop.load] * stop.minutes for trip in made.trips for stop in trip.stops)
        told = arrived + sum(weight[name] * trips.LEFT_MIN for name in made.left)
        assert made.weighted_minutes == pytest.approx(told)


@settings(max_examples=12, deadline=None)
@given(loads(), vehicles(), SITES, st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(found, drivers, sites, random):
    made = trips.plan(found, drivers, sites)
    mixed, others = random.sample(found, len(found)), random.sample(drivers, len(drivers))
    assert trips.plan(mixed, others, sites) == made


@pytest.mark.parametrize("seed", range(8))
def test_tiny_cases_come_out_as_good_as_trying_everything(seed):
    found = instance(4, 1 + seed % 2, 2, seed)
    assert trips.plan(*found).weighted_minutes == pytest.approx(best_of_all(found), rel=1e-5)


def test_what_lies_together_goes_together():
    village = [load(f"l{n}", (107.25 + n / 1_000, -6.8)) for n in range(4)]
    made = trips.plan(village, [vehicle()], {"a": POSKO})
    (trip,) = made.trips
    assert [stop.load for stop in trip.stops] == ["l0", "l1", "l2", "l3"]
    assert made.last_minutes == trip.minutes


def test_each_goes_alone_where_a_second_vehicle_is_sooner():
    east, west = load("east", (107.3, -6.822)), load("west", (106.98, -6.822))
    made = trips.plan([east, west], [vehicle("v1"), vehicle("v2")], {"a": POSKO})
    assert sorted((trip.vehicle, len(trip.stops)) for trip in made.trips) == [("v1", 1), ("v2", 1)]


def test_what_does_not_fit_waits_for_the_second_turn():
    heavy = [load(f"l{n}", kg=3_000.0) for n in range(2)]
    made = trips.plan(heavy, [vehicle()], {"a": POSKO})
    assert [(trip.turn, len(trip.stops)) for trip in made.trips] == [(1, 1), (2, 1)]
    assert made.trips[1].minutes > made.trips[0].minutes


def test_the_weightier_comes_first():
    near, far = load("near", (107.2, -6.822), kg=50), load("far", (107.1, -6.9), kg=50)
    rider = vehicle(kind="motorcycle")
    first = trips.plan([near, replace(far, weight=20.0)], [rider], {"a": POSKO}).trips[0]
    assert first.stops[0].load == "far"
    first = trips.plan([replace(near, weight=20.0), far], [rider], {"a": POSKO}).trips[0]
    assert first.stops[0].load == "near"


def test_what_is_left_says_why(monkeypatch):
    one = load("l", kg=100.0)
    assert trips.plan([one], [], {"a": POSKO}).left == {"l": "no_vehicle"}
    assert trips.plan([one], [vehicle(kind="motorcycle")], {"a": POSKO}).left == {"l": "too_large"}
    assert trips.plan([one], [vehicle(minutes_left=30)], {"a": POSKO}).left == {"l": "shift_over"}
    monkeypatch.setattr(trips, "MOST_LOADS", 1)
    made = trips.plan([one, load("light", weight=0.1)], [vehicle()], {"a": POSKO})
    assert made.left == {"light": "later"}
    assert made.last_minutes is not None
    assert trips.plan([], [vehicle()], {}).last_minutes is None


def test_many_loads_are_spread_over_the_vehicles():
    found = instance(600, 60, 5, 3)
    joined, alone = trips.plan(*found), trips.plan(*found, joined=False)
    assert joined.weighted_minutes < alone.weighted_minutes
    assert {trip.vehicle for trip in joined.trips} <= {one.id for one in found[1]}


def test_where_joining_from_nothing_ends_badly_it_begins_from_one_by_one(monkeypatch):
    monkeypatch.setattr(trips, "MOST_SHAKEN", 0)
    found = instance(5, 3, 2, 1148, spread=0.1)
    assert trips.plan(*found).weighted_minutes <= trips.plan(*found, joined=False).weighted_minutes
