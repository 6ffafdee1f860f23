"""What just came in, as the board will show it: the rows that `store/board.py` would read, without reading them.

Thousands of reports an hour are told by these; whatever changes later is told by reading it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.domain.events import PLACE_DECIMALS
from server.domain.sla import ANSWER, Run

Source = Mapping[str, Any]


def report(row: Source) -> dict[str, Any]:
    """A report that came in just now."""
    return {
        "id": row["id"],
        "case_id": row["case_id"],
        "state": row["state"],
        "tier": row["tier"],
        "channel": row["channel"],
        "received_at": _second(row["received_at"]),
        "due_at": _second(row["due_at"]),
        "flags": row["flags"],
    }


def case(row: Source, run: Run) -> dict[str, Any]:
    """A case that was opened just now."""
    return {
        "id": row["id"],
        "area": row["area"],
        "lon": _degrees(row["lon"]),
        "lat": _degrees(row["lat"]),
        "accuracy_m": None if row["accuracy_m"] is None else round(row["accuracy_m"]),
        "people": row["people"],
        "tier": row["tier"],
        "verified": False,
        "merged_into": None,
        "alike": False,
        "opened_at": _second(row["opened_at"]),
        "stage": ANSWER,
        "stage_due_at": _second(run.due[ANSWER]),
        "paused_at": None,
        "raised_to": None,
        "holder": None,
        "version": row["version"],
    }


def need(row: Source) -> dict[str, Any]:
    """A need that was opened just now: nothing covers it."""
    return {
        "id": row["id"],
        "case_id": row["case_id"],
        "item": row["item"],
        "quantity": row["quantity"],
        "tier": row["tier"],
        "state": row["state"],
        "covered": 0,
        "delivered": 0,
        "fill": "unmet",
        "due_at": _second(row["due_at"]),
    }


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, PLACE_DECIMALS)
