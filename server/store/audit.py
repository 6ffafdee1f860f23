"""The audit trail, a hash chain (`domain/chain.py`), and those of its heads that were published."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, text

from server.domain.chain import GENESIS, entry_hash
from server.store.rows import Row, every, first
from server.store.sites import within_any
from server.store.tables import audit, audit_heads

_CHAIN_LOCK = 7_201_002
_HOLD = select(func.set_config("synchronous_commit", "off", True), func.pg_advisory_xact_lock(_CHAIN_LOCK))
_SETTLE = text("select pg_logical_emit_message(true, 'audit', '')")


class Audit:
    """Lengthening, walking and reading the audit trail; nothing changes an entry or takes one away."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def head(self) -> Row | None:
        """The last entry."""
        return first(self.conn, select(audit).order_by(audit.c.position.desc()).limit(1))

    def chained(self, entries: Sequence[Row]) -> list[Row]:
        """The entries with their place and hash; until the commit nobody else lengthens the chain.

        The commit does not wait for the disk, so that nobody queues for somebody else's; `settle` after it does.
        """
        self.conn.execute(_HOLD)
        head = self.head()
        last, previous = (head["position"], bytes(head["hash"])) if head else (0, GENESIS)
        linked = []
        for position, entry in enumerate(entries, start=last + 1):
            previous = entry_hash(previous, {**entry, "position": position})
            linked.append({**entry, "position": position, "hash": previous})
        return linked

    def settle(self) -> None:
        """After the commit of what was chained: wait until it is on disk, with all who wait for the same."""
        with self.conn.begin():
            # A commit that writes anything waits for all that was written before it.
            self.conn.execute(_SETTLE)

    def walk(self) -> Iterator[Row]:
        """Every entry, in the order of the chain."""
        query = select(audit).order_by(audit.c.position).execution_options(yield_per=2000)
        with self.conn.execute(query) as found:
            for row in found.mappings():
                yield dict(row)

    def page(self, subject: str | None, tops: Sequence[str], before: int | None, limit: int) -> list[Row]:
        """Entries of these areas and all below them, the newest first, with ids below `before`."""
        query = select(audit).where(within_any(audit.c.area, tops)).order_by(audit.c.id.desc()).limit(limit)
        if subject:
            query = query.where(audit.c.subject == subject)
        if before:
            query = query.where(audit.c.id < before)
        return every(self.conn, query)

    def knows(self, action: str, subject: str, details: Mapping[str, Any]) -> bool:
        """Whether that was done to the thing, with these among its details."""
        its = and_(audit.c.action == action, audit.c.subject == subject, audit.c.details.contains(details))
        return self.conn.execute(select(audit.c.id).where(its).limit(1)).first() is not None

    def times_of(self, action: str, subject: str) -> list[datetime]:
        """When something was done to a thing, ascending."""
        query = select(audit.c.at).where(audit.c.subject == subject, audit.c.action == action)
        return list(self.conn.execute(query.order_by(audit.c.id)).scalars())

    def length(self) -> int:
        """How many entries there are."""
        head = self.head()
        return head["position"] if head else 0

    def publish(self, head: Row, at: datetime) -> None:
        """Keep a head as published at a time."""
        self.conn.execute(insert(audit_heads).values(position=head["position"], hash=bytes(head["hash"]), at=at))

    def heads(self, before: int | None = None, limit: int | None = None) -> list[dict[str, Any]]:
        """Published heads {position, hash, at}, the newest first."""
        query = select(audit_heads).order_by(audit_heads.c.position.desc()).limit(limit)
        return every(self.conn, query.where(audit_heads.c.position < before) if before else query)
