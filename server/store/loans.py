"""Roles held for some hours: a deputy's for the night, or taken in an emergency."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, false, insert, literal, or_, select, true, update

from server.store.rows import Row, every, first
from server.store.tables import loans, users

_SHOWN = select(loans, users.c.name.label("to")).join(users, users.c.id == loans.c.user_id)


class Loans:
    """Reads and writes them."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new one."""
        self.conn.execute(insert(loans).values(**row))

    def get(self, loan_id: str) -> Row | None:
        """The one of that id, with the name of who holds it (`to`)."""
        return first(self.conn, _SHOWN.where(loans.c.id == loan_id))

    def end(self, loan_id: str, at: datetime, by: str) -> bool:
        """End it now; False when it is over already."""
        running = and_(loans.c.id == loan_id, loans.c.ended_at.is_(None), loans.c.ends_at > at)
        return self.conn.execute(update(loans).where(running).values(ended_at=at, ended_by=by)).rowcount > 0

    def not_over(self, user_id: str, now: datetime, by: str | None = None) -> list[Row]:
        """What runs or will run that the user holds or, named `by`, has given; with who holds it (`to`)."""
        theirs = loans.c.user_id == user_id
        concerned = theirs if by is None else or_(theirs, loans.c.by == by)
        return every(self.conn, _SHOWN.where(concerned, loans.c.ended_at.is_(None), loans.c.ends_at > now))

    def overlapping(self, user_id: str, role: str, area: str, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether the user has the same role there in any part of that time."""
        same = and_(loans.c.user_id == user_id, loans.c.role == role, loans.c.area == area)
        meets = and_(loans.c.ended_at.is_(None), loans.c.starts_at < ends_at, loans.c.ends_at > starts_at)
        return self.conn.execute(select(loans.c.id).where(same, meets).limit(1)).first() is not None

    def seen_from(self, areas: Collection[str], user_id: str, since: datetime) -> list[Row]:
        """Those not over before `since` that concern these areas (lie in, below or above them) or that the user holds.

        The last to begin comes first.
        """
        concern = [_concerns(top) for top in areas]
        mine = loans.c.user_id == user_id if user_id else false()
        still = and_(loans.c.ends_at > since, or_(loans.c.ended_at.is_(None), loans.c.ended_at > since))
        query = _SHOWN.where(still, or_(mine, *concern))
        return every(self.conn, query.order_by(loans.c.starts_at.desc(), loans.c.id))


def _concerns(top: str) -> Any:
    if top == "":
        return true()
    below = or_(loans.c.area == top, loans.c.area.startswith(f"{top}.", autoescape=True))
    return or_(below, loans.c.area == "", literal(top).like(loans.c.area + ".%"))
