"""Needs as rows, and those of a case that somebody adds or sets right after it came in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from server.domain import lifecycle, sla
from server.domain.catalogue import NeedLine
from server.store.unit_of_work import Tx


def open_needs(tx: Tx, case: Mapping[str, Any], lines: Sequence[NeedLine]) -> None:
    """Open these needs; an item that is open already gets the new quantity."""
    known = {n["item"]: n for n in tx.cases.needs_of(case["id"]) if n["state"] == "open"}
    incident = tx.incidents.get(case["incident_id"])
    settings = incident["settings"] if incident else {}
    for line in lines:
        if line.item in known:
            tx.cases.change_need(known[line.item]["id"], quantity=line.quantity)
    tx.cases.add_needs([need_row(tx, case, line, settings, tx.now) for line in lines if line.item not in known])


def need_row(
    tx: Tx, case: Mapping[str, Any], line: NeedLine, settings: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """A new need of a case that was opened at a moment, from which its clock runs."""
    return {
        "id": tx.new_number(),
        "incident_id": case["incident_id"],
        "case_id": case["id"],
        "item": line.item,
        "quantity": line.quantity,
        "tier": line.tier,
        "basis": line.basis,
        "state": lifecycle.FIRST["need"],
        "opened_at": at,
        "due_at": sla.due_at(line.tier, at, settings),
        "version": 1,
    }
