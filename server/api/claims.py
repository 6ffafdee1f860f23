"""Claims: rumours under check, and who asks about them."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.api.listing import PART, asked
from server.api.reports import found_by_code
from server.services import asks, claims
from server.services.inputs import ReasonIn
from server.services.inputs_supply import AskIn, ClaimIn, EvidenceIn, JoinIn, VerdictIn

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


@route("GET", "/api/claims/<uuid:claim_id>", guard="signed_in", answers={200: "The claim"})
def one(claim_id: UUID) -> Any:
    """A claim with its evidence, who asks about it, what may be the same, and what its verdict closed."""
    with system().reading() as tx:
        return jsonify(claims.show(tx, actor(), str(claim_id)))


@route(
    "POST", "/api/claims/<uuid:claim_id>/<action>", guard="signed_in", body=VerdictIn, answers={200: "The claim now"}
)
def act(claim_id: UUID, action: str, body: VerdictIn) -> Any:
    """Take a step: check; propose find_true, find_false, find_false_on_purpose, clarify or give_up.

    Another person confirms what was proposed (confirm) or gives it back with a reason (give_back).
    """
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(claims.act(tx, actor(), str(claim_id), action, body, gazetteer))


@route(
    "POST",
    "/api/claims/<uuid:claim_id>/evidence",
    guard="signed_in",
    body=EvidenceIn,
    answers={201: "The claim now"},
)
def add_evidence(claim_id: UUID, body: EvidenceIn) -> Any:
    """Keep what was found; its address is stored, never fetched."""
    with system().writing() as tx:
        return jsonify(claims.add_evidence(tx, actor(), str(claim_id), body)), 201


@route("POST", "/api/claims/<uuid:claim_id>/join", guard="signed_in", body=JoinIn, answers={200: "The other claim"})
def join(claim_id: UUID, body: JoinIn) -> Any:
    """Say that two claims are one: who asks about this one waits for the verdict on the other."""
    with system().writing() as tx:
        return jsonify(claims.join(tx, actor(), str(claim_id), body))


@route(
    "POST",
    "/api/asks",
    guard="public",
    body=AskIn,
    answers={201: "The question with its code", 200: "This client_id came before: the same question"},
)
def ask(body: AskIn) -> Any:
    """Ask whether a rumour is true."""
    done = taken(body)
    return jsonify(done.answer), 201 if done.is_new else 200


def taken(body: AskIn) -> Any:
    """A question that is kept. Raises as `asks.ask`."""
    gazetteer, address = system().gazetteer(), request.remote_addr or "unknown"
    with system().writing() as tx:
        return asks.ask(tx, actor(), body, address, gazetteer=gazetteer, keys=system().keys)


@route("GET", "/api/asks/<code>", guard="public", answers={200: "State, clock, and the verdict once there is one"})
def follow(code: str) -> Any:
    """What became of a question, by its code; never anybody's contact."""
    return jsonify(followed(code))


def followed(code: str) -> dict[str, Any]:
    """What became of a question. Raises as `found_by_code`."""
    return found_by_code(lambda tx: asks.follow(tx, code, system().keys))


@route(
    "POST",
    "/api/asks/<uuid:ask_id>/reveal",
    guard="signed_in",
    body=ReasonIn,
    answers={200: "`phone`; the look is audited"},
)
def reveal(ask_id: UUID, body: ReasonIn) -> Any:
    """The phone of who asks."""
    with system().writing() as tx:
        return jsonify(asks.reveal(tx, actor(), str(ask_id), body.reason, system().keys))


@route("POST", "/api/asks/<uuid:ask_id>/reached", guard="signed_in", answers={200: "Who asks"})
def reached(ask_id: UUID) -> Any:
    """Say that somebody who asks was told the verdict by phone, too."""
    with system().writing() as tx:
        return jsonify(asks.reached(tx, actor(), str(ask_id)))
