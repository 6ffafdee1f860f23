"""Assignments with their lines, offers and deliveries.

`volunteer_id` is who accepted; `wanted_volunteer_id` whom a plan or a coordinator has in mind. Of a trip of goods that
a plan made (its `trip_id` is no assignment's) that is only who is asked first: they may be asked for other work.
`attention` says why a person must look (a key of web/i18n `attention.*`), or is null.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from server import plain
from server.domain.lifecycle import COVERS, HOLDS_STOCK, LIVE, UNDER_WAY
from server.domain.offering import GIVE_UP_AFTER_HOURS, Search
from server.domain.solo import CREWS
from server.store.rows import Row, every, first
from server.store.tables import assignment_lines, assignments, deliveries, lots, needs, offers, plans, sites

_JOB = text(
    """
    select a.id, a.trip_id, a.stop, a.state, a.kind, a.version, a.case_id, a.site_id, a.incident_id, a.area,
           a.volunteer_id, a.changed_at, a.expected_at, a.attention,
           c.lon as case_lon, c.lat as case_lat, c.accuracy_m as case_accuracy_m,
           c.area as case_area, c.people, c.tier, s.name as site_name, s.address as site_address,
           s.lon as site_lon, s.lat as site_lat, o.id as offer_id, o.state as offer_state, o.deadline_at,
           o.why as offer_why,
           coalesce((select json_agg(json_build_object('need_id', al.need_id, 'item', n.item,
                                                       'quantity', al.quantity, 'expiry', lo.expiry) order by al.n)
                     from assignment_lines al join needs n on n.id = al.need_id
                     left join lots lo on lo.id = al.lot_id
                     where al.assignment_id = a.id), '[]'::json) as lines
    from assignments a
    join cases c on c.id = a.case_id
    left join sites s on s.id = a.site_id
    left join offers o on o.assignment_id = a.id and o.volunteer_id = :volunteer
    where (:offered and o.state = 'open' and o.deadline_at > clock_timestamp())
       or (not :offered and a.volunteer_id = :volunteer and a.state = any(:states))
    order by min(c.tier) over (partition by a.trip_id), max(a.changed_at) over (partition by a.trip_id),
             a.trip_id, a.stop, a.id
    limit 100
    """
)
_SETTLED = text(
    """
    select a.id, a.state, a.kind, a.area, a.changed_at, a.reason,
           coalesce((select json_agg(json_build_object('item', n.item, 'quantity', al.quantity) order by al.n)
                     from assignment_lines al join needs n on n.id = al.need_id
                     where al.assignment_id = a.id), '[]'::json) as lines
    from assignments a where a.volunteer_id = :volunteer and a.state = any(:states)
    order by a.changed_at desc, a.id limit :most
    """
)
_WAITING = ("proposed", "offered")
_LOOSE = text(
    """
    select a.id, a.version, a.case_id, a.site_id, a.area, a.wanted_volunteer_id as volunteer_id,
           al.need_id, al.lot_id, al.quantity, n.item, n.tier
    from assignments a join plans p on p.id = a.plan_id
    join assignment_lines al on al.assignment_id = a.id join needs n on n.id = al.need_id
    where a.incident_id = :incident and a.state = 'proposed' and a.reason is null and p.kind = 'live'
      and not exists (select 1 from offers o where o.assignment_id = a.id)
      and (:area = '' or a.area = :area or a.area like :below)
    order by a.id, al.n
    """
)
_ON_THE_ROAD = text(
    """
    select a.id, a.version, a.trip_id, a.stop, a.state, a.kind, a.case_id, a.site_id, a.plan_id, a.area,
           a.incident_id, a.volunteer_id, a.expected_at, k.vehicle, k.lon as volunteer_lon, k.lat as volunteer_lat,
           s.lon as site_lon, s.lat as site_lat, c.lon as case_lon, c.lat as case_lat
    from assignments a join cases c on c.id = a.case_id
    left join sites s on s.id = a.site_id
    left join checkins k on k.volunteer_id = coalesce(a.volunteer_id, a.wanted_volunteer_id) and k.ended_at is null
    where a.state = any(:covers) and a.trip_id in (
      select trip_id from assignments where incident_id = any(cast(:incidents as uuid[])) and state = any(:live))
    order by a.trip_id, a.stop, a.id
    """
)
_NEAREST_FREE = text(
    """
    select id, alias, vehicle, skills, lon, lat, until, team from (
      select v.id, v.alias, k.vehicle, k.skills, k.lon, k.lat, k.until, k.team,
             row_number() over (
               partition by coalesce(k.vehicle, 'foot'), k.team > 1
               order by ((k.lon - :lon) * cos(radians(:lat))) ^ 2 + (k.lat - :lat) ^ 2 nulls last, v.id) as nth
      from volunteers v join (
        select volunteer_id, ended_at, until, vehicle, skills, lon, lat,
               coalesce(team, cast(cast(:crews as jsonb) ->> vehicle as int), 1) as team
        from checkins) k on k.volunteer_id = v.id
      where v.incident_id = any(cast(:pool as uuid[])) and v.state = 'accepted'
        and k.ended_at is null and k.until > :now
        and (cast(:within as float) is null or (abs(k.lat - :lat) <= :within and abs(k.lon - :lon) <= :within))
        and coalesce(k.vehicle, 'foot') = any(:vehicles) and k.skills @> cast(:skills as text[])
        and not exists (select 1 from assignments a
                        where a.volunteer_id = v.id and a.state in ('accepted', 'en_route'))
        and not exists (select 1 from assignments a
                        where a.wanted_volunteer_id = v.id and a.state in ('proposed', 'offered')
                          and a.trip_id = a.id and a.trip_id is distinct from cast(:trip as uuid))
        and not exists (select 1 from offers o join assignments a on a.id = o.assignment_id
                        where o.volunteer_id = v.id and a.trip_id = cast(:trip as uuid))
        and (:whoever or not exists (select 1 from offers o where o.volunteer_id = v.id and o.state = 'open'))
        and (:whoever or (select count(distinct a.trip_id) from offers o join assignments a on a.id = o.assignment_id
                          where o.volunteer_id = v.id and o.made_at > :hour_ago) < :most_per_hour)
    ) found where nth <= :each order by vehicle, nth
    """
)
_IDLE = text(
    """
    select distinct on (a.trip_id) a.id, a.trip_id from assignments a
    where a.state in ('proposed', 'offered') and coalesce(a.attention, '') <> 'refused'
      and (cast(:incidents as uuid[]) is null or a.incident_id = any(cast(:incidents as uuid[])))
      and a.changed_at < :before
      and not exists (select 1 from offers o where o.assignment_id = a.id and o.state = 'open')
    order by a.trip_id, a.stop, a.id
    """
)
_UNTAKEN = text(
    """
    select a.id from assignments a join incidents i on i.id = a.incident_id
    where a.state in ('proposed', 'offered') and a.created_at < cast(:now as timestamptz) - make_interval(
      secs => 3600 * coalesce(cast(i.settings #>> '{offers,give_up_after_hours}' as float), :hours))
    order by a.id
    """
)


class Assignments:
    """Reads and writes assignments, lines, offers and deliveries."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def clock(self) -> datetime:
        """The time by the database: offers are judged by it, whatever the clocks of the processes say."""
        at: datetime = self.conn.execute(select(func.clock_timestamp())).scalar_one()
        return at

    def add(self, rows: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]) -> None:
        """Store new assignments and their lines."""
        if rows:
            self.conn.execute(insert(assignments), list(rows))
            self.conn.execute(insert(assignment_lines), list(lines))

    def get(self, assignment_id: str, *, lock: bool = False) -> Row | None:
        """The assignment of that id; with `lock`, held until the transaction ends."""
        query = select(assignments).where(assignments.c.id == assignment_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def site_area(self, assignment_id: str) -> str | None:
        """The area of the site that the assignment's goods come from."""
        query = select(sites.c.area).join(assignments, assignments.c.site_id == sites.c.id)
        return self.conn.execute(query.where(assignments.c.id == assignment_id)).scalar()

    def of_trips(self, trip_ids: Iterable[str], *, lock: bool = False) -> list[Row]:
        """The assignments of trips in id order; with `lock`, held until the transaction ends."""
        query = select(assignments).where(assignments.c.trip_id.in_(list(trip_ids))).order_by(assignments.c.id)
        return every(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change(self, assignment_id: str, **values: Any) -> None:
        """Set columns of an assignment and count its version up."""
        self.conn.execute(
            update(assignments)
            .where(assignments.c.id == assignment_id)
            .values(version=assignments.c.version + 1, **values)
        )

    def mark(self, assignment_id: str, **values: Any) -> None:
        """Set columns that are about the asking only; who looked at the assignment before still sees it right."""
        self.conn.execute(update(assignments).where(assignments.c.id == assignment_id).values(**values))

    def count_code_try(self, assignment_id: str) -> None:
        """Count a wrong code; the assignment stays the same version."""
        mine = update(assignments).where(assignments.c.id == assignment_id)
        self.conn.execute(mine.values(code_tries=assignments.c.code_tries + 1))

    def take(self, assignment_ids: Iterable[str], volunteer_id: str, state: str, at: datetime) -> bool:
        """Give the assignments of a trip to a volunteer; False when they already carry another one."""
        try:
            with self.conn.begin_nested():
                for assignment_id in assignment_ids:
                    self.change(assignment_id, volunteer_id=volunteer_id, state=state, changed_at=at, attention=None)
        except IntegrityError:
            return False
        return True

    def lines(self, assignment_id: str) -> list[Row]:
        """The lines of an assignment in order, each with its need's item and tier."""
        query = (
            select(assignment_lines, needs.c.item, needs.c.tier)
            .join(needs, needs.c.id == assignment_lines.c.need_id)
            .where(assignment_lines.c.assignment_id == assignment_id)
        )
        return every(self.conn, query.order_by(assignment_lines.c.n))

    def lines_of(self, assignment_ids: Iterable[str]) -> list[Row]:
        """The lines of these assignments, by assignment and in order."""
        query = select(assignment_lines).where(assignment_lines.c.assignment_id.in_(list(assignment_ids)))
        return every(self.conn, query.order_by(assignment_lines.c.assignment_id, assignment_lines.c.n))

    def lines_of_plan(self, plan_id: str) -> list[Row]:
        """The lines of the live and done assignments that a plan became, by trip and stop, with item, lot and area."""
        query = (
            select(
                assignment_lines.c.need_id,
                assignment_lines.c.lot_id,
                assignment_lines.c.quantity,
                assignments.c.id.label("assignment_id"),
                assignments.c.trip_id,
                assignments.c.stop,
                assignments.c.site_id,
                assignments.c.case_id,
                assignments.c.area,
                func.coalesce(assignments.c.volunteer_id, assignments.c.wanted_volunteer_id).label("volunteer_id"),
                needs.c.item,
                needs.c.tier,
                lots.c.expiry,
            )
            .join(assignments, assignments.c.id == assignment_lines.c.assignment_id)
            .join(needs, needs.c.id == assignment_lines.c.need_id)
            .outerjoin(lots, lots.c.id == assignment_lines.c.lot_id)
            .where(assignments.c.plan_id == plan_id, assignments.c.state.in_(sorted(COVERS)))
        )
        order = (assignments.c.trip_id, assignments.c.stop, assignments.c.id, assignment_lines.c.n)
        return every(self.conn, query.order_by(*order))

    def set_line(self, assignment_id: str, n: int, quantity: int) -> None:
        """Set what a line came to in the end; a line of nothing goes."""
        here = (assignment_lines.c.assignment_id == assignment_id) & (assignment_lines.c.n == n)
        if quantity:
            self.conn.execute(update(assignment_lines).where(here).values(quantity=quantity))
        else:
            self.conn.execute(delete(assignment_lines).where(here))

    def of_case(self, case_id: int) -> list[Row]:
        """The assignments of a case, the oldest first."""
        query = select(assignments).where(assignments.c.case_id == case_id)
        return every(self.conn, query.order_by(assignments.c.created_at, assignments.c.id))

    def ids_of_case(self, case_id: int) -> list[str]:
        """Ids of the assignments of a case, the oldest first."""
        return [row["id"] for row in self.of_case(case_id)]

    def ids_of_site(self, site_id: str, states: Sequence[str]) -> list[str]:
        """Ids of the assignments in these states whose goods come from a site."""
        query = select(assignments.c.id).where(assignments.c.site_id == site_id, assignments.c.state.in_(states))
        return list(self.conn.execute(query.order_by(assignments.c.id)).scalars())

    def waves_of(self, assignment_ids: Iterable[str]) -> dict[str, Row]:
        """The wave from which each of these assignments comes, if it comes from one: `id`, `name`, `departs_at`."""
        asked = plans.c.asked
        query = select(
            assignments.c.id.label("assignment_id"),
            plans.c.id,
            asked["name"].astext.label("name"),
            asked["departs_at"].astext.label("departs_at"),
        ).join(plans, plans.c.id == assignments.c.plan_id)
        mine = query.where(assignments.c.id.in_(list(assignment_ids)), plans.c.kind == "wave")
        return {row.pop("assignment_id"): row for row in every(self.conn, mine)}

    def confirmed_by_need(self, need_ids: Iterable[int]) -> dict[int, int]:
        """What confirmed deliveries brought of each of these needs."""
        query = (
            select(assignment_lines.c.need_id, func.sum(assignment_lines.c.quantity).label("quantity"))
            .join(assignments, assignments.c.id == assignment_lines.c.assignment_id)
            .where(assignment_lines.c.need_id.in_(list(need_ids)), assignments.c.state == "confirmed")
            .group_by(assignment_lines.c.need_id)
        )
        return {row["need_id"]: int(row["quantity"]) for row in every(self.conn, query)}

    def loose(self, incident_id: str, area: str) -> list[Row]:
        """The lines of what live plans proposed and nobody was asked for yet, by assignment.

        `volunteer_id` is whom the plan has in mind.
        """
        return every(self.conn, _LOOSE, {"incident": incident_id, "area": area, "below": f"{area}.%"})

    def on_the_road(self, incident_ids: Sequence[str]) -> list[Row]:
        """The trips of these incidents in which somebody is still expected to come, by trip and stop.

        Each stop with where its case, its site and the volunteer who carries it, or is meant to, are; what was handed
        over is among them.
        """
        params = {"incidents": list(incident_ids), "live": sorted(LIVE), "covers": sorted(COVERS)}
        return every(self.conn, _ON_THE_ROAD, params)

    def engaged(self, besides: Sequence[str] = ()) -> set[str]:
        """Volunteers who carry an assignment, or for whom one waits, besides some of these.

        Whom a plan has in mind to drive a trip is not engaged by that: see `drivers_in_mind`.
        """
        busy = select(assignments.c.volunteer_id).where(assignments.c.state.in_(UNDER_WAY))
        wanted = select(assignments.c.wanted_volunteer_id).where(
            assignments.c.wanted_volunteer_id.is_not(None),
            assignments.c.trip_id == assignments.c.id,
            assignments.c.state.in_(_WAITING),
            assignments.c.id.not_in(list(besides)),
        )
        return set(self.conn.execute(busy.union(wanted)).scalars())

    def drivers_in_mind(self, besides: Sequence[str] = ()) -> set[str]:
        """Volunteers whom plans want to ask first for a trip that waits, besides some of the assignments."""
        query = select(assignments.c.wanted_volunteer_id).where(
            assignments.c.wanted_volunteer_id.is_not(None),
            assignments.c.trip_id != assignments.c.id,
            assignments.c.state.in_(_WAITING),
            assignments.c.id.not_in(list(besides)),
        )
        return set(self.conn.execute(query).scalars())

    def nearest_free(self, search: Search, now: datetime) -> list[Row]:
        """Volunteers who are there, able and not engaged: of each vehicle the nearest ones to the place.

        By vehicle and distance as the crow flies; `id`, `alias`, `vehicle`, `skills`, `lon`, `lat`, `until`, and
        how many go together (`team`).
        """
        times = {"now": now, "hour_ago": now - timedelta(hours=1)}
        return every(self.conn, _NEAREST_FREE, {**asdict(search), **times, "crews": plain.dumps(CREWS)})

    def idle(self, incident_ids: Sequence[str] | None, before: datetime) -> list[Row]:
        """Assignments that wait for a volunteer without an open offer and without a person's word, one of each trip.

        Of these incidents (None: of all), unchanged since `before`.
        """
        incidents = None if incident_ids is None else list(incident_ids)
        return every(self.conn, _IDLE, {"incidents": incidents, "before": before})

    def untaken(self, now: datetime) -> list[str]:
        """Ids of assignments that nobody took for as long as their incident has them wait."""
        return list(self.conn.execute(_UNTAKEN, {"now": now, "hours": GIVE_UP_AFTER_HOURS}).scalars())

    def add_offers(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store new offers."""
        if rows:
            self.conn.execute(insert(offers), list(rows))

    def offers(self, assignment_id: str, *, lock: bool = False) -> list[Row]:
        """The offers of an assignment in id order; with `lock`, held until the transaction ends."""
        return self.offers_of([assignment_id], lock=lock)

    def offers_of(self, assignment_ids: Iterable[str], *, lock: bool = False) -> list[Row]:
        """The offers of several assignments in id order; with `lock`, held until the transaction ends."""
        query = select(offers).where(offers.c.assignment_id.in_(list(assignment_ids))).order_by(offers.c.id)
        return every(self.conn, query.with_for_update(key_share=True) if lock else query)

    def open_offers_of(self, volunteer_id: str) -> list[Row]:
        """The volunteer's open offers, held until the transaction ends.

        Those that another transaction holds are left out: it is about to close them itself.
        """
        query = select(offers).where(offers.c.volunteer_id == volunteer_id, offers.c.state == "open")
        return every(self.conn, query.order_by(offers.c.id).with_for_update(key_share=True, skip_locked=True))

    def due_offers(self, limit: int = 500) -> list[Row]:
        """Open offers whose deadline is over, by the database's clock, with the place of their assignment.

        Those that another transaction holds are left for the next time.
        """
        query = (
            select(offers, assignments.c.incident_id, assignments.c.area, assignments.c.case_id)
            .join(assignments, assignments.c.id == offers.c.assignment_id)
            .where(offers.c.state == "open", offers.c.deadline_at <= func.clock_timestamp())
        )
        held = query.order_by(offers.c.id).limit(limit).with_for_update(key_share=True, skip_locked=True, of=offers)
        return every(self.conn, held)

    def overdue(self) -> list[Row]:
        """Assignments under way whose next step should have come, by the database's clock, and nobody was told so."""
        is_over = assignments.c.expected_at <= func.clock_timestamp()
        return self._under_way(is_over, assignments.c.attention.is_distinct_from("overdue"))

    def marked(self, attention: str) -> list[Row]:
        """Assignments under way with this mark."""
        return self._under_way(assignments.c.attention == attention)

    def _under_way(self, *conditions: ColumnElement[bool], limit: int = 500) -> list[Row]:
        """Assignments under way, held; those that another transaction holds are left for the next time."""
        query = select(assignments).where(assignments.c.state.in_(UNDER_WAY), *conditions)
        held = query.order_by(assignments.c.id).limit(limit).with_for_update(key_share=True, skip_locked=True)
        return every(self.conn, held)

    def close_offers(self, ids: Iterable[str], state: str, at: datetime, reason: str | None = None) -> None:
        """Set the end of offers."""
        values = {"state": state, "closed_at": at, "reason": reason}
        self.conn.execute(update(offers).where(offers.c.id.in_(list(ids))).values(**values))

    def offered_to(self, volunteer_id: str) -> list[Row]:
        """The assignments that are put to a volunteer now, with what is needed to decide."""
        return every(self.conn, _JOB, {"volunteer": volunteer_id, "offered": True, "states": []})

    def worked_by(self, volunteer_id: str, states: Sequence[str]) -> list[Row]:
        """The assignments of a volunteer in these states, with what is needed to do them."""
        return every(self.conn, _JOB, {"volunteer": volunteer_id, "offered": False, "states": list(states)})

    def settled_by(self, volunteer_id: str, states: Sequence[str], most: int) -> list[Row]:
        """The volunteer's assignments in these states, the newest first, with item and quantity of their lines."""
        return every(self.conn, _SETTLED, {"volunteer": volunteer_id, "states": list(states), "most": most})

    def count_of(self, volunteer_id: str, states: Sequence[str]) -> int:
        """How many of the volunteer's assignments are in these states."""
        mine = (assignments.c.volunteer_id == volunteer_id) & assignments.c.state.in_(states)
        count: int = self.conn.execute(select(func.count()).select_from(assignments).where(mine)).scalar_one()
        return count

    def add_delivery(self, row: Mapping[str, Any]) -> None:
        """Store a hand-over."""
        self.conn.execute(insert(deliveries).values(**row))

    def delivery(self, client_id: str) -> Row | None:
        """The hand-over that was sent with this client id."""
        return first(self.conn, select(deliveries).where(deliveries.c.client_id == client_id))

    def over_promised(self) -> list[Row]:
        """Lots of which more is held than there is: must never be."""
        query = text(
            """
            select h.lot_id, h.held::int as held, coalesce(g.on_hand, 0)::int as on_hand
            from (select al.lot_id, sum(al.quantity) as held from assignment_lines al
                  join assignments a on a.id = al.assignment_id
                  where a.state = any(:holds) and al.lot_id is not null group by al.lot_id) h
            left join (select lot_id, sum(quantity) as on_hand from ledger where account = 'site'
                       group by lot_id) g on g.lot_id = h.lot_id
            where h.held > coalesce(g.on_hand, 0)
            """
        )
        return every(self.conn, query, {"holds": sorted(HOLDS_STOCK)})
