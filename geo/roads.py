"""Roads of a file for the base map. Loads geopandas: for the CLI and workers only."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas as gpd
import shapely

CLASSES: Final = ("motorway", "trunk", "primary", "secondary", "tertiary")
"""Classes of OpenStreetMap that a map of districts can show; what is smaller is left out."""

UNNAMED_CLASS: Final = "secondary"
"""What a road counts as in a file that names no classes."""

CLASS_COLUMNS: Final = ("highway", "fclass", "class", "type", "kelas")
NAME_COLUMNS: Final = ("name", "nama", "namrjl")


class BadRoads(ValueError):
    """A file of roads that cannot be used; the message says what it lacks."""


def read_roads(path: Path) -> list[tuple[bytes, str, str]]:
    """The larger roads of a file as (WKB line in WGS84, class, name). Reads what GDAL reads."""
    try:
        frame = gpd.read_file(path)
    except Exception as error:  # GDAL's errors share no base class
        raise BadRoads(f"{path.name} cannot be read as roads: {error}") from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise BadRoads(f"{path.name} holds no lines")
    frame = frame.set_crs(4326) if frame.crs is None else frame.to_crs(4326)
    lines = frame[frame.geom_type.isin(("LineString", "MultiLineString"))]
    classes = _column(lines, CLASS_COLUMNS) or [UNNAMED_CLASS] * len(lines)
    names = _column(lines, NAME_COLUMNS) or [""] * len(lines)
    roads = [
        (bytes(shapely.to_wkb(line)), kind.removesuffix("_link"), name)
        for line, kind, name in zip(lines.geometry, classes, names, strict=True)
        if kind.removesuffix("_link") in CLASSES
    ]
    if not roads:
        raise BadRoads(f"{path.name} holds no road of the classes {', '.join(CLASSES)}")
    return roads


def _column(frame: gpd.GeoDataFrame, names: tuple[str, ...]) -> list[str] | None:
    """The first column of that kind as text, empty where the file says nothing."""
    columns = {str(column).lower(): column for column in frame.columns}
    found = next((columns[name] for name in names if name in columns), None)
    if found is None:
        return None
    return [value if isinstance(value, str) else "" for value in frame[found]]
