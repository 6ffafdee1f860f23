"""Claims: rumours under check."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from server.store.rows import Row, every, first
from server.store.sites import within_any
from server.store.tables import claims


class Claims:
    """Reads and writes claims."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new claim."""
        self.conn.execute(insert(claims).values(**row))

    def get(self, claim_id: str, *, lock: bool = False) -> Row | None:
        """The claim of that id; with `lock`, held until the transaction ends."""
        query = select(claims).where(claims.c.id == claim_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change(self, claim_id: str, **values: Any) -> None:
        """Set columns of a claim and count its version up."""
        self.conn.execute(update(claims).where(claims.c.id == claim_id).values(version=claims.c.version + 1, **values))

    def page(
        self, incident_id: str, areas: Sequence[str], state: str | None, after: str | None, limit: int
    ) -> list[Row]:
        """Claims of an incident in these areas and below, the newest first, beyond the claim `after`."""
        query = select(claims).where(claims.c.incident_id == incident_id, within_any(claims.c.area, areas))
        if state is not None:
            query = query.where(claims.c.state == state)
        if after is not None:
            last = select(claims.c.received_at).where(claims.c.id == after).scalar_subquery()
            query = query.where(
                or_(claims.c.received_at < last, (claims.c.received_at == last) & (claims.c.id < after))
            )
        return every(self.conn, query.order_by(claims.c.received_at.desc(), claims.c.id.desc()).limit(limit))
