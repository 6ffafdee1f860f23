"""The clocks of cases in the database: they follow whatever happens, and call the next level when one runs out.

Every transaction that tells of a case ends with `follow`: first the clocks take every breach up to now, by what was
true until then, and only then what has just changed. So a breach has its right minute whenever somebody looks, and a
process that was away, or a day without power, changes nothing but when it is seen.
"""

from collections.abc import Mapping
from typing import Any

from server.domain import events, sla
from server.domain.permissions import SYSTEM
from server.domain.sla import Run
from server.services import queries
from server.store.unit_of_work import Tx

AT_ONCE = 200
"""Cases a sweep takes in one transaction."""


def follow(tx: Tx) -> None:
    """Let the clocks of all cases that this transaction tells of follow what it changed."""
    cases = _told_of(tx)
    runs = tx.clocks.runs(cases, lock=True) if cases else {}
    for facts in tx.clocks.facts(runs) if runs else ():
        old = runs[facts["case_id"]]
        run = _follow(tx, facts, _take_breaches(tx, facts, old))
        if run != old:
            _save(tx, facts, old, run)


def _told_of(tx: Tx) -> set[int]:
    """The cases that the events of this transaction name. A report that came in has brought its own run."""
    others = [event for event in tx.told if not isinstance(event, events.ReportReceived)]
    offered = [e.assignment_id for e in others if isinstance(e, events.OfferMade | events.OfferClosed)]
    return {case for event in others if (case := getattr(event, "case_id", None)) is not None} | (
        tx.clocks.cases_of(offered) if offered else set()
    )


def sweep(tx: Tx) -> int:
    """Call the next level for every case whose clock ran out, the first first; returns how many cases."""
    due = tx.clocks.due(tx.now, AT_ONCE)
    runs = tx.clocks.runs(due)
    known = {facts["case_id"]: facts for facts in tx.clocks.facts(due)}
    for case_id in due:
        _save(tx, known[case_id], runs[case_id], _take_breaches(tx, known[case_id], runs[case_id]))
    return len(due)


def seen(tx: Tx, case_id: int) -> None:
    """A coordinator has a T0 open: that is its first answer, as the design's table has it."""
    run = tx.clocks.runs([case_id], lock=True).get(case_id)
    if run is None or run.tier != 0 or sla.ANSWER in run.met or sla.ANSWER not in run.due:
        return
    (facts,) = tx.clocks.facts([case_id])
    new = _take_breaches(tx, facts, run)
    _save(tx, facts, run, _follow(tx, {**facts, "answered": True}, new))


def branch(tx: Tx, case_id: int, new_id: int) -> None:
    """A case was split off: its reporters have waited as long, and were told as much, as those who stay."""
    run = tx.clocks.runs([case_id]).get(case_id)
    if run is not None:
        tx.clocks.add(new_id, run)


def shown(tx: Tx, case_id: int) -> dict[str, Any]:
    """The clock of a case as everybody sees it, its reporters and staff alike; times are ISO 8601.

    `due_at` is by when it is settled, `stage_due_at` by when what is waited for now is; `paused_at` since when it
    stands still.
    """
    run = tx.clocks.runs([case_id]).get(case_id)
    if run is None:
        return {"due_at": None, "overdue": False, "paused": False, "running": False, "stage": None, "stages": []}
    stage = sla.running_stage(run)
    by = run.paused_at or tx.now
    return {
        "due_at": run.due[sla.SETTLE].isoformat(),
        "overdue": stage is not None and by > run.due[sla.SETTLE],
        "paused": stage is not None and run.paused_at is not None,
        "paused_at": _iso(run.paused_at),
        "running": stage is not None,
        "stage": stage,
        "stage_due_at": _iso(run.due[stage]) if stage else None,
        "stage_late": stage is not None and by > run.due[stage],
        "stages": [
            {"stage": one, "due_at": _iso(run.due[one]), "met_at": _iso(run.met.get(one))}
            for one in sla.STAGES
            if one in run.due
        ],
    }


def told(tx: Tx, case_id: int) -> list[dict[str, Any]]:
    """Which levels were told that a clock of the case ran out, and when it did."""
    return [
        {name: row[name] for name in ("level", "area", "stage")} | {"due_at": _iso(row["due_at"])}
        for row in tx.clocks.escalations_of(case_id)
    ]


def _follow(tx: Tx, facts: Mapping[str, Any], run: Run) -> Run:
    true_now = {name: facts[name] for name in ("tier", "holder", "answered", "offered", "settled", "asked")}
    changes = [e for e in tx.told if isinstance(e, events.ReportChanged) and e.case_id == facts["case_id"]]
    reopened = any(e.action == "reopen" for e in changes)
    clock = sla.clock_for(facts["tier"], facts["settings"])
    return sla.follow(run, sla.Facts(**true_now, reopened=reopened), tx.now, clock)


def _take_breaches(tx: Tx, facts: Mapping[str, Any], run: Run) -> Run:
    """Every breach up to now, in the order in which they came."""
    while (coming := sla.next_breach(run)) is not None and coming[0] <= tx.now:
        run, area = sla.breach(run, sla.clock_for(run.tier, facts["settings"]))
        if area is not None:
            _escalate(tx, facts, run, coming, area)
    return run


def _escalate(tx: Tx, facts: Mapping[str, Any], run: Run, coming: tuple[Any, str], area: str) -> None:
    (due_at, stage), level, case_id = coming, sla.level_of(area), facts["case_id"]
    what = {"stage": stage, "level": level}
    row = {**what, "case_id": case_id, "number": run.number, "area": area, "due_at": due_at, "recorded_at": tx.now}
    tx.clocks.add_escalation(row)
    tx.reports.note_case(case_id, due_at, f"raised_{level}", stage=stage)
    told_of = {**what, "told_area": area, "due_at": due_at.isoformat()}
    tx.audit(SYSTEM, "case:escalate", facts["area"], f"case:{case_id}", **told_of)
    where = {"incident_id": facts["incident_id"], "area": facts["area"]}
    tx.record(events.CaseEscalated(**where, case_id=case_id, **told_of))


def _save(tx: Tx, facts: Mapping[str, Any], old: Run, run: Run) -> None:
    """Store a run, let reports and needs be due when it is, and tell the board of what it shows."""
    case_id = facts["case_id"]
    tx.clocks.save(case_id, run)
    rows: dict[str, Any] = {}
    if run.due[sla.SETTLE] != old.due[sla.SETTLE]:
        rows["reports"] = queries.report_rows(tx, tx.clocks.let_reports_be_due(case_id, run.due[sla.SETTLE]))
    if run.number == old.number and run.counts_from != old.counts_from:
        moved = tx.clocks.let_needs_wait(case_id, run.counts_from - old.counts_from)
        rows["needs"] = queries.need_rows(tx, moved)
    if not rows and _seen_of(run) == _seen_of(old):
        return
    rows["cases"] = queries.case_rows(tx, [case_id])
    where = {"incident_id": facts["incident_id"], "area": facts["area"]}
    tx.record(events.ClockChanged(**where, rows=rows, case_id=case_id, stage=sla.running_stage(run)))


def _seen_of(run: Run) -> tuple[Any, ...]:
    stage = sla.running_stage(run)
    return stage, run.due.get(stage or ""), run.paused_at, run.reached


def _iso(at: Any) -> str | None:
    return None if at is None else at.isoformat()
