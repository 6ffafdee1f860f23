"""What a plan says: its matches as rows, the villages, how fair it is, and what it changes.

For workers only, as `planning`. Villages are counted in people: a need counts as the people of its case (a household
where nobody counted them), so that litres and blankets can be added up.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from geo import fairness, matching
from geo.costs import Rules
from server.domain.catalogue import HOUSEHOLD, KITS
from server.services.loosening import Pair, source_of
from server.services.moves import Row
from server.services.opening import NOTHING, Opening
from server.services.rulings import shown
from server.services.situations import Situation, pair_of, problem_of


def match_rows(situation: Situation, plan: matching.Plan) -> list[dict[str, Any]]:
    """The matches of a plan as rows to be stored, numbered in order."""
    people = {row["id"] for row in situation.volunteers}
    pins = {pair_of(row): row["id"] for row in situation.rulings if row["kind"] == "pin"}
    return [
        {
            "plan_id": situation.plan["id"],
            "n": n,
            "need_id": int(match.need_id),
            "lot_id": None if match.supply_id in people else match.supply_id,
            "volunteer_id": match.supply_id if match.supply_id in people else None,
            "quantity": match.quantity,
            "minutes": match.minutes or 0.0,
            "why": {"ruling_id": pins[_pair(match)]} if match.pinned and _pair(match) in pins else dict(match.why),
        }
        for n, match in enumerate(plan.matches, 1)
    ]


def new_and_moved(situation: Situation, plan: matching.Plan) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of matches that are new, numbered in order, and the assignments that were taken up and are moved.

    An assignment all of whose lines the plan has again stays as it is and is no match.
    """
    rows = match_rows(situation, plan)
    rows_of = _by_source(rows)
    moved = []
    for assignment_id, members in groupby(situation.loose, key=lambda line: line["id"]):
        lines = list(members)
        if not _used_up(rows_of, lines):
            moved.append({"assignment_id": assignment_id, "version": lines[0]["version"], "lines": _lines(lines)})
    left = [row for row in rows if row["quantity"]]
    return [{**row, "n": n} for n, row in enumerate(left, 1)], moved


