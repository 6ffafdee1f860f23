"""The solver on planes of made-up places, against SciPy's exact assignment, at every level of it."""

import time

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

import geo.pricing
import geo.transportation
from bench.transport import Metres, fault_lines, frames
from geo.costs import Rules
from geo.flow import Quantities, exact_dot
from geo.transportation import Effort, Start, solve

UNMET = 300_000


def problem(n_needs, n_supplies, seed, share=1.0):
    needs, supplies, free = fault_lines(n_needs, n_supplies, seed)
    free = np.floor(free * share).astype(np.int64)
    keep = free > 0
    costs = Metres(*frames((needs, supplies[keep], free[keep])), Rules())
    return Quantities(np.ones(n_needs, np.int64), np.full(n_needs, UNMET), free[keep]), costs


def by_scipy(units, costs):
    """The optimum with every unit of a supply as a column and leaving open as one more per need."""
    table = costs.block(np.arange(len(units.asked)), np.arange(len(units.free)))
    columns = np.repeat(table, units.free, axis=1)
    columns = np.hstack([columns, np.full((len(table), len(table)), UNMET)])
    rows, chosen = linear_sum_assignment(columns)
    return int(columns[rows, chosen].sum())


def checked(solution, units):
    """A solution that keeps to what is asked and free, and costs what it says."""
    used = np.zeros(len(units.free), np.int64)
    np.add.at(used, solution.arcs.supply, solution.amount)
    assert (used <= units.free).all()
    got = solution.open.copy()
    np.add.at(got, solution.arcs.need, solution.amount)
    assert (got == units.asked).all()
    assert solution.cost == exact_dot(solution.amount, solution.arcs.cost) + exact_dot(solution.open, units.unmet)
    assert solution.bound <= solution.cost
    return solution


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_levels_end_at_scipys_optimum(seed, share):
    units, costs = problem(500, 80, seed, share)
    solution = checked(solve(units, costs, Effort(time.perf_counter)), units)
    assert solution.cost == solution.bound == by_scipy(units, costs)


@pytest.mark.parametrize("seed", [4, 5])
def test_pricing_by_cells_ends_at_the_same_optimum(monkeypatch, seed):
    units, costs = problem(500, 80, seed)
    for module in (geo.pricing, geo.transportation):
        monkeypatch.setattr(module, "DENSE_PAIRS", 10_000)
    solution = checked(solve(units, costs, Effort(time.perf_counter)), units)
    assert solution.cost == solution.bound == by_scipy(units, costs)


def test_a_plan_dealt_out_from_groups_is_there_at_once(monkeypatch):
    units, costs = problem(500, 80, 6)
    for module in (geo.pricing, geo.transportation):
        monkeypatch.setattr(module, "DENSE_PAIRS", 10_000)
    hasty = checked(solve(units, costs, Effort(time.perf_counter, seconds=0)), units)
    exact = solve(units, costs, Effort(time.perf_counter))
    assert hasty.bound <= exact.cost < hasty.cost < UNMET * 500


def test_many_equal_places_are_no_trouble():
    """Every need at one of five places, every supply at one of four: nearly all offers tie."""
    rng = np.random.default_rng(7)
    places, sites = rng.uniform(0, 1e5, (5, 2)), rng.uniform(0, 1e5, (4, 2))
    needs, supplies = places[rng.integers(0, 5, 400)], sites[rng.integers(0, 4, 100)]
    units = Quantities(np.ones(400, np.int64), np.full(400, UNMET), np.full(100, 3))
    costs = Metres(*frames((needs, supplies, units.free)), Rules())
    solution = checked(solve(units, costs, Effort(time.perf_counter)), units)
    assert solution.cost == solution.bound == by_scipy(units, costs)


def test_needs_that_are_alike_are_planned_as_one_and_dealt_out():
    """Three needs at each place, of several units each, some dearer to leave open: SciPy has each unit by itself."""
    rng = np.random.default_rng(10)
    places, supplies = rng.uniform(0, 1e5, (60, 2)), rng.uniform(0, 1e5, (40, 2))
    needs, free = np.repeat(places, 3, axis=0), rng.integers(1, 9, 40)
    asked, unmet = rng.integers(1, 4, 180), np.repeat(rng.choice([UNMET, 40_000], 60), 3)
    costs = Metres(*frames((needs, supplies, free)), Rules())
    quantities = Quantities(asked, unmet, free)
    solution = checked(solve(quantities, costs, Effort(time.perf_counter)), quantities)
    table = np.repeat(np.repeat(costs.block(np.arange(180), np.arange(40)), free, axis=1), asked, axis=0)
    table = np.hstack([table, np.repeat(np.repeat(unmet, asked)[:, None], len(table), axis=1)])
    rows, chosen = linear_sum_assignment(table)
    assert solution.cost == solution.bound == int(table[rows, chosen].sum())
    assert (np.diff(solution.arcs.need) >= 0).all()


@pytest.mark.parametrize("moved", [0, 5, 250, 500])
@pytest.mark.parametrize("share", [1.0, 0.6])
def test_an_earlier_plan_changes_nothing_but_the_time(moved, share):
    units, costs = problem(500, 80, 11, share)
    before = solve(units, costs, Effort(time.perf_counter))
    start = Start(before.price, before.arcs.need, before.arcs.supply)
    others, _, _ = fault_lines(moved, 1, 12)
    places = np.vstack([others, costs.need_at[moved:]])
    now = Metres(*frames((places, costs.supply_at, units.free)), Rules())
    cold, warm = solve(units, now, Effort(time.perf_counter)), solve(units, now, Effort(time.perf_counter), start)
    assert checked(warm, units).cost == warm.bound == cold.cost
    if not moved:
        assert warm.rounds == 1 < cold.rounds


def test_the_same_problem_gives_the_same_bytes():
    units, costs = problem(600, 90, 8)
    one, other = (solve(units, costs, Effort(time.perf_counter)) for _ in range(2))
    for field in ("amount", "open", "price"):
        assert getattr(one, field).tobytes() == getattr(other, field).tobytes()
    assert one.arcs.supply.tobytes() == other.arcs.supply.tobytes()


def test_prices_are_what_one_more_unit_saves():
    units, costs = problem(400, 60, 9, share=0.9)
    solution = solve(units, costs, Effort(time.perf_counter))
    for supply in np.flatnonzero(solution.price)[:5]:
        more = units.free.copy()
        more[supply] += 1
        richer = solve(Quantities(units.asked, units.unmet, more), costs, Effort(time.perf_counter))
        assert solution.cost - richer.cost == solution.price[supply]
