"""Photos: which file belongs to what, and whether people may see it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.store.rows import Row, every, first
from server.store.tables import photos, reports


class Photos:
    """Reads and writes photos."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a photo's row; the file is on disk already."""
        self.conn.execute(insert(photos), dict(row))

    def get(self, photo_id: str) -> Row | None:
        """The photo of that id."""
        return first(self.conn, select(photos).where(photos.c.id == photo_id))

    def of_report(self, report_id: str, n: int) -> Row | None:
        """The n-th photo of a report."""
        return first(self.conn, select(photos).where(photos.c.report_id == report_id, photos.c.n == n))

    def of_assignment(self, assignment_id: str) -> str | None:
        """The last photo of a hand-over."""
        query = select(photos.c.id).where(photos.c.assignment_id == assignment_id).order_by(photos.c.n.desc())
        return self.conn.execute(query.limit(1)).scalar()

    def of_case(self, case_id: int) -> list[Row]:
        """The photos of a case's reports: id, n, is_shown."""
        query = (
            select(photos.c.id, photos.c.report_id, photos.c.n, photos.c.is_shown)
            .join(reports, reports.c.id == photos.c.report_id)
            .where(reports.c.case_id == case_id)
        )
        return every(self.conn, query.order_by(photos.c.added_at, photos.c.n))

    def show(self, photo_id: str, shown: bool) -> None:
        """Let people see a photo, or hide it."""
        self.conn.execute(update(photos).where(photos.c.id == photo_id).values(is_shown=shown))
