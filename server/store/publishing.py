"""Public figures: what they are counted from, the cuts that were published, and the documents drawn of them.

The counts that leave this file are raw; `services/publishing.py` alone reads them, and stores only
what may be shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.claim_tables import claims
from server.store.rows import Row, every, first
from server.store.tables import areas, incidents, public_cuts, public_documents

_LOCK = 7_201_002
DOUBTED = ("doubtful_people", "quarantined")
"""Flags of a report that does not count before its case is verified."""
UNPLACED = ("no_place", "place_unclear", "outside")
"""Flags of a report that lies in its incident's home area only for want of a better one."""
JUDGED = ("disinformasi", "misinformasi", "benar", "klarifikasi")

_COUNTED = """
with counted as (
  select c.id, c.opened_at, c.vulnerable, greatest(coalesce(c.people, 1), 1) as people,
         case when c.area = :home and exists (
                select 1 from reports r where r.case_id = c.id and r.flags && cast(:unplaced as text[])) then ''
              when c.area ~ '^[0-9]{2}[.][0-9]{2}[.][0-9]{2}' then left(c.area, 8)
              when c.area ~ '^[0-9]{2}[.][0-9]{2}' then left(c.area, 5)
              else '' end as area
  from cases c
  where c.incident_id = :incident and c.merged_into is null
    and exists (select 1 from reports r where r.case_id = c.id and r.state not in ('rejected', 'duplicate')
                and (c.verified_at is not null or not r.flags && cast(:doubted as text[])))
)
"""
_PEOPLE = """
, handed as (
  select a.case_id, count(*) as deliveries, min(d.handed_over_at) as first_at
  from assignments a join deliveries d on d.assignment_id = a.id
  where a.incident_id = :incident and a.state in ('delivered', 'confirmed')
  group by a.case_id
), standing as (
  select c.area, c.people, coalesce(h.deliveries, 0) as deliveries,
         case when h.case_id is not null then 'helped'
              when exists (select 1 from needs n where n.case_id = c.id and n.state = 'open')
                or not exists (select 1 from needs n where n.case_id = c.id) then 'waiting'
              else 'settled' end as standing,
         extract(epoch from coalesce(h.first_at, :now) - c.opened_at) as waited_s
  from counted c left join handed h on h.case_id = c.id
)
select area, standing, width_bucket(waited_s, cast(:edges as numeric[])) as band,
       sum(people)::bigint as people, sum(deliveries)::bigint as deliveries
from standing group by area, standing, band
"""
_ITEMS = """
, carried as (
  select l.need_id,
         sum(l.quantity) filter (where a.state in ('accepted', 'en_route')) as on_the_way,
         sum(l.quantity) filter (where a.state in ('delivered', 'confirmed')) as delivered
  from assignment_lines l join assignments a on a.id = l.assignment_id
  where a.incident_id = :incident
  group by l.need_id
), of_case as (
  select n.case_id, n.item,
         coalesce(sum(n.quantity) filter (where n.state <> 'cancelled'), 0) as asked,
         coalesce(sum(k.on_the_way), 0) as on_the_way,
         coalesce(sum(k.delivered), 0) as delivered
  from needs n left join carried k on k.need_id = n.id
  where n.incident_id = :incident
  group by n.case_id, n.item
)
select c.area, o.item,
       sum(o.asked)::bigint as asked,
       coalesce(sum(c.people) filter (where o.asked > 0), 0)::bigint as asked_people,
       count(*) filter (where o.asked > 0) as asked_cases,
       sum(o.on_the_way)::bigint as on_the_way,
       coalesce(sum(c.people) filter (where o.on_the_way > 0), 0)::bigint as on_the_way_people,
       count(*) filter (where o.on_the_way > 0) as on_the_way_cases,
       sum(o.delivered)::bigint as delivered,
       coalesce(sum(c.people) filter (where o.delivered > 0), 0)::bigint as delivered_people,
       count(*) filter (where o.delivered > 0) as delivered_cases
from of_case o join counted c on c.id = o.case_id
group by c.area, o.item
"""
_VULNERABLE = """
select v.key as vulnerable, sum(least(v.value::bigint, c.people))::bigint as people
from counted c cross join lateral jsonb_each_text(c.vulnerable) v
group by v.key
"""
_RECEIVED = """
select lo.item, -sum(g.quantity)::bigint as quantity
from ledger g join lots lo on lo.id = g.lot_id join sites s on s.id = lo.site_id
where s.incident_id = :incident and g.account = 'outside' and lo.gift_id is not null
group by lo.item
"""


_OPEN_CASES = """
select (select r.id from reports r where r.case_id = c.id order by r.received_at, r.id limit 1) as report_id,
       c.people, array_agg(distinct n.item) as items,
       extract(epoch from :before - c.opened_at)::float as waited_s
from cases c join needs n on n.case_id = c.id and n.state = 'open'
where c.incident_id = :incident and c.merged_into is null and c.verified_at < :before and c.people >= :least
  and (c.area = :district or c.area like :district || '.%')
group by c.id
order by c.opened_at desc, c.id
limit 200
"""


