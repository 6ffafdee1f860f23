"""Draws the public documents of a cut: the map in each language, and the areas as GeoJSON.

Here and not in a web process, because folium loads pandas. The clock calls `publish_due`.
"""

import html
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import pairwise
from math import cos, pi, sin, sqrt
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from geo import picture, publicmap, waymap
from geo.areas import Gazetteer
from geo.outlines import Geometry, around, collection, corners, land_within, outlines, point, rectangle
from geo.palette import MEASURES
from server.bootstrap import System
from server.config import Settings
from server.domain.disclosure import STEP
from server.services import publishing
from server.services.publishing import Document

WORDS = Path(__file__).resolve().parents[1] / "web" / "i18n"
LANGUAGES = ("id", "en")
ROOM_DEGREES = 6.0
"""How much land to draw around what is shown, so that its edge is out of sight."""
LAND_DEGREES = 2.0
"""The same for the map of one gift, which is sent with all of it."""
NAMES_SHOWN = 10
SPREAD_DEGREES = 0.03
GOLDEN_ANGLE = pi * (3 - sqrt(5))
STEPPED = ("people_waiting", "people_helped", "people_reported", "unmet_share", "helped_per_1000")
"""What the map tells of a place, at each of its times."""
UNITS = {"unmet_share": " %"}
LEAST_STEP = {"people_waiting": STEP, "unmet_share": publishing.SHARE_STEP, "helped_per_1000": publishing.PER_1000_STEP}
_NOTHING = {key: 0 if key.startswith("people") else None for key in STEPPED}
HERE = ZoneInfo("Asia/Jakarta")
WEST_JAVA = (106.3, -7.9, 108.9, -5.8)

Row = Mapping[str, Any]
"""A row of public figures."""
Bounds = tuple[float, float, float, float]


def publish_due(system: System) -> bool:
    """Cut and draw the public figures when their clock says so; whether it did. Any process may call it."""
    with system.writing() as tx:
        return publishing.publish_due(tx, system.settings.publish_every_s, drawing(system))


def publish_now(system: System) -> int:
    """Cut and draw the public figures whatever the clock says; returns of how many incidents."""
    every_s = system.settings.publish_every_s
    with system.writing() as tx:
        return publishing.publish(tx, tx.now, every_s, drawing(system))


def drawing(system: System) -> publishing.Draw:
    """What draws the documents of an incident's figures on this system's areas."""

    def draw(incident: Mapping[str, Any], figures: Mapping[str, Any], before: Sequence[Row]) -> Iterator[Document]:
        ground = _ground(system)
        shapes = {level: ground.shapes(level) for level in ("district", "regency")}
        for level, rows in (("district", figures["areas"]), ("regency", figures["regencies"])):
            yield Document(f"areas.{level}", _geojson(rows, shapes, incident))
        yield Document("ground", _below_ways(incident, shapes["regency"], ground))
        rows = figures["areas"]
        drawn = _spread([(row, _shape(row, shapes, incident, rows)) for row in rows])
        names = _names(figures["regencies"], ground.gazetteer)
        cuts = [*before, figures]
        steps = _steps(cuts)
        areas = None
        for language in LANGUAGES:
            places = [
                _place(row, shape, ground.gazetteer, incident, language, steps.get(row["code"], {}))
                for row, shape in drawn
            ]
            look = _look(incident, shapes["regency"], ground, names, language, system.settings)
            look = replace(
                look,
                control=_control(cuts, language),
                foot=_foot(figures, language, system.settings),
                picture_foot=_updated(figures, language),
            )
            page = publicmap.draw(places, look)
            yield publishing.packed_document(f"packed_map.{language}", page.html, page.policy)
            areas = areas or picture.areas(places, look)
            yield Document(f"picture.{language}", b64encode(picture.draw(areas, look)).decode())

    return draw


class _Ground:
    """A gazetteer with its outlines, worked out when they are first asked for."""

    def __init__(self, gazetteer: Gazetteer, land: Sequence[bytes]) -> None:
        self.gazetteer = gazetteer
        self._land = land
        self._land_within: dict[Bounds, list[Geometry]] = {}
        self._shapes: dict[str, dict[str, Geometry]] = {}

    def shapes(self, level: str) -> dict[str, Geometry]:
        """The outlines of a level by code."""
        if level not in self._shapes:
            self._shapes[level] = outlines(self.gazetteer, level)
        return self._shapes[level]

    def land_within(self, bounds: Bounds) -> list[Geometry]:
        """The land in west, south, east, north."""
        if bounds not in self._land_within:
            self._land_within[bounds] = land_within(self._land, bounds)
        return self._land_within[bounds]


_kept: list[_Ground] = []


def _ground(system: System) -> _Ground:
    """The ground of the present areas; kept until `areas load` brings others."""
    gazetteer = system.gazetteer()
    if not _kept or _kept[0].gazetteer is not gazetteer:
        with system.reading() as tx:
            _kept[:] = [_Ground(gazetteer, tx.areas.land())]
    return _kept[0]


