"""From what a person said of a place to a point with an honest accuracy and the area it lies in.

Nothing is guessed silently: a name that several areas share is stored as unclear, with its
candidates; a place outside the incident's operating area is stored and flagged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from geo.areas import Found, Gazetteer
from server.domain.errors import Invalid, Problem
from server.domain.permissions import within
from server.services.inputs import PlaceIn

HOME = "32"
"""West Java: the area whose people run an incident that names none of its own."""
DEFAULT_ACCURACY_M = 100.0
FLAGS = frozenset({"no_place", "place_unclear", "place_from_area", "place_from_text", "outside"})
"""What may be said of how a place was found; it goes when the place is set anew."""
SURE_SCORE = 85.0
"""Least score of a text match that stands without being asked about."""


@dataclass(frozen=True)
class Resolved:
    """A place as it is stored; without a point `lon` and `lat` are None."""

    area: str
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    flags: tuple[str, ...] = ()
    candidates: tuple[Mapping[str, Any], ...] = field(default=())


def other_flags(flags: Iterable[str]) -> list[str]:
    """The flags that stay when the place is set anew."""
    return [flag for flag in flags if flag not in FLAGS]


def home_area(incident: Mapping[str, Any]) -> str:
    """The area whose people answer for what lies outside all areas."""
    return str(incident["area_codes"][0]) if incident["area_codes"] else HOME


def resolve(
    incident: Mapping[str, Any],
    gazetteer: Gazetteer,
    *,
    place: PlaceIn | None,
    area_code: str | None,
    place_text: str | None,
) -> Resolved:
    """The best that can be said of the place; a point beats a code beats a text.

    Raises Invalid naming `place.lat`, `place` or `area_code` for what cannot be a place.
    """
    if place is not None:
        return _from_point(incident, gazetteer, place)
    if area_code is not None:
        return _from_code(incident, gazetteer, area_code)
    if place_text:
        return _from_text(incident, gazetteer, place_text)
    return Resolved(home_area(incident), flags=("no_place",))


def _from_point(incident: Mapping[str, Any], gazetteer: Gazetteer, place: PlaceIn) -> Resolved:
    lon, lat = place.lon, place.lat
    code = None if abs(lat) > 90 else gazetteer.locate(lon, lat).code
    inside = _operates_at(incident, code, lon, lat)
    if not inside and _swapped(incident, gazetteer, lon, lat):
        raise Invalid({"place.lat": Problem("swapped_lat_lon", {"lon": lon, "lat": lat})})
    if abs(lat) > 90:
        raise Invalid({"place.lat": Problem("too_large", {"most": 90})})
    if gazetteer.at_sea(lon, lat):
        raise Invalid({"place": Problem("place_in_sea", {"lon": lon, "lat": lat})})
    flags = () if inside else ("outside",)
    accuracy = DEFAULT_ACCURACY_M if place.accuracy_m is None else place.accuracy_m
    return Resolved(code or home_area(incident), lon, lat, accuracy, flags)


def _from_code(incident: Mapping[str, Any], gazetteer: Gazetteer, code: str) -> Resolved:
    point = gazetteer.point(code)
    if point is None:
        raise Invalid({"area_code": Problem("unknown_area", {"code": code})})
    flags: tuple[str, ...] = ("place_from_area",)
    if not _operates_at(incident, code, point[0], point[1]):
        flags += ("outside",)
    return Resolved(code, *point, flags)


def _from_text(incident: Mapping[str, Any], gazetteer: Gazetteer, text: str) -> Resolved:
    found = gazetteer.search(text, limit=5)
    if not len(found) or found.ambiguous or found[0].score < SURE_SCORE:
        return Resolved(home_area(incident), flags=("place_unclear",), candidates=candidates(found))
    resolved = _from_code(incident, gazetteer, found[0].area.code)
    return Resolved(
        resolved.area, resolved.lon, resolved.lat, resolved.accuracy_m, (*resolved.flags, "place_from_text")
    )


def candidates(found: Found) -> tuple[Mapping[str, Any], ...]:
    """Area candidates as the API shows them."""
    return tuple(
        {
            "code": c.area.code,
            "name": c.area.name,
            "level": c.area.level,
            "parents": list(c.parents),
            "score": round(c.score, 1),
        }
        for c in found
    )


def _operates_at(incident: Mapping[str, Any], code: str | None, lon: float, lat: float) -> bool:
    """Whether the place, in the area `code`, is in the incident's operating area."""
    if incident["bounds"]:
        west, south, east, north = incident["bounds"]
        return bool(west <= lon <= east and south <= lat <= north)
    return code is not None and any(within(code, top) for top in incident["area_codes"])


def _swapped(incident: Mapping[str, Any], gazetteer: Gazetteer, lon: float, lat: float) -> bool:
    """Whether the two make sense only the other way round."""
    if abs(lon) > 90:
        return False
    return abs(lat) > 90 or _operates_at(incident, gazetteer.locate(lat, lon).code, lat, lon)
