"""Hazard areas and road closures: a checked GeoJSON shape that holds from a beginning to an end."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from math import isfinite
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geo.areas import Gazetteer
from geo.closures import ring
from server.domain import events
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require
from server.services import intake, listing, places, queries
from server.services.inputs import PlaceIn
from server.services.inputs_supply import ClosureIn, EndIn, HazardIn, ListIn
from server.store.unit_of_work import Tx

CLOSURE = "road_closed"
MOST_CORNERS = 2_000
LINES = ("LineString", "MultiLineString")
AREAS = ("Polygon", "MultiPolygon")
DECIMALS = 6
"""About ten centimetres."""
_DEPTHS = {"LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
"""How many lists lie around the corners of each type."""
Row = Mapping[str, Any]


def add(tx: Tx, actor: Actor, body: HazardIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """A new hazard area or line. Raises Invalid naming `shape` or `ends_at`, Forbidden."""
    return _add(tx, actor, body, body.kind, (*AREAS, *LINES), gazetteer)


def close_road(tx: Tx, actor: Actor, body: ClosureIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """A road that cannot be used. Raises Invalid naming `shape` or `ends_at`, Forbidden."""
    return _add(tx, actor, body, CLOSURE, LINES, gazetteer)


def _add(
    tx: Tx, actor: Actor, body: ClosureIn, kind: str, types: tuple[str, ...], gazetteer: Gazetteer
) -> dict[str, Any]:
    incident = intake.incident_for(tx, body.incident)
    begins_at = body.begins_at or tx.now
    if body.ends_at is not None and body.ends_at <= begins_at:
        raise Invalid({"ends_at": Problem("ends_before_begin")})
    shape = checked_shape(body.shape, types)
    area = _area(incident, gazetteer, shape)
    require(actor, Permission.HAZARD_EDIT, area)
    row: dict[str, Any] = {
        "id": tx.new_id(),
        "incident_id": incident["id"],
        "area": area,
        "kind": kind,
        "shape": json.loads(shapely.to_geojson(shape)),
        "note": body.note,
        "begins_at": begins_at,
        "ends_at": body.ends_at,
    }
    tx.hazards.add(row)
    return _told(tx, actor, row["id"], "add")


def close_around(
    tx: Tx,
    actor: Actor,
    *,
    incident_id: str,
    area: str,
    place: tuple[float, float],
    radius_m: float,
    note: str,
    ends_at: datetime,
) -> Row:
    """Nobody gets through within so many metres of a place (longitude, latitude) until then, as a checked claim says.

    Who may check claims there decides it: the caller has asked for that right.
    """
    row: dict[str, Any] = {
        "id": tx.new_id(),
        "incident_id": incident_id,
        "area": area,
        "kind": CLOSURE,
        "shape": {
            "type": "LineString",
            "coordinates": [[round(x, DECIMALS), round(y, DECIMALS)] for x, y in ring(*place, radius_m)],
        },
        "radius_m": radius_m,
        "note": note,
        "begins_at": tx.now,
        "ends_at": ends_at,
    }
    tx.hazards.add(row)
    _told(tx, actor, row["id"], "add")
    return tx.hazards.get(row["id"]) or row


def listed(tx: Tx, actor: Actor, asked: ListIn, *, closures: bool) -> dict[str, Any]:
    """Hazards, or road closures, that hold now or will later, in the area and for the incident."""
    areas = listing.areas_asked(actor, Permission.BOARD_READ, asked.area)
    pool = queries.pool_of(tx, intake.incident_for(tx, asked.incident))
    rows = [row for row in tx.hazards.not_over(pool, tx.now, areas) if (row["kind"] == CLOSURE) is closures]
    return {"closures" if closures else "hazards": [shown(row) for row in rows], "next": None}


def end(tx: Tx, actor: Actor, hazard_id: str, body: EndIn, *, closures: bool) -> dict[str, Any]:
    """It is over. Raises NotFound, Forbidden, Conflict when it changed or was over before."""
    row = tx.hazards.get(hazard_id, lock=True)
    if row is None or (row["kind"] == CLOSURE) is not closures or not may(actor, Permission.BOARD_READ, row["area"]):
        raise NotFound
    require(actor, Permission.HAZARD_EDIT, row["area"])
    if _is_over(row, tx.now) or body.version not in (None, row["version"]):
        raise Conflict(state=shown(row))
    tx.hazards.change(hazard_id, ends_at=tx.now, begins_at=min(row["begins_at"], tx.now))
    return _told(tx, actor, hazard_id, "end")


def _is_over(row: Row, now: datetime) -> bool:
    return row["ends_at"] is not None and row["ends_at"] <= now


def shown(row: Row) -> dict[str, Any]:
    """A hazard as staff see it."""
    return {
        "id": row["id"],
        "area": row["area"],
        "kind": row["kind"],
        "shape": row["shape"],
        "radius_m": row["radius_m"],
        "note": row["note"],
        "begins_at": row["begins_at"].isoformat(),
        "ends_at": row["ends_at"].isoformat() if row["ends_at"] else None,
        "version": row["version"],
    }


def _told(tx: Tx, actor: Actor, hazard_id: str, action: str) -> dict[str, Any]:
    row = tx.hazards.get(hazard_id)
    if row is None:
        raise NotFound
    tx.record(events.HazardChanged(incident_id=row["incident_id"], area=row["area"], hazard_id=hazard_id))
    tx.audit(actor, f"hazard:{action}", row["area"], f"hazard:{hazard_id}", kind=row["kind"])
    return shown(row)


def _area(incident: Row, gazetteer: Gazetteer, shape: BaseGeometry) -> str:
    """The area that a point on the shape lies in; at sea, the incident's home."""
    point = shapely.point_on_surface(shape)
    try:
        here = PlaceIn(lon=point.x, lat=point.y)
        return places.resolve(incident, gazetteer, place=here, area_code=None, place_text=None).area
    except Invalid as error:
        codes = {problem.code: problem for problem in error.fields.values()}
        if "place_in_sea" in codes:
            return places.home_area(incident)
        raise Invalid({"shape": next(iter(codes.values()))}) from None


