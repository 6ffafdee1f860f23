"""Counts that operators watch; nothing personal."""

from typing import Any

from sqlalchemy import Connection, text

_COUNTS = {
    "reports": "select state, count(*) as n from reports group by state",
    "needs": "select state, count(*) as n from needs group by state",
    "assignments": "select state, count(*) as n from assignments group by state",
}


class Figures:
    """Reads the operators' counts."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def by_state(self) -> dict[str, dict[str, int]]:
        """How many of each noun are in each state."""
        return {
            noun: {row.state: row.n for row in self.conn.execute(text(query))} for noun, query in _COUNTS.items()
        }

    def schema_revision(self) -> Any:
        """The migration that the tables are at."""
        return self.conn.execute(text("select version_num from alembic_version")).scalar()
