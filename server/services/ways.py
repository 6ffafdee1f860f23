"""Places on a way, how long it takes from one to the next, and which roads are closed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely

from geo import travel
from geo.closures import NONE_CLOSED, Closures, middle
from server.services.hazards import CLOSURE
from server.store.unit_of_work import Tx

Point = tuple[float, float]
"""Longitude and latitude."""


def point_of(place: Mapping[str, Any] | None) -> Point | None:
    """Where a site, a case or a need is; None when nobody knows."""
    return None if place is None or place["lon"] is None else (place["lon"], place["lat"])


def minutes_along(stops: Sequence[Point], closed: Closures = NONE_CLOSED) -> float:
    """From the first stop by the others to the last, by the usual vehicle, around what is closed."""
    return float(travel.minutes(stops[:-1], stops[1:], closures=closed).sum()) if len(stops) > 1 else 0.0


def closures(tx: Tx, pool: Sequence[str]) -> Closures:
    """The roads that are closed now, for whoever goes anywhere in these incidents."""
    return closed_of(tx.hazards.active(pool, tx.now))


def closed_of(active: Iterable[Mapping[str, Any]]) -> Closures:
    """The closed roads among the hazards that hold now."""
    closed = [one for one in active if one["kind"] == CLOSURE]
    lines = [shapely.from_geojson(json.dumps(one["shape"])) for one in closed if one["radius_m"] is None]
    rings = [one for one in closed if one["radius_m"] is not None]
    return Closures(lines, [(*middle(one["shape"]["coordinates"]), one["radius_m"]) for one in rings])
