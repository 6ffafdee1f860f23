"""A way that comes near a closed road goes around it; all who ask about ways hear the same."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import trips
from geo.candidates import GoodsNeed, Lot, Stock
from geo.closures import AROUND_M, NEAR_M, Closures
from geo.costs import Rules
from geo.crs import geocentric, metres
from geo.frames import needs_frame, supplies_frame
from geo.matching import Options, plan
from geo.travel import VEHICLES, Routes, minutes

SOUTH, NORTH, EAST = (107.14, -6.85), (107.14, -6.75), (107.24, -6.85)
BRIDGE = shapely.LineString([(107.139, -6.80), (107.141, -6.80)])
ROAD = shapely.LineString([(107.0, -6.80), (107.13, -6.80)])
PICKUP = VEHICLES["pickup"]
DETOUR_MIN = AROUND_M * PICKUP.minutes_per_metre

degrees = st.tuples(st.floats(106.9, 107.4), st.floats(-7.0, -6.6))


@given(start=degrees, end=degrees, corner=degrees)
def test_a_way_passes_what_lies_near_the_straight_line(start, end, corner):
    """The judge measures the distance on a map of its own, in kilometres about the closed place."""
    scale = np.array([np.cos(np.radians(corner[1])), 1]) * 111_195
    way = shapely.LineString([(np.array(place) - corner) * scale for place in (start, end)])
    away = shapely.distance(way, shapely.Point(0, 0))
    if abs(away - NEAR_M) < 0.02 * NEAR_M:
        return
    closures = Closures([shapely.LineString([corner, (corner[0] + 1e-6, corner[1])])])
    longer = closures.around(geocentric(*start), geocentric(*end))
    assert float(longer) == (AROUND_M if away < NEAR_M else 0)


def test_one_closure_is_gone_around_once_and_two_are_twice():
    ways = geocentric(*SOUTH), geocentric(*NORTH)
    long_road = shapely.LineString([(107.14, -6.84), (107.14, -6.76)])
    assert float(Closures([long_road]).around(*ways)) == AROUND_M
    assert float(Closures([BRIDGE, long_road]).around(*ways)) == 2 * AROUND_M
    assert float(Closures([ROAD]).around(*ways)) == 0


def test_no_gap_of_a_long_closed_road_lets_a_way_through():
    closures = Closures([ROAD])
    across = np.linspace(107.001, 107.129, 400)
    south, north = (geocentric(across, np.full(len(across), lat)) for lat in (-6.85, -6.75))
    longer = closures.around(south, north)
    assert (longer == AROUND_M).all()


def test_boats_do_not_mind():
    by_boat = [float(minutes(SOUTH, NORTH, "boat", closures=closed)) for closed in (Closures(), Closures([BRIDGE]))]
    assert by_boat[0] == by_boat[1]


def test_tables_pairs_and_single_ways_agree_and_bounds_hold():
    dice = np.random.default_rng(5)
    homes, sites = (dice.uniform((107.0, -6.9), (107.3, -6.7), (many, 2)) for many in (30, 20))
    vehicles = [["pickup", "boat", "foot"][n % 3] for n in range(len(sites))]
    closed = Closures([BRIDGE, ROAD])
    routes = Routes(geocentric(*sites.T), vehicles, geocentric(*homes.T), closures=closed)
    every_home, every_site = np.arange(len(homes)), np.arange(len(sites))
    table = routes.table(every_home, every_site)
    row, column = (index.ravel() for index in np.indices(table.shape))
    assert routes.pairs(row, column).reshape(table.shape) == pytest.approx(table)
    assert np.stack([routes.to(geocentric(*home)) for home in homes]) == pytest.approx(table)
    alone = [[float(minutes(s, h, by, closures=closed)) for s, by in zip(sites, vehicles, strict=True)] for h in homes]
    assert np.array(alone) == pytest.approx(table)
    least, most = routes.bounds(every_home, every_site)
    assert (least <= table + 1e-9).all()
    assert (table <= most + 1e-9).all()
    assert (routes.around(every_home, every_site) > 0).any()


def need(place, **more):
    return {"need_id": "n", "kind": "goods", "item": "blanket", "quantity": 1, "tier": 2, "weight": 1.0,
            "skills": [], "lon": place[0], "lat": place[1], **more}  # fmt: skip


def lot(name, place):
    return {"supply_id": name, "kind": "goods", "item": "blanket", "quantity": 5, "lon": place[0], "lat": place[1]}


def test_a_plan_takes_the_farther_store_on_this_side_and_says_why():
    near_side = (107.14, -6.72)
    supplies = supplies_frame([lot("over the bridge", SOUTH), lot("this side", (107.14, -6.63))])
    open_roads, closed = (
        plan(needs_frame([need(near_side)]), supplies, options=Options(rules=Rules(closures=closures)))
        for closures in (Closures(), Closures([BRIDGE]))
    )
    assert [match.supply_id for match in open_roads.matches + closed.matches] == ["this side", "this side"]
    (other,) = closed.matches[0].why["next"]
    assert other["lacks"][0] == {"code": "road_closed", "minutes": pytest.approx(DETOUR_MIN, abs=0.1)}
    assert "road_closed" not in [lack["code"] for lack in open_roads.matches[0].why["next"][0]["lacks"]]


def test_the_closed_bridge_changes_the_choice():
    supplies = supplies_frame([lot("over the bridge", SOUTH), lot("this side", (107.14, -6.60))])
    chosen = [
        plan(needs_frame([need(NORTH)]), supplies, options=Options(rules=Rules(closures=closures))).matches[0]
        for closures in (Closures(), Closures([BRIDGE]))
    ]
    assert [match.supply_id for match in chosen] == ["over the bridge", "this side"]


def test_the_only_store_is_gone_to_around_the_bridge_and_the_terms_say_so():
    closed = Options(rules=Rules(closures=Closures([BRIDGE])))
    (match,) = plan(needs_frame([need(NORTH)]), supplies_frame([lot("only", SOUTH)]), options=closed).matches
    assert match.why["terms"]["around_minutes"] == pytest.approx(DETOUR_MIN, abs=0.1)
    straight = PICKUP.start_min + float(metres(*SOUTH, *NORTH)) * PICKUP.minutes_per_metre
    assert match.minutes == pytest.approx(straight + DETOUR_MIN, abs=0.1)


def test_a_lot_that_would_expire_on_the_way_around_says_that_the_road_is_closed():
    store = Stock([Lot("milk", "milk", 5, *SOUTH, minutes_left=60)], closures=Closures([BRIDGE]))
    (found,) = store.rank(GoodsNeed("milk", 1, *NORTH))
    assert not found.possible
    assert [lack.code for lack in found.lacks] == ["expires_first", "road_closed"]


def test_a_trip_comes_to_the_far_bank_by_the_stop_that_is_on_the_way_around():
    weights = {"a": (NORTH, 2.0), "b": (EAST, 1.0)}
    loads = [trips.Load(name, "store", at, kg=10, m3=0.1, weight=weight) for name, (at, weight) in weights.items()]
    pickup = trips.Vehicle("pickup", "pickup", SOUTH, kg=500, m3=3, minutes_left=600)
    stops = []
    for closed in (Closures(), Closures([BRIDGE])):
        made = trips.plan(loads, [pickup], {"store": SOUTH}, closures=closed).trips
        stops.append([stop.load for trip in made for stop in trip.stops])
    assert stops == [["a", "b"], ["b", "a"]]
