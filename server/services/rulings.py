"""Rulings: people pin and forbid matches, with a reason; every plan keeps to them and says what they cost."""

from collections.abc import Mapping
from typing import Any

from server.domain import events
from server.domain.catalogue import ITEMS, Kind
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, areas_for, may, require
from server.services import queries, sources
from server.services.inputs import ReasonIn
from server.services.inputs_planning import RulingIn
from server.services.intake import incident_for
from server.services.moves import Row
from server.store.unit_of_work import Tx


def rule(tx: Tx, actor: Actor, body: RulingIn) -> dict[str, Any]:
    """Pin or forbid a match from now on.

    Raises NotFound for a need that the person may not know of, Invalid naming what does not fit, Conflict with the
    ruling that there is already on this need and source: it has to be ended first.
    """
    seen = tx.cases.need(body.need_id)
    if seen is None or not may(actor, Permission.BOARD_READ, seen["area"]):
        raise NotFound
    require(actor, Permission.ASSIGNMENT_MANAGE, seen["area"])
    tx.cases.lock([seen["case_id"]])
    need = tx.cases.lock_needs([body.need_id])[body.need_id]
    if need["state"] != "open":
        raise Conflict("need_not_open", state=queries.need_rows(tx, [body.need_id]))
    _check(tx, need, body)
    source = {"lot_id": sources.id_of(body.lot_id), "volunteer_id": sources.id_of(body.volunteer_id)}
    for known in tx.rulings.of_need(body.need_id):
        if source == {name: known[name] for name in source}:
            raise Conflict("ruling_exists", state=shown(known))
    ruling = {
        "id": tx.new_id(),
        "incident_id": need["incident_id"],
        "area": need["area"],
        "need_id": body.need_id,
        **source,
        "kind": body.kind,
        "quantity": body.quantity,
        "reason": body.reason,
        "by": actor.name,
        "at": tx.now,
    }
    tx.rulings.add(ruling)
    return _told(tx, actor, ruling["id"], body.kind, body.reason)


def _check(tx: Tx, need: Row, body: RulingIn) -> None:
    """Refuse a ruling that no plan could keep to."""
    wrong = sources.problems(tx, need, lot_id=body.lot_id, volunteer_id=body.volunteer_id)
    most = need["quantity"] if ITEMS[need["item"]].kind is Kind.GOODS else 1
    if body.kind == "forbid" and body.quantity is not None:
        wrong["quantity"] = Problem("forbid_has_no_quantity")
    elif body.quantity is not None and body.quantity > most:
        wrong["quantity"] = Problem("too_large", {"most": most})
    if wrong:
        raise Invalid(wrong)


def end(tx: Tx, actor: Actor, ruling_id: str, body: ReasonIn) -> dict[str, Any]:
    """Take a ruling back. Raises NotFound, Conflict with its present form when it has ended already."""
    ruling = tx.rulings.get(ruling_id, lock=True)
    if ruling is None or not may(actor, Permission.BOARD_READ, ruling["area"]):
        raise NotFound
    require(actor, Permission.ASSIGNMENT_MANAGE, ruling["area"])
    if ruling["ended_at"] is not None:
        raise Conflict("ruling_ended", state=shown(ruling))
    tx.rulings.change(ruling_id, ended_by=actor.name, ended_at=tx.now)
    return _told(tx, actor, ruling_id, "end", body.reason)


def listed(tx: Tx, actor: Actor, slug: str | None) -> list[dict[str, Any]]:
    """The rulings in force on open needs that the person may see, the oldest first."""
    areas = areas_for(actor, Permission.BOARD_READ)
    if not areas:
        require(actor, Permission.BOARD_READ, "")
    return [shown(row) for row in tx.rulings.in_force(incident_for(tx, slug)["id"], *areas)]


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A ruling as staff see it."""
    times = {name: row[name].isoformat() if row[name] else None for name in ("at", "ended_at")}
    return {name: row[name] for name in _SHOWN} | times


_SHOWN = (
    "id", "kind", "need_id", "case_id", "item", "area", "lot_id", "volunteer_id", "quantity", "reason", "by",
    "ended_by",
)  # fmt: skip


def _told(tx: Tx, actor: Actor, ruling_id: str, action: str, reason: str) -> dict[str, Any]:
    row = tx.rulings.get(ruling_id)
    if row is None:
        raise NotFound
    tx.record(
        events.RulingChanged(
            incident_id=row["incident_id"],
            area=row["area"],
            ruling_id=ruling_id,
            case_id=row["case_id"],
            need_id=row["need_id"],
            action=action,
        )
    )
    tx.audit(actor, f"ruling:{action}", row["area"], f"ruling:{ruling_id}", need_id=row["need_id"], reason=reason)
    return shown(row)
