"""Approving a plan: what is still free and still wanted of it becomes assignments (law 6), by the plan's trips."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from server.domain import events, lifecycle
from server.domain.carrying import Load, into_loads, largest_room, load_of
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, require
from server.services import loosening, plans, queries
from server.services.assignments import Proposal, propose
from server.services.inputs_dispatch import ApproveIn
from server.services.moves import Row
from server.store.unit_of_work import Tx

DROPPED = ("already_covered", "not_wanted", "stock_gone", "volunteer_busy")
"""Why a match, or a part of it, does not hold any more: keys of web/i18n `dropped.*`."""


@dataclass
class _Desk:
    """What an approval works with: what it holds, who is here and who of them is not engaged, and what it has taken."""

    tx: Tx
    plan: Row
    needs: Mapping[int, Row]
    lots: Mapping[str, Row]
    here: Sequence[Row]
    volunteers: set[str]
    wanted: dict[int, int] = field(default_factory=dict)
    free: dict[str, int] = field(default_factory=dict)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    reduced: list[dict[str, Any]] = field(default_factory=list)


def approve(tx: Tx, actor: Actor, plan_id: str, body: ApproveIn) -> dict[str, Any]:
    """Make assignments of the plan's matches that are still free and still wanted.

    Answers {approved: assignment ids, dropped: [{n, reason}], reduced: [{n, quantity, reason}]}.
    Raises Conflict with the present state when the plan waits for no approval any more, Invalid for
    numbers that the plan does not have.
    """
    plan = plans.visible(actor, tx.plans.get(plan_id, lock=True))
    require(actor, Permission.PLAN_APPROVE, plan["area"])
    incident = plans.incident_of(tx, plan)
    if plan["kind"] == "what_if":
        raise Conflict("not_to_approve", state=plans.brief(plan, incident))
    if plan["state"] != "ready" or body.version not in (None, plan["version"]):
        raise Conflict("plan_not_ready", state=plans.brief(plan, incident))
    if plan["kind"] == "wave" and body.only is not None:
        raise Invalid({"only": Problem("wave_is_one")})
    matches = [match for match in _chosen(tx.plans.matches(plan_id), body.only) if not match["taken_out"]]
    moved = _moved_by(plan, matches, body.only)
    desk = _hold(tx, actor, plan, incident, matches, moved)
    kept = [taken for match in matches if (taken := _take(desk, match))]
    made = propose(tx, actor, list(_proposals(desk, kept)))
    for case_id in sorted({match["case_id"] for match in kept}):
        tx.reports.note_case(case_id, tx.now, "planned")
    tx.plans.change(plan_id, state=lifecycle.after("plan", plan["state"], "approve"), approved_at=tx.now)
    where = {"incident_id": plan["incident_id"], "area": plans.heard_in(plan, incident)}
    tx.record(events.PlanApproved(**where, plan_id=plan_id, assignment_ids=made))
    counts = {"approved": len(made), "dropped": len(desk.dropped)}
    tx.audit(actor, "plan:approve", plan["area"], f"plan:{plan_id}", **counts)
    return {"approved": made, "dropped": desk.dropped, "reduced": desk.reduced}


def _chosen(matches: list[Row], only: Sequence[int] | None) -> list[Row]:
    if only is None:
        return matches
    known = {match["n"] for match in matches}
    if unknown := sorted(set(only) - known):
        raise Invalid({"only": Problem("unknown_match", {"n": ", ".join(map(str, unknown[:10]))})})
    return [match for match in matches if match["n"] in set(only)]


def _moved_by(plan: Row, matches: list[Row], only: Sequence[int] | None) -> list[dict[str, Any]]:
    """The proposed assignments that the plan takes up again: of some of its matches, those that these need gone."""
    moved: list[dict[str, Any]] = plan["result"].get("moved", [])
    if only is None:
        return moved
    touched = ("need_id", "lot_id", "volunteer_id")
    wanted = {match[name] for match in matches for name in touched} - {None}
    return [one for one in moved if any(line[name] in wanted for line in one["lines"] for name in touched)]


def _hold(
    tx: Tx,
    actor: Actor,
    plan: Row,
    incident: Mapping[str, Any],
    matches: list[Row],
    moved: list[dict[str, Any]],
) -> _Desk:
    """Hold cases, needs and lots, in this order; let go what the plan moves, and see what is wanted and free then."""
    held = [*matches, *(line for one in moved for line in one["lines"])]
    tx.cases.lock({row["case_id"] for row in held})
    if moved:
        tx.cases.lock_needs(row["need_id"] for row in held)
        tx.stock.lock_lots(sorted({row["lot_id"] for row in held if row["lot_id"]}))
        loosening.let_go(tx, actor, plan["id"], moved)
    needs = tx.cases.lock_needs(match["need_id"] for match in matches)
    lots = tx.stock.lock_lots(sorted({match["lot_id"] for match in matches if match["lot_id"]}))
    here = tx.volunteers.available(queries.pool_of(tx, incident), tx.now)
    return _Desk(tx, plan, needs, lots, here, {row["id"] for row in here} - tx.assignments.engaged())


def _take(desk: _Desk, match: Row) -> Row | None:
    """The match with the quantity that is still free and wanted, or None, with the reason noted."""
    quantity, reason = _still(desk, match)
    if quantity <= 0:
        desk.dropped.append({"n": match["n"], "reason": reason})
        return None
    desk.wanted[match["need_id"]] -= quantity
    _use(desk, match, quantity)
    if quantity < match["quantity"]:
        desk.reduced.append({"n": match["n"], "quantity": quantity, "reason": reason})
    return {**match, "quantity": quantity}


def _still(desk: _Desk, match: Row) -> tuple[int, str]:
    """What still can be had of a match, and what to say when that is less."""
    need = desk.needs.get(match["need_id"])
    if need is None or need["state"] != "open" or need["verified_at"] is None:
        return 0, "not_wanted"
    if need["case_id"] != match["case_id"]:
        # Its case was merged into another while this waited for it: the next plan goes there.
        return 0, "not_wanted"
    wanted = desk.wanted.setdefault(need["id"], need["quantity"] - need["covered"])
    free, lacking = _supply_of(desk, match)
    reason = "already_covered" if wanted <= 0 or wanted < free else lacking
    return min(match["quantity"], wanted, free), reason


def _supply_of(desk: _Desk, match: Row) -> tuple[int, str]:
    """How much the match's lot or volunteer can still give, and what to say when it is too little."""
    if match["volunteer_id"]:
        return int(match["volunteer_id"] in desk.volunteers), "volunteer_busy"
    lot = desk.lots.get(match["lot_id"])
    return desk.free.setdefault(match["lot_id"], lot["free"] if lot else 0), "stock_gone"


