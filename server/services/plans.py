"""Plans as people see them: asked for and looked at. Worked out by `planning`, approved by `approvals`."""

from collections.abc import Iterator, Mapping
from typing import Any

from server.domain import events, lifecycle
from server.domain.errors import Forbidden, Invalid, NotFound
from server.domain.events import PLACE_DECIMALS
from server.domain.permissions import SYSTEM, Actor, Permission, areas_for, may, require
from server.services import queries
from server.services.inputs_dispatch import PlanIn
from server.services.intake import incident_for
from server.services.moves import Row
from server.services.places import home_area
from server.store.unit_of_work import Tx

LATEST = 20
AUTOMATIC = SYSTEM.name


def request(tx: Tx, actor: Actor, body: PlanIn) -> dict[str, Any]:
    """Ask for a plan over all open, verified needs of an incident in an area; it is worked out by a worker."""
    incident = incident_for(tx, body.incident)
    area = queries.board_area(actor, body.area)
    require(actor, Permission.PLAN_MAKE, area)
    return brief(request_for(tx, actor, incident, area), incident)


def request_for(
    tx: Tx,
    actor: Actor,
    incident: Mapping[str, Any],
    area: str,
    *,
    kind: str = "live",
    asked: Mapping[str, Any] | None = None,
) -> Row:
    """Store a plan that waits to be worked out, and tell the planner."""
    row = {
        "id": tx.new_id(),
        "incident_id": incident["id"],
        "area": area,
        "kind": kind,
        "asked": asked or {},
        "state": lifecycle.FIRST["plan"],
        "by": actor.name,
        "result": {},
        "requested_at": tx.now,
        "ready_at": None,
        "approved_at": None,
        "version": 1,
    }
    tx.plans.add(row)
    tx.record(events.PlanRequested(incident_id=incident["id"], area=heard_in(row, incident), plan_id=row["id"]))
    tx.audit(actor, "plan:request", area, f"plan:{row['id']}")
    return row


def whole_area(incident: Mapping[str, Any]) -> str:
    """The area that an automatic plan is for: the province of the incident, so that its coordinators see it."""
    provinces = {code.partition(".")[0] for code in incident["area_codes"]}
    return provinces.pop() if len(provinces) == 1 else ""


def heard_in(plan: Mapping[str, Any], incident: Mapping[str, Any]) -> str:
    """The area in whose rooms a plan is told of; a plan for everywhere is told at home."""
    return str(plan["area"] or home_area(incident))


def show(tx: Tx, actor: Actor, plan_id: str) -> dict[str, Any]:
    """The plan with its matches and what stays open, each with why. Raises NotFound.

    Places are as exact as the board shows them to the person.
    """
    plan = visible(actor, tx.plans.get(plan_id))
    result = _result(plan)
    matches = [shown_match(row) for row in result.pop("matches", None) or tx.plans.matches(plan_id)]
    named = [result["unmet"], result["kits"]]
    only_supposed = result.pop("supposed", {"sources": {}, "volunteers": {}})
    return {
        **brief(plan, incident_of(tx, plan)),
        **result,
        "matches": matches,
        "sources": tx.stock.sites_of(supplies_in([matches, named])) | only_supposed["sources"],
        "sites": _sites(tx, result["sites"]),
        "volunteers": _volunteers(tx, actor, plan["area"], [*matches, *result["trips"]]) | only_supposed["volunteers"],
    }


