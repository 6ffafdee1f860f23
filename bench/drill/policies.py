"""What goes to whom: nearest first as people do it by hand, and the product's one plan."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bench.drill.simulate import Policy
from bench.drill.world import Given, Job, Load, Lot, Need, Person, Trip, World
from geo import trips
from geo.travel import DEFAULT_VEHICLE
from server.domain import offering
from server.domain.carrying import room_of
from server.domain.catalogue import ITEMS, Kind
from server.services import planning, situations

SECONDS: Final = 20.0
"""Time for a plan, as the product's default."""

Order = Callable[[World, Need], Any]


def oldest(_: World, need: Need) -> Any:
    """As reports came in."""
    return need.at_min, need.id


def most_urgent(world: World, need: Need) -> Any:
    """By tier, then by score."""
    return need.tier, -need.weight(world.now), need.id


@dataclass(frozen=True)
class Nearest:
    """One need after the other, each from the nearest that has something left."""

    name: str
    order: Order

    def give(self, world: World) -> list[Given]:
        """All that is free, in the order of the policy."""
        free = {lot.id: lot.free for lot in world.free_lots()}
        people = {one.id: one for one in world.free_people()}
        found: list[Given] = []
        for need in sorted(world.open_needs(), key=lambda need: self.order(world, need)):
            found += _goods(world, need, free) if need.is_goods else _heads(world, need, people)
        return found

    def trips(self, _: World, loads: list[Load]) -> list[Trip]:
        """Every load by itself, with whoever is nearest."""
        return [Trip([load]) for load in loads]

    def rank(self, world: World, job: Job) -> Any:
        """The work of the first need asks first."""
        return min(self.order(world, world.needs[line.need]) for line in job.lines)


def _goods(world: World, need: Need, free: dict[int, int]) -> Iterator[Given]:
    ways, left = world.ways.to(world.ways.report[need.report], DEFAULT_VEHICLE), need.left
    lots = [lot for lot in free if free[lot] and world.lots[lot].item == need.item]
    for lot in sorted(lots, key=lambda lot: (ways[world.ways.site[world.lots[lot].site]], lot)):
        quantity = min(left, free[lot])
        if quantity:
            free[lot] -= quantity
            left -= quantity
            yield Given(need.id, quantity, lot)


def _heads(world: World, need: Need, people: dict[int, Person]) -> list[Given]:
    skills, place = ITEMS[need.item].skills, world.ways.report[need.report]
    able = [one for one in people.values() if skills <= one.skills]
    able.sort(key=lambda one: (world.ways.to(place, one.vehicle)[one.place], one.id))
    for one in able[: need.left]:
        del people[one.id]
    return [Given(need.id, 1, volunteer=one.id) for one in able[: need.left]]


@dataclass(frozen=True)
class Tanggap:
    """The product: one plan for all open needs, by the code that plans for incidents."""

    name: str = "tanggap"
    fairness: float = 0.5

    def give(self, world: World) -> list[Given]:
        """The plan's matches."""
        situation = _situation(world, self.fairness)
        problem = _servable(situations.problem_of(situation))
        if not problem.needs:
            return []
        _, plan = planning.best(problem, situation, SECONDS, explain=False)
        return [_given(match.need_id, match.supply_id, match.quantity) for match in plan.matches]

    def trips(self, world: World, loads: list[Load]) -> list[Trip]:
        """The plan's trips with those who are free, and by itself what none of them brings."""
        if not loads:
            return []
        found = trips.plan(
            [_as_load(world, n, load) for n, load in enumerate(loads)],
            [_vehicle(world, one) for one in world.free_people() if not one.planned_for],
            {str(n): world.ways.places[place] for n, place in enumerate(world.ways.site)},
            shakes=0,
        )
        ridden = [
            Trip([loads[int(stop.load)] for stop in trip.stops], int(trip.vehicle) if trip.turn == 1 else None)
            for trip in found.trips
        ]
        return ridden + [Trip([loads[int(name)]]) for name in sorted(found.left)]

    def rank(self, world: World, job: Job) -> Any:
        """The most pressing first, as the product does."""
        needs = [(world.needs[line.need], line.quantity) for line in job.lines]
        urgency = sum(need.weight(world.now) * quantity / need.quantity for need, quantity in needs)
        return offering.pressing(job.tier, urgency, world.minutes_of(job))


