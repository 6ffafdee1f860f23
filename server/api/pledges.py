"""Pledges: said by anybody, listed for who takes gifts in."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.api.listing import PART, asked
from server.services import pledges
from server.services.inputs import ReasonIn
from server.services.inputs_supply import PledgeIn


@route(
    "POST",
    "/api/pledges",
    guard="public",
    body=PledgeIn,
    answers={201: "The pledge with its code", 200: "This client_id came before: the same pledge"},
)
def promise(body: PledgeIn) -> Any:
    """Say what one will give; nothing is paid here."""
    with system().writing() as tx:
        done = pledges.promise(tx, actor(), body, request.remote_addr or "unknown", system().keys)
    return jsonify(done.answer), 201 if done.is_new else 200


@route("GET", "/api/pledges", guard="signed_in", query=PART, answers={200: "`pledges`, the newest first, and `next`"})
def listed() -> Any:
    """Pledges that have not come."""
    with system().reading() as tx:
        return jsonify(pledges.listed(tx, actor(), asked()))


@route(
    "POST",
    "/api/pledges/<uuid:pledge_id>/reveal",
    guard="signed_in",
    body=ReasonIn,
    answers={200: "`name` and `phone`; the look is audited"},
)
def reveal(pledge_id: UUID, body: ReasonIn) -> Any:
    """The contact of a donor who pledged."""
    with system().writing() as tx:
        return jsonify(pledges.reveal_contact(tx, actor(), str(pledge_id), body.reason, system().keys))
