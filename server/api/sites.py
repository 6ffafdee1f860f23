"""Sites and their stock."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.services import supply
from server.services.inputs_supply import AdjustIn, ReceiveIn, SiteIn, TransferIn, WriteOffIn

_WHERE = {"incident": "slug", "area": "area code"}


@route("GET", "/api/sites", guard="signed_in", query=_WHERE, answers={200: "Sites with what is free"})
def listed() -> Any:
    """Sites of an area."""
    with system().reading() as tx:
        found = supply.sites(tx, actor(), request.args.get("incident"), request.args.get("area"))
    return jsonify({"sites": found, "next": None})


@route("POST", "/api/sites", guard="signed_in", body=SiteIn, answers={201: "The site"})
def add(body: SiteIn) -> Any:
    """Add a site."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(supply.add_site(tx, actor(), body, gazetteer)), 201


@route("GET", "/api/sites/<uuid:site_id>/stock", guard="signed_in", answers={200: "Lots: on hand, held, free, expiry"})
def stock(site_id: UUID) -> Any:
    """What a site holds."""
    with system().reading() as tx:
        return jsonify(supply.stock(tx, actor(), str(site_id)))


@route("POST", "/api/stock/receive", guard="signed_in", body=ReceiveIn, answers={201: "The new lot"})
def receive(body: ReceiveIn) -> Any:
    """Goods arrive."""
    with system().writing() as tx:
        return jsonify(supply.receive(tx, actor(), body)), 201


@route("POST", "/api/stock/adjust", guard="signed_in", body=AdjustIn, answers={200: "The lot now"})
def adjust(body: AdjustIn) -> Any:
    """Set a lot to what was counted."""
    with system().writing() as tx:
        return jsonify(supply.adjust(tx, actor(), body))


@route("POST", "/api/stock/transfer", guard="signed_in", body=TransferIn, answers={201: "The lot at the other site"})
def transfer(body: TransferIn) -> Any:
    """Send goods to another site."""
    with system().writing() as tx:
        return jsonify(supply.transfer(tx, actor(), body)), 201


@route("POST", "/api/stock/write_off", guard="signed_in", body=WriteOffIn, answers={200: "The lot now"})
def write_off(body: WriteOffIn) -> Any:
    """Take goods that can no longer be given off the books."""
    with system().writing() as tx:
        return jsonify(supply.write_off(tx, actor(), body))
