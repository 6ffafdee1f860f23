"""The audit trail for outsiders: the heads that were published, and how to check an export by them."""

from pathlib import Path
from typing import Any

from flask import Response, jsonify, make_response, render_template

from server.api.contract import route, system, whole
from server.api.html import Pages, public_url, show
from server.api.identity import actor
from server.services import audit

pages = Pages()
VERIFIER = Path(__file__).resolve().parents[2] / "web" / "tools" / "verify_audit.py"
SHOWN, FED, MOST = 24, 48, 1000
"""Heads on the page (a day of them), in the feed, and in one answer."""


@route(
    "GET",
    "/api/public/audit",
    guard="public",
    query={"cursor": "position to go on below", "limit": "1 to 1000"},
    answers={200: "`heads` of {position, hash, at}, the newest first, one an hour at most"},
)
def heads() -> Any:
    """The published heads of the audit trail: keep them, and no later change of the trail can be hidden."""
    limit, before = max(1, whole("limit", MOST, MOST)), whole("cursor", 0, 2**62)
    return jsonify(_heads(limit, before))


@route("GET", "/api/audit/export", guard="signed_in", answers={200: "The whole trail, a line of JSON an entry"})
def export() -> Any:
    """The audit trail as the published verifier reads it; only for who may read all of it."""
    found = system()
    with found.writing() as tx:
        audit.begin_export(tx, actor())

    def lines() -> Any:
        with found.reading() as tx:
            yield from audit.lines(tx)

    name = f"jejak-{found.now():%Y%m%dT%H%M%SZ}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines(), mimetype="application/jsonl", headers=headers)


@pages.route("GET", "/jejak", guard="public")
def page() -> Any:
    """What the trail is, its latest heads, and how anybody checks it."""
    return show("trail.html", heads=_heads(SHOWN)["heads"], may_export=audit.may_export(actor()))


@pages.route("GET", "/jejak/umpan.xml", guard="public")
def feed() -> Any:
    """The heads as an Atom feed, so that others' readers keep them."""
    answer = make_response(render_template("trail.xml", heads=_heads(FED)["heads"], address=public_url("/jejak")))
    answer.mimetype = "application/atom+xml"
    return answer


@pages.route("GET", "/jejak/verify_audit.py", guard="public")
def verifier() -> Any:
    """The program that checks an export, with nothing but Python."""
    headers = {"Content-Disposition": 'attachment; filename="verify_audit.py"'}
    return Response(VERIFIER.read_text("utf-8"), mimetype="text/x-python", headers=headers)


def _heads(limit: int, before: int = 0) -> dict[str, Any]:
    with system().reading() as tx:
        return audit.heads(tx, before or None, limit)
