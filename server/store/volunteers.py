"""Volunteers and their check-ins. A check-in whose `until` is over counts as ended, ended or not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.rows import Row, every, first
from server.store.sites import within_any
from server.store.tables import assignments, checkins, volunteers

_busy = (
    select(assignments.c.id)
    .where(assignments.c.volunteer_id == volunteers.c.id, assignments.c.state.in_(("accepted", "en_route")))
    .exists()
)
_NEAREST = text(
    """
    select v.id, v.alias, k.vehicle, k.skills, k.lon, k.lat, k.until,
           v.state = 'accepted' and v.incident_id = any(cast(:pool as uuid[])) and v.id not in (
             select a.volunteer_id from assignments a
             where a.state in ('accepted', 'en_route') and a.volunteer_id is not null
             union all
             select a.wanted_volunteer_id from assignments a
             where a.state in ('proposed', 'offered') and a.wanted_volunteer_id is not null) as free
    from (
      select *, ((lon - :lon) * cos(radians(:lat))) ^ 2 + (lat - :lat) ^ 2 as away from checkins
      where ended_at is null and until > :now and skills @> cast(:skills as text[])
      order by away nulls last, volunteer_id limit :most
    ) k join volunteers v on v.id = k.volunteer_id
    order by k.away nulls last, v.id
    """
)


class Volunteers:
    """Reads and writes volunteers and check-ins."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> bool:
        """Store a new volunteer; False, and nothing stored, when the phone or outside identity is known."""
        new = upsert(volunteers).values(**row).on_conflict_do_nothing().returning(volunteers.c.id)
        return self.conn.execute(new).first() is not None

    def get(self, volunteer_id: str, *, lock: bool = False) -> Row | None:
        """The volunteer of that id; with `lock`, held until the transaction ends."""
        query = select(volunteers).where(volunteers.c.id == volunteer_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change(self, volunteer_id: str, **values: Any) -> None:
        """Set columns of a volunteer and count the version up."""
        this = update(volunteers).where(volunteers.c.id == volunteer_id)
        self.conn.execute(this.values(version=volunteers.c.version + 1, **values))

    def by_external_ref(self, incident_id: str, ref: str) -> Row | None:
        """The volunteer that an import stored under this identity."""
        query = select(volunteers).where(volunteers.c.incident_id == incident_id, volunteers.c.external_ref == ref)
        return first(self.conn, query)

    def is_alias_taken(self, alias: str) -> bool:
        """Whether a volunteer goes by this alias."""
        return first(self.conn, select(volunteers.c.id).where(volunteers.c.alias == alias)) is not None

    def page(
        self,
        incident_ids: Sequence[str],
        areas: Sequence[str],
        state: str | None,
        after: str | None,
        limit: int,
    ) -> list[Row]:
        """Volunteers at home in these areas and below, in the order in which they signed up, beyond `after`."""
        query = select(volunteers).where(
            volunteers.c.incident_id.in_(incident_ids), within_any(volunteers.c.home_area, areas)
        )
        if state is not None:
            query = query.where(volunteers.c.state == state)
        if after is not None:
            last = select(volunteers.c.created_at).where(volunteers.c.id == after).scalar_subquery()
            query = query.where(
                or_(volunteers.c.created_at > last, (volunteers.c.created_at == last) & (volunteers.c.id > after))
            )
        return every(self.conn, query.order_by(volunteers.c.created_at, volunteers.c.id).limit(limit))

    def current_checkin(self, volunteer_id: str, now: datetime) -> Row | None:
        """The check-in that holds now."""
        query = select(checkins).where(
            checkins.c.volunteer_id == volunteer_id, checkins.c.ended_at.is_(None), checkins.c.until > now
        )
        return first(self.conn, query)

    def add_checkin(self, row: Mapping[str, Any]) -> None:
        """Store a new check-in; the former one has been ended."""
        self.conn.execute(insert(checkins).values(**row))

    def change_checkin(self, checkin_id: str, **values: Any) -> None:
        """Set columns of a check-in."""
        self.conn.execute(update(checkins).where(checkins.c.id == checkin_id).values(**values))

    def end_checkins(self, volunteer_id: str, now: datetime) -> None:
        """End the check-in that is open, at the latest when it would have ended by itself."""
        still_open = update(checkins).where(checkins.c.volunteer_id == volunteer_id, checkins.c.ended_at.is_(None))
        self.conn.execute(still_open.values(ended_at=func.least(checkins.c.until, now)))

    def nearest(
        self, incident_ids: Sequence[str], place: tuple[float, float], skills: Sequence[str], now: datetime, most: int
    ) -> list[Row]:
        """Who is checked in with these skills, the nearest to the place (lon, lat) as the crow flies first.

        At most so many; `free`: whether they are accepted volunteers of these incidents whom no assignment has.
        """
        lon, lat = place
        values = {"pool": list(incident_ids), "lon": lon, "lat": lat, "skills": list(skills), "now": now, "most": most}
        return every(self.conn, _NEAREST, values)

    def available(self, incident_ids: Sequence[str], now: datetime) -> list[Row]:
        """Accepted volunteers of these incidents who are checked in now: where, until when, with which skills."""
        query = (
            select(
                volunteers.c.id,
                volunteers.c.alias,
                volunteers.c.incident_id,
                volunteers.c.user_id,
                volunteers.c.home_area,
                checkins.c.id.label("checkin_id"),
                checkins.c.incident_id.label("checkin_incident_id"),
                checkins.c.area,
                checkins.c.lon,
                checkins.c.lat,
                checkins.c.accuracy_m,
                checkins.c.skills,
                checkins.c.vehicle,
                checkins.c.until,
                _busy.label("busy"),
            )
            .join(checkins, checkins.c.volunteer_id == volunteers.c.id)
            .where(
                volunteers.c.incident_id.in_(incident_ids),
                volunteers.c.state == "accepted",
                checkins.c.ended_at.is_(None),
                checkins.c.until > now,
            )
        )
        return every(self.conn, query.order_by(volunteers.c.id))
