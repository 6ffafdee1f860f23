"""Sites and what lies there."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system, whole
from server.api.identity import actor
from server.api.listing import PART, asked
from server.services import pickups, supply
from server.services.inputs_supply import SiteChangeIn, SiteIn


@route("GET", "/api/sites", guard="signed_in", query=PART, answers={200: "`sites` by name, and `next`"})
def listed() -> Any:
    """Sites that serve an incident, with what is free there."""
    with system().reading() as tx:
        return jsonify(supply.sites(tx, actor(), asked()))


@route("POST", "/api/sites", guard="signed_in", body=SiteIn, answers={201: "The site"})
def add(body: SiteIn) -> Any:
    """Add a site; a doubtful place is flagged."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(supply.add_site(tx, actor(), body, gazetteer)), 201


@route("GET", "/api/sites/<uuid:site_id>", guard="signed_in", answers={200: "The site"})
def show(site_id: UUID) -> Any:
    """One site, with what is free there."""
    with system().reading() as tx:
        return jsonify(supply.site(tx, actor(), str(site_id)))


@route("PATCH", "/api/sites/<uuid:site_id>", guard="signed_in", body=SiteChangeIn, answers={200: "The site now"})
def change(site_id: UUID, body: SiteChangeIn) -> Any:
    """Change a site; what is left out stays."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(supply.change_site(tx, actor(), str(site_id), body, gazetteer))


@route("GET", "/api/sites/<uuid:site_id>/stock", guard="signed_in", answers={200: "`site` and its `lots`"})
def stock(site_id: UUID) -> Any:
    """The lots of a site: on hand, held and free."""
    with system().reading() as tx:
        return jsonify(supply.stock_of(tx, actor(), str(site_id)))


@route("GET", "/api/sites/<uuid:site_id>/pickups", guard="signed_in", answers={200: "`pickups`: what leaves the site"})
def pickups_of(site_id: UUID) -> Any:
    """Assignments to hand goods out for, with who comes and where they go."""
    with system().reading() as tx:
        return jsonify(pickups.of_site(tx, actor(), str(site_id)))


@route(
    "GET",
    "/api/sites/<uuid:site_id>/ledger",
    guard="signed_in",
    query={"cursor": "`next` of the part before", "limit": "most entries, at most 500"},
    answers={200: "`entries`, the newest first, and `next`"},
)
def history(site_id: UUID) -> Any:
    """What changed a site's stock, why and by whom."""
    before = whole("cursor", 0, 2**62) if request.args.get("cursor") else None
    limit = max(1, whole("limit", 100, 500))
    with system().reading() as tx:
        return jsonify(supply.history(tx, actor(), str(site_id), before, limit))
