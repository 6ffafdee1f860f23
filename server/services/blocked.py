"""Work whose way leads through what a checked claim has closed: what nobody has promised yet is taken back and planned
anew, and who is under way is told, as is a coordinator.

A way is what the matching counts with: of goods from the site by the stops of the trip, of a service from where the
volunteer is; of goods that somebody has accepted also from where they are to the site.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

import numpy as np

from geo import travel
from geo.closures import Closures
from geo.crs import geocentric
from server.domain import lifecycle
from server.domain.permissions import SYSTEM, Actor
from server.services import moves, queries, ways
from server.services.moves import Row
from server.services.ways import Point
from server.store.unit_of_work import Tx

PLANNED_ANEW, UNDER_WAY = "planned_anew", "under_way"
"""What became of work whose way was closed: keys of web/i18n `claims.done.*`."""
Leg = tuple[Point, Point]


@dataclass(frozen=True)
class Work:
    """An assignment with the legs that lead to it, and by what it goes; of what waits, by the usual vehicle."""

    row: Row
    legs: Sequence[Leg]
    by: str | None

    def passes(self, closed: Closures) -> bool:
        """Whether one of the legs needs what is closed."""
        if not self.legs or not travel.vehicle(self.by).by_road:
            return False
        starts, ends = (_points(side) for side in zip(*self.legs, strict=True))
        return bool(closed.passed(starts, ends).any())

    def longer(self, closed: Closures) -> timedelta:
        """What the way around takes."""
        starts, ends = zip(*self.legs, strict=True)
        added = travel.minutes(starts, ends, self.by, closures=closed) - travel.minutes(starts, ends, self.by)
        return timedelta(minutes=float(added.sum()))


def _points(places: Iterable[Point]) -> Any:
    lon, lat = np.asarray(list(places), float).T
    return geocentric(lon, lat)


def taken_back(tx: Tx, actor: Actor, hazard: Mapping[str, Any]) -> dict[str, Any]:
    """Take back what is on the closed way and not promised, and call a person for the rest.

    Answers {assignments: [{id, case_id, area, plan_id, done}], plans: [ids]}: all that used it, and the plans that it
    was of or that wait with it in them. A new plan is asked for by what this tells of.
    """
    incidents, closed = _served(tx, hazard["incident_id"]), ways.closed_of([hazard])
    used = [work for work in works(tx, incidents) if work.passes(closed)]
    _hold(tx, used)
    done = [_settle(tx, actor, work, closed, hazard["id"]) for work in used]
    waiting = _plans(tx, incidents, closed)
    return {"assignments": done, "plans": sorted({*waiting, *(one["plan_id"] for one in done if one["plan_id"])})}


def works(tx: Tx, incident_ids: Sequence[str]) -> list[Work]:
    """The live work of these incidents, with its legs."""
    rows = tx.assignments.on_the_road(incident_ids)
    trips = groupby(rows, key=lambda row: row["trip_id"])
    return [work for _, trip in trips for work in _of_trip(list(trip))]


def _of_trip(trip: Sequence[Row]) -> Iterable[Work]:
    """The live stops of a trip, each with the legs that still lead to it; what was handed over lies behind."""
    first = trip[0]
    here, site = _point(first, "volunteer"), _point(first, "site")
    is_coming = first["state"] == "accepted" or first["kind"] == "service"
    at, legs = (site, [(here, site)] if is_coming and here and site else []) if site else (here, [])
    for row in trip:
        case = _point(row, "case")
        if row["state"] not in lifecycle.LIVE:
            at, legs = case or at, []
            continue
        legs = [*legs, (at, case)] if at and case else legs
        at = case or at
        yield Work(row, legs, row["vehicle"] if row["state"] in lifecycle.UNDER_WAY else travel.DEFAULT_VEHICLE)


def _point(row: Row, what: str) -> Point | None:
    lon, lat = row[f"{what}_lon"], row[f"{what}_lat"]
    return None if lon is None else (lon, lat)


def _served(tx: Tx, incident_id: str) -> list[str]:
    """The incidents whose ways the closure counts for."""
    return sorted(row["id"] for row in tx.incidents.open() if incident_id in queries.pool_of(tx, row))


def _hold(tx: Tx, used: Sequence[Work]) -> None:
    """Hold cases, needs and lots, in the order that all keep."""
    lines = tx.assignments.lines_of(work.row["id"] for work in used)
    tx.cases.lock({work.row["case_id"] for work in used})
    tx.cases.lock_needs({line["need_id"] for line in lines})
    tx.stock.lock_lots(sorted({line["lot_id"] for line in lines if line["lot_id"]}))


def _settle(tx: Tx, actor: Actor, work: Work, closed: Closures, hazard_id: str) -> dict[str, Any]:
    row = tx.assignments.get(work.row["id"], lock=True) or work.row
    done = None
    if row["state"] in ("proposed", "offered"):
        moves.move(tx, row, "withdraw", reason=moves.ROAD_CLOSED)
        moves.close_offers(tx, row, tx.assignments.offers(row["id"], lock=True), "withdrawn", moves.ROAD_CLOSED)
        moves.told(tx, actor, row, "withdraw", back=True, hazard_id=hazard_id)
        done = PLANNED_ANEW
    elif row["state"] in lifecycle.UNDER_WAY:
        by = row["expected_at"] and row["expected_at"] + work.longer(closed)
        tx.assignments.mark(row["id"], attention=moves.ROAD_CLOSED, expected_at=by)
        moves.told(tx, actor, row, "road_closed", hazard_id=hazard_id)
        done = UNDER_WAY
    named = {name: row[name] for name in ("id", "case_id", "area", "plan_id")}
    return {**named, "done": done}


def open_again(tx: Tx) -> int:
    """Take the mark of a closed road from who is under way where no way that is left needs one; returns how many."""
    marked = tx.assignments.marked(moves.ROAD_CLOSED)
    closed = {row["incident_id"]: ways.closures(tx, queries.pool_for(tx, row)) for row in marked}
    on_it = {work.row["id"] for one, held in closed.items() for work in works(tx, [one]) if work.passes(held)}
    freed = [row for row in marked if row["id"] not in on_it]
    for row in freed:
        tx.assignments.mark(row["id"], attention=None)
        moves.told(tx, SYSTEM, row, "road_open")
    return len(freed)


def _plans(tx: Tx, incident_ids: Sequence[str], closed: Closures) -> set[str]:
    """The plans that wait for a decision and lead through it."""
    legs: list[tuple[str, Leg]] = []
    for match in tx.plans.ways_waiting(incident_ids):
        start, end = _point(match, "start"), _point(match, "case")
        if start and end:
            legs.append((match["plan_id"], (start, end)))
    if not legs:
        return set()
    starts, ends = (_points(side) for side in zip(*(leg for _, leg in legs), strict=True))
    return {plan_id for (plan_id, _), passes in zip(legs, closed.passed(starts, ends), strict=True) if passes}


def seen_by(used: Mapping[str, Any], may_know: Any) -> dict[str, Any]:
    """What of it somebody may know who may know of some areas; the rest is a number."""
    every = used.get("assignments", [])
    known = [one for one in every if may_know(one["area"])]
    return {"assignments": known, "elsewhere": len(every) - len(known), "plans": used.get("plans", [])}
