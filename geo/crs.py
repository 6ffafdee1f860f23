"""Where things are on the earth, and how far apart.

Places arrive and leave in WGS84 longitude and latitude. Distances are measured in geocentric
coordinates (EPSG:4978): the point on the WGS84 ellipsoid as x, y, z in metres. That one metric
frame holds for Cianjur, Haiti and Houston alike, has no zone to choose and no edge to fall off,
and its straight chord is shorter than the way over the ground by 1 m in 100 km. UTM zone 48 South
would fit West Java only as far as 108 degrees east, and would be wrong elsewhere without a word.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees of WGS84."""

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
MEAN_RADIUS_M = 6_371_008.8
"""IUGG mean radius; it only turns long chords back into ways over the ground."""

WEST_JAVA: Bounds = (106.0, -8.0, 109.5, -5.5)


def geocentric(lon: ArrayLike, lat: ArrayLike) -> Floats:
    """Points of the WGS84 ellipsoid as rows of x, y, z in metres (EPSG:4978, height 0)."""
    east, north = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    squared_eccentricity = FLATTENING * (2 - FLATTENING)
    sine = np.sin(north)
    normal = SEMI_MAJOR_M / np.sqrt(1 - squared_eccentricity * sine**2)
    across = normal * np.cos(north)
    return np.stack(
        [across * np.cos(east), across * np.sin(east), normal * (1 - squared_eccentricity) * sine],
        axis=-1,
    )


def over_ground(chord_m: ArrayLike) -> Floats:
    """The way over the ground in metres for a straight chord in metres."""
    chord = np.asarray(chord_m, float)
    half = chord / (2 * MEAN_RADIUS_M)
    if half.max(initial=0) < 0.1:  # 1,270 km: the series is exact to a millimetre, and quicker
        square = half * half
        return np.asarray(chord * (1 + square * (1 / 6 + square * (3 / 40 + square * 5 / 112))))
    return np.asarray(2 * MEAN_RADIUS_M * np.arcsin(np.minimum(half, 1.0)), float)


def metres(lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike) -> Floats:
    """Distance over the ground in metres, element by element with broadcasting.

    Within 0.01 % of the geodesic up to 1,000 km (tests compare it with PROJ).
    """
    step = geocentric(lon_a, lat_a) - geocentric(lon_b, lat_b)
    return over_ground(np.sqrt((step**2).sum(axis=-1)))


def plausible_wgs84(lon: float, lat: float) -> bool:
    """Whether the numbers can be a place at all; 0, 0 is what broken phones send, not a place."""
    return -180 <= lon <= 180 and -90 <= lat <= 90 and (lon, lat) != (0, 0)


def within(lon: float, lat: float, bounds: Bounds) -> bool:
    """Whether the place lies inside the bounds, edges included."""
    west, south, east, north = bounds
    return west <= lon <= east and south <= lat <= north


def swapped(lon: float, lat: float, bounds: Bounds = WEST_JAVA) -> bool:
    """Whether longitude and latitude look exchanged: only the exchanged place is in bounds."""
    return not within(lon, lat, bounds) and within(lat, lon, bounds)
