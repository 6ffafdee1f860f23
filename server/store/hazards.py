"""Hazards."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.store.rows import Row, every, first
from server.store.tables import hazards


class Hazards:
    """Reads and writes hazards."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new row."""
        self.conn.execute(insert(hazards), dict(row))

    def get(self, row_id: str, *, lock: bool = False) -> Row | None:
        """The row of that id."""
        query = select(hazards).where(hazards.c.id == row_id)
        return first(self.conn, query.with_for_update() if lock else query)

    def of_incident(self, incident_id: str) -> list[Row]:
        """All of an incident, the newest first."""
        return every(self.conn, select(hazards).where(hazards.c.incident_id == incident_id).order_by(hazards.c.begins_at.desc()))

    def change(self, row_id: str, **values: Any) -> None:
        """Set columns and count the version up."""
        self.conn.execute(update(hazards).where(hazards.c.id == row_id).values(version=hazards.c.version + 1, **values))
