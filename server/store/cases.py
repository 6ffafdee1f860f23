"""Cases with their needs and notes. What covers a need is derived from live assignment lines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from server.domain.lifecycle import COVERS
from server.store.rows import Row, every, first
from server.store.tables import assignment_lines, assignments, case_notes, cases, needs

_covered = (
    select(assignment_lines.c.need_id, func.sum(assignment_lines.c.quantity).label("covered"))
    .join(assignments, assignments.c.id == assignment_lines.c.assignment_id)
    .where(assignments.c.state.in_(sorted(COVERS)))
    .group_by(assignment_lines.c.need_id)
    .subquery()
)
_delivered = (
    select(assignment_lines.c.need_id, func.sum(assignment_lines.c.quantity).label("delivered"))
    .join(assignments, assignments.c.id == assignment_lines.c.assignment_id)
    .where(assignments.c.state.in_(("delivered", "confirmed")))
    .group_by(assignment_lines.c.need_id)
    .subquery()
)

_LACKING_NEAR = text(
    """
    select c.area, c.lon, c.lat, n.item, n.tier, n.quantity - coalesce(l.covered, 0) as missing
    from cases c join needs n on n.case_id = c.id
    left join lateral (select sum(al.quantity)::bigint as covered
                       from assignment_lines al join assignments a on a.id = al.assignment_id
                       where al.need_id = n.id and a.state = any(:covers)) l on true
    where c.incident_id = :incident and c.verified_at is not null and c.merged_into is null and n.state = 'open'
      and abs(c.lon - :lon) <= :within and abs(c.lat - :lat) <= :within and n.quantity > coalesce(l.covered, 0)
    order by (c.lon - :lon) ^ 2 + (c.lat - :lat) ^ 2, n.id limit :most
    """
)

_ADD = insert(cases)
_ADD_NEEDS = insert(needs)


class Cases:
    """Reads and writes cases, needs and notes."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new case."""
        self.conn.execute(_ADD, dict(row))

    def get(self, case_id: int, *, lock: bool = False) -> Row | None:
        """The case of that id; with `lock`, held until the transaction ends."""
        query = select(cases).where(cases.c.id == case_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def lock(self, case_ids: Iterable[int]) -> None:
        """Hold the cases until the transaction ends, in id order."""
        held = select(cases.c.id).where(cases.c.id.in_(sorted(set(case_ids))))
        self.conn.execute(held.order_by(cases.c.id).with_for_update(key_share=True))

    def change(self, case_id: int, **values: Any) -> None:
        """Set columns of a case and count its version up."""
        self.conn.execute(update(cases).where(cases.c.id == case_id).values(version=cases.c.version + 1, **values))

    def lacking_near(self, incident_id: str, lon: float, lat: float, within: float, most: int = 2_000) -> list[Row]:
        """What open needs of checked cases lack, within so many degrees of a place each way, the nearest first."""
        here = {"incident": incident_id, "lon": lon, "lat": lat, "within": within}
        return every(self.conn, _LACKING_NEAR, {**here, "covers": sorted(COVERS), "most": most})

    def add_needs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store new needs."""
        if rows:
            self.conn.execute(_ADD_NEEDS, list(rows))

    def need(self, need_id: int) -> Row | None:
        """A need with its case's place, people and verification, and what covers it."""
        return first(self.conn, self._needs_query().where(needs.c.id == need_id))

    def needs_of(self, case_id: int) -> list[Row]:
        """The needs of a case with what covers and what was delivered of each."""
        return every(self.conn, self._needs_query().where(needs.c.case_id == case_id).order_by(needs.c.id))

    def change_need(self, need_id: int, **values: Any) -> None:
        """Set columns of a need and count its version up."""
        self.conn.execute(update(needs).where(needs.c.id == need_id).values(version=needs.c.version + 1, **values))

    def move_needs(self, from_case: int, to_case: int) -> None:
        """Hang all needs of one case on another."""
        self.conn.execute(update(needs).where(needs.c.case_id == from_case).values(case_id=to_case))

    def lock_needs(self, need_ids: Iterable[int]) -> dict[int, Row]:
        """The needs, held until the transaction ends (in id order), each with what covers it."""
        ids = sorted(set(need_ids))
        held = select(needs.c.id).where(needs.c.id.in_(ids)).order_by(needs.c.id)
        self.conn.execute(held.with_for_update(key_share=True))
        rows = every(self.conn, self._needs_query().where(needs.c.id.in_(ids)))
        return {row["id"]: row for row in rows}

    def open_needs(self, incident_id: str, area: str) -> list[Row]:
        """Every open, not fully covered need of the incident in the area, with its case; in id order."""
        query = self._needs_query().where(
            needs.c.incident_id == incident_id,
            needs.c.state == "open",
            cases.c.merged_into.is_(None),
            needs.c.quantity > func.coalesce(_covered.c.covered, 0),
            _in_area(area),
        )
        return every(self.conn, query.order_by(needs.c.id))

    def needs_by_id(self, need_ids: Iterable[int]) -> list[Row]:
        """These needs with their case's place and verification, and what covers them; in id order."""
        query = self._needs_query().where(needs.c.id.in_(sorted(set(need_ids))), cases.c.merged_into.is_(None))
        return every(self.conn, query.order_by(needs.c.id))

    def add_note(self, row: Mapping[str, Any]) -> None:
        """Store a note on a case."""
        self.conn.execute(insert(case_notes).values(**row))

    def notes(self, case_id: int) -> list[Row]:
        """The notes of a case, the oldest first."""
        return every(self.conn, select(case_notes).where(case_notes.c.case_id == case_id).order_by(case_notes.c.at))

    def merge_into(self, from_case: int, to_case: int) -> None:
        """Send all reports, needs and notes of one case to another and mark the first as merged."""
        for statement in (
            "update reports set case_id = :to where case_id = :frm",
            "update reports set same_as = :to where same_as = :frm",
            "update needs set case_id = :to where case_id = :frm",
            "update assignments set case_id = :to where case_id = :frm",
            "update case_notes set case_id = :to where case_id = :frm",
            "update cases set merged_into = :to, version = version + 1 where id = :frm",
        ):
            self.conn.execute(text(statement).bindparams(bindparam("to", to_case), bindparam("frm", from_case)))

    @staticmethod
    def _needs_query() -> Any:
        return (
            select(
                needs,
                cases.c.area,
                cases.c.lon,
                cases.c.lat,
                cases.c.accuracy_m,
                cases.c.people,
                cases.c.vulnerable,
                cases.c.verified_at,
                cases.c.opened_at.label("case_opened_at"),
                func.coalesce(_covered.c.covered, 0).label("covered"),
                func.coalesce(_delivered.c.delivered, 0).label("delivered"),
            )
            .join(cases, cases.c.id == needs.c.case_id)
            .outerjoin(_covered, _covered.c.need_id == needs.c.id)
            .outerjoin(_delivered, _delivered.c.need_id == needs.c.id)
        )


def _in_area(area: str) -> Any:
    return (cases.c.area == area) | cases.c.area.like(area + ".%") if area else text("true")
