"""Pledges: what donors said they would give."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.rows import Row, every, first
from server.store.tables import gifts, pledges


class Pledges:
    """Reads and writes pledges."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> bool:
        """Store a new pledge; False, and nothing stored, when its code or client id is taken."""
        new = upsert(pledges).values(**row).on_conflict_do_nothing().returning(pledges.c.id)
        return self.conn.execute(new).first() is not None

    def get(self, pledge_id: str) -> Row | None:
        """The pledge of that id."""
        return first(self.conn, select(pledges).where(pledges.c.id == pledge_id))

    def by_client_id(self, client_id: str) -> Row | None:
        """The pledge that was sent under this id."""
        return first(self.conn, select(pledges).where(pledges.c.client_id == client_id))

    def by_code(self, code: str, *, lock: bool = False) -> Row | None:
        """The pledge with that code; with `lock`, held until the transaction ends."""
        query = select(pledges).where(pledges.c.code == code)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change(self, pledge_id: str, **values: Any) -> None:
        """Set columns of a pledge."""
        self.conn.execute(update(pledges).where(pledges.c.id == pledge_id).values(**values))

    def page(self, incident_ids: Sequence[str], after: str | None, limit: int) -> list[Row]:
        """Pledges of these incidents that have not come, the newest first, beyond the pledge `after`."""
        came = select(gifts.c.id).where(gifts.c.code == pledges.c.code).exists()
        query = select(pledges).where(pledges.c.incident_id.in_(incident_ids), ~came)
        if after is not None:
            last = select(pledges.c.pledged_at).where(pledges.c.id == after).scalar_subquery()
            later = (pledges.c.pledged_at == last) & (pledges.c.id < after)
            query = query.where(or_(pledges.c.pledged_at < last, later))
        return every(self.conn, query.order_by(pledges.c.pledged_at.desc(), pledges.c.id.desc()).limit(limit))
