"""The outbox: events waiting to be numbered and sent; read by `workers/relay.py` alone, and by catch-up."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import array

from server.store.rows import Row, every
from server.store.tables import outbox

_RELAY_LOCK = 7_201_001
_NUMBER = text(
    """
    with fresh as (
      select id from outbox where position is null order by id limit :limit for update skip locked
    ), base as (
      select coalesce(max(position), 0) as top from outbox
    ), numbered as (
      select id, (select top from base) + row_number() over (order by id) as position from fresh
    )
    update outbox set position = numbered.position from numbered where outbox.id = numbered.id
    """
)


class Outbox:
    """Claiming, numbering, marking and reading events."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def claim_relay(self) -> bool:
        """Whether this session is the one relay now; the claim ends with the session."""
        return bool(self.conn.execute(select(func.pg_try_advisory_lock(_RELAY_LOCK))).scalar())

    def number(self, limit: int = 1000) -> int:
        """Give the next positions to committed events that have none; returns how many."""
        numbered = self.conn.execute(_NUMBER, {"limit": limit}, execution_options={"preserve_rowcount": True})
        return int(numbered.rowcount)

    def unsent(self, limit: int = 1000) -> list[Row]:
        """Numbered events that were not marked as sent, in order."""
        query = select(outbox).where(outbox.c.sent_at.is_(None), outbox.c.position.is_not(None))
        return every(self.conn, query.order_by(outbox.c.position).limit(limit))

    def mark_sent(self, ids: Sequence[int], at: datetime) -> None:
        """Note that these went out."""
        self.conn.execute(update(outbox).where(outbox.c.id.in_(ids)).values(sent_at=at))

    def cursor(self) -> int:
        """The position of the last numbered event; 0 when there is none."""
        top: int | None = self.conn.execute(select(func.max(outbox.c.position))).scalar()
        return top or 0

    def oldest(self) -> int:
        """The position of the first event that is still kept; 0 when there is none."""
        first_kept: int | None = self.conn.execute(select(func.min(outbox.c.position))).scalar()
        return first_kept or 0

    def after(self, position: int, incident_id: str, limit: int) -> list[Row]:
        """Numbered events beyond a position, in order: the incident's, and those of others that may concern it."""
        concerns = (outbox.c.incident_id == incident_id) | outbox.c.data["rows"].has_any(array(["sites", "volunteers"]))
        query = select(outbox).where(outbox.c.position > position, concerns)
        return every(self.conn, query.order_by(outbox.c.position).limit(limit))

    def oldest_unsent(self) -> datetime | None:
        """When the oldest event that still waits was written."""
        return self.conn.execute(select(func.min(outbox.c.at)).where(outbox.c.sent_at.is_(None))).scalar()
