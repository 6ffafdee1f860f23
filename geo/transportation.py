"""The transportation problem, solved to a proven optimum or to a proven gap.

From coarse to fine: needs and supplies are first taken in groups of neighbours, few enough to put
every pair of groups into one flow. Its prices tell which pairs of single needs and supplies are
worth a look, and its flow makes sure that those suffice to serve as many. On these pairs a flow is
solved, its prices are held against ALL pairs (`geo.pricing`), the pairs that beat them join, and so
on until none does: then the plan is the optimum. With the nearest pairs alone more than half of the
needs near an epicentre stay open although stock suffices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from geo.crs import Floats
from geo.flow import Arcs, Flow, Ints, Quantities, cheapest_flow, exact_dot, highest_prices, lowest_prices, total_cost
from geo.pricing import DENSE_PAIRS, Costs, Priced, Pricer, halved, lower_bound

ALL_PAIRS: Final = 20_000
"""Problems up to this size go into one flow whole."""

MEMBERS: Final = 8
"""Needs, or supplies, in a group of the next coarser level."""

ROUNDS_BETWEEN: Final = 3
"""Rounds at a level above the finest; it only has to be a good start."""

FEW: Final = 200
"""So few new pairs may leave the flow as it is; it is tried before another flow is made."""

ROUNDS_TO_SETTLE: Final = 8

PAIRS_AT_FIRST: Final = 6
PAIRS_A_ROUND: Final = 4
"""Pairs of each need that enter at first, and that each round may add."""


@dataclass(frozen=True)
class Effort:
    """How long to try: seconds by the stopwatch (None: until proven), and the gap that is good
    enough, as a share of the cost without `aside`: a part of each open unit's cost that is there to
    rank and would make any gap look small. `settle`: take a little longer to bring the prices down
    to what one more unit would save. Only the stopwatch can make two runs differ.
    """

    stopwatch: Callable[[], float]
    seconds: float | None = None
    gap: float = 0.0
    aside: Ints | None = None
    settle: bool = True


@dataclass(frozen=True)
class Solution:
    """The best plan found: `amount` on `arcs`, and units left `open` of each need. `price` proves
    `bound`, which no plan undercuts; `cost == bound` is an optimum.
    """

    arcs: Arcs
    amount: Ints
    open: Ints
    cost: int
    price: Ints
    bound: int
    first_plan_s: float
    seconds: float
    rounds: int


@dataclass(frozen=True)
class _Level:
    """The problem in groups: the group of each need and supply, and the member that stands for
    each group. At the finest level every group is one need or one supply.
    """

    units: Quantities
    costs: Costs
    need_group: Ints
    supply_group: Ints
    need_rows: Ints
    supply_rows: Ints


class _Progress:
    """The best plan and the best bound so far at one level. At first nothing is served."""

    def __init__(self, units: Quantities, started: float, effort: Effort) -> None:
        self.arcs = Arcs.none()
        self.flow = Flow(np.empty(0, np.int64), units.asked, exact_dot(units.asked, units.unmet))
        self.price = np.zeros(len(units.free), np.int64)
        self.pays = units.unmet
        self.bound = 0
        self.first_plan_s: float | None = None
        self.rounds = 0
        self.pace = 0.0
        self._started, self.effort = started, effort

    def seconds(self) -> float:
        return self.effort.stopwatch() - self._started

    def offer(self, arcs: Arcs, flow: Flow) -> None:
        """Keep the plan if it is the best."""
        if self.first_plan_s is None:
            self.first_plan_s = self.seconds()
        if flow.cost < self.flow.cost:
            used = flow.amount > 0
            self.arcs, self.flow = arcs.where(used), Flow(flow.amount[used], flow.open, flow.cost)

    def prove(self, price: Ints, priced: Priced) -> None:
        """Keep the bound, and the prices that prove it, if it is as good as the best."""
        if priced.bound >= self.bound:
            self.price, self.pays, self.bound = price, priced.pays, priced.bound

    def good_enough(self) -> bool:
        aside = self.effort.aside
        counted = self.flow.cost - (exact_dot(aside, self.flow.open) if aside is not None else 0)
        return self.flow.cost - self.bound <= self.effort.gap * counted

    def no_time_for(self, seconds: float) -> bool:
        limit = self.effort.seconds
        return limit is not None and self.seconds() + seconds > limit

    def solution(self) -> Solution:
        return Solution(
            self.arcs, self.flow.amount, self.flow.open, self.flow.cost, self.price, self.bound,
            self.first_plan_s or 0.0, self.seconds(), self.rounds,
        )  # fmt: skip


@dataclass(frozen=True)
class _Solved:
    """A level and what was found at it."""

    level: _Level
    found: _Progress


def solve(units: Quantities, costs: Costs, effort: Effort) -> Solution:
    """The cheapest plan. Needs and supplies come in the order that settles ties."""
    started = effort.stopwatch()
    *coarser, finest = _levels(units, costs)
    progress = _Progress(units, started, effort)
    above: _Solved | None = None
    for level in coarser:
        found = _Progress(level.units, started, Effort(effort.stopwatch, settle=False))
        deal = None
        if level is coarser[-1] and len(units.asked) * len(units.free) > DENSE_PAIRS:
            deal = partial(_deal_out, level, units, costs, progress)
        _search(level, costs, above, found, ROUNDS_BETWEEN, deal)
        above = _Solved(level, found)
    _search(finest, costs, above, progress)
    return progress.solution()


def _search(
    level: _Level,
    costs: Costs,
    above: _Solved | None,
    progress: _Progress,
    most_rounds: int | None = None,
    deal: Callable[[Arcs, Flow], None] | None = None,
) -> None:
    """Rounds of flow and pricing until nothing is left to gain or the effort is spent.

    `deal` gets the first flow of a level above the finest, so that there is a plan early.
    """
    if above is None:
        _whole(level, progress)
        return
    price = _price_of_members(level, costs, above)
    pricer = Pricer(level.units, level.costs)
    first = pricer.price(price, PAIRS_AT_FIRST)
    progress.prove(price, first)
    arcs = _members(level, above).joined(first.arcs)
    if progress.first_plan_s is not None and progress.no_time_for(above.found.pace * len(arcs)):
        return
    while True:
        began = progress.seconds()
        flow = cheapest_flow(level.units, arcs)
        progress.offer(arcs, flow)
        progress.rounds += 1
        progress.pace = (progress.seconds() - began) / max(1, len(arcs))
        if deal is not None and progress.rounds == 1:
            deal(arcs, flow)
        arcs, flow, left = _priced(level, pricer, arcs, flow, progress)
        spent = progress.seconds() - began
        if not left:
            if progress.effort.settle:
                _settle_prices(level, pricer, arcs, flow, progress)
            return
        if progress.good_enough() or progress.no_time_for(spent) or progress.rounds == most_rounds:
            return


def _priced(level: _Level, pricer: Pricer, arcs: Arcs, flow: Flow, progress: _Progress) -> tuple[Arcs, Flow, bool]:
    """The flow's prices held against all pairs, and the arcs with those that beat them.

    While new prices make the same flow optimal over the new arcs too, no other flow is needed; the
    last of the three says whether one is.
    """
    price = highest_prices(level.units, arcs, flow)
    while price is not None:
        priced = pricer.price(price, PAIRS_A_ROUND, below=_pays(level.units, arcs, price))
        progress.prove(price, priced)
        if not len(priced.arcs):
            return arcs, flow, False
        more = arcs.joined(priced.arcs)
        arcs, flow = more, _on(more, arcs, flow)
        price = highest_prices(level.units, arcs, flow) if len(priced.arcs) <= FEW else None
    return arcs, flow, True


def _whole(level: _Level, progress: _Progress) -> None:
    """All pairs in one flow, which is the optimum."""
    needs, supplies = len(level.units.asked), len(level.units.free)
    cost = level.costs.block(np.arange(needs), np.arange(supplies))
    need, supply = np.nonzero(cost < level.units.unmet[:, None])
    arcs = Arcs(need, supply, cost[need, supply])
    flow = cheapest_flow(level.units, arcs)
    progress.offer(arcs, flow)
    progress.rounds += 1
    price = lowest_prices(level.units, arcs, flow)
    pays = _pays(level.units, arcs, price)
    progress.prove(price, Priced(pays, arcs, lower_bound(level.units, price, pays)))


def _settle_prices(level: _Level, pricer: Pricer, arcs: Arcs, flow: Flow, progress: _Progress) -> None:
    """The lowest prices that still prove the optimum: what people are told is what one unit more
    would save, not what one unit less would cost.
    """
    for _ in range(ROUNDS_TO_SETTLE):
        price = lowest_prices(level.units, arcs, flow)
        priced = pricer.price(price, PAIRS_A_ROUND, below=_pays(level.units, arcs, price))
        if not len(priced.arcs) or progress.no_time_for(0.0):
            progress.prove(price, priced)
            return
        more = arcs.joined(priced.arcs)
        arcs, flow = more, _on(more, arcs, flow)


def _on(more: Arcs, arcs: Arcs, flow: Flow) -> Flow:
    """The same flow on a larger set of arcs."""
    used = flow.amount > 0
    width = int(more.supply.max(initial=0)) + 1
    amount = np.zeros(len(more), np.int64)
    at = np.searchsorted(more.need * width + more.supply, arcs.need[used] * width + arcs.supply[used])
    amount[at] = flow.amount[used]
    return Flow(amount, flow.open, flow.cost)


def _pays(units: Quantities, arcs: Arcs, price: Ints) -> Ints:
    """The least that each need can be had for over these arcs, its unmet cost included."""
    pays = units.unmet.copy()
    np.minimum.at(pays, arcs.need, arcs.cost + price[arcs.supply])
    return pays


def _levels(units: Quantities, costs: Costs) -> list[_Level]:
    """Coarse to fine; the finest is the problem itself. Where needs outnumber supplies they alone are
    grouped first, so that the level above the finest has single supplies and with them their prices.
    """
    needs, supplies = len(units.asked), len(units.free)
    sizes = [(needs, supplies)]
    while needs * supplies > ALL_PAIRS:
        if needs <= 2 * supplies:
            supplies = -(-supplies // MEMBERS)
        needs = -(-needs // MEMBERS)
        sizes.append((needs, supplies))
    return [_grouped(units, costs, *size) for size in reversed(sizes)]


def _grouped(units: Quantities, costs: Costs, need_parts: int, supply_parts: int) -> _Level:
    need_group, need_rows = _groups(costs.need_at, costs.need_class, need_parts)
    supply_group, supply_rows = _groups(costs.supply_at, costs.supply_class, supply_parts)
    asked = np.zeros(len(need_rows), np.int64)
    np.add.at(asked, need_group, units.asked)
    free = np.zeros(len(supply_rows), np.int64)
    np.add.at(free, supply_group, units.free)
    grouped = Quantities(asked, units.unmet[need_rows], free)
    chosen = _Chosen(costs, need_rows, supply_rows)
    return _Level(grouped, chosen, need_group, supply_group, need_rows, supply_rows)


def _groups(at: Floats, kind: Ints, parts: int) -> tuple[Ints, Ints]:
    """The group of each row, and the row of each group that lies nearest to its middle."""
    if parts >= len(at):
        return np.arange(len(at)), np.arange(len(at))
    group = np.empty(len(at), np.int64)
    stands = [np.empty(0, np.int64)]
    for one in np.unique(kind):
        rows = np.flatnonzero(kind == one)
        members, begin = halved(at, rows, max(1, parts * len(rows) // len(at)))
        size = np.diff(begin)
        nth = np.repeat(np.arange(len(size)), size)
        group[members] = nth + sum(map(len, stands))
        middle = np.add.reduceat(at[members], begin[:-1]) / size[:, None]
        away = ((at[members] - middle[nth]) ** 2).sum(axis=1)
        stands.append(members[np.lexsort((away, nth))[begin[:-1]]])
    return group, np.concatenate(stands)


class _Chosen:
    """The costs between some needs and some supplies, renumbered."""

    def __init__(self, costs: Costs, needs: Ints, supplies: Ints) -> None:
        self._costs, self._needs, self._supplies = costs, needs, supplies
        self.need_at, self.supply_at = costs.need_at[needs], costs.supply_at[supplies]
        self.need_class, self.supply_class = costs.need_class[needs], costs.supply_class[supplies]

    def block(self, needs: Ints, supplies: Ints) -> Ints:
        return self._costs.block(self._needs[needs], self._supplies[supplies])

    def pairs(self, needs: Ints, supplies: Ints) -> Ints:
        return self._costs.pairs(self._needs[needs], self._supplies[supplies])

    def bounds(self, needs: Ints, supplies: Ints) -> tuple[Floats, Floats]:
        return self._costs.bounds(self._needs[needs], self._supplies[supplies])


def _price_of_members(level: _Level, costs: Costs, above: _Solved) -> Ints:
    """Prices of the finer supplies: what the groups of needs would at most pay for each of them."""
    coarse, solved = above.level, above.found
    if len(coarse.supply_rows) == len(level.supply_rows):
        return solved.price[coarse.supply_group[level.supply_rows]]
    price = np.empty(len(level.supply_rows), np.int64)
    for start in range(0, len(price), 1024):
        supplies = level.supply_rows[start : start + 1024]
        cost = costs.block(coarse.need_rows, supplies)
        price[start : start + 1024] = np.maximum(0, (solved.pays[:, None] - cost).max(axis=0))
    return price


def _members(level: _Level, above: _Solved) -> Arcs:
    """All pairs of members of the groups that the coarse plan joins: enough to serve as many."""
    coarse, joined = above.level, above.found.arcs
    needs, need_begin = _by_group(coarse.need_group[level.need_rows], len(coarse.need_rows))
    supplies, supply_begin = _by_group(coarse.supply_group[level.supply_rows], len(coarse.supply_rows))
    width = np.diff(supply_begin)[joined.supply]
    count = np.diff(need_begin)[joined.need] * width
    pair = np.repeat(np.arange(len(joined)), count)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    need = needs[need_begin[joined.need[pair]] + nth // width[pair]]
    supply = supplies[supply_begin[joined.supply[pair]] + nth % width[pair]]
    cost = level.costs.pairs(need, supply)
    return Arcs(need, supply, cost).where(cost < level.units.unmet[need])


def _by_group(group: Ints, groups: int) -> tuple[Ints, Ints]:
    """Rows ordered by group, and where each group begins (and the last ends)."""
    order = np.argsort(group, kind="stable")
    return order, np.searchsorted(group[order], np.arange(groups + 1))


def _deal_out(coarse: _Level, units: Quantities, costs: Costs, progress: _Progress, arcs: Arcs, flow: Flow) -> None:
    """Offer a plan for single needs, made from one for groups of needs and single supplies: what a
    group got is dealt out to its members in turn.
    """
    nowhere = len(units.free)
    groups = np.arange(len(coarse.need_rows))
    shares = Arcs(
        np.r_[arcs.need, groups],
        np.r_[coarse.supply_rows[arcs.supply], np.full(len(groups), nowhere)],
        np.r_[flow.amount, flow.open],
    )
    shares = shares.where(np.argsort(shares.need, kind="stable"))
    members = np.argsort(coarse.need_group, kind="stable")
    got, asked = np.cumsum(shares.cost), np.cumsum(units.asked[members])
    cuts = np.unique(np.r_[got, asked])
    amount = np.diff(cuts, prepend=0)
    need = members[np.searchsorted(asked, cuts)]
    supply = shares.supply[np.searchsorted(got, cuts)]
    order = np.lexsort((supply, need))
    order = order[(supply[order] != nowhere) & (amount[order] > 0)]
    need, supply, amount = need[order], supply[order], amount[order]
    cost = costs.pairs(need, supply)
    possible = cost < units.unmet[need]
    dealt = Arcs(need, supply, cost).where(possible)
    still_open = units.asked.copy()
    np.subtract.at(still_open, dealt.need, amount[possible])
    cost_of_all = total_cost(units, dealt, amount[possible], still_open)
    progress.offer(dealt, Flow(amount[possible], still_open, cost_of_all))
