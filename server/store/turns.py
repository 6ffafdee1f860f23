"""Whose turn it is: claims of which one process at a time holds each, for as long as its connection lives."""

from sqlalchemy import Connection, func, select

_LOCKS = {"clock": 7_201_003}


class Turns:
    """Takes turns by advisory locks of the session."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def take(self, name: str) -> bool:
        """Whether this session has the turn now; it ends with the session."""
        return bool(self.conn.execute(select(func.pg_try_advisory_lock(_LOCKS[name]))).scalar())
