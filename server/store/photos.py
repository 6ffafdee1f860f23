"""Photos of reports and of hand-overs; the images themselves are files named by the photo's id."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.rows import Row, every, first
from server.store.tables import assignment_lines, assignments, deliveries, lots, photos, reports

_OF_REPORT, _OF_ASSIGNMENT = reports.alias("of_report"), assignments.alias("of_assignment")
_PLACED: Select[Any] = (
    select(
        photos,
        func.coalesce(_OF_REPORT.c.incident_id, _OF_ASSIGNMENT.c.incident_id).label("incident_id"),
        func.coalesce(_OF_REPORT.c.area, _OF_ASSIGNMENT.c.area).label("area"),
        func.coalesce(_OF_REPORT.c.case_id, _OF_ASSIGNMENT.c.case_id).label("case_id"),
    )
    .outerjoin(_OF_REPORT, _OF_REPORT.c.id == photos.c.report_id)
    .outerjoin(_OF_ASSIGNMENT, _OF_ASSIGNMENT.c.id == photos.c.assignment_id)
)


class Photos:
    """Reads and writes photos."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> bool:
        """Store a new photo; False, and nothing stored, when there is one of that number."""
        new = upsert(photos).values(**row).on_conflict_do_nothing().returning(photos.c.id)
        return self.conn.execute(new).first() is not None

    def get(self, photo_id: str) -> Row | None:
        """The photo of that id, with the incident, area and case that it belongs to."""
        return first(self.conn, _PLACED.where(photos.c.id == photo_id))

    def numbered(self, n: int, *, report_id: str | None = None, assignment_id: str | None = None) -> Row | None:
        """The photo of that number of a report or of an assignment."""
        owner = photos.c.report_id == report_id if report_id is not None else photos.c.assignment_id == assignment_id
        return first(self.conn, select(photos).where(owner, photos.c.n == n))

    def of_assignment(self, assignment_id: str) -> str | None:
        """The id of the first photo of an assignment's hand-over."""
        query = select(photos.c.id).where(photos.c.assignment_id == assignment_id)
        return self.conn.execute(query.order_by(photos.c.n).limit(1)).scalar()

    def of_case(self, case_id: int) -> list[Row]:
        """The photos of a case's reports and hand-overs, in the order in which they came."""
        query = (
            select(
                photos.c.id,
                photos.c.report_id,
                photos.c.assignment_id,
                photos.c.n,
                photos.c.width,
                photos.c.height,
                photos.c.is_shown,
            )
            .outerjoin(_OF_REPORT, _OF_REPORT.c.id == photos.c.report_id)
            .outerjoin(_OF_ASSIGNMENT, _OF_ASSIGNMENT.c.id == photos.c.assignment_id)
            .where(or_(_OF_REPORT.c.case_id == case_id, _OF_ASSIGNMENT.c.case_id == case_id))
        )
        return every(self.conn, query.order_by(photos.c.added_at, photos.c.id))

    def of_gift(self, gift_id: str, until: datetime, limit: int) -> list[Row]:
        """Photos that may be seen of hand-overs with goods of a gift that were known at a moment, the newest first."""
        given = (
            select(assignment_lines.c.assignment_id)
            .join(lots, lots.c.id == assignment_lines.c.lot_id)
            .where(lots.c.gift_id == gift_id)
        )
        query = (
            select(photos.c.id, photos.c.width, photos.c.height, assignments.c.area, deliveries.c.recorded_at)
            .join(assignments, assignments.c.id == photos.c.assignment_id)
            .join(deliveries, deliveries.c.assignment_id == assignments.c.id)
            .where(assignments.c.id.in_(given), photos.c.is_shown, deliveries.c.recorded_at <= until)
            .where(assignments.c.state.in_(("delivered", "confirmed")))
        )
        return every(self.conn, query.order_by(deliveries.c.recorded_at.desc(), photos.c.id).limit(limit))

    def show(self, photo_id: str, at: datetime, *, is_shown: bool) -> None:
        """Let a photo be seen, or not: somebody has looked at it."""
        self.conn.execute(update(photos).where(photos.c.id == photo_id).values(is_shown=is_shown, looked_at=at))

    def known(self, ids: list[str]) -> set[str]:
        """Those of the ids that are photos of ours."""
        return set(self.conn.execute(select(photos.c.id).where(photos.c.id.in_(ids))).scalars())
