"""Which reports are to be compared with one: by place, phone, picture, or a reporter's word; never all of them.

Places are found by an index from the nearest outwards, so that 100,000 open cases cost what a few hundred do.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.rows import Row, every
from server.store.tables import cases, kept_apart, needs, photos

_CANDIDATES = text(
    """
    with found as (
      (select id from reports
       where incident_id = :incident and case_id <> :case
         and point(lon, lat) <@ box(point(cast(:lon as float8) - :degrees, cast(:lat as float8) - :degrees),
                                    point(cast(:lon as float8) + :degrees, cast(:lat as float8) + :degrees))
         and coalesce(happened_at, received_at) between :since and :until
       order by point(lon, lat) <-> point(cast(:lon as float8), cast(:lat as float8)) limit :most)
      union
      (select id from reports
       where phone_index = :phone and incident_id = :incident
         and coalesce(happened_at, received_at) between :since and :until
       order by received_at desc limit :most)
      union
      (select id from reports where same_as = :case limit :most)
      union
      (select id from reports where case_id = :same_as limit 1)
      union
      (select p.report_id from photos mine
       join photos p on bit_count((p.dhash # mine.dhash)::bit(64)) <= :bits and p.report_id <> mine.report_id
       where mine.report_id = :report and p.added_at > :pictures_since limit :most)
    )
    select r.*, coalesce(r.same_as = :case, false) or coalesce(r.case_id = :same_as, false) as said
    from found join reports r on r.id = found.id
    where r.incident_id = :incident and r.case_id <> :case and r.state <> 'rejected'
      and not exists (select from kept_apart k
                      where k.case_id = least(r.case_id, :case) and k.other_id = greatest(r.case_id, :case))
    """
)

_MARK = text(
    """
    with given as (select * from unnest(cast(:ids as bigint[]), cast(:alike as boolean[])) as g (id, alike)),
         held as (select c.id, c.alike as before, g.alike from cases c join given g on g.id = c.id
                  where c.alike is distinct from g.alike order by c.id for no key update of c)
    update cases c set alike = held.alike from held where c.id = held.id
    returning c.id, coalesce(held.before, false) <> held.alike as differs
    """
)


class Sameness:
    """Reads what a report is compared with; keeps which cases have others like them, and which are not the same.

    `cases.alike` is null until somebody has compared the case; `kept_apart` are pairs, the smaller number first.
    """

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def candidates(
        self, report: Mapping[str, Any], *, degrees: float, within: timedelta, bits: int, pictures: timedelta, most: int
    ) -> list[Row]:
        """Reports of other cases of its incident within these bounds of a report, at most `most` of each kind.

        `within` of when it happened or was told; `bits` in which photos may differ, taken in so long before now.
        `said`: one of the two says that it is the same. What was turned down or is kept apart is none.
        """
        at = report["happened_at"] or report["received_at"]
        bounds = {
            "incident": report["incident_id"],
            "case": report["case_id"],
            "report": report["id"],
            "lon": report["lon"],
            "lat": report["lat"],
            "degrees": degrees,
            "since": at - within,
            "until": at + within,
            "phone": report["phone_index"],
            "same_as": report["same_as"],
            "bits": bits,
            "pictures_since": report["received_at"] - pictures,
            "most": most,
        }
        return every(self.conn, _CANDIDATES, bounds)

    def items(self, case_ids: Collection[int]) -> dict[int, set[str]]:
        """What each of these cases asks for, or was given."""
        query = select(needs.c.case_id, needs.c.item).where(needs.c.case_id.in_(case_ids), needs.c.state != "cancelled")
        found: dict[int, set[str]] = {}
        for row in self.conn.execute(query):
            found.setdefault(row.case_id, set()).add(row.item)
        return found

    def hashes(self, report_ids: Collection[str]) -> dict[str, list[int]]:
        """The hashes of these reports' photos."""
        query = select(photos.c.report_id, photos.c.dhash).where(
            photos.c.report_id.in_(report_ids), photos.c.dhash.is_not(None)
        )
        found: dict[str, list[int]] = {}
        for row in self.conn.execute(query):
            found.setdefault(row.report_id, []).append(row.dhash)
        return found

    def not_compared(self, incident_id: str, most: int) -> list[int]:
        """Cases of an incident that nobody has compared yet, the newest first."""
        query = select(cases.c.id).where(cases.c.incident_id == incident_id, cases.c.alike.is_(None))
        return list(self.conn.execute(query.order_by(cases.c.id.desc()).limit(most)).scalars())

    def mark(self, found: Mapping[int, bool]) -> list[int]:
        """Say of cases whether others may be the same; those of which something else was known, by number.

        Their version stays: nobody's decision about a case is out of date by it.
        """
        changed = self.conn.execute(_MARK, {"ids": list(found), "alike": list(found.values())})
        return sorted(row.id for row in changed if row.differs)

    def keep_apart(self, one: int, other: int, by: str, at: datetime) -> None:
        """A person says that two cases are not the same; said twice, once."""
        first, second = sorted((one, other))
        row = upsert(kept_apart).values(case_id=first, other_id=second, by=by, at=at)
        self.conn.execute(row.on_conflict_do_nothing())
