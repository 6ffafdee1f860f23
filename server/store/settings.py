"""Settings that live in the database: small values by key."""

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from server.store.tables import settings


class SettingsStore:
    """Reads and writes single settings."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def get(self, key: str) -> Any:
        """The value, or None."""
        return self.conn.execute(select(settings.c.value).where(settings.c.key == key)).scalar()

    def has(self, key: str) -> bool:
        """Whether there is a value, without reading it."""
        return self.conn.execute(select(1).where(settings.c.key == key)).first() is not None

    def put(self, key: str, value: Any) -> None:
        """Set the value."""
        new = insert(settings).values(key=key, value=value)
        self.conn.execute(new.on_conflict_do_update(index_elements=["key"], set_={"value": new.excluded.value}))
