"""Who looks at which case just now. Said again every few seconds; old lines go with the next ones said."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from server.store.desk_tables import looks


class Looks:
    """Lines of who looks at which case."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def say(self, case_id: int, who: str, at: datetime) -> None:
        """Somebody looks at a case."""
        line = insert(looks).values(case_id=case_id, who=who, at=at)
        self.conn.execute(line.on_conflict_do_update(index_elements=["case_id", "who"], set_={"at": at}))

    def end(self, case_id: int, who: str) -> None:
        """Somebody looks at it no more."""
        self.conn.execute(delete(looks).where(looks.c.case_id == case_id, looks.c.who == who))

    def others(self, case_id: int, who: str, now: datetime, within: timedelta) -> Sequence[str]:
        """Who else said so within a time, by name; what is older goes."""
        self.conn.execute(delete(looks).where(looks.c.case_id == case_id, looks.c.at < now - within))
        query = select(looks.c.who).where(looks.c.case_id == case_id, looks.c.who != who)
        return self.conn.execute(query.order_by(looks.c.who)).scalars().all()
