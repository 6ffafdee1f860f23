"""The base map that needs no tile server: areas, names, land and roads of our own as GeoJSON."""

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from flask import Response, request

from geo.areas import Gazetteer
from server.api.contract import route, system
from server.domain.errors import Invalid, Problem
from server.services import basemap

FRESH_S = 3600
LEVELS = ("regency", "district")


@dataclass(frozen=True)
class _Layer:
    """A layer as it is sent."""

    body: bytes
    packed: bytes
    etag: str


_KEPT: WeakKeyDictionary[Gazetteer, dict[str, _Layer]] = WeakKeyDictionary()
"""What was made of the areas that this process knows; it goes with them."""


@route(
    "GET",
    "/api/basemap/areas.geojson",
    guard="signed_in",
    query={"level": "district (default) or regency"},
    answers={200: "Borders as GeoJSON", 304: "As you have it"},
)
def areas() -> Any:
    """The borders of every area of a level; empty where only approximate points are known."""
    level = request.args.get("level") or "district"
    if level not in LEVELS:
        raise Invalid({"level": Problem("not_one_of", {"choices": ", ".join(LEVELS)})})
    gazetteer = system().gazetteer()
    return _answer(gazetteer, f"areas:{level}", lambda: basemap.borders(gazetteer, level))


@route(
    "GET",
    "/api/basemap/names.geojson",
    guard="signed_in",
    answers={200: "Names as GeoJSON; no geometry where the place is unknown", 304: "As you have it"},
)
def names() -> Any:
    """The name of every area."""
    gazetteer = system().gazetteer()
    return _answer(gazetteer, "names", lambda: basemap.names(gazetteer))


@route(
    "GET",
    "/api/basemap/land.geojson",
    guard="signed_in",
    query={"incident": "slug; the standing incident by default"},
    answers={200: "Land around the incident as GeoJSON", 304: "As you have it"},
)
def land() -> Any:
    """Where there is land."""
    gazetteer, slug = system().gazetteer(), request.args.get("incident")

    def make() -> dict[str, Any]:
        with system().reading() as tx:
            return basemap.land(tx, gazetteer, slug)

    return _answer(gazetteer, f"land:{slug}", make)


@route(
    "GET",
    "/api/basemap/roads.geojson",
    guard="signed_in",
    answers={200: "Roads as GeoJSON; none until some are loaded", 304: "As you have it"},
)
def roads() -> Any:
    """The roads that were loaded."""

    def make() -> dict[str, Any]:
        with system().reading() as tx:
            return basemap.roads(tx)

    return _answer(system().gazetteer(), "roads", make)


def _answer(gazetteer: Gazetteer, name: str, make: Callable[[], dict[str, Any]]) -> Response:
    kept = _KEPT.setdefault(gazetteer, {})
    layer = kept.get(name) or kept.setdefault(name, _sent(make()))
    is_packed = request.accept_encodings.quality("gzip") > 0
    answer = Response(layer.packed if is_packed else layer.body, mimetype="application/geo+json")
    if is_packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Cache-Control"] = f"private, max-age={FRESH_S}"
    answer.vary.add("Accept-Encoding")
    answer.set_etag(layer.etag, weak=True)
    answer.make_conditional(request)
    return answer


def _sent(layer: dict[str, Any]) -> _Layer:
    body = json.dumps(layer, ensure_ascii=False, separators=(",", ":")).encode()
    return _Layer(body, gzip.compress(body, 6), hashlib.sha256(body).hexdigest()[:16])
