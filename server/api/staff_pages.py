"""The pages of the staff: the coordinator's console and the sites. They are shells; scripts fill them by the API."""

from typing import Any
from uuid import UUID

from flask import current_app, request

from server.api import identity
from server.api.contract import system
from server.api.html import Pages, show, static
from server.services import plans
from server.services.workplace import workplace

pages = Pages()


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
    return _shell("console.html", papers=_papers())


@pages.route("GET", "/konsol/rencana/<uuid:plan_id>", guard="signed_in")
def one_plan(plan_id: UUID) -> Any:  # noqa: ARG001 - the script reads it from the address
    """The console with a plan open."""
    return _shell("console.html", papers=_papers())


@pages.route("GET", "/posko", guard="signed_in")
def sites() -> Any:
    """Sites, and volunteers who wait to be accepted."""
    return _shell("sites.html")


@pages.route("GET", "/posko/<uuid:site_id>", guard="signed_in")
def site(site_id: UUID) -> Any:  # noqa: ARG001 - the script reads it from the address
    """One site with its stock."""
    return _shell("sites.html")


def _shell(template: str, **values: Any) -> str:
    with system().reading() as tx:
        known = workplace(tx, identity.actor())
    return show(template, workplace=known, tiles=current_app.config["TILE_URL"], map_files=_map_files(), **values)


def _papers() -> list[dict[str, Any]]:
    """The last plans that have papers: what of this screen there is without its script."""
    with system().reading() as tx:
        return plans.with_papers(tx, identity.actor(), request.args.get("incident"))


def _map_files() -> dict[str, str]:
    """What the map loads when it is first looked at."""
    return {"script": static("map.js"), "worker": static("maplibre-worker.js"), "style": static("maplibre-gl.css")}
