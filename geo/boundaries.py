"""Real boundaries from a file into areas. Loads geopandas: for the CLI and workers only.

Published levels do not nest (regency polygons of West Java overlap by 61 km2), so only the deepest
level of a file is believed; everything above is dissolved from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.areas import LEVELS, Area, BadCode, dotted, level_of, parent_of, standing_point

CODE_COLUMNS: Final = (
    "code", "kode", "kode_kd", "kode_desa", "kode_kel", "kode_kec", "kode_kab", "kode_prov",
    "kd", "kd_desa", "kd_kel", "kd_kec", "kd_kab", "kdepum", "kdcpum", "kdpkab", "kdppum",
    "kemendagri", "id",
)  # fmt: skip
"""Column names that hold official codes in files seen so far, deepest level first."""

NAME_COLUMNS: Final = (
    "name", "nama", "nama_desa", "nama_kel", "nama_kec", "nama_kab", "namobj",
    "wadmkd", "wadmkc", "wadmkk", "wadmpr",
)  # fmt: skip

PROVINCE_NAMES: Final = {"32": "Jawa Barat"}


class BadBoundaries(ValueError):
    """A boundary file that cannot be used; the message says what it lacks."""


def read_boundaries(path: Path | str, level: str | None = None, names: Mapping[str, str] | None = None) -> list[Area]:
    """Areas of the file's deepest level (or of `level`) and of every level above, by code.

    Reads what GDAL reads: GeoJSON, GPKG, SHP. Codes may be dotted or not. `names` gives the names
    of units above, which a file of villages does not hold; without one the code stands in.
    """
    frame = _read(Path(path))
    codes = _codes(frame, Path(path).name)
    wanted = level or LEVELS[max(code.count(".") for code in codes)]
    if wanted not in LEVELS:
        raise BadBoundaries(f"{wanted!r} is no level; one of {', '.join(LEVELS)} is")
    rows = [row for row, code in enumerate(codes) if level_of(code) == wanted]
    if not rows:
        raise BadBoundaries(f"{Path(path).name} has no unit of level {wanted}")
    known = dict(names or {}) | _names(frame, codes, rows)
    shapes = np.asarray(frame.geometry.array)[rows]
    return _upwards([codes[row] for row in rows], shapes, known)


def merged(existing: Iterable[Area], loaded: Iterable[Area]) -> list[Area]:
    """The areas to keep after loading boundaries: polygons win over approximate points.

    A unit keeps the polygon that was dissolved from deeper units when the new file is shallower.
    Approximate units under a new polygon move to its point unless they have a point of their own
    inside it.
    """
    areas = {area.code: area for area in existing}
    new = {area.code: area for area in loaded}
    deepest = max((code.count(".") for code in new), default=0)
    detailed = {
        above
        for code, area in areas.items()
        if area.wkb is not None and code.count(".") > deepest
        for above in _above(code)
    }
    for code, area in new.items():
        kept = areas.get(code, area) if code in detailed else area
        name = area.name if area.name != code else areas.get(code, area).name
        areas[code] = replace(kept, name=name)
    for code in sorted(areas):
        areas[code] = _settled(areas[code], areas)
    return [areas[code] for code in sorted(areas)]


def _read(path: Path) -> gpd.GeoDataFrame:
    if not path.exists():
        raise BadBoundaries(f"there is no file {path}")
    try:
        frame = gpd.read_file(path)
    except Exception as error:  # GDAL's errors share no base class
        raise BadBoundaries(f"{path.name} cannot be read as boundaries: {error}") from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise BadBoundaries(f"{path.name} holds no shapes")
    if frame.crs is None:
        west, south, east, north = frame.total_bounds
        if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
            raise BadBoundaries(f"{path.name} does not say its coordinate reference system (.prj)")
        return frame.set_crs(4326)
    return frame.to_crs(4326)


def _codes(frame: gpd.GeoDataFrame, file_name: str) -> list[str]:
    columns = {str(column).lower(): column for column in frame.columns}
    candidates = [columns[name] for name in CODE_COLUMNS if name in columns]
    for column in candidates:
        try:
            return [dotted(_text(value)) for value in frame[column]]
        except BadCode:
            continue
    present = ", ".join(str(column) for column in frame.columns if column != "geometry")
    if candidates:
        tried = ", ".join(map(str, candidates))
        raise BadBoundaries(f"{file_name}: column {tried} holds values that are no area codes")
    raise BadBoundaries(
        f"{file_name} has no column with official codes; it has {present or 'none'}, "
        f"and one of {', '.join(CODE_COLUMNS)} is needed"
    )


def _text(value: object) -> str:
    """A code as text; spreadsheets turn 3203 into 3203.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _names(frame: gpd.GeoDataFrame, codes: list[str], rows: list[int]) -> dict[str, str]:
    columns = {str(column).lower(): column for column in frame.columns}
    column = next((columns[name] for name in NAME_COLUMNS if name in columns), None)
    if column is None:
        return {}
    return {codes[row]: str(frame[column].iloc[row]).strip() for row in rows}


def _upwards(codes: list[str], shapes: np.ndarray, names: Mapping[str, str]) -> list[Area]:
    """Areas of the given units and of everything above, dissolved level by level."""
    areas: list[Area] = []
    units = _dissolved(codes, _valid(shapes, codes))
    while True:
        areas.extend(_area(code, shape, names) for code, shape in units.items())
        parents = [parent_of(code) for code in units]
        if None in parents:
            return sorted(areas, key=lambda area: area.code)
        units = _dissolved([parent for parent in parents if parent], np.array(list(units.values())))


def _valid(shapes: np.ndarray, codes: list[str]) -> np.ndarray:
    missing = [code for code, shape in zip(codes, shapes, strict=True) if shape is None]
    empty = [c for c, s in zip(codes, shapes, strict=True) if s is not None and s.is_empty]
    if missing or empty:
        raise BadBoundaries(f"no shape for {', '.join((missing + empty)[:5])}")
    whole = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    flat = [c for c, s in zip(codes, whole, strict=True) if shapely.area(s) == 0]
    if flat:
        raise BadBoundaries(f"the shape of {', '.join(flat[:5])} is no polygon")
    return np.asarray(whole)


def _dissolved(codes: list[str], shapes: np.ndarray) -> dict[str, BaseGeometry]:
    groups = pd.Series(range(len(codes))).groupby(np.asarray(codes, object), sort=True).indices
    return {str(code): shapely.union_all(shapes[rows]) for code, rows in groups.items()}


def _area(code: str, shape: BaseGeometry, names: Mapping[str, str]) -> Area:
    lon, lat, accuracy_m = standing_point(shape)
    name = names.get(code) or PROVINCE_NAMES.get(code, code)
    return Area(code, level_of(code), name, parent_of(code), lon, lat, accuracy_m, shapely.to_wkb(shape))


def _above(code: str) -> list[str]:
    """The code and all codes above it."""
    parts = code.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _settled(area: Area, areas: Mapping[str, Area]) -> Area:
    """An approximate area put inside its parent's polygon, if there is one."""
    parent = areas.get(area.parent or "")
    if area.wkb is not None or parent is None or (area.own_point and _inside(area, parent)):
        return area
    return replace(area, lon=parent.lon, lat=parent.lat, accuracy_m=parent.accuracy_m, own_point=False)


def _inside(area: Area, parent: Area) -> bool:
    if parent.wkb is None:
        return True
    return bool(shapely.intersects_xy(shapely.from_wkb(parent.wkb), area.lon, area.lat))
