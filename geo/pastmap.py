"""The figures of an earlier publication as a map: an SVG that a page shows as an image, without scripts.

One unit is a thousandth of a degree either way, as in `geo.waymap`. Needs no geopandas and no folium.
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from geo.outlines import Geometry, around, corners
from geo.palette import HELPED, colour, radius
from geo.waymap import INK, SEA, UNITS, path

WIDE_PX: Final = 720
"""How wide the picture is shown; marks are sized for it."""
ROOM_DEGREES: Final = 0.05
LEAST_DEGREES: Final = 1.6
WEST_JAVA: Final = (106.3, -7.9, 108.9, -5.8)


@dataclass(frozen=True)
class Past:
    """One area as it stood: its shape, the point that stands for it, people waiting and helped; None is withheld."""

    shape: Geometry
    lon: float
    lat: float
    waiting: int | None
    helped: int | None


def draw(below: str, places: Iterable[Past], title: str) -> str:
    """The map of the places over the ground: areas by people waiting, circles by people helped."""
    # What lies inside another area is smaller; of two points on one place the one with more people is seen.
    shown = sorted(places, key=lambda place: (-_extent(place.shape), place.waiting or -1))
    west, south, wide, high = _window([corner for place in shown for corner in corners(place.shape)])
    pixel = wide * UNITS / WIDE_PX
    marks = [*(_area(place, pixel) for place in shown), *(_circle(place, pixel) for place in shown if place.helped)]
    box = f"{west * UNITS:.0f} {-(south + high) * UNITS:.0f} {wide * UNITS:.0f} {high * UNITS:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{WIDE_PX}" '
        f'height="{WIDE_PX * high / wide:.0f}" role="img"><title>{html.escape(title)}</title>'
        f'<rect x="-360000" y="-180000" width="720000" height="360000" fill="{SEA}"/>{below}{"".join(marks)}</svg>'
    )


def _window(places: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """West, south, width and height in degrees of what is shown."""
    west, south, east, north = around(places) if places else WEST_JAVA
    wide, high = (max(span + 2 * ROOM_DEGREES, LEAST_DEGREES) for span in (east - west, north - south))
    return (west + east - wide) / 2, (south + north - high) / 2, wide, high


def _extent(shape: Geometry) -> float:
    west, south, east, north = around(corners(shape))
    return (east - west) * (north - south)


def _area(place: Past, pixel: float) -> str:
    fill = colour(place.waiting)
    if place.shape["type"] == "Point":
        return _dot(place.shape["coordinates"], 11 * pixel, fill, INK, pixel)
    line = f'stroke="{INK}" stroke-width="{pixel / 2:.1f}"'
    return f'<path fill="{fill}" fill-opacity=".85" {line} d="{path(place.shape)}"/>'


def _circle(place: Past, pixel: float) -> str:
    return _dot((place.lon, place.lat), radius(place.helped or 0) * pixel, HELPED, "#fff", pixel)


def _dot(at: Sequence[float], size: float, fill: str, line: str, pixel: float) -> str:
    x, y = round(at[0] * UNITS), round(-at[1] * UNITS)
    return f'<circle cx="{x}" cy="{y}" r="{size:.0f}" fill="{fill}" stroke="{line}" stroke-width="{pixel:.0f}"/>'
