"""What would turn a match over: how much dearer its way may get before the plan does without it.

In an optimal plan a unit that leaves its supply goes where it costs least: to another supply, from
where it may push others on, until one finds a supply with something left, the place that has just
become free, or stays open. These are shortest paths in the residual graph, over all pairs and not
only the plan's candidates. Up to that cost the plan stands; one cost unit beyond, no optimal plan
keeps the match whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.flow import Ints, Quantities
from geo.pricing import NO_ARC, Costs
from geo.transportation import Solution

MOST_USED: Final = 400
"""Supplies in use up to which it is worked out: the paths between all of them take the third power."""

ARCS_AT_ONCE: Final = 512
STAYS_OPEN: Final = -1


@dataclass(frozen=True)
class Flips:
    """For each arc of a plan: `dearer`, the cost that its unit may rise by with the plan as it is, and
    `goes_to`, the supply that the unit turns to beyond that, or STAYS_OPEN.
    """

    dearer: Ints
    goes_to: Ints


def flips(units: Quantities, costs: Costs, solved: Solution) -> Flips | None:
    """The flips of an optimal plan's arcs; None when it is not proven, or too large to tell."""
    arcs = solved.arcs
    used = np.unique(arcs.supply)
    if solved.cost != solved.bound or len(used) > MOST_USED:
        return None
    turns = _turns(units, costs, solved, used)
    paths = _shortest(turns)
    dearer, goes_to = np.empty(len(arcs), np.int64), np.empty(len(arcs), np.int64)
    elsewhere = (np.bincount(arcs.need, minlength=len(units.asked)) > 1) | (solved.open > 0)
    every, spare = np.arange(len(units.free)), units.free > 0
    for rows in _chunks(np.arange(len(arcs))):
        needs, at = arcs.need[rows], np.searchsorted(used, arcs.supply[rows])
        onward = paths[:, at].T
        for row in np.flatnonzero(elsewhere[needs]):
            onward[row] = _onward_without(turns, units, costs, solved, used, rows[row])
        turned = costs.block(needs, every) + np.where(spare, onward[:, -1:], NO_ARC)
        turned[:, used] += onward[:, :-1] - onward[:, -1:]
        turned[np.arange(len(rows)), arcs.supply[rows]] = 2 * NO_ARC
        best = turned.argmin(axis=1)
        least, unmet = turned[np.arange(len(rows)), best], units.unmet[needs] + onward[:, -1]
        dearer[rows] = np.minimum(least, unmet) - arcs.cost[rows]
        goes_to[rows] = np.where(least <= unmet, best, STAYS_OPEN)
    return Flips(dearer, goes_to)


def _turns(units: Quantities, costs: Costs, solved: Solution, used: Ints) -> Ints:
    """The residual graph with the needs folded away: the least cost of taking one unit more at one node
    and one less at another. The nodes are the supplies in use, and last what is left over or open.
    """
    arcs = solved.arcs
    turns = np.full((len(used) + 1, len(used) + 1), NO_ARC)
    for rows in _chunks(np.argsort(arcs.supply, kind="stable")):
        turned = costs.block(arcs.need[rows], used) - arcs.cost[rows, None]
        supplies, starts = np.unique(arcs.supply[rows], return_index=True)
        at = np.searchsorted(used, supplies)
        turns[at, :-1] = np.minimum(turns[at, :-1], np.minimum.reduceat(turned, starts))
    np.minimum.at(turns[:, -1], np.searchsorted(used, arcs.supply), units.unmet[arcs.need] - arcs.cost)
    taken = np.zeros(len(units.free), np.int64)
    np.add.at(taken, arcs.supply, solved.amount)
    turns[np.flatnonzero(taken[used] < units.free[used]), -1] = 0
    turns[-1, :-1] = np.minimum(0, _from_open(units, costs, used, np.flatnonzero(solved.open)))
    return turns


def _from_open(units: Quantities, costs: Costs, supplies: Ints, needs: Ints) -> Ints:
    """The least cost (what it saves, below nought) of serving one of these open needs from each supply."""
    least = np.full(len(supplies), NO_ARC)
    for rows in _chunks(needs):
        served = costs.block(rows, supplies) - units.unmet[rows, None]
        least = np.minimum(least, served.min(axis=0))
    return least


def _shortest(turns: Ints) -> Ints:
    """The cheapest ways between all nodes, over any others (Floyd and Warshall)."""
    paths = turns.copy()
    np.fill_diagonal(paths, 0)
    for middle in range(len(paths)):
        np.minimum(paths, paths[:, middle, None] + paths[middle], out=paths)
    return paths


def _onward_without(
    turns: Ints, units: Quantities, costs: Costs, solved: Solution, used: Ints, arc: int
) -> Ints:
    """The cheapest ways from all nodes to the arc's supply when the arc's need does not turn to it.

    The need has units elsewhere or open as well; if these turned to the supply, nothing would have changed.
    """
    arcs, need = solved.arcs, int(solved.arcs.need[arc])
    at = np.searchsorted(used, arcs.supply[arc : arc + 1])
    turns = turns.copy()
    for supply in arcs.supply[arcs.need == need]:
        others = np.flatnonzero((arcs.supply == supply) & (arcs.need != need))
        turned = costs.block(arcs.need[others], used[at])[:, 0] - arcs.cost[others]
        turns[np.searchsorted(used, supply), at] = turned.min(initial=NO_ARC)
    open_needs = np.flatnonzero(solved.open)
    turns[-1, at] = np.minimum(0, _from_open(units, costs, used[at], open_needs[open_needs != need]))
    onward = np.full(len(turns), NO_ARC)
    onward[at] = 0
    while True:
        better = np.minimum(onward, (turns + onward).min(axis=1))
        if (better == onward).all():
            return onward
        onward = better


def _chunks(rows: Ints) -> Iterator[Ints]:
    for start in range(0, len(rows), ARCS_AT_ONCE):
        yield rows[start : start + ARCS_AT_ONCE]
