"""The public map as a picture: for who has no scripts, for a print, for a message. Needs no folium."""

import io
from collections.abc import Iterator, Sequence
from math import cos, radians
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from geo.outlines import Geometry, around, corners
from geo.palette import HELPED, HIDDEN, MEASURES, NOBODY, colour, radius
from geo.publicmap import Look, Place, to_show

WIDTH, HEIGHT = 1080, 1080
HEAD, FOOT = 84, 150
"""Pixels above the map for its title, and below it for the legend."""
FINER: Final = 2
"""The map is drawn so much larger and made small, which smooths its edges."""
COLOURS: Final = 128
SEA, LAND, AREA, LINE, INK = "#dfe9ec", "#f2f0e9", "#fbfaf6", "#8a9ba3", "#14232b"
MEASURE: Final = "people_waiting"

Point = tuple[float, float]


class _Sheet:
    """Where degrees lie on the picture: north up, as wide as long at the middle latitude."""

    def __init__(self, bounds: Sequence[float]) -> None:
        west, south, east, north = bounds
        self._squeeze = cos(radians((south + north) / 2))
        across, down = (east - west) * self._squeeze, north - south
        wide, high = WIDTH * FINER, (HEIGHT - HEAD - FOOT) * FINER
        self._scale = min(wide / across, high / down)
        self._west, self._north = west, north
        self._left, self._top = (wide - across * self._scale) / 2, (high - down * self._scale) / 2

    def at(self, lon: float, lat: float) -> Point:
        """The pixel of a place."""
        across, down = (lon - self._west) * self._squeeze, self._north - lat
        return self._left + across * self._scale, self._top + down * self._scale


def areas(places: Sequence[Place], look: Look) -> Image.Image:
    """The map itself, the same in every language: areas by people waiting, circles by people helped."""
    image = Image.new("RGB", (WIDTH * FINER, (HEIGHT - HEAD - FOOT) * FINER), SEA)
    pen, sheet = ImageDraw.Draw(image), _Sheet(to_show(places, look))
    for land in look.land:
        _fill(pen, sheet, land, LAND, None)
    for border in look.borders:
        _fill(pen, sheet, border, AREA, LINE)
    # What lies inside another area is smaller, and drawn after it.
    for place in sorted((one for one in places if one.shape), key=lambda one: -_extent(one.shape)):
        _fill(pen, sheet, place.shape or {}, colour(place.waiting), INK)
    for place in places:
        if place.helped and place.lon is not None and place.lat is not None:
            _dot(pen, sheet.at(place.lon, place.lat), 1.5 * radius(place.helped), HELPED)
    font = ImageFont.load_default(20 * FINER)
    for name in look.names:
        at = sheet.at(name.lon, name.lat)
        pen.text(at, name.text, INK, font, anchor="ma", stroke_width=2 * FINER, stroke_fill=NOBODY)
    return image.resize((WIDTH, HEIGHT - HEAD - FOOT), Image.Resampling.LANCZOS)


def draw(drawn: Image.Image, look: Look) -> bytes:
    """A PNG of the map drawn by `areas`, with its title, legend and time in a language."""
    whole = Image.new("RGB", (WIDTH, HEIGHT), NOBODY)
    whole.paste(drawn, (0, HEAD))
    pen = ImageDraw.Draw(whole)
    pen.text((20, 10), look.title, INK, ImageFont.load_default(30))
    pen.text((20, 50), look.picture_foot, INK, ImageFont.load_default(22))
    _legend(pen, look)
    out = io.BytesIO()
    # The method that keeps rare colours: one that only stands in the legend is to be seen there as it is.
    small = whole.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def _fill(pen: ImageDraw.ImageDraw, sheet: _Sheet, shape: Geometry, fill: str, line: str | None) -> None:
    if shape["type"] == "Point":
        _dot(pen, sheet.at(*shape["coordinates"]), 9, fill, INK)
    for ring in _rings(shape):
        pen.polygon([sheet.at(lon, lat) for lon, lat in ring], fill, line, FINER if line else 0)


def _rings(shape: Geometry) -> Iterator[Sequence[Point]]:
    """The outer rings; what lies in a hole is an area of its own and drawn over it."""
    if shape["type"] == "Polygon":
        yield shape["coordinates"][0]
    elif shape["type"] == "MultiPolygon":
        yield from (polygon[0] for polygon in shape["coordinates"])


def _dot(pen: ImageDraw.ImageDraw, at: Point, pixels: float, fill: str, line: str = NOBODY) -> None:
    pen.circle(at, pixels * FINER, fill, line, FINER)


def _extent(shape: Geometry | None) -> float:
    places = corners(shape)
    west, south, east, north = around(places) if places else (0.0, 0.0, 0.0, 0.0)
    return (east - west) * (north - south)


def _legend(pen: ImageDraw.ImageDraw, look: Look) -> None:
    font, top = ImageFont.load_default(22), HEIGHT - FOOT + 12
    if look.control is None:
        return
    measure = next(one for one in look.control.measures if one.key == MEASURE)
    pen.text((20, top), measure.label, INK, ImageFont.load_default(24))
    fills = [NOBODY, *(fill for _, fill in MEASURES[MEASURE]), HIDDEN]
    left = 20.0
    for fill, words in zip(fills, [look.control.nobody, *measure.meanings, look.control.fewer], strict=True):
        pen.rectangle((left, top + 44, left + 22, top + 66), fill, INK)
        # The font that comes with the image library has no en dash.
        short = words.replace("–", "-")
        pen.text((left + 30, top + 42), short, INK, font)
        left += 30 + font.getlength(short) + 22
    pen.circle((31, top + 99), 10, HELPED, NOBODY, 1)
    pen.text((50, top + 86), look.helped, INK, font)
