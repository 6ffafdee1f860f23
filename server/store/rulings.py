"""Rulings: what people decided about matches before they are planned."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from server.domain.lifecycle import COVERS
from server.store.rows import Row, every, first
from server.store.sites import within_any
from server.store.tables import assignment_lines, assignments, cases, needs, rulings

_covered = (
    select(func.coalesce(func.sum(assignment_lines.c.quantity), 0))
    .join(assignments, assignments.c.id == assignment_lines.c.assignment_id)
    .where(
        assignment_lines.c.need_id == rulings.c.need_id,
        assignments.c.state.in_(sorted(COVERS)),
        (assignment_lines.c.lot_id == rulings.c.lot_id)
        | (func.coalesce(assignments.c.volunteer_id, assignments.c.wanted_volunteer_id) == rulings.c.volunteer_id),
    )
    .correlate(rulings)
    .scalar_subquery()
)
_need_covered = (
    select(func.coalesce(func.sum(assignment_lines.c.quantity), 0))
    .join(assignments, assignments.c.id == assignment_lines.c.assignment_id)
    .where(assignment_lines.c.need_id == needs.c.id, assignments.c.state.in_(sorted(COVERS)))
    .correlate(needs)
    .scalar_subquery()
)
_RULINGS = (
    select(
        rulings,
        needs.c.case_id,
        needs.c.item,
        _covered.label("covered"),
        (needs.c.quantity <= _need_covered).label("need_is_covered"),
    )
    .join(needs, needs.c.id == rulings.c.need_id)
    .join(cases, cases.c.id == needs.c.case_id)
    .order_by(rulings.c.at, rulings.c.id)
)


class Rulings:
    """Reads and writes rulings.

    `covered` is what live assignments of the ruled source bring of the need; `need_is_covered` is of all sources.
    """

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new ruling."""
        self.conn.execute(insert(rulings).values(**row))

    def get(self, ruling_id: str, *, lock: bool = False) -> Row | None:
        """The ruling of that id with its need; with `lock`, held until the transaction ends."""
        query = _RULINGS.where(rulings.c.id == ruling_id)
        return first(self.conn, query.with_for_update(key_share=True, of=rulings) if lock else query)

    def change(self, ruling_id: str, **values: Any) -> None:
        """Set columns of a ruling."""
        self.conn.execute(update(rulings).where(rulings.c.id == ruling_id).values(**values))

    def of_need(self, need_id: int) -> list[Row]:
        """The rulings in force on a need, the oldest first."""
        return every(self.conn, _RULINGS.where(rulings.c.need_id == need_id, rulings.c.ended_at.is_(None)))

    def in_force(self, incident_id: str, *areas: str) -> list[Row]:
        """The rulings in force on open needs of an incident in these areas and below, the oldest first."""
        query = _RULINGS.where(
            rulings.c.incident_id == incident_id,
            rulings.c.ended_at.is_(None),
            needs.c.state == "open",
            cases.c.merged_into.is_(None),
            within_any(cases.c.area, areas),
        )
        return every(self.conn, query)
