"""Roles for some hours: deputies, and a wider area taken in an emergency."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api import identity
from server.api.contract import route, system
from server.services import lending
from server.services.inputs_accounts import DeputyIn, EmergencyIn


@route(
    "GET",
    "/api/access",
    guard="signed_in",
    answers={200: "What runs, will run or ran in the last week"},
    query={"area": "only what concerns this area"},
)
def listed() -> Any:
    """Who holds a role for some hours in my areas."""
    with system().reading() as tx:
        found = lending.listed(tx, identity.actor(), request.args.get("area") or None)
    return jsonify({"access": found})


@route("POST", "/api/access", guard="signed_in", body=DeputyIn, answers={201: "Lent; it ends by itself"})
def deputise(body: DeputyIn) -> Any:
    """Let somebody stand in for me."""
    with system().writing() as tx:
        found = lending.deputise(tx, identity.actor(), body)
    return jsonify(found), 201


@route("POST", "/api/access/emergency", guard="signed_in", body=EmergencyIn, answers={201: "Taken; it ends by itself"})
def take(body: EmergencyIn) -> Any:
    """Take my role for a wider area in an emergency; those responsible are told at once."""
    with system().writing() as tx:
        found = lending.take(tx, identity.actor(), body)
    return jsonify(found), 201


@route("POST", "/api/access/<uuid:loan_id>/end", guard="signed_in", answers={200: "It is over"})
def end(loan_id: UUID) -> Any:
    """End it before its time."""
    with system().writing() as tx:
        found = lending.end(tx, identity.actor(), str(loan_id))
    return jsonify(found)
