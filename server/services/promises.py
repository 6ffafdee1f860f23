"""How promises are kept: who will breach within two hours, and the table of areas and agencies."""

from collections.abc import Iterable, Mapping
from typing import Any

from server.domain import forecast, sla
from server.domain.disclosure import ALL, Disclosed, counts_by_area
from server.domain.errors import Invalid, Problem
from server.domain.forecast import Waiting
from server.domain.permissions import Actor, Permission, areas_for, require
from server.services import queries, units
from server.services.intake import incident_for
from server.store.unit_of_work import Tx

COUNTS = ("open", "paused", "reopened", "late", "answers_due", "answers_in_time", "ends_due", "ends_in_time")
"""Cases that wait, of these the ones that stand still, opened again, late; promises whose time came, and kept."""
DEPTHS = {"regency": 2, "district": 3}
SHARE_STEP = 5
"""What public shares are rounded to, in per cent: finer would feign what rounded counts do not hold."""


def breaches(tx: Tx, actor: Actor, slug: str | None, area: str | None) -> dict[str, Any]:
    """Who will breach in the next two hours at the present pace, in an area that the person sees."""
    top = queries.board_area(actor, area)
    incident = incident_for(tx, slug)
    rows = {row["case_id"]: row for row in tx.clocks.waiting(incident["id"], top)}
    met = tx.clocks.met_since(incident["id"], top, tx.now - forecast.PACE_OVER, tx.now)
    per_hour = {stage: met[stage] / (forecast.PACE_OVER.total_seconds() / 3600) for stage in sla.STAGES}
    queue = [Waiting(row["case_id"], row["tier"], row["stage"], row["stage_due_at"]) for row in rows.values()]
    found = forecast.will_breach(queue, per_hour, tx.now)
    return {
        "incident": incident["slug"],
        "area": top,
        "minutes_ahead": round(forecast.AHEAD.total_seconds() / 60),
        "per_hour": per_hour,
        "waiting": len(rows),
        "breaches": [
            {
                **{name: rows[one.case_id][name] for name in ("case_id", "tier", "area", "people", "stage")},
                "due_at": one.due_at.isoformat(),
                "expected_at": one.expected_at.isoformat() if one.expected_at else None,
            }
            for one in found
        ],
    }


def league(tx: Tx, actor: Actor, slug: str | None, area: str | None, level: str = "regency") -> dict[str, Any]:
    """The table of areas of a level and of agencies for staff, the best first, with nothing left out.

    Raises Invalid naming `level`.
    """
    if level not in DEPTHS:
        raise Invalid({"level": Problem("not_one_of", {"choices": ", ".join(DEPTHS)})})
    top = queries.board_area(actor, area)
    require(actor, Permission.BOARD_READ, top)
    incident = incident_for(tx, slug)
    rows = tx.clocks.kept(incident["id"], top, DEPTHS[level], tx.now)
    return {
        "incident": incident["slug"],
        "area": top,
        "level": level,
        "areas": _ranked({**row, "name": units.name_of(tx, row["unit"]), **shares(row)} for row in rows),
        "agencies": _ranked(
            {**row, "name": units.name_of(tx, row["unit"]), **shares(row)}
            for row in tx.clocks.kept_by_agencies(incident["id"], top, tx.now)
        ),
    }


def shares(row: Mapping[str, Any], step: int = 1) -> dict[str, int | None]:
    """Promises kept of those whose time came, in per cent, None when none came."""
    found = {}
    for name in ("answers", "ends"):
        due, kept = row[f"{name}_due"], row[f"{name}_in_time"]
        share = None if not due or kept is None else min(100, round(100 * kept / due / step) * step)
        found[f"{name}_share"] = share
    return found


def public(tx: Tx, incident_id: str) -> dict[str, Any]:
    """The table as anybody may see it: by regency and by agency, under the rules of `domain/disclosure.py`."""
    areas = _disclosed(tx.clocks.kept(incident_id, "", DEPTHS["regency"], tx.now))
    agencies = _disclosed(tx.clocks.kept_by_agencies(incident_id, "", tx.now))
    return {
        "regencies": _ranked(_shown(areas, unit, units.name_of(tx, unit)) for unit in _units(areas)),
        "agencies": _ranked(_shown(agencies, unit, units.name_of(tx, unit)) for unit in _units(agencies)),
        "total": {name: areas[name].total for name in COUNTS},
    }


def may_see(actor: Actor) -> bool:
    """Whether the person sees the table and the forecast at all."""
    return bool(areas_for(actor, Permission.BOARD_READ))


def _disclosed(rows: Iterable[Mapping[str, Any]]) -> dict[str, Disclosed]:
    listed = [row for row in rows if row["unit"]]
    return {name: counts_by_area({row["unit"]: row[name] for row in listed}, lambda _: ALL) for name in COUNTS}


def _units(counts: Mapping[str, Disclosed]) -> list[str]:
    return sorted(counts["open"].cells)


def _shown(counts: Mapping[str, Disclosed], unit: str, name: str) -> dict[str, Any]:
    row = {count: counts[count].cells[unit] for count in COUNTS}
    return {"unit": unit, "name": name, **row, **shares(row, SHARE_STEP)}


def _ranked(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The best first: by promises kept to the end, then by first answers, then by name; who has none comes last."""
    return sorted(rows, key=lambda row: (-(row["ends_share"] or -1), -(row["answers_share"] or -1), row["name"]))
