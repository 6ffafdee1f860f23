"""The clocks of cases, what they hang on, and who was told when one ran out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, text, update

from server.domain.sla import Run, next_breach, running_stage
from server.store.rows import Row, every
from server.store.tables import clocks, escalations, needs, reports

_FACTS = text(
    """
    select c.id as case_id, c.incident_id, c.area, c.tier, c.merged_into, i.settings,
      case when c.holder is null then c.area when c.holder ~ '^[0-9]' then c.holder
           else (select g.area from agencies g where g.code = c.holder) end as holder,
      c.verified_at is not null or r.judged as answered,
      c.verified_at is null and r.asked and not r.received as asked,
      c.merged_into is not null or not r.live or (n.wanted and not n.open) or (c.tier = 0 and a.accepted) as settled,
      a.accepted or a.offered as offered
    from cases c
    join incidents i on i.id = c.incident_id
    left join clocks k on k.case_id = c.id
    cross join lateral (
      select coalesce(bool_or(state in ('needs_info', 'verified', 'rejected')), false) as judged,
             coalesce(bool_or(state = 'needs_info'), false) as asked,
             coalesce(bool_or(state = 'received'), false) as received,
             coalesce(bool_or(state <> 'rejected'), false) as live
      from reports where case_id = c.id) r
    cross join lateral (
      select count(*) > 0 as wanted, coalesce(bool_or(state = 'open'), false) as open
      from needs where case_id = c.id) n
    cross join lateral (
      select coalesce(bool_or(s.state in ('accepted', 'en_route', 'delivered', 'confirmed')), false) as accepted,
             coalesce(bool_or(exists (select from offers o where o.assignment_id = s.id)), false) as offered
      from assignments s where s.case_id = c.id and s.created_at >= coalesce(k.started_at, s.created_at)) a
    where c.id = any(:ids) order by c.id
    """
)
_OF_ASSIGNMENTS = text("select distinct case_id from assignments where id = any(cast(:ids as uuid[]))")


_WAITING = text(
    """
    select k.case_id, c.tier, c.area, c.people, k.stage,
      case k.stage when 'answer' then k.answer_due_at when 'offer' then k.offer_due_at else k.settle_due_at end
        as stage_due_at
    from clocks k join cases c on c.id = k.case_id
    where c.incident_id = :incident and k.stage is not null and k.paused_at is null
      and (:area = '' or c.area = :area or c.area like :below)
    order by k.case_id
    """
)
_MET = text(
    """
    select count(*) filter (where k.answered_at > :since and k.answered_at <= :now) as answer,
           count(*) filter (where k.offered_at > :since and k.offered_at <= :now) as offer,
           count(*) filter (where k.settled_at > :since and k.settled_at <= :now) as settle
    from clocks k join cases c on c.id = k.case_id
    where c.incident_id = :incident and (:area = '' or c.area = :area or c.area like :below)
    """
)
_KEPT = """
    select {unit} as unit,
      count(*) filter (where k.stage is not null) as open,
      count(*) filter (where k.stage is not null and k.paused_at is not null) as paused,
      count(*) filter (where k.number > 1) as reopened,
      count(*) filter (where k.stage is not null and k.paused_at is null and k.settle_due_at < :now) as late,
      count(*) filter (where k.answered_at is not null or k.answer_due_at < :now) as answers_due,
      count(*) filter (where k.answered_at <= k.answer_due_at) as answers_in_time,
      count(*) filter (where k.settled_at is not null or k.settle_due_at < :now) as ends_due,
      count(*) filter (where k.settled_at <= k.settle_due_at) as ends_in_time
    from clocks k join cases c on c.id = k.case_id
    where c.incident_id = :incident and c.merged_into is null
      and (:area = '' or c.area = :area or c.area like :below) and {which}
    group by 1 order by 1
