"""Plans and their matches."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, cast, delete, exists, func, insert, select, text, update

from server.domain.lifecycle import COVERS
from server.store.rows import Row, every, first
from server.store.tables import cases, lots, matches, needs, plans

_COVERAGE = text(
    """
    select c.area, n.item, sum(n.quantity)::bigint as asked,
           sum(least(n.quantity, x.covered))::bigint as covered,
           sum(x.people)::float8 as people_asked,
           sum(x.people * least(n.quantity, x.covered)::float8 / n.quantity) as people_covered
    from needs n join cases c on c.id = n.case_id
    left join (select al.need_id, sum(al.quantity) as covered from assignment_lines al
               join assignments a on a.id = al.assignment_id where a.state = any(:covers)
               group by al.need_id) l on l.need_id = n.id
    cross join lateral (select case when n.state = 'closed' then n.quantity else coalesce(l.covered, 0) end as covered,
                               coalesce(nullif(c.people, 0), :household) as people) x
    where n.incident_id = :incident and n.state in ('open', 'closed')
      and c.verified_at is not null and c.merged_into is null
      and (:area = '' or c.area = :area or c.area like :below)
    group by c.area, n.item order by c.area, n.item
    """
)
_REACHED = text(
    """
    select a.area, max(d.handed_over_at) as at from deliveries d join assignments a on a.id = d.assignment_id
    where a.incident_id = :incident group by a.area
    """
)
_IN_FORCE = text(
    """
    select p.id, p.area, p.state, p.ready_at, p.approved_at,
           jsonb_path_query_array(coalesce(p.result -> 'unmet', '[]'), '$[*] ? (@.need_id == $needs[*])',
                                  jsonb_build_object('needs', cast(:needs as bigint[]))) as unmet,
           coalesce(p.result -> 'kits', '{}') as kits
    from plans p
    where p.incident_id = :incident and p.kind = 'live' and p.state in ('ready', 'approved')
      and (p.area = '' or p.area = :area or :area like p.area || '.%')
    order by p.ready_at desc, p.id desc limit 1
    """
)
_BRIEF = (
    plans.c.id,
    plans.c.incident_id,
    plans.c.area,
    plans.c.kind,
    plans.c.asked,
    plans.c.state,
    plans.c.by,
    plans.c.requested_at,
    plans.c.ready_at,
    plans.c.approved_at,
    plans.c.version,
)


class Plans:
    """Reads and writes plans."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new plan."""
        self.conn.execute(insert(plans).values(**row))

    def get(self, plan_id: str, *, lock: bool = False) -> Row | None:
        """The plan of that id; with `lock`, held until the transaction ends."""
        query = select(plans).where(plans.c.id == plan_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change(self, plan_id: str, **values: Any) -> None:
        """Set columns of a plan and count its version up."""
        self.conn.execute(update(plans).where(plans.c.id == plan_id).values(version=plans.c.version + 1, **values))

    def latest(self, incident_id: str, limit: int, kind: str = "live") -> list[Row]:
        """The last plans of an incident and kind without their matches, the newest first."""
        query = select(*_BRIEF, plans.c.result).where(plans.c.incident_id == incident_id, plans.c.kind == kind)
        return every(self.conn, query.order_by(plans.c.requested_at.desc(), plans.c.id).limit(limit))

    def in_state(self, incident_id: str, state: str, kind: str = "live") -> list[Row]:
        """The plans of an incident and kind that are in a state, in id order, held until the transaction ends."""
        query = select(*_BRIEF).where(plans.c.incident_id == incident_id, plans.c.state == state, plans.c.kind == kind)
        return every(self.conn, query.order_by(plans.c.id).with_for_update(key_share=True))

    def forget(self, kind: str, before: datetime) -> int:
        """Forget the plans of a kind that has no matches which were asked for before a moment; how many."""
        return self.conn.execute(delete(plans).where(plans.c.kind == kind, plans.c.requested_at < before)).rowcount

    def requested_before(self, moment: datetime) -> list[Row]:
        """Plans that were asked for before a moment and are still not worked out."""
        query = select(*_BRIEF).where(plans.c.state == "requested", plans.c.requested_at < moment)
        return every(self.conn, query.order_by(plans.c.requested_at, plans.c.id))

    def last_requested_at(self, incident_id: str) -> datetime | None:
        """When the last live plan of the incident that did not fail was asked for."""
        query = select(func.max(plans.c.requested_at)).where(
            plans.c.incident_id == incident_id, plans.c.state != "failed", plans.c.kind == "live"
        )
        return self.conn.execute(query).scalar()

    def waits_for_plan(self, incident_id: str, since: datetime | None, until: datetime) -> bool:
        """Whether a verified open need came up after `since` (None: ever) and before `until`."""
        came_up = func.greatest(needs.c.opened_at, cases.c.verified_at)
        query = (
            select(needs.c.id)
            .join(cases, cases.c.id == needs.c.case_id)
            .where(
                needs.c.incident_id == incident_id,
                needs.c.state == "open",
                cases.c.verified_at.is_not(None),
                cases.c.merged_into.is_(None),
                came_up < until,
            )
        )
        if since is not None:
            query = query.where(came_up > since)
        return bool(self.conn.execute(select(exists(query))).scalar())

    def add_matches(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store the matches of a plan."""
        if rows:
            self.conn.execute(insert(matches), list(rows))

    def change_matches(self, plan_id: str, numbers: Sequence[int], **values: Any) -> None:
        """Set columns of these matches."""
        these = (matches.c.plan_id == plan_id) & matches.c.n.in_(list(numbers))
        self.conn.execute(update(matches).where(these).values(**values))

    def drop_matches(self, plan_id: str) -> None:
        """Forget the matches of a plan that nobody will approve any more."""
        self.conn.execute(delete(matches).where(matches.c.plan_id == plan_id))

    def pairs(self, plan_id: str) -> list[tuple[str, str]]:
        """The need and the source of each match of a plan, in order, as the solver names them."""
        source = func.coalesce(matches.c.lot_id, matches.c.volunteer_id)
        query = select(cast(matches.c.need_id, Text), source).where(matches.c.plan_id == plan_id).order_by(matches.c.n)
        return [(need_id, source_id) for need_id, source_id in self.conn.execute(query)]

    def last_ready(self, incident_id: str, kind: str, area: str) -> Row | None:
        """The last plan of a kind and area that waits for a decision: `id`, `unmet` and `prices`."""
        query = select(plans.c.id, plans.c.result["unmet"].label("unmet"), plans.c.result["prices"].label("prices"))
        query = query.where(
            plans.c.incident_id == incident_id, plans.c.kind == kind, plans.c.area == area, plans.c.state == "ready"
        )
        return first(self.conn, query.order_by(plans.c.ready_at.desc(), plans.c.id).limit(1))

    def in_force(self, incident_id: str, area: str, need_ids: Sequence[int]) -> Row | None:
        """The last live plan, ready or approved, that covers an area of the incident, with what it leaves open of
        these needs, and the kits that it would have opened.
        """
        return first(self.conn, _IN_FORCE, {"incident": incident_id, "area": area, "needs": list(need_ids)})

    def matches(self, plan_id: str, need_ids: Sequence[int] | None = None) -> list[Row]:
        """The matches of a plan (with these needs) in order, each with its case, item, tier and the lot's site."""
        query = (
            select(
                matches,
                needs.c.case_id,
                needs.c.item,
                needs.c.tier,
                cases.c.area,
                cases.c.lon,
                cases.c.lat,
                lots.c.site_id,
                lots.c.expiry,
            )
            .join(needs, needs.c.id == matches.c.need_id)
            .join(cases, cases.c.id == needs.c.case_id)
            .outerjoin(lots, lots.c.id == matches.c.lot_id)
            .where(matches.c.plan_id == plan_id)
        )
        if need_ids is not None:
            query = query.where(matches.c.need_id.in_(list(need_ids)))
        return every(self.conn, query.order_by(matches.c.n))

    def ways_waiting(self, incident_ids: Sequence[str]) -> list[Row]:
        """Of every match of the plans of these incidents that wait for a decision: from where to where it leads."""
        query = text(
            """
            select m.plan_id, coalesce(s.lon, k.lon) as start_lon, coalesce(s.lat, k.lat) as start_lat,
                   c.lon as case_lon, c.lat as case_lat
            from plans p join matches m on m.plan_id = p.id
            join needs n on n.id = m.need_id join cases c on c.id = n.case_id
            left join lots l on l.id = m.lot_id left join sites s on s.id = l.site_id
            left join checkins k on k.volunteer_id = m.volunteer_id and k.ended_at is null
            where p.state = 'ready' and p.incident_id = any(cast(:incidents as uuid[]))
            """
        )
        return every(self.conn, query, {"incidents": list(incident_ids)})

    def coverage(self, incident_id: str, area: str, household: int) -> list[Row]:
        """Of each area and item: units asked and covered of all verified needs, and the same counted in people.

        A need counts as the people of its case, or a household; what was closed is covered.
        """
        values = {"incident": incident_id, "area": area, "below": f"{area}.%"}
        return every(self.conn, _COVERAGE, {**values, "household": household, "covers": sorted(COVERS)})

    def reached_at(self, incident_id: str) -> dict[str, datetime]:
        """When somebody last handed something over in each area of the incident."""
        return {row["area"]: row["at"] for row in every(self.conn, _REACHED, {"incident": incident_id})}
