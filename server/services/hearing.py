"""Who hears what of an event: live by the relay, and afterwards by catch-up, the same.

Boards of the event's incident and area get all of it. Sites and volunteers stand on more boards than
that: a case in one regency takes goods from another, and what belongs to the standing incident serves
all that are no training. Those boards get the event with these rows alone. The board of an agency that
accepted a case gets what is told of it, without sites and volunteers.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.domain import events
from server.domain.errors import Gone
from server.domain.permissions import Actor, within
from server.domain.rooms import area_room, rooms_above
from server.services.intake import STANDING, incident_for
from server.services.queries import board_area
from server.store.unit_of_work import Tx

PAGE = 2000
"""Events in one answer: who slept for an hour at 200 events a minute has 12,000 to catch up, in six of them."""
SHARED = ("sites", "volunteers")

Row = Mapping[str, Any]
Rows = dict[str, list[Row]]


def after(tx: Tx, actor: Actor, slug: str | None, area: str | None, cursor: int) -> dict[str, Any]:
    """The events beyond a cursor that the person would have got live, at most PAGE of them.

    `next` is the cursor to go on from while there are more, else None. Raises Gone where some are kept no longer.
    """
    top = board_area(actor, area)
    incident = incident_for(tx, slug)
    if cursor + 1 < tx.outbox.oldest():
        raise Gone
    rows = tx.outbox.after(cursor, incident["id"], PAGE)
    last = rows[-1]["position"] if rows else max(cursor, tx.outbox.cursor())
    room = area_room(incident["id"], top)
    shown = []
    for row, aside in zip(rows, asides(tx, rows), strict=True):
        if row["incident_id"] == incident["id"] and within(row["area"], top):
            shown.append(as_message(row))
        elif room in aside:
            shown.append(as_message(row, {"rows": aside[room]}))
    return {"events": shown, "cursor": last, "next": last if len(rows) == PAGE else None}


def asides(tx: Tx, rows: Sequence[Row]) -> list[dict[str, Rows]]:
    """For each event, the rooms beyond its own in which sites and volunteers of it are told of, with their rows."""
    held = _told_to_agencies(tx, rows)
    shared = [row for row in rows if any(row["data"]["rows"].get(noun) for noun in SHARED)]
    if not shared:
        return held
    owners = {noun: tx.board.owners(noun, _ids(shared, noun)) for noun in SHARED}
    served = _served(tx)
    return [{**_aside(row, owners, served), **agency} for row, agency in zip(rows, held, strict=True)]


def _told_to_agencies(tx: Tx, rows: Sequence[Row]) -> list[dict[str, Rows]]:
    """For each event, the room of the agency that holds its case, with what it may see of it."""
    cases = {row["data"]["case_id"] for row in rows if row["data"].get("case_id") is not None}
    holders = tx.referrals.agencies_holding(cases) if cases else {}
    found: list[dict[str, Rows]] = []
    for row in rows:
        case_id = row["data"].get("case_id")
        holder = holders.get(case_id)
        told = {
            noun: [one for one in ones if one["id" if noun == "cases" else "case_id"] == case_id]
            for noun, ones in row["data"]["rows"].items()
            if noun not in SHARED
        }
        found.append({area_room(row["incident_id"], holder): told} if holder else {})
    return found


def _ids(rows: Iterable[Row], noun: str) -> set[str]:
    return {one["id"] for row in rows for one in row["data"]["rows"].get(noun, ())}


def _served(tx: Tx) -> Mapping[str, list[str]]:
    """The standing incident's id with the incidents whose boards show what belongs to it."""
    incidents = tx.incidents.open()
    standing = [row["id"] for row in incidents if row["slug"] == STANDING]
    return {one: [row["id"] for row in incidents if not row["is_training"]] for one in standing}


def _aside(row: Row, owners: Mapping[str, Mapping[str, str]], served: Mapping[str, list[str]]) -> dict[str, Rows]:
    own = set(rooms_above(row["incident_id"], row["area"]))
    found: dict[str, Rows] = {}
    for noun in SHARED:
        for one in row["data"]["rows"].get(noun, ()):
            owner = owners[noun].get(one["id"], row["incident_id"])
            area = one["area"] or one.get("home_area") or ""
            for incident in served.get(owner, [owner]):
                for room in rooms_above(incident, area):
                    if room not in own:
                        found.setdefault(room, {}).setdefault(noun, []).append(one)
    return found


def as_message(row: Row, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An outbox row as the wire has it, with all its data or only these."""
    return {
        "id": row["position"],
        "type": row["type"],
        "at": row["at"].isoformat(),
        "area": row["area"],
        "data": row["data"] if data is None else data,
    }


def public_message(row: Row) -> dict[str, Any] | None:
    """An outbox row as anybody may see it, or None."""
    event = events.from_data(row["type"], row["incident_id"], row["area"], row["data"])
    data = event.public()
    return None if data is None else as_message(row, dict(data))
