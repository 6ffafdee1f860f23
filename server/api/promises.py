"""How promises are kept: who will breach, and the table of areas and agencies, for staff and for everybody."""

from typing import Any

from flask import jsonify, request

from server.api import public
from server.api.contract import route, system
from server.api.html import Pages, show
from server.api.identity import actor
from server.api.public_pages import number
from server.services import promises, publishing

pages = Pages()
_WHERE = {"incident": "slug of the incident; the standing one without", "area": "code; one's own area without"}
EMPTY: dict[str, Any] = {"regencies": [], "agencies": [], "total": None}


@route("GET", "/api/clocks/forecast", guard="signed_in", query=_WHERE, answers={200: "`breaches` within two hours"})
def forecast() -> Any:
    """Who will breach in the next two hours at the present pace."""
    asked = request.args
    with system().reading() as tx:
        return jsonify(promises.breaches(tx, actor(), asked.get("incident") or None, asked.get("area") or None))


@route(
    "GET",
    "/api/clocks/league",
    guard="signed_in",
    query={**_WHERE, "level": "regency or district"},
    answers={200: "`areas` and `agencies`, with all that is open, paused and reopened"},
)
def league() -> Any:
    """The table of areas and agencies for staff."""
    asked = request.args
    with system().reading() as tx:
        found = promises.league(
            tx, actor(), asked.get("incident") or None, asked.get("area") or None, asked.get("level") or "regency"
        )
    return jsonify(found)


@route("GET", "/api/public/promises", guard="public", query=public.INCIDENT, answers={200: "Of the last cut, k >= 5"})
def of_all() -> Any:
    """The same for everybody: counts of the last cut, rounded, small ones hidden."""
    with system().reading() as tx:
        figures = publishing.latest(tx, public.slug_asked())
    found = {"incident": figures["incident"], "cut_at": figures["cut_at"], **figures.get("promises", EMPTY)}
    return public.kept_until_next_cut(jsonify(found), figures, "promises")


@pages.route("GET", "/janji", guard="public")
def page() -> Any:
    """How promises are kept, for everybody."""
    with system().reading() as tx:
        figures = publishing.latest(tx, public.slug_asked())
        incidents = publishing.incidents_shown(tx)
    return show(
        "promises.html", figures=figures, table=figures.get("promises", EMPTY), incidents=incidents, number=number
    )
