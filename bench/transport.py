"""How fast and how well `geo.matching` plans, on instances whose cost and bound anyone can check.

    python -m bench.transport --needs N --supplies M --seed S --budget SECONDS --out FILE.npz [--kind KIND]

prints one line of JSON and writes the instance, `assigned` (row of a supply for each need, or -1) and `prices`
(which prove the bound). The instances are those of the shared generator where it lies beside the repository, else
our own (`fault_lines`); other kinds are made from them (`KINDS`). Every need asks one unit; a pair costs its distance
in whole metres and an open unit 300,000. It is the product's own entry that runs; only the costs are others.
The same run then tells what others give: priority-nearest, the nearest supply whatever it holds, and SciPy's optimum.
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
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from bench.harness import Line, repeated
from geo.costs import Rules
from geo.matching import Options, Plan, plan

SHARED = Path(__file__).parents[2] / "shared" / "bench" / "transport.py"
UNMET = 300_000
METRIC = 32748
WARM_UP = 200
"""Needs and supplies of a plan that is made first and not timed: a planner's process is not new with each plan."""
SCIPYS_CELLS = 5_000_000
"""Cells up to which SciPy's answer is asked for: at ten times as many it takes minutes."""
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


def instance(n_needs: int, n_supplies: int, seed: int, kind: str = "plain") -> Instance:
    """The shared instance, or our own, or one of another kind made from it."""
    generator = shared()
    make: Callable[..., Instance] = fault_lines if generator is None else generator.instance
    return KINDS[kind](make(n_needs, n_supplies, seed), np.random.default_rng([seed, len(kind)]))


def one_cluster(case: Instance, rng: np.random.Generator) -> Instance:
    """All needs around one centre (sigma 4 km), like one village struck."""
    needs, supplies, free = case
    centre = rng.uniform(supplies.min(axis=0), supplies.max(axis=0))
    return centre + rng.normal(0, 4_000, needs.shape), supplies, free


def dispersed(case: Instance, rng: np.random.Generator) -> Instance:
    """Needs spread as evenly as the supplies, like a flood."""
    needs, supplies, free = case
    return rng.uniform(supplies.min(axis=0), supplies.max(axis=0), needs.shape), supplies, free


def scarce(case: Instance, rng: np.random.Generator) -> Instance:
    """Half a unit free for each need."""
    needs, supplies, _ = case
    return needs, supplies, rng.multinomial(len(needs) // 2, np.full(len(supplies), 1 / len(supplies)))


def tied(case: Instance, rng: np.random.Generator) -> Instance:
    """A hundred needs at each place and twenty supplies at each site: nearly all offers tie."""
    needs, supplies, free = case
    places, sites = needs[: -(-len(needs) // 100)], supplies[: -(-len(supplies) // 20)]
    return places[rng.integers(0, len(places), len(needs))], sites[rng.integers(0, len(sites), len(supplies))], free


KINDS: dict[str, Callable[[Instance, np.random.Generator], Instance]] = {
    "plain": lambda case, _: case,
    "cluster": one_cluster,
    "dispersed": dispersed,
    "scarce": scarce,
    "tied": tied,
}


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
    """The plan as rows of supplies, and the prices of all supplies: one that has nothing may cost anything."""
    assigned = np.full(len(case[0]), -1)
    for match in found.matches:
        assigned[int(match.need_id)] = int(match.supply_id)
    prices = np.where(case[2] > 0, 0.0, UNMET)
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


def nearest(case: Instance) -> int:
    """What geopandas gives: metres to the nearest supply of each need, whatever it holds."""
    needs, supplies = frames(case)
    found = gpd.sjoin_nearest(needs[["geometry"]], supplies[["geometry"]], distance_col="metres")
    return int(found["metres"].groupby(level=0).first().sum())


def scipys(case: Instance) -> int | None:
    """SciPy's optimum, with every free unit as a column and leaving open as one more for each need; None where its
    table is too large.
    """
    needs, supplies, free = case
    if len(needs) * (free.sum() + len(needs)) > SCIPYS_CELLS:
        return None
    costs = Metres(*frames(case), Rules())
    units = np.repeat(costs.block(np.arange(len(needs)), np.arange(len(supplies))), free, axis=1)
    table = np.hstack([units, np.full((len(needs), len(needs)), UNMET)])
    return int(table[linear_sum_assignment(table)].sum())


def beside(case: Instance, cost: int, seconds: float) -> dict[str, Any]:
    """What the others give: their cost and seconds, and the ratios of the plan's to them."""
    found: dict[str, Any] = {}
    for name, run in (("greedy", greedy), ("sjoin_nearest", nearest), ("scipy", scipys)):
        other, other_s = timed(lambda run=run: run(case))
        if other is not None:
            found |= {f"{name}_cost": other, f"{name}_s": round(other_s, 4)}
            found |= {f"cost_over_{name}": round(cost / other, 4), f"time_over_{name}": round(seconds / other_s, 3)}
    return found


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and its seconds."""
    began = time.perf_counter()
    found = run()
    return found, time.perf_counter() - began


def lines() -> list[Line]:
    """The table's lines: seconds to the proven optimum, beside geopandas' nearest join."""
    table = []
    for n_needs, n_supplies in SIZES:
        for kind in KINDS:
            case = instance(n_needs, n_supplies, 1, kind)

            def run(case: Instance = case) -> dict[str, float]:
                found = planned(case, None)
                assert found.gap == 0
                return {"plan": found.seconds, "nearest": timed(lambda: nearest(case))[1]}

            values = repeated(run)
            name = f"{n_needs:,} x {n_supplies:,} {kind}, proven"
            aim = AIMS[n_needs] if kind == "plain" else ""
            table.append(Line(name, "s", values["plan"], values["nearest"], "sjoin_nearest", aim))
    return table


def main() -> None:
    """One instance, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--needs", type=int, required=True)
    parser.add_argument("--supplies", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, help="seconds; without it until the optimum is proven")
    parser.add_argument("--kind", choices=sorted(KINDS), default="plain")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--alone", action="store_true", help="without what others give")
    given = parser.parse_args()
    case = instance(given.needs, given.supplies, given.seed, given.kind)
    planned(fault_lines(WARM_UP, WARM_UP), None)
    found = planned(case, given.budget)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assigned, prices = answer(found, case)
    if given.out:
        needs, supplies, free = case
        np.savez_compressed(given.out, assigned=assigned, prices=prices, needs=needs, supplies=supplies, capacity=free)
    report = {
        "cost": found.cost, "bound": found.lower_bound, "gap": found.gap,
        "first_plan_s": round(found.first_plan_s, 4), "seconds": round(found.seconds, 4),
        "peak_mib": round(peak_mib, 1),
    }  # fmt: skip
    if not given.alone:
        report |= beside(case, found.cost, found.seconds)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
