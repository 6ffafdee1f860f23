"""Volunteers and their check-ins. A check-in whose time has run out counts as ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from server.store.rows import Row, every, first
from server.store.tables import checkins, volunteers


class Volunteers:
    """Reads and writes volunteers and check-ins."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new volunteer."""
        self.conn.execute(insert(volunteers), dict(row))

    def get(self, volunteer_id: str, *, lock: bool = False) -> Row | None:
        """The volunteer of that id."""
        query = select(volunteers).where(volunteers.c.id == volunteer_id)
        return first(self.conn, query.with_for_update() if lock else query)

    def by_phone(self, incident_id: str, index: bytes) -> Row | None:
        """The volunteer with this phone."""
        return first(
            self.conn,
            select(volunteers).where(volunteers.c.incident_id == incident_id, volunteers.c.phone_index == index),
        )

    def by_ref(self, incident_id: str, ref: str) -> Row | None:
        """The volunteer that an import stored under this identity."""
        return first(
            self.conn, select(volunteers).where(volunteers.c.incident_id == incident_id, volunteers.c.external_ref == ref)
        )

    def of_area(self, pool: Sequence[str], area: str, state: str | None) -> list[Row]:
        """Volunteers whose home is in an area or below it, in a state or any, by alias."""
        query = select(volunteers).where(volunteers.c.incident_id.in_(pool))
        if area:
            query = query.where((volunteers.c.home_area == area) | volunteers.c.home_area.like(area + ".%"))
        if state:
            query = query.where(volunteers.c.state == state)
        return every(self.conn, query.order_by(volunteers.c.alias, volunteers.c.id))

    def change(self, volunteer_id: str, **values: Any) -> None:
        """Set columns of a volunteer and count the version up."""
        self.conn.execute(
            update(volunteers).where(volunteers.c.id == volunteer_id).values(version=volunteers.c.version + 1, **values)
        )

    def add_checkin(self, row: Mapping[str, Any]) -> None:
        """Store a check-in; there is none that has not ended, or IntegrityError."""
        self.conn.execute(insert(checkins), dict(row))

    def current_checkin(self, volunteer_id: str, now: datetime) -> Row | None:
        """The check-in that has neither ended nor run out."""
        query = select(checkins).where(
            checkins.c.volunteer_id == volunteer_id, checkins.c.ended_at.is_(None), checkins.c.until > now
        )
        return first(self.conn, query)

    def change_checkin(self, checkin_id: str, **values: Any) -> None:
        """Set columns of a check-in."""
        self.conn.execute(update(checkins).where(checkins.c.id == checkin_id).values(**values))

    def end_checkins(self, volunteer_id: str, at: datetime) -> None:
        """End whatever check-in of the volunteer has not ended; one that ran out ended when it ran out."""
        open_ones = (checkins.c.volunteer_id == volunteer_id) & checkins.c.ended_at.is_(None)
        self.conn.execute(update(checkins).where(open_ones).values(ended_at=func.least(checkins.c.until, at)))

    def available(self, pool: Sequence[str], now: datetime) -> list[Row]:
        """Accepted volunteers of these incidents who are checked in and have no job under way, by id.

        `id` is the volunteer; place, skills, vehicle and `until` are the check-in's.
        """
        return every(
            self.conn,
            text(
                """
                select v.id, v.alias, v.home_area, k.id as checkin_id, k.area, k.lon, k.lat, k.accuracy_m,
                       k.skills, k.vehicle, k.until
                from volunteers v join checkins k on k.volunteer_id = v.id
                where v.incident_id = any(cast(:pool as uuid[])) and v.state = 'accepted'
                  and k.ended_at is null and k.until > :now
                  and not exists (select 1 from assignments a where a.volunteer_id = v.id
                                  and a.state in ('accepted', 'en_route'))
                order by v.id
                """
            ),
            {"pool": list(pool), "now": now},
        )
