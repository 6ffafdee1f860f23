"""The guarantee behind the queue (law 4): what sat too long in the database is set going again.

Found things are told of again through the outbox, from where the relay queues their jobs, or done
here where no library of the planner is needed.
"""

from datetime import timedelta
from typing import Any

from server.domain import events, lifecycle
from server.domain.permissions import SYSTEM
from server.services import offers, plans, what_if
from server.store.unit_of_work import Tx

TOO_LONG = timedelta(seconds=60)
HOPELESS = timedelta(minutes=15)
"""A plan that could not be worked out for so long is given up: whoever asked sees it and may ask again."""


def reconcile(tx: Tx, *, too_long: timedelta = TOO_LONG) -> dict[str, Any]:
    """Set going again what sat too long; says how much of what was found, and what must never be."""
    return {
        "plans_given_up": _give_up_plans(tx),
        "plans_asked_again": _ask_again(tx, too_long),
        "plans_asked_for_needs": _plan_waiting_needs(tx, too_long),
        "offers_made": offers.offer_waiting(tx, None, tx.now - too_long),
        "what_ifs_forgotten": what_if.sweep(tx),
        "assignments_let_go": offers.give_up_untaken(tx),
        "events_waiting_s": _events_waiting_s(tx),
        "unbalanced_transfers": len(tx.stock.unbalanced()),
        "lots_below_zero": len(tx.stock.below_zero()),
        "lots_over_promised": len(tx.assignments.over_promised()),
    }


def wrong(found: dict[str, Any]) -> list[str]:
    """The findings that must never be, by name."""
    return [name for name in ("unbalanced_transfers", "lots_below_zero", "lots_over_promised") if found[name]]


def _ask_again(tx: Tx, too_long: timedelta) -> int:
    waiting = tx.plans.requested_before(tx.now - too_long)
    for plan in waiting:
        incident = plans.incident_of(tx, plan)
        where = {"incident_id": plan["incident_id"], "area": plans.heard_in(plan, incident)}
        tx.record(events.PlanRequested(**where, plan_id=plan["id"]))
    return len(waiting)


def _give_up_plans(tx: Tx) -> int:
    hopeless = tx.plans.requested_before(tx.now - HOPELESS)
    for plan in hopeless:
        tx.plans.change(plan["id"], state=lifecycle.after("plan", plan["state"], "fail"))
        tx.audit(SYSTEM, "plan:fail", plan["area"], f"plan:{plan['id']}")
    return len(hopeless)


def _plan_waiting_needs(tx: Tx, too_long: timedelta) -> int:
    """Ask for a plan where verified needs came up after the last one: its job may have been lost."""
    asked = 0
    for incident in tx.incidents.open():
        since = tx.plans.last_requested_at(incident["id"])
        if tx.plans.waits_for_plan(incident["id"], since, tx.now - too_long):
            plans.request_for(tx, SYSTEM, incident, plans.whole_area(incident))
            asked += 1
    return asked


def _events_waiting_s(tx: Tx) -> float:
    oldest = tx.outbox.oldest_unsent()
    return round((tx.now - oldest).total_seconds(), 1) if oldest else 0.0
