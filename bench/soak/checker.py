"""Reads the whole database in one moment and says what cannot be, with the history of what it found.

All by SQL of its own: none of the product's stores, tables of states or sums is trusted here. Every check is a query
for rows that must not exist; `assignment_id` or `lot_id` of a row is what its history is told of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bench.soak import scene

Row = dict[str, Any]

CHECKS: dict[str, tuple[str, str]] = {
    "over_promised": (
        "more of a lot is promised than lies there",
        """
        select l.lot_id, sum(l.quantity)::int as held, coalesce(max(o.on_hand), 0)::int as on_hand
        from assignment_lines l join assignments a on a.id = l.assignment_id
        left join (select lot_id, sum(quantity) as on_hand from ledger where account = 'site' group by lot_id) o
          on o.lot_id = l.lot_id
        where a.state in ('proposed', 'offered', 'accepted') and l.lot_id is not null
        group by l.lot_id having sum(l.quantity) > coalesce(max(o.on_hand), 0)
        """,
    ),
    "below_zero": (
        "some place holds less than nothing of a lot",
        """
        select lot_id, account, sum(quantity)::int as balance from ledger
        where account in ('site', 'transit', 'recipient') group by lot_id, account having sum(quantity) < 0
        """,
    ),
    "unbalanced": (
        "a transfer does not take from one place what it gives to another",
        """
        select lot_id, transfer_id, sum(quantity)::int as off, count(*)::int as rows from ledger
        group by lot_id, transfer_id having sum(quantity) <> 0 or count(*) <> 2
        """,
    ),
    "received_once": (
        "a lot came in not once but twice or never",
        """
        select lots.id as lot_id, count(g.id)::int as times from lots
        left join ledger g on g.lot_id = lots.id and account = 'outside' and quantity < 0
        group by lots.id having count(g.id) <> 1
        """,
    ),
    "carried": (
        "the ledger does not tell of a load what the state of its assignment tells",
        """
        with asked as (
          select assignment_id, lot_id, sum(quantity) as load from assignment_lines where lot_id is not null
          group by assignment_id, lot_id
        ), moved as (
          select assignment_id, lot_id,
                 -coalesce(sum(quantity) filter (where account = 'site' and reason = 'depart'), 0) as left_site,
                 coalesce(sum(quantity) filter (where account = 'site' and reason <> 'depart'), 0) as back,
                 coalesce(sum(quantity) filter (where account = 'transit'), 0) as transit,
                 coalesce(sum(quantity) filter (where account = 'recipient'), 0) as given,
                 coalesce(sum(quantity) filter (where account = 'loss'), 0) as lost
          from ledger where assignment_id is not null group by assignment_id, lot_id
        ), both_sides as (
          select a.id as assignment_id, a.state, x.lot_id, x.load, x.left_site, x.back, x.transit, x.given, x.lost
          from (select coalesce(asked.assignment_id, moved.assignment_id) as id,
                       coalesce(asked.lot_id, moved.lot_id) as lot_id, coalesce(load, 0)::int as load,
                       coalesce(left_site, 0)::int as left_site, coalesce(back, 0)::int as back,
                       coalesce(transit, 0)::int as transit, coalesce(given, 0)::int as given,
                       coalesce(lost, 0)::int as lost
                from asked full join moved on moved.assignment_id = asked.assignment_id and moved.lot_id = asked.lot_id
               ) x join assignments a on a.id = x.id
        )
        select * from both_sides where not case
          when state = 'en_route' then left_site = load and transit = load and back + given + lost = 0
          when state in ('delivered', 'confirmed')
            then given = load and left_site = given + back and transit = 0 and lost = 0
          when state = 'failed' and left_site > 0
            then left_site = load and back + lost = load and transit = 0 and given = 0
          else left_site = 0 and back = 0 and transit = 0 and given = 0 and lost = 0
        end
        """,
    ),
    "steps": (
        "an assignment was not held once and then released or used up once, by the audit trail",
        """
        with steps as (
          select substr(subject, 12)::uuid as id,
                 count(*) filter (where action = 'assignment:propose')::int as proposed,
                 count(*) filter (where action = 'assignment:accept')::int as accepted,
                 count(*) filter (where action = 'assignment:depart')::int as departed,
                 count(*) filter (where action = 'assignment:deliver')::int as delivered,
                 count(*) filter (where action = 'assignment:confirm')::int as confirmed,
                 count(*) filter (where action = 'assignment:fail')::int as failed,
                 count(*) filter (where action in ('assignment:cancel', 'assignment:reassign', 'assignment:withdraw',
                                                   'assignment:expire'))::int as called_off
          from audit where subject like 'assignment:%' group by subject
        )
        select coalesce(a.id, s.id) as assignment_id, a.state, s.proposed, s.accepted, s.departed, s.delivered,
               s.confirmed, s.failed, s.called_off
        from assignments a full join steps s on s.id = a.id
        where not coalesce(s.proposed = 1 and case a.state
          when 'proposed' then (accepted, departed, delivered, confirmed, failed, called_off) = (0, 0, 0, 0, 0, 0)
          when 'offered' then (accepted, departed, delivered, confirmed, failed, called_off) = (0, 0, 0, 0, 0, 0)
          when 'accepted' then (accepted, departed, delivered, confirmed, failed, called_off) = (1, 0, 0, 0, 0, 0)
          when 'en_route' then (accepted, departed, delivered, confirmed, failed, called_off) = (1, 1, 0, 0, 0, 0)
          when 'delivered' then (accepted, departed, delivered, confirmed, failed, called_off) = (1, 1, 1, 0, 0, 0)
          when 'confirmed' then (accepted, departed, delivered, confirmed, failed, called_off) = (1, 1, 1, 1, 0, 0)
          when 'failed' then (accepted, delivered, confirmed, failed, called_off) = (1, 0, 0, 1, 0) and departed <= 1
          when 'cancelled' then (departed, delivered, confirmed, failed, called_off) = (0, 0, 0, 0, 1)
                                and accepted <= 1
          when 'withdrawn' then (accepted, departed, delivered, confirmed, failed, called_off) = (0, 0, 0, 0, 0, 1)
          when 'expired' then (accepted, departed, delivered, confirmed, failed, called_off) = (0, 0, 0, 0, 0, 1)
          else false end, false)
        """,
    ),
    "told": (
        "the last event of an assignment tells another state than it has",
        """
        select a.id as assignment_id, a.state, told.state as told from assignments a left join (
          select distinct on (data ->> 'assignment_id') (data ->> 'assignment_id')::uuid as id,
                 case type when 'AssignmentProposed' then 'proposed' when 'OfferMade' then 'offered'
                           else data ->> 'state' end as state
          from outbox where type in ('AssignmentProposed', 'OfferMade', 'AssignmentChanged')
          order by data ->> 'assignment_id', outbox.id desc
        ) told on told.id = a.id
        where a.state is distinct from told.state
        """,
    ),
    "two_winners": (
        "an assignment was given to two volunteers, or to somebody who did not accept it",
        """
        select a.id as assignment_id, a.state, a.volunteer_id, won.volunteers
        from assignments a left join (
          select assignment_id, array_agg(volunteer_id) as volunteers from offers where state = 'accepted'
          group by assignment_id
        ) won on won.assignment_id = a.id
        where coalesce(won.volunteers, '{}')
                is distinct from case when a.volunteer_id is null then '{}' else array[a.volunteer_id] end
           or (a.state in ('accepted', 'en_route', 'delivered', 'confirmed', 'failed')) and a.volunteer_id is null
           or (a.state in ('proposed', 'offered', 'withdrawn', 'expired')) and a.volunteer_id is not null
        """,
    ),
    "double_booked": (
        "a volunteer is on two trips at once",
        """
        select volunteer_id, (array_agg(id))[1] as assignment_id, array_agg(id) as assignments from assignments
        where state in ('accepted', 'en_route') group by volunteer_id having count(distinct trip_id) > 1
        """,
    ),
    "offers": (
        "an offer is open for what is settled, ended without a word, twice, or was taken after its deadline",
        """
        select o.assignment_id, o.id as offer_id, o.state, a.state as of, o.deadline_at, o.closed_at,
               coalesce(made.times, 0)::int as made, coalesce(ended.times, 0)::int as ended
        from offers o join assignments a on a.id = o.assignment_id
        left join (select data ->> 'offer_id' as id, count(*) as times from outbox where type = 'OfferMade'
                   group by data ->> 'offer_id') made on made.id = o.id::text
        left join (select data ->> 'offer_id' as id, data ->> 'state' as state, count(*) as times from outbox
                   where type = 'OfferClosed' group by data ->> 'offer_id', data ->> 'state'
                  ) ended on ended.id = o.id::text
        where (o.state = 'open' and a.state <> 'offered') or (o.state = 'open') <> (o.closed_at is null)
           or (o.state = 'accepted' and o.closed_at > o.deadline_at)
           or coalesce(made.times, 0) <> 1
           or coalesce(ended.times, 0) <> case when o.state in ('open', 'accepted') then 0 else 1 end
           or ended.state <> o.state
        """,
    ),
    "over_covered": (
        "a need is promised and brought more than it asks for",
        """
        select n.id as need_id, n.state, n.quantity, sum(l.quantity)::int as covered,
               (array_agg(a.id order by a.created_at desc))[1] as assignment_id
        from needs n join assignment_lines l on l.need_id = n.id join assignments a on a.id = l.assignment_id
        where a.state in ('proposed', 'offered', 'accepted', 'en_route', 'delivered', 'confirmed')
        group by n.id having sum(l.quantity) > n.quantity
        """,
    ),
    "closed_early": (
        "a need is closed and was not brought what it asks for",
        """
        select n.id as need_id, n.quantity,
               coalesce(sum(l.quantity) filter (where a.state = 'confirmed'), 0)::int as brought
        from needs n left join assignment_lines l on l.need_id = n.id left join assignments a on a.id = l.assignment_id
        where n.state = 'closed'
        group by n.id having coalesce(sum(l.quantity) filter (where a.state = 'confirmed'), 0) < n.quantity
        """,
    ),
    "handed_over_once": (
        "a delivered assignment has not one proof, or another one has",
        """
        select a.id as assignment_id, a.state, count(d.id)::int as proofs from assignments a
        left join deliveries d on d.assignment_id = a.id group by a.id
        having count(d.id) <> case when a.state in ('delivered', 'confirmed') then 1 else 0 end
        """,
    ),
    "approved_once": (
        "a plan became more than it says, or became work without being approved once",
        """
        select p.id as plan_id, p.state, made.need_id, made.quantity, coalesce(asked.quantity, 0)::int as asked,
               made.assignment_id
        from plans p join (
          select a.plan_id, l.need_id, coalesce(l.lot_id, a.wanted_volunteer_id) as source,
                 sum(l.quantity)::int as quantity, (array_agg(a.id))[1] as assignment_id
          from assignments a join assignment_lines l on l.assignment_id = a.id
          where not a.why ? 'instead_of' group by a.plan_id, l.need_id, coalesce(l.lot_id, a.wanted_volunteer_id)
        ) made on made.plan_id = p.id
        left join (select plan_id, need_id, coalesce(lot_id, volunteer_id) as source, sum(quantity) as quantity
                   from matches group by plan_id, need_id, coalesce(lot_id, volunteer_id)) asked
          on asked.plan_id = made.plan_id and asked.need_id = made.need_id and asked.source = made.source
        where p.state <> 'approved' or made.quantity > coalesce(asked.quantity, 0)
           or (select count(*) from outbox where type = 'PlanApproved' and data ->> 'plan_id' = p.id::text) <> 1
        """,
    ),
    "boards": (
        "the boards were last told something else of a need than is so",
        """
        select n.id as need_id, told.covered, told.delivered, told.state, now.covered as really, now.delivered as given,
               n.state as is, told.event, told.type, (array_agg)[1] as assignment_id
        from needs n
        join (select distinct on ((row ->> 'id')::bigint) (row ->> 'id')::bigint as id, o.id as event, o.type,
                     (row ->> 'covered')::int as covered, (row ->> 'delivered')::int as delivered,
                     row ->> 'state' as state
              from outbox o cross join jsonb_array_elements(o.data -> 'rows' -> 'needs') row
              order by (row ->> 'id')::bigint, o.id desc) told on told.id = n.id
        cross join lateral (
          select coalesce(sum(l.quantity) filter (where a.state in ('proposed', 'offered', 'accepted', 'en_route',
                                                                    'delivered', 'confirmed')), 0)::int as covered,
                 coalesce(sum(l.quantity) filter (where a.state in ('delivered', 'confirmed')), 0)::int as delivered,
                 array_agg(a.id order by a.changed_at desc)
          from assignment_lines l join assignments a on a.id = l.assignment_id where l.need_id = n.id) now
        where (told.covered, told.delivered, told.state) is distinct from (now.covered, now.delivered, n.state)
        """,
    ),
    "astray": (
        "work or an open need hangs on a case that was merged away, or work on another case than its need",
        """
        select n.id as need_id, n.case_id, n.state, c.merged_into, a.id as assignment_id, a.case_id as works_for,
               a.state as work
        from needs n join cases c on c.id = n.case_id left join assignment_lines l on l.need_id = n.id
        left join assignments a on a.id = l.assignment_id
        where a.case_id <> n.case_id or (c.merged_into is not null and (n.state = 'open' or a.id is not null))
        """,
    ),
    "sealed": (
        "the audit trail's chain has a gap",
        "select max(position) as last, count(position) as sealed from audit having max(position) <> count(position)",
    ),
}
"""Each check by name: what its rows would mean, and the query for them."""

_HISTORY = """
select at, what from (
  select at, 'audit: ' || actor || ' ' || action || ' ' || details::text as what from audit
  where subject = 'assignment:' || %(assignment)s
  union all
  select at, 'event: ' || type || ' ' || (data - 'rows')::text from outbox
  where data ->> 'assignment_id' = %(assignment)s
  union all
  select at, 'ledger: ' || reason || ' ' || account || ' ' || quantity || ' of ' || lot_id || coalesce(' for ' ||
         assignment_id, '') || ' by ' || by from ledger
  where assignment_id::text = %(assignment)s or lot_id::text = %(lot)s
  union all
  select a.created_at, 'holds: ' || l.quantity || ' for assignment ' || a.id || ' (now ' || a.state || ', by ' ||
         a.by || coalesce(', plan ' || a.plan_id, '') || ')'
  from assignment_lines l join assignments a on a.id = l.assignment_id
  where l.lot_id::text = %(lot)s or a.id::text = %(assignment)s
) told order by at limit 60
"""


@dataclass(frozen=True)
class Finding:
    """What cannot be: which check saw it, the row, and what happened to the thing before."""

    check: str
    row: Row
    history: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        """The check and what its row is about: the same thing is found once, however its figures change."""
        return self.check, *(str(value) for name, value in self.row.items() if name.endswith("_id"))

    def explained(self) -> str:
        """In words, for people."""
        told = "".join(f"\n    {line}" for line in self.history)
        return f"{self.check}: {CHECKS[self.check][0]}\n  {scene.as_json(self.row)}{told}"


def check(url: str) -> list[Finding]:
    """What cannot be, in one moment."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return findings(connection)


def findings(connection: psycopg.Connection[Any], most: int = 3) -> list[Finding]:
    """What cannot be, as this connection sees it; of each check the first few."""
    rows = connection.cursor(row_factory=dict_row)
    found = [(name, row) for name, (_, query) in CHECKS.items() for row in rows.execute(query.encode()).fetchmany(most)]
    return [Finding(name, row, tuple(_history(rows, row))) for name, row in found]


def _history(rows: psycopg.Cursor[Row], row: Row) -> Iterator[str]:
    about = {name: str(row.get(f"{name}_id") or "") for name in ("assignment", "lot")}
    for line in rows.execute(_HISTORY, about):
        yield f"{line['at']:%H:%M:%S.%f} {line['what']}"
