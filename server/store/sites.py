"""Sites: the places that hold stock or shelter people."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, all_, and_, func, literal, or_, select, text, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.rows import Row, every, first
from server.store.tables import sites

SAME_PLACE_DEGREES = 0.00005
"""How close two sites lie that are taken for one place: about five metres."""


class Sites:
    """Reads and writes sites."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> bool:
        """Store a new site; False, and nothing stored, when its outside identity is known."""
        new = upsert(sites).values(**row).on_conflict_do_nothing().returning(sites.c.id)
        return self.conn.execute(new).first() is not None

    def get(self, site_id: str, *, lock: bool = False) -> Row | None:
        """The site of that id; with `lock`, held until the transaction ends."""
        query = select(sites).where(sites.c.id == site_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change(self, site_id: str, **values: Any) -> None:
        """Set columns of a site and count its version up."""
        self.conn.execute(update(sites).where(sites.c.id == site_id).values(version=sites.c.version + 1, **values))

    def by_external_ref(self, incident_id: str, ref: str) -> Row | None:
        """The site that an import stored under this identity."""
        return first(self.conn, select(sites).where(sites.c.incident_id == incident_id, sites.c.external_ref == ref))

    def called(self, incident_ids: Sequence[str], name: str) -> list[Row]:
        """Sites of that name, in any case, or with that outside identity, with or without its mapping's name."""
        identity = func.split_part(sites.c.external_ref, ":", 2)
        query = select(sites).where(
            sites.c.incident_id.in_(incident_ids),
            or_(func.lower(sites.c.name) == name.lower(), sites.c.external_ref == name, identity == name),
        )
        return every(self.conn, query.order_by(sites.c.id).limit(2))

    def at_place(self, incident_id: str, lon: float, lat: float) -> list[Row]:
        """Sites of the incident that lie at this very place."""
        query = select(sites).where(
            sites.c.incident_id == incident_id,
            sites.c.lon.between(lon - SAME_PLACE_DEGREES, lon + SAME_PLACE_DEGREES),
            sites.c.lat.between(lat - SAME_PLACE_DEGREES, lat + SAME_PLACE_DEGREES),
        )
        return every(self.conn, query.order_by(sites.c.id))

    def flag(self, site_ids: Sequence[str], flag: str) -> None:
        """Mark sites as worth a look; those that have the mark stay as they are."""
        mark = text("array_append(flags, cast(:flag as text))").bindparams(flag=flag)
        unmarked = and_(sites.c.id.in_(site_ids), literal(flag) != all_(sites.c.flags))
        self.conn.execute(update(sites).where(unmarked).values(version=sites.c.version + 1, flags=mark))

    def page(self, incident_ids: Sequence[str], areas: Sequence[str], after: str | None, limit: int) -> list[Row]:
        """Sites of these incidents in these areas and below, by name, beyond the site `after`."""
        query = select(sites).where(sites.c.incident_id.in_(incident_ids), within_any(sites.c.area, areas))
        if after is not None:
            query = query.where(tuple_(sites.c.name, sites.c.id) > _place_in_order(after))
        return every(self.conn, query.order_by(sites.c.name, sites.c.id).limit(limit))

    def known_to_all(self, incident_ids: Sequence[str], limit: int) -> list[Row]:
        """Open sites of these incidents that agreed to be known, by name."""
        query = select(sites).where(sites.c.incident_id.in_(incident_ids), sites.c.is_open, sites.c.is_public)
        return every(self.conn, query.order_by(sites.c.name, sites.c.id).limit(limit))


def _place_in_order(site_id: str) -> Any:
    last: Select[Any] = select(sites.c.name, sites.c.id).where(sites.c.id == site_id)
    return last.scalar_subquery()


def within_any(column: Any, areas: Sequence[str]) -> Any:
    """Whether an area's code is one of these or below one; "" is everywhere."""
    if "" in areas:
        return true()
    return or_(*(or_(column == area, column.like(f"{area}.%")) for area in areas))
