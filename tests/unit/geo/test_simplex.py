"""The compiled network simplex: its tree is in order after every step, ties do not turn it in circles, and pairs that
come in rounds lead to SciPy's optimum.
"""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from geo.flow import Arcs, CostRange, Quantities
from geo.simplex import FAR, NOBODY, Simplex, _improve

UNMET = 50


def never():
    return False


def problem(rng, dearest):
    """A few needs of several units, a few supplies, and what each pair costs."""
    needs, supplies = rng.integers(1, 9, 2)
    units = Quantities(rng.integers(1, 4, needs), rng.choice([UNMET, 2 * UNMET], needs), rng.integers(0, 5, supplies))
    need, supply = np.divmod(np.arange(needs * supplies), supplies)
    return units, Arcs(need, supply, rng.integers(0, dearest + 1, needs * supplies))


def optimum(units, arcs):
    """With each unit by itself, and one column more for leaving it open."""
    table = np.repeat(arcs.cost.reshape(len(units.asked), -1), units.free, axis=1)
    table = np.repeat(table, units.asked, axis=0)
    table = np.hstack([table, np.repeat(np.repeat(units.unmet, units.asked)[:, None], len(table), axis=1)])
    return int(table[linear_sum_assignment(table)].sum())


def in_order(simplex):
    """Everything that a tree promises, worked out anew from the parents."""
    tree, needs = simplex._tree, simplex._needs
    root = len(tree.parent) - 1
    for node in range(root):
        above = tree.parent[node]
        assert above == root or (node < needs) != (above < needs)
        assert tree.flow[node] > 0 or (node >= needs and tree.flow[node] == 0)
        if node >= needs:
            pays = 0 if above == root else tree.unit[above] + tree.price[tree.parent[above]]
            assert tree.price[node] == pays - tree.unit[node]
            deep = tree.depth[above] if above >= needs else tree.depth[tree.parent[above]] + 1
            assert tree.depth[node] == deep + 1
    for node in range(root + 1):
        below = np.flatnonzero(tree.parent == node)
        listed, at, last = [], tree.child[node], NOBODY
        while at != NOBODY:
            assert tree.before[at] == last
            listed.append(at)
            last, at = at, tree.after[at]
        assert sorted(listed) == [one for one in below if one >= needs or (tree.parent == one).any()]
    return simplex


@pytest.mark.parametrize("dearest", [0, 1, 60])
def test_pairs_in_rounds_lead_to_the_optimum(dearest):
    """With costs of 0 or 1 nearly all is tied; with 60 some pairs are dearer than leaving open."""
    for seed in range(120):
        rng = np.random.default_rng([dearest, seed])
        units, arcs = problem(rng, dearest)
        simplex, rounds = Simplex(units), rng.integers(0, 3, len(arcs))
        simplex.begin(arcs.where(rounds == 0))
        for turn in range(3):
            in_order(simplex).improve(arcs.where(rounds <= turn), never)
        used, flow = in_order(simplex).plan()
        assert flow.cost == optimum(units, arcs)
        bound = int(units.asked @ np.minimum(simplex.pays, units.unmet) - units.free @ simplex.price)
        assert bound == flow.cost
        assert (arcs.cost + simplex.price[arcs.supply] >= simplex.pays[arcs.need]).all()
        got = flow.open + np.bincount(used.need, flow.amount, len(units.asked)).astype(int)
        assert (got == units.asked).all()
        assert (np.bincount(used.supply, flow.amount, len(units.free)) <= units.free).all()


def test_ties_in_every_step_come_to_an_end():
    """As much free as asked, one unit each, and costs that tie: nearly every step moves nothing."""
    rng, size = np.random.default_rng(3), 60
    one = np.ones(size, np.int64)
    units = Quantities(one, UNMET * one, one)
    need, supply = np.divmod(np.arange(size * size), size)
    arcs = Arcs(need, supply, rng.integers(0, 3, size * size))
    simplex = Simplex(units)
    simplex.improve(arcs, never)
    assert in_order(simplex).plan()[1].cost == optimum(units, arcs)


def test_a_stop_leaves_a_whole_plan(monkeypatch):
    monkeypatch.setattr("geo.simplex.AT_ONCE", 5)
    units, arcs = problem(np.random.default_rng(5), 40)
    stopped = Simplex(units)
    stopped.improve(arcs, lambda: True)
    used, flow = in_order(stopped).plan()
    got = flow.open + np.bincount(used.need, flow.amount, len(units.asked)).astype(int)
    assert (got == units.asked).all()
    assert flow.cost > optimum(units, arcs)


def test_columns_of_any_layout_use_what_is_compiled_already():
    units, arcs = problem(np.random.default_rng(1), 9)
    columns = np.array([arcs.need, arcs.supply, arcs.cost]).T.copy()
    columns.flags.writeable = False
    Simplex(units).improve(arcs, never)
    Simplex(units).improve(Arcs(*columns.T), never)
    assert len(_improve.signatures) == 1


def test_nothing_asked_or_nothing_free_is_a_plan_too():
    none, some = np.empty(0, np.int64), np.array([2, 3])
    for units in (Quantities(none, none, some), Quantities(some, some * UNMET, none), Quantities(none, none, none)):
        simplex = Simplex(units)
        simplex.improve(Arcs.none(), never)
        assert (simplex.plan()[1].open == units.asked).all()


def test_costs_beyond_64_bits_are_refused():
    units, arcs = problem(np.random.default_rng(2), 9)
    with pytest.raises(CostRange):
        Simplex(units).improve(Arcs(arcs.need, arcs.supply, arcs.cost + FAR // 4), never)
