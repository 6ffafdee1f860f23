"""Places on a way, and how long it takes from one to the next."""

from collections.abc import Mapping, Sequence
from typing import Any

from geo import travel

Point = tuple[float, float]
"""Longitude and latitude."""


def point_of(place: Mapping[str, Any] | None) -> Point | None:
    """Where a site, a case or a need is; None when nobody knows."""
    return None if place is None or place["lon"] is None else (place["lon"], place["lat"])


def minutes_along(stops: Sequence[Point]) -> float:
    """From the first stop by the others to the last, by the usual vehicle."""
    return float(travel.minutes(stops[:-1], stops[1:]).sum()) if len(stops) > 1 else 0.0
