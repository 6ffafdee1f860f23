"""What-if: a plan for things as they might be, answered by a re-solve, approved by nobody and gone within the hour."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from server.domain.catalogue import ITEMS, Kind
from server.domain.errors import Invalid, Problem, TooMany
from server.domain.permissions import Actor, Permission, require
from server.services import plans, queries, sources
from server.services.inputs_planning import ChangeIn, WhatIfIn
from server.services.intake import incident_for
from server.services.moves import Row
from server.store.unit_of_work import Tx

KEPT = timedelta(hours=1)
MOST_WAITING = 5
"""Questions of one incident that wait at once: the planner that answers them also makes the plans."""
TAKES = {
    "add_stock": ("site_id", "item", "quantity"),
    "close_site": ("site_id",),
    "add_vehicle": ("site_id", "vehicle", "count"),
    "add_volunteer": ("site_id", "skills", "count"),
    "pin": ("need_id",),
    "forbid": ("need_id",),
}
"""What each kind of change has to say; pins and forbids name a source besides."""
MAY_TAKE = {"pin": ("lot_id", "volunteer_id", "quantity"), "forbid": ("lot_id", "volunteer_id")}


def ask(tx: Tx, actor: Actor, body: WhatIfIn) -> dict[str, Any]:
    """Ask what the plan would be with these changes; a worker answers. Raises Invalid naming what is wrong with them,
    TooMany while as many questions wait as the planner takes.
    """
    incident = incident_for(tx, body.incident)
    area = queries.board_area(actor, body.area)
    require(actor, Permission.PLAN_MAKE, area)
    wrong = {
        f"changes.{n}.{name}": problem
        for n, change in enumerate(body.changes)
        for name, problem in _problems(tx, incident, change).items()
    }
    if wrong:
        raise Invalid(wrong)
    if len(tx.plans.in_state(incident["id"], "requested", kind="what_if")) >= MOST_WAITING:
        raise TooMany(retry_after_s=10)
    before = next((row for row in tx.plans.latest(incident["id"], plans.LATEST) if _stands(row, area)), None)
    changes = [change.model_dump(mode="json", exclude_none=True) for change in body.changes]
    asked = {"changes": changes, "base_plan_id": before["id"] if before else None}
    row = plans.request_for(tx, actor, incident, area, kind="what_if", asked=asked)
    return plans.brief(row, incident)


def _stands(plan: Row, area: str) -> bool:
    return bool(plan["state"] == "ready" and plan["area"] == area)


def _problems(tx: Tx, incident: Mapping[str, Any], change: ChangeIn) -> dict[str, Problem]:
    """What is wrong with one change, by field: what it lacks, what it does not take, and what nobody knows."""
    given = {name for name, value in change if value is not None and name != "kind"}
    takes = TAKES[change.kind]
    wrong = {name: Problem("required") for name in takes if name not in given}
    wrong |= {name: Problem("unknown_field") for name in given - {*takes, *MAY_TAKE.get(change.kind, ())}}
    checks = {"site_id": _site_problem, "item": _item_problem, "need_id": _need_problem}
    for name, check in checks.items():
        if name in given and name not in wrong and (problem := check(tx, incident, change)):
            wrong[name] = problem
    if change.kind in MAY_TAKE and not wrong:
        wrong |= _source_problems(tx, change)
    return wrong


def _site_problem(tx: Tx, incident: Mapping[str, Any], change: ChangeIn) -> Problem | None:
    site = tx.sites.get(str(change.site_id))
    if site is None or site["incident_id"] not in queries.pool_of(tx, incident):
        return Problem("no_such_site")
    return Problem("site_without_place") if site["lon"] is None and change.kind != "close_site" else None


def _item_problem(_tx: Tx, _incident: Mapping[str, Any], change: ChangeIn) -> Problem | None:
    item = ITEMS.get(change.item or "")
    if item is None:
        return Problem("unknown_item", {"item": change.item})
    return None if item.kind is Kind.GOODS else Problem("item_is_service", {"item": item.code})


def _need_problem(tx: Tx, incident: Mapping[str, Any], change: ChangeIn) -> Problem | None:
    need = tx.cases.need(change.need_id or 0)
    known = need is not None and need["incident_id"] == incident["id"] and need["state"] == "open"
    return None if known else Problem("no_such_need")


def _source_problems(tx: Tx, change: ChangeIn) -> dict[str, Problem]:
    need = tx.cases.need(change.need_id or 0) or {}
    return sources.problems(tx, need, lot_id=change.lot_id, volunteer_id=change.volunteer_id)


def sweep(tx: Tx) -> int:
    """Forget the questions that were asked more than an hour ago; returns how many."""
    return tx.plans.forget("what_if", tx.now - KEPT)
