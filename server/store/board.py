"""The board: the rows of every noun as staff see them at a glance, in snapshots and events alike.

This is the one place that says which columns there are. No phone, no reporter's name, no text of a
report: those are asked for one by one. Times are to the second, places to four decimals (11 m).
Rows are read by the driver alone: a board has 100,000 of them, and anything between costs a second.
"""

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Connection, select

from server.domain.events import PLACE_DECIMALS
from server.store.rows import Row
from server.store.tables import metadata


@dataclass(frozen=True)
class Noun:
    """Columns by name as SQL, where they come from, in which order, and how rows are picked.

    belongs: to an incident; area: the column by which rows belong to an area; held: by the agency that is asked for;
    key: the id, with its type.
    """

    columns: Mapping[str, str]
    source: str
    order: str
    belongs: str
    area: str
    key: str
    key_type: str = "uuid"
    held: str = "false"


def _second(column: str) -> str:
    return f"date_trunc('second', {column})"


def _degrees(column: str) -> str:
    # A number of PostgreSQL's `numeric` kind would take longer than all else of a row.
    return f"round({column} * 1e{PLACE_DECIMALS}::float8) / 1e{PLACE_DECIMALS}::float8"


_REPORTS = Noun(
    columns={
        "id": "r.id",
        "case_id": "r.case_id",
        "state": "r.state",
        "tier": "r.tier",
        "channel": "r.channel",
        "received_at": _second("r.received_at"),
        "due_at": _second("r.due_at"),
        "flags": "r.flags",
    },
    source="reports r",
    order="r.received_at, r.id",
    # What is in quarantine has no case.
    belongs="r.incident_id = %(incident)s and r.case_id is not null",
    area="r.area",
    key="r.id",
    key_type="text",
    held="r.case_id in (select id from cases where holder = %(area)s)",
)
_CASES = Noun(
    columns={
        "id": "c.id",
        "area": "c.area",
        "lon": _degrees("c.lon"),
        "lat": _degrees("c.lat"),
        "accuracy_m": "round(c.accuracy_m)::int",
        "people": "c.people",
        "tier": "c.tier",
        "verified": "c.verified_at is not null",
        "merged_into": "c.merged_into",
        "alike": "coalesce(c.alike, false)",
        "opened_at": _second("c.opened_at"),
        "stage": "k.stage",
        "stage_due_at": _second(
            "case k.stage when 'answer' then k.answer_due_at when 'offer' then k.offer_due_at "
            "when 'settle' then k.settle_due_at end"
        ),
        "paused_at": _second("k.paused_at"),
        "raised_to": "k.reached",
        "holder": "c.holder",
        "version": "c.version",
    },
    source="cases c left join clocks k on k.case_id = c.id",
    order="c.id",
    belongs="c.incident_id = %(incident)s",
    area="c.area",
    key="c.id",
    key_type="bigint",
    held="(c.holder = %(area)s or c.id in (select case_id from needs where holder = %(area)s))",
)
_NEEDS = Noun(
    columns={
        # What differs from row to row first, what mostly repeats together: half the bytes on the wire.
        "case_id": "n.case_id",
        "id": "n.id",
        "quantity": "n.quantity",
        "item": "n.item",
        "tier": "n.tier",
        "due_at": _second("n.due_at"),
        "state": "n.state",
        "covered": "coalesce(l.covered, 0)",
        "delivered": "coalesce(l.delivered, 0)",
        # As `lifecycle.need_fill`.
        "fill": """case when coalesce(l.covered, 0) <= 0 then 'unmet'
                        when l.covered >= n.quantity then 'met' else 'partly_met' end""",
    },
    source="""needs n join cases c on c.id = n.case_id left join (
        select al.need_id,
               sum(al.quantity) filter (where a.state in
                 ('proposed', 'offered', 'accepted', 'en_route', 'delivered', 'confirmed'))::bigint as covered,
               sum(al.quantity) filter (where a.state in ('delivered', 'confirmed'))::bigint as delivered
        from assignment_lines al join assignments a on a.id = al.assignment_id
        group by al.need_id
    ) l on l.need_id = n.id""",
    order="n.case_id, n.id",
    belongs="n.incident_id = %(incident)s",
    area="c.area",
    key="n.id",
    key_type="bigint",
    held="coalesce(n.holder, c.holder) = %(area)s",
)
_ASSIGNMENTS = Noun(
    columns={
        "id": "a.id",
        "case_id": "a.case_id",
        "site_id": "a.site_id",
        "volunteer_id": "a.volunteer_id",
        "kind": "a.kind",
        "state": "a.state",
        "changed_at": _second("a.changed_at"),
        "attention": "a.attention",
        "expected_at": _second("a.expected_at"),
        "trip_id": "a.trip_id",
        "stop": "a.stop",
        "version": "a.version",
        "lines": """coalesce((
            select json_agg(json_build_object('need_id', al.need_id, 'item', n.item, 'quantity', al.quantity)
                            order by al.n)
            from assignment_lines al join needs n on n.id = al.need_id where al.assignment_id = a.id
        ), '[]'::json)""",
    },
    source="assignments a",
    order="a.changed_at, a.id",
    belongs="a.incident_id = %(incident)s",
    area="a.area",
    key="a.id",
    held="a.case_id in (select id from cases where holder = %(area)s)",
)
_VOLUNTEERS = Noun(
    columns={
        "id": "v.id",
        "alias": "v.alias",
        "state": "v.state",
        "home_area": "v.home_area",
        "skills": "coalesce(k.skills, v.skills)",
        "vehicle": "coalesce(k.vehicle, v.vehicle)",
        "area": "k.area",
        "lon": _degrees("k.lon"),
        "lat": _degrees("k.lat"),
        "until": _second("k.until"),
        "team": "k.team",
        "busy": """exists (select 1 from assignments a where a.volunteer_id = v.id
                           and a.state in ('accepted', 'en_route'))""",
        "distress": """(select d.state from distress_calls d
                        where d.volunteer_id = v.id and d.state <> 'ended')""",
    },
    source="""volunteers v
        left join checkins k on k.volunteer_id = v.id and k.ended_at is null and k.until > %(now)s""",
    order="v.alias, v.id",
    belongs="v.incident_id = any(cast(%(pool)s as uuid[]))",
    area="coalesce(k.area, v.home_area)",
    key="v.id",
)
_SITES = Noun(
    columns={
        "id": "s.id",
        "name": "s.name",
        "kind": "s.kind",
        "area": "s.area",
        "lon": _degrees("s.lon"),
        "lat": _degrees("s.lat"),
        "open": "s.is_open",
        "flags": "s.flags",
        "stock": """coalesce((select json_object_agg(f.item, f.free order by f.item) from (
            select b.item, sum(b.on_hand - b.held)::bigint as free from (
                select lo.item,
                       coalesce((select sum(g.quantity) from ledger g
                                 where g.lot_id = lo.id and g.account = 'site'), 0) as on_hand,
                       coalesce((select sum(al.quantity) from assignment_lines al
                                 join assignments a on a.id = al.assignment_id
                                 where al.lot_id = lo.id
                                 and a.state in ('proposed', 'offered', 'accepted')), 0) as held
                from lots lo where lo.site_id = s.id and (lo.expiry is null or lo.expiry >= %(today)s)
            ) b group by b.item having sum(b.on_hand - b.held) <> 0
        ) f), '{}'::json)""",
    },
    source="sites s",
    order="s.name, s.id",
    belongs="s.incident_id = any(cast(%(pool)s as uuid[]))",
    area="s.area",
    key="s.id",
)
NOUNS: Mapping[str, Noun] = {
    "reports": _REPORTS,
    "cases": _CASES,
    "needs": _NEEDS,
    "assignments": _ASSIGNMENTS,
    "volunteers": _VOLUNTEERS,
    "sites": _SITES,
}