def _by_source(rows: Sequence[dict[str, Any]]) -> Mapping[Pair, list[dict[str, Any]]]:
    found: dict[Pair, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[source_of(row)].append(row)
    return found


def _used_up(rows_of: Mapping[Pair, list[dict[str, Any]]], lines: Sequence[Row]) -> bool:
    """Take the lines off the rows; False, and nothing taken, when the rows do not have all of them."""
    wanted = Counter[Pair]()
    for line in lines:
        wanted[source_of(line)] += line["quantity"]
    if any(units > sum(row["quantity"] for row in rows_of.get(source, ())) for source, units in wanted.items()):
        return False
    for source, units in wanted.items():
        left = units
        for row in rows_of[source]:
            part = min(left, row["quantity"])
            row["quantity"], left = row["quantity"] - part, left - part
    return True


def _lines(lines: Sequence[Row]) -> list[dict[str, Any]]:
    return [{**{name: line[name] for name in _GONE if name != "minutes"}, "minutes": None} for line in lines]


def _pair(match: matching.Match) -> tuple[str, str]:
    return match.need_id, match.supply_id


def matches_told(situation: Situation, plan: matching.Plan) -> list[dict[str, Any]]:
    """The matches of a plan as `Plans.matches` would give them, without their being stored."""
    needs = {need["id"]: need for need in situation.needs}
    site_of = {lot["id"]: lot["site_id"] for lot in situation.lots}
    return [
        {
            **row,
            **{name: needs[row["need_id"]][name] for name in ("case_id", "item", "tier", "area", "lon", "lat")},
            "site_id": site_of.get(row["lot_id"]),
            "taken_out": False,
        }
        for row in match_rows(situation, plan)
    ]


def supposed_sources(as_it_is: Situation, now: Situation) -> dict[str, Any]:
    """What is only supposed, as the plan's page needs it: lots with their site, and volunteers with their place."""
    known = {row["id"] for row in (*as_it_is.lots, *as_it_is.volunteers)}
    return {
        "sources": {
            lot["id"]: {"site_id": lot["site_id"], "name": now.sites[lot["site_id"]]["name"]}
            for lot in now.lots
            if lot["id"] not in known
        },
        "volunteers": {
            row["id"]: {name: row[name] for name in ("alias", "lon", "lat")}
            for row in now.volunteers
            if row["id"] not in known
        },
    }


def result(
    situation: Situation, plan: matching.Plan, without: matching.Plan | None, kits: Opening = NOTHING
) -> dict[str, Any]:
    """What is stored with a plan besides its matches. `without`: the plan that minds no fairness, if there is one."""
    needs = {str(need["id"]): need for need in situation.needs}
    unmet = [_unmet(needs[one.need_id], one, kits.serves.get(one.need_id)) for one in plan.unmet]
    after = covers(situation, plan)
    return {
        "cost": plan.cost,
        "lower_bound": plan.lower_bound,
        "gap": plan.gap,
        "prices": dict(plan.prices),
        "seconds": round(plan.seconds, 3),
        "first_plan_s": round(plan.first_plan_s, 3),
        "method": plan.version,
        "needs": len(situation.needs),
        "matched": len(plan.matches),
        "waiting_for_verification": situation.waiting_for_verification,
        "waiting_for_place": situation.waiting_for_place,
        "closures": len(situation.closures),
        "unmet": unmet,
        "kits": {item: _to_open(situation, item, counts) for item, counts in kits.kits.items()},
        "sites": _by_site(situation, plan),
        "villages": _by_village(situation, unmet, after),
        "fairness": _fairness(situation, plan, without, after),
    }


def _unmet(need: Row, one: matching.Unmet, in_kits: int | None) -> dict[str, Any]:
    """A need that stays open, and why; `kits`: how many of its units the kits that the plan names would serve."""
    shown = {name: need[name] for name in ("case_id", "item", "tier", "area")}
    why = dict(one.why) | ({"kits": in_kits} if in_kits else {})
    return {"need_id": need["id"], **shown, "quantity": one.quantity, "why": why}


def _to_open(situation: Situation, item: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The kits to open for an item: how many of which lot, and how many of the item that brings."""
    return [
        {
            "lot_id": lot["id"],
            "site_id": lot["site_id"],
            "kit": lot["item"],
            "quantity": counts[lot["id"]],
            "brings": counts[lot["id"]] * KITS[lot["item"]].holds[item],
        }
        for lot in situation.kits
        if lot["id"] in counts
    ]


def _by_site(situation: Situation, plan: matching.Plan) -> list[dict[str, Any]]:
    """How many matches each site serves, and with how many units."""
    site_of = {lot["id"]: lot["site_id"] for lot in situation.lots}
    found: dict[str, list[int]] = defaultdict(list)
    for match in plan.matches:
        if match.supply_id in site_of:
            found[site_of[match.supply_id]].append(match.quantity)
    return [{"site_id": site_id, "matches": len(q), "units": sum(q)} for site_id, q in sorted(found.items())]


def covers(situation: Situation, plan: matching.Plan) -> dict[str, fairness.Cover]:
    """What of each area's needs is covered once the plan is carried out, in people."""
    asked: dict[str, float] = defaultdict(float)
    covered: dict[str, float] = defaultdict(float)
    for row in situation.coverage:
        asked[row["area"]] += row["people_asked"]
        covered[row["area"]] += row["people_covered"]
    needs = {str(need["id"]): need for need in situation.needs}
    for match in plan.matches:
        need = needs[match.need_id]
        covered[need["area"]] += (need["people"] or HOUSEHOLD) * match.quantity / need["quantity"]
    return {area: fairness.Cover(asked[area], covered[area]) for area in sorted(asked)}


def _by_village(
    situation: Situation, unmet: Sequence[Mapping[str, Any]], after: Mapping[str, fairness.Cover]
) -> list[dict[str, Any]]:
    """For each area how many needs are planned for and left open (in part or whole), and what is covered in the end.

    longest_wait_min: since the oldest of its open needs was reported; None where nothing is open.
    """
    needs: dict[str, list[Row]] = defaultdict(list)
    for need in situation.needs:
        needs[need["area"]].append(need)
    left: dict[str, int] = defaultdict(int)
    for one in unmet:
        left[one["area"]] += 1
    return [
        {
            "area": area,
            "needs": len(needs[area]),
            "left_open": left[area],
            "asked": round(cover.asked, 1),
            "covered": round(cover.covered, 1),
            "share": round(cover.share, 4),
            "longest_wait_min": _longest_wait_min(needs[area], situation),
        }
        for area, cover in after.items()
    ]


def _longest_wait_min(needs: Sequence[Row], situation: Situation) -> float | None:
    since = min((need["case_opened_at"] for need in needs), default=None)
    return None if since is None else round((situation.now - since).total_seconds() / 60, 1)


def _fairness(
    situation: Situation,
    plan: matching.Plan,
    without: matching.Plan | None,
    after: Mapping[str, fairness.Cover],
) -> dict[str, Any]:
    """How evenly the villages are covered, and what that costs.

    price.minutes: what the plan without the term would have saved: minutes on the way and of waiting, weighted as
    without the term, an open unit counting as the longest way that is planned (`Rules.reach_minutes`). way_minutes:
    the part on the way alone, less than nought where the less urgent lie nearer. share: of all that plan's minutes.
    `no_price` says why there is none.
    """
    found = {"strength": situation.strength, **_spread(after), "price": None, "no_price": None}
    if without is None:
        missing = "off" if not situation.strength else "not_asked" if situation.plan["kind"] == "what_if" else "no_time"
        return {**found, "no_price": missing}
    weights, reach = problem_of(situation).weights, Rules().reach_minutes
    ours, theirs = (fairness.weighted_minutes(one, weights, reach) for one in (plan, without))
    our_way, their_way = (fairness.weighted_minutes(one, weights, 0) for one in (plan, without))
    spread = _spread(covers(situation, without))
    price = {
        "minutes": round(ours - theirs, 1),
        "way_minutes": round(our_way - their_way, 1),
        "share": round((ours - theirs) / theirs, 4) if theirs else 0.0,
        "gini_without": spread["gini"],
        "worst_without": spread["worst"],
    }
    return {**found, "price": price}


def _spread(found: Mapping[str, fairness.Cover]) -> dict[str, Any]:
    area = fairness.worst(found)
    last = None if area is None else {"area": area, "share": round(found[area].share, 4)}
    return {"gini": round(fairness.gini(found.values()), 4), "worst": last}


def rulings(
    situation: Situation, plan: matching.Plan, unruled: Mapping[str, matching.Plan]
) -> list[dict[str, Any]]:
    """What became of each ruling: `followed`, `done` (assignments bring it already) or `fallen`, and `because` of what
    (a key of web/i18n `fallen.*`).

    cost_minutes: weighted minutes on the way and of waiting that the plan without the ruling would have saved, as the
    price of fairness; cost_units: units more that stay open because of it. None where there was no time to tell.
    """
    return [
        {**shown(row), **_became(situation, plan, row), **_cost_of_ruling(situation, plan, unruled.get(row["id"]))}
        for row in situation.rulings
    ]


FALLEN = ("need_covered", "need_waits", "stock_gone", "volunteer_gone")


def _became(situation: Situation, plan: matching.Plan, ruling: Row) -> dict[str, Any]:
    """`units` are those of new matches; what is proposed already is done."""
    pinned = sum(match.quantity for match in plan.matches if match.pinned and _pair(match) == pair_of(ruling))
    proposed = sum(line["quantity"] for line in situation.loose if source_of(line) == source_of(ruling))
    if ruling["kind"] == "forbid" or pinned > proposed:
        return {"state": "followed", "because": None, "units": max(0, pinned - proposed)}
    if ruling["covered"] or pinned:
        return {"state": "done", "because": None, "units": 0}
    return {"state": "fallen", "because": _why_fallen(situation, ruling), "units": 0}


def _why_fallen(situation: Situation, ruling: Row) -> str:
    if ruling["need_id"] not in {need["id"] for need in situation.needs}:
        return "need_covered" if ruling["need_is_covered"] else "need_waits"
    return "stock_gone" if ruling["lot_id"] else "volunteer_gone"


def _cost_of_ruling(situation: Situation, plan: matching.Plan, without: matching.Plan | None) -> dict[str, Any]:
    if without is None:
        return {"cost_minutes": None, "cost_units": None}
    weights, reach = problem_of(situation).weights, Rules().reach_minutes
    ours, theirs = (fairness.weighted_minutes(one, weights, reach) for one in (plan, without))
    our_open, their_open = (sum(one.quantity for one in found.unmet) for found in (plan, without))
    return {"cost_minutes": round(ours - theirs, 1), "cost_units": our_open - their_open}


_GONE = (
    "need_id", "case_id", "item", "tier", "area", "lot_id", "site_id", "volunteer_id", "quantity", "minutes",
)  # fmt: skip


def difference(
    against: str | None,
    before: Sequence[Row],
    after: Sequence[Mapping[str, Any]],
    moved: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What is new, gone and of another quantity in a plan's matches against those of another, by need and source.

    What is moved is gone too: with the `assignment_id` that would be withdrawn.
    """
    was = {source_of(row): row for row in before}
    now = {source_of(row): row for row in after}
    withdrawn = [{**line, "assignment_id": one["assignment_id"]} for one in moved for line in one["lines"]]
    changed = [
        {"n": row["n"], "before": was[source]["quantity"]}
        for source, row in now.items()
        if source in was and row["quantity"] != was[source]["quantity"]
    ]
    return {
        "against": against,
        "new": [row["n"] for source, row in now.items() if source not in was],
        "gone": [{name: row[name] for name in _GONE} for source, row in was.items() if source not in now] + withdrawn,
        "changed": changed,
    }

