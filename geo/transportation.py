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
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from geo.crs import Floats
from geo.flow import Arcs, Flow, Ints, Quantities, exact_dot, lowest_prices, total_cost
from geo.pricing import DENSE_PAIRS, Costs, Priced, Pricer, halved, lower_bound
from geo.simplex import Simplex

ALL_PAIRS: Final = 20_000
"""Problems up to this size go into one flow whole."""

MEMBERS: Final = 8
"""Needs, or supplies, in a group of the next coarser level."""

ROUNDS_BETWEEN: Final = 3
"""Rounds at a level above the finest; it only has to be a good start."""

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
class Start:
    """Where to begin: the prices and the pairs of an earlier plan. They may be of other needs and supplies; the
    better they fit, the fewer rounds it takes.
    """

    price: Ints
    need: Ints
    supply: Ints


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
        self._started, self.effort = started, effort

    @classmethod
    def above(cls, finest: _Progress, level: _Level) -> _Progress:
        """That of a level above the finest, which started with it and only has to be a good start."""
        return cls(level.units, finest._started, Effort(finest.effort.stopwatch, settle=False))

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
class _Guess:
    """What to begin a level with: prices, pairs over which as many can be served, and those of a first plan."""

    price: Ints
    arcs: Arcs
    plan: Arcs


def solve(units: Quantities, costs: Costs, effort: Effort, start: Start | None = None) -> Solution:
    """The cheapest plan. Needs and supplies come in the order that settles ties."""
    _, first, group = np.unique(costs.need_alike, return_index=True, return_inverse=True)
    if len(first) == len(units.asked):
        return _solve(units, costs, effort, start)
    asked = np.zeros(len(first), np.int64)
    np.add.at(asked, group, units.asked)
    together = Quantities(asked, units.unmet[first], units.free)
    chosen = _Chosen(costs, first, np.arange(len(units.free)))
    aside = None if effort.aside is None else effort.aside[first]
    begin = None if start is None else Start(start.price, group[start.need], start.supply)
    found = _solve(together, chosen, replace(effort, aside=aside), begin)
    return _for_each(found, units, costs, group)


def _for_each(found: Solution, units: Quantities, costs: Costs, group: Ints) -> Solution:
    """A solution for groups of needs that are alike, for the needs themselves."""
    shares = Arcs(found.arcs.need, found.arcs.supply, found.amount)
    need, supply, amount = _dealt(group, units.asked, shares, found.open)
    still_open = units.asked.copy()
    np.subtract.at(still_open, need, amount)
    return replace(found, arcs=Arcs(need, supply, costs.pairs(need, supply)), amount=amount, open=still_open)


def _solve(units: Quantities, costs: Costs, effort: Effort, start: Start | None) -> Solution:
    started = effort.stopwatch()
    progress = _Progress(units, started, effort)
    if len(units.asked) * len(units.free) <= ALL_PAIRS:
        _whole(_grouped(units, costs, len(units.asked), len(units.free)), progress)
    elif start is not None:
        finest = _grouped(units, costs, len(units.asked), len(units.free))
        _search(finest, _started(finest, start), progress)
    else:
        _from_coarse_to_fine(units, costs, progress)
    return progress.solution()


def _from_coarse_to_fine(units: Quantities, costs: Costs, progress: _Progress) -> None:
    coarsest, *levels = _levels(units, costs)
    found = _Progress.above(progress, coarsest)
    _whole(coarsest, found)
    above = coarsest
    for level in levels:
        guess = _Guess(_price_of_members(level, costs, above, found), *_members(level, above, found))
        if level is levels[-1]:
            _search(level, guess, progress)
            return
        found = _Progress.above(progress, level)
        deal = None
        if level is levels[-2] and len(units.asked) * len(units.free) > DENSE_PAIRS:
            deal = partial(_deal_out, level, units, costs, progress)
        _search(level, guess, found, ROUNDS_BETWEEN, deal)
        above = level


def _started(level: _Level, start: Start) -> _Guess:
    cost = level.costs.pairs(start.need, start.supply)
    arcs = Arcs(start.need, start.supply, cost).where(cost < level.units.unmet[start.need])
    return _Guess(start.price, arcs, arcs)


def _search(
    level: _Level,
    guess: _Guess,
    progress: _Progress,
    most_rounds: int | None = None,
    deal: Callable[[Arcs, Flow], None] | None = None,
) -> None:
    """Rounds of flow and pricing until nothing is left to gain or the effort is spent.

    `deal` gets the first flow of a level above the finest, so that there is a plan early.
    """
    pricer = Pricer(level.units, level.costs)
    first = pricer.price(guess.price, PAIRS_AT_FIRST)
    progress.prove(guess.price, first)
    arcs = guess.arcs.joined(first.arcs)
    simplex = Simplex(level.units)
    simplex.begin(guess.plan)
    while True:
        began = progress.seconds()
        simplex.improve(arcs, lambda: progress.no_time_for(0.0))
        progress.offer(*simplex.plan())
        progress.rounds += 1
        if deal is not None and progress.rounds == 1:
            deal(*simplex.plan())
        priced = pricer.price(simplex.price, PAIRS_A_ROUND, below=simplex.pays)
        progress.prove(simplex.price, priced)
        if not len(priced.arcs):
            if progress.effort.settle:
                used, flow = simplex.plan()
                _settle_prices(level, pricer, arcs, _on(arcs, used, flow), progress)
            return
        spent = progress.seconds() - began
        if progress.good_enough() or progress.no_time_for(spent) or progress.rounds == most_rounds:
            return
        arcs = arcs.joined(priced.arcs)


