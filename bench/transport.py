"""How fast and how well `geo.matching` plans, on instances whose cost and bound anyone can check.

    python -m bench.transport --needs N --supplies M --seed S --budget SECONDS --out FILE.npz

prints one line of JSON and writes `assigned` (row of a supply for each need, or -1) and `prices`
(which prove the bound). The instances are those of the shared generator where it lies beside the
repository, else our own (`fault_lines`). Every need asks one unit; a pair costs its distance in whole
metres and an open unit 300,000. It is the product's own entry that runs; only the costs are others.
"""

import argparse
import importlib.util
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import geopandas as gpd
import numpy as np
from scipy.spatial import cKDTree

from bench.harness import Line, repeated
from geo.costs import Rules
from geo.matching import Options, Plan, plan

SHARED = Path(__file__).parents[2] / "shared" / "bench" / "transport.py"
UNMET = 300_000
METRIC = 32748
SIZES = ((1_000, 200), (10_000, 1_000))
AIMS = {1_000: "<= 0.05", 10_000: "<= 1"}

Instance = tuple[np.ndarray, np.ndarray, np.ndarray]


def fault_lines(n_needs: int, n_supplies: int, seed: int = 1) -> Instance:
    """Needs along three straight fault lines, denser towards their middles; half of the supplies in ten
    towns, half spread evenly; one unit in ten more free than asked, shared out unevenly (Zipf-like).
    Metres on a plane of 300 km by 200 km.
    """
    rng = np.random.default_rng(seed)
    ends = rng.uniform((0, 0), (300_000, 200_000), size=(3, 2, 2))
    line = ends[rng.integers(0, 3, n_needs)]
    along = rng.beta(4, 4, n_needs)[:, None]
    needs = line[:, 0] * (1 - along) + line[:, 1] * along + rng.laplace(0, 3_000, (n_needs, 2))
    towns = rng.uniform((0, 0), (300_000, 200_000), size=(10, 2))
    in_town = towns[rng.integers(0, 10, n_supplies)] + rng.normal(0, 6_000, (n_supplies, 2))
    even = rng.uniform((0, 0), (300_000, 200_000), (n_supplies, 2))
    supplies = np.where(rng.random(n_supplies)[:, None] < 0.5, in_town, even)
    shares = 1 / rng.permutation(np.arange(1, n_supplies + 1)) ** 0.5
    free = np.maximum(1, rng.multinomial(int(1.1 * n_needs), shares / shares.sum()))
    return needs, supplies, free


def shared() -> ModuleType | None:
    """The shared generator with its independent check, where it is present."""
    if not SHARED.exists():
        return None
    spec = importlib.util.spec_from_file_location("shared_transport", SHARED)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def instance(n_needs: int, n_supplies: int, seed: int) -> Instance:
    """The shared instance, or our own."""
    generator = shared()
    make: Callable[..., Instance] = fault_lines if generator is None else generator.instance
    return make(n_needs, n_supplies, seed)


class Metres:
    """Whole metres between places of a plane: the costs of these instances."""

    def __init__(self, needs: gpd.GeoDataFrame, supplies: gpd.GeoDataFrame, _: Rules) -> None:
        self.need_at = np.column_stack([needs.geometry.x, needs.geometry.y])
        self.supply_at = np.column_stack([supplies.geometry.x, supplies.geometry.y])
        self.need_class = np.zeros(len(needs), np.int64)
        self.need_alike = np.unique(self.need_at @ [1, 1j], return_inverse=True)[1]
        self.supply_class = np.zeros(len(supplies), np.int64)

    def unmet(self, tiers):
        """An open unit costs the same whoever waits."""
        return np.full(len(tiers), UNMET), np.zeros(len(tiers), np.int64)

    def minutes(self, needs, supplies):
        """Metres stand for minutes here."""
        return self.pairs(needs, supplies).astype(float)

    def block(self, needs, supplies):
        """Metres for all pairs."""
        places, others = self.need_at[needs], self.supply_at[supplies]
        return np.hypot(places[:, None, 0] - others[:, 0], places[:, None, 1] - others[:, 1]).astype(np.int64)

    def pairs(self, needs, supplies):
        """Metres row by row."""
        return np.hypot(*(self.need_at[needs] - self.supply_at[supplies]).T).astype(np.int64)

    def bounds(self, needs, supplies):
        """The least and the most metres from any of the needs."""
        places, others = self.need_at[needs], self.supply_at[supplies]
        middle = places.mean(axis=0)
        radius = np.hypot(*(places - middle).T).max()
        away = np.hypot(others[:, 0] - middle[0], others[:, 1] - middle[1])
        return away - radius - 1, away + radius


