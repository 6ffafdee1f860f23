"""The board and what happened after it."""

from typing import Any

from flask import jsonify, request

from server.api.contract import route, system, whole
from server.api.identity import actor
from server.api.packing import packed_json
from server.services import audit, hearing, queries

_WHERE = {"incident": "slug; the standing incident by default", "area": "area code; all that I answer for by default"}


@route("GET", "/api/board", guard="signed_in", query=_WHERE, answers={200: "Every noun's rows and the cursor"})
def board() -> Any:
    """Everything of an incident in an area, read at one moment."""
    with system().reading() as tx:
        found = queries.board(tx, actor(), request.args.get("incident"), request.args.get("area"))
    return packed_json(found)


@route(
    "GET",
    "/api/events",
    guard="signed_in",
    query={**_WHERE, "after": "cursor of the snapshot or of the last event seen"},
    answers={200: "Events beyond the cursor, and the next cursor"},
)
def events() -> Any:
    """What happened after a cursor."""
    cursor = whole("after", 0, 2**62)
    with system().reading() as tx:
        found = hearing.after(tx, actor(), request.args.get("incident"), request.args.get("area"), cursor)
    return packed_json(found)


@route(
    "GET",
    "/api/audit",
    guard="signed_in",
    query={"subject": "like case:17", "cursor": "id to go on below", "limit": "1 to 200"},
    answers={200: "Entries, the newest first"},
)
def trail() -> Any:
    """Who did what."""
    limit, before = max(1, whole("limit", 50, 200)), whole("cursor", 0, 2**62)
    with system().reading() as tx:
        return jsonify(audit.page(tx, actor(), request.args.get("subject"), before or None, limit))
