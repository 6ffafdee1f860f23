"""Who brings the goods of a plan: its matches as loads, and the trips for them with the vehicles that are there.

For workers only, as `planning`. A load is what goes from one site to one case in one go; what no vehicle here takes at
once is split. Whoever does a service of the plan, or is meant for work that waits already, drives nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geo import trips
from server.domain import priority
from server.domain.carrying import Load, into_loads, largest_room, load_of, room_of
from server.services.moves import Row
from server.services.situations import Situation

ON_FOOT = "foot"


@dataclass(frozen=True)
class _Goods:
    """One load: its lines {n, item, quantity} of matches from a site to a case, and what they weigh."""

    case_id: int
    site_id: str
    lines: Sequence[Mapping[str, Any]]
    load: Load

    @property
    def numbers(self) -> list[int]:
        """The matches that it is of."""
        return sorted({line["n"] for line in self.lines})


def carried(situation: Situation, rows: Sequence[Mapping[str, Any]], stays: Iterable[Row] = ()) -> dict[str, Any]:
    """What a plan says of carrying: `trips`, and `carriers` {loads, vehicles, mean_minutes, last_minutes, left}.

    rows: the plan's matches; stays: lines of proposed work that it leaves as it is. vehicles: how many of each kind
    are here and free; mean_minutes: when a load is there on average (`_mean`); last_minutes: when the last load that a
    trip brings is there, by the plan's own trips alone; left: the loads that no vehicle here brings, and why (keys of
    web/i18n `left_behind.*`).
    """
    meant = situation.driving | {row["volunteer_id"] for row in (*rows, *stays)}
    drivers = {row["id"]: row for row in situation.volunteers if row["id"] not in meant}
    needs = {need["id"]: need for need in situation.needs}
    goods = {f"{n:06}": one for n, one in enumerate(_loads(situation, needs, rows, drivers.values()))}
    loads = [_load(name, one, situation, needs) for name, one in goods.items()]
    made = trips.plan(
        loads,
        [_vehicle(row, situation) for row in drivers.values()],
        {lot["site_id"]: (lot["lon"], lot["lat"]) for lot in situation.lots},
        closures=situation.closures,
    )
    return {
        "trips": [_trip(n, trip, goods, drivers[trip.vehicle]) for n, trip in enumerate(made.trips, 1)],
        "carriers": {
            "loads": len(goods),
            "vehicles": dict(sorted(Counter(_kind(row) for row in drivers.values()).items())),
            "mean_minutes": _mean(made, loads),
            "last_minutes": None if made.last_minutes is None else round(made.last_minutes, 1),
            "left": [_left(goods[name], why) for name, why in sorted(made.left.items())],
        },
    }


def _mean(made: trips.Trips, loads: Sequence[trips.Load]) -> float | None:
    """When a load is there on average, the urgent ones counting for more and one that is left as a day: what trips are
    made for. A vehicle more may help many and leave the last arrival as it is, so that alone says too little.
    """
    weight = sum(load.weight for load in loads)
    return round(made.weighted_minutes / weight, 1) if made.trips and weight else None


def _kind(row: Row) -> str:
    return row["vehicle"] or ON_FOOT


def _loads(
    situation: Situation, needs: Mapping[int, Row], rows: Sequence[Mapping[str, Any]], drivers: Iterable[Row]
) -> Iterator[_Goods]:
    """The goods from each site to each case, in pieces that the largest vehicle takes."""
    site_of = {lot["id"]: lot["site_id"] for lot in situation.lots}
    room = largest_room(row["vehicle"] for row in drivers)
    together: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["lot_id"]:
            need = needs[row["need_id"]]
            line = {"n": row["n"], "need_id": need["id"], "item": need["item"], "quantity": row["quantity"]}
            together[need["case_id"], site_of[row["lot_id"]]].append(line)
    for (case_id, site_id), lines in together.items():
        for piece in into_loads(lines, room):
            yield _Goods(case_id, site_id, piece, load_of((line["item"], line["quantity"]) for line in piece))


def _load(name: str, goods: _Goods, situation: Situation, needs: Mapping[int, Row]) -> trips.Load:
    """The load with the weight of its most urgent need."""
    mine = [needs[line["need_id"]] for line in goods.lines]
    return trips.Load(
        id=name,
        site=goods.site_id,
        at=(mine[0]["lon"], mine[0]["lat"]),
        kg=goods.load.weight_kg,
        m3=goods.load.volume_m3,
        weight=max(priority.weight(need, situation.now, situation.incident["settings"]) for need in mine),
    )


def _vehicle(row: Row, situation: Situation) -> trips.Vehicle:
    room, left = room_of(row["vehicle"]), (row["until"] - situation.now).total_seconds() / 60
    return trips.Vehicle(row["id"], _kind(row), (row["lon"], row["lat"]), room.weight_kg, room.volume_m3, left)


def _trip(n: int, trip: trips.Trip, goods: Mapping[str, _Goods], driver: Row) -> dict[str, Any]:
    return {
        "n": n,
        "turn": trip.turn,
        "site_id": trip.site,
        "vehicle": _kind(driver),
        "volunteer_id": driver["id"],
        "minutes": round(trip.minutes, 1),
        "km": round(trip.km, 1),
        "weight_kg": round(sum(goods[stop.load].load.weight_kg for stop in trip.stops), 1),
        "stops": [_stop(goods[stop.load], stop.minutes) for stop in trip.stops],
    }


def _stop(goods: _Goods, minutes: float) -> dict[str, Any]:
    lines = [{"n": line["n"], "quantity": line["quantity"]} for line in goods.lines]
    return {"case_id": goods.case_id, "matches": goods.numbers, "lines": lines, "minutes": round(minutes, 1)}


def _left(goods: _Goods, why: str) -> dict[str, Any]:
    return {"case_id": goods.case_id, "site_id": goods.site_id, "matches": goods.numbers, "why": why}
