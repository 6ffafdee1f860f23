"""Who or what can serve one need, ranked at once; the plan settles who gets what is scarce."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from geo import candidates, travel
from geo.closures import Closures
from server.domain.carrying import CAPACITY
from server.domain.catalogue import ITEMS, Kind
from server.domain.errors import Conflict, NotFound
from server.domain.permissions import Actor, Permission, may, require
from server.services import queries, ways
from server.services.moves import Row
from server.store.unit_of_work import Tx

HERE = ZoneInfo("Asia/Jakarta")
BEST = 10
FIRST = 100
AS_THE_CROW_FLIES = 0.98
"""How many are looked at first; and the least share of its way that one farther off on a flat map has: degrees of
longitude and latitude differ by less than a hundredth over West Java."""


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
    pool = queries.pool_for(tx, need)
    closed = ways.closures(tx, pool)
    rank = _lots if ITEMS[need["item"]].kind is Kind.GOODS else _people
    return {"need": queries.need_rows(tx, [need_id])[0], "candidates": rank(tx, need, pool, closed)}


def end_of(day: date) -> datetime:
    """The last moment of a day in West Java."""
    return datetime.combine(day, time.max, HERE).astimezone(UTC)


def _lots(tx: Tx, need: Row, pool: list[str], closed: Closures) -> list[dict[str, Any]]:
    today, place = tx.now.astimezone(HERE).date(), (need["lon"], need["lat"])

    def look(most: int) -> list[Row]:
        return tx.stock.nearest(pool, need["item"], today, place, most)

    return _best(place, [travel.DEFAULT_VEHICLE], look, lambda rows: _ranked_lots(tx, need, rows, closed))


def _best(
    place: tuple[float, float],
    vehicles: Iterable[str],
    look: Callable[[int], list[Row]],
    rank: Callable[[list[Row]], list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """The nearest are looked at first, and more of them only while one that was not might be better."""
    most = FIRST
    while True:
        rows = look(most)
        found = rank([row for row in rows if row["free"] > 0])
        last = rows[-1] if len(rows) == most else None
        if last is None or last["lon"] is None:
            return found
        way = (last["lon"], last["lat"]), place
        if _is_all(found, AS_THE_CROW_FLIES * min(float(travel.minutes(*way, by)) for by in vehicles)):
            return found
        most *= 8


def _is_all(found: list[dict[str, Any]], minutes: float) -> bool:
    """Whether the best are among what was found: nothing else is there sooner than in so many minutes."""
    soon = [one for one in found if one["possible"] and one["terms"]["cost"] <= minutes]
    return len(soon) >= BEST


def _ranked_lots(tx: Tx, need: Row, rows: list[Row], closed: Closures) -> list[dict[str, Any]]:
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
        for found in candidates.Stock(lots, closures=closed).rank(goods, BEST)
    ]


def _minutes_to_expiry(expiry: date | None, now: datetime) -> float | None:
    return None if expiry is None else (end_of(expiry) - now).total_seconds() / 60


def _people(tx: Tx, need: Row, pool: list[str], closed: Closures) -> list[dict[str, Any]]:
    """Those with the skills, and a few who are near but lack them."""
    place, skills = (need["lon"], need["lat"]), sorted(ITEMS[need["item"]].skills)
    unskilled = [row for row in tx.volunteers.nearest(pool, place, [], tx.now, FIRST) if row["free"]]

    def look(most: int) -> list[Row]:
        return tx.volunteers.nearest(pool, place, skills, tx.now, most)

    return _best(place, CAPACITY, look, lambda rows: _ranked_people(tx, need, [*unskilled, *rows], closed))


def _ranked_people(tx: Tx, need: Row, rows: list[Row], closed: Closures) -> list[dict[str, Any]]:
    known = {row["id"]: row for row in rows if row["lon"] is not None}
    people = candidates.People((_person(row, tx.now) for row in known.values()), closed)
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
