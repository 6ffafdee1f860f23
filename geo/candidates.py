"""Who or what can serve one need, ranked at once: for the report that has just come in.

Needs numpy only and knows nothing of the other needs; the plan (`geo.matching`) settles who gets
what is scarce. The same travel times and the same names for what a supply lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.closures import NONE_CLOSED, Closures
from geo.crs import Floats, geocentric
from geo.explain import EXPIRES_FIRST, OUT_OF_REACH, SHIFT_ENDS, SKILLS_MISSING, TOO_LITTLE, Lack, closed
from geo.travel import DEFAULT_VEHICLE, Routes

REACH_MINUTES: Final = 24 * 60.0
SERVICE_MINUTES: Final = 30.0
"""The same limits as a plan's rules have (`geo.costs.Rules`)."""

ANOTHER_TRIP_MIN: Final = 30.0
"""Minutes that a lot which covers nothing of the need would be put behind one that covers all of
it: every other lot is one more pick-up and one more journey."""

NEAR_MISSES: Final = 3
"""Impossible ones that are shown after the possible ones, nearest first, with what they lack."""


@dataclass(frozen=True, slots=True)
class GoodsNeed:
    """Whole units of an item wanted at a place."""

    item: str
    quantity: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class ServiceNeed:
    """Heads with certain skills wanted at a place."""

    skills: frozenset[str]
    heads: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Lot:
    """Free units of an item at a site; `minutes_left` until it expires, None without expiry."""

    supply_id: str
    item: str
    free: int
    lon: float
    lat: float
    minutes_left: float | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A volunteer who checked in; `minutes_left` of the shift, None when not told."""

    supply_id: str
    skills: frozenset[str]
    vehicle: str | None
    lon: float
    lat: float
    minutes_left: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One supply for the need. `cost` is what the ranking goes by: `minutes` on the way and
    `trip_minutes` for what it cannot give. Impossible ones say what they lack and come last.
    """

    supply_id: str
    quantity: int
    minutes: float
    trip_minutes: float
    minutes_left: float | None
    possible: bool
    lacks: tuple[Lack, ...]

    @property
    def cost(self) -> float:
        """Minutes that the ranking goes by."""
        return self.minutes + self.trip_minutes


class Stock:
    """Lots, sorted by item once, so that many needs can be ranked against them."""

    def __init__(
        self, lots: Iterable[Lot], carrier: str = DEFAULT_VEHICLE, closures: Closures = NONE_CLOSED
    ) -> None:
        self._carrier, self._closures = carrier, closures
        self._lots: dict[str, list[Lot]] = {}
        for lot in lots:
            self._lots.setdefault(lot.item, []).append(lot)
        self._rows: dict[str, _Rows] = {}

    def rank(self, need: GoodsNeed, limit: int = 10) -> list[Candidate]:
        """The best lots for a need: soon there, and enough in one place."""
        lots = self._lots.get(need.item, [])
        if not lots:
            return []
        if need.item not in self._rows:
            self._rows[need.item] = _Rows(lots, [self._carrier] * len(lots), self._closures)
        rows = self._rows[need.item]
        free = rows.free
        minutes, around = rows.minutes(need.lon, need.lat), rows.around(need.lon, need.lat)
        possible = (minutes <= rows.limit) & (free > 0)
        given = np.minimum(free, need.quantity)
        trips = ANOTHER_TRIP_MIN * (1 - given / max(1, need.quantity))
        # The sooner it expires the better, but only between equals: a minute in a year of keeping.
        keeps = np.clip(rows.minutes_left / (365 * 24 * 60), 0, 1)
        order = rows.order(minutes + trips + keeps, possible, limit)
        return [
            Candidate(
                rows.supply_ids[row], int(given[row]), round(float(minutes[row]), 1),
                round(float(trips[row]), 1), lots[row].minutes_left, bool(possible[row]),
                (*self._lacks(lots[row], need, float(minutes[row])), *closed(float(around[row]))),
            )
            for row in order
        ]  # fmt: skip

    @staticmethod
    def _lacks(lot: Lot, need: GoodsNeed, minutes: float) -> tuple[Lack, ...]:
        lacks = []
        if lot.minutes_left is not None and minutes > lot.minutes_left:
            lacks.append(_late(EXPIRES_FIRST, minutes, lot.minutes_left))
        if minutes > REACH_MINUTES:
            lacks.append(Lack(OUT_OF_REACH, {"minutes": round(minutes, 1)}))
        if lot.free < need.quantity:
            lacks.append(Lack(TOO_LITTLE, {"free": lot.free, "wanted": need.quantity}))
        return tuple(lacks)