"""
_BY_AREA = "array_to_string((string_to_array(c.area, '.'))[1:cast(:depth as int)], '.')"
_KEPT_BY_AREAS = text(_KEPT.format(unit=_BY_AREA, which="true"))
_KEPT_BY_AGENCIES = text(_KEPT.format(unit="c.holder", which="c.holder ~ '^[a-z]'"))


class Clocks:
    """Reads and writes runs of clocks, one a case, and escalations."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def facts(self, case_ids: Iterable[int]) -> list[Row]:
        """What the clocks of these cases hang on now, in the order of ids."""
        return every(self.conn, _FACTS, {"ids": sorted(set(case_ids))})

    def cases_of(self, assignment_ids: Iterable[str]) -> set[int]:
        """The cases of these assignments."""
        return set(self.conn.execute(_OF_ASSIGNMENTS, {"ids": sorted(set(assignment_ids))}).scalars())

    def runs(self, case_ids: Iterable[int], *, lock: bool = False) -> dict[int, Run]:
        """The run of each of these cases that has one; with `lock`, held until the transaction ends."""
        query = select(clocks).where(clocks.c.case_id.in_(sorted(set(case_ids)))).order_by(clocks.c.case_id)
        rows = every(self.conn, query.with_for_update() if lock else query)
        return {row["case_id"]: _run(row) for row in rows}

    def due(self, now: datetime, most: int) -> list[int]:
        """The cases whose clocks ran out by now, held until the transaction ends, the first to run out first."""
        query = select(clocks.c.case_id).where(clocks.c.next_at <= now).order_by(clocks.c.next_at, clocks.c.case_id)
        return list(self.conn.execute(query.limit(most).with_for_update(skip_locked=True)).scalars())

    def add(self, case_id: int, run: Run) -> None:
        """Store the run of a case that has none."""
        self.conn.execute(insert(clocks), columns_of(case_id, run))

    def save(self, case_id: int, run: Run) -> None:
        """Store what became of a run."""
        values = columns_of(case_id, run)
        del values["case_id"]
        self.conn.execute(
            update(clocks).where(clocks.c.case_id == bindparam("of_case")), {**values, "of_case": case_id}
        )

    def let_reports_be_due(self, case_id: int, at: datetime) -> list[str]:
        """Let all reports of a case be due then; their ids."""
        query = update(reports).where(reports.c.case_id == case_id).values(due_at=at, version=reports.c.version + 1)
        return list(self.conn.execute(query.returning(reports.c.id)).scalars())

    def let_needs_wait(self, case_id: int, longer: timedelta) -> list[int]:
        """Let the open needs of a case be due later; their ids."""
        query = update(needs).where(needs.c.case_id == case_id, needs.c.state == "open")
        later = query.values(due_at=needs.c.due_at + longer, version=needs.c.version + 1)
        return list(self.conn.execute(later.returning(needs.c.id)).scalars())

    def waiting(self, incident_id: str, area: str) -> list[Row]:
        """The cases of an area whose clock runs, each with what it waits for."""
        return every(self.conn, _WAITING, _within(incident_id, area))

    def met_since(self, incident_id: str, area: str, since: datetime, now: datetime) -> Row:
        """How many cases of an area met each stage after a moment."""
        (row,) = every(self.conn, _MET, {**_within(incident_id, area), "since": since, "now": now})
        return row

    def kept(self, incident_id: str, area: str, depth: int, now: datetime) -> list[Row]:
        """Counts of cases and of kept promises by areas of so many parts of their code, in and below an area."""
        return every(self.conn, _KEPT_BY_AREAS, {**_within(incident_id, area), "depth": depth, "now": now})

    def kept_by_agencies(self, incident_id: str, area: str, now: datetime) -> list[Row]:
        """The same by the agencies that hold cases."""
        return every(self.conn, _KEPT_BY_AGENCIES, {**_within(incident_id, area), "now": now})

    def add_escalation(self, row: Mapping[str, Any]) -> None:
        """Note that a level was told."""
        self.conn.execute(insert(escalations), dict(row))

    def escalations_of(self, case_id: int) -> list[Row]:
        """Which levels were told of a case, in the order in which its clocks ran out."""
        query = select(escalations).where(escalations.c.case_id == case_id)
        return every(self.conn, query.order_by(escalations.c.number, escalations.c.due_at, escalations.c.level.desc()))


def _within(incident_id: str, area: str) -> dict[str, Any]:
    return {"incident": incident_id, "area": area, "below": f"{area}.%"}


def columns_of(case_id: int, run: Run) -> dict[str, Any]:
    """A run as it is stored."""
    breach = next_breach(run)
    return {
        "case_id": case_id,
        "number": run.number,
        "tier": run.tier,
        "holder": run.holder,
        "started_at": run.started_at,
        "counts_from": run.counts_from,
        "answer_due_at": run.due.get("answer"),
        "offer_due_at": run.due.get("offer"),
        "settle_due_at": run.due["settle"],
        "answered_at": run.met.get("answer"),
        "offered_at": run.met.get("offer"),
        "settled_at": run.met.get("settle"),
        "breached": sorted(run.breached),
        "again_at": run.again_at,
        "reached": run.reached,
        "paused_at": run.paused_at,
        "stage": running_stage(run),
        "next_at": breach[0] if breach else None,
    }


def _run(row: Row) -> Run:
    due = {"answer": row["answer_due_at"], "offer": row["offer_due_at"], "settle": row["settle_due_at"]}
    met = {"answer": row["answered_at"], "offer": row["offered_at"], "settle": row["settled_at"]}
    return Run(
        number=row["number"],
        tier=row["tier"],
        holder=row["holder"],
        started_at=row["started_at"],
        counts_from=row["counts_from"],
        due={stage: at for stage, at in due.items() if at is not None},
        met={stage: at for stage, at in met.items() if at is not None},
        breached=frozenset(row["breached"]),
        again_at=row["again_at"],
        reached=row["reached"],
        paused_at=row["paused_at"],
    )
