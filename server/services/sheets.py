"""What is printed of a plan: a picking list for each site and a route sheet for each trip.

Of a draft what it would be, of an approved plan what became of it. Sheets get lost, so they carry codes and no more of
people than the driver needs: no phone, no name, no text, no place finer than the village.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.domain.catalogue import ITEMS
from server.domain.errors import NotFound
from server.domain.permissions import Actor
from server.services import plans, queries
from server.services.moves import Row
from server.store.unit_of_work import Tx


@dataclass
class Trip:
    """One way of one vehicle: where it begins, who drives (an alias, if known), and its stops in order."""

    code: str
    site_id: str | None
    vehicle: str | None = None
    driver: str | None = None
    minutes: float | None = None
    km: float | None = None
    stops: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Sheets:
    """A plan with its trips, and the names of the sites."""

    plan: dict[str, Any]
    trips: list[Trip]
    sites: Mapping[str, Mapping[str, Any]]

    @property
    def code(self) -> str:
        """What the plan is called on paper."""
        return short(self.plan["id"])


def short(id_: str) -> str:
    """The end of an id, long enough to tell the few things of one plan apart."""
    return id_.replace("-", "")[-6:].upper()


def sheets(tx: Tx, actor: Actor, plan_id: str) -> Sheets:
    """The trips of a plan that is ready or approved. Raises NotFound."""
    plan = plans.visible(actor, tx.plans.get(plan_id))
    if plan["kind"] == "what_if" or plan["state"] not in ("ready", "approved"):
        raise NotFound
    trips = _approved(tx, plan) if plan["state"] == "approved" else _drafted(tx, plan)
    site_ids = sorted({trip.site_id for trip in trips if trip.site_id})
    sites = {row["id"]: row for row in queries.site_rows(tx, site_ids)}
    # Shorter codes first: numbers of trips are in the order of numbers.
    in_order = sorted(
        trips, key=lambda trip: (sites[trip.site_id]["name"] if trip.site_id else "~", len(trip.code), trip.code)
    )
    return Sheets(plans.brief(plan, plans.incident_of(tx, plan)), in_order, sites)


def picking(found: Sheets) -> list[dict[str, Any]]:
    """For each site what is to be taken from which lot, for which trip, and what all of it weighs."""
    by_site: dict[str, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    for trip in found.trips:
        for line in (line for stop in trip.stops for line in stop["lines"] if line["lot_id"]):
            rows = by_site[line["site_id"]]
            row = rows.setdefault((line["item"], line["lot_id"]), {**line, "quantity": 0, "trips": {}})
            row["quantity"] += line["quantity"]
            row["trips"][trip.code] = row["trips"].get(trip.code, 0) + line["quantity"]
    return [
        {"site": found.sites[site_id], "rows": [_picked(rows[key]) for key in sorted(rows)]}
        for site_id, rows in sorted(by_site.items(), key=lambda pair: found.sites[pair[0]]["name"])
    ]


def _picked(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "lot": short(row["lot_id"]), "weight_kg": row["quantity"] * ITEMS[row["item"]].weight_kg}


def _drafted(tx: Tx, plan: Row) -> list[Trip]:
    """The trips that the plan was worked out with; matches outside of them go from each site to the nearest first."""
    rows = {row["n"]: row for row in tx.plans.matches(plan["id"]) if not row["taken_out"]}
    planned = plan["result"].get("trips", [])
    aliases = _aliases(tx, [trip["volunteer_id"] for trip in planned])
    trips = [_planned_trip(trip, rows, aliases) for trip in planned]
    rest = sorted((row for row in rows.values() if row["quantity"]), key=lambda row: (row["minutes"], row["n"]))
    services = [row for row in rest if row["volunteer_id"]]
    aliases = _aliases(tx, [row["volunteer_id"] for row in services])
    for row in services:
        stop = _stop([row], row["minutes"])
        trips.append(Trip(short(row["volunteer_id"]), None, driver=aliases.get(row["volunteer_id"]), stops=[stop]))
    for site_id, goods in _grouped([row for row in rest if row["lot_id"]], lambda row: row["site_id"]).items():
        stops = _grouped(goods, lambda row: row["case_id"]).values()
        trips.append(Trip(short(site_id), site_id, stops=[_stop(stop, None) for stop in stops]))
    return [trip for trip in trips if trip.stops]


def _planned_trip(trip: Mapping[str, Any], rows: dict[int, Row], aliases: Mapping[str, str]) -> Trip:
    """One of the plan's own trips, without what was taken out; what it brings is taken off the rows."""
    cut = [(plans.brought(stop, rows), stop["minutes"]) for stop in trip["stops"]]
    stops = [_stop(here, minutes) for here, minutes in cut if here]
    driver = aliases.get(trip["volunteer_id"])
    return Trip(str(trip["n"]), trip["site_id"], trip["vehicle"], driver, trip["minutes"], trip["km"], stops)


def _approved(tx: Tx, plan: Row) -> list[Trip]:
    """The trips of the assignments that the plan became."""
    lines = tx.assignments.lines_of_plan(plan["id"])
    aliases = _aliases(tx, [line["volunteer_id"] for line in lines])
    trips = []
    for trip_id, members in _grouped(lines, lambda line: line["trip_id"]).items():
        first = members[0]
        stops = _grouped(members, lambda line: line["assignment_id"]).values()
        driver = aliases.get(first["volunteer_id"])
        trips.append(Trip(short(trip_id), first["site_id"], driver=driver, stops=[_stop(stop, None) for stop in stops]))
    return trips


def _grouped(rows: Sequence[Row], by: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[by(row)].append(row)
    return groups


def _stop(rows: Sequence[Row], minutes: float | None) -> dict[str, Any]:
    lines = [{name: row[name] for name in _LINE} | {"unit": ITEMS[row["item"]].unit} for row in rows]
    return {
        "case_id": rows[0]["case_id"],
        "area": rows[0]["area"],
        "tier": min(row["tier"] for row in rows),
        "minutes": minutes,
        "lines": lines,
        "weight_kg": sum(ITEMS[row["item"]].weight_kg * row["quantity"] for row in rows),
    }


_LINE = ("item", "quantity", "lot_id", "site_id", "expiry")


def _aliases(tx: Tx, ids: Sequence[str | None]) -> dict[str, str]:
    known = sorted({one for one in ids if one})
    return {row["id"]: row["alias"] for row in queries.volunteer_rows(tx, known)}
