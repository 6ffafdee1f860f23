"""Gifts: taken in by staff, followed by whoever has the code."""

from typing import Any

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.api.listing import PART, asked
from server.services import gifts
from server.services.inputs_supply import GiftIn


@route(
    "POST",
    "/api/gifts",
    guard="signed_in",
    body=GiftIn,
    answers={201: "The gift with the code to tell the donor", 200: "This client_id came before: the same gift"},
)
def receive(body: GiftIn) -> Any:
    """Take a gift in; it becomes a lot of the site."""
    with system().writing() as tx:
        done = gifts.receive(tx, actor(), body, system().keys)
    return jsonify(done.answer), 201 if done.is_new else 200


@route("GET", "/api/gifts", guard="signed_in", query=PART, answers={200: "`gifts`, the newest first, and `next`"})
def listed() -> Any:
    """Gifts that came to sites in my area."""
    with system().reading() as tx:
        return jsonify(gifts.listed(tx, actor(), asked()))


@route("GET", "/api/public/gifts/<code>", guard="public", answers={200: "Where the gift went, by district and day"})
def follow(code: str) -> Any:
    """What became of a gift."""
    gazetteer = system().gazetteer()
    with system().reading() as tx:
        return jsonify(gifts.follow(tx, code, gazetteer))
