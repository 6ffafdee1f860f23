"""The board: every noun's rows of one incident and area, read in one go."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from server.store.rows import Row, every

_AREA = "(:area = '' or {column} = :area or {column} like :below)"

_REPORTS = """
select r.id, r.case_id, r.state, r.tier, r.channel, r.received_at, r.due_at, r.flags
from reports r where {where} order by r.received_at, r.id
"""
_CASES = """
select c.id, c.area, c.lon, c.lat, c.accuracy_m, c.people, c.tier, c.verified_at, c.merged_into, c.opened_at, c.version
from cases c where {where} order by c.id
"""
_NEEDS = """
select n.id, n.case_id, n.item, n.quantity, n.tier, n.state, n.due_at,
       coalesce(l.covered, 0)::int as covered, coalesce(l.delivered, 0)::int as delivered
from needs n join cases c on c.id = n.case_id
left join (
  select al.need_id,
         sum(al.quantity) filter (where a.state in
           ('proposed', 'offered', 'accepted', 'en_route', 'delivered', 'confirmed')) as covered,
         sum(al.quantity) filter (where a.state in ('delivered', 'confirmed')) as delivered
  from assignment_lines al join assignments a on a.id = al.assignment_id
  group by al.need_id
) l on l.need_id = n.id
where {where} order by n.case_id, n.id
"""
_ASSIGNMENTS = """
select a.id, a.case_id, a.site_id, a.volunteer_id, a.kind, a.state, a.changed_at, a.attention, a.version,
       coalesce((select json_agg(json_build_object(
                   'need_id', al.need_id, 'item', n.item, 'quantity', al.quantity) order by al.n)
                 from assignment_lines al join needs n on n.id = al.need_id
                 where al.assignment_id = a.id), '[]'::json) as lines
from assignments a where {where} order by a.changed_at, a.id
"""
_VOLUNTEERS = """
select v.id, v.alias, v.state, v.home_area, coalesce(k.skills, v.skills) as skills,
       coalesce(k.vehicle, v.vehicle) as vehicle, k.area as checkin_area, k.lon as checkin_lon,
       k.lat as checkin_lat, k.until as checkin_until,
       exists (select 1 from assignments a where a.volunteer_id = v.id
               and a.state in ('accepted', 'en_route')) as busy
from volunteers v
left join checkins k on k.volunteer_id = v.id and k.ended_at is null and k.until > :now
where {where} order by v.alias, v.id
"""
_SITES = """
select s.id, s.name, s.kind, s.area, s.lon, s.lat, s.is_open, s.flags,
       coalesce((select json_object_agg(f.item, f.free order by f.item) from (
          select b.item, sum(b.on_hand - b.held)::bigint as free from (
             select lo.id, lo.item,
                    coalesce((select sum(g.quantity) from ledger g
                              where g.lot_id = lo.id and g.account = 'site'), 0) as on_hand,
                    coalesce((select sum(al.quantity) from assignment_lines al
                              join assignments a on a.id = al.assignment_id
                              where al.lot_id = lo.id
                              and a.state in ('proposed', 'offered', 'accepted')), 0) as held
             from lots lo where lo.site_id = s.id and (lo.expiry is null or lo.expiry >= :today)
          ) b group by b.item having sum(b.on_hand - b.held) <> 0
       ) f), '{{}}'::json) as stock
from sites s where {where} order by s.name, s.id
"""

_QUERIES = {
    "reports": (_REPORTS, "r.incident_id = cast(:incident as uuid)", "r.area", "r.id"),
    "cases": (_CASES, "c.incident_id = cast(:incident as uuid)", "c.area", "c.id"),
    "needs": (_NEEDS, "n.incident_id = cast(:incident as uuid)", "c.area", "n.id"),
    "assignments": (_ASSIGNMENTS, "a.incident_id = cast(:incident as uuid)", "a.area", "a.id"),
    "volunteers": (_VOLUNTEERS, "v.incident_id = any(cast(:pool as uuid[]))", "coalesce(k.area, v.home_area)", "v.id"),
    "sites": (_SITES, "s.incident_id = any(cast(:pool as uuid[]))", "s.area", "s.id"),
}
NOUNS = tuple(_QUERIES)


class Board:
    """Reads board rows, by incident and area or by ids."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def of_area(self, noun: str, incident: str, pool: Sequence[str], area: str, now: Any) -> list[Row]:
        """All rows of a noun for an incident and an area and all below it.

        `pool` are the incidents whose sites and volunteers serve it.
        """
        query, belongs, column, _ = _QUERIES[noun]
        where = f"{belongs} and {_AREA.format(column=column)}"
        params = {"incident": incident, "pool": list(pool), "area": area, "below": f"{area}.%"}
        return self._rows(query, where, params, now)

    def by_ids(self, noun: str, ids: Sequence[Any], now: Any) -> list[Row]:
        """The rows with these ids."""
        query, _, _, key = _QUERIES[noun]
        cast = {"r.id": "text", "c.id": "bigint", "n.id": "bigint"}.get(key, "uuid")
        return self._rows(query, f"{key} = any(cast(:ids as {cast}[]))", {"ids": list(ids)}, now)

    def _rows(self, query: str, where: str, params: dict[str, Any], now: Any) -> list[Row]:
        filled = query.format(where=where)
        known = {**params, "now": now, "today": now.date()}
        used = {name: value for name, value in known.items() if f":{name}" in filled}
        return every(self.conn, text(filled), used)
