"""Roads that cannot be used, and what they add to a way.

Without a road graph nobody knows which way a driver takes; the straight line tells which closed roads and bridges it
is likely to need. A way that comes as near to one as `NEAR_M`, or as the radius that a closed place has, goes around
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from math import cos, radians
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.crs import Floats, geocentric

NEAR_M: Final = 500.0
"""A straight way that comes this near to a closed road is taken to need it: an assumption of ours."""

AROUND_M: Final = 10_000.0
"""Straight metres that going around one closure adds: an assumption of ours, until roads tell."""

METRES_PER_DEGREE: Final = 111_320.0
"""Of longitude at the equator: nothing on earth is longer, so points stand no farther apart than asked."""

MOST_POINTS: Final = 60
"""By which one closure is told; of a longer one they stand farther apart than `NEAR_M`."""

RING_CORNERS: Final = 32

Flags = NDArray[np.bool_]
Around = tuple[float, float, float]
"""Longitude and latitude of a place, and metres around it that are closed."""


class Closures:
    """Closed roads, each told by points along it, and closed places, each with its own radius."""

    def __init__(self, lines: Iterable[BaseGeometry] = (), places: Iterable[Around] = ()) -> None:
        self._closures = [[_Point(place) for place in _along(line)] for line in lines]
        self._closures += [[_Point(geocentric(np.array(lon), np.array(lat)), near_m)] for lon, lat, near_m in places]

    def __len__(self) -> int:
        """How many roads are closed."""
        return len(self._closures)

    def around(self, starts: Floats, ends: Floats) -> Floats:
        """Straight metres that the closures add to the ways from `starts` to `ends`.

        Both hold geocentric metres in the last axis and broadcast against each other.
        """
        shape = np.broadcast_shapes(starts.shape, ends.shape)[:-1]
        total = np.zeros(shape)
        for points in self._closures:
            total += AROUND_M * _any_passed(points, starts, ends, shape)
        return total

    def passed(self, starts: Floats, ends: Floats) -> Flags:
        """Whether the ways from `starts` to `ends`, geocentric metres in the last axis, need any of them."""
        return np.asarray(self.around(starts, ends) > 0)

    @property
    def most(self) -> float:
        """Straight metres that they add to a way that passes them all."""
        return AROUND_M * len(self._closures)


NONE_CLOSED: Final = Closures()


def ring(lon: float, lat: float, radius_m: float) -> list[tuple[float, float]]:
    """The corners of a circle around a place, for a map; the last is the first."""
    turns = np.linspace(0, 2 * np.pi, RING_CORNERS, endpoint=False)
    north = radius_m / METRES_PER_DEGREE
    east = north / cos(radians(lat))
    corners = [(lon + east * float(np.cos(turn)), lat + north * float(np.sin(turn))) for turn in turns]
    return [*corners, corners[0]]


def middle(corners: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The place that a `ring` is around."""
    lon, lat = np.asarray(corners, float)[:-1].mean(axis=0)
    return float(lon), float(lat)


def _any_passed(points: Sequence[_Point], starts: Floats, ends: Floats, shape: tuple[int, ...]) -> Flags:
    return np.asarray(reduce(np.logical_or, (one.is_passed(starts, ends) for one in points), np.zeros(shape, bool)))


class _Point:
    """A place on a closed road, with the plane that touches the earth there, in metres to the east and north.

    Ways that come within `near_m` pass it.
    """

    def __init__(self, place: Floats, near_m: float = NEAR_M) -> None:
        self._near2 = near_m**2
        up = place / np.sqrt((place**2).sum())
        east = np.array([-up[1], up[0], 0.0]) / np.hypot(up[0], up[1])
        self._place, self._plane = place, np.stack([east, np.cross(up, east)], axis=-1)

    def is_passed(self, starts: Floats, ends: Floats) -> Flags:
        """Whether the straight ways come as near as that."""
        start, end = self._seen(starts), self._seen(ends)
        across = start[..., 0] * end[..., 1] - start[..., 1] * end[..., 0]
        along = start[..., 0] * end[..., 0] + start[..., 1] * end[..., 1]
        from_start, from_end = (start**2).sum(axis=-1), (end**2).sum(axis=-1)
        # Whoever stays where they are passes nothing: there `along` is as long as both.
        between = (along < from_start) & (along < from_end)
        near_way = across**2 <= self._near2 * (from_start + from_end - 2 * along)
        return np.asarray((between & near_way) | (np.minimum(from_start, from_end) <= self._near2))

    def _seen(self, places: Floats) -> Floats:
        return np.asarray((places - self._place) @ self._plane)


def _along(line: BaseGeometry) -> Floats:
    """Geocentric points along a line in WGS84, `NEAR_M` apart."""
    apart = max(NEAR_M / METRES_PER_DEGREE, shapely.length(line) / MOST_POINTS)
    corners = shapely.get_coordinates(shapely.segmentize(line, apart))
    return geocentric(corners[:, 0], corners[:, 1])
