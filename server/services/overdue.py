"""Nobody who set out to help is forgotten: by when their next step is expected, and the alarm if it does not come.

All by the database's clock.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from geo import travel
from geo.closures import Closures
from server.domain import lifecycle, tuning
from server.domain.errors import Conflict
from server.domain.permissions import SYSTEM, Actor
from server.services import moves, queries, ways
from server.services.inputs_dispatch import StepIn
from server.services.moves import Row
from server.store.unit_of_work import Tx

ALARM = "overdue"
UNKNOWN_MIN = 60.0
"""Minutes for a way whose beginning or end nobody knows: an assumption of ours."""
LONGER_MIN = 60.0
"""Minutes more for who says that all is well: an assumption of ours."""


def expect_departure(tx: Tx, row: Row, volunteer_id: str) -> None:
    """The volunteer has accepted: by when they should leave, for goods from the site where they load."""
    site = tx.sites.get(row["site_id"]) if row["site_id"] else None
    here = tx.volunteers.current_checkin(volunteer_id, tx.now)
    _expect(tx, row, _minutes(here, site, here, _closed(tx, row)) if row["site_id"] else 0.0)


def expect_arrivals(tx: Tx, rows: Sequence[Row]) -> None:
    """The volunteer is on the way by these stops of a trip: by when they should have handed over at each.

    A service may last as long as their shift.
    """
    first = rows[0]
    here = tx.volunteers.current_checkin(first["volunteer_id"], tx.now) if first["volunteer_id"] else None
    closed = _closed(tx, first)
    start, minutes = tx.sites.get(first["site_id"]) if first["site_id"] else here, 0.0
    for row in rows:
        case = tx.cases.get(row["case_id"])
        minutes += _minutes(start, case, here, closed)
        if row["kind"] == "service" and here:
            minutes = max(minutes, (here["until"] - tx.now) / timedelta(minutes=1))
        _expect(tx, row, minutes)
        start = case


def _expect(tx: Tx, row: Row, minutes: float) -> None:
    by = tx.assignments.clock() + timedelta(minutes=minutes) + _slack(tx, row)
    # That the road is closed stays true of who sets out or needs longer.
    kept = moves.ROAD_CLOSED if row["attention"] == moves.ROAD_CLOSED else None
    tx.assignments.mark(row["id"], expected_at=by, attention=kept)


def _closed(tx: Tx, row: Row) -> Closures:
    return ways.closures(tx, queries.pool_for(tx, row))


def _minutes(start: Row | None, end: Row | None, here: Row | None, closed: Closures) -> float:
    if not start or not end or start["lon"] is None or end["lon"] is None:
        return UNKNOWN_MIN
    vehicle = here["vehicle"] if here else travel.DEFAULT_VEHICLE
    return float(travel.minutes([(start["lon"], start["lat"])], (end["lon"], end["lat"]), vehicle, closures=closed)[0])


def _slack(tx: Tx, row: Row) -> timedelta:
    incident = tx.incidents.get(row["incident_id"]) or {"settings": {}}
    return timedelta(minutes=float(tuning.effective(incident["settings"])["overdue"]["slack_minutes"]))


def raise_alarms(tx: Tx) -> int:
    """Call a person for every assignment whose next step should have come; returns how many."""
    overdue = tx.assignments.overdue()
    for row in overdue:
        tx.assignments.mark(row["id"], attention=ALARM)
        tx.audit(SYSTEM, "assignment:overdue", row["area"], f"assignment:{row['id']}")
        moves.tell(tx, row, needs=False)
    return len(overdue)


def all_well(tx: Tx, actor: Actor, assignment_id: str, body: StepIn) -> dict[str, Any]:
    """The volunteer is all right and needs longer, or a coordinator has heard so: the alarm ends, and waits anew.

    So do the other stops of the trip. Raises NotFound, Conflict with the present state when nobody is under way any
    more.
    """
    moves.known(tx, assignment_id, lambda row: moves.require_carrier_or_manager(actor, row))
    row, trip = moves.held_trip(tx, assignment_id)
    moves.require_carrier_or_manager(actor, row)
    moves.check_version(tx, row, body.version)
    if row["state"] not in lifecycle.UNDER_WAY:
        raise Conflict(state=moves.present(tx, assignment_id))
    for one in trip:
        if one["state"] in lifecycle.UNDER_WAY and one["volunteer_id"] == row["volunteer_id"]:
            _expect(tx, one, LONGER_MIN)
            tx.audit(actor, "assignment:all_well", one["area"], f"assignment:{one['id']}")
            moves.tell(tx, one, needs=False)
    return moves.present(tx, assignment_id)