def frames(case: Instance) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """The instance as the frames that the product's entry takes; ids keep the order of the rows."""
    needs, supplies, free = case

    def frame(key: str, places: np.ndarray, columns: dict[str, Any]) -> gpd.GeoDataFrame:
        names = [f"{row:07}" for row in range(len(places))]
        same = {"kind": "goods", "item": "unit", "skills": None}
        geometry = gpd.points_from_xy(*places.T, crs=METRIC)
        return gpd.GeoDataFrame({key: names, **same, **columns}, geometry=geometry)

    return (
        frame("need_id", needs, {"quantity": 1, "tier": 2, "weight": 1.0}),
        frame("supply_id", supplies, {"quantity": free, "vehicle": None, "expires_at": None, "minutes_left": np.nan}),
    )


def planned(case: Instance, budget: float | None) -> Plan:
    """The plan, by the product's entry."""
    needs, supplies = frames(case)
    return plan(needs, supplies, options=Options(seconds=budget, explain=False, costs=Metres))


def answer(found: Plan, case: Instance) -> tuple[np.ndarray, np.ndarray]:
    """The plan as rows of supplies, and the prices of all supplies."""
    assigned = np.full(len(case[0]), -1)
    for match in found.matches:
        assigned[int(match.need_id)] = int(match.supply_id)
    prices = np.zeros(len(case[1]))
    for supply_id, price in found.prices.items():
        prices[int(supply_id)] = price
    return assigned, prices


def greedy(case: Instance) -> int:
    """Cost of priority-nearest: each need in turn takes the nearest supply with something left."""
    needs, supplies, free = case[0], case[1], case[2].copy()
    tree, at, cost = cKDTree(supplies), np.arange(len(supplies)), 0
    shut = 0
    for need in needs:
        wide = 8
        while True:
            away, near = tree.query(need, min(wide, len(at)))
            rows = at[np.atleast_1d(near)]
            open_ = np.flatnonzero(free[rows] > 0)
            if len(open_) or wide >= len(at):
                break
            wide *= 4
        if not len(open_):
            cost += UNMET
            continue
        row = rows[open_[0]]
        cost += int(np.atleast_1d(away)[open_[0]])
        free[row] -= 1
        shut += free[row] == 0
        if shut > 64:  # the tree is made anew without those that have nothing left
            at, shut = np.flatnonzero(free > 0), 0
            tree = cKDTree(supplies[at]) if len(at) else tree
    return cost


def nearest(case: Instance) -> None:
    """What geopandas gives: the nearest supply of each need, whatever it holds."""
    needs, supplies = frames(case)
    gpd.sjoin_nearest(needs[["geometry"]], supplies[["geometry"]])


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and its seconds."""
    began = time.perf_counter()
    found = run()
    return found, time.perf_counter() - began


def lines() -> list[Line]:
    """The table's lines: seconds to the proven optimum, beside geopandas' nearest join."""
    table = []
    for n_needs, n_supplies in SIZES:
        case = instance(n_needs, n_supplies, 1)

        def run(case: Instance = case) -> dict[str, float]:
            found = planned(case, None)
            assert found.gap == 0
            return {"plan": found.seconds, "nearest": timed(lambda: nearest(case))[1]}

        values = repeated(run)
        name = f"plan {n_needs:,} x {n_supplies:,}, proven optimum"
        table.append(Line(name, "s", values["plan"], values["nearest"], "sjoin_nearest", AIMS[n_needs]))
    return table


def main() -> None:
    """One instance, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--needs", type=int, required=True)
    parser.add_argument("--supplies", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, help="seconds; without it until the optimum is proven")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--baselines", action="store_true", help="also time greedy and sjoin_nearest")
    given = parser.parse_args()
    case = instance(given.needs, given.supplies, given.seed)
    found = planned(case, given.budget)
    assigned, prices = answer(found, case)
    if given.out:
        np.savez_compressed(given.out, assigned=assigned, prices=prices)
    report = {
        "cost": found.cost, "bound": found.lower_bound, "gap": found.gap,
        "first_plan_s": round(found.first_plan_s, 4), "seconds": round(found.seconds, 4),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }  # fmt: skip
    if given.baselines:
        cost, seconds = timed(lambda: greedy(case))
        report |= {"greedy_cost": cost, "greedy_s": round(seconds, 4), "cost_over_greedy": found.cost / cost}
        report["sjoin_nearest_s"] = round(timed(lambda: nearest(case))[1], 4)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
