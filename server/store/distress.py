"""Calls of volunteers for help. A volunteer has at most one that is not over."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.store.desk_tables import distress_calls
from server.store.rows import Row, every, first
from server.store.sites import within_any
from server.store.tables import incidents, volunteers

_SHOWN = (
    select(distress_calls, volunteers.c.alias, volunteers.c.phone_last3, incidents.c.slug.label("incident"))
    .join(volunteers, volunteers.c.id == distress_calls.c.volunteer_id)
    .join(incidents, incidents.c.id == distress_calls.c.incident_id)
)


class Distress:
    """Reads and writes calls for help."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new call."""
        self.conn.execute(insert(distress_calls).values(**row))

    def get(self, call_id: str, *, lock: bool = False) -> Row | None:
        """The call of that id; with `lock`, held until the transaction ends."""
        query = select(distress_calls).where(distress_calls.c.id == call_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def live_of(self, volunteer_id: str) -> Row | None:
        """The volunteer's call that is not over."""
        mine = distress_calls.c.volunteer_id == volunteer_id
        return first(self.conn, select(distress_calls).where(mine, distress_calls.c.state != "ended"))

    def change(self, call_id: str, **values: Any) -> None:
        """Set columns of a call."""
        self.conn.execute(update(distress_calls).where(distress_calls.c.id == call_id).values(**values))

    def live_in(self, areas: Sequence[str]) -> list[Row]:
        """The calls in these areas and below that are not over, the oldest first, each with the volunteer's alias."""
        query = _SHOWN.where(distress_calls.c.state != "ended", within_any(distress_calls.c.area, areas))
        return every(self.conn, query.order_by(distress_calls.c.called_at, distress_calls.c.id))
