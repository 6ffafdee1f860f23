"""Rulings: pin and forbid matches, and take that back."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.services import rulings
from server.services.inputs import ReasonIn
from server.services.inputs_planning import RulingIn


@route("POST", "/api/rulings", guard="signed_in", body=RulingIn, answers={201: "In force; a new plan keeps to it"})
def add(body: RulingIn) -> Any:
    """Pin or forbid a match, with the reason."""
    with system().writing() as tx:
        return jsonify(rulings.rule(tx, actor(), body)), 201


@route(
    "GET",
    "/api/rulings",
    guard="signed_in",
    query={"incident": "slug; the standing incident by default"},
    answers={200: "`rulings` in force on open needs, the oldest first"},
)
def listed() -> Any:
    """The rulings of an incident."""
    with system().reading() as tx:
        return jsonify({"rulings": rulings.listed(tx, actor(), request.args.get("incident")), "next": None})


@route("POST", "/api/rulings/<uuid:ruling_id>/end", guard="signed_in", body=ReasonIn, answers={200: "Ended"})
def end(ruling_id: UUID, body: ReasonIn) -> Any:
    """Take a ruling back, with the reason."""
    with system().writing() as tx:
        return jsonify(rulings.end(tx, actor(), str(ruling_id), body))
