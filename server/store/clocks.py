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
      c.area as holder,
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

    def add_escalation(self, row: Mapping[str, Any]) -> None:
        """Note that a level was told."""
        self.conn.execute(insert(escalations), dict(row))

    def escalations_of(self, case_id: int) -> list[Row]:
        """Which levels were told of a case, in the order in which its clocks ran out."""
        query = select(escalations).where(escalations.c.case_id == case_id)
        return every(self.conn, query.order_by(escalations.c.number, escalations.c.due_at, escalations.c.level.desc()))


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
