"""Prices held against all pairs of needs and supplies, not only those in the flow.

This is what turns a plan over a few arcs into a proven one: either some pair is cheaper than what
its need pays now, and joins the arcs, or none is, and the plan is the optimum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from geo.crs import Floats
from geo.flow import Arcs, Ints, Quantities, exact_dot

NO_ARC: Final = 1 << 60
"""Cost of a pair that cannot be: more than leaving any need open."""

DENSE_PAIRS: Final = 20_000_000
"""Up to so many pairs their costs are kept in memory (8 bytes each); above they are priced cell by
cell, and pairs that distance rules out are never looked at."""

CELL_NEEDS: Final = 14
SUPERCELL_NEEDS: Final = 400
"""Needs in a cell: few enough to be near each other, enough to share the work."""

CACHED_PAIRS: Final = 1 << 16
"""Pairs whose costs are worked out at once: half a megabyte for each intermediate."""

PRICED_PAIRS: Final = 1 << 18
"""Pairs that are priced at once: that takes fewer steps, and each block costs some time of its own."""

CORES: Final = 2
"""Threads that work on blocks; numpy lets them run side by side."""

SAMPLE_ROWS: Final = 32
MOST_TIES: Final = 3
"""How many rows tell what an offer near the lowest is, and how many times more than asked may pass."""


Block = tuple[Ints, Ints, Ints]
"""Needs, supplies, and the costs of all pairs of them."""

Seen = tuple[Ints, Ints, Arcs]
"""Needs, the lowest offer to each, and the pairs that were asked for."""


class Costs(Protocol):
    """What a pair costs. Rows are needs, columns supplies."""

    @property
    def need_at(self) -> Floats:
        """Metric coordinates of the needs, one row each."""
        ...

    @property
    def supply_at(self) -> Floats:
        """Metric coordinates of the supplies, in the same frame."""
        ...

    @property
    def need_class(self) -> Ints:
        """Needs of one class differ by place only, more or less; others are never grouped."""
        ...

    @property
    def need_alike(self) -> Ints:
        """A number for each need; needs of the same number cost the same with every supply, and left open."""
        ...

    @property
    def supply_class(self) -> Ints:
        """The same of supplies."""
        ...

    def block(self, needs: Ints, supplies: Ints) -> Ints:
        """Whole costs of one unit for all pairs of these rows; NO_ARC for what cannot be."""
        ...

    def pairs(self, needs: Ints, supplies: Ints) -> Ints:
        """The same, row by row: the first need with the first supply and so on."""
        ...

    def bounds(self, needs: Ints, supplies: Ints) -> tuple[Floats, Floats]:
        """For each supply the least and the most that a unit costs any of these needs."""
        ...


@dataclass(frozen=True)
class Priced:
    """All pairs at some prices: `pays` is the least of each need's offers and its unmet cost,
    `arcs` the pairs that were asked for, `bound` the lower bound that the prices prove.
    """

    pays: Ints
    arcs: Arcs
    bound: int


def lower_bound(units: Quantities, price: Ints, pays: Ints) -> int:
    """sum q_i min(U_i, min_j (c_ij + v_j)) - sum f_j v_j: no plan costs less (weak duality)."""
    return exact_dot(units.asked, pays) - exact_dot(units.free, price)


class Pricer:
    """Prices all pairs of one problem, again and again."""

    def __init__(self, units: Quantities, costs: Costs) -> None:
        self._units, self._costs = units, costs
        self._dense: Ints | None = None
        self._cells: list[tuple[Ints, list[Ints]]] = []
        needs, supplies = len(units.asked), len(units.free)
        if needs * supplies <= DENSE_PAIRS:
            self._dense = _all_pairs(costs, needs, supplies)
        else:
            self._cells = _cells(costs)

    def price(self, price: Ints, take: int, below: Ints | None = None) -> Priced:
        """All pairs at these prices, with up to `take` of each need's cheapest pairs: those that
        cost less than `below`, or the nearly cheapest ones when that is not given.
        """

        def look(block: Block) -> Seen:
            needs, supplies, cost = block
            offers = cost + price[supplies]
            least = offers.min(axis=1, initial=NO_ARC)
            if below is None:
                return needs, least, _lowest(needs, supplies, cost, offers, np.full(len(needs), NO_ARC), take)
            rows = np.flatnonzero(least < below[needs])
            near = needs[rows]
            return needs, least, _lowest(near, supplies, cost[rows], offers[rows], below[near], take)

        pays = self._units.unmet.copy()
        found: list[Arcs] = []
        for needs, least, arcs in self._looked_at(look, price):
            pays[needs] = np.minimum(pays[needs], least)
            found.append(arcs)
        arcs = Arcs.none().joined(*found)
        return Priced(pays, arcs, lower_bound(self._units, price, pays))

    def _looked_at(self, look: Callable[[Block], Seen], price: Ints) -> Iterator[Seen]:
        """What a look at each block finds: needs, the supplies that matter to them, the costs between."""
        if self._dense is None:
            yield from map(look, self._near_blocks(price))
            return
        dense, every = self._dense, np.arange(self._dense.shape[1])
        step = max(1, PRICED_PAIRS // max(1, len(every)))
        blocks = (
            (np.arange(start, min(start + step, len(dense))), every, dense[start : start + step])
            for start in range(0, len(dense), step)
        )
        if dense.size <= PRICED_PAIRS:
            yield from map(look, blocks)
            return
        with ThreadPoolExecutor(CORES) as pool:
            yield from pool.map(look, blocks)

    def _near_blocks(self, price: Ints) -> Iterator[Block]:
        every = np.arange(len(price))
        for supercell, cells in self._cells:
            near = self._within_reach(supercell, every, price)
            for cell in cells:
                supplies = self._within_reach(cell, near, price)
                yield cell, supplies, self._costs.block(cell, supplies)

    def _within_reach(self, needs: Ints, supplies: Ints, price: Ints) -> Ints:
        """The supplies that may be the best offer for one of these needs at these prices."""
        least, most = self._costs.bounds(needs, supplies)
        paid = price[supplies]
        enough = min((most + paid).min(initial=NO_ARC), float(self._units.unmet[needs].max()))
        return np.asarray(supplies[least + paid <= enough])


def _all_pairs(costs: Costs, needs: int, supplies: int) -> Ints:
    """Costs of all pairs, some rows at a time: what is worked on stays in the processor's cache."""
    table = np.empty((needs, supplies), np.int64)
    step, every = max(1, CACHED_PAIRS // max(1, supplies)), np.arange(supplies)

    def fill(start: int) -> None:
        table[start : start + step] = costs.block(np.arange(start, min(start + step, needs)), every)

    if table.size <= CACHED_PAIRS:
        fill(0)
        return table
    with ThreadPoolExecutor(CORES) as pool:
        for _ in pool.map(fill, range(0, needs, step)):
            pass
    return table


def _lowest(needs: Ints, supplies: Ints, cost: Ints, offers: Ints, limit: Ints, take: int) -> Arcs:
    """Up to `take` of the lowest offers of each need, those below its limit."""
    take = min(take, len(supplies))
    if not take or not len(needs):
        return Arcs.none()
    rows, columns = _cheapest(offers, take)
    keep = offers[rows, columns] < limit[rows]
    rows, columns = rows[keep], columns[keep]
    return Arcs(needs[rows], supplies[columns], cost[rows, columns])


def _cheapest(offers: Ints, take: int) -> tuple[Ints, Ints]:
    """Rows and columns of about `take` of the lowest offers in each row, the lowest among them.

    Sorting every row costs more than all else here, so a few rows tell how far above its lowest
    offer a row has that many, and all offers within that are taken; many ties are sorted out.
    """
    if take >= offers.shape[1]:
        every = np.indices(offers.shape)
        return every[0].ravel(), every[1].ravel()
    sample = offers[:: max(1, len(offers) // SAMPLE_ROWS)]
    above = np.partition(sample, take - 1, axis=1)[:, take - 1] - sample.min(axis=1)
    within = offers <= (offers.min(axis=1) + int(np.median(above)))[:, None]
    if within.sum() <= MOST_TIES * take * len(offers):
        rows, within_row = np.nonzero(within)
        return np.asarray(rows, np.int64), np.asarray(within_row, np.int64)
    columns = np.argpartition(offers, take - 1, axis=1)[:, :take]
    return np.repeat(np.arange(len(offers)), take), columns.ravel()


def halved(at: Floats, rows: Ints, parts: int) -> tuple[Ints, Ints]:
    """The rows in at least so many groups of neighbours, by halving along each group's longest side: the
    rows in order of their groups, and where each group begins (and the last ends).
    """
    rank = np.empty(at.shape, np.int64)
    for axis in range(at.shape[1]):
        rank[rows[np.argsort(at[rows, axis], kind="stable")], axis] = np.arange(len(rows))
    order, begin = rows, np.array([0, len(rows)])
    while len(begin) <= parts and np.diff(begin).max() > 1:
        starts, size = begin[:-1], np.diff(begin)
        places, group = at[order], np.repeat(np.arange(len(size)), size)
        longest = (np.maximum.reduceat(places, starts) - np.minimum.reduceat(places, starts)).argmax(axis=1)
        order = order[np.argsort(group * len(rows) + rank[order, longest[group]])]
        begin = np.unique(np.r_[begin, starts + size // 2])
    return order, begin


def _cells(costs: Costs) -> list[tuple[Ints, list[Ints]]]:
    """Needs in supercells of cells, one class and one neighbourhood each."""
    supercells = []
    for kind in np.unique(costs.need_class):
        rows = np.flatnonzero(costs.need_class == kind)
        order, begin = halved(costs.need_at, rows, -(-len(rows) // SUPERCELL_NEEDS))
        for supercell in np.split(order, begin[1:-1]):
            inner, edges = halved(costs.need_at, supercell, -(-len(supercell) // CELL_NEEDS))
            supercells.append((supercell, np.split(inner, edges[1:-1])))
    return supercells