def _as_load(world: World, n: int, load: Load) -> trips.Load:
    """The load with the weight of its most urgent need, as in the product's `carriers`."""
    weight = max(world.needs[line.need].weight(world.now) for line in load.lines)
    at = world.ways.places[world.ways.report[load.report]]
    return trips.Load(f"{n:06}", str(load.site), at, load.carries.weight_kg, load.carries.volume_m3, weight)


def _vehicle(world: World, one: Person) -> trips.Vehicle:
    kind = one.vehicle or "foot"
    room, left = room_of(one.vehicle), one.until_min - world.minute
    return trips.Vehicle(f"{one.id:06}", kind, world.ways.places[one.place], room.weight_kg, room.volume_m3, left)


def _servable(problem: situations.Problem) -> situations.Problem:
    """Without what nothing is there for: it would stay open, and takes time."""
    offered = {_group(row) for row in problem.supplies}
    needs = [row for row in problem.needs if _group(row) in offered]
    wanted = {_group(row) for row in needs}
    return replace(problem, needs=needs, supplies=[row for row in problem.supplies if _group(row) in wanted])


def _group(row: Mapping[str, Any]) -> str:
    """What competes with each other in `geo.matching`: what there is of an item, or people."""
    return str(row["item"]) if row["kind"] == Kind.GOODS else "people"


def _given(need_id: str, supply_id: str, quantity: int) -> Given:
    kind, number = supply_id[0], int(supply_id[1:])
    if kind == "v":
        return Given(int(need_id), quantity, volunteer=number)
    return Given(int(need_id), quantity, lot=number)


def _situation(world: World, fairness: float) -> situations.Situation:
    """What the product reads from its tables, from the drill's."""
    needs, lots = world.open_needs(), world.free_lots()
    services = any(not need.is_goods for need in needs)
    return situations.Situation(
        plan={},
        incident={"settings": {"plan": {"fairness": fairness}}},
        needs=[_need(world, need) for need in needs],
        lots=[_lot(world, lot) for lot in lots],
        volunteers=[_volunteer(world, one) for one in world.free_people()] if services else [],
        now=world.now,
        waiting_for_verification=0,
        waiting_for_place=0,
        coverage=_coverage(world),
        reached_at={village: world.case.at(minute) for village, minute in world.reached_min.items()},
        rulings=[],
        sites={},
        loose=[_loose(line) for job in world.loose() for line in job.lines],
    )


def _need(world: World, need: Need) -> dict[str, Any]:
    lon, lat = world.ways.places[world.ways.report[need.report]]
    return {
        "id": need.id, "item": need.item, "quantity": need.quantity, "covered": need.covered, "tier": need.tier,
        "people": need.people, "vulnerable": need.vulnerable, "case_opened_at": need.opened_at, "area": need.village,
        "lon": lon, "lat": lat,
    }  # fmt: skip


def _lot(world: World, lot: Lot) -> dict[str, Any]:
    lon, lat = world.ways.places[world.ways.site[lot.site]]
    expiry = None if lot.expires_min is None else world.case.at(lot.expires_min).date()
    return {"id": f"l{lot.id:06}", "item": lot.item, "free": lot.free, "expiry": expiry, "lon": lon, "lat": lat}


def _volunteer(world: World, one: Person) -> dict[str, Any]:
    lon, lat = world.ways.places[one.place]
    return {
        "id": f"v{one.id:06}", "skills": one.skills, "vehicle": one.vehicle, "lon": lon, "lat": lat,
        "until": world.case.at(one.until_min),
    }  # fmt: skip


def _coverage(world: World) -> list[dict[str, Any]]:
    covered: dict[tuple[str, str], int] = {}
    for need in world.needs.values():
        covered[need.village, need.item] = covered.get((need.village, need.item), 0) + need.covered
    return [{"area": area, "item": item, "covered": units} for (area, item), units in covered.items()]


def _loose(line: Given) -> dict[str, Any]:
    lot = None if line.lot is None else f"l{line.lot:06}"
    volunteer = None if line.volunteer is None else f"v{line.volunteer:06}"
    return {"need_id": line.need, "lot_id": lot, "volunteer_id": volunteer, "quantity": line.quantity}


POLICIES: Final[Mapping[str, Policy]] = {
    policy.name: policy
    for policy in (
        Nearest("first_come", oldest),
        Nearest("priority_nearest", most_urgent),
        Tanggap(),
        Tanggap("tanggap_0", 0.0),
        Tanggap("tanggap_1", 1.0),
    )
}

DEFAULT: Final = ("tanggap", "priority_nearest", "first_come")
"""Those of the table."""