def checked_shape(shape: Mapping[str, Any], types: tuple[str, ...]) -> BaseGeometry:
    """The geometry of a GeoJSON object. Raises Invalid naming `shape` and what is wrong with it.

    A third coordinate is left out; corners are rounded to DECIMALS.
    """
    kind = shape.get("type")
    if kind not in types:
        raise Invalid({"shape": Problem("shape_type", {"types": ", ".join(types)})})
    coordinates = _corners(shape.get("coordinates"), _DEPTHS[str(kind)])
    if sum(1 for _ in _points(coordinates)) > MOST_CORNERS:
        raise Invalid({"shape": Problem("shape_too_large", {"most": MOST_CORNERS})})
    if kind in AREAS and not all(ring[0] == ring[-1] for ring in _rings(coordinates)):
        raise Invalid({"shape": Problem("shape_not_closed")})
    try:
        found = shapely.from_geojson(json.dumps({"type": kind, "coordinates": coordinates}))
    except shapely.errors.GEOSException:
        raise _not_geojson() from None
    if found.is_empty or not found.is_valid:
        raise Invalid({"shape": Problem("shape_invalid", {"reason": shapely.is_valid_reason(found)})})
    return found


def _corners(part: object, depth: int) -> list[Any]:
    """The nested lists with every corner checked and rounded."""
    if not isinstance(part, list) or not part:
        raise _not_geojson()
    if depth:
        return [_corners(inner, depth - 1) for inner in part]
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in part)
    if not is_number or len(part) not in (2, 3) or not all(isfinite(value) for value in part):
        raise _not_geojson()
    lon, lat = round(float(part[0]), DECIMALS), round(float(part[1]), DECIMALS)
    if abs(lat) > 90 >= abs(lon):
        raise Invalid({"shape": Problem("swapped_lat_lon", {"lon": lon, "lat": lat})})
    if abs(lon) > 180 or abs(lat) > 90:
        raise _not_geojson()
    return [lon, lat]


def _not_geojson() -> Invalid:
    return Invalid({"shape": Problem("shape_not_geojson")})


def _rings(coordinates: list[Any]) -> Iterator[list[Any]]:
    """The rings of a polygon's or several polygons' coordinates."""
    for part in coordinates:
        if isinstance(part[0][0], float):
            yield part
        else:
            yield from part


def _points(coordinates: list[Any]) -> Iterator[list[float]]:
    for part in coordinates:
        if isinstance(part, float):
            yield coordinates
            return
        yield from _points(part)
