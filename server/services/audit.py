"""Reading the audit trail and proving that nobody changed it."""

from typing import Any

from server.domain.chain import GENESIS, entry_hash
from server.domain.permissions import Actor, Permission, areas_for, require, within
from server.store.unit_of_work import Tx


def page(tx: Tx, actor: Actor, subject: str | None, before: int | None, limit: int) -> dict[str, Any]:
    """Entries that the auditor may see, the newest first."""
    held = areas_for(actor, Permission.AUDIT_READ)
    require(actor, Permission.AUDIT_READ, held[0] if held else "")
    rows = tx.audit_log.page(subject, before, limit)
    shown = [
        {**{k: row[k] for k in ("id", "actor", "action", "area", "subject", "details")}, "at": row["at"].isoformat()}
        for row in rows
        if any(within(row["area"], top) for top in held)
    ]
    return {"entries": shown, "next": rows[-1]["id"] if len(rows) == limit else None}


def verify(tx: Tx) -> dict[str, Any]:
    """Walk the chain: {ok, sealed, waiting, broken_at}; `broken_at` is the first position that does not fit."""
    previous = GENESIS
    for position, row in enumerate(tx.audit_log.sealed(), start=1):
        if row["position"] != position or entry_hash(previous, row) != bytes(row["hash"]):
            return {"ok": False, **tx.audit_log.counts(), "broken_at": position}
        previous = bytes(row["hash"])
    return {"ok": True, **tx.audit_log.counts(), "broken_at": None}
