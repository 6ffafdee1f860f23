"""The pages of the staff: the console and the sites, shells that scripts fill by the API; and the design system."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import current_app, request

from server.api import identity
from server.api.contract import system
from server.api.html import Pages, denied, show, static
from server.domain.permissions import Permission, areas_for
from server.services import basemap, plans
from server.services.workplace import workplace

pages = Pages()
FOR = {"console.html": ("console", Permission.BOARD_READ), "sites.html": ("sites", Permission.SITE_READ)}
"""What a screen is called where somebody may not see it, and the right that it is for; services decide anew."""


@pages.route("GET", "/konsol", guard="signed_in")
def console() -> Any:
    """The live map and the lists."""
    return _shell("console.html")


@pages.route("GET", "/konsol/kasus/<int:case_id>", guard="signed_in")
def case(case_id: int) -> Any:  # noqa: ARG001 - the script reads it from the address
    """The console with a case open."""
    return _shell("console.html")


@pages.route("GET", "/konsol/rencana", guard="signed_in")
def plan() -> Any:
    """Plans: made, looked at, approved."""
    return _shell("console.html", _papers)


@pages.route("GET", "/konsol/rencana/<uuid:plan_id>", guard="signed_in")
def one_plan(plan_id: UUID) -> Any:  # noqa: ARG001 - the script reads it from the address
    """The console with a plan open."""
    return _shell("console.html", _papers)


@pages.route("GET", "/posko", guard="signed_in")
def sites() -> Any:
    """Sites, and volunteers who wait to be accepted."""
    return _shell("sites.html")


@pages.route("GET", "/posko/<uuid:site_id>", guard="signed_in")
def site(site_id: UUID) -> Any:  # noqa: ARG001 - the script reads it from the address
    """One site with its stock."""
    return _shell("sites.html")


@pages.route("GET", "/gaya", guard="signed_in")
def style() -> Any:
    """Every component in every state."""
    return show("style.html")


def _shell(template: str, papers: Callable[[], list[dict[str, Any]]] | None = None) -> Any:
    screen, needed = FOR[template]
    if not areas_for(identity.actor(), needed):
        return denied(screen)
    with system().reading() as tx:
        known = workplace(tx, identity.actor())
        layers = basemap.optional_layers(tx, system().gazetteer())
    more = {"papers": papers()} if papers else {}
    return show(template, workplace=known, tiles=current_app.config["TILE_URL"], map_setup=_map_setup(layers), **more)


def _papers() -> list[dict[str, Any]]:
    """The last plans that have papers: what of this screen there is without its script."""
    with system().reading() as tx:
        return plans.with_papers(tx, identity.actor(), request.args.get("incident"))


def _map_setup(layers: list[str]) -> dict[str, Any]:
    """What the map loads when it is first looked at, and which layers there are besides land and names."""
    return {
        "script": static("map.js"),
        "worker": static("maplibre-worker.js"),
        "style": static("maplibre-gl.css"),
        "layers": layers,
    }
