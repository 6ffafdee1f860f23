"""Working a plan out: read in one transaction, match with none open, write in another (law 6).

For workers only: this loads geopandas. One planner process works through the queue, so whatever came
in before a plan was read is in it, and whatever came after asks for another one.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geo import matching
from geo.costs import Rules
from geo.frames import needs_frame, supplies_frame
from server.domain import events, lifecycle, priority, sla
from server.domain.catalogue import ITEMS, Kind
from server.domain.permissions import SYSTEM
from server.services import plans, queries
from server.services.candidates import HERE, end_of
from server.services.moves import Row
from server.store.unit_of_work import Tx

BUDGET_S = 20.0
EXPLAINED = 20_000
"""Needs up to which every match is explained; beyond, the plan alone is what helps."""
LONGEST_REST_S = 5.0


@dataclass(frozen=True)
class Situation:
    """All that a plan is made of, as it was at `now`."""

    plan: Row
    incident: Row
    needs: list[Row]
    lots: list[Row]
    volunteers: list[Row]
    now: datetime
    waiting_for_verification: int
    waiting_for_place: int


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
    took = float(last["result"].get("seconds", 0.0))
    ago = float((tx.now - last["ready_at"]).total_seconds())
    return min(LONGEST_REST_S, took - ago)


def read(tx: Tx, plan_id: str) -> Situation | None:
    """What the plan is to be made of, or None when it is not asked for any more."""
    plan = tx.plans.get(plan_id)
    incident = tx.incidents.get(plan["incident_id"]) if plan else None
    if plan is None or incident is None or plan["state"] != "requested":
        return None
    pool = queries.pool_of(tx, incident)
    still_open = tx.cases.open_needs(incident["id"], plan["area"])
    verified = [need for need in still_open if need["verified_at"] is not None]
    placed = [need for need in verified if need["lon"] is not None]
    here = tx.volunteers.available(pool, tx.now)
    engaged = tx.assignments.engaged()
    return Situation(
        plan=plan,
        incident=incident,
        needs=placed,
        lots=[lot for lot in _lots(tx, pool, placed) if lot["lon"] is not None],
        volunteers=[row for row in here if row["id"] not in engaged and row["lon"] is not None],
        now=tx.now,
        waiting_for_verification=len(still_open) - len(verified),
        waiting_for_place=len(verified) - len(placed),
    )


def _lots(tx: Tx, pool: list[str], needs: list[Row]) -> list[Row]:
    wanted = sorted({need["item"] for need in needs})
    return tx.stock.free_lots(pool, wanted, tx.now.astimezone(HERE).date())


def solve(situation: Situation) -> matching.Plan:
    """The matches, with nothing but the situation to go by."""
    needs = needs_frame([_need(need, situation) for need in situation.needs])
    lots = [_lot(lot) for lot in situation.lots]
    people = [_volunteer(row, situation.now) for row in situation.volunteers]
    options = matching.Options(
        rules=Rules(now=situation.now),
        seconds=float(situation.incident["settings"].get("plan", {}).get("seconds", BUDGET_S)),
        explain=len(needs) <= EXPLAINED,
    )
    return matching.plan(needs, supplies_frame([*lots, *people]), options=options)


def _need(need: Row, situation: Situation) -> dict[str, Any]:
    item = ITEMS[need["item"]]
    return {
        "need_id": str(need["id"]),
        "kind": item.kind.value,
        "item": need["item"],
        "quantity": need["quantity"] - need["covered"],
        "tier": need["tier"],
        "weight": weight(need, situation.now, situation.incident["settings"]),
        "skills": sorted(item.skills),
        "lon": need["lon"],
        "lat": need["lat"],
    }


def weight(need: Mapping[str, Any], now: datetime, settings: Mapping[str, Any]) -> float:
    """How much a minute of this need's waiting counts: the score of its case, 50 being one."""
    found = priority.score(
        severity=priority.SEVERITY[need["tier"]],
        gap=1 - need["covered"] / need["quantity"],
        vulnerable=need["vulnerable"],
        people=need["people"] or 0,
        waited_min=(now - need["case_opened_at"]).total_seconds() / 60,
        clock_min=sla.clock_for(need["tier"], settings).settled,
    )
    return round(found.total / 50, 4)


