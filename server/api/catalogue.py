"""What anybody may look up: items with norms, areas, open incidents, and this contract."""

from typing import Any

from flask import jsonify, request

from server.api.contract import openapi, route, system, whole
from server.domain import catalogue
from server.services import areas, incidents

VERSION = "1.0.0"
MAP_FRESH_S = 24 * 3600
"""Borders change by the year; a phone on a bad network asks for them once."""


@route("GET", "/api/items", guard="public", answers={200: "Items with their norms and sources"})
def items() -> Any:
    """The catalogue of goods and services."""
    return jsonify({"items": catalogue.listing(), "next": None})


@route(
    "GET",
    "/api/areas",
    guard="public",
    query={"q": "free text", "parent": "only below this code", "level": "only this level", "limit": "1 to 50"},
    answers={200: "Areas, best first, with the names above them"},
)
def search() -> Any:
    """Areas that a text may mean, or those below a parent."""
    text, parent = request.args.get("q", "").strip()[:200], request.args.get("parent") or None
    level, limit = request.args.get("level") or None, max(1, whole("limit", 10, 50))
    gazetteer = system().gazetteer()
    if text:
        return jsonify({**areas.search(gazetteer, text, parent, level, limit), "next": None})
    return jsonify({**areas.children(gazetteer, parent, level), "next": None})


@route("GET", "/api/areas/<code>", guard="public", answers={200: "The area with its point and all above it"})
def area(code: str) -> Any:
    """One area by its official code."""
    return jsonify(areas.one(system().gazetteer(), code))


@route("GET", "/api/areas/<code>/map", guard="public", answers={200: "Outlines and names of what lies in it"})
def area_map(code: str) -> Any:
    """A light map of what lies directly in an area, to say by a tap where one is."""
    answer = jsonify(areas.map_of(system().gazetteer(), code))
    answer.headers["Cache-Control"] = f"public, max-age={MAP_FRESH_S}"
    return answer


@route("GET", "/api/incidents", guard="public", answers={200: "Open incidents"})
def open_incidents() -> Any:
    """Incidents that take reports."""
    with system().reading() as tx:
        return jsonify({"incidents": incidents.listed(tx), "next": None})


@route("GET", "/api/openapi.json", guard="public", answers={200: "OpenAPI 3.1"})
def contract() -> Any:
    """This contract."""
    return jsonify(openapi(VERSION))
