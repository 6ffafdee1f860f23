"""Users, the roles they hold, their sessions and tokens, and counted tries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.rows import Row, every, first
from server.store.tables import grants, sessions, tries, users, volunteers


class Accounts:
    """Reads and writes accounts."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add_user(self, row: Mapping[str, Any]) -> None:
        """Store a new user."""
        self.conn.execute(insert(users).values(**row))

    def user_by_name(self, name: str) -> Row | None:
        """The user of that name."""
        return first(self.conn, select(users).where(users.c.name == name))

    def user(self, user_id: str) -> Row | None:
        """The user of that id."""
        return first(self.conn, select(users).where(users.c.id == user_id))

    def users(self) -> list[Row]:
        """Every user, by name."""
        return every(self.conn, select(users.c.id, users.c.name, users.c.is_disabled).order_by(users.c.name))

    def change_user(self, user_id: str, **values: Any) -> None:
        """Set columns of a user."""
        self.conn.execute(update(users).where(users.c.id == user_id).values(**values))

    def grant(self, user_id: str, role: str, area: str) -> None:
        """Give a role for an area."""
        self.conn.execute(insert(grants).values(user_id=user_id, role=role, area=area))

    def grants(self, user_id: str) -> list[Row]:
        """The roles of a user."""
        query = select(grants).where(grants.c.user_id == user_id)
        return every(self.conn, query.order_by(grants.c.role, grants.c.area))

    def volunteer_of(self, user_id: str) -> str | None:
        """The volunteer that the user is."""
        return self.conn.execute(select(volunteers.c.id).where(volunteers.c.user_id == user_id)).scalar()

    def add_session(self, row: Mapping[str, Any]) -> bool:
        """Store a session or token; False when it is there already."""
        new = upsert(sessions).values(**row).on_conflict_do_nothing().returning(sessions.c.id_hash)
        return self.conn.execute(new).first() is not None

    def session(self, id_hash: bytes, now: datetime) -> Row | None:
        """A session that has not run out, with its user, unless the user is disabled."""
        query = (
            select(sessions, users.c.name, users.c.must_change)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.id_hash == id_hash, sessions.c.expires_at > now, users.c.is_disabled.is_(False))
        )
        return first(self.conn, query)

    def tokens(self, user_id: str) -> list[Row]:
        """The tokens of a user, without their secrets."""
        query = select(sessions.c.label, sessions.c.created_at, sessions.c.expires_at)
        return every(self.conn, query.where(sessions.c.user_id == user_id, sessions.c.kind == "token"))

    def end_session(self, id_hash: bytes) -> None:
        """Remove a session."""
        self.conn.execute(delete(sessions).where(sessions.c.id_hash == id_hash))

    def end_sessions_of(self, user_id: str) -> None:
        """Remove every session and token of a user."""
        self.conn.execute(delete(sessions).where(sessions.c.user_id == user_id))

    def tried(self, key: str, since: datetime) -> int:
        """How many tries under this key since then."""
        query = select(func.count()).select_from(tries).where(tries.c.key == key, tries.c.at > since)
        return self.conn.execute(query).scalar_one()

    def count_try(self, key: str, at: datetime) -> None:
        """Count one try."""
        self.conn.execute(insert(tries).values(key=key, at=at))

    def forget_tries(self, before: datetime) -> None:
        """Remove tries that no longer count."""
        self.conn.execute(delete(tries).where(tries.c.at < before))
