"""Claims: rumours under check."""

from typing import Any
from uuid import UUID

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.api.listing import PART, asked
from server.services import claims
from server.services.inputs_supply import ClaimIn, VerdictIn

STATES = {**PART, "state": "a state of a claim"}


@route("POST", "/api/claims", guard="signed_in", body=ClaimIn, answers={201: "The claim"})
def add(body: ClaimIn) -> Any:
    """Take a rumour down."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(claims.add(tx, actor(), body, gazetteer)), 201


@route("GET", "/api/claims", guard="signed_in", query=STATES, answers={200: "`claims`, the newest first, and `next`"})
def listed() -> Any:
    """Claims in my area."""
    with system().reading() as tx:
        return jsonify(claims.listed(tx, actor(), asked()))


@route(
    "POST", "/api/claims/<uuid:claim_id>/<action>", guard="signed_in", body=VerdictIn, answers={200: "The claim now"}
)
def act(claim_id: UUID, action: str, body: VerdictIn) -> Any:
    """Take a step: check, find_true, find_false, find_false_on_purpose, clarify or give_up."""
    with system().writing() as tx:
        return jsonify(claims.act(tx, actor(), str(claim_id), action, body))
