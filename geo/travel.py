"""How long it takes to get from one place to another.

Straight line x detour x speed today, a road graph when there is one. Whoever ranks, plans or
explains asks here (`minutes` for places, `Routes` for many against many), so the day it changes it
changes everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.closures import NONE_CLOSED, Closures
from geo.crs import Floats, geocentric, over_ground


@dataclass(frozen=True)
class Vehicle:
    """How one kind of vehicle moves: `speed_kmh` on the way, `detour` way over straight line,
    `start_min` minutes before it rolls (finding the driver, loading, fuel). What does not go `by_road`
    passes a closed one.
    """

    speed_kmh: float
    detour: float
    start_min: float
    by_road: bool = True

    @property
    def minutes_per_metre(self) -> float:
        """Minutes for each metre of straight line."""
        return self.detour * 60 / (self.speed_kmh * 1000)


VEHICLES: Final = MappingProxyType(
    {
        "motorcycle": Vehicle(speed_kmh=25, detour=1.40, start_min=3),
        "car": Vehicle(speed_kmh=22, detour=1.43, start_min=5),
        "pickup": Vehicle(speed_kmh=20, detour=1.43, start_min=10),
        "truck": Vehicle(speed_kmh=17, detour=1.50, start_min=20),
        "boat": Vehicle(speed_kmh=8, detour=1.30, start_min=15, by_road=False),
        "foot": Vehicle(speed_kmh=4.5, detour=1.30, start_min=1),
    }
)
"""What we assume of each vehicle.

Detour: measured on the roads of Jakarta (OpenStreetMap, one-way streets ignored) over 11,723 pairs more
than 2 km apart, the way is 1.29 times the straight line on average and at most 1.44 times for nine in ten.
Between towns Ballou, Rahardja and Sakai, "Selected country circuity factors for road travel distance
estimation" (Transportation Research A 36, 2002), are quoted with 1.43 for Indonesia; the figure has not
been checked against the paper. Cars and pickups take 1.43, since West Java's hills are no Jakarta;
motorcycles use lanes that cars cannot (a little less), trucks avoid small roads and weak bridges (more).
Speed: door-to-door means that dispatchers in West Java's towns and hills count with, well under
what an open road allows; walking is the 4-5 km/h common in health-access studies. Boats on flood
water keep under 10 km/h because of what floats in it.
Speeds and start times are assumptions until journeys of ours have been measured; they set the
scale of the minutes and, between vehicles of one kind, change no ranking.
"""

TERRAIN: Final = MappingProxyType({"plain": 1.0, "hills": 1.25, "mountains": 1.6, "flooded": 2.0})
"""How much longer the same straight line takes, by terrain: assumptions of ours, named so that a
measured value has a place to go."""

DEFAULT_VEHICLE: Final = "pickup"
"""Goods whose carrier is not chosen yet are planned as if a pickup took them."""


def vehicle(name: str | None) -> Vehicle:
    """The vehicle of that name; nothing or an unknown name counts as going on foot."""
    return VEHICLES.get(name or "foot", VEHICLES["foot"])


def minutes(
    origin: ArrayLike,
    destination: ArrayLike,
    by: str | None = DEFAULT_VEHICLE,
    terrain: str = "plain",
    closures: Closures = NONE_CLOSED,
) -> Floats:
    """Minutes from each origin to each destination, start time and ways around closed roads included.

    `origin` and `destination` hold longitude and latitude in the last axis and broadcast against
    each other: one to many, pairs, or a table by adding an axis.
    """
    start, end = (geocentric(at[..., 0], at[..., 1]) for at in map(np.asarray, (origin, destination)))
    straight = over_ground(np.sqrt(((start - end) ** 2).sum(axis=-1)))
    if closures and vehicle(by).by_road:
        straight = straight + closures.around(start, end)
    return minutes_for(straight, by, terrain)


def minutes_for(straight_m: ArrayLike, by: str | None = DEFAULT_VEHICLE, terrain: str = "plain") -> Floats:
    """Minutes for a straight line of so many metres, start time included."""
    mover = vehicle(by)
    pace = mover.minutes_per_metre * TERRAIN[terrain]
    return np.asarray(mover.start_min + pace * np.asarray(straight_m, float), float)


class Routes:
    """Minutes from many origins, each with its vehicle, to many destinations, in any selection.

    `origin_at` and `destination_at` are geocentric metres (`geo.crs.geocentric`).
    """

    def __init__(
        self,
        origin_at: Floats,
        vehicles: Sequence[str | None],
        destination_at: Floats | None = None,
        terrain: str = "plain",
        closures: Closures = NONE_CLOSED,
    ) -> None:
        self.origin_at = origin_at
        self.destination_at = np.empty((0, 3)) if destination_at is None else destination_at
        movers = [vehicle(name) for name in vehicles]
        self._start = np.array([mover.start_min for mover in movers], float)
        pace = np.array([mover.minutes_per_metre for mover in movers], float)
        self._pace = pace * TERRAIN[terrain]
        self._pace_around = self._pace * np.array([mover.by_road for mover in movers], float)
        self.closures = closures

    def table(self, destinations: NDArray[np.int64], origins: NDArray[np.int64]) -> Floats:
        """Minutes for all pairs: a row for each destination, a column for each origin."""
        minutes = self._minutes(_away(self.destination_at[destinations], self.origin_at[origins]), origins)
        return minutes + self.around(destinations, origins) if self.closures else minutes

    def around(self, destinations: NDArray[np.int64], origins: NDArray[np.int64]) -> Floats:
        """The part of `table` that closed roads add."""
        ways = self.closures.around(self.origin_at[origins], self.destination_at[destinations][:, None])
        return np.asarray(self._pace_around[origins] * ways)

    def to(self, place: Floats) -> Floats:
        """Minutes to one place from every origin."""
        every = np.arange(len(self.origin_at))
        return self._minutes(_away(place[None], self.origin_at)[0], every) + self.around_to(place)

    def around_to(self, place: Floats) -> Floats:
        """The part of `to` that closed roads add."""
        return np.asarray(self._pace_around * self.closures.around(self.origin_at, place))

    def pairs(self, destinations: NDArray[np.int64], origins: NDArray[np.int64]) -> Floats:
        """Minutes for the first destination from the first origin, and so on."""
        ends, starts = self.destination_at[destinations], self.origin_at[origins]
        minutes = self._minutes(np.sqrt(((ends - starts) ** 2).sum(axis=1)), origins)
        return np.asarray(minutes + self._pace_around[origins] * self.closures.around(starts, ends))

    def bounds(self, destinations: NDArray[np.int64], origins: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """For each origin the least and the most minutes to any of the destinations."""
        places = self.destination_at[destinations]
        middle = places.mean(axis=0)
        radius = np.sqrt(((places - middle) ** 2).sum(axis=1)).max()
        away = _away(middle[None], self.origin_at[origins])[0]
        nearest, farthest = np.maximum(away - radius, 0), away + radius
        longest = self._minutes(farthest, origins) + self._pace_around[origins] * self.closures.most
        return self._minutes(nearest, origins), longest

    def _minutes(self, chord_m: Floats, origins: NDArray[np.int64]) -> Floats:
        return np.asarray(self._start[origins] + self._pace[origins] * over_ground(chord_m))


def _away(places: Floats, others: Floats) -> Floats:
    """Straight metres between all pairs, one coordinate at a time: that needs the least memory."""
    total = np.zeros((len(places), len(others)))
    for axis in range(places.shape[1]):
        step = places[:, None, axis] - others[None, :, axis]
        total += step * step
    return np.asarray(np.sqrt(total))
