"""Situations as they might be: the changes of a what-if, applied to what was read. For workers only."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from geo import fairness, matching
from geo.costs import Rules
from server.services.moves import Row
from server.services.situations import Situation, pair_of, problem_of

SHIFT = timedelta(hours=12)
"""How long people who are only supposed would stay: an assumption of ours."""

Change = Mapping[str, Any]


def supposed(situation: Situation) -> Situation:
    """The situation with the changes that the plan was asked for with, one after the other."""
    for n, change in enumerate(situation.plan["asked"]["changes"]):
        situation = _APPLY[change["kind"]](situation, change, n)
    return situation


def _id(situation: Situation, *parts: int) -> str:
    """The id of a thing that is only supposed: the same for the same question."""
    return str(uuid.uuid5(uuid.UUID(situation.plan["id"]), "-".join(map(str, parts))))


def _add_stock(situation: Situation, change: Change, n: int) -> Situation:
    site = situation.sites[change["site_id"]]
    lot = {
        "id": _id(situation, n),
        "site_id": site["id"],
        "item": change["item"],
        "free": change["quantity"],
        "expiry": None,
        "lon": site["lon"],
        "lat": site["lat"],
    }
    return replace(situation, lots=[*situation.lots, lot])


def _close_site(situation: Situation, change: Change, _n: int) -> Situation:
    return replace(situation, lots=[lot for lot in situation.lots if lot["site_id"] != change["site_id"]])


def _add_people(situation: Situation, change: Change, n: int) -> Situation:
    site = situation.sites[change["site_id"]]
    people = [
        {
            "id": _id(situation, n, nth),
            "alias": f"+{nth}",
            "skills": change.get("skills", []),
            "vehicle": change.get("vehicle"),
            "until": situation.now + SHIFT,
            "lon": site["lon"],
            "lat": site["lat"],
        }
        for nth in range(1, change["count"] + 1)
    ]
    return replace(situation, volunteers=[*situation.volunteers, *people])


def _rule(situation: Situation, change: Change, n: int) -> Situation:
    """The ruling in place of one that there is on the same pair."""
    ruling = {
        "id": _id(situation, n),
        "kind": change["kind"],
        "need_id": change["need_id"],
        "lot_id": change.get("lot_id"),
        "volunteer_id": change.get("volunteer_id"),
        "quantity": change.get("quantity"),
        "covered": 0,
    }
    others = [row for row in situation.rulings if pair_of(row) != pair_of(ruling)]
    return replace(situation, rulings=[*others, ruling])


_APPLY: Mapping[str, Callable[[Situation, Change, int], Situation]] = {
    "add_stock": _add_stock,
    "close_site": _close_site,
    "add_vehicle": _add_people,
    "add_volunteer": _add_people,
    "pin": _rule,
    "forbid": _rule,
}


def compared(
    situation: Situation,
    base: matching.Plan,
    now: matching.Plan,
    covers: tuple[dict[str, fairness.Cover], ...],
    carried: tuple[Mapping[str, Any], ...],
) -> dict[str, Any]:
    """What the changes would do: both plans in figures, and the needs that get more and less.

    covers, carried: of both plans in the same order (`plan_figures.covers`, `carriers.carried`).
    """
    before, after = _units(base), _units(now)
    needs = {str(need["id"]): need for need in situation.needs}
    asked = situation.plan["asked"]
    weights = problem_of(situation).weights
    figures = [_figures(weights, *three) for three in zip((base, now), covers, carried, strict=True)]
    return {
        "changes": asked["changes"],
        "base": {"plan_id": asked["base_plan_id"], **figures[0]},
        "now": figures[1],
        "served_more": [_served(needs[k], q) for k in needs if (q := after.get(k, 0) - before.get(k, 0)) > 0],
        "served_less": [_served(needs[k], q) for k in needs if (q := before.get(k, 0) - after.get(k, 0)) > 0],
    }


def _units(plan: matching.Plan) -> dict[str, int]:
    got: dict[str, int] = {}
    for match in plan.matches:
        got[match.need_id] = got.get(match.need_id, 0) + match.quantity
    return got


def _figures(
    weights: Mapping[str, float],
    plan: matching.Plan,
    covers: Mapping[str, fairness.Cover],
    carried: Mapping[str, Any],
) -> dict[str, Any]:
    """The figures that a plan is held against another by; loads_left: those that no vehicle brings.

    cost: weighted minutes on the way and of waiting. The plan's own cost grows with the number of supplies, because
    that is what the tiers are ranked by (`geo.costs`): no two of these can be compared when a trial adds one.
    """
    return {
        "cost": round(fairness.weighted_minutes(plan, weights, Rules().reach_minutes)),
        "unmet_units": sum(one.quantity for one in plan.unmet),
        "open_needs": len(plan.unmet),
        "mean_minutes": carried["carriers"]["mean_minutes"],
        "last_minutes": carried["carriers"]["last_minutes"],
        "loads_left": len(carried["carriers"]["left"]),
        "gini": round(fairness.gini(covers.values()), 4),
    }


def _served(need: Row, quantity: int) -> dict[str, Any]:
    return {"need_id": need["id"], **{name: need[name] for name in _SERVED}, "quantity": quantity}


_SERVED = ("case_id", "item", "tier", "area")
