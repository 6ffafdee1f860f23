"""The board and what happened after it."""

from typing import Any

from flask import jsonify, request

from server.api.contract import route, system, whole
from server.api.identity import actor
from server.api.kept_boards import LONGEST_S, kept_boards
from server.api.packing import packed_json, takes_zstd, zstd, zstd_answer
from server.domain.permissions import Actor
from server.services import audit, hearing, queries

_WHERE = {"incident": "slug; the standing incident by default", "area": "area code; all that I answer for by default"}


@route(
    "GET",
    "/api/board",
    guard="signed_in",
    query={**_WHERE, "max_age": f"seconds, up to {LONGEST_S}, that the board may be old; of this moment by default"},
    answers={200: "Every noun's rows and the cursor"},
)
def board() -> Any:
    """Everything of an incident in an area, read at one moment."""
    asked = actor(), request.args.get("incident"), request.args.get("area")
    age_s = whole("max_age", 0, LONGEST_S)
    if not age_s or not takes_zstd():
        with system().reading() as tx:
            return packed_json(queries.board(tx, *asked))
    with system().reading() as tx:
        key = queries.board_key(tx, *asked)
    return zstd_answer(kept_boards().get(key, age_s, lambda: _read(*asked)))


def _read(who: Actor, incident: str | None, area: str | None) -> bytes:
    with system().reading() as tx:
        return zstd(queries.board(tx, who, incident, area))


@route(
    "GET",
    "/api/events",
    guard="signed_in",
    query={**_WHERE, "after": "cursor of the snapshot or of the last event seen"},
    answers={200: "Events beyond the cursor, and the next cursor", 410: "Some are kept no longer: load the board"},
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
