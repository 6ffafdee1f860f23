"""Assignments from the proposal to the confirmed help; who is asked to carry them: `offers`, the proof: `handovers`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.domain import events, lifecycle
from server.domain.catalogue import ITEMS, Kind
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require
from server.services import moves, overdue, queries, sources
from server.services.inputs_dispatch import AssignIn, CancelIn, FailIn, StepIn
from server.services.moves import Row
from server.store.unit_of_work import Tx

NOT_RECEIVED = "not_received"
"""The `attention` of what the reporter says is not there."""


@dataclass(frozen=True)
class Proposal:
    """What an assignment is made of: the case, the lines {need_id, lot_id, quantity}, and why.

    trip_id, stop, expected_at: of a trip of several stops, which one it is and when somebody should be there.
    """

    case: Mapping[str, Any]
    kind: str
    lines: Sequence[Mapping[str, Any]]
    why: Mapping[str, Any]
    site_id: str | None = None
    plan_id: str | None = None
    volunteer_id: str | None = None
    reason: str | None = None
    trip_id: str | None = None
    stop: int = 1
    expected_at: datetime | None = None


def propose(tx: Tx, actor: Actor, proposals: Sequence[Proposal]) -> list[str]:
    """Hold what the lines name and wait for somebody to carry it; returns the new assignments' ids.

    The caller holds the needs and lots, and has seen that they are free and wanted.
    """
    rows = [_row(tx, actor, proposal) for proposal in proposals]
    lines = [
        {"assignment_id": row["id"], "n": n, **line}
        for row, proposal in zip(rows, proposals, strict=True)
        for n, line in enumerate(proposal.lines)
    ]
    tx.assignments.add(rows, lines)
    for row in rows:
        tx.audit(actor, "assignment:propose", row["area"], f"assignment:{row['id']}", reason=row["reason"])
    _tell_proposed(tx, rows, lines)
    return [row["id"] for row in rows]


def _row(tx: Tx, actor: Actor, proposal: Proposal) -> Row:
    case, assignment_id = proposal.case, tx.new_id()
    # The column tells the last step's reason; why the assignment was made stays with it.
    given = {"reason": proposal.reason} if proposal.reason else {}
    return {
        "id": assignment_id,
        "trip_id": proposal.trip_id or assignment_id,
        "stop": proposal.stop,
        "expected_at": proposal.expected_at,
        "incident_id": case["incident_id"],
        "case_id": case["id"],
        "site_id": proposal.site_id,
        "plan_id": proposal.plan_id,
        "kind": proposal.kind,
        "state": lifecycle.FIRST["assignment"],
        "area": case["area"],
        "wanted_volunteer_id": proposal.volunteer_id,
        "why": {**proposal.why, **given},
        "by": actor.name,
        "reason": proposal.reason,
        "asking_since": tx.now,
        "created_at": tx.now,
        "changed_at": tx.now,
    }


def _tell_proposed(tx: Tx, rows: list[Row], lines: list[dict[str, Any]]) -> None:
    """One event for each assignment with its own rows; a need or a site that several share goes with the first."""
    shown = {row["id"]: row for row in queries.assignment_rows(tx, [row["id"] for row in rows])}
    needs = {row["id"]: row for row in queries.need_rows(tx, sorted({line["need_id"] for line in lines}))}
    sites = {row["id"]: row for row in queries.site_rows(tx, sorted({row["site_id"] for row in rows} - {None}))}
    for row in rows:
        asked = {line["need_id"] for line in shown[row["id"]]["lines"]}
        told = {
            "assignments": [shown[row["id"]]],
            "needs": [needs.pop(need_id) for need_id in sorted(asked) if need_id in needs],
            "sites": [sites.pop(row["site_id"])] if row["site_id"] in sites else [],
        }
        where = {"incident_id": row["incident_id"], "area": row["area"]}
        tx.record(events.AssignmentProposed(**where, rows=told, assignment_id=row["id"], case_id=row["case_id"]))


def assign(tx: Tx, actor: Actor, body: AssignIn) -> dict[str, Any]:
    """Make an assignment by hand: goods of a lot, or a volunteer for a service.

    Raises Invalid naming what does not fit, NotFound for a need that the person may not know of, Conflict when it is
    not open any more, or was moved to another case while this waited.
    """
    seen = tx.cases.need(body.need_id)
    if seen is None or not may(actor, Permission.BOARD_READ, seen["area"]):
        raise NotFound
    require(actor, Permission.ASSIGNMENT_MANAGE, seen["area"])
    case = tx.cases.get(seen["case_id"], lock=True)
    need = tx.cases.lock_needs([body.need_id])[body.need_id]
    if need["case_id"] != seen["case_id"]:
        raise Conflict(state=queries.need_rows(tx, [body.need_id]))
    if case is None or need["state"] != "open" or need["covered"] >= need["quantity"]:
        raise Conflict("need_not_open", state=queries.need_rows(tx, [body.need_id]))
    goods = ITEMS[need["item"]].kind is Kind.GOODS
    proposal = _goods_by_hand(tx, case, need, body) if goods else _service_by_hand(tx, case, need, body)
    (assignment_id,) = propose(tx, actor, [proposal])
    tx.reports.note_case(case["id"], tx.now, "planned")
    return moves.present(tx, assignment_id)


def _goods_by_hand(tx: Tx, case: Row, need: Row, body: AssignIn) -> Proposal:
    if body.lot_id is None:
        raise Invalid({"lot_id": Problem("required")})
    if problem := sources.lot_problem(tx, need, str(body.lot_id)):
        raise Invalid({"lot_id": problem})
    lot = tx.stock.lock_lots([str(body.lot_id)])[str(body.lot_id)]
    most = min(lot["free"], need["quantity"] - need["covered"])
    quantity = body.quantity or most
    if lot["free"] <= 0:
        raise Conflict("stock_gone", state={"lot_id": lot["id"], "free": lot["free"]})
    if quantity > most:
        raise Invalid({"quantity": Problem("too_large", {"most": most})})
    return Proposal(
        case=case,
        kind="goods",
        lines=[{"need_id": need["id"], "lot_id": lot["id"], "quantity": quantity}],
        why={"by_hand": True},
        site_id=lot["site_id"],
        volunteer_id=_volunteer_by_hand(tx, case, body),
        reason=body.reason,
    )


def _service_by_hand(tx: Tx, case: Row, need: Row, body: AssignIn) -> Proposal:
    if body.lot_id is not None:
        raise Invalid({"lot_id": Problem("service_has_no_lot")})
    if body.quantity not in (None, 1):
        raise Invalid({"quantity": Problem("too_large", {"most": 1})})
    return Proposal(
        case=case,
        kind="service",
        lines=[{"need_id": need["id"], "lot_id": None, "quantity": 1}],
        why={"by_hand": True},
        volunteer_id=_volunteer_by_hand(tx, case, body),
        reason=body.reason,
    )


def _volunteer_by_hand(tx: Tx, case: Row, body: AssignIn) -> str | None:
    if body.volunteer_id is None:
        return None
    if problem := sources.volunteer_problem(tx, case, str(body.volunteer_id)):
        raise Invalid({"volunteer_id": problem})
    return str(body.volunteer_id)


def depart(tx: Tx, actor: Actor, assignment_id: str, body: StepIn) -> dict[str, Any]:
    """The carrier has the goods and is on the way: the ledger moves from the site to transit.

    What is accepted of the same trip goes with it. The site's keepers may say so too, who hand the goods out.
    """
    # Asked before it is known whether there is such a thing, so that both cost the same.
    site_area = tx.assignments.site_area(assignment_id)
    moves.known(tx, assignment_id, lambda row: _require_who_departs(actor, row, site_area))
    row, trip = moves.held_trip(tx, assignment_id, with_goods=True)
    moves.check_version(tx, row, body.version)
    moves.check(tx, row, "depart")
    together = [one for one in trip if one["state"] == row["state"] and one["volunteer_id"] == row["volunteer_id"]]
    for one in together:
        _require_who_departs(actor, one, tx.assignments.site_area(one["id"]))
        moves.move(tx, one, "depart")
    overdue.expect_arrivals(tx, together)
    for one in together:
        moves.shift(tx, actor, one, tx.assignments.lines(one["id"]), "site", "transit", "depart")
        moves.told(tx, actor, one, "depart", step="en_route")
    return moves.present(tx, assignment_id)


def _require_who_departs(actor: Actor, row: Row, site_area: str | None) -> None:
    """Let through the carrier, the managers where it goes, and who keeps the stock that it comes from."""
    if site_area is None or not may(actor, Permission.STOCK_EDIT, site_area):
        moves.require_carrier_or_manager(actor, row)


def confirm(tx: Tx, actor: Actor, assignment_id: str, body: StepIn) -> dict[str, Any]:
    """A coordinator has made sure that the help arrived; never who delivered it."""
    moves.known(tx, assignment_id, lambda row: moves.require_manager(actor, row))
    row = moves.held(tx, assignment_id, with_goods=True)
    moves.require_manager(actor, row)
    if actor.volunteer_id and actor.volunteer_id == row["volunteer_id"]:
        raise Forbidden("own_delivery")
    moves.check_version(tx, row, body.version)
    return _confirm(tx, actor, row)


def confirm_by_recipient(tx: Tx, actor: Actor, case_id: int) -> None:
    """The recipients of a case say that what was delivered is there; the caller holds the case."""
    tx.cases.lock_needs(need["id"] for need in tx.cases.needs_of(case_id))
    for seen in sorted(tx.assignments.of_case(case_id), key=lambda row: str(row["id"])):
        row = moves.held(tx, seen["id"])
        if row["state"] == "delivered":
            _confirm(tx, actor, row)


def deny_by_recipient(tx: Tx, actor: Actor, case_id: int) -> None:
    """The recipients of a case say that what was told as delivered is not there: a coordinator must look."""
    for seen in sorted(tx.assignments.of_case(case_id), key=lambda row: str(row["id"])):
        row = moves.held(tx, seen["id"])
        if row["state"] == "delivered":
            tx.assignments.mark(row["id"], attention=NOT_RECEIVED)
            moves.told(tx, actor, row, "not_received")


def _confirm(tx: Tx, actor: Actor, row: Row) -> dict[str, Any]:
    moves.move(tx, row, "confirm", attention=None)
    told = moves.told(tx, actor, row, "confirm", step="confirmed")
    _close_needs(tx, row, sorted({line["need_id"] for line in told["lines"]}))
    return told


def _close_needs(tx: Tx, row: Row, need_ids: list[int]) -> None:
    """Close those of the needs that confirmed deliveries cover."""
    confirmed = tx.assignments.confirmed_by_need(need_ids)
    needs = tx.cases.lock_needs(need_ids)
    met = [
        need for need in needs.values() if need["state"] == "open" and confirmed.get(need["id"], 0) >= need["quantity"]
    ]
    for need in met:
        tx.cases.change_need(need["id"], state=lifecycle.after("need", need["state"], "close"))
    if met:
        ids = [need["id"] for need in met]
        tx.record(
            events.NeedsSettled(
                incident_id=row["incident_id"],
                area=row["area"],
                rows={"needs": queries.need_rows(tx, ids)},
                case_id=row["case_id"],
                need_ids=ids,
            )
        )


def fail(tx: Tx, actor: Actor, assignment_id: str, body: FailIn) -> dict[str, Any]:
    """The carrier cannot do it: what was held is free again, what was on the way came back or is lost."""
    moves.known(tx, assignment_id, lambda row: moves.require_carrier_or_manager(actor, row))
    row = moves.held(tx, assignment_id, with_goods=True)
    moves.require_carrier_or_manager(actor, row)
    moves.check_version(tx, row, body.version)
    moves.move(tx, row, "fail", reason=body.reason)
    if row["state"] == "en_route":
        account, reason = ("site", "return") if body.goods == "returned" else ("loss", "lost")
        moves.shift(tx, actor, row, tx.assignments.lines(row["id"]), "transit", account, reason, note=body.reason)
    return moves.told(tx, actor, row, "fail", step="failed", back=True, reason=body.reason)


def cancel(tx: Tx, actor: Actor, assignment_id: str, body: CancelIn) -> dict[str, Any]:
    """A coordinator calls it off: what was held is free again, and who was asked is told."""
    moves.known(tx, assignment_id, lambda row: moves.require_manager(actor, row))
    row = moves.held(tx, assignment_id, with_goods=True)
    moves.require_manager(actor, row)
    moves.check_version(tx, row, body.version)
    moves.move(tx, row, "cancel", reason=body.reason)
    moves.close_offers(tx, row, tx.assignments.offers(assignment_id, lock=True), "withdrawn")
    return moves.told(tx, actor, row, "cancel", back=True, reason=body.reason)