def _geojson(
    rows: Sequence[Mapping[str, Any]], shapes: Mapping[str, Mapping[str, Geometry]], incident: Mapping[str, Any]
) -> str:
    features = (
        (row["code"] or "elsewhere", _shape(row, shapes, incident, rows), _properties(row)) for row in rows
    )
    return json.dumps(collection(features), separators=(",", ":"), ensure_ascii=False)


def _properties(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of figures without what nests, for tools that read flat properties."""
    flat = {name: value for name, value in row.items() if name not in ("items", "wait")}
    return flat | {"wait_median": row["wait"]["median"], "wait_p90": row["wait"]["p90"]}


def _shape(
    row: Mapping[str, Any],
    shapes: Mapping[str, Mapping[str, Geometry]],
    incident: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
) -> Geometry | None:
    """Where a row is drawn: a polygon, or a point; a regency whose districts are drawn too is a point."""
    if row["code"] is None:
        return rectangle(incident["bounds"]) if incident["bounds"] else None
    shape = shapes[row["level"]].get(row["code"])
    among_districts = row["level"] == "regency" and any(other["level"] == "district" for other in rows)
    if shape is not None and among_districts and shape["type"] != "Point":
        return _middle(shape)
    return shape


def _middle(shape: Geometry) -> Geometry:
    west, south, east, north = around(corners(shape))
    return point((west + east) / 2, (south + north) / 2)


def _steps(cuts: Sequence[Row]) -> dict[str | None, dict[str, list[int | None]]]:
    """By code of an area of the last cut, its published figures at each cut; nought where it was not heard of yet."""
    by_code = [{row["code"]: row for row in cut["areas"]} for cut in cuts]
    return {
        code: {key: [row[code].get(key) if code in row else _NOTHING[key] for row in by_code] for key in STEPPED}
        for code in by_code[-1]
    }


def _control(cuts: Sequence[Row], language: str) -> publicmap.Control:
    say = _words(language)
    return publicmap.Control(
        measures=[publicmap.Measure(key, say[f"columns.{key}"], _meanings(key, language)) for key in MEASURES],
        times=[_moment(cut["cut_at"], language) for cut in cuts],
        line_keys=[*STEPPED, ""],
        show=say["map.show"],
        time=say["map.time"],
        fewer=say["hidden"],
        nobody=say["map.none"],
        group="." if language == "id" else ",",
    )


def _meanings(key: str, language: str) -> list[str]:
    """What each class of a measure means, in words."""
    say, unit, step = _words(language), UNITS.get(key, ""), LEAST_STEP[key]
    least = [one for one, _ in MEASURES[key]]
    ranges = [
        say["map.range"].replace("{least}", _number(low, language)).replace("{most}", _number(high - step, language))
        for low, high in pairwise(least)
    ]
    return [f"{words}{unit}" for words in (*ranges, say["map.from"].replace("{least}", _number(least[-1], language)))]


def _moment(iso: str, language: str) -> str:
    """A time as people here say it: `24 Nov, 21.45`."""
    at = datetime.fromisoformat(iso).astimezone(HERE)
    return f"{at.day} {_catalogue(language)['common']['months'][f'm{at.month}']}, {at:%H.%M}"


def _foot(figures: Row, language: str, settings: Settings) -> str:
    """Of when the figures are, and the way to all of them, as HTML: the map may stand on somebody else's page."""
    say = _words(language)
    whole = f"{settings.public_url}/peta?incident={quote(figures['incident']['slug'])}&lang={language}"
    link = f'<a href="{html.escape(whole)}" target="_blank" rel="noopener">Tanggap: {html.escape(say["map.whole"])}</a>'
    return f"{html.escape(_updated(figures, language))} · {link}"


def _updated(figures: Row, language: str) -> str:
    return _words(language)["updated"].replace("{at}", f"{_moment(figures['cut_at'], language)} WIB")


def _place(
    row: Mapping[str, Any],
    shape: Geometry | None,
    gazetteer: Gazetteer,
    incident: Mapping[str, Any],
    language: str,
    steps: Mapping[str, Sequence[int | None]],
) -> publicmap.Place:
    lon, lat = _standing(gazetteer, row["code"], shape)
    return publicmap.Place(
        code=row["code"] or "elsewhere",
        name=_name(row, incident, language),
        shape=shape,
        lon=lon,
        lat=lat,
        waiting=row["people_waiting"],
        helped=row["people_helped"],
        lines=_lines(row, language),
        steps=steps,
        is_vague=row["code"] is None,
    )


def _name(row: Mapping[str, Any], incident: Mapping[str, Any], language: str) -> str:
    """The name of a place; a regency among districts says that the district is not known."""
    if row["code"] is None:
        return str(incident["name"])
    name = str(row["name"] or row["code"])
    if row["level"] == "regency":
        return _words(language)["whole_regency"].replace("{name}", name)
    return f"{name}, {row['regency_name']}" if row["regency_name"] else name


def _spread(drawn: Sequence[tuple[Row, Geometry | None]]) -> list[tuple[Row, Geometry | None]]:
    """Places that are only known to lie around one point, side by side in a spiral instead of on each other."""
    beside: Counter[str] = Counter()
    found: list[tuple[Row, Geometry | None]] = []
    for row, shape in drawn:
        if shape is not None and shape["type"] == "Point":
            lon, lat = shape["coordinates"]
            n = beside[f"{lon},{lat}"]
            beside[f"{lon},{lat}"] += 1
            away, turn = SPREAD_DEGREES * sqrt(n), n * GOLDEN_ANGLE
            found.append((row, point(lon + away * cos(turn), lat + away * sin(turn))))
        else:
            found.append((row, shape))
    return found


def _names(regencies: Sequence[Row], gazetteer: Gazetteer) -> list[publicmap.Name]:
    """The regencies with most people reported, by name where they lie."""
    most = sorted(regencies, key=lambda row: -(row["people_reported"] or 0))[:NAMES_SHOWN]
    known = (gazetteer.get(row["code"]) for row in most)
    return [publicmap.Name(area.name.removeprefix("Kabupaten "), area.lon, area.lat) for area in known if area]


def _standing(
    gazetteer: Gazetteer, code: str | None, shape: Geometry | None
) -> tuple[float | None, float | None]:
    """The point that stands for a place."""
    if shape is not None and shape["type"] == "Point":
        return tuple(shape["coordinates"])
    area = gazetteer.get(code) if code else None
    if area is not None:
        return area.lon, area.lat
    lon, lat = _middle(shape)["coordinates"] if shape else (None, None)
    return lon, lat


def _lines(row: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    say = _words(language)
    counts = [(say[f"columns.{name}"], _figure(name, row[name], language)) for name in STEPPED]
    median = row["wait"]["median"]
    return [*counts, (say["columns.wait_median"], say[f"waits.{median}"] if median else "–")]


def _figure(name: str, value: int | None, language: str) -> str:
    """A figure as a person reads it; of a share that nothing is known of there is no small count."""
    if value is None:
        return _words(language)["hidden"] if name.startswith("people") else "–"
    return _number(value, language) + UNITS.get(name, "")


def _number(value: int, language: str) -> str:
    return f"{value:,}".replace(",", "." if language == "id" else ",")


def _look(
    incident: Mapping[str, Any],
    regencies: Mapping[str, Geometry],
    ground: _Ground,
    names: Sequence[publicmap.Name],
    language: str,
    settings: Settings,
) -> publicmap.Look:
    say, tiles = _words(language), settings.tile_url
    bounds = _bounds(incident, regencies)
    west, south, east, north = bounds
    around_it = (west - ROOM_DEGREES, south - ROOM_DEGREES, east + ROOM_DEGREES, north + ROOM_DEGREES)
    drawn = [shape for shape in regencies.values() if shape["type"] != "Point"] if not incident["bounds"] else []
    return publicmap.Look(
        language=language,
        title=f"{say['map.title']} · {incident['name']}",
        waiting=say["map.waiting"],
        helped=say["map.helped"],
        zoom_in=say["map.zoom_in"],
        zoom_out=say["map.zoom_out"],
        without_script=say["map.without_script"],
        land=() if tiles else ground.land_within(around_it),
        borders=() if tiles else drawn,
        bounds=bounds,
        names=names,
        tiles=tiles,
        tiles_from=urlsplit(tiles).netloc,
        picture=f"/peta/gambar.png?incident={quote(incident['slug'])}&lang={language}",
    )


def _below_ways(incident: Row, regencies: Mapping[str, Geometry], ground: _Ground) -> str:
    """What lies below the maps of this incident's gifts."""
    west, south, east, north = _bounds(incident, regencies)
    around_it = (west - LAND_DEGREES, south - LAND_DEGREES, east + LAND_DEGREES, north + LAND_DEGREES)
    borders = [shape for shape in regencies.values() if shape["type"] != "Point"]
    return waymap.ground(ground.land_within(around_it), borders)


def _bounds(incident: Mapping[str, Any], regencies: Mapping[str, Geometry]) -> Sequence[float]:
    """What to show of an incident: its own bounds, or around the regencies of its areas."""
    if incident["bounds"]:
        return list(incident["bounds"])
    tops = [".".join(code.split(".")[:2]) for code in incident["area_codes"]]
    places = [
        corner
        for code, shape in regencies.items()
        if any(code == top or code.startswith(top + ".") for top in tops)
        for corner in corners(shape)
    ]
    return around(places) if places else WEST_JAVA


@cache
def _catalogue(language: str) -> dict[str, Any]:
    """All words of a language, nested by key."""
    return dict(json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8")))


@cache
def _words(language: str) -> dict[str, str]:
    """The words of the public pages, by dotted key."""
    return dict(_flat("", _catalogue(language)["public"]))


def _flat(prefix: str, node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, str):
            yield prefix + key, value
        else:
            yield from _flat(f"{prefix}{key}.", value)
