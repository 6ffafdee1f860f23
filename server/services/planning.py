"""Working a plan out: read in one transaction, match with none open, write in another (law 6).

For workers only: this loads geopandas. One planner process works through the queue, so whatever came
in before a plan was read is in it, and whatever came after asks for another one.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from geo import fairness, matching
from server.domain import events, lifecycle
from server.domain.catalogue import HOUSEHOLD, KITS
from server.domain.permissions import SYSTEM
from server.services import carriers, loosening, opening, plan_figures, plans, queries, ways
from server.services.candidates import HERE
from server.services.moves import Row
from server.services.situations import Problem, Situation, problem_of
from server.services.supposing import compared, supposed
from server.store.unit_of_work import Tx

EXPLAINED = 20_000
"""Needs up to which every match is explained; beyond, the plan alone is what helps."""
LONGEST_REST_S = 5.0
WORTH_MOVING = 0.05
"""How much shorter all ways together must become for proposed work to be moved that serves no more: a twentieth, an
assumption of ours. Weights change with every minute, and without a threshold plans would swap for nothing."""
MOST_WEIGHED = 10
"""Rulings of which a plan tells what they cost, the oldest first: each takes a plan of its own."""


@dataclass(frozen=True)
class Solved:
    """The plan; the plan without the term of fairness, and without each ruling by id, where there was time for it; of
    a what-if the plan for things as they are. rows, moved: what is new in the plan, and which proposed assignments it
    moves. carried: by which trips; carried_as_it_is: those of a what-if for things as they are. kits: those that would
    serve more when they are opened. `seconds`: for all of it.
    """

    plan: matching.Plan
    seconds: float
    carried: Mapping[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    without: matching.Plan | None = None
    unruled: Mapping[str, matching.Plan] = field(default_factory=dict)
    as_it_is: matching.Plan | None = None
    carried_as_it_is: Mapping[str, Any] = field(default_factory=dict)
    kits: opening.Opening = field(default_factory=opening.Opening)


def replan(tx: Tx, incident_id: str) -> float:
    """Ask for a plan because something changed, unless one is asked for; returns seconds to rest first.

    A surge of reports becomes a plan every few seconds: planning takes half of its process at most.
    Nothing is asked for when nothing verified is open.
    """
    incident = tx.incidents.get(incident_id)
    if incident is None or tx.plans.in_state(incident_id, "requested"):
        return 0.0
    if (rest_s := _rest_s(tx, incident_id)) > 0:
        return rest_s
    if tx.plans.waits_for_plan(incident_id, None, tx.now):
        plans.request_for(tx, SYSTEM, incident, plans.whole_area(incident))
    else:
        _supersede(tx, tx.plans.in_state(incident_id, "ready"), SYSTEM.name, plans.whole_area(incident))
    return 0.0


def served_by(tx: Tx, incident_id: str) -> list[str]:
    """The incidents for which a change in one counts: the standing one's sites and volunteers serve all."""
    return sorted(row["id"] for row in tx.incidents.open() if incident_id in queries.pool_of(tx, row))


def _rest_s(tx: Tx, incident_id: str) -> float:
    last = next((row for row in tx.plans.latest(incident_id, 5) if row["ready_at"]), None)
    if last is None:
        return 0.0
    took = float(last["result"].get("worked_s", last["result"].get("seconds", 0.0)))
    ago = float((tx.now - last["ready_at"]).total_seconds())
    return min(LONGEST_REST_S, took - ago)


def read(tx: Tx, plan_id: str) -> Situation | None:
    """What the plan is to be made of, or None when it is not asked for any more."""
    plan = tx.plans.get(plan_id)
    incident = tx.incidents.get(plan["incident_id"]) if plan else None
    if plan is None or incident is None or plan["state"] != "requested":
        return None
    pool = queries.pool_of(tx, incident)
    taken_up = loosening.loose(tx, incident["id"], plan["area"]) if plan["kind"] != "wave" else []
    still_open = _open_needs(tx, plan, taken_up)
    verified = [need for need in still_open if need["verified_at"] is not None]
    placed = [need for need in verified if need["lon"] is not None]
    wanted = {need["item"] for need in placed}
    kits = {code for code, kit in KITS.items() if wanted & kit.holds.keys()}
    coverage = tx.plans.coverage(incident["id"], plan["area"], HOUSEHOLD)
    here = tx.volunteers.available(pool, tx.now)
    engaged = tx.assignments.engaged(besides=[line["id"] for line in taken_up])
    return Situation(
        plan=plan,
        incident=incident,
        needs=placed,
        lots=_lots(tx, pool, wanted, taken_up),
        volunteers=[row for row in here if row["id"] not in engaged and row["lon"] is not None],
        now=tx.now,
        waiting_for_verification=len(still_open) - len(verified),
        waiting_for_place=len(verified) - len(placed),
        coverage=loosening.less_covered(coverage, placed, taken_up),
        reached_at=tx.plans.reached_at(incident["id"]),
        rulings=loosening.unruled(tx.rulings.in_force(incident["id"], plan["area"]), taken_up),
        sites=_sites_named(tx, plan),
        loose=taken_up,
        driving=frozenset(tx.assignments.drivers_in_mind(besides=[line["id"] for line in taken_up])),
        kits=_lots(tx, pool, kits, taken_up),
        earlier=_earlier(tx, plan),
        closures=ways.closures(tx, pool),
    )