def _whole(level: _Level, progress: _Progress) -> None:
    """All pairs in one flow, which is the optimum."""
    needs, supplies = len(level.units.asked), len(level.units.free)
    cost = level.costs.block(np.arange(needs), np.arange(supplies))
    need, supply = np.nonzero(cost < level.units.unmet[:, None])
    arcs = Arcs(need, supply, cost[need, supply])
    simplex = Simplex(level.units)
    simplex.improve(arcs, lambda: False)
    used, flow = simplex.plan()
    progress.offer(used, flow)
    progress.rounds += 1
    price = lowest_prices(level.units, arcs, _on(arcs, used, flow))
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
        self.need_alike = costs.need_alike[needs]

    def block(self, needs: Ints, supplies: Ints) -> Ints:
        return self._costs.block(self._needs[needs], self._supplies[supplies])

    def pairs(self, needs: Ints, supplies: Ints) -> Ints:
        return self._costs.pairs(self._needs[needs], self._supplies[supplies])

    def bounds(self, needs: Ints, supplies: Ints) -> tuple[Floats, Floats]:
        return self._costs.bounds(self._needs[needs], self._supplies[supplies])


def _price_of_members(level: _Level, costs: Costs, above: _Level, found: _Progress) -> Ints:
    """Prices of the finer supplies: what the groups of needs would at most pay for each of them."""
    if len(above.supply_rows) == len(level.supply_rows):
        return found.price[above.supply_group[level.supply_rows]]
    price = np.empty(len(level.supply_rows), np.int64)
    for start in range(0, len(price), 1024):
        supplies = level.supply_rows[start : start + 1024]
        cost = costs.block(above.need_rows, supplies)
        price[start : start + 1024] = np.maximum(0, (found.pays[:, None] - cost).max(axis=0))
    return price


def _members(level: _Level, above: _Level, found: _Progress) -> tuple[Arcs, Arcs]:
    """All pairs of members of the groups that the coarse plan joins: enough to serve as many. And those of a plan
    among them: what the groups got, dealt out to their members in turn.
    """
    joined = found.arcs
    need_group, supply_group = above.need_group[level.need_rows], above.supply_group[level.supply_rows]
    needs, need_begin = _by_group(need_group, len(above.need_rows))
    supplies, supply_begin = _by_group(supply_group, len(above.supply_rows))
    width = np.diff(supply_begin)[joined.supply]
    count = np.diff(need_begin)[joined.need] * width
    pair = np.repeat(np.arange(len(joined)), count)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    need = needs[need_begin[joined.need[pair]] + nth // width[pair]]
    supply = supplies[supply_begin[joined.supply[pair]] + nth % width[pair]]
    return _possible(level, need, supply), _possible(level, *_plan_of_members(level, above, found))


def _plan_of_members(level: _Level, above: _Level, found: _Progress) -> tuple[Ints, Ints]:
    need_group, supply_group = above.need_group[level.need_rows], above.supply_group[level.supply_rows]
    shares = Arcs(found.arcs.need, found.arcs.supply, found.flow.amount)
    need, group, amount = _dealt(need_group, level.units.asked, shares, found.flow.open)
    left = above.units.free.copy()
    np.subtract.at(left, group, amount)
    supply, need, _ = _dealt(supply_group, level.units.free, Arcs(group, need, amount), left)
    return need, supply


def _possible(level: _Level, need: Ints, supply: Ints) -> Arcs:
    cost = level.costs.pairs(need, supply)
    return Arcs(need, supply, cost).where(cost < level.units.unmet[need])


def _by_group(group: Ints, groups: int) -> tuple[Ints, Ints]:
    """Rows ordered by group, and where each group begins (and the last ends)."""
    order = np.argsort(group, kind="stable")
    return order, np.searchsorted(group[order], np.arange(groups + 1))


def _deal_out(coarse: _Level, units: Quantities, costs: Costs, progress: _Progress, arcs: Arcs, flow: Flow) -> None:
    """Offer a plan for single needs, made from one for groups of needs and single supplies."""
    shares = Arcs(arcs.need, coarse.supply_rows[arcs.supply], flow.amount)
    need, supply, amount = _dealt(coarse.need_group, units.asked, shares, flow.open)
    cost = costs.pairs(need, supply)
    possible = cost < units.unmet[need]
    dealt = Arcs(need, supply, cost).where(possible)
    still_open = units.asked.copy()
    np.subtract.at(still_open, dealt.need, amount[possible])
    cost_of_all = total_cost(units, dealt, amount[possible], still_open)
    progress.offer(dealt, Flow(amount[possible], still_open, cost_of_all))


def _dealt(group: Ints, asked: Ints, shares: Arcs, still_open: Ints) -> tuple[Ints, Ints, Ints]:
    """What groups of needs got of each supply (`shares`, the units in place of the cost) and what stays open of
    them, dealt out to their members in turn: need, supply and units, sorted.
    """
    groups, nowhere = np.arange(len(still_open)), int(shares.supply.max(initial=0)) + 1
    need = np.r_[shares.need, groups]
    supply = np.r_[shares.supply, np.full(len(groups), nowhere)]
    order = np.argsort(need, kind="stable")
    supply, got = supply[order], np.cumsum(np.r_[shares.cost, still_open][order])
    members = np.argsort(group, kind="stable")
    wanted = np.cumsum(asked[members])
    cuts = np.unique(np.r_[got, wanted])
    amount = np.diff(cuts, prepend=0)
    need, supply = members[np.searchsorted(wanted, cuts)], supply[np.searchsorted(got, cuts)]
    order = np.lexsort((supply, need))
    order = order[(supply[order] != nowhere) & (amount[order] > 0)]
    return need[order], supply[order], amount[order]
