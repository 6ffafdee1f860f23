"""What every step of an assignment shares: looking at it under lock, moving it, telling of it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from server.domain import events, lifecycle
from server.domain.errors import Conflict, Forbidden, NotFound, NotSignedIn, WrongTransition
from server.domain.permissions import ANYONE, Actor, Permission, areas_for, may, require
from server.services import queries
from server.store.unit_of_work import Tx

Row = dict[str, Any]


def working_as(actor: Actor) -> str:
    """The volunteer who acts: what they may work on follows from offers, not from areas.

    Raises NotSignedIn for nobody, Forbidden for somebody who is no volunteer.
    """
    if actor is ANYONE:
        raise NotSignedIn
    if actor.volunteer_id is None or not areas_for(actor, Permission.ASSIGNMENT_WORK):
        raise Forbidden(permission=str(Permission.ASSIGNMENT_WORK), area="")
    return actor.volunteer_id


def require_carrier_or_manager(actor: Actor, row: Row) -> None:
    """Let through who carries the assignment, and who manages assignments where it goes.

    Raises NotFound for an assignment that the actor may not know of.
    """
    if actor.volunteer_id and actor.volunteer_id == row["volunteer_id"]:
        return
    require_manager(actor, row)


def require_manager(actor: Actor, row: Row) -> None:
    """Let through who manages assignments where this one goes; others may not even know of it."""
    if actor is ANYONE:
        raise NotSignedIn
    if not may(actor, Permission.BOARD_READ, row["area"]):
        raise NotFound
    require(actor, Permission.ASSIGNMENT_MANAGE, row["area"])


def known(tx: Tx, assignment_id: str, may_know: Callable[[Row], None]) -> None:
    """Refuse before anything is held: what somebody may not know of costs what does not exist. Raises NotFound."""
    row = tx.assignments.get(assignment_id)
    if row is None:
        raise NotFound
    may_know(row)


def held(tx: Tx, assignment_id: str, *, with_goods: bool = False) -> Row:
    """The assignment, held until the transaction ends.

    `with_goods` first holds its case, needs and lots, in the order that all keep. Raises NotFound.
    """
    if with_goods:
        seen = tx.assignments.get(assignment_id)
        if seen is None:
            raise NotFound
        lines = tx.assignments.lines(assignment_id)
        tx.cases.get(seen["case_id"], lock=True)
        tx.cases.lock_needs(line["need_id"] for line in lines)
        tx.stock.lock_lots([line["lot_id"] for line in lines if line["lot_id"]])
    row = tx.assignments.get(assignment_id, lock=True)
    if row is None:
        raise NotFound
    return row


def held_trip(tx: Tx, assignment_id: str, *, with_goods: bool = False) -> tuple[Row, list[Row]]:
    """The assignment and all of its trip, by stop, held until the transaction ends.

    `with_goods` first holds their cases, needs and lots, in the order that all keep. Raises NotFound.
    """
    seen = tx.assignments.get(assignment_id)
    if seen is None:
        raise NotFound
    if with_goods:
        trip = tx.assignments.of_trips([seen["trip_id"]])
        lines = [line for row in trip for line in tx.assignments.lines(row["id"])]
        tx.cases.lock(row["case_id"] for row in trip)
        tx.cases.lock_needs(line["need_id"] for line in lines)
        tx.stock.lock_lots([line["lot_id"] for line in lines if line["lot_id"]])
    trip = tx.assignments.of_trips([seen["trip_id"]], lock=True)
    return next(row for row in trip if row["id"] == assignment_id), in_order(trip)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Assignments of a trip by stop."""
    return sorted(rows, key=lambda row: (row["stop"], row["id"]))


def check_version(tx: Tx, row: Row, version: int | None) -> None:
    """Refuse when the caller looked at another version. Raises Conflict with the present state."""
    if version is not None and version != row["version"]:
        raise Conflict(state=present(tx, row["id"]))


def present(tx: Tx, assignment_id: str) -> dict[str, Any]:
    """The assignment as the board shows it now."""
    rows = queries.assignment_rows(tx, [assignment_id])
    return rows[0] if rows else {}


