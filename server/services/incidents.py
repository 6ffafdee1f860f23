"""Incidents: what everything else belongs to, each with an operating area."""

from typing import Any

from geo.areas import Gazetteer
from server.domain import tuning
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, require
from server.services.inputs import IncidentIn
from server.services.inputs_settings import SettingsIn
from server.services.intake import STANDING
from server.services.places import HOME
from server.store.unit_of_work import Tx


def add(tx: Tx, actor: Actor, body: IncidentIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Open a new incident; its operating area is the bounds, the areas, or the province.

    Raises Invalid naming bounds or areas, Conflict for a slug that is taken.
    """
    tops = body.areas or [HOME]
    for top in tops:
        require(actor, Permission.INCIDENT_EDIT, top)
    _check(body, gazetteer)
    if tx.incidents.by_slug(body.slug) is not None:
        raise Conflict("slug_taken", slug=body.slug)
    row = {
        "id": tx.new_id(),
        "slug": body.slug,
        "name": body.name,
        "kind": body.kind,
        "is_training": body.training,
        "bounds": list(body.bounds) if body.bounds else None,
        "area_codes": tops,
        "settings": {},
        "created_at": tx.now,
    }
    tx.incidents.add(row)
    tx.audit(actor, "incident:add", tops[0], f"incident:{row['id']}", slug=body.slug)
    return public(row)


def listed(tx: Tx) -> list[dict[str, Any]]:
    """Open incidents, the standing one first."""
    return [public(row) for row in tx.incidents.open()]


def settings(tx: Tx, actor: Actor, slug: str) -> dict[str, Any]:
    """All figures of an incident (`settings`), and those that it has set for itself (`own`). Raises NotFound."""
    return _settings(_to_tune(actor, tx.incidents.by_slug(slug)))


def change_settings(tx: Tx, actor: Actor, slug: str, body: SettingsIn) -> dict[str, Any]:
    """Set figures of an incident, or take them back to what holds everywhere. Raises NotFound, Forbidden."""
    row = _to_tune(actor, tx.incidents.by_slug(slug, lock=True))
    own = tuning.joined(row["settings"], body.model_dump(exclude_unset=True, by_alias=True))
    tx.incidents.change(row["id"], settings=own)
    where = (row["area_codes"][0], f"incident:{row['id']}")
    tx.audit(actor, "incident:settings", *where, before=row["settings"], after=own)
    return _settings({**row, "settings": own})


def set_open(tx: Tx, actor: Actor, slug: str, *, is_open: bool) -> dict[str, Any]:
    """Close an incident that is over, or open it again. Reports to a closed one still land (`intake.taker_of`).

    Raises NotFound, Forbidden, Conflict for the standing incident, which is never over.
    """
    row = _to_tune(actor, tx.incidents.by_slug(slug, lock=True))
    if slug == STANDING and not is_open:
        raise Conflict("standing_incident")
    if row["is_open"] is not is_open:
        tx.incidents.change(row["id"], is_open=is_open)
        tx.audit(actor, f"incident:{'open' if is_open else 'close'}", row["area_codes"][0], f"incident:{row['id']}")
    return public(row) | {"open": is_open}


def over(tx: Tx, slug: str | None) -> str | None:
    """The name of the incident of that slug, if it is over and was no drill."""
    row = tx.incidents.by_slug(slug) if slug else None
    return str(row["name"]) if row is not None and not row["is_open"] and not row["is_training"] else None


def _to_tune(actor: Actor, row: dict[str, Any] | None) -> dict[str, Any]:
    for top in row["area_codes"] if row else [""]:
        require(actor, Permission.INCIDENT_EDIT, top)
    if row is None:
        raise NotFound
    return row


def _settings(row: dict[str, Any]) -> dict[str, Any]:
    return {"incident": row["slug"], "settings": tuning.effective(row["settings"]), "own": row["settings"]}


def public(row: dict[str, Any]) -> dict[str, Any]:
    """What anybody may know of an incident."""
    return {
        "slug": row["slug"],
        "name": row["name"],
        "kind": row["kind"],
        "training": row["is_training"],
        "bounds": row["bounds"],
        "areas": row["area_codes"],
        "opened_at": row["created_at"].isoformat(),
    }


def _check(body: IncidentIn, gazetteer: Gazetteer) -> None:
    if body.bounds and body.areas:
        raise Invalid({"bounds": Problem("bounds_or_areas")})
    if body.bounds:
        west, south, east, north = body.bounds
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise Invalid({"bounds": Problem("wrong_bounds")})
    unknown = [code for code in body.areas or () if len(gazetteer) and gazetteer.get(code) is None]
    if unknown:
        raise Invalid({"areas": Problem("unknown_area", {"code": ", ".join(unknown)})})
