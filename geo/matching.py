"""The heart: one plan for all open needs, proven and explained.

Needs of one item compete for the lots of that item, all services for the volunteers. Each such
group is a transportation problem (`geo.transportation`): as cheap as possible in weighted travel
time (`geo.costs`), lower tiers never served before higher ones, whole units only, so a volunteer is
never split. Pins are taken first, forbidden pairs never. The plan carries the lower bound over all
pairs, so anyone can see how far from the optimum it can be at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.costs import Rules, TravelCosts
from geo.crs import Floats
from geo.flow import Ints, Quantities, exact_dot
from geo.frames import checked_needs, checked_supplies
from geo.pricing import Costs
from geo.reasons import Reasons
from geo.transportation import ALL_PAIRS, Effort, Solution, Start, solve

VERSION: Final = "2"
"""Of the method; stored with every plan. Raised when the same input may give another plan."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A person's decision: this supply goes to this need (all it can give, or `quantity`)."""

    need_id: str
    supply_id: str
    quantity: int | None = None


FEW_NEW: Final = 0.05
"""Share of needs up to which an earlier plan is a good start: with a twentieth of others it took 0.4 of the time, with
a fifth 1.3 (docs/decisions/matching.md)."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier plan to begin with, by ids: its pairs of need and supply, the needs that it left open, and its
    prices by supply.
    """

    pairs: Collection[tuple[str, str]]
    open: Collection[str]
    prices: Mapping[str, int]

    def start(self, needs: gpd.GeoDataFrame, supplies: gpd.GeoDataFrame) -> Start | None:
        """It in rows of these frames, or None when too many of the needs are new."""
        known = {need_id for need_id, _ in self.pairs} | set(self.open)
        if needs["need_id"].isin(known).mean() < 1 - FEW_NEW:
            return None
        need_row = {need_id: row for row, need_id in enumerate(needs["need_id"])}
        supply_row = {supply_id: row for row, supply_id in enumerate(supplies["supply_id"])}
        rows = [(need_row[n], supply_row[s]) for n, s in self.pairs if n in need_row and s in supply_row]
        need, supply = np.array(rows, np.int64).reshape(-1, 2).T
        return Start(np.array([self.prices.get(name, 0) for name in supply_row], np.int64), need, supply)


class Pricelist(Costs, Protocol):
    """Costs of pairs, how long they take, and what leaving a need open costs."""

    def minutes(self, needs: Ints, supplies: Ints) -> Floats:
        """Minutes on the way, row by row."""
        ...

    def unmet(self, tiers: Ints) -> tuple[Ints, Ints]:
        """Cost of an open unit of each need, and the part of it that only ranks the tiers."""
        ...


@dataclass(frozen=True)
class Options:
    """How to plan. `seconds`: stop with the best plan so far (None: until proven). `gap`: good
    enough. `earlier`: a plan for nearly the same needs and supplies, to be done sooner. `explain`:
    reasons for every match (they take longer than the plan itself when there are very many).
    `costs` makes the costs of one group from its frames; the default is travel time.
    """

    rules: Rules = field(default_factory=Rules)
    pins: tuple[Pin, ...] = ()
    earlier: Earlier | None = None
    seconds: float | None = 20.0
    gap: float = 0.0
    explain: bool = True
    costs: Callable[[gpd.GeoDataFrame, gpd.GeoDataFrame, Rules], Pricelist] = TravelCosts
    stopwatch: Callable[[], float] = time.perf_counter


