"""Why a case gets what it gets, and why the rest of it waits: its part of the plan in force, and what people decided.

Whoever may see the case may see this, as `candidates` of its needs: sites by name, volunteers by alias, never a place
or anything of another case. The whole plan stays with those who may see the plan's area.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from server.domain.permissions import Actor, Permission, may
from server.services import plans, queries, rulings
from server.services.moves import Row
from server.store.unit_of_work import Tx


def of_case(tx: Tx, actor: Actor, case: Mapping[str, Any], needs: Sequence[Row]) -> dict[str, Any]:
    """The case's part of the plan in force, how each of its assignments was decided (by id), and the rulings and
    supplies that these name.

    In force is the last live plan for the area that is ready or approved. Of an approved one the matches have become
    assignments, or were left out; what it leaves open is told as far as nothing covers it by now.
    """
    plan = tx.plans.in_force(case["incident_id"], case["area"], [need["id"] for need in needs])
    decided = {row["id"]: _decided(tx, row) for row in tx.assignments.of_case(case["id"])}
    told = {"plan": _part(tx, actor, plan, needs), "decided": decided}
    named = sorted(plans.supplies_in([told]))
    sources = tx.stock.sites_of(named)
    people = queries.volunteer_rows(tx, [one for one in named if one not in sources])
    return {
        **told,
        "rulings": _rulings(tx, needs, told),
        "sources": sources,
        "volunteers": {row["id"]: {"alias": row["alias"]} for row in people},
    }


def _part(tx: Tx, actor: Actor, plan: Row | None, needs: Sequence[Row]) -> dict[str, Any] | None:
    if plan is None:
        return None
    missing = {need["id"]: need["quantity"] - need["covered"] for need in needs if need["state"] == "open"}
    wanted = [need_id for need_id, units in missing.items() if units > 0]
    matches = tx.plans.matches(plan["id"], wanted) if plan["state"] == "ready" else []
    still_open = [{**one, "quantity": min(one["quantity"], missing.get(one["need_id"], 0))} for one in plan["unmet"]]
    in_kits = {one["item"] for one in still_open if "kits" in one["why"]}
    times = {name: plan[name].isoformat() if plan[name] else None for name in ("ready_at", "approved_at")}
    return {
        **{name: plan[name] for name in ("id", "state")},
        **times,
        "may_open": may(actor, Permission.BOARD_READ, plan["area"]),
        "matches": [plans.shown_match(row) for row in matches],
        "unmet": [one for one in still_open if one["quantity"] > 0],
        "kits": {item: lots for item, lots in plan["kits"].items() if item in in_kits},
    }


def _decided(tx: Tx, row: Row) -> dict[str, Any]:
    """Who made an assignment: by hand, with the reason, or of a plan, with why each line was in it."""
    why: Mapping[str, Any] = row["why"]
    whys = [match["why"] for match in why.get("matches", ())]
    return {
        "by": row["by"],
        "at": row["created_at"].isoformat(),
        "by_hand": bool(why.get("by_hand")),
        "reason": why.get("reason"),
        "instead_of": why.get("instead_of"),
        "plan_id": row["plan_id"],
        "lines": [
            {
                "need_id": line["need_id"],
                "item": line["item"],
                "quantity": line["quantity"],
                "supply_id": line["lot_id"] or row["wanted_volunteer_id"],
                "why": whys[line["n"]] if line["n"] < len(whys) else {},
            }
            for line in tx.assignments.lines(row["id"])
        ],
    }


def _rulings(tx: Tx, needs: Sequence[Row], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rulings in force on these needs, and those that what is told followed although they have ended."""
    lines = [line for one in told["decided"].values() for line in one["lines"]]
    lines += told["plan"]["matches"] if told["plan"] else []
    found = {row["id"]: row for need in needs for row in tx.rulings.of_need(need["id"])}
    followed = {line["why"]["ruling_id"] for line in lines if "ruling_id" in line["why"]}
    found |= {row["id"]: row for one in sorted(followed - set(found)) if (row := tx.rulings.get(one))}
    return [rulings.shown(row) for row in found.values()]
