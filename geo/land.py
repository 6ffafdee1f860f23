"""Where there is land: Natural Earth's 1:10 million land (public domain), as npm `world-atlas` packs it."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from geo.crs import Floats

TILE_DEGREES: Final = 5.0
"""Land is cut into tiles of this size, so that asking for a place touches few corners."""


def read_land(topojson: Path) -> list[bytes]:
    """The land polygons of a TopoJSON file, cut into tiles, as WKB. Raises OSError, KeyError for another form."""
    topology = json.loads(topojson.read_text(encoding="utf-8"))
    arcs = [_degrees(arc, topology["transform"]) for arc in topology["arcs"]]
    shapes: list[Any] = []
    for geometry in topology["objects"]["land"]["geometries"]:
        parts = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        shapes.extend(_polygon(part, arcs) for part in parts)
    return [bytes(shapely.to_wkb(tile)) for shape in shapes for tile in _tiles(shape)]


def _degrees(arc: list[list[int]], transform: dict[str, Any]) -> Floats:
    degrees: Floats = np.cumsum(np.asarray(arc), axis=0) * transform["scale"] + transform["translate"]
    return degrees


def _polygon(rings: list[list[int]], arcs: list[Floats]) -> Any:
    shell, *holes = (_ring(ring, arcs) for ring in rings)
    return shapely.make_valid(shapely.Polygon(shell, holes))


def _ring(numbers: list[int], arcs: list[Floats]) -> Floats:
    """The arcs of a ring end to end; ~n is arc n backwards, and each begins where the last one ended."""
    pieces = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])


def _tiles(shape: Any) -> list[Any]:
    west, south, east, north = shape.bounds
    if east - west <= TILE_DEGREES and north - south <= TILE_DEGREES:
        return [shape]
    tiles = []
    for x in np.arange(np.floor(west / TILE_DEGREES), np.ceil(east / TILE_DEGREES)):
        for y in np.arange(np.floor(south / TILE_DEGREES), np.ceil(north / TILE_DEGREES)):
            box = [v * TILE_DEGREES for v in (x, y, x + 1, y + 1)]
            tile = shapely.clip_by_rect(shape, *box)
            if not tile.is_empty:
                tiles.append(tile)
    return tiles
