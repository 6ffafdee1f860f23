"""What a volunteer sees of their own work: what they are asked to do, what they do, whom they may call."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from geo.crs import metres
from server.domain import lifecycle
from server.domain.catalogue import ITEMS
from server.domain.errors import NotFound
from server.domain.permissions import Actor
from server.services import contacts, moves, overdue
from server.store.unit_of_work import Tx

SHOWN = (*lifecycle.UNDER_WAY, "delivered")
ROUGH_DECIMALS = 2
"""Of degrees, about a kilometre: what deciding takes. The exact place is for who has accepted."""


NEAR_DEGREES = 0.2
"""Of latitude and longitude each way, about 22 km: what is near by; an assumption of ours."""
NEAR_AREAS = 20
HISTORY = 50


def clock(tx: Tx) -> str:
    """The database's time, by which deadlines are judged, whatever the phone's clock says."""
    return tx.assignments.clock().isoformat()


def offered(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    """The open offers of the volunteer, the most urgent trip first, its stops in order; the case's place is rough."""
    rows = tx.assignments.offered_to(moves.working_as(actor))
    return [
        {
            **_job(row, exact=False),
            "assignment_id": row["id"],
            "offer_id": row["offer_id"],
            "deadline_at": row["deadline_at"].isoformat(),
            "why": row["offer_why"],
        }
        for row in rows
    ]


def taken(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    """What the volunteer has accepted and is not settled, the most urgent trip first, its stops in order."""
    rows = tx.assignments.worked_by(moves.working_as(actor), SHOWN)
    return [{**_job(row, exact=True), **_times(row)} for row in rows]


def _times(row: Mapping[str, Any]) -> dict[str, Any]:
    """`expected_at`: by when the next step should come; `overdue`: it has not, and a coordinator was called.

    `road_closed`: the way was cut after the volunteer had accepted.
    """
    expected = row["expected_at"]
    return {
        "changed_at": row["changed_at"].isoformat(),
        "expected_at": expected.isoformat() if expected else None,
        "overdue": row["attention"] == overdue.ALARM,
        "road_closed": row["attention"] == moves.ROAD_CLOSED,
    }


def near(tx: Tx, actor: Actor) -> list[dict[str, Any]] | None:
    """What lacks around the volunteer's check-in, by village, the most urgent and nearest first; None without one.

    Of checked cases only, and nothing that names or places one of them: `km` is whole and at least 1.
    """
    here = tx.volunteers.current_checkin(moves.working_as(actor), tx.now)
    if here is None:
        return None
    if here["lon"] is None:
        return []
    rows = tx.cases.lacking_near(here["incident_id"], here["lon"], here["lat"], NEAR_DEGREES)
    by_area: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_area.setdefault(row["area"], []).append(row)
    found = [_lacking(area, here, lacks) for area, lacks in by_area.items()]
    return sorted(found, key=lambda one: (one["tier"], one["km"], one["area"]))[:NEAR_AREAS]


def _lacking(area: str, here: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    rows, sums = list(rows), dict[str, int]()
    for row in rows:
        sums[row["item"]] = sums.get(row["item"], 0) + row["missing"]
    away = min(float(metres(here["lon"], here["lat"], row["lon"], row["lat"])) for row in rows)
    return {
        "area": area,
        "km": max(1, math.ceil(away / 1000)),
        "tier": min(row["tier"] for row in rows),
        "items": [_amount(item, sums[item]) for item in sorted(sums)],
    }


def _amount(item: str, quantity: int) -> dict[str, Any]:
    return {"item": item, "quantity": quantity, "unit": ITEMS[item].unit}


def history(tx: Tx, actor: Actor) -> dict[str, Any]:
    """What the volunteer has done, the newest first, without the place; and how often their help arrived."""
    volunteer_id = moves.working_as(actor)
    done = [_past(row) for row in tx.assignments.settled_by(volunteer_id, SETTLED, HISTORY)]
    return {"done": done, "delivered": tx.assignments.count_of(volunteer_id, ("delivered", "confirmed"))}


SETTLED = ("delivered", "confirmed", "failed", "cancelled")


def _past(row: Mapping[str, Any]) -> dict[str, Any]:
    items = [_amount(line["item"], line["quantity"]) for line in row["lines"]]
    shown = {name: row[name] for name in ("id", "state", "kind", "area")}
    ended_by = row["reason"] if row["state"] in ("failed", "cancelled") else None
    return {**shown, "reason": ended_by, "changed_at": row["changed_at"].isoformat(), "items": items}


def contact(tx: Tx, actor: Actor, assignment_id: str, keys: contacts.Keys) -> dict[str, Any]:
    """Names and phones of those who reported the case, while the volunteer is on it; every look is written down."""
    volunteer_id = moves.working_as(actor)
    row = tx.assignments.get(assignment_id)
    if row is None or row["volunteer_id"] != volunteer_id or row["state"] not in lifecycle.UNDER_WAY:
        raise NotFound
    people = [_person(report, keys) for report in tx.reports.of_case(row["case_id"]) if report["phone_sealed"]]
    tx.audit(actor, "contact:reveal", row["area"], f"assignment:{assignment_id}", case=row["case_id"])
    return {"contacts": people}


def _person(report: Mapping[str, Any], keys: contacts.Keys) -> dict[str, Any]:
    name = report["name_sealed"]
    return {
        "name": contacts.open_sealed(name, keys) if name else None,
        "phone": contacts.open_sealed(report["phone_sealed"], keys),
    }


def _job(row: Mapping[str, Any], *, exact: bool) -> dict[str, Any]:
    return {
        "id": row["id"],
        "trip_id": row["trip_id"],
        "stop": row["stop"],
        "state": row["state"],
        "kind": row["kind"],
        "version": row["version"],
        "tier": row["tier"],
        "people": row["people"],
        "area": row["case_area"],
        "place": _place(row, exact=exact),
        "site": _site(row),
        "items": [_item(line) for line in row["lines"]],
        "weight_kg": round(sum(ITEMS[line["item"]].weight_kg * line["quantity"] for line in row["lines"]), 1),
    }


def _item(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "need_id": line["need_id"],
        "item": line["item"],
        "quantity": line["quantity"],
        "unit": ITEMS[line["item"]].unit,
        "expiry": line["expiry"],
    }


def _place(row: Mapping[str, Any], *, exact: bool) -> dict[str, float] | None:
    if row["case_lon"] is None:
        return None
    decimals = 6 if exact else ROUGH_DECIMALS
    return {
        "lon": round(row["case_lon"], decimals),
        "lat": round(row["case_lat"], decimals),
        "accuracy_m": round(max(row["case_accuracy_m"] or 0, 0 if exact else 1_000)),
    }


def _site(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["site_id"] is None:
        return None
    place = None if row["site_lon"] is None else {"lon": row["site_lon"], "lat": row["site_lat"]}
    return {"id": row["site_id"], "name": row["site_name"], "address": row["site_address"], "place": place}
