"""The way of one gift as a small map: from its stores to the districts where it was handed over, as SVG.

An SVG that a page shows as an image: no script, no style sheet, nothing from elsewhere. One unit is a
thousandth of a degree either way, which at 7 degrees south makes the map less than 1 % too wide.
Needs no geopandas.
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import shapely

from geo.areas import Area
from geo.outlines import Geometry, around, as_geojson
from geo.palette import HELPED

UNITS: Final = 1000
LEAST_DEGREES: Final = 0.6
ROOM: Final = 0.4
"""How much is shown beyond the places, as a share of how far they lie apart."""
SHAPE: Final = 1.2
"""Width by height."""
TOLERANCE_DEGREES: Final = 0.002
SEA, LAND, AREA, LINE, INK, STORE = "#dfe9ec", "#f2f0e9", "#fbfaf6", "#8a9ba3", "#14232b", "#b07d00"


@dataclass(frozen=True)
class Stop:
    """A store or a district on the way, with what the map says of it."""

    area: Area
    label: str
    is_store: bool


def ground(land: Iterable[Geometry], borders: Iterable[Geometry]) -> str:
    """What lies below every such map: land and borders as SVG paths."""
    shapes = [(land, LAND, "none"), (borders, AREA, LINE)]
    return "".join(
        f'<path fill="{fill}" stroke="{line}" vector-effect="non-scaling-stroke" d="{path(shape)}"/>'
        for listed, fill, line in shapes
        for shape in listed
    )


def draw(below: str, stops: Sequence[Stop], ways: Iterable[tuple[Area, Area]], title: str) -> str:
    """The map of the stops, with a line for each way from a store to a district."""
    west, south, wide, high = _window([(stop.area.lon, stop.area.lat) for stop in stops])
    size = wide * UNITS / 100
    districts = [_district(stop.area) for stop in stops if not stop.is_store]
    lines = [_line(a, b, size) for a, b in ways]
    marks = [_mark(stop, size) for stop in sorted(stops, key=lambda stop: stop.is_store)]
    box = f"{west * UNITS:.0f} {-(south + high) * UNITS:.0f} {wide * UNITS:.0f} {high * UNITS:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="720" height="600" role="img" '
        f'font-family="system-ui,sans-serif" font-size="{3.6 * size:.1f}"><title>{html.escape(title)}</title>'
        f'<rect x="-360000" y="-180000" width="720000" height="360000" fill="{SEA}"/>{below}'
        f"{''.join(districts)}{''.join(lines)}{''.join(marks)}</svg>"
    )


def _window(places: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """West, south, width and height in degrees of what is shown."""
    west, south, east, north = around(places)
    high = max(LEAST_DEGREES, (north - south) * (1 + 2 * ROOM), (east - west) * (1 + 2 * ROOM) / SHAPE)
    wide = high * SHAPE
    return (west + east - wide) / 2, (south + north - high) / 2, wide, high


def _district(area: Area) -> str:
    """A district's own shape, where it is known."""
    if area.wkb is None:
        return ""
    shape = as_geojson(shapely.simplify(shapely.from_wkb(area.wkb), TOLERANCE_DEGREES))
    if shape is None:
        return ""
    fill = f'fill="{HELPED}" fill-opacity=".3" stroke="{HELPED}"'
    return f'<path {fill} vector-effect="non-scaling-stroke" d="{path(shape)}"/>'


def _line(here: Area, there: Area, size: float) -> str:
    (x1, y1), (x2, y2) = _at(here.lon, here.lat), _at(there.lon, there.lat)
    ends = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
    return f'<line {ends} stroke="{INK}" stroke-width="{0.5 * size:.1f}" stroke-dasharray="{1.5 * size:.1f}"/>'


def _mark(stop: Stop, size: float) -> str:
    x, y = _at(stop.area.lon, stop.area.lat)
    half, edge = 1.6 * size, f'stroke="#fff" stroke-width="{0.4 * size:.1f}"'
    if stop.is_store:
        place = f'x="{x - half:.0f}" y="{y - half:.0f}" width="{2 * half:.0f}" height="{2 * half:.0f}"'
        sign, above = f'<rect {place} fill="{STORE}" {edge}/>', -2.6 * size
    else:
        sign, above = f'<circle cx="{x}" cy="{y}" r="{half:.0f}" fill="{HELPED}" {edge}/>', 5 * size
    halo = f'stroke="#fff" stroke-width="{0.9 * size:.1f}" paint-order="stroke" stroke-linejoin="round"'
    where = f'x="{x}" y="{y + above:.0f}" text-anchor="middle"'
    return f'{sign}<text {where} fill="{INK}" {halo}>{html.escape(stop.label)}</text>'


def _at(lon: float, lat: float) -> tuple[int, int]:
    return round(lon * UNITS), round(-lat * UNITS)


def path(shape: Geometry) -> str:
    """A polygon's rings as the commands of an SVG path, in units of a thousandth of a degree."""
    polygons = {"Polygon": [shape["coordinates"]], "MultiPolygon": shape["coordinates"]}.get(shape["type"], [])
    rings = ([_at(lon, lat) for lon, lat in ring] for polygon in polygons for ring in polygon)
    return "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in rings)
