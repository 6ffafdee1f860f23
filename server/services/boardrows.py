"""The row of each noun on the board, in events and in snapshots alike: what staff see at a glance.

No phone, no reporter's name, no text of a report: those are asked for one by one.
"""

from collections.abc import Mapping
from typing import Any

from server.domain.lifecycle import need_fill

Source = Mapping[str, Any]


def _time(value: Any) -> str | None:
    return None if value is None else value.isoformat(timespec="seconds")


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def report(row: Source) -> dict[str, Any]:
    """A report: state, urgency, place, clock."""
    return {
        "id": row["id"],
        "case_id": row["case_id"],
        "state": row["state"],
        "tier": row["tier"],
        "channel": row["channel"],
        "received_at": _time(row["received_at"]),
        "due_at": _time(row["due_at"]),
        "flags": list(row["flags"]),
    }


def case(row: Source) -> dict[str, Any]:
    """A case: where, how many people, how urgent, verified or not."""
    return {
        "id": row["id"],
        "area": row["area"],
        "lon": _degrees(row["lon"]),
        "lat": _degrees(row["lat"]),
        "accuracy_m": None if row["accuracy_m"] is None else round(row["accuracy_m"]),
        "people": row["people"],
        "tier": row["tier"],
        "verified": row["verified_at"] is not None,
        "merged_into": row.get("merged_into"),
        "opened_at": _time(row["opened_at"]),
        "version": row["version"],
    }


def need(row: Source) -> dict[str, Any]:
    """A need: item, quantity, what covers it, clock."""
    return {
        "id": row["id"],
        "case_id": row["case_id"],
        "item": row["item"],
        "quantity": row["quantity"],
        "tier": row["tier"],
        "state": row["state"],
        "covered": row["covered"],
        "delivered": row["delivered"],
        "fill": need_fill(row["quantity"], row["covered"]),
        "due_at": _time(row["due_at"]),
    }


def assignment(row: Source) -> dict[str, Any]:
    """An assignment: who carries what kind of job for which case, and how far it is."""
    return {
        "id": row["id"],
        "case_id": row["case_id"],
        "site_id": row["site_id"],
        "volunteer_id": row["volunteer_id"],
        "kind": row["kind"],
        "state": row["state"],
        "changed_at": _time(row["changed_at"]),
        "attention": row["attention"],
        "version": row["version"],
        "lines": [
            {"need_id": line["need_id"], "item": line["item"], "quantity": line["quantity"]}
            for line in row.get("lines", [])
        ],
    }


def volunteer(row: Source) -> dict[str, Any]:
    """A volunteer with the current check-in, if any."""
    return {
        "id": row["id"],
        "alias": row["alias"],
        "state": row["state"],
        "home_area": row["home_area"],
        "skills": list(row["skills"]),
        "vehicle": row["vehicle"],
        "area": row.get("checkin_area"),
        "lon": _degrees(row.get("checkin_lon")),
        "lat": _degrees(row.get("checkin_lat")),
        "until": _time(row.get("checkin_until")),
        "busy": bool(row.get("busy", False)),
    }


def site(row: Source) -> dict[str, Any]:
    """A site with what is free of each item."""
    return {
        "id": row["id"],
        "name": row["name"],
        "kind": row["kind"],
        "area": row["area"],
        "lon": _degrees(row["lon"]),
        "lat": _degrees(row["lat"]),
        "open": row["is_open"],
        "flags": list(row["flags"]),
        "stock": dict(row.get("stock") or {}),
    }
