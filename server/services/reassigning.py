"""Reassigning: an assignment is called off and made anew with another lot or volunteer, as one decision."""

from typing import Any

from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor
from server.services import moves, sources
from server.services.assignments import Proposal, propose
from server.services.inputs_planning import ReassignIn
from server.services.moves import Row
from server.store.unit_of_work import Tx


def reassign(tx: Tx, actor: Actor, assignment_id: str, body: ReassignIn) -> dict[str, Any]:
    """Give an assignment that nobody has set off with to another volunteer, or take its goods from another lot.

    Who was asked or had accepted is told that it is withdrawn. Answers the new assignment. Raises NotFound, Forbidden,
    Conflict with the present state, Invalid naming what does not fit.
    """
    row, lines = _held(tx, actor, assignment_id, sources.id_of(body.lot_id))
    moves.check_version(tx, row, body.version)
    moves.check(tx, row, "cancel")
    if wrong := _wrong(tx, row, lines, body):
        raise Invalid(wrong)
    moves.move(tx, row, "cancel", reason=body.reason)
    moves.close_offers(tx, row, tx.assignments.offers(assignment_id, lock=True), "withdrawn")
    moves.told(tx, actor, row, "reassign", back=True, reason=body.reason)
    (made,) = propose(tx, actor, [_anew(tx, row, lines, body)])
    return moves.present(tx, made)


def _held(tx: Tx, actor: Actor, assignment_id: str, lot_id: str | None) -> tuple[Row, list[Row]]:
    """The assignment with its lines; case, needs, its lots and the new one are held before it, as everywhere."""
    seen = tx.assignments.get(assignment_id)
    if seen is None:
        raise NotFound
    moves.require_manager(actor, seen)
    lines = tx.assignments.lines(assignment_id)
    tx.cases.lock([seen["case_id"]])
    tx.cases.lock_needs(line["need_id"] for line in lines)
    tx.stock.lock_lots([one for one in (lot_id, *(line["lot_id"] for line in lines)) if one])
    return moves.held(tx, assignment_id), tx.assignments.lines(assignment_id)


def _wrong(tx: Tx, row: Row, lines: list[Row], body: ReassignIn) -> dict[str, Problem]:
    """What does not fit, by field: the same again, goods for a service, a lot for several goods, strangers."""
    lot_id, volunteer_id = sources.id_of(body.lot_id), sources.id_of(body.volunteer_id)
    if lot_id is None and volunteer_id is None:
        return {"lot_id": Problem("lot_or_volunteer"), "volunteer_id": Problem("lot_or_volunteer")}
    need = {"incident_id": row["incident_id"], "item": lines[0]["item"]}
    found = {
        "lot_id": _lot_problem(tx, row, lines, need, lot_id) if lot_id else None,
        "volunteer_id": sources.volunteer_problem(tx, need, volunteer_id) if volunteer_id else None,
    }
    return {name: problem for name, problem in found.items() if problem}


def _lot_problem(tx: Tx, row: Row, lines: list[Row], need: Row, lot_id: str) -> Problem | None:
    if row["kind"] == "service":
        return Problem("service_has_no_lot")
    if len(lines) > 1:
        return Problem("several_lines")
    if lines[0]["lot_id"] == lot_id:
        return Problem("lot_or_volunteer")
    return sources.lot_problem(tx, need, lot_id)


def _anew(tx: Tx, row: Row, lines: list[Row], body: ReassignIn) -> Proposal:
    case = tx.cases.get(row["case_id"])
    if case is None:
        raise NotFound
    lot_id = sources.id_of(body.lot_id)
    lot = tx.stock.lot(lot_id) if lot_id else None
    if lot and lot["free"] < lines[0]["quantity"]:
        raise Conflict("stock_gone", state={"lot_id": lot_id, "free": lot["free"]})
    kept_volunteer = row["wanted_volunteer_id"] if row["kind"] == "service" else None
    kept = ({name: line[name] for name in ("need_id", "lot_id", "quantity")} for line in lines)
    return Proposal(
        case=case,
        kind=row["kind"],
        lines=[{**line, "lot_id": lot_id or line["lot_id"]} for line in kept],
        why={"by_hand": True, "instead_of": row["id"]},
        site_id=lot["site_id"] if lot else row["site_id"],
        plan_id=row["plan_id"],
        volunteer_id=sources.id_of(body.volunteer_id) or kept_volunteer,
        reason=body.reason,
    )
