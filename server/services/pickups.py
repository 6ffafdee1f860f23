"""What leaves a site: the assignments that its keepers hand goods out for, until they are on their way."""

from typing import Any

from server.domain.errors import NotFound
from server.domain.permissions import Actor, Permission, may
from server.services import queries
from server.store.unit_of_work import Tx

SHOWN = ("accepted", "offered", "proposed", "en_route")
"""In this order: who may come at any moment before what nobody has taken yet."""


def of_site(tx: Tx, actor: Actor, site_id: str) -> dict[str, Any]:
    """Each with who comes for it, where it goes, what to hand out of which lot, and its wave. Raises NotFound."""
    site = tx.sites.get(site_id)
    if site is None or not may(actor, Permission.SITE_READ, site["area"]):
        raise NotFound
    rows = queries.assignment_rows(tx, tx.assignments.ids_of_site(site_id, SHOWN))
    carriers = sorted({row["volunteer_id"] for row in rows if row["volunteer_id"]})
    who = {row["id"]: row for row in queries.volunteer_rows(tx, carriers)}
    cases = {row["id"]: row for row in queries.case_rows(tx, sorted({row["case_id"] for row in rows}))}
    ids = [row["id"] for row in rows]
    waves, lots = tx.assignments.waves_of(ids), _lots(tx, ids)
    shown = [
        {
            **row,
            "wave": waves.get(row["id"]),
            "lots": lots.get(row["id"], []),
            "volunteer": who[row["volunteer_id"]]["alias"] if row["volunteer_id"] else None,
            "vehicle": who[row["volunteer_id"]]["vehicle"] if row["volunteer_id"] else None,
            "area": cases[row["case_id"]]["area"],
            "tier": cases[row["case_id"]]["tier"],
        }
        for row in rows
    ]
    return {"pickups": sorted(shown, key=lambda row: (SHOWN.index(row["state"]), row["tier"], row["changed_at"]))}


def _lots(tx: Tx, assignment_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in tx.assignments.lines_of(assignment_ids):
        if line["lot_id"]:
            found.setdefault(line["assignment_id"], []).append({name: line[name] for name in ("lot_id", "quantity")})
    return found
