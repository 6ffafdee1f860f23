"""Hazard areas and road closures, each a GeoJSON geometry in WGS84 with a beginning and maybe an end."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from server.store.rows import Row, every, first
from server.store.sites import within_any
from server.store.tables import hazards


class Hazards:
    """Reads and writes hazards."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new hazard."""
        self.conn.execute(insert(hazards).values(**row))

    def get(self, hazard_id: str, *, lock: bool = False) -> Row | None:
        """The hazard of that id; with `lock`, held until the transaction ends."""
        query = select(hazards).where(hazards.c.id == hazard_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change(self, hazard_id: str, **values: Any) -> None:
        """Set columns of a hazard and count its version up."""
        this = update(hazards).where(hazards.c.id == hazard_id)
        self.conn.execute(this.values(version=hazards.c.version + 1, **values))

    def not_over(self, incident_ids: Sequence[str], now: datetime, areas: Sequence[str] = ("",)) -> list[Row]:
        """Hazards of these incidents that hold now or will later, in these areas and below, the earliest first."""
        query = select(hazards).where(
            hazards.c.incident_id.in_(incident_ids),
            within_any(hazards.c.area, areas),
            or_(hazards.c.ends_at.is_(None), hazards.c.ends_at > now),
        )
        return every(self.conn, query.order_by(hazards.c.begins_at, hazards.c.id))

    def active(self, incident_ids: Sequence[str], now: datetime) -> list[Row]:
        """Hazards of these incidents that hold now, the earliest first."""
        return [row for row in self.not_over(incident_ids, now) if row["begins_at"] <= now]
