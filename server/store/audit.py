"""The audit trail, sealed into a hash chain (`domain/chain.py`)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select, text, update

from server import plain
from server.domain.chain import GENESIS, entry_hash
from server.store.rows import Row, every, first, from_json
from server.store.tables import audit

_SEAL_LOCK = 7_201_002
_SEALED = ("id", "position", "hash")
_sealed = from_json(audit, _SEALED, "sealed").subquery()
_SEAL = (
    update(audit).where(audit.c.id == _sealed.c.id).values(position=_sealed.c.position, hash=_sealed.c.hash)
)


class Audit:
    """Sealing, checking and reading the audit trail."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def head(self) -> Row | None:
        """The last sealed entry."""
        return first(
            self.conn, select(audit).where(audit.c.position.is_not(None)).order_by(audit.c.position.desc()).limit(1)
        )

    def seal(self, limit: int = 5000) -> int:
        """Give committed entries that have none their place and hash in the chain; returns how many."""
        self.conn.execute(select(func.pg_advisory_xact_lock(_SEAL_LOCK)))
        head = self.head()
        position, previous = (head["position"], head["hash"]) if head else (0, GENESIS)
        fresh = every(self.conn, select(audit).where(audit.c.position.is_(None)).order_by(audit.c.id).limit(limit))
        for row in fresh:
            position += 1
            row["position"] = position
            row["hash"] = previous = entry_hash(previous, row)
        if fresh:
            self.conn.execute(_SEAL, {"sealed": plain.dumps([{name: row[name] for name in _SEALED} for row in fresh])})
        return len(fresh)

    def sealed(self) -> Iterator[Row]:
        """Every sealed entry, in the order of the chain."""
        query = select(audit).where(audit.c.position.is_not(None)).order_by(audit.c.position)
        for row in self.conn.execution_options(yield_per=2000).execute(query).mappings():
            yield dict(row)

    def page(self, subject: str | None, before: int | None, limit: int) -> list[Row]:
        """Entries, the newest first, of one subject or all, with ids below `before`."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if subject:
            query = query.where(audit.c.subject == subject)
        if before:
            query = query.where(audit.c.id < before)
        return every(self.conn, query)

    def counts(self) -> dict[str, Any]:
        """How many entries are sealed and how many wait."""
        row = self.conn.execute(
            text("select count(position) as sealed, count(*) - count(position) as waiting from audit")
        ).one()
        return {"sealed": row.sealed, "waiting": row.waiting}
