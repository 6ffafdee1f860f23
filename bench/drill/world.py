"""What is known at a minute of a drill: open needs, lots, volunteers and what they were given to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from bench.drill.case import Case
from bench.drill.ways import Ways
from geo.travel import DEFAULT_VEHICLE
from server.domain import carrying, priority, sla
from server.domain.catalogue import ITEMS, Kind
from server.domain.solo import CREWS


@dataclass(slots=True)
class Need:
    """A need of a report; `covered` is what work under way holds for it and what was handed over."""

    id: int
    report: int
    item: str
    quantity: int
    tier: int
    people: int
    vulnerable: dict[str, int]
    village: str
    at_min: float
    opened_at: datetime
    covered: int = 0
    handed_over: list[tuple[float, int]] = field(default_factory=list)

    @property
    def is_goods(self) -> bool:
        """Whether it is carried from a site; else volunteers do it."""
        return ITEMS[self.item].kind is Kind.GOODS

    @property
    def left(self) -> int:
        """What nobody is to bring yet."""
        return self.quantity - self.covered

    def weight(self, now: datetime) -> float:
        """How much a minute of its waiting counts, by the product's own score, as if nothing of it came yet."""
        row = {
            "tier": self.tier,
            "covered": 0,
            "quantity": self.quantity,
            "vulnerable": self.vulnerable,
            "people": self.people,
            "case_opened_at": self.opened_at,
        }
        return priority.weight(row, now, {})

    @property
    def clock_min(self) -> int:
        """Minutes by which it ought to be settled."""
        return sla.clock_for(self.tier).settled


@dataclass(slots=True)
class Lot:
    """Stock that has come to a site and is free."""

    id: int
    site: int
    item: str
    free: int
    expires_min: float | None


@dataclass(slots=True)
class Person:
    """A volunteer who is there.

    place: where they are or will be free again. offers: when each was made; considers: jobs with an open one.
    planned_for: services that they are wanted for and not asked yet, or not done.
    """

    id: int
    vehicle: str | None
    skills: frozenset[str]
    place: int
    until_min: float
    is_busy: bool = False
    offers: list[float] = field(default_factory=list)
    considers: set[int] = field(default_factory=set)
    planned_for: set[int] = field(default_factory=set)

    @property
    def is_alone(self) -> bool:
        """Whether nobody goes along, by the product's assumption."""
        return CREWS.get(self.vehicle or "foot", 1) == 1


@dataclass(frozen=True, slots=True)
class Given:
    """What a policy gives to a need: units of a lot, or a volunteer."""

    need: int
    quantity: int
    lot: int | None = None
    volunteer: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What goes from a site to the place of a report in one go."""

    site: int
    report: int
    lines: list[Given]
    carries: carrying.Load


@dataclass(frozen=True, slots=True)
class Trip:
    """Loads that ride together, in order, and who is asked first (None: the nearest)."""

    loads: list[Load]
    wanted: int | None = None


@dataclass(slots=True)
class Job:
    """A trip with loads from one site, or a service at a place: what one volunteer is asked to do.

    wanted: who is asked first. begins: the place where the work begins; stops: then the places in order, each with what
    is handed over there. report: that of the first stop. vehicles: those that carry it in one go; skills: of a
    service. asked: the state of every offer by volunteer; refusals since the asking began; call_min: when a
    coordinator calls somebody, once a person was asked for.
    """

    id: int
    report: int
    site: int | None
    tier: int
    wanted: int | None
    begins: int
    stops: list[tuple[int, list[Given]]]
    vehicles: frozenset[str]
    skills: frozenset[str]
    is_waiting: bool = True
    asked: dict[int, str] = field(default_factory=dict)
    refusals: int = 0
    call_min: float | None = None

    @property
    def lines(self) -> list[Given]:
        """All that is handed over."""
        return [line for _, lines in self.stops for line in lines]

    @property
    def ends(self) -> int:
        """The place where the work ends."""
        return self.stops[-1][0]

    @property
    def is_loose(self) -> bool:
        """Whether nobody was asked yet, so that a new plan may take it up again."""
        return self.is_waiting and not self.asked

    @property
    def is_idle(self) -> bool:
        """Whether it waits and nobody considers it."""
        return self.is_waiting and "open" not in self.asked.values()


@dataclass
class World:
    """Everything that a policy may know, the same for each."""

    case: Case
    ways: Ways
    minute: float = 0.0
    needs: dict[int, Need] = field(default_factory=dict)
    lots: dict[int, Lot] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    reached_min: dict[str, float] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The moment of the minute."""
        return self.case.at(self.minute)

    def open_needs(self) -> list[Need]:
        """The needs for which nobody is to bring all, in the order of their ids."""
        return [need for need in self.needs.values() if need.left > 0]

    def free_lots(self) -> list[Lot]:
        """The lots with something free that is of use yet."""
        return [
            lot
            for lot in self.lots.values()
            if lot.free > 0 and (lot.expires_min is None or lot.expires_min > self.minute)
        ]

    def here(self) -> Iterator[Person]:
        """Volunteers whose time is not over, whatever they do."""
        return (one for one in self.people.values() if one.until_min > self.minute)

    def free_people(self) -> list[Person]:
        """Volunteers who are there, have nothing to do and are not asked for a service that they are planned for."""
        return [one for one in self.here() if not one.is_busy and not self._is_asked_for_planned(one)]

    def _is_asked_for_planned(self, one: Person) -> bool:
        return any(not self.jobs[job].is_loose for job in one.planned_for)

    def loose(self) -> list[Job]:
        """Work that nobody was asked for yet."""
        return [job for job in self.jobs.values() if job.is_loose]

    def minutes_of(self, job: Job) -> float:
        """From where the work begins by its stops to where it ends, by the usual vehicle."""
        places = [job.begins, *(place for place, _ in job.stops)]
        return sum(self.ways.to(end, DEFAULT_VEHICLE)[start] for start, end in pairwise(places) if start != end)

    def hold(self, lines: Iterable[Given]) -> None:
        """Take what is given off what is free."""
        for line in lines:
            self._move(line, line.quantity)

    def let_go(self, lines: Iterable[Given]) -> None:
        """Give back what was held."""
        for line in lines:
            self._move(line, -line.quantity)

    def _move(self, line: Given, quantity: int) -> None:
        self.needs[line.need].covered += quantity
        if line.lot is not None:
            self.lots[line.lot].free -= quantity
