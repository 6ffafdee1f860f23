"""Sheets of a plan for the printer: picking list and route sheets. Whole without JavaScript."""

from typing import Any
from uuid import UUID

from server.api import identity
from server.api.contract import system
from server.api.html import Pages, show
from server.services import sheets

pages = Pages()


@pages.route("GET", "/rencana/<uuid:plan_id>/daftar-ambil", guard="signed_in")
def picking(plan_id: UUID) -> Any:
    """What is to be taken from which lot at each site."""
    found = _sheets(plan_id)
    return show("picking.html", sheets=found, sites=sheets.picking(found))


@pages.route("GET", "/rencana/<uuid:plan_id>/rute", guard="signed_in")
def routes(plan_id: UUID) -> Any:
    """A sheet for each trip: its stops in order, what to hand over, and room for code and time."""
    return show("routes.html", sheets=_sheets(plan_id), area_name=_area_name)


def _sheets(plan_id: UUID) -> sheets.Sheets:
    with system().reading() as tx:
        return sheets.sheets(tx, identity.actor(), str(plan_id))


def _area_name(code: str) -> str:
    """The village or district and what it belongs to; the code itself where it has no name."""
    chain = system().gazetteer().chain(code)
    return ", ".join(area.name for area in reversed(chain[1:])) or code
