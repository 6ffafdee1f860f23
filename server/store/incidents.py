"""Incidents and their operating areas."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from server.store.rows import Row, every, first
from server.store.tables import incidents

_BY_SLUG = select(incidents).where(incidents.c.slug == bindparam("wanted"))


class Incidents:
    """Reads and adds incidents."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new incident."""
        self.conn.execute(insert(incidents).values(**row))

    def by_slug(self, slug: str, *, lock: bool = False) -> Row | None:
        """The incident of that slug; with `lock`, held until the transaction ends."""
        return first(self.conn, _BY_SLUG.with_for_update(key_share=True) if lock else _BY_SLUG, {"wanted": slug})

    def change(self, incident_id: str, **values: Any) -> None:
        """Set columns of an incident."""
        self.conn.execute(update(incidents).where(incidents.c.id == incident_id).values(**values))

    def get(self, incident_id: str) -> Row | None:
        """The incident of that id."""
        return first(self.conn, select(incidents).where(incidents.c.id == incident_id))

    def open(self) -> list[Row]:
        """Incidents that take reports, the oldest first."""
        return every(self.conn, select(incidents).where(incidents.c.is_open).order_by(incidents.c.created_at))
