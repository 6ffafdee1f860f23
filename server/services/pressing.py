"""Which trips ask for volunteers first, when there is more work than hands (`offering.pressing`)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from server.domain import offering, priority
from server.services import moves, ways
from server.services.moves import Row
from server.store.unit_of_work import Tx

Order = tuple[tuple[bool, float], str]


def order_of(tx: Tx, rows: Sequence[Row]) -> dict[str, Order]:
    """Of each trip of these assignments what sorts it into the order in which trips ask."""
    lines: dict[str, list[Row]] = defaultdict(list)
    for line in tx.assignments.lines_of([row["id"] for row in rows]):
        lines[line["assignment_id"]].append(line)
    found = tx.cases.needs_by_id(line["need_id"] for some in lines.values() for line in some)
    needs = {need["id"]: need for need in found}
    trips: dict[str, list[Row]] = defaultdict(list)
    for row in moves.in_order(rows):
        trips[row["trip_id"]].append(row)
    return {trip_id: (_pressing(tx, trip, lines, needs), trip_id) for trip_id, trip in trips.items()}


def _pressing(
    tx: Tx, trip: Sequence[Row], lines: Mapping[str, Sequence[Row]], needs: Mapping[int, Row]
) -> tuple[bool, float]:
    mine = [(line, needs[line["need_id"]]) for row in trip for line in lines[row["id"]] if line["need_id"] in needs]
    settings = (tx.incidents.get(trip[0]["incident_id"]) or {}).get("settings", {})
    # As if nothing of a need came yet: this work may be what covers it.
    urgency = sum(
        priority.weight({**need, "covered": 0}, tx.now, settings) * line["quantity"] / need["quantity"]
        for line, need in mine
    )
    tier = min((need["tier"] for _, need in mine), default=3)
    site = tx.sites.get(trip[0]["site_id"]) if trip[0]["site_id"] else None
    stops = [point for one in (site, *_ends(mine)) if (point := ways.point_of(one))]
    return offering.pressing(tier, urgency, ways.minutes_along(stops))


def _ends(mine: Sequence[tuple[Row, Row]]) -> list[Row]:
    """Where the trip stops, each case once, in order."""
    return list({need["case_id"]: need for _, need in mine}.values())
