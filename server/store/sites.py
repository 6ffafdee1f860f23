"""Sites: warehouses, posts, health centres, shelters."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.store.rows import Row, every, first
from server.store.tables import sites


class Sites:
    """Reads and writes sites."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new site."""
        self.conn.execute(insert(sites), dict(row))

    def get(self, site_id: str, *, lock: bool = False) -> Row | None:
        """The site of that id."""
        query = select(sites).where(sites.c.id == site_id)
        return first(self.conn, query.with_for_update() if lock else query)

    def by_ref(self, incident_id: str, ref: str) -> Row | None:
        """The site that an import stored under this identity."""
        return first(self.conn, select(sites).where(sites.c.incident_id == incident_id, sites.c.external_ref == ref))

    def by_name(self, incident_id: str, name: str) -> list[Row]:
        """Sites of that name."""
        return every(self.conn, select(sites).where(sites.c.incident_id == incident_id, sites.c.name == name))

    def near(self, incident_id: str, lon: float, lat: float, degrees: float) -> list[Row]:
        """Sites within a box of `degrees` around a place."""
        query = select(sites).where(
            sites.c.incident_id == incident_id,
            sites.c.lon.between(lon - degrees, lon + degrees),
            sites.c.lat.between(lat - degrees, lat + degrees),
        )
        return every(self.conn, query)

    def of_area(self, pool: Sequence[str], area: str) -> list[Row]:
        """Sites of these incidents in an area and all below it, by name."""
        query = select(sites).where(sites.c.incident_id.in_(pool))
        if area:
            query = query.where((sites.c.area == area) | sites.c.area.like(area + ".%"))
        return every(self.conn, query.order_by(sites.c.name, sites.c.id))

    def change(self, site_id: str, **values: Any) -> None:
        """Set columns of a site and count its version up."""
        self.conn.execute(update(sites).where(sites.c.id == site_id).values(version=sites.c.version + 1, **values))