ROAD_CLOSED = "road_closed"
"""The `attention` of what is under way on a closed road."""


def check(tx: Tx, row: Row, action: str) -> str:
    """The state after a step of the lifecycle. Raises WrongTransition with the present state."""
    try:
        return lifecycle.after("assignment", row["state"], action)
    except WrongTransition as error:
        raise WrongTransition(state=present(tx, row["id"]), **error.params) from None


def move(tx: Tx, row: Row, action: str, **values: Any) -> None:
    """Take a step of the lifecycle and set what goes with it. Raises WrongTransition with the present state.

    A step of who is under way is a sign of life: the alarm about them ends.
    """
    state = check(tx, row, action)
    if row["state"] in lifecycle.UNDER_WAY:
        values = {"attention": None, "expected_at": None, **values}
    tx.assignments.change(row["id"], state=state, changed_at=tx.now, **values)


def close_offers(tx: Tx, row: Row, offers: Iterable[Row], state: str, reason: str | None = None) -> None:
    """Close those of the offers that are open, and tell whom they were made to."""
    still_open = [offer for offer in offers if offer["state"] == "open"]
    if not still_open:
        return
    tx.assignments.close_offers([offer["id"] for offer in still_open], state, tx.now, reason)
    for offer in still_open:
        tx.record(
            events.OfferClosed(
                incident_id=row["incident_id"],
                area=row["area"],
                assignment_id=offer["assignment_id"],
                offer_id=offer["id"],
                volunteer_id=offer["volunteer_id"],
                state=state,
            )
        )


def withdraw(tx: Tx, offers: Iterable[Row]) -> None:
    """Take offers of several assignments back, so that the next volunteers are asked."""
    for offer in offers:
        row = tx.assignments.get(offer["assignment_id"])
        if row is not None:
            close_offers(tx, row, [offer], "withdrawn")


def tell(
    tx: Tx,
    row: Row,
    *,
    volunteers: Sequence[str | None] = (),
    sites: Sequence[str | None] = (),
    needs: bool = True,
) -> dict[str, Any]:
    """Record AssignmentChanged with the present rows of all that changed; returns the assignment's."""
    now = tx.assignments.get(row["id"]) or row
    assignment = present(tx, row["id"])
    rows: dict[str, list[dict[str, Any]]] = {"assignments": [assignment]}
    if needs:
        rows["needs"] = queries.need_rows(tx, sorted({line["need_id"] for line in assignment["lines"]}))
    if known := [one for one in volunteers if one]:
        rows["volunteers"] = queries.volunteer_rows(tx, known)
    if known := [one for one in sites if one]:
        rows["sites"] = queries.site_rows(tx, known)
    tx.record(
        events.AssignmentChanged(
            incident_id=row["incident_id"],
            area=row["area"],
            rows=rows,
            assignment_id=row["id"],
            case_id=now["case_id"],
            state=now["state"],
            volunteer_id=now["volunteer_id"],
        )
    )
    return assignment


def shift(
    tx: Tx,
    actor: Actor,
    row: Row,
    lines: Sequence[Row],
    source: str,
    target: str,
    reason: str,
    note: str | None = None,
) -> None:
    """Move the goods of the lines from one account to another, two ledger rows for each lot."""
    for line in lines:
        if line["lot_id"] and line["quantity"]:
            tx.stock.transfer(
                lot_id=line["lot_id"],
                quantity=line["quantity"],
                source=source,
                target=target,
                reason=reason,
                note=note,
                assignment_id=row["id"],
                by=actor.name,
                at=tx.now,
                transfer_id=tx.new_id(),
            )


def told(
    tx: Tx,
    actor: Actor,
    row: Row,
    action: str,
    *,
    step: str | None = None,
    back: bool = False,
    **details: Any,
) -> dict[str, Any]:
    """Audit a step, tell the board and, by `step`, the reporters; `back` when goods are free again."""
    tx.audit(actor, f"assignment:{action}", row["area"], f"assignment:{row['id']}", **details)
    if step:
        tx.reports.note_case(row["case_id"], tx.now, step)
    sites = [row["site_id"]] if back else []
    return tell(tx, row, volunteers=[row["volunteer_id"]], sites=sites)
