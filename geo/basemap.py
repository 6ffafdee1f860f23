"""The base map of our own: areas, their names, land and roads as GeoJSON for MapLibre.

Values in, values out; needs no geopandas. Coordinates are WGS84, shortened to what such a map can show.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import shapely

from geo.areas import Area
from geo.outlines import Geometry, collection, land_within, outlines, point

ROAD_DECIMALS: Final = 4
ROAD_TOLERANCE_DEGREES: Final = 0.0003
"""About 33 m: less than a road's width on the map at the scale at which roads appear."""


def areas_layer(areas: Iterable[Area], level: str) -> Geometry:
    """The borders of a level's areas; areas that have no polygon are left out."""
    listed = list(areas)
    names = {area.code: area.name for area in listed if area.level == level}
    shapes = outlines(listed, level)
    return collection(
        (code, shapes[code], {"name": name}) for code, name in sorted(names.items()) if shapes[code]["type"] != "Point"
    )


def names_layer(areas: Iterable[Area]) -> Geometry:
    """The name of every area at its point; one that only stands at the point of the unit above has no place."""
    return collection(
        (
            area.code,
            point(area.lon, area.lat) if area.wkb is not None or area.own_point else None,
            {"name": area.name, "level": area.level},
        )
        for area in areas
    )


def land_layer(land: Iterable[bytes], bounds: tuple[float, float, float, float]) -> Geometry:
    """The land inside west, south, east, north: what there is to see where areas have no borders."""
    return collection((f"land-{n}", shape, {}) for n, shape in enumerate(land_within(land, bounds)))


def roads_layer(roads: Iterable[tuple[bytes, str, str]]) -> Geometry:
    """Roads (WKB line, class, name) thinned for a map, those of one class and name as one line."""
    joined: dict[tuple[str, str], list[Any]] = {}
    for wkb, kind, name in roads:
        joined.setdefault((kind, name), []).append(shapely.from_wkb(wkb))
    return collection(
        (f"road-{n}", _lines(parts), {"class": kind, "name": name})
        for n, ((kind, name), parts) in enumerate(sorted(joined.items()))
    )


def _lines(parts: list[Any]) -> Geometry:
    merged = shapely.line_merge(shapely.union_all(parts))
    thin = shapely.get_parts(shapely.simplify(merged, ROAD_TOLERANCE_DEGREES))
    lines = [np.round(shapely.get_coordinates(line), ROAD_DECIMALS).tolist() for line in thin]
    return {"type": "MultiLineString", "coordinates": lines}
