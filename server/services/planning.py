"""Working a plan out: read in one transaction, match with none open, write in another (law 6).

For workers only: this loads geopandas. One planner process works through the queue, so whatever came
in before a plan was read is in it, and whatever came after asks for another one.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geo import fairness, matching
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
FAIRNESS = 0.5
"""How many times more a need of a village weighs that has waited out its clock with nothing: our assumption."""


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
    return _solved(situation, weights(situation), _budget_s(situation), explain=len(situation.needs) <= EXPLAINED)


def _solved(situation: Situation, weighs: Mapping[int, float], seconds: float, *, explain: bool) -> matching.Plan:
    needs = needs_frame([_need(need, weighs[need["id"]]) for need in situation.needs])
    lots = [_lot(lot) for lot in situation.lots]
    people = [_volunteer(row, situation.now) for row in situation.volunteers]
    options = matching.Options(rules=Rules(now=situation.now), seconds=seconds, explain=explain)
    return matching.plan(needs, supplies_frame([*lots, *people]), options=options)


def _budget_s(situation: Situation) -> float:
    return float(situation.incident["settings"].get("plan", {}).get("seconds", BUDGET_S))


def strength(situation: Situation) -> float:
    """How much fairness between villages counts in this incident."""
    return float(situation.incident["settings"].get("plan", {}).get("fairness", FAIRNESS))


def weights(situation: Situation, *, fair: bool = True) -> dict[int, float]:
    """The weight of each need, with what its village's long wait adds."""
    own = {need["id"]: weight(need, situation.now, situation.incident["settings"]) for need in situation.needs}
    boosts = _boosts(situation) if fair else {}
    return {need["id"]: round(own[need["id"]] * boosts.get(need["area"], 1.0), 4) for need in situation.needs}


def _boosts(situation: Situation) -> dict[str, float]:
    """How many times its own weight a need of each village counts."""
    served: dict[str, list[float]] = defaultdict(list)
    waited: dict[str, float] = defaultdict(float)
    for need in situation.needs:
        area, clock = need["area"], sla.clock_for(need["tier"], situation.incident["settings"]).settled
        served[area].append(need["covered"] / need["quantity"])
        minutes = (situation.now - need["case_opened_at"]).total_seconds() / 60
        waited[area] = max(waited[area], minutes / clock if clock else 1.0)
    return {
        area: fairness.boost(strength(situation), sum(shares) / len(shares), waited[area])
        for area, shares in served.items()
    }


def price_of_fairness(situation: Situation, solved: matching.Plan) -> dict[str, Any] | None:
    """What the plan without the fairness term would have saved: weighted minutes, and as a share; with the
    Gini of that plan. None without the term, or when the time allowed does not suffice for a second plan.
    """
    seconds = _budget_s(situation)
    if not strength(situation) or solved.seconds > seconds / 3 or solved.gap:
        return None
    own = weights(situation, fair=False)
    without = _solved(situation, own, seconds - solved.seconds, explain=False)
    fair, plain = (_weighted_minutes(plan, own, situation) for plan in (solved, without))
    coverage = _coverage(situation, without)
    return {
        "minutes": round(fair - plain, 1),
        "share": round((fair - plain) / plain, 4) if plain else 0.0,
        "gini_without": round(fairness.gini(list(coverage.values())), 4),
    }


def _weighted_minutes(plan: matching.Plan, own: Mapping[int, float], situation: Situation) -> float:
    """Minutes on the way, and of waiting in vain (a plan's whole reach) for what stays open, by weight."""
    travel = sum(own[int(match.need_id)] * (match.minutes or 0.0) * match.quantity for match in plan.matches)
    reach = Rules(now=situation.now).reach_minutes
    return travel + sum(own[int(one.need_id)] * reach * one.quantity for one in plan.unmet)


def _coverage(situation: Situation, plan: matching.Plan) -> dict[str, float]:
    """The share of each village's needs that is covered once the plan is carried out, the mean over its needs."""
    left = {int(one.need_id): one.quantity for one in plan.unmet}
    shares: dict[str, list[float]] = defaultdict(list)
    for need in situation.needs:
        shares[need["area"]].append(1 - left.get(need["id"], 0) / need["quantity"])
    return {area: sum(found) / len(found) for area, found in sorted(shares.items())}


def _fairness(situation: Situation, solved: matching.Plan, price: dict[str, Any] | None) -> dict[str, Any]:
    coverage = _coverage(situation, solved)
    worst = min(coverage, key=lambda area: (coverage[area], area), default=None)
    return {
        "strength": strength(situation),
        "gini": round(fairness.gini(list(coverage.values())), 4),
        "worst": None if worst is None else {"area": worst, "share": round(coverage[worst], 4)},
        "price": price,
    }


def _need(need: Row, weighs: float) -> dict[str, Any]:
    item = ITEMS[need["item"]]
    return {
        "need_id": str(need["id"]),
        "kind": item.kind.value,
        "item": need["item"],
        "quantity": need["quantity"] - need["covered"],
        "tier": need["tier"],
        "weight": weighs,
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


def write(tx: Tx, situation: Situation, solved: matching.Plan, price: dict[str, Any] | None = None) -> bool:
    """Store what was worked out, unless the plan has moved on meanwhile; whether it was stored.

    `price` is that of fairness.
    """
    plan_id, incident = situation.plan["id"], situation.incident
    plan = tx.plans.get(plan_id, lock=True)
    if plan is None or plan["state"] != "requested":
        return False
    tx.plans.add_matches(_match_rows(situation, solved))
    ready = lifecycle.after("plan", plan["state"], "solve")
    tx.plans.change(plan_id, state=ready, ready_at=tx.now, result=_result(situation, solved, price))
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


def _result(situation: Situation, solved: matching.Plan, price: dict[str, Any] | None) -> dict[str, Any]:
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
        "fairness": _fairness(situation, solved, price),
        "sites": _by_site(situation, solved),
        "villages": _by_village(situation, solved, unmet),
    }


def _unmet(need: Row, one: matching.Unmet) -> dict[str, Any]:
    shown = {name: need[name] for name in ("case_id", "item", "tier", "area")}
    return {"need_id": need["id"], **shown, "quantity": one.quantity, "why": dict(one.why)}


def _by_site(situation: Situation, solved: matching.Plan) -> list[dict[str, Any]]:
    """How many matches each site serves."""
    site_of = {lot["id"]: lot["site_id"] for lot in situation.lots}
    counts = Counter(site_of[match.supply_id] for match in solved.matches if match.supply_id in site_of)
    return [{"site_id": site_id, "matches": count} for site_id, count in sorted(counts.items())]


def _by_village(
    situation: Situation, solved: matching.Plan, unmet: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """For each area how many needs there are, how many the plan leaves open, in part or whole, and the
    share of them that is covered then.
    """
    coverage = _coverage(situation, solved)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for need in situation.needs:
        counts[need["area"]][0] += 1
    for one in unmet:
        counts[one["area"]][1] += 1
    return [
        {"area": area, "needs": needs, "left_open": left, "share": round(coverage[area], 4)}
        for area, (needs, left) in sorted(counts.items())
    ]