class PublicCuts:
    """Counts for a cut, the cuts, and their documents."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def claim(self) -> bool:
        """Whether this transaction is the one that cuts now; the claim ends with it."""
        return bool(self.conn.execute(select(func.pg_try_advisory_xact_lock(_LOCK))).scalar())

    def people(self, incident_id: str, home: str, now: datetime, edges_s: Sequence[int]) -> list[Row]:
        """People and deliveries by area (district, regency, or "" when neither is known), standing and wait.

        standing: helped (something was handed over), waiting, or settled without help. band: how many
        of `edges_s` (seconds, ascending) the wait until the first help, or until now, has reached.
        A case without a head count is one person.
        """
        return self._counted(_PEOPLE, incident_id, home, now=now, edges=list(edges_s))

    def items(self, incident_id: str, home: str) -> list[Row]:
        """Amounts asked, on the way and delivered by area and item, each with the people and cases it is for."""
        return self._counted(_ITEMS, incident_id, home)

    def vulnerable(self, incident_id: str, home: str) -> dict[str, int]:
        """How many people of each vulnerable group were reported."""
        return {row["vulnerable"]: row["people"] for row in self._counted(_VULNERABLE, incident_id, home)}

    def received(self, incident_id: str) -> dict[str, int]:
        """How much of each item came in as gifts."""
        return {row["item"]: row["quantity"] for row in every(self.conn, text(_RECEIVED), {"incident": incident_id})}

    def known(self, codes: Iterable[str]) -> dict[str, Row]:
        """Areas by code: name, and whether only a point near them is known."""
        query = select(areas.c.code, areas.c.name, areas.c.approximate).where(areas.c.code.in_(sorted(codes)))
        return {row["code"]: row for row in every(self.conn, query)}

    def open_cases(self, incident_id: str, district: str, before: datetime, least_people: int) -> list[Row]:
        """Cases of a district with open needs, verified before a cut, for so many people at least; the newest first.

        Each with the public id of its first report, its people, what is open and for how long it had waited.
        """
        params = {"incident": incident_id, "district": district, "before": before, "least": least_people}
        return [dict(row) for row in self.conn.execute(text(_OPEN_CASES), params).mappings()]

    def last_cut_at(self) -> datetime | None:
        """When figures were last cut."""
        return self.conn.execute(select(func.max(public_cuts.c.cut_at))).scalar()

    def add(self, incident_id: str, cut_at: datetime, figures: Mapping[str, Any]) -> None:
        """Store what may be shown."""
        self.conn.execute(insert(public_cuts).values(incident_id=incident_id, cut_at=cut_at, figures=figures))

    def forget(self, before: datetime) -> None:
        """Drop the cuts made before a time, but the last of each incident."""
        last = select(func.max(public_cuts.c.id)).group_by(public_cuts.c.incident_id)
        self.conn.execute(delete(public_cuts).where(public_cuts.c.cut_at < before, public_cuts.c.id.not_in(last)))

    def last(self, incident_id: str) -> Row | None:
        """The last cut of an incident, with its figures."""
        query = select(public_cuts).where(public_cuts.c.incident_id == incident_id)
        return first(self.conn, query.order_by(public_cuts.c.cut_at.desc(), public_cuts.c.id.desc()).limit(1))

    def times(self, incident_id: str, since: datetime) -> list[datetime]:
        """When figures of an incident were cut since then, ascending."""
        own = select(public_cuts.c.cut_at).where(public_cuts.c.incident_id == incident_id)
        query = own.where(public_cuts.c.cut_at >= since)
        return list(self.conn.execute(query.distinct().order_by(public_cuts.c.cut_at)).scalars())

    def at_times(self, incident_id: str, times: Sequence[datetime]) -> list[dict[str, Any]]:
        """The figures of the cuts made at these times, the oldest first."""
        query = select(public_cuts.c.figures).where(
            public_cuts.c.incident_id == incident_id, public_cuts.c.cut_at.in_(times)
        )
        return list(self.conn.execute(query.order_by(public_cuts.c.cut_at)).scalars())

    def put_document(self, incident_id: str, name: str, cut_at: datetime, body: str, policy: str) -> None:
        """Put a drawn document in place of the one of that name."""
        new = upsert(public_documents).values(
            incident_id=incident_id, name=name, cut_at=cut_at, body=body, policy=policy
        )
        changed = {"cut_at": new.excluded.cut_at, "body": new.excluded.body, "policy": new.excluded.policy}
        self.conn.execute(new.on_conflict_do_update(index_elements=["incident_id", "name"], set_=changed))

    def document(self, incident_id: str, name: str) -> Row | None:
        """A drawn document."""
        query = select(public_documents).where(
            public_documents.c.incident_id == incident_id, public_documents.c.name == name
        )
        return first(self.conn, query)

    def judged_claims(self, limit: int) -> list[Row]:
        """Claims with a verdict, of incidents that are no training, the newest first."""
        query = (
            select(claims.c.id, claims.c.code, claims.c.area, claims.c.text, claims.c.state, claims.c.verdict,
                   claims.c.source_url, claims.c.received_at, areas.c.name.label("area_name"))
            .join(incidents, incidents.c.id == claims.c.incident_id)
            .outerjoin(areas, areas.c.code == claims.c.area)
            .where(claims.c.state.in_(JUDGED), claims.c.joined_to.is_(None), incidents.c.is_training.is_(False))
        )  # fmt: skip
        return every(self.conn, query.order_by(claims.c.received_at.desc(), claims.c.id).limit(limit))

    def _counted(self, query: str, incident_id: str, home: str, **params: Any) -> list[Row]:
        """`home` is the area that the incident's cases without a known one are stored in."""
        known = {"incident": incident_id, "home": home, "doubted": list(DOUBTED), "unplaced": list(UNPLACED)}
        return every(self.conn, text(_COUNTED + query), {**known, **params})