def _sites(tx: Tx, used: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sites that a plan uses, each with its name and place."""
    known = {row["id"]: row for row in queries.site_rows(tx, [one["site_id"] for one in used])}
    return [{**{name: known[one["site_id"]][name] for name in ("name", "lon", "lat")}, **one} for one in used]


def _volunteers(tx: Tx, actor: Actor, area: str, jobs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Who does the services and drives the trips of a plan, and where they are, by id."""
    ids = sorted({job["volunteer_id"] for job in jobs if job["volunteer_id"]})
    exactly = may(actor, Permission.ASSIGNMENT_MANAGE, area)
    rows = queries.volunteer_rows(tx, ids, exactly=exactly)
    return {row["id"]: {name: row[name] for name in ("alias", "lon", "lat")} for row in rows}


_NAMING = ("lot_id", "volunteer_id", "supply_id", "goes_to")


def supplies_in(part: Any) -> Iterator[str]:
    """The ids of every supply that a plan or its reasons name."""
    if isinstance(part, list):
        for one in part:
            yield from supplies_in(one)
    elif isinstance(part, dict):
        yield from (part[name] for name in _NAMING if part.get(name))
        for one in part.values():
            if isinstance(one, list | dict):
                yield from supplies_in(one)


def latest(tx: Tx, actor: Actor, slug: str | None, kind: str = "live") -> list[dict[str, Any]]:
    """The last plans of an incident and kind that the person may see, the newest first, without matches."""
    if not areas_for(actor, Permission.BOARD_READ):
        require(actor, Permission.BOARD_READ, "")
    incident = incident_for(tx, slug)
    rows = tx.plans.latest(incident["id"], LATEST, kind)
    return [
        {**brief(row, incident), **_figures(row)} for row in rows if may(actor, Permission.BOARD_READ, row["area"])
    ]


def with_papers(tx: Tx, actor: Actor, slug: str | None) -> list[dict[str, Any]]:
    """The last waves and plans that sheets can be printed of, the waves first; none of an unknown incident."""
    try:
        known = [*latest(tx, actor, slug, kind="wave"), *latest(tx, actor, slug)]
    except (Invalid, Forbidden):
        return []
    return [plan for plan in known if plan["state"] in ("ready", "approved")]


def brief(plan: Mapping[str, Any], incident: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan is, without what it says."""
    times = {name: plan[name].isoformat() if plan[name] else None for name in _TIMES}
    return {
        "id": plan["id"],
        "incident": incident["slug"],
        "area": plan["area"],
        "kind": plan["kind"],
        "asked": plan["asked"],
        "state": plan["state"],
        "by": plan["by"],
        "automatic": plan["by"] == AUTOMATIC,
        "version": plan["version"],
        **times,
    }


_TIMES = ("requested_at", "ready_at", "approved_at")
_LISTS = ("unmet", "sites", "villages", "rulings", "trips")
_FOR_THE_NEXT = ("prices",)
"""Kept with a plan for the next one to begin with, and told nobody: what is scarce has its price in the reasons."""
_NOT_FIGURES = (*_LISTS, *_FOR_THE_NEXT, "kits", "difference", "moved", "carriers")


def _figures(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plan["result"].items() if name not in _NOT_FIGURES}


def _result(plan: Mapping[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {name: [] for name in _LISTS} | {"kits": {}}
    return {name: value for name, value in (empty | plan["result"]).items() if name not in _FOR_THE_NEXT}


def shown_match(row: Row) -> dict[str, Any]:
    """A match as staff see it, its place as exact as on the board."""
    place = {name: None if row[name] is None else round(row[name], PLACE_DECIMALS) for name in ("lon", "lat")}
    ruling = "pin" if "ruling_id" in row["why"] else None
    return {name: row[name] for name in _MATCH} | place | {"minutes": round(row["minutes"], 1), "ruling": ruling}


_MATCH = (
    "n", "need_id", "case_id", "item", "tier", "area", "lot_id", "site_id", "volunteer_id", "quantity", "taken_out",
    "why",
)  # fmt: skip


def brought(stop: Mapping[str, Any], left: dict[int, Row]) -> list[Row]:
    """The matches of a stop of a planned trip with what of them it brings, taken off what is left of them (by n)."""
    found = []
    for line in (line for line in stop["lines"] if line["n"] in left):
        match = left[line["n"]]
        quantity = min(line["quantity"], match["quantity"])
        left[line["n"]] = {**match, "quantity": match["quantity"] - quantity}
        found += [{**match, "quantity": quantity}] if quantity else []
    return found


def visible(actor: Actor, plan: Row | None) -> Row:
    """The plan, when the person may know of it. Raises NotFound."""
    if plan is None or not may(actor, Permission.BOARD_READ, plan["area"]):
        raise NotFound
    return plan


def incident_of(tx: Tx, plan: Row) -> Mapping[str, Any]:
    """The incident of a plan."""
    incident = tx.incidents.get(plan["incident_id"])
    if incident is None:
        raise NotFound
    return incident
