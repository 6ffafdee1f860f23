"""What it costs to serve a need from a supply, and what makes a pair impossible.

The cost of one unit is the time on the way in seconds, times the weight of the need, plus a little
for lots that would keep longer (first expired, first out, between equals). Change this file to
change what the plan strives for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.closures import NONE_CLOSED, Closures
from geo.crs import Floats, geocentric
from geo.flow import Ints
from geo.pricing import NO_ARC
from geo.travel import DEFAULT_VEHICLE, Routes, vehicle

LEAST_WEIGHT: Final = 0.01
"""A need of weight 0 still prefers the nearer supply."""

KEEPS_LONGEST_MIN: Final = 5.0
"""Minutes that a lot without expiry is put behind one that expires at once."""

KEEPS_DAYS: Final = 365.0
"""Expiry later than this counts as none."""

BESIDE: Final = "motorcycle"
"""What a volunteer who lives near by is taken to come by."""

MOST_SKILLS: Final = 62

Flags = NDArray[np.bool_]


class BadRules(ValueError):
    """Rules that do not suffice for the needs and supplies they came with."""


@dataclass(frozen=True)
class Rules:
    """What may be matched with what, besides place and item.

    `now` is needed when lots expire. Goods are planned as if the `carrier` took them. Nothing farther
    than `reach_minutes` is a candidate, and no volunteer who would have less than `service_minutes`
    of the shift left on arrival. `forbidden` are pairs of need and supply ids; ways go around `closures`.
    """

    now: datetime | None = None
    carrier: str = DEFAULT_VEHICLE
    terrain: str = "plain"
    reach_minutes: float = 24 * 60
    service_minutes: float = 30
    forbidden: frozenset[tuple[str, str]] = frozenset()
    closures: Closures = NONE_CLOSED


class TravelCosts:
    """Costs between the needs and the supplies of one item, or of all services."""

    def __init__(self, needs: gpd.GeoDataFrame, supplies: gpd.GeoDataFrame, rules: Rules) -> None:
        self.rules = rules
        self.need_at, self.supply_at = _places(needs), _places(supplies)
        goods = (supplies["kind"] == "goods").to_numpy()
        vehicles = [rules.carrier if is_lot else name for is_lot, name in zip(goods, supplies["vehicle"], strict=True)]
        self.routes = Routes(self.supply_at, vehicles, self.need_at, rules.terrain, rules.closures)
        self.weight = np.maximum(needs["weight"].to_numpy(float), LEAST_WEIGHT)
        self.skills, self.required, self.offered = _skill_bits(needs["skills"], supplies["skills"])
        self.expires_in = _minutes_until(supplies, rules.now)
        self.shift_left = supplies["minutes_left"].to_numpy(float) - rules.service_minutes
        self.limit = np.fmin(self.expires_in, self.shift_left)
        self.limit = np.fmin(np.where(np.isnan(self.limit), np.inf, self.limit), rules.reach_minutes)
        self.keeps = _keeps_minutes(self.expires_in)
        self.forbidden = _rows(rules.forbidden, needs["need_id"], supplies["supply_id"])
        self.need_class = _classes(needs["tier"], self.required)
        self.is_goods = bool((needs["kind"] == "goods").all())
        alone = np.isin(np.arange(len(needs)), self.forbidden[0]) * np.arange(1, len(needs) + 1)
        self.need_alike = _classes(needs["tier"], self.weight, self.required, *self.need_at.T, alone)
        self.supply_class = _classes(np.array([name or "" for name in vehicles]), self.offered)

    def most(self) -> int:
        """No possible pair costs more."""
        minutes = self.rules.reach_minutes + KEEPS_LONGEST_MIN
        return int(self.weight.max(initial=0) * 60 * minutes) + 1

    def unmet(self, tiers: Ints) -> tuple[Ints, Ints]:
        """What an open unit of each need costs, and the part of it that only ranks the tiers.

        Serving one more unit moves others along a path that passes each supply once at most, so it
        costs no more than `most` for each supply and one beyond. Every tier is that much dearer to
        leave open than the next: no journey saved ever outweighs a unit served, and no unit of a
        lower tier one of a higher. One unit is exchanged for one unit, so steps suffice and powers
        are not needed.
        """
        step = (len(self.supply_at) + 2) * self.most() + 1
        ranks = (4 - tiers) * step
        waits = np.rint(self.weight * 60 * self.rules.reach_minutes).astype(np.int64)
        return ranks + waits, ranks

    def block(self, needs: Ints, supplies: Ints) -> Ints:
        """Costs of a unit for all pairs of these rows."""
        minutes = self.routes.table(needs, supplies)
        lacking = self.required[needs, None] & ~self.offered[supplies]
        cost = self._cost(self.weight[needs, None], minutes, supplies, lacking == 0)
        if len(self.forbidden[0]):
            cost[self._within(needs, supplies)] = NO_ARC
        return cost

    def are_forbidden(self, needs: Ints, supplies: Ints) -> Flags:
        """Which pairs of these rows a person has forbidden."""
        found = np.zeros((len(needs), len(supplies)), bool)
        found[self._within(needs, supplies)] = True
        return found

    def pairs(self, needs: Ints, supplies: Ints) -> Ints:
        """Costs of a unit, row by row."""
        minutes = self.routes.pairs(needs, supplies)
        able = (self.required[needs] & ~self.offered[supplies]) == 0
        width = len(self.supply_at)
        able &= ~np.isin(needs * width + supplies, self.forbidden[0] * width + self.forbidden[1])
        return self._cost(self.weight[needs], minutes, supplies, able)

    def beside(self, need: int) -> Ints:
        """Costs of a unit for every need from a supply that stood where this need is, with the skills that
        it asks for, would keep and had the time.
        """
        comes_by = self.rules.carrier if self.is_goods else BESIDE
        routes = Routes(self.need_at[[need]], [comes_by], self.need_at, self.rules.terrain, self.rules.closures)
        minutes = routes.table(np.arange(len(self.need_at)), np.array([0]))[:, 0]
        able = (self.required & ~self.required[need]) == 0
        cost = np.rint(self.weight * 60 * (minutes + KEEPS_LONGEST_MIN))
        return np.where(able & (minutes <= self.rules.reach_minutes), cost, NO_ARC).astype(np.int64)

    def minutes_beside(self) -> float:
        """Minutes of a shift that a volunteer who is where a need is has to have left for it."""
        return self.rules.service_minutes + vehicle(BESIDE).start_min

    def minutes(self, needs: Ints, supplies: Ints) -> Floats:
        """Minutes on the way, row by row."""
        return self.routes.pairs(needs, supplies)

    def bounds(self, needs: Ints, supplies: Ints) -> tuple[Floats, Floats]:
        """For each supply the least and the most that a unit costs any of these needs."""
        nearest, farthest = self.routes.bounds(needs, supplies)
        weights, keeps = self.weight[needs], self.keeps[supplies]
        least = weights.min() * 60 * (nearest + keeps) - 1
        most = weights.max() * 60 * (farthest + keeps) + 1
        able = (self.required[needs[0]] & ~self.offered[supplies]) == 0
        sure = able & (farthest <= self.limit[supplies])
        if len(self.forbidden[0]):
            sure[self._within(needs, supplies)[1]] = False
        return np.where(able, least, float(NO_ARC)), np.where(sure, most, float(NO_ARC))

    def _cost(self, weight: Floats, minutes: Floats, supplies: Ints, able: Flags) -> Ints:
        cost = np.rint(weight * 60 * (minutes + self.keeps[supplies]))
        return np.where(able & (minutes <= self.limit[supplies]), cost, NO_ARC).astype(np.int64)

    def _within(self, needs: Ints, supplies: Ints) -> tuple[Ints, Ints]:
        """Where the forbidden pairs stand in a selection of rows and columns."""
        row = np.full(len(self.need_at), -1)
        row[needs] = np.arange(len(needs))
        column = np.full(len(self.supply_at), -1)
        column[supplies] = np.arange(len(supplies))
        at_row, at_column = row[self.forbidden[0]], column[self.forbidden[1]]
        here = (at_row >= 0) & (at_column >= 0)
        return at_row[here], at_column[here]


def _places(frame: gpd.GeoDataFrame) -> Floats:
    places = frame.geometry.to_crs(4326)
    return geocentric(places.x.to_numpy(), places.y.to_numpy())


def _minutes_until(supplies: gpd.GeoDataFrame, now: datetime | None) -> Floats:
    """Minutes until each lot expires; NaN without expiry."""
    expires = supplies["expires_at"]
    if expires.isna().all():
        return np.full(len(supplies), np.nan)
    if now is None:
        raise BadRules("lots expire, so the rules need to say what time it is")
    return np.asarray((expires - pd.Timestamp(now)).dt.total_seconds() / 60, float)


def _keeps_minutes(expires_in: Floats) -> Floats:
    """Minutes that a lot is put behind one that expires at once."""
    days = np.where(np.isnan(expires_in), KEEPS_DAYS, expires_in / (24 * 60))
    return np.asarray(KEEPS_LONGEST_MIN * np.clip(days / KEEPS_DAYS, 0, 1))


def _skill_bits(required: pd.Series[Any], offered: pd.Series[Any]) -> tuple[list[str], Ints, Ints]:
    """The skills that needs require and supplies offer, as bits; skills nobody requires have none.

    A requirement that has no bit left (more than 62 kinds in one plan) is refused.
    """
    wanted = [frozenset(_skills(skills)) for skills in required]
    names = sorted(frozenset().union(*wanted))
    if len(names) > MOST_SKILLS:
        raise BadRules(f"{len(names)} kinds of skills are required; {MOST_SKILLS} at most can be")
    bit = {name: 1 << place for place, name in enumerate(names)}
    need_bits = [sum(bit[name] for name in skills) for skills in wanted]
    supply_bits = [sum(bit.get(name, 0) for name in set(_skills(skills))) for skills in offered]
    return names, np.array(need_bits, np.int64), np.array(supply_bits, np.int64)


def _skills(value: object) -> Iterable[str]:
    """Skills as a frame holds them: a collection of names, or nothing."""
    return value if isinstance(value, (list, tuple, set, frozenset)) else ()


def _rows(
    forbidden: Iterable[tuple[str, str]], need_ids: Iterable[str], supply_ids: Iterable[str]
) -> tuple[Ints, Ints]:
    """Forbidden pairs as rows; pairs that are not in these frames fall away."""
    needs = {need_id: row for row, need_id in enumerate(need_ids)}
    supplies = {supply_id: row for row, supply_id in enumerate(supply_ids)}
    rows = sorted((needs[n], supplies[s]) for n, s in forbidden if n in needs and s in supplies)
    table = np.array(rows, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _classes(*columns: ArrayLike) -> Ints:
    """One number for each combination of values."""
    number = np.zeros(len(np.asarray(columns[0])), np.int64)
    for column in columns:
        codes = np.unique(np.asarray(column), return_inverse=True)[1]
        number = np.unique(number * (codes.max(initial=0) + 1) + codes, return_inverse=True)[1]
    return number
