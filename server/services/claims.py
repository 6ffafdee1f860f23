"""Claims: rumours, checked step by step until a verdict that people can read."""

from collections.abc import Mapping
from typing import Any

from geo.areas import Gazetteer
from server.domain import events, lifecycle, sla
from server.domain.errors import Conflict, Invalid, NotFound, Problem, WrongTransition
from server.domain.permissions import Actor, Permission, may, require
from server.services import intake, listing, places
from server.services.inputs_supply import ClaimIn, ListIn, VerdictIn
from server.store.unit_of_work import Tx

Row = Mapping[str, Any]
ACTIONS = frozenset(action for _, action in lifecycle.CLAIM)
WITHOUT_VERDICT = frozenset({"check", "give_up"})


def add(tx: Tx, actor: Actor, body: ClaimIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Take a claim down; its clock runs from now. Raises Invalid naming what is wrong with its place."""
    incident = intake.incident_for(tx, body.incident)
    if body.place is None and body.area_code is None:
        raise Invalid({"place": Problem("place_wanted")})
    place = places.resolve(incident, gazetteer, place=body.place, area_code=body.area_code, place_text=None)
    require(actor, Permission.CLAIM_EDIT, place.area)
    row: dict[str, Any] = {
        "id": tx.new_id(),
        "incident_id": incident["id"],
        "area": place.area,
        "text": body.text,
        "state": lifecycle.FIRST["claim"],
        "source_url": body.source_url,
        "received_at": tx.now,
        "due_at": tx.now + sla.CLAIM_VERDICT,
    }
    tx.claims.add(row)
    return _told(tx, actor, row["id"], "add")


def listed(tx: Tx, actor: Actor, asked: ListIn) -> dict[str, Any]:
    """Claims of an incident in the area, the newest first."""
    if asked.state is not None and asked.state not in lifecycle.states("claim"):
        choices = ", ".join(sorted(lifecycle.states("claim")))
        raise Invalid({"state": Problem("not_one_of", {"choices": choices})})
    areas = listing.areas_asked(actor, Permission.BOARD_READ, asked.area)
    incident = intake.incident_for(tx, asked.incident)
    after = str(asked.cursor) if asked.cursor else None
    rows = tx.claims.page(incident["id"], areas, asked.state, after, asked.limit + 1)
    return listing.part("claims", rows, asked.limit, shown)


def act(tx: Tx, actor: Actor, claim_id: str, action: str, body: VerdictIn) -> dict[str, Any]:
    """Take a step of the check; a finding needs its verdict in words.

    Raises NotFound, Forbidden, Conflict with the present state, Invalid naming `verdict`.
    """
    row = tx.claims.get(claim_id, lock=True)
    if row is None or action not in ACTIONS or not may(actor, Permission.BOARD_READ, row["area"]):
        raise NotFound
    require(actor, Permission.CLAIM_EDIT, row["area"])
    if body.version is not None and body.version != row["version"]:
        raise Conflict(state=shown(row))
    try:
        state = lifecycle.after("claim", row["state"], action)
    except WrongTransition as error:
        raise WrongTransition(state=shown(row), **error.params) from None
    if action not in WITHOUT_VERDICT and not body.verdict:
        raise Invalid({"verdict": Problem("required")})
    source = body.source_url or row["source_url"]
    tx.claims.change(claim_id, state=state, verdict=body.verdict or row["verdict"], source_url=source)
    return _told(tx, actor, claim_id, action)


def shown(row: Row) -> dict[str, Any]:
    """A claim as staff see it."""
    return {
        "id": row["id"],
        "area": row["area"],
        "text": row["text"],
        "state": row["state"],
        "verdict": row["verdict"],
        "source_url": row["source_url"],
        "received_at": row["received_at"].isoformat(),
        "due_at": row["due_at"].isoformat(),
        "version": row["version"],
    }


def _told(tx: Tx, actor: Actor, claim_id: str, action: str) -> dict[str, Any]:
    row = tx.claims.get(claim_id)
    if row is None:
        raise NotFound
    tx.record(
        events.ClaimChanged(incident_id=row["incident_id"], area=row["area"], claim_id=claim_id, state=row["state"])
    )
    tx.audit(actor, f"claim:{action}", row["area"], f"claim:{claim_id}", state=row["state"])
    return shown(row)