def _use(desk: _Desk, match: Row, quantity: int) -> None:
    if match["volunteer_id"]:
        desk.volunteers.discard(match["volunteer_id"])
    else:
        desk.free[match["lot_id"]] -= quantity


def _proposals(desk: _Desk, kept: list[Row]) -> Iterable[Proposal]:
    """A proposal for each volunteer of a service, each stop of a trip, and each load that no trip brings."""
    room = largest_room(row["vehicle"] for row in desk.here)
    for match in kept:
        if match["volunteer_id"]:
            yield _proposal(desk, "service", [match], volunteer_id=match["volunteer_id"])
    goods = {match["n"]: match for match in kept if not match["volunteer_id"]}
    for trip in desk.plan["result"].get("trips", ()):
        yield from _trip(desk, trip, goods, room)
    together: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for match in goods.values():
        together[match["case_id"], match["site_id"]].append(match)
    for matches in together.values():
        for load in into_loads(matches, room):
            yield _proposal(desk, "goods", load)


def _trip(desk: _Desk, trip: Mapping[str, Any], goods: dict[int, Row], room: Load) -> Iterable[Proposal]:
    """A proposal for each stop of a trip with what is left of it, taken off the goods.

    Its driver is asked first, if they are still free and it is their first trip. None for a trip that no vehicle takes
    any more.
    """
    left = dict(goods)
    found = [(stop, lines) for stop in trip["stops"] if (lines := plans.brought(stop, left))]
    if not load_of((line["item"], line["quantity"]) for _, lines in found for line in lines).fits(room):
        return
    goods.update(left)
    is_free = trip["turn"] == 1 and trip["volunteer_id"] in desk.volunteers
    trip_id = desk.tx.new_id()
    for nth, (stop, lines) in enumerate(found, 1):
        yield _proposal(
            desk,
            "goods",
            lines,
            volunteer_id=trip["volunteer_id"] if is_free else None,
            trip_id=trip_id,
            stop=nth,
            expected_at=desk.tx.now + timedelta(minutes=stop["minutes"]),
        )


def _proposal(desk: _Desk, kind: str, matches: list[Row], **more: Any) -> Proposal:
    first = matches[0]
    case = desk.tx.cases.get(first["case_id"])
    if case is None:
        raise NotFound
    return Proposal(
        case=case,
        kind=kind,
        lines=[{name: match[name] for name in ("need_id", "lot_id", "quantity")} for match in matches],
        why={"plan_id": desk.plan["id"], "matches": [{"n": match["n"], "why": match["why"]} for match in matches]},
        site_id=first["site_id"],
        plan_id=desk.plan["id"],
        **more,
    )