class Board:
    """Reads board rows, by incident and area or by ids."""

    COLUMNS: ClassVar[Mapping[str, tuple[str, ...]]] = {name: tuple(noun.columns) for name, noun in NOUNS.items()}

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def of_area(self, noun: str, incident: str, pool: Sequence[str], area: str, now: Any) -> list[tuple[Any, ...]]:
        """All rows of a noun for an incident and an area and all below it, as values in the order of its columns.

        `pool` are the incidents whose sites and volunteers serve it. For an agency: what it accepted from others.
        """
        found = NOUNS[noun]
        lies_there = f"(%(area)s = '' or {found.area} = %(area)s or {found.area} like %(below)s)"
        where = f"{found.belongs} and {found.held if area[:1].isalpha() else lies_there}"
        return self._rows(
            found, where, {"incident": incident, "pool": list(pool), "area": area, "below": f"{area}.%"}, now
        )

    def by_ids(self, noun: str, ids: Sequence[Any], now: Any) -> list[Row]:
        """The rows with these ids, by column."""
        found = NOUNS[noun]
        rows = self._rows(found, f"{found.key} = any(cast(%(ids)s as {found.key_type}[]))", {"ids": list(ids)}, now)
        return [dict(zip(found.columns, row, strict=True)) for row in rows]

    def owners(self, noun: str, ids: Collection[str]) -> dict[str, str]:
        """The incident that each of these sites or volunteers belongs to."""
        table = metadata.tables[noun]
        rows = self.conn.execute(select(table.c.id, table.c.incident_id).where(table.c.id.in_(ids)))
        return {row.id: row.incident_id for row in rows}

    def _rows(self, noun: Noun, where: str, params: dict[str, Any], now: Any) -> list[tuple[Any, ...]]:
        columns = ", ".join(f"{sql} as {name}" for name, sql in noun.columns.items())
        query = f"select {columns} from {noun.source} where {where} order by {noun.order}"  # noqa: S608 - no input in it
        with closing(self.conn.connection.cursor()) as cursor:
            cursor.execute(query, {**params, "now": now, "today": now.date()})
            with _uncollected():
                return list(cursor.fetchall())


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection for a moment: it would look through hundreds of thousands of rows again and again.

    With 100,000 cases, reports and needs it took half of the processor's time of a board.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
