"""How many open units would be served before those of a need, if there were more of what it waits for beside it.

A unit more goes where it saves most, which need not be the nearest open need: it may free a unit that serves
another. What no unit can save more than is worked out from the optimal prices, so with as many units as are told
the need is served in every optimal plan.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from geo.costs import TravelCosts
from geo.flow import Ints, Quantities
from geo.pricing import NO_ARC
from geo.transportation import Solution

MOST_LOOKED_AT: Final = 2_000
"""Open needs up to which each place is looked at; beyond, all open units of no lower tier count as ahead."""

ROWS_AT_ONCE: Final = 256


class Ahead:
    """The open units of an optimal plan, in the order in which more supply would serve them."""

    def __init__(self, units: Quantities, costs: TravelCosts, solved: Solution, ranks: Ints) -> None:
        self._costs, self._solved, self._unmet, self._ranks = costs, solved, units.unmet, ranks
        self._open = np.flatnonzero(solved.open)
        self._told = solved.cost == solved.bound
        arcs = solved.arcs
        self._pays = arcs.cost + solved.price[arcs.supply]
        self._offer = np.full(len(self._open), NO_ARC)
        for start in range(0, len(self._open) if len(units.free) else 0, ROWS_AT_ONCE):
            rows = self._open[start : start + ROWS_AT_ONCE]
            offers = costs.block(rows, np.arange(len(units.free))) + solved.price
            self._offer[start : start + ROWS_AT_ONCE] = offers.min(axis=1)

    def of(self, need: int) -> int | None:
        """Open units of other needs that may be served before those of this one; None if the plan is not proven.

        A unit beside the need saves at least what leaving the need open costs, less the way. Another need goes
        first only if a unit from there saves it more, or if one that has been served so far takes the unit and
        leaves its own, which saves no more than the most that any served one would pay for it.
        """
        if not self._told:
            return None
        if len(self._open) > MOST_LOOKED_AT:
            is_ahead = self._ranks[self._open] >= self._ranks[need]
        else:
            cost = self._costs.beside(need)
            saves = self._unmet - cost
            served = self._solved.arcs.need
            freed = int((self._pays - cost[served]).max(initial=-NO_ARC))
            by_exchange = self._unmet[self._open] - self._offer + freed
            is_ahead = (saves[self._open] >= saves[need]) | (by_exchange >= saves[need])
        return int(self._solved.open[self._open[is_ahead]].sum() - self._solved.open[need])
