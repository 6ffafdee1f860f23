"""Hazard areas and road closures."""

from typing import Any
from uuid import UUID

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.api.listing import PART, asked
from server.services import hazards
from server.services.inputs_supply import ClosureIn, EndIn, HazardIn

WHERE = {name: PART[name] for name in ("incident", "area")}


@route("POST", "/api/hazards", guard="signed_in", body=HazardIn, answers={201: "The hazard"})
def add(body: HazardIn) -> Any:
    """Draw a dangerous area or line (GeoJSON)."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(hazards.add(tx, actor(), body, gazetteer)), 201


@route("GET", "/api/hazards", guard="signed_in", query=WHERE, answers={200: "`hazards` that hold now or will later"})
def listed() -> Any:
    """Hazards in my area."""
    with system().reading() as tx:
        return jsonify(hazards.listed(tx, actor(), asked(), closures=False))


@route("POST", "/api/hazards/<uuid:hazard_id>/end", guard="signed_in", body=EndIn, answers={200: "The hazard now"})
def end(hazard_id: UUID, body: EndIn) -> Any:
    """A hazard is over."""
    with system().writing() as tx:
        return jsonify(hazards.end(tx, actor(), str(hazard_id), body, closures=False))


@route("POST", "/api/roads/closures", guard="signed_in", body=ClosureIn, answers={201: "The closure"})
def close_road(body: ClosureIn) -> Any:
    """A road cannot be used (GeoJSON line)."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(hazards.close_road(tx, actor(), body, gazetteer)), 201


@route(
    "GET",
    "/api/roads/closures",
    guard="signed_in",
    query=WHERE,
    answers={200: "`closures` that hold now or will later"},
)
def closures() -> Any:
    """Road closures in my area."""
    with system().reading() as tx:
        return jsonify(hazards.listed(tx, actor(), asked(), closures=True))


@route(
    "POST", "/api/roads/closures/<uuid:hazard_id>/end", guard="signed_in", body=EndIn, answers={200: "The closure now"}
)
def open_road(hazard_id: UUID, body: EndIn) -> Any:
    """A road can be used again."""
    with system().writing() as tx:
        return jsonify(hazards.end(tx, actor(), str(hazard_id), body, closures=True))
