"""Claims."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.store.rows import Row, every, first
from server.store.tables import claims


class Claims:
    """Reads and writes claims."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new row."""
        self.conn.execute(insert(claims), dict(row))

    def get(self, row_id: str, *, lock: bool = False) -> Row | None:
        """The row of that id."""
        query = select(claims).where(claims.c.id == row_id)
        return first(self.conn, query.with_for_update() if lock else query)

    def of_incident(self, incident_id: str) -> list[Row]:
        """All of an incident, the newest first."""
        return every(self.conn, select(claims).where(claims.c.incident_id == incident_id).order_by(claims.c.received_at.desc()))

    def change(self, row_id: str, **values: Any) -> None:
        """Set columns and count the version up."""
        self.conn.execute(update(claims).where(claims.c.id == row_id).values(version=claims.c.version + 1, **values))