class People:
    """Volunteers who checked in, ready to be ranked for many needs."""

    def __init__(self, persons: Iterable[Person], closures: Closures = NONE_CLOSED) -> None:
        self._persons = list(persons)
        self._rows = _Rows(self._persons, [person.vehicle for person in self._persons], closures)
        self._holders: dict[str, NDArray[np.bool_]] = {}
        for skill in sorted({skill for person in self._persons for skill in person.skills}):
            self._holders[skill] = np.array([skill in p.skills for p in self._persons])

    def rank(self, need: ServiceNeed, limit: int = 10) -> list[Candidate]:
        """The volunteers who can be there soonest with all the skills and enough time left."""
        if not self._persons:
            return []
        rows = self._rows
        minutes, around = rows.minutes(need.lon, need.lat), rows.around(need.lon, need.lat)
        nobody = np.zeros(len(self._persons), bool)
        skilled = ~nobody
        for skill in need.skills:
            skilled &= self._holders.get(skill, nobody)
        possible = skilled & (minutes <= np.minimum(rows.minutes_left - SERVICE_MINUTES, rows.limit))
        return [
            Candidate(
                rows.supply_ids[row], 1, round(float(minutes[row]), 1), 0.0,
                self._persons[row].minutes_left, bool(possible[row]),
                (*self._lacks(self._persons[row], need, float(minutes[row])), *closed(float(around[row]))),
            )
            for row in rows.order(minutes, possible, limit)
        ]  # fmt: skip

    @staticmethod
    def _lacks(person: Person, need: ServiceNeed, minutes: float) -> tuple[Lack, ...]:
        lacks = []
        missing = sorted(need.skills - person.skills)
        if missing:
            lacks.append(Lack(SKILLS_MISSING, {"skills": ", ".join(missing)}))
        if person.minutes_left is not None and minutes > person.minutes_left - SERVICE_MINUTES:
            lacks.append(_late(SHIFT_ENDS, minutes, person.minutes_left - SERVICE_MINUTES))
        if minutes > REACH_MINUTES:
            lacks.append(Lack(OUT_OF_REACH, {"minutes": round(minutes, 1)}))
        return tuple(lacks)


class _Rows:
    """Supplies as columns."""

    def __init__(
        self, supplies: Sequence[Lot] | Sequence[Person], vehicles: Sequence[str | None], closures: Closures
    ) -> None:
        self.supply_ids = [supply.supply_id for supply in supplies]
        self.free = np.array([getattr(supply, "free", 1) for supply in supplies], np.int64)
        left = [supply.minutes_left for supply in supplies]
        self.minutes_left = np.array([np.inf if m is None else m for m in left], float)
        self.limit = np.minimum(self.minutes_left, REACH_MINUTES)
        lon, lat = [s.lon for s in supplies], [s.lat for s in supplies]
        self._routes = Routes(geocentric(lon, lat), vehicles, closures=closures)
        self._by_id = np.argsort(np.argsort(np.array(self.supply_ids, object)))

    def minutes(self, lon: float, lat: float) -> Floats:
        """Minutes from each supply to the place."""
        return self._routes.to(geocentric(lon, lat))

    def around(self, lon: float, lat: float) -> Floats:
        """The part of `minutes` for going around closed roads."""
        return self._routes.around_to(geocentric(lon, lat))

    def order(self, cost: Floats, possible: NDArray[np.bool_], limit: int) -> list[int]:
        """Rows of the best possible ones, then of the nearest misses; ties by id."""
        return [
            *self._lowest(cost, np.flatnonzero(possible), limit),
            *self._lowest(cost, np.flatnonzero(~possible), NEAR_MISSES),
        ]

    def _lowest(self, cost: Floats, rows: NDArray[np.int64], count: int) -> list[int]:
        if count < len(rows):
            border = np.partition(cost[rows], count - 1)[count - 1]
            rows = rows[cost[rows] <= border]
        order = np.lexsort((self._by_id[rows], cost[rows]))
        return [int(row) for row in rows[order][:count]]


def _late(code: str, minutes: float, minutes_left: float) -> Lack:
    numbers = {"minutes": round(minutes, 1), "minutes_left": round(minutes_left, 1)}
    return Lack(code, numbers)