@dataclass(frozen=True, slots=True)
class Match:
    """Units of one supply for one need. `cost` is that of all of them; `why` as in
    `geo.explain.why_match`. Pinned matches are a person's, not the plan's.
    """

    need_id: str
    supply_id: str
    quantity: int
    minutes: float | None
    cost: int
    pinned: bool = False
    why: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unmet:
    """Units of one need that stay open, and why (`geo.explain.why_open`)."""

    need_id: str
    quantity: int
    why: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Who gets what from where.

    `cost` counts matches and open units; no plan costs less than `lower_bound`. `gap` is the
    difference as a share of the cost without what only ranks the tiers, so that it stays a share of
    time on the way and waiting. `prices` says what one more unit of each scarce supply would save.
    """

    matches: tuple[Match, ...]
    unmet: tuple[Unmet, ...]
    cost: int
    lower_bound: int
    gap: float
    prices: Mapping[str, int]
    first_plan_s: float
    seconds: float
    version: str = VERSION

    @property
    def earlier(self) -> Earlier:
        """It as a start for the next one."""
        pairs = [(match.need_id, match.supply_id) for match in self.matches]
        return Earlier(pairs, [one.need_id for one in self.unmet], self.prices)


@dataclass(frozen=True)
class _Group:
    """Needs and supplies that compete with each other."""

    needs: gpd.GeoDataFrame
    supplies: gpd.GeoDataFrame

    @property
    def pairs(self) -> int:
        return len(self.needs) * len(self.supplies)


@dataclass(frozen=True)
class _Part:
    """What one group, or the pins, add to the plan. `aside`: the cost that only ranks tiers."""

    matches: list[Match]
    unmet: list[Unmet]
    cost: int
    bound: int
    aside: int = 0
    prices: Mapping[str, int] = field(default_factory=dict)
    first_plan_s: float = 0.0


def plan(needs: gpd.GeoDataFrame, supplies: gpd.GeoDataFrame, *, options: Options | None = None) -> Plan:
    """The plan for these needs and supplies (columns: `geo.frames`). Same input, same plan."""
    options = options or Options()
    began = options.stopwatch()
    needs, supplies = checked_needs(needs), checked_supplies(supplies)
    pinned, needs, supplies = _pinned(needs, supplies, options)
    parts, todo = [pinned], _groups(needs, supplies)
    pairs_left = sum(group.pairs for group in todo)
    for group in todo:
        spent = options.stopwatch() - began
        share = group.pairs / pairs_left if pairs_left else 1.0
        seconds = None if options.seconds is None else max(0.0, options.seconds - spent) * share
        parts.append(_planned(group, options, seconds, spent))
        pairs_left -= group.pairs
    return _assembled(parts, options.stopwatch() - began)


def _pinned(
    needs: gpd.GeoDataFrame, supplies: gpd.GeoDataFrame, options: Options
) -> tuple[_Part, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """What people decided, taken off the needs and supplies that are left to plan.

    A pin on something that is gone, or of another item, falls away; one that the rules call
    impossible stands, because a person knows more, and costs as much as leaving the need open.
    """
    if not options.pins:
        return _Part([], [], 0, 0), needs, supplies
    asked, free = needs["quantity"].to_numpy().copy(), supplies["quantity"].to_numpy().copy()
    need_row = {name: row for row, name in enumerate(needs["need_id"])}
    supply_row = {name: row for row, name in enumerate(supplies["supply_id"])}
    wanted, offered = _competition(needs).to_numpy(), _competition(supplies).to_numpy()
    taken: list[tuple[int, int, int]] = []
    # Those that say how much come first: the others take what is left of the need and of the supply.
    for pin in sorted(options.pins, key=lambda pin: (pin.quantity is None, pin.need_id, pin.supply_id)):
        need, supply = need_row.get(pin.need_id), supply_row.get(pin.supply_id)
        if need is None or supply is None or wanted[need] != offered[supply]:
            continue
        most = pin.quantity if pin.quantity is not None else asked[need]
        quantity = int(min(most, asked[need], free[supply]))
        if quantity > 0:
            asked[need] -= quantity
            free[supply] -= quantity
            taken.append((need, supply, quantity))
    part = _pinned_part(needs, supplies, taken, options)
    return part, needs.assign(quantity=asked), supplies.assign(quantity=free)


def _pinned_part(
    needs: gpd.GeoDataFrame,
    supplies: gpd.GeoDataFrame,
    taken: list[tuple[int, int, int]],
    options: Options,
) -> _Part:
    if not taken:
        return _Part([], [], 0, 0)
    rows = np.array(taken, np.int64)
    needs, supplies = needs.iloc[rows[:, 0]], supplies.iloc[rows[:, 1]]
    costs = options.costs(needs.reset_index(drop=True), supplies.reset_index(drop=True), options.rules)
    each = np.arange(len(rows))
    cost = np.minimum(costs.pairs(each, each), costs.unmet(needs["tier"].to_numpy(np.int64))[0])
    minutes = costs.minutes(each, each)
    matches = [
        Match(need_id, supply_id, quantity, round(way, 1), quantity * unit, pinned=True)
        for need_id, supply_id, (_, _, quantity), way, unit in zip(
            needs["need_id"], supplies["supply_id"], taken, minutes.tolist(), cost.tolist(),
            strict=True,
        )
    ]  # fmt: skip
    total = sum(match.cost for match in matches)
    return _Part(matches, [], total, total)


def _groups(needs: gpd.GeoDataFrame, supplies: gpd.GeoDataFrame) -> list[_Group]:
    """One group for the goods of each item, one for all services; nothing asked, nothing there."""
    wanted = _competition(needs).where(needs["quantity"] > 0)
    offered = _competition(supplies).where(supplies["quantity"] > 0)
    return [
        _Group(_rows(needs, wanted == name), _rows(supplies, offered == name))
        for name in sorted(wanted.dropna().unique())
    ]


def _rows(frame: gpd.GeoDataFrame, chosen: pd.Series[bool]) -> gpd.GeoDataFrame:
    return frame if chosen.all() else frame[chosen].reset_index(drop=True)


def _competition(frame: gpd.GeoDataFrame) -> pd.Series[str]:
    """What a row competes for: an item, or people."""
    return ("goods " + frame["item"].astype(str)).where(frame["kind"] == "goods", "service")


def _planned(group: _Group, options: Options, seconds: float | None, spent: float) -> _Part:
    costs = options.costs(group.needs, group.supplies, options.rules)
    tiers = group.needs["tier"].to_numpy(np.int64)
    unmet, ranks = costs.unmet(tiers)
    free = group.supplies["quantity"].to_numpy(np.int64)
    if group.needs["kind"].iloc[0] == "service":
        free = np.minimum(free, 1)
    units = Quantities(group.needs["quantity"].to_numpy(np.int64), unmet, free)
    effort = Effort(options.stopwatch, seconds, options.gap, ranks, options.explain)
    start = None
    if options.earlier and group.pairs > ALL_PAIRS:
        start = options.earlier.start(group.needs, group.supplies)
    solved = solve(units, costs, effort, start)
    reasons = None
    if options.explain and isinstance(costs, TravelCosts):
        reasons = Reasons(group.supplies, costs, units, solved, tiers)
    supply_ids = group.supplies["supply_id"].to_numpy()
    return _Part(
        _matches(group, costs, solved, reasons),
        _unmet(group, solved, reasons),
        solved.cost,
        solved.bound,
        exact_dot(solved.open, ranks),
        {supply_ids[row]: int(solved.price[row]) for row in np.flatnonzero(solved.price)},
        spent + solved.first_plan_s,
    )


def _matches(group: _Group, costs: Pricelist, solved: Solution, reasons: Reasons | None) -> list[Match]:
    arcs, amount = solved.arcs, solved.amount
    minutes = costs.minutes(arcs.need, arcs.supply)
    whys = reasons.of_matches() if reasons else [{}] * len(arcs)
    return [
        Match(need_id, supply_id, quantity, round(way, 1), cost, pinned=False, why=why)
        for need_id, supply_id, quantity, way, cost, why in zip(
            group.needs["need_id"].to_numpy()[arcs.need].tolist(),
            group.supplies["supply_id"].to_numpy()[arcs.supply].tolist(),
            amount.tolist(), minutes.tolist(), (amount * arcs.cost).tolist(), whys,
            strict=True,
        )
    ]  # fmt: skip


def _unmet(group: _Group, solved: Solution, reasons: Reasons | None) -> list[Unmet]:
    rows = np.flatnonzero(solved.open)
    whys = reasons.of_open(rows) if reasons else [{}] * len(rows)
    need_ids = group.needs["need_id"].to_numpy()[rows].tolist()
    return [
        Unmet(need_id, quantity, why)
        for need_id, quantity, why in zip(need_ids, solved.open[rows].tolist(), whys, strict=True)
    ]


def _assembled(parts: list[_Part], seconds: float) -> Plan:
    cost, bound = sum(part.cost for part in parts), sum(part.bound for part in parts)
    counted = cost - sum(part.aside for part in parts)
    matches = [match for part in parts for match in part.matches]
    return Plan(
        matches=tuple(sorted(matches, key=lambda match: (match.need_id, match.supply_id))),
        unmet=tuple(sorted((one for part in parts for one in part.unmet), key=lambda one: one.need_id)),
        cost=cost,
        lower_bound=bound,
        gap=(cost - bound) / counted if cost > bound else 0.0,
        prices={name: price for part in parts for name, price in part.prices.items()},
        first_plan_s=max(part.first_plan_s for part in parts),
        seconds=seconds,
    )