def _earlier(tx: Tx, plan: Row) -> matching.Earlier | None:
    """The last plan of the same kind and area that waits for a decision; of what is only asked, a live one."""
    kind = "live" if plan["kind"] == "what_if" else plan["kind"]
    last = tx.plans.last_ready(plan["incident_id"], kind, plan["area"])
    if last is None:
        return None
    left_open = [str(one["need_id"]) for one in last["unmet"] or ()]
    return matching.Earlier(tx.plans.pairs(last["id"]), left_open, last["prices"] or {})


def _open_needs(tx: Tx, plan: Row, taken_up: list[Row]) -> list[Row]:
    """The open needs that are not covered, or not without what is taken up again; in id order."""
    found = {need["id"]: need for need in tx.cases.open_needs(plan["incident_id"], plan["area"])}
    found |= {need["id"]: need for need in tx.cases.needs_by_id(line["need_id"] for line in taken_up)}
    return loosening.uncovered([found[need_id] for need_id in sorted(found)], taken_up)


def _sites_named(tx: Tx, plan: Row) -> dict[str, Row]:
    named = {change["site_id"] for change in plan["asked"].get("changes", ()) if "site_id" in change}
    return {site_id: site for site_id in sorted(named) if (site := tx.sites.get(site_id))}


def _lots(tx: Tx, pool: list[str], items: Collection[str], taken_up: list[Row]) -> list[Row]:
    """What is free of these items at a known place, and what would be if nothing held what is taken up again."""
    held = sorted({line["lot_id"] for line in taken_up if line["lot_id"]})
    lots = tx.stock.free_lots(pool, sorted(items), tx.now.astimezone(HERE).date(), besides=held)
    return [lot for lot in loosening.freed(lots, taken_up) if lot["free"] > 0 and lot["lon"] is not None]


def solve(situation: Situation) -> Solved:
    """The matches, with nothing but the situation to go by.

    What fairness and each ruling cost, and which kits to open, takes another plan each: it is made when the time that
    is left is as long as the first one took.
    """
    if situation.plan["kind"] == "what_if":
        return _solve_what_if(situation)
    began, seconds = time.perf_counter(), float(situation.settings["seconds"])
    problem, plan = best(problem_of(situation), situation, seconds, explain=len(situation.needs) <= EXPLAINED)
    rows, moved = plan_figures.new_and_moved(situation, plan)
    gone = {one["assignment_id"] for one in moved}
    carried = carriers.carried(situation, rows, [line for line in situation.loose if line["id"] not in gone])

    def again(other: Problem, strength: float, earlier: matching.Earlier | None = None) -> matching.Plan | None:
        left = seconds - (time.perf_counter() - began)
        return other.solve(strength, left, explain=False, earlier=earlier) if left >= plan.seconds else None

    kits = opening.found(problem, plan, situation.kits, lambda other: again(other, situation.strength))
    without = again(problem, 0) if situation.strength else None
    unruled = {
        ruling["id"]: found
        for ruling in situation.rulings[:MOST_WEIGHED]
        if (found := again(problem.without(ruling["id"]), situation.strength, plan.earlier))
    }
    return Solved(plan, time.perf_counter() - began, carried, rows, moved, without, unruled, kits=kits)


def best(problem: Problem, situation: Situation, seconds: float, *, explain: bool) -> tuple[Problem, matching.Plan]:
    """The plan, and the problem that it solves: what was proposed stays as it is unless moving it is worth it."""
    if not situation.loose:
        return problem, problem.solve(situation.strength, seconds, explain=explain, earlier=situation.earlier)
    staying = problem.keeping(situation.loose)
    stays = staying.solve(situation.strength, seconds / 2, explain=explain, earlier=situation.earlier)
    moves = problem.solve(situation.strength, seconds / 2, explain=explain, earlier=stays.earlier)
    return (problem, moves) if _is_worth_it(problem, stays, moves) else (staying, stays)


def _is_worth_it(problem: Problem, stays: matching.Plan, moves: matching.Plan) -> bool:
    """Whether the plan that moves proposed work serves more, or is that much shorter."""
    open_units = [[0] * 4 for _ in range(2)]
    tier = {row["need_id"]: row["tier"] for row in problem.needs}
    for counts, plan in zip(open_units, (stays, moves), strict=True):
        for one in plan.unmet:
            counts[tier[one.need_id]] += one.quantity
    if open_units[0] != open_units[1]:
        return open_units[1] < open_units[0]
    now, then = (fairness.weighted_minutes(plan, problem.weights, 0) for plan in (stays, moves))
    return then <= now * (1 - WORTH_MOVING)


