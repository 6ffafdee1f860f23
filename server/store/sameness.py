"""Which reports are to be compared with one: by place, phone, picture, or a reporter's word; never all of them.

Places are found by an index from the nearest outwards, so that 100,000 open cases cost what a few hundred do.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.rows import Row, every
from server.store.tables import cases, kept_apart, needs, photos, reports

_COLUMNS = (
    *("id", "case_id", "area", "tier", "state", "received_at", "happened_at"),
    *("text", "place_text", "lon", "lat", "accuracy_m", "danger", "phone_index"),
)
_COMPARED = select(*(reports.c[name] for name in _COLUMNS))

_PAIRS = text(
    """
    select mine.id as mine, theirs.id as theirs,
           coalesce(theirs.same_as = mine.case_id, false) or coalesce(theirs.case_id = mine.same_as, false) as said
    from (select *, coalesce(happened_at, received_at) as at from reports where id = any(:reports)) mine
    cross join lateral (
      (select id from reports
       where incident_id = mine.incident_id and case_id <> mine.case_id
         and point(lon, lat) <@ box(point(mine.lon - :degrees, mine.lat - :degrees),
                                    point(mine.lon + :degrees, mine.lat + :degrees))
         and coalesce(happened_at, received_at) between mine.at - :within and mine.at + :within
       order by point(lon, lat) <-> point(mine.lon, mine.lat) limit :most)
      union
      (select id from reports
       where phone_index = mine.phone_index and incident_id = mine.incident_id
         and coalesce(happened_at, received_at) between mine.at - :within and mine.at + :within
       order by received_at desc limit :most)
      union
      (select id from reports where same_as = mine.case_id limit :most)
      union
      (select id from reports where case_id = mine.same_as limit 1)
      union
      (select p.report_id from photos m
       join photos p on bit_count((p.dhash # m.dhash)::bit(64)) <= :bits and p.report_id <> m.report_id
       where m.report_id = mine.id and p.added_at > mine.received_at - :pictures limit :most)
    ) found
    join reports theirs on theirs.id = found.id
    where theirs.incident_id = mine.incident_id and theirs.case_id <> mine.case_id and theirs.state <> 'rejected'
      and not exists (select from kept_apart k where k.case_id = least(theirs.case_id, mine.case_id)
                                                 and k.other_id = greatest(theirs.case_id, mine.case_id))
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

    def pairs(
        self,
        report_ids: Collection[str],
        *,
        degrees: float,
        within: timedelta,
        bits: int,
        pictures: timedelta,
        most: int,
    ) -> list[Row]:
        """Which reports of other cases of its incident each of these is compared with (`mine`, `theirs`).

        At most `most` of each kind, within `within` of when it happened or was told; `bits` in which photos may differ,
        taken in so long before. `said`: one of the two says that it is the same. What was turned down or is kept apart
        is none.
        """
        bounds = {"degrees": degrees, "within": within, "bits": bits, "pictures": pictures, "most": most}
        return every(self.conn, _PAIRS, {"reports": list(report_ids), **bounds})

    def of_ids(self, ids: Collection[str]) -> list[Row]:
        """What is compared of these reports, and what is shown of them."""
        return every(self.conn, _COMPARED.where(reports.c.id.in_(ids)))

    def of_cases(self, case_ids: Collection[int]) -> list[Row]:
        """The same of all reports of these cases, the oldest of each case first."""
        order = reports.c.case_id, reports.c.received_at, reports.c.id
        return every(self.conn, _COMPARED.where(reports.c.case_id.in_(case_ids)).order_by(*order))

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

    def not_compared(self, incident_id: str, most: int, *, before: datetime | None = None) -> list[int]:
        """Cases of an incident, opened before then, that nobody has compared yet, the newest first."""
        query = select(cases.c.id).where(cases.c.incident_id == incident_id, cases.c.alike.is_(None))
        if before is not None:
            query = query.where(cases.c.opened_at < before)
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
