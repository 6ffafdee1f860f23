"""Needs of a case that somebody adds or sets right after it came in."""

from collections.abc import Mapping, Sequence
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
            continue
        tx.cases.add_needs(
            [
                {
                    "id": tx.new_number(),
                    "incident_id": case["incident_id"],
                    "case_id": case["id"],
                    "item": line.item,
                    "quantity": line.quantity,
                    "tier": line.tier,
                    "basis": line.basis,
                    "state": lifecycle.FIRST["need"],
                    "opened_at": tx.now,
                    "due_at": sla.due_at(line.tier, tx.now, settings),
                }
            ]
        )