def _solve_what_if(situation: Situation) -> Solved:
    """Both plans, for things as they are and as they might be, each with half of the time."""
    began, seconds, now = time.perf_counter(), float(situation.settings["seconds"]) / 2, supposed(situation)
    as_it_is = problem_of(situation).solve(situation.strength, seconds, explain=False, earlier=situation.earlier)
    problem = problem_of(now)
    is_small = len(problem.needs) <= EXPLAINED
    plan = problem.solve(situation.strength, seconds, explain=is_small, earlier=as_it_is.earlier)
    both = ((now, plan), (situation, as_it_is))
    then, was = (carriers.carried(one, plan_figures.match_rows(one, found)) for one, found in both)
    return Solved(plan, time.perf_counter() - began, then, as_it_is=as_it_is, carried_as_it_is=was)


def write(tx: Tx, situation: Situation, solved: Solved) -> bool:
    """Store what was worked out, unless the plan has moved on meanwhile; whether it was stored."""
    plan_id, incident = situation.plan["id"], situation.incident
    plan = tx.plans.get(plan_id, lock=True)
    if plan is None or plan["state"] != "requested":
        return False
    result = _store_live(tx, plan, situation, solved) if solved.as_it_is is None else _answer(situation, solved)
    ready = lifecycle.after("plan", plan["state"], "solve")
    tx.plans.change(plan_id, state=ready, ready_at=tx.now, result={**result, "worked_s": round(solved.seconds, 3)})
    tx.record(events.PlanReady(incident_id=incident["id"], area=plans.heard_in(plan, incident), plan_id=plan_id))
    tx.audit(SYSTEM, "plan:solve", plan["area"], f"plan:{plan_id}", matches=len(solved.plan.matches))
    return True


def _store_live(tx: Tx, plan: Row, situation: Situation, solved: Solved) -> dict[str, Any]:
    """Store the matches and put older plans aside; returns what the plan says besides."""
    rows, moved = solved.rows, solved.moved
    tx.plans.add_matches(rows)
    older = [row for row in tx.plans.in_state(plan["incident_id"], "ready") if row["id"] != plan["id"]]
    result = {
        **plan_figures.result(situation, solved.plan, solved.without, solved.kits),
        **solved.carried,
        "rulings": plan_figures.rulings(situation, solved.plan, solved.unruled),
        "matched": len(rows),
        "kept": len({line["id"] for line in situation.loose}) - len(moved),
        "moved": moved,
        "difference": _difference(tx, plan, older, rows, moved),
    }
    if plan["kind"] == "live":
        _supersede(tx, older, plan["by"], plan["area"])
    return result


def _answer(situation: Situation, solved: Solved) -> dict[str, Any]:
    """What a what-if says; its matches are kept in it, because what they take may not exist."""
    now = supposed(situation)
    base = solved.as_it_is or solved.plan
    covers = plan_figures.covers(situation, base), plan_figures.covers(now, solved.plan)
    return {
        **plan_figures.result(now, solved.plan, None),
        **solved.carried,
        "matches": plan_figures.matches_told(now, solved.plan),
        "supposed": plan_figures.supposed_sources(situation, now),
        "what_if": compared(situation, base, solved.plan, covers, (solved.carried_as_it_is, solved.carried)),
    }


def _supersede(tx: Tx, older: list[Row], by: str, area: str) -> None:
    """Put the older ready plans of the same area aside.

    A plan that a person asked for gives way only to one that a person asked for: nobody's page is
    pulled away while they decide. What nobody asked for goes without a trace of its matches.
    """
    for plan in older:
        automatic = plan["by"] == SYSTEM.name
        if plan["area"] == area and (automatic or by != SYSTEM.name):
            tx.plans.change(plan["id"], state=lifecycle.after("plan", plan["state"], "supersede"))
            if automatic:
                tx.plans.drop_matches(plan["id"])


def _difference(
    tx: Tx, plan: Row, older: list[Row], rows: list[dict[str, Any]], moved: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the plan changes against what is in force.

    In force is what happens if nobody decides otherwise: what approved plans proposed and nobody was asked for yet,
    and the matches of the last plan of the same kind and area that is ready and waits for a decision.
    """
    before = max((row for row in older if row["area"] == plan["area"]), key=lambda row: row["ready_at"], default=None)
    if plan["kind"] != "live" or before is None:
        return plan_figures.difference(None, [], rows, moved)
    return plan_figures.difference(before["id"], tx.plans.matches(before["id"]), rows, moved)
