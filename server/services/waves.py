"""Waves: plans that are drafted for a time of departure, edited by people, and approved as one."""

from typing import Any

from server.domain import events
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, require
from server.services import plans, queries
from server.services.inputs_planning import WaveEditIn, WaveIn
from server.services.intake import incident_for
from server.services.moves import Row
from server.store.unit_of_work import Tx


def draft(tx: Tx, actor: Actor, body: WaveIn) -> dict[str, Any]:
    """Ask for a wave over all open needs of an incident in an area; a worker drafts it.

    Live plans go on beside it: nothing is held until one of them is approved.
    """
    incident = incident_for(tx, body.incident)
    area = queries.board_area(actor, body.area)
    require(actor, Permission.PLAN_MAKE, area)
    if body.departs_at <= tx.now:
        raise Invalid({"departs_at": Problem("time_past")})
    asked = {"name": body.name, "departs_at": body.departs_at.isoformat()}
    return plans.brief(plans.request_for(tx, actor, incident, area, kind="wave", asked=asked), incident)


def edit(tx: Tx, actor: Actor, plan_id: str, body: WaveEditIn) -> dict[str, Any]:
    """Take matches of a draft out, put them back, and set how much they bring, with a reason.

    Whether it still can be had is seen when the wave is approved. Answers the draft. Raises NotFound, Forbidden,
    Conflict with the present state, Invalid naming numbers and quantities that the draft does not have.
    """
    plan = plans.visible(actor, tx.plans.get(plan_id, lock=True))
    if plan["kind"] != "wave":
        raise NotFound
    require(actor, Permission.PLAN_APPROVE, plan["area"])
    if plan["state"] != "ready" or body.version != plan["version"]:
        raise Conflict("plan_not_ready", state=plans.brief(plan, plans.incident_of(tx, plan)))
    known = {row["n"]: row for row in tx.plans.matches(plan_id)}
    if wrong := _wrong(tx, known, body):
        raise Invalid(wrong)
    tx.plans.change_matches(plan_id, body.take_out, taken_out=True)
    tx.plans.change_matches(plan_id, body.put_back, taken_out=False)
    for n, quantity in body.quantities.items():
        tx.plans.change_matches(plan_id, [n], quantity=quantity)
    tx.plans.change(plan_id)
    _tell(tx, actor, plan, body)
    return plans.show(tx, actor, plan_id)


def _wrong(tx: Tx, known: dict[int, Row], body: WaveEditIn) -> dict[str, Problem]:
    named = {"take_out": body.take_out, "put_back": body.put_back, "quantities": list(body.quantities)}
    wrong = {
        field: Problem("unknown_match", {"n": ", ".join(map(str, unknown[:10]))})
        for field, numbers in named.items()
        if (unknown := sorted(set(numbers) - known.keys()))
    }
    for n, quantity in body.quantities.items():
        if n in known and quantity > (most := _most(tx, known[n])):
            wrong[f"quantities.{n}"] = Problem("too_large", {"most": most})
    return wrong


def _most(tx: Tx, match: Row) -> int:
    """The most that a match can bring: a volunteer is one, goods all that the need asks for."""
    need = tx.cases.need(match["need_id"])
    return 1 if match["volunteer_id"] or need is None else int(need["quantity"])


def _tell(tx: Tx, actor: Actor, plan: Row, body: WaveEditIn) -> None:
    where = {"incident_id": plan["incident_id"], "area": plans.heard_in(plan, plans.incident_of(tx, plan))}
    tx.record(events.PlanChanged(**where, plan_id=plan["id"]))
    edits = {"take_out": body.take_out, "put_back": body.put_back, "quantities": body.quantities}
    tx.audit(actor, "plan:edit", plan["area"], f"plan:{plan['id']}", **edits, reason=body.reason)
