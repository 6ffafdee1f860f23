"""Trips against the best there is: by trying everything on tiny cases, by OR-Tools' routing on larger ones.

`python -m bench trips`, or `python -m bench.trips --seconds 60` to give OR-Tools longer for each case. What is compared
is the sum of arrivals by weight, a load that is left counting as a day (`trips.LEFT_MIN`). OR-Tools may do more than
we: it may have goods of several sites on board and go back for more before all are handed over.
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from functools import cache

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from bench.harness import Line, show
from geo import travel, trips
from geo.crs import metres
from server.domain.carrying import CAPACITY

CIANJUR = np.array([107.139, -6.822])
WEIGHTS = (0.3, 0.6, 1.0, 1.6)
KINDS = ("motorcycle", "car", "pickup", "truck")
SHARES = (0.5, 0.25, 0.2, 0.05)
"""How many of each kind come: an assumption of ours."""
Instance = tuple[list[trips.Load], list[trips.Vehicle], dict[str, trips.Place]]


def instance(loads: int, vehicles: int, sites: int, seed: int, *, spread: float = 0.15) -> Instance:
    """A disaster around Cianjur: villages of ten loads each, from one of the three nearest sites.

    spread: of sites and villages in degrees, the standard deviation.
    """
    random = np.random.default_rng(seed)
    stock = CIANJUR + random.normal(0, spread, (sites, 2))
    villages = CIANJUR + random.normal(0, spread, (max(1, loads // 10), 2))
    made = []
    for n in range(loads):
        at = villages[random.integers(len(villages))] + random.normal(0, 0.015, 2)
        near = ((stock - at) ** 2).sum(axis=1).argsort()[:3]
        kg = min(float(random.lognormal(3.5, 1)), 1_000.0)
        weight = float(random.choice(WEIGHTS))
        made.append(trips.Load(f"l{n:05}", f"s{random.choice(near)}", tuple(at), kg, kg / 400, weight))
    return made, list(_vehicles(vehicles, random, spread)), {f"s{n}": tuple(at) for n, at in enumerate(stock)}


def _vehicles(many: int, random: np.random.Generator, spread: float) -> Iterator[trips.Vehicle]:
    for n in range(many):
        kind = str(random.choice(KINDS, p=SHARES)) if n else "truck"
        room, shift = CAPACITY[kind], float(random.uniform(120, 720))
        at = tuple(CIANJUR + random.normal(0, spread, 2))
        yield trips.Vehicle(f"v{n:05}", kind, at, room.weight_kg, room.volume_m3, shift)


def best_of_all(found: Instance) -> float:
    """The least sum there is, by trying every way to deal out, order, join and leave the loads."""
    loads, vehicles, sites = found
    best = [_best_by_set(vehicle, loads, sites) for vehicle in vehicles]
    least = np.inf
    for dealt in itertools.product(range(len(vehicles) + 1), repeat=len(loads)):
        parts = [frozenset(n for n, to in enumerate(dealt) if to == v) for v in range(len(vehicles))]
        left = sum(load.weight for load, to in zip(loads, dealt, strict=True) if to == len(vehicles))
        least = min(least, left * trips.LEFT_MIN + sum(one[part] for one, part in zip(best, parts, strict=True)))
    return float(least)


def _best_by_set(
    vehicle: trips.Vehicle, loads: list[trips.Load], sites: dict[str, trips.Place]
) -> dict[frozenset[int], float]:
    """For each set of loads the least sum with which the vehicle brings them all."""
    found = {frozenset[int](): 0.0}
    for many in range(1, len(loads) + 1):
        for order in itertools.permutations(range(len(loads)), many):
            ways = itertools.product((False, True), repeat=many - 1)
            least = min(_sum_of(vehicle, [loads[n] for n in order], (True, *cuts), sites) for cuts in ways)
            key = frozenset(order)
            found[key] = min(found.get(key, np.inf), least)
    return found


def _sum_of(
    vehicle: trips.Vehicle, route: list[trips.Load], cuts: tuple[bool, ...], sites: dict[str, trips.Place]
) -> float:
    """The sum for loads in an order, cut into trips; infinite when it cannot be done."""
    here, clock, total = vehicle.at, 0.0, 0.0
    trip: list[trips.Load] = []
    for load, is_new in zip(route, cuts, strict=True):
        if is_new:
            clock += _minutes(here, sites[load.site], vehicle)
            here, trip = sites[load.site], []
        trip.append(load)
        if {one.site for one in trip} != {load.site} or not _fits(trip, vehicle):
            return np.inf
        clock += _minutes(here, load.at, vehicle)
        here, total = load.at, total + load.weight * clock
    return total if clock <= vehicle.minutes_left else np.inf


def _fits(trip: list[trips.Load], vehicle: trips.Vehicle) -> bool:
    heavy, large = sum(load.kg for load in trip), sum(load.m3 for load in trip)
    return heavy <= vehicle.kg and large <= vehicle.m3 and len(trip) <= trips.MOST_STOPS


@cache
def _minutes(start: trips.Place, end: trips.Place, vehicle: trips.Vehicle) -> float:
    return float(travel.minutes(start, end, vehicle.kind))


def by_routing(found: Instance, seconds: float) -> float:
    """The sum of OR-Tools' plan after so many seconds of guided local search: pick-ups and deliveries in pairs.

    Times in tenths of minutes, weights in hundredths.
    """
    loads, vehicles, sites = found
    many = len(loads)
    places = [sites[load.site] for load in loads] + [load.at for load in loads] + [one.at for one in vehicles]
    lon, lat = np.array(places).T
    away = metres(lon[:, None], lat[:, None], lon[None, :], lat[None, :])
    same = np.array([[one.site == other.site for other in loads] for one in loads])
    starts = [2 * many + n for n in range(len(vehicles))]
    manager = pywrapcp.RoutingIndexManager(len(places) + 1, len(vehicles), starts, [len(places)] * len(vehicles))
    model = pywrapcp.RoutingModel(manager)
    ways = []
    for one in vehicles:
        table = np.zeros((len(places) + 1, len(places) + 1), np.int64)
        table[:-1, :-1] = np.rint(10 * travel.minutes_for(away, one.kind))
        table[:many, :many][same] = 0
        ways.append(model.RegisterTransitMatrix(table.tolist()))
    shifts = [int(10 * one.minutes_left) for one in vehicles]
    model.AddDimensionWithVehicleTransitAndCapacity(ways, 0, shifts, True, "time")
    _rooms(model, loads, vehicles)
    clock = model.GetDimensionOrDie("time")
    for n, load in enumerate(loads):
        take, bring = manager.NodeToIndex(n), manager.NodeToIndex(many + n)
        model.AddPickupAndDelivery(take, bring)
        model.solver().Add(model.VehicleVar(take) == model.VehicleVar(bring))
        model.solver().Add(clock.CumulVar(take) <= clock.CumulVar(bring))
        clock.SetCumulVarSoftUpperBound(bring, 0, round(100 * load.weight))
        penalty = round(100 * load.weight * 10 * trips.LEFT_MIN)
        model.AddDisjunction([take], penalty)
        model.AddDisjunction([bring], 0)
    asked = pywrapcp.DefaultRoutingSearchParameters()
    asked.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    asked.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.time_limit.FromMilliseconds(int(1_000 * seconds))
    answer = model.SolveWithParameters(asked)
    return answer.ObjectiveValue() / 1_000 if answer else np.inf


def _rooms(model: pywrapcp.RoutingModel, loads: list[trips.Load], vehicles: list[trips.Vehicle]) -> None:
    """Weight in grams, volume in litres and stops, taken in at the site and given out at the place."""
    rest = [0] * (len(vehicles) + 1)
    for name, sizes, rooms in (
        ("kg", [round(1_000 * load.kg) for load in loads], [int(1_000 * one.kg) for one in vehicles]),
        ("m3", [round(1_000 * load.m3) for load in loads], [int(1_000 * one.m3) for one in vehicles]),
        ("stops", [1 for _ in loads], [trips.MOST_STOPS for _ in vehicles]),
    ):
        change = model.RegisterUnaryTransitVector([*sizes, *(-size for size in sizes), *rest])
        model.AddDimensionWithVehicleCapacity(change, 0, rooms, True, name)


def small(cases: int) -> list[Line]:
    """Ratios to the best there is, on cases that can be tried out."""
    ratios, alone = [], []
    for seed in range(cases):
        found = instance(4 + seed % 2, 1 + seed % 2, 2, seed)
        best = best_of_all(found)
        ratios.append(trips.plan(*found).weighted_minutes / best)
        alone.append(trips.plan(*found, joined=False).weighted_minutes / best)
    worst = [float(np.percentile(ratios, 95))]
    return [
        Line(f"{cases} tiny cases: sum / best there is", "x", ratios, alone, "one by one", "1"),
        Line("  19 in 20 are at most", "x", worst),
        Line("  of them the best there is", "share", [float(np.mean([ratio <= 1 + 1e-6 for ratio in ratios]))]),
    ]


MIDDLE = ((20, 6, 3), (50, 10, 5), (50, 40, 5), (100, 20, 8))
LARGE = ((500, 300, 20), (2_000, 300, 40))


def middle(seconds: float, seeds: int) -> list[Line]:
    """Ratios to OR-Tools' routing on cases of tens of loads."""
    lines = []
    for loads, vehicles, sites in MIDDLE:
        ratios, alone, took = [], [], []
        for seed in range(1, seeds + 1):
            found = instance(loads, vehicles, sites, seed)
            theirs = by_routing(found, seconds)
            began = time.process_time()
            ours = trips.plan(*found)
            took.append(time.process_time() - began)
            ratios.append(ours.weighted_minutes / theirs)
            alone.append(trips.plan(*found, joined=False).weighted_minutes / theirs)
        name = f"{loads} loads, {vehicles} vehicles"
        lines.append(Line(f"{name}: sum / OR-Tools in {seconds:g} s", "x", ratios, alone, "one by one"))
        lines.append(Line("  seconds of the processor", "s", took))
    return lines


def large() -> list[Line]:
    """Seconds, and what joining stops gains, on cases of hundreds of loads and more."""
    lines = []
    for loads, vehicles, sites in LARGE:
        ours, alone, took = [], [], []
        for seed in range(1, 4):
            found = instance(loads, vehicles, sites, seed)
            began = time.process_time()
            ours.append(trips.plan(*found).weighted_minutes)
            took.append(time.process_time() - began)
            alone.append(trips.plan(*found, joined=False).weighted_minutes)
        lines.append(Line(f"{loads} loads, {vehicles} vehicles: sum", "min", ours, alone, "one by one"))
        lines.append(Line("  seconds of the processor", "s", took, aim="<= 2"))
    return lines


def main(seconds: float = 10.0, seeds: int = 3) -> None:
    """Print the table."""
    lines = [*small(60), *middle(seconds, seeds), *large()]
    show("Trips: loads of goods on the way with the vehicles that are there", lines)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=10.0)
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    main(given.seconds, given.seeds)
