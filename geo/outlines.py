"""Areas as light GeoJSON for the public: RFC 7946, at most 3 decimals (about 110 m), shared borders kept.

Needs no geopandas.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.areas import Area

DECIMALS: Final = 3
GRID_DEGREES: Final = 0.001
SNAP_DEGREES: Final = 0.001
GAP_DEGREES: Final = 0.003
"""Corners so near to each other are one, and slivers so narrow between neighbours are closed: boundaries
that were simplified village by village do not quite meet."""
TOLERANCE_DEGREES: Final = 0.005
"""Corners go while their triangle is smaller than this squared, about a quarter of a km2. It brings all
627 districts of West Java to 280 kB, 54 kB on the wire."""

Geometry = dict[str, Any]


def outlines(areas: Iterable[Area], level: str) -> dict[str, Geometry]:
    """By code, the shapes of a level's areas as GeoJSON; an area without a polygon is a point.

    Neighbours are simplified together, so that no gap opens between them.
    """
    own = [area for area in areas if area.level == level]
    drawn = [area for area in own if area.wkb is not None]
    shapes = {area.code: point(area.lon, area.lat) for area in own}
    if drawn:
        polygons = shapely.from_wkb([area.wkb for area in drawn])
        clean = shapely.coverage_clean(
            polygons, snapping_distance=SNAP_DEGREES, gap_width=GAP_DEGREES
        )
        simple = shapely.coverage_simplify(clean, TOLERANCE_DEGREES)
        for area, polygon in zip(drawn, simple, strict=True):
            geometry = as_geojson(polygon)
            if geometry is not None:
                shapes[area.code] = geometry
    return shapes


def land_within(land: Iterable[bytes], bounds: Sequence[float]) -> list[Geometry]:
    """The land (WKB polygons) inside west, south, east, north; simplified to what such a map can show."""
    west, south, east, north = bounds
    tolerance = max(east - west, north - south) / 2000
    near = [shape for shape in shapely.from_wkb(list(land)) if shapely.box(west, south, east, north).intersects(shape)]
    whole = shapely.union_all([shapely.clip_by_rect(shape, west, south, east, north) for shape in near])
    found = as_geojson(shapely.simplify(whole, tolerance))
    return [] if found is None else [found]


def point(lon: float, lat: float) -> Geometry:
    """A point to 3 decimals."""
    return {"type": "Point", "coordinates": [round(lon, DECIMALS), round(lat, DECIMALS)]}


def rectangle(bounds: Sequence[float]) -> Geometry:
    """The polygon of west, south, east, north."""
    west, south, east, north = (round(bound, DECIMALS) for bound in bounds)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def as_geojson(shape: BaseGeometry) -> Geometry | None:
    """The polygons of a shape, rounded, outer rings counter-clockwise; None when rounding leaves nothing."""
    parts = shapely.get_parts(shapely.set_precision(shape, GRID_DEGREES))
    polygons = [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
    turned = shapely.orient_polygons(polygons, exterior_cw=False)
    rings = [[_ring(part.exterior), *map(_ring, part.interiors)] for part in turned]
    if not rings:
        return None
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def collection(features: Iterable[tuple[str, Geometry | None, Mapping[str, Any]]]) -> Geometry:
    """A FeatureCollection of (id, shape, properties), with its bounding box."""
    listed: list[dict[str, Any]] = [
        {"type": "Feature", "id": id_, "geometry": shape, "properties": dict(properties)}
        for id_, shape, properties in features
    ]
    places = [place for feature in listed for place in corners(feature["geometry"])]
    box = {"bbox": list(around(places))} if places else {}
    return {"type": "FeatureCollection", **box, "features": listed}


def corners(shape: Mapping[str, Any] | None) -> list[tuple[float, float]]:
    """Every corner of a GeoJSON shape."""
    if shape is None:
        return []
    return [tuple(place) for place in np.reshape(list(_flat(shape["coordinates"])), (-1, 2)).tolist()]


def around(places: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """West, south, east and north of at least one place."""
    lons, lats = zip(*places, strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def _ring(ring: Any) -> list[list[float]]:
    """A ring's corners, which lie on the grid but for the last bits."""
    return np.round(shapely.get_coordinates(ring), DECIMALS).tolist()  # type: ignore[no-any-return]


def _flat(coordinates: Any) -> Iterable[float]:
    for part in coordinates:
        if isinstance(part, int | float):
            yield part
        else:
            yield from _flat(part)
