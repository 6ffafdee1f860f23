"""Whether an assignment may be offered to who goes alone: not in the dark, and not through an area of danger.

Judged when somebody is asked, for the time until they would be there. Roads that are closed are no danger: they are
the way's own matter (docs/decisions/solo.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geo.closures import Closures
from server.domain.solo import Night, night_of
from server.services import queries, ways
from server.services.hazards import CLOSURE
from server.services.moves import Row
from server.store.unit_of_work import Tx


@dataclass(frozen=True)
class Way:
    """What lies before whoever takes an assignment.

    stops: the site and the places that are known, in this order; minutes: from the first to the last;
    asked_until: when an offer made now ends.
    """

    stops: Sequence[ways.Point]
    minutes: float
    now: datetime
    asked_until: datetime
    night: Night
    dangers: Sequence[BaseGeometry]
    closed: Closures


def way_of(tx: Tx, trip: Sequence[Row], lasts: timedelta) -> Way:
    """The way of a trip, by its stops, whose offers last so long, with the areas of danger that hold now."""
    first = trip[0]
    incident = tx.incidents.get(first["incident_id"]) or {}
    site = tx.sites.get(first["site_id"]) if first["site_id"] else None
    places = (site, *(tx.cases.get(row["case_id"]) for row in trip))
    stops = [point for place in places if (point := ways.point_of(place))]
    active = tx.hazards.active(queries.pool_of(tx, incident), tx.now)
    dangers = [shapely.from_geojson(json.dumps(one["shape"])) for one in active if one["kind"] != CLOSURE]
    closed = ways.closed_of(active)
    return Way(
        stops=stops,
        minutes=ways.minutes_along(stops, closed),
        now=tx.now,
        asked_until=tx.now + lasts,
        night=night_of(incident.get("settings")),
        dangers=dangers,
        closed=closed,
    )


def why_not_alone(way: Way, volunteer: Mapping[str, Any], minutes: float) -> str | None:
    """`alone_hazard` or `alone_night` when nobody should go this way alone from where the volunteer is, else None.

    `minutes`: to the first stop. The way is straight, and its end as far off as a pickup needs from the first stop.
    """
    start = ways.point_of(volunteer)
    if way.dangers and shapely.intersects(_line([start, *way.stops] if start else way.stops), way.dangers).any():
        return "alone_hazard"
    back_by = way.asked_until + timedelta(minutes=minutes + way.minutes)
    return "alone_night" if way.night.touches(way.now, back_by) else None


def _line(points: Sequence[ways.Point]) -> BaseGeometry:
    return shapely.LineString(points) if len(points) > 1 else shapely.MultiPoint(points)
