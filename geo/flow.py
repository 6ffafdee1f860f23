"""Pairs, units and what a plan over them costs, and the prices that it proves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class CostRange(ValueError):
    """Costs too large to be added up exactly in 64 bits."""


@dataclass(frozen=True)
class Arcs:
    """Pairs that the flow may use: need row, supply row, whole cost of one unit."""

    need: Ints
    supply: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.need)

    def where(self, chosen: NDArray[np.bool_] | Ints) -> Arcs:
        """The arcs that a mask keeps, or those of the given rows in their order."""
        return Arcs(self.need[chosen], self.supply[chosen], self.cost[chosen])

    @staticmethod
    def none() -> Arcs:
        """No arcs."""
        return Arcs(*(np.empty(0, np.int64),) * 3)

    def joined(self, *others: Arcs) -> Arcs:
        """All arcs, each pair once, ordered by need and supply: the order makes ties repeatable."""
        every = (self, *others)
        need = np.concatenate([arcs.need for arcs in every])
        supply = np.concatenate([arcs.supply for arcs in every])
        cost = np.concatenate([arcs.cost for arcs in every])
        width = int(supply.max(initial=0)) + 1
        _, first = np.unique(need * width + supply, return_index=True)
        return Arcs(need[first], supply[first], cost[first])


@dataclass(frozen=True)
class Quantities:
    """Whole units asked (`asked` per need, each costing `unmet` when it stays open) and free."""

    asked: Ints
    unmet: Ints
    free: Ints


@dataclass(frozen=True)
class Flow:
    """Units on each arc and units left open of each need; `cost` of all of it."""

    amount: Ints
    open: Ints
    cost: int


def exact_dot(left: Ints, right: Ints) -> int:
    """The sum of products in whole numbers, however large."""
    if not len(left):
        return 0
    if int(left.max()) * int(right.max()) * len(left) < 1 << 62 and min(left.min(), right.min()) >= 0:
        return int(left @ right)
    return sum(a * b for a, b in zip(left.tolist(), right.tolist(), strict=True))


def total_cost(units: Quantities, arcs: Arcs, amount: Ints, still_open: Ints) -> int:
    """What a plan costs in all, its open units included."""
    used = amount > 0
    return exact_dot(amount[used], arcs.cost[used]) + exact_dot(still_open, units.unmet)


def lowest_prices(units: Quantities, arcs: Arcs, flow: Flow) -> Ints:
    """What one unit more of each supply would save, over these arcs: the smallest optimal dual.

    It would serve an open need, or one that is served from elsewhere, whose unit in turn is worth
    that supply's price.
    """
    price = np.zeros(len(units.free), np.int64)
    left = arcs.where(flow.open[arcs.need] > 0)
    np.maximum.at(price, left.supply, units.unmet[left.need] - left.cost)
    turns = _turns(arcs.where(flow.amount > 0), arcs, units)
    if not len(turns):
        return price
    turns = turns.where(np.argsort(turns.supply, kind="stable"))
    starts = np.flatnonzero(np.r_[True, np.diff(turns.supply) != 0])
    at = turns.supply[starts]
    while True:
        better = np.maximum(price[at], np.maximum.reduceat(price[turns.need] - turns.cost, starts))
        if (better == price[at]).all():
            return price
        price[at] = better


def _turns(served: Arcs, arcs: Arcs, units: Quantities) -> Arcs:
    """For every pair of supplies the cheapest change of cost when a need served by the first turns
    to the second. As arcs from the first to the second, sorted by the first.
    """
    supplies = len(units.free)
    begin = np.searchsorted(arcs.need, np.arange(len(units.asked) + 1))
    count = np.diff(begin)[served.need]
    which = np.repeat(np.arange(len(served)), count)
    arc = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    arc += begin[served.need][which]
    turns = Arcs(served.supply[which], arcs.supply[arc], arcs.cost[arc] - served.cost[which])
    return _cheapest_of_each(turns.where(turns.need != turns.supply), supplies)


def _cheapest_of_each(arcs: Arcs, width: int) -> Arcs:
    """The cheapest arc of each pair, sorted by pair. Pair and cost are sorted as one number where both fit
    into 64 bits, which is three times quicker.
    """
    pair = arcs.need * width + arcs.supply
    least, most = int(arcs.cost.min(initial=0)), int(arcs.cost.max(initial=0))
    span = most - least + 1
    if width * width * span < 1 << 62:
        both = np.sort(pair * span + (arcs.cost - least))
        pair, cost = np.divmod(both, span)
        cost += least
    else:
        order = np.lexsort((arcs.cost, pair))
        pair, cost = pair[order], arcs.cost[order]
    fresh = np.flatnonzero(np.diff(pair, prepend=-1))
    need, supply = np.divmod(pair[fresh], width)
    return Arcs(need, supply, cost[fresh])
