"""Road lines from a file. Loads geopandas: for the CLI and workers only."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import shapely

Road = tuple[bytes, str, str]
"""A line as WKB, its kind and its name: what `geo.basemap.roads_layer` draws."""

MAIN_ROADS: Final = ("motorway", "trunk", "primary", "secondary", "tertiary")
"""Kinds that are drawn; smaller ones come with the road graph, not the base map."""

KIND_COLUMNS: Final = ("highway", "fclass", "type", "class", "kind")
NAME_COLUMNS: Final = ("name", "nama")


class BadRoads(ValueError):
    """A road file that cannot be used; the message says what it lacks."""


def read_roads(path: Path | str) -> list[Road]:
    """The main roads of a GeoJSON, GPKG, SHP or OSM.PBF file, by OpenStreetMap's kinds; a slip road
    ("primary_link") counts as the road that it leads to.
    """
    path = Path(path)
    layer = {"layer": "lines"} if path.name.endswith(".pbf") else {}
    try:
        frame = gpd.read_file(path, **layer)
    except Exception as error:  # GDAL's errors share no base class
        raise BadRoads(f"{path.name} cannot be read as roads: {error}") from error
    columns = {str(column).lower(): column for column in frame.columns}
    kind = next((columns[name] for name in KIND_COLUMNS if name in columns), None)
    if kind is None:
        raise BadRoads(f"{path.name} needs a column with the kind of road: {', '.join(KIND_COLUMNS)}")
    if frame.crs is None:
        raise BadRoads(f"{path.name} does not say its coordinate reference system (.prj)")
    name = next((columns[column] for column in NAME_COLUMNS if column in columns), None)
    kinds = frame[kind].astype(str).str.removesuffix("_link")
    frame = frame.assign(**{str(kind): kinds})[kinds.isin(MAIN_ROADS) & frame.geometry.notna()].to_crs(4326)
    titles = frame[name].fillna("") if name is not None else [""] * len(frame)
    return [
        (bytes(line), str(of), str(title))
        for line, of, title in zip(shapely.to_wkb(frame.geometry.array), frame[kind], titles, strict=True)
        if shapely.from_wkb(line).geom_type in {"LineString", "MultiLineString"}
    ]
