"""Who or what can serve one need, ranked at once; the plan settles who gets what is scarce."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from geo import candidates
from server.domain.carrying import CAPACITY
from server.domain.catalogue import ITEMS, Kind
from server.domain.errors import Conflict, NotFound
from server.domain.offering import Search
from server.domain.permissions import Actor, Permission, may, require
from server.services import queries
from server.services.moves import Row
from server.store.unit_of_work import Tx

HERE = ZoneInfo("Asia/Jakarta")
BEST = 10
NEAR_DEGREES, NEAR_MIN = 0.3, 110.0
"""Where the best are looked for first, and how soon they must be there: no vehicle from outside is sooner."""


def for_need(tx: Tx, actor: Actor, need_id: int) -> dict[str, Any]:
    """The best candidates for a need, each with its terms and what it lacks, possible ones first.

    Raises NotFound, Forbidden, Conflict for a need whose place nobody knows.
    """
    need = tx.cases.need(need_id)
    if need is None or not may(actor, Permission.BOARD_READ, need["area"]):
        raise NotFound
    require(actor, Permission.VOLUNTEER_READ, need["area"])
    if need["lon"] is None:
        raise Conflict("need_without_place", state=queries.need_rows(tx, [need_id])[0])
    pool = queries.pool_of(tx, tx.incidents.get(need["incident_id"]) or {})
    rank = _lots if ITEMS[need["item"]].kind is Kind.GOODS else _people
    return {"need": queries.need_rows(tx, [need_id])[0], "candidates": rank(tx, need, pool)}


def end_of(day: date) -> datetime:
    """The last moment of a day in West Java."""
    return datetime.combine(day, time.max, HERE).astimezone(UTC)


def _lots(tx: Tx, need: Row, pool: list[str]) -> list[dict[str, Any]]:
    today, place = tx.now.astimezone(HERE).date(), (need["lon"], need["lat"])
    near = _ranked_lots(tx, need, tx.stock.free_lots(pool, [need["item"]], today, (*place, NEAR_DEGREES)))
    if _is_all(near):
        return near
    return _ranked_lots(tx, need, tx.stock.free_lots(pool, [need["item"]], today))


def _is_all(found: list[dict[str, Any]]) -> bool:
    """Whether what was found near by is what would have been found everywhere."""
    soon = [one for one in found if one["possible"] and one["terms"]["cost"] <= NEAR_MIN]
    return len(soon) >= BEST


def _ranked_lots(tx: Tx, need: Row, rows: list[Row]) -> list[dict[str, Any]]:
    known = {row["id"]: row for row in rows if row["lon"] is not None}
    lots = [
        candidates.Lot(
            row["id"], row["item"], row["free"], row["lon"], row["lat"], _minutes_to_expiry(row["expiry"], tx.now)
        )
        for row in known.values()
    ]
    wanted = max(1, need["quantity"] - need["covered"])
    goods = candidates.GoodsNeed(need["item"], wanted, need["lon"], need["lat"])
    return [
        {**_shown(found), "kind": "goods", **_lot(known[found.supply_id])}
        for found in candidates.Stock(lots).rank(goods, BEST)
    ]


def _minutes_to_expiry(expiry: date | None, now: datetime) -> float | None:
    return None if expiry is None else (end_of(expiry) - now).total_seconds() / 60


def _people(tx: Tx, need: Row, pool: list[str]) -> list[dict[str, Any]]:
    """Those with the skills, and a few who are near but lack them."""
    skills = ITEMS[need["item"]].skills
    everywhere = Search(pool, need["lon"], need["lat"], list(CAPACITY), sorted(skills))
    near = _ranked_people(tx, need, replace(everywhere, within=NEAR_DEGREES))
    return near if _is_all(near) else _ranked_people(tx, need, everywhere)


def _ranked_people(tx: Tx, need: Row, search: Search) -> list[dict[str, Any]]:
    able = tx.assignments.nearest_free(search, tx.now)
    near = tx.assignments.nearest_free(replace(search, skills=[], each=candidates.NEAR_MISSES), tx.now)
    known = {row["id"]: row for row in [*able, *near] if row["lon"] is not None}
    people = candidates.People(_person(row, tx.now) for row in known.values())
    service = candidates.ServiceNeed(frozenset(ITEMS[need["item"]].skills), 1, need["lon"], need["lat"])
    return [
        {**_shown(found), "kind": "service", **_volunteer(known[found.supply_id])}
        for found in people.rank(service, BEST)
    ]


def _person(row: Row, now: datetime) -> candidates.Person:
    left = (row["until"] - now).total_seconds() / 60
    return candidates.Person(row["id"], frozenset(row["skills"]), row["vehicle"], row["lon"], row["lat"], left)


def _shown(found: candidates.Candidate) -> dict[str, Any]:
    return {
        "quantity": found.quantity,
        "possible": found.possible,
        "terms": {"minutes": found.minutes, "trip_minutes": found.trip_minutes, "cost": round(found.cost, 1)},
        "minutes_left": None if found.minutes_left is None else round(found.minutes_left),
        "lacks": [{"code": lack.code, **lack.numbers} for lack in found.lacks],
    }


def _lot(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lot_id": row["id"],
        "site_id": row["site_id"],
        "site": row["site_name"],
        "free": row["free"],
        "expiry": row["expiry"].isoformat() if row["expiry"] else None,
    }


def _volunteer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"volunteer_id": row["id"], "alias": row["alias"], "vehicle": row["vehicle"], "skills": list(row["skills"])}
