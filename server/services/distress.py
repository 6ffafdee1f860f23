"""A volunteer in trouble calls for help; a coordinator of the area answers, and is alarmed until one has."""

from typing import Any

from server.domain import events, lifecycle
from server.domain.errors import Conflict, NotFound, WrongTransition
from server.domain.permissions import Actor, Permission, areas_for, may, require
from server.services import contacts, moves, queries
from server.services.inputs_dispatch import DistressIn
from server.services.moves import Row
from server.store.unit_of_work import Tx


def call(tx: Tx, actor: Actor, body: DistressIn) -> tuple[dict[str, Any], bool]:
    """The volunteer needs help now; answers the call and whether it is new.

    The same `client_id` again adds what was not known before, such as the place. Another one while a call is not over
    raises its alarm again: there is one call of a volunteer at a time. Raises Conflict for somebody else's id.
    """
    volunteer_id = moves.working_as(actor)
    volunteer = tx.volunteers.get(volunteer_id, lock=True)
    if volunteer is None:
        raise NotFound
    call_id = str(body.client_id)
    known, live = tx.distress.get(call_id), tx.distress.live_of(volunteer_id)
    if known and known["volunteer_id"] != volunteer_id:
        raise Conflict("client_id_taken")
    if known and known["state"] == "ended":
        return _own(known), False
    if live:
        return _call_again(tx, actor, live, body), False
    here = tx.volunteers.current_checkin(volunteer_id, tx.now)
    row = {
        "id": call_id,
        "volunteer_id": volunteer_id,
        "incident_id": (here or volunteer)["incident_id"],
        "area": here["area"] if here else volunteer["home_area"],
        "state": lifecycle.FIRST["distress"],
        **_last_place(here),
        **_given(body),
        "called_at": min(body.at or tx.now, tx.now),
        "recorded_at": tx.now,
    }
    tx.distress.add(row)
    _tell(tx, actor, row, "call")
    return _own(row), True


def _last_place(here: Row | None) -> dict[str, Any]:
    """Where the volunteer checked in, until the phone says better."""
    return {name: here[name] if here else None for name in ("lon", "lat", "accuracy_m")}


def _given(body: DistressIn) -> dict[str, Any]:
    place = body.place.model_dump(include={"lon", "lat", "accuracy_m"}) if body.place else {}
    return place | ({"note": body.note} if body.note else {})


def _call_again(tx: Tx, actor: Actor, live: Row, body: DistressIn) -> dict[str, Any]:
    """More about a call that is not over; under another id it is a new cry, which somebody must answer anew."""
    values = _given(body)
    if str(body.client_id) != live["id"]:
        values["state"] = lifecycle.after("distress", live["state"], "call_again")
    if any(live.get(name) != value for name, value in values.items()):
        tx.distress.change(live["id"], **values)
        _tell(tx, actor, {**live, **values}, "call_again")
    return _own({**live, **values})


def mine(tx: Tx, actor: Actor) -> dict[str, Any] | None:
    """The volunteer's own call that is not over, or None."""
    row = tx.distress.live_of(moves.working_as(actor))
    return _own(row) if row else None


def end(tx: Tx, actor: Actor, call_id: str) -> dict[str, Any]:
    """It is over: the volunteer is safe, or a coordinator has made sure of it. Raises NotFound, Conflict."""
    row = _held(tx, actor, call_id)
    if row["volunteer_id"] != actor.volunteer_id:
        require(actor, Permission.ASSIGNMENT_MANAGE, row["area"])
    if row["state"] == "ended":
        return _own(row)
    return _moved(tx, actor, row, "end", ended_at=tx.now)


def answer(tx: Tx, actor: Actor, call_id: str) -> dict[str, Any]:
    """A coordinator sees to it: the alarm ends, and the volunteer is told who it is. Raises NotFound, Conflict."""
    row = _held(tx, actor, call_id)
    require(actor, Permission.ASSIGNMENT_MANAGE, row["area"])
    return _moved(tx, actor, row, "answer", answered_at=tx.now, answered_by=actor.name)


def reveal(tx: Tx, actor: Actor, call_id: str, keys: contacts.Keys) -> dict[str, Any]:
    """Name and phone of who called, for the coordinators there; every look is written down."""
    row = _held(tx, actor, call_id)
    require(actor, Permission.ASSIGNMENT_MANAGE, row["area"])
    volunteer = tx.volunteers.get(row["volunteer_id"])
    if volunteer is None or row["state"] == "ended":
        raise NotFound
    tx.audit(actor, "contact:reveal", row["area"], f"volunteer:{volunteer['id']}", distress=call_id)
    return {
        "name": contacts.open_sealed(volunteer["name_sealed"], keys),
        "phone": contacts.open_sealed(volunteer["phone_sealed"], keys) if volunteer["phone_sealed"] else None,
    }


def listed(tx: Tx, actor: Actor) -> dict[str, Any]:
    """The calls that are not over where the actor manages assignments, the oldest first, with the exact place."""
    areas = areas_for(actor, Permission.ASSIGNMENT_MANAGE)
    if not areas:
        require(actor, Permission.ASSIGNMENT_MANAGE, "")
    rows = tx.distress.live_in(areas)
    return {"calls": [_own(row) | {name: row[name] for name in _OF_STAFF} for row in rows]}


_OF_STAFF = ("volunteer_id", "alias", "phone_last3", "incident", "area")


def _held(tx: Tx, actor: Actor, call_id: str) -> Row:
    """The call, held, for who made it and who manages there; others may not know of it."""
    row = tx.distress.get(call_id, lock=True)
    if row is None:
        raise NotFound
    is_own = actor.volunteer_id is not None and actor.volunteer_id == row["volunteer_id"]
    if not is_own and not may(actor, Permission.ASSIGNMENT_MANAGE, row["area"]):
        raise NotFound
    return row


def _moved(tx: Tx, actor: Actor, row: Row, action: str, **values: Any) -> dict[str, Any]:
    try:
        state = lifecycle.after("distress", row["state"], action)
    except WrongTransition as error:
        raise WrongTransition(state=_own(row), **error.params) from None
    tx.distress.change(row["id"], state=state, **values)
    now = {**row, "state": state, **values}
    _tell(tx, actor, now, action)
    return _own(now)


def _own(row: Row) -> dict[str, Any]:
    answered = row.get("answered_at")
    place = None if row["lon"] is None else {name: row[name] for name in ("lon", "lat", "accuracy_m")}
    return {
        "id": row["id"],
        "state": row["state"],
        "place": place,
        "note": row.get("note"),
        "called_at": row["called_at"].isoformat(),
        "answered_at": answered.isoformat() if answered else None,
        "answered_by": row.get("answered_by"),
    }


def _tell(tx: Tx, actor: Actor, row: Row, action: str) -> None:
    """Audit it and tell where the volunteer is, and where they are registered."""
    tx.audit(actor, f"distress:{action}", row["area"], f"distress:{row['id']}")
    rows = {"volunteers": queries.volunteer_rows(tx, [row["volunteer_id"]])}
    tx.record(
        events.DistressChanged(
            incident_id=row["incident_id"],
            area=row["area"],
            rows=rows,
            call_id=row["id"],
            volunteer_id=row["volunteer_id"],
            state=row["state"],
        )
    )
