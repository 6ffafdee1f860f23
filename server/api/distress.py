"""Calls for help: a volunteer makes one, a coordinator answers."""

from typing import Any
from uuid import UUID

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.services import distress
from server.services.inputs_dispatch import DistressIn

NOW = {200: "The call now", 409: "The present state"}


@route(
    "POST",
    "/api/me/distress",
    guard="signed_in",
    body=DistressIn,
    answers={201: "The coordinators of the area are alarmed", 200: "More about a call that is not over"},
)
def call(body: DistressIn) -> Any:
    """I need help."""
    with system().writing() as tx:
        made, is_new = distress.call(tx, actor(), body)
    return jsonify(made), 201 if is_new else 200


@route("GET", "/api/me/distress", guard="signed_in", answers={200: "`call`: mine that is not over, or null"})
def mine() -> Any:
    """Whether somebody has answered me."""
    with system().reading() as tx:
        return jsonify({"call": distress.mine(tx, actor())})


@route("GET", "/api/distress", guard="signed_in", answers={200: "`calls` that are not over, the oldest first"})
def listed() -> Any:
    """Who calls for help where I manage the work."""
    with system().reading() as tx:
        return jsonify(distress.listed(tx, actor()))


@route("POST", "/api/distress/<uuid:call_id>/answer", guard="signed_in", answers=NOW)
def answer(call_id: UUID) -> Any:
    """I see to it."""
    with system().writing() as tx:
        return jsonify(distress.answer(tx, actor(), str(call_id)))


@route("POST", "/api/distress/<uuid:call_id>/end", guard="signed_in", answers=NOW)
def end(call_id: UUID) -> Any:
    """I am safe, or have made sure that they are."""
    with system().writing() as tx:
        return jsonify(distress.end(tx, actor(), str(call_id)))


@route("POST", "/api/distress/<uuid:call_id>/reveal", guard="signed_in", answers={200: "Name and phone in clear"})
def reveal(call_id: UUID) -> Any:
    """Whom to call back; every look is written down."""
    with system().writing() as tx:
        return jsonify(distress.reveal(tx, actor(), str(call_id), system().keys))
