"""What would turn a match over: how much dearer its way may get before the plan does without it, and how
cheap another supply would have to be to take its place.

In an optimal plan a unit that leaves its supply goes where it costs least: to another supply, from where it may
push others on, until one finds a supply with something left, the place that has just become free, or stays open.
These are shortest paths in the residual graph, over all pairs and not only the plan's candidates. Costs are taken
less the optimal prices, so that no step costs less than nothing. Up to the cost that is told the plan stands; one
cost unit beyond, no optimal plan keeps the match whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.flow import Ints, Quantities
from geo.pricing import NO_ARC, Costs
from geo.transportation import Solution

MOST_FOR_RIVALS: Final = 1_000
"""Supplies in use up to which the paths between all of them are worked out, which takes the third power: about
a second. Beyond, each match is looked at by itself and rivals are not told."""

MOST_USED: Final = 4_000
"""Supplies in use up to which flips are told at all: the steps between them fill 128 MB."""

ARCS_AT_ONCE: Final = 512
STAYS_OPEN: Final = -1


@dataclass(frozen=True)
class Flip:
    """Of some arcs of a plan: `dearer`, the cost that a unit may rise by with the plan as it is; `goes_to`, the
    supply that it turns to beyond that, or STAYS_OPEN; `wins_at`, a row for each arc: the greatest cost of a unit
    from every supply at which a unit of it comes from there instead, whatever it costs now. Below nought: never.
    """

    dearer: Ints
    goes_to: Ints
    wins_at: Ints


class Flips:
    """The flips of one optimal plan. Nodes are the supplies in use and, last, what is left over or open."""

    def __init__(self, units: Quantities, costs: Costs, solved: Solution) -> None:
        self._units, self._costs, self._solved = units, costs, solved
        self._used = np.unique(solved.arcs.supply)
        self.told = solved.cost == solved.bound and len(self._used) <= MOST_USED
        if not self.told:
            return
        self._arcs = solved.arcs.where(np.argsort(solved.arcs.supply, kind="stable"))
        ends = np.append(self._used, self._used[-1:] + 1)
        self._begin = np.asarray(np.searchsorted(self._arcs.supply, ends), np.int64)
        self._open = np.flatnonzero(solved.open)
        self._node = np.full(len(units.free), len(self._used))
        self._node[self._used] = np.arange(len(self._used))
        self._price = np.r_[solved.price[self._used], 0]
        parts = np.bincount(solved.arcs.need, minlength=len(units.asked)) + (solved.open > 0)
        self._is_whole = parts == 1
        self._steps = self._all_steps()
        self._paths = _shortest(self._steps) if len(self._used) <= MOST_FOR_RIVALS else None

    def of(self, rows: Ints) -> Flip:
        """The flips of these arcs of the plan."""
        need, supply = self._solved.arcs.need[rows], self._solved.arcs.supply[rows]
        nowhere = len(self._units.free)
        pays = self._solved.arcs.cost[rows] + self._solved.price[supply]
        more = self._first_steps(need, supply, pays)
        node = np.r_[self._node, len(self._used)]
        dearer, goes_to = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
        wins_at = np.full((len(rows), nowhere), -1)
        whole = self._is_whole[need] if self._paths is not None else np.zeros(len(rows), bool)
        if self._paths is not None and whole.any():
            onward = self._paths[:, self._node[supply[whole]]].T[:, node]
            detour = more[whole] + onward
            goes_to[whole], dearer[whole] = detour.argmin(axis=1), detour.min(axis=1)
            wins_at[whole] = pays[whole, None] - self._solved.price - onward[:, :-1] - 1
            wins_at[:, self._units.free == 0] = -1
            wins_at[np.arange(len(rows)), supply] = -1
        for row in np.flatnonzero(~whole):
            dearer[row], goes_to[row] = self._detour(int(need[row]), int(supply[row]), more[row], node)
        return Flip(dearer, np.where(goes_to == nowhere, STAYS_OPEN, goes_to), wins_at)

    def _first_steps(self, need: Ints, supply: Ints, pays: Ints) -> Ints:
        """What a unit costs more than now from every supply but its own, and last if it stays open."""
        every = np.arange(len(self._units.free))
        more = self._block(need, every) + self._solved.price - pays[:, None]
        more[:, self._units.free == 0] = NO_ARC
        more[np.arange(len(need)), supply] = 2 * NO_ARC
        return np.column_stack([more, self._units.unmet[need] - pays])

    def _all_steps(self) -> Ints:
        """The residual graph with the needs folded away: what taking one unit more at the second node and one
        less at the first costs at the least, from each node (row) to each (column).
        """
        arcs, last, price = self._arcs, len(self._used), self._price
        steps = np.full((last + 1, last + 1), NO_ARC)
        for rows in _chunks(np.arange(len(arcs))):
            pays = (arcs.cost[rows] + self._solved.price[arcs.supply[rows]])[:, None]
            offers = self._block(arcs.need[rows], self._used) + price[:-1]
            offers = np.c_[offers, self._units.unmet[arcs.need[rows]]] - pays
            supplies, starts = np.unique(arcs.supply[rows], return_index=True)
            at = self._node[supplies]
            steps[at] = np.minimum(steps[at], np.minimum.reduceat(offers, starts))
        taken = np.zeros(len(self._units.free), np.int64)
        np.add.at(taken, arcs.supply, self._solved.amount[np.argsort(self._solved.arcs.supply, kind="stable")])
        steps[np.flatnonzero(taken[self._used] < self._units.free[self._used]), -1] = 0
        steps[-1, :-1] = np.minimum(price[:-1], self._from_open(self._open, self._used))
        return np.asfortranarray(np.minimum(steps, NO_ARC))

    def _block(self, needs: Ints, supplies: Ints) -> Ints:
        """The costs between needs, of which several rows may be the same, and supplies."""
        each, row = np.unique(needs, return_inverse=True)
        return np.asarray(self._costs.block(each, supplies)[row], np.int64)

    def _from_open(self, needs: Ints, supplies: Ints) -> Ints:
        """What serving a unit of one of these open needs from each supply costs at the least."""
        least = np.full(len(supplies), NO_ARC)
        for rows in _chunks(needs):
            served = self._costs.block(rows, supplies) - self._units.unmet[rows, None]
            least = np.minimum(least, (served + self._solved.price[supplies]).min(axis=0))
        return least

    def _detour(self, need: int, supply: int, more: Ints, node: Ints) -> tuple[int, int]:
        """How much dearer the cheapest way for a unit is that does not come from this supply, and the first
        supply on it; `more` is what the first step costs to each supply, and to stay open (Dijkstra, backwards).
        """
        end = int(self._node[supply])
        cost = self._last_steps(need, supply, end)
        first = np.full(len(cost), 2 * NO_ARC)
        np.minimum.at(first, node, more)
        settled = np.zeros(len(cost), np.int64)
        settled[end], first[end] = 4 * NO_ARC, 2 * NO_ARC
        best, through = 4 * NO_ARC, 0
        while True:
            at = int((cost + settled).argmin())
            spent = int(cost[at])
            if settled[at] or spent + int(first.min()) >= best:
                break
            if first[at] + spent < best:
                best, through = int(first[at]) + spent, at
            np.minimum(cost, self._steps[:, at] + spent, out=cost)
            settled[at], first[at] = 4 * NO_ARC, 2 * NO_ARC
        return best, int(np.where(node == through, more, 4 * NO_ARC).argmin())

    def _last_steps(self, need: int, supply: int, end: int) -> Ints:
        """The steps to a supply from each node, but none by which this need, which has units elsewhere or open
        as well, would turn to it: with that nothing would have changed.
        """
        steps = self._steps[:, end].copy()
        arcs, price = self._arcs, self._solved.price
        for other in self._solved.arcs.supply[self._solved.arcs.need == need].tolist():
            at = int(self._node[other])
            rows = np.arange(self._begin[at], self._begin[at + 1])
            rows = rows[arcs.need[rows] != need]
            turned = self._costs.block(arcs.need[rows], np.array([supply]))[:, 0] - arcs.cost[rows]
            steps[at] = min(int(turned.min(initial=NO_ARC)) + int(price[supply] - price[other]), NO_ARC)
        if self._solved.open[need]:
            least = self._from_open(self._open[self._open != need], np.array([supply]))
            steps[-1] = min(int(price[supply]), int(least[0]))
        return steps


def _shortest(steps: Ints) -> Ints:
    """The cheapest ways between all nodes, over any others (Floyd and Warshall)."""
    paths = steps.copy(order="C")
    np.fill_diagonal(paths, 0)
    for middle in range(len(paths)):
        np.minimum(paths, paths[:, middle, None] + paths[middle], out=paths)
    return paths


def _chunks(rows: Ints) -> Iterator[Ints]:
    for start in range(0, len(rows), ARCS_AT_ONCE):
        yield rows[start : start + ARCS_AT_ONCE]