def _lot(lot: Row) -> dict[str, Any]:
    return {
        "supply_id": lot["id"],
        "kind": Kind.GOODS.value,
        "item": lot["item"],
        "quantity": lot["free"],
        "expires_at": end_of(lot["expiry"]) if lot["expiry"] else None,
        "lon": lot["lon"],
        "lat": lot["lat"],
    }


def _volunteer(row: Row, now: datetime) -> dict[str, Any]:
    return {
        "supply_id": row["id"],
        "kind": Kind.SERVICE.value,
        "quantity": 1,
        "skills": sorted(row["skills"]),
        "vehicle": row["vehicle"],
        "minutes_left": (row["until"] - now).total_seconds() / 60,
        "lon": row["lon"],
        "lat": row["lat"],
    }


def write(tx: Tx, situation: Situation, solved: matching.Plan) -> bool:
    """Store what was worked out, unless the plan has moved on meanwhile; whether it was stored."""
    plan_id, incident = situation.plan["id"], situation.incident
    plan = tx.plans.get(plan_id, lock=True)
    if plan is None or plan["state"] != "requested":
        return False
    tx.plans.add_matches(_match_rows(situation, solved))
    ready = lifecycle.after("plan", plan["state"], "solve")
    tx.plans.change(plan_id, state=ready, ready_at=tx.now, result=_result(situation, solved))
    older = [row for row in tx.plans.in_state(incident["id"], "ready") if row["id"] != plan_id]
    _supersede(tx, older, plan["by"], plan["area"])
    tx.record(events.PlanReady(incident_id=incident["id"], area=plans.heard_in(plan, incident), plan_id=plan_id))
    tx.audit(SYSTEM, "plan:solve", plan["area"], f"plan:{plan_id}", matches=len(solved.matches))
    return True


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


def _match_rows(situation: Situation, solved: matching.Plan) -> list[dict[str, Any]]:
    people = {row["id"] for row in situation.volunteers}
    return [
        {
            "plan_id": situation.plan["id"],
            "n": n,
            "need_id": int(match.need_id),
            "lot_id": None if match.supply_id in people else match.supply_id,
            "volunteer_id": match.supply_id if match.supply_id in people else None,
            "quantity": match.quantity,
            "minutes": match.minutes or 0.0,
            "why": dict(match.why),
        }
        for n, match in enumerate(solved.matches, 1)
    ]


def _result(situation: Situation, solved: matching.Plan) -> dict[str, Any]:
    needs = {str(need["id"]): need for need in situation.needs}
    unmet = [_unmet(needs[one.need_id], one) for one in solved.unmet]
    return {
        "cost": solved.cost,
        "lower_bound": solved.lower_bound,
        "gap": solved.gap,
        "seconds": round(solved.seconds, 3),
        "first_plan_s": round(solved.first_plan_s, 3),
        "method": solved.version,
        "needs": len(situation.needs),
        "matched": len(solved.matches),
        "waiting_for_verification": situation.waiting_for_verification,
        "waiting_for_place": situation.waiting_for_place,
        "unmet": unmet,
        "sites": _by_site(situation, solved),
        "villages": _by_village(situation, unmet),
    }


def _unmet(need: Row, one: matching.Unmet) -> dict[str, Any]:
    shown = {name: need[name] for name in ("case_id", "item", "tier", "area")}
    return {"need_id": need["id"], **shown, "quantity": one.quantity, "why": dict(one.why)}


def _by_site(situation: Situation, solved: matching.Plan) -> list[dict[str, Any]]:
    """How many matches each site serves."""
    site_of = {lot["id"]: lot["site_id"] for lot in situation.lots}
    counts = Counter(site_of[match.supply_id] for match in solved.matches if match.supply_id in site_of)
    return [{"site_id": site_id, "matches": count} for site_id, count in sorted(counts.items())]


def _by_village(situation: Situation, unmet: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each area how many needs there are, and how many the plan leaves open, in part or whole."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for need in situation.needs:
        counts[need["area"]][0] += 1
    for one in unmet:
        counts[one["area"]][1] += 1
    return [{"area": area, "needs": needs, "left_open": left} for area, (needs, left) in sorted(counts.items())]
