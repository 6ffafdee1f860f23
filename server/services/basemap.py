"""The base map's layers: what is known of areas, land and roads, as GeoJSON."""

from collections.abc import Iterable
from typing import Any

from geo import basemap
from geo.areas import Gazetteer
from geo.outlines import around
from server.domain.permissions import Actor, Permission, require, within
from server.services.areas import VERSION
from server.services.intake import incident_for
from server.services.places import HOME, home_area
from server.store.unit_of_work import Tx

ROADS = "basemap_roads"
"""The setting that holds the roads, ready to be sent."""
MARGIN_DEGREES = 2.0
"""How far around an incident its land is shown."""


def borders(gazetteer: Gazetteer, level: str) -> dict[str, Any]:
    """The borders of every regency or district."""
    return basemap.areas_layer(gazetteer, level)


def names(gazetteer: Gazetteer) -> dict[str, Any]:
    """The name of every area, at its point where it has one."""
    return basemap.names_layer(gazetteer)


def land(tx: Tx, gazetteer: Gazetteer, slug: str | None) -> dict[str, Any]:
    """The land around an incident's operating area."""
    incident = incident_for(tx, slug)
    west, south, east, north = incident["bounds"] or _bounds(gazetteer, home_area(incident))
    room = MARGIN_DEGREES
    return basemap.land_layer(tx.areas.land(), (west - room, south - room, east + room, north + room))


def _bounds(gazetteer: Gazetteer, top: str) -> tuple[float, float, float, float]:
    return around([(area.lon, area.lat) for area in gazetteer if within(area.code, top)] or [(107.6, -6.9)])


def optional_layers(tx: Tx, gazetteer: Gazetteer) -> list[str]:
    """Which of `regencies`, `districts` and `roads` have anything to draw: each costs a map time, empty or not."""
    bordered = {area.level for area in gazetteer if area.wkb is not None}
    there = {"regencies": "regency" in bordered, "districts": "district" in bordered, "roads": tx.settings.has(ROADS)}
    return [name for name, is_there in there.items() if is_there]


def roads(tx: Tx) -> dict[str, Any]:
    """The roads that were loaded, if any."""
    found: dict[str, Any] | None = tx.settings.get(ROADS)
    return found or basemap.roads_layer([])


def replace_roads(tx: Tx, actor: Actor, lines: Iterable[tuple[bytes, str, str]]) -> int:
    """Put these roads (WKB line, class, name) in place of all; returns how many lines they make on the map.

    Every process holds its base map for as long as its areas, so both get a new version.
    """
    require(actor, Permission.INCIDENT_EDIT, HOME)
    layer = basemap.roads_layer(lines)
    tx.settings.put(ROADS, layer)
    tx.settings.put(VERSION, tx.new_id())
    tx.audit(actor, "roads:replace", HOME, "roads", count=len(layer["features"]))
    return len(layer["features"])
