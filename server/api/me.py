"""A volunteer's own work."""

from typing import Any
from uuid import UUID

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.services import my_work

OFFERS = {200: "Open offers, the most urgent first; `now`: the clock that their deadlines are judged by"}


@route("GET", "/api/me/offers", guard="signed_in", answers=OFFERS)
def offers() -> Any:
    """What I am asked to do now."""
    with system().reading() as tx:
        now = my_work.clock(tx)
        return jsonify({"offers": my_work.offered(tx, actor()), "now": now, "next": None})


@route("GET", "/api/me/assignments", guard="signed_in", answers={200: "Accepted and not settled, most urgent first"})
def assignments() -> Any:
    """What I have accepted."""
    with system().reading() as tx:
        return jsonify({"assignments": my_work.taken(tx, actor()), "next": None})


@route("GET", "/api/me/near", guard="signed_in", answers={200: "`near`: what lacks around me; null if not checked in"})
def near() -> Any:
    """Where help lacks near by, by village."""
    with system().reading() as tx:
        return jsonify({"near": my_work.near(tx, actor())})


@route("GET", "/api/me/history", guard="signed_in", answers={200: "`done`, the newest first; `delivered`: how often"})
def history() -> Any:
    """What I have done."""
    with system().reading() as tx:
        return jsonify(my_work.history(tx, actor()))


@route(
    "GET",
    "/api/me/assignments/<uuid:assignment_id>/contact",
    guard="signed_in",
    answers={200: "Names and phones of the reporters, while I am on it"},
)
def contact(assignment_id: UUID) -> Any:
    """Whom to call on arrival; every look is written down."""
    with system().writing() as tx:
        return jsonify(my_work.contact(tx, actor(), str(assignment_id), system().keys))
