"""Reading the audit trail, publishing its head, and proving that nobody changed it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from server.domain.chain import Break, broken, exported
from server.domain.permissions import Actor, Permission, areas_for, require
from server.store.unit_of_work import Tx

HEAD_EVERY = timedelta(hours=1)
"""How often the head is published; our assumption of how long a cut may stay unseen outside."""


def page(tx: Tx, actor: Actor, subject: str | None, before: int | None, limit: int) -> dict[str, Any]:
    """Entries of the areas that the auditor may see, the newest first."""
    held = areas_for(actor, Permission.AUDIT_READ)
    require(actor, Permission.AUDIT_READ, held[0] if held else "")
    rows = tx.audit_log.page(subject, held, before, limit)
    shown = [
        {**{k: row[k] for k in ("id", "actor", "action", "area", "subject", "details")}, "at": row["at"].isoformat()}
        for row in rows
    ]
    return {"entries": shown, "next": rows[-1]["id"] if len(rows) == limit else None}


def may_export(actor: Actor) -> bool:
    """Whether the person may take the whole trail out: it can only be checked whole."""
    return "" in areas_for(actor, Permission.AUDIT_READ)


def begin_export(tx: Tx, actor: Actor) -> None:
    """Note that the trail is taken out; the export that follows holds this note. Raises Forbidden."""
    require(actor, Permission.AUDIT_READ, "")
    tx.audit(actor, "audit:export", "", "audit")


def lines(tx: Tx) -> Iterator[str]:
    """The whole trail, a line of JSON for each entry; for who asked by `begin_export` or holds the machine."""
    return (exported(row) + "\n" for row in tx.audit_log.walk())


def publish_head(tx: Tx) -> dict[str, Any] | None:
    """Publish the head when the last one is HEAD_EVERY old and the trail is longer; returns it, or None."""
    last, head = next(iter(tx.audit_log.heads(limit=1)), None), tx.audit_log.head()
    if head is None or (last and (tx.now - last["at"] < HEAD_EVERY or last["position"] == head["position"])):
        return None
    tx.audit_log.publish(head, tx.now)
    return shown({"position": head["position"], "hash": head["hash"], "at": tx.now})


def heads(tx: Tx, before: int | None, limit: int) -> dict[str, Any]:
    """Published heads for anybody, the newest first."""
    rows = tx.audit_log.heads(before, limit)
    return {"heads": [shown(row) for row in rows], "next": rows[-1]["position"] if len(rows) == limit else None}


def shown(head: Mapping[str, Any]) -> dict[str, Any]:
    """A head as it is published."""
    return {"position": head["position"], "hash": bytes(head["hash"]).hex(), "at": head["at"].isoformat()}


def verify(tx: Tx, known: Mapping[int, bytes]) -> tuple[int, Break | None]:
    """Walk the chain past every head that was published or is `known`: (how many entries, the first break)."""
    published = {head["position"]: bytes(head["hash"]) for head in tx.audit_log.heads()}
    return tx.audit_log.length(), broken(tx.audit_log.walk(), published | dict(known))
