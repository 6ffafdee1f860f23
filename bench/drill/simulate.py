"""A drill played from beginning to end: one case, one policy, the answers of one seed.

Reports come, stock comes, volunteers come and go. A coordinator approves what the policy gives every half hour,
for T0 at once. What is approved becomes loads as in the product (`carrying`), and volunteers are asked by its
rules (`offering`, `solo`): batches and deadlines by tier, fatigue, nobody alone at night, and after three refusals a
coordinator calls the nearest who can. All policies share this; they decide what goes where and what is asked first.
"""

import heapq
import itertools
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Protocol

from bench.drill.answers import Answers
from bench.drill.case import Case
from bench.drill.ways import Ways
from bench.drill.world import Given, Job, Load, Lot, Need, Person, Trip, World
from server.domain import carrying, offering
from server.domain.carrying import CAPACITY, can_carry, into_loads, largest_room, load_of
from server.domain.catalogue import ITEMS
from server.domain.solo import night_of

BEAT_MIN: Final = 30.0
"""How often a coordinator approves what is planned."""
HAND_OVER_MIN: Final = 10.0
"""Unloading and handing over, after which a volunteer is free again."""
SERVICE_MIN: Final = 120.0
"""How long a service keeps a volunteer."""
CALL_MIN: Final = 10.0
"""How long until a coordinator calls somebody, and until they call the next. These four are assumptions of ours."""

RULES: Final = tuple(offering.rules_for(tier) for tier in range(4))


class Policy(Protocol):
    """What goes to whom, and which work asks for volunteers first."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    def give(self, world: World) -> list[Given]:
        """Units of free lots, and free volunteers, for open needs. Work that nobody was asked for is in
        `world.loose`; what it holds is free again, and is lost unless it is given anew.
        """
        ...

    def trips(self, world: World, loads: list[Load]) -> list[Trip]:
        """Which loads ride together."""
        ...

    def rank(self, world: World, job: Job, /) -> Any:
        """What sorts jobs into the order in which they ask."""
        ...


@dataclass(frozen=True)
class Played:
    """What became of a case: its needs with what was handed over when, and the effort."""

    case: Case
    needs: Sequence[Need]
    km: float
    offers: int
    calls: int
    plans: int
    solve_s: float


class Drill:
    """One run."""

    def __init__(self, case: Case, policy: Policy, answers: Answers) -> None:
        self.world, self.policy, self.answers = World(case, Ways(case)), policy, answers
        self.night = _nights(case.starts, case.minutes)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._ids = itertools.count(), itertools.count(1)
        self._beat: float | None = None
        self.km = self.solve_s = 0.0
        self.offers = self.calls = self.plans = 0
        self._expect(case)
        for n in range(1, int(case.minutes // BEAT_MIN) + 1):
            self._at(n * BEAT_MIN, self._ask_all)

    def _expect(self, case: Case) -> None:
        """All that happens by itself."""
        for n, one in enumerate(case.stock):
            self._at(one.at_min, lambda n=n: self._stock_comes(n))  # type: ignore[misc]
        for n, person in enumerate(case.volunteers):
            self._at(person.from_min, lambda n=n: self._volunteer_comes(n))  # type: ignore[misc]
        for n, report in enumerate(case.reports):
            self._at(report.at_min, lambda n=n: self._report_comes(n))  # type: ignore[misc]

    def play(self) -> Played:
        """Play until the end."""
        case = self.world.case
        while self._queue and self._queue[0][0] <= case.minutes:
            self.world.minute, _, happens = heapq.heappop(self._queue)
            happens()
        self._queue.clear()
        needs = tuple(self.world.needs.values())
        return Played(case, needs, self.km, self.offers, self.calls, self.plans, self.solve_s)

    def _at(self, minute: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (minute, next(self._order), happens))

    # What comes by itself

    def _stock_comes(self, n: int) -> None:
        one = self.world.case.stock[n]
        self.world.lots[n] = Lot(n, one.site, one.item, one.quantity, one.expires_min)
        self._plan_soon()

    def _volunteer_comes(self, n: int) -> None:
        one = self.world.case.volunteers[n]
        self.world.people[n] = Person(n, one.vehicle, frozenset(one.skills), self.world.ways.home[n], one.to_min)
        self._is_free(self.world.people[n])

    def _report_comes(self, n: int) -> None:
        case, report = self.world.case, self.world.case.reports[n]
        village = case.villages[report.village]
        for line in report.needs:
            need = Need(
                next(self._ids) + 1_000_000, n, line.item, line.quantity, report.tier, report.people,
                dict(report.vulnerable), village.code or village.name, report.at_min, case.at(report.at_min),
            )  # fmt: skip
            self.world.needs[need.id] = need
        self._plan_soon(at_once=report.tier == 0)

    # The plan

    def _plan_soon(self, *, at_once: bool = False) -> None:
        """Have a coordinator look at the next beat, or at once."""
        minute = self.world.minute
        beat = minute if at_once else (minute // BEAT_MIN + 1) * BEAT_MIN
        if self._beat is None or beat < self._beat:
            self._beat = beat
            self._at(beat, self._plan)

    def _plan(self) -> None:
        if self._beat != self.world.minute:
            return
        self._beat = None
        loose = self.world.loose()
        for job in loose:
            self.world.let_go(job.lines)
        if loose or self._is_anything_to_give():
            began = time.process_time()
            given = self.policy.give(self.world)
            self.solve_s += time.process_time() - began
            self.plans += 1
            for job in loose:
                self.world.jobs.pop(job.id).is_waiting = False
                self._is_planned_no_more(job)
            self._approve(given)
        self._ask_all()

    def _is_anything_to_give(self) -> bool:
        wanted = {need.item for need in self.world.open_needs()}
        if any(not ITEMS[item].weight_kg for item in wanted) and self.world.free_people():
            return True
        return any(lot.item in wanted for lot in self.world.free_lots())

    def _approve(self, given: list[Given]) -> None:
        """Make work of it: a job for each volunteer of a service, and for each trip with loads from one site."""
        self.world.hold(given)
        for one in given:
            if one.volunteer is not None:
                stops = [(self.world.ways.report[self.world.needs[one.need].report], [one])]
                job = self._add_job(None, stops, one.volunteer)
                self.world.people[one.volunteer].planned_for.add(job.id)
        began = time.process_time()
        trips = self.policy.trips(self.world, list(self._loads(given)))
        self.solve_s += time.process_time() - began
        for trip in trips:
            stops = [(self.world.ways.report[load.report], load.lines) for load in trip.loads]
            self._add_job(trip.loads[0].site, stops, trip.wanted)

    def _loads(self, given: list[Given]) -> Iterator[Load]:
        """The goods from each site to each case, in pieces that the largest vehicle here takes."""
        room = largest_room(one.vehicle for one in self.world.here())
        together: dict[tuple[int, int], list[Given]] = defaultdict(list)
        for one in given:
            if one.lot is not None:
                together[self.world.needs[one.need].report, self.world.lots[one.lot].site].append(one)
        for (report, site), lines in together.items():
            rows = [{"item": self.world.needs[one.need].item, "quantity": one.quantity, "of": one} for one in lines]
            for piece in into_loads(rows, room):
                parts = [Given(row["of"].need, row["quantity"], row["of"].lot) for row in piece]
                yield Load(site, report, parts, load_of((row["item"], row["quantity"]) for row in piece))

    def _add_job(self, site: int | None, stops: list[tuple[int, list[Given]]], wanted: int | None) -> Job:
        lines = [line for _, parts in stops for line in parts]
        needs = [self.world.needs[line.need] for line in lines]
        items = [(need.item, line.quantity) for need, line in zip(needs, lines, strict=True)]
        job = Job(
            next(self._ids), needs[0].report, site, min(need.tier for need in needs), wanted,
            begins=stops[0][0] if site is None else self.world.ways.site[site],
            stops=stops,
            vehicles=_vehicles(load_of(items)),
            skills=frozenset().union(*(ITEMS[item].skills for item, _ in items)),
        )  # fmt: skip
        self.world.jobs[job.id] = job
        return job

    def _is_planned_no_more(self, job: Job) -> None:
        if job.wanted is not None:
            self.world.people[job.wanted].planned_for.discard(job.id)

    # The loop of offers

    def _ask_all(self, only: Sequence[Person] | None = None) -> None:
        """Let all work ask that nobody considers, in the order of the policy.

        `only`: those who can be asked again just now; everybody else was there before and could not.
        """
        people = list(self.world.people.values()) if only is None else only
        free = [one for one in people if not one.is_busy and one.until_min > self.world.minute]
        vehicles = {one.vehicle or "foot" for one in free}
        idle = [job for job in self.world.jobs.values() if job.is_idle and not vehicles.isdisjoint(job.vehicles)]
        for job in sorted(idle, key=lambda job: (self.policy.rank(self.world, job), job.id)):
            self._ask(job, free)

    def _ask(self, job: Job, people: Iterable[Person] | None = None) -> None:
        """The next offers of a job by the rules of its tier, or a call."""
        rules = RULES[job.tier]
        people = self.world.people.values() if people is None else people
        considered = sum(state == "open" for state in job.asked.values())
        more, person = offering.next_step(rules, considered, job.refusals)
        if more:
            for volunteer in self._able(job, rules, people)[:more]:
                self._offer(job, volunteer, rules)
        if person and job.is_waiting:
            self._ask_a_person(job, rules, people)

    def _able(self, job: Job, rules: offering.Rules, people: Iterable[Person]) -> list[Person]:
        """Who can do it and may be asked now, the planned one first, then the nearest."""
        ways, now = self.world.ways, self.world.minute
        dark_in = self.night.next_min(now) - now - rules.round.seconds / 60 - self.world.minutes_of(job)
        found = []
        for one in people:
            if one.is_busy or one.until_min <= now or (one.vehicle or "foot") not in job.vehicles:
                continue
            minutes = ways.to(job.begins, one.vehicle)[one.place]
            in_time = now + minutes <= one.until_min and (minutes < dark_in or not one.is_alone)
            if in_time and job.skills <= one.skills and self._may_be_asked(job, one, rules):
                found.append((one.id != job.wanted, minutes, one.id))
        return [self.world.people[volunteer] for *_, volunteer in sorted(found)]

    def _may_be_asked(self, job: Job, one: Person, rules: offering.Rules) -> bool:
        """Whether they were not asked for it yet, are planned for nothing else, and considered too little of late."""
        if one.id in job.asked or one.planned_for - {job.id}:
            return False
        lately = sum(made > self.world.minute - 60 for made in one.offers)
        return rules.is_urgent or (not one.considers and lately < rules.most_per_hour)

    def _offer(self, job: Job, one: Person, rules: offering.Rules) -> None:
        job.asked[one.id] = "open"
        one.offers.append(self.world.minute)
        one.considers.add(job.id)
        self.offers += 1
        lasts = rules.round.seconds / 60
        answer = self.answers.of(one.id, self._work(job), lasts)
        if answer.says == "accept":
            self._at(self.world.minute + answer.minutes, lambda: self._accepts(job, one))
        else:
            after = answer.minutes if answer.says == "decline" else lasts
            self._at(self.world.minute + after, lambda: self._refuses(job, one))

    def _work(self, job: Job) -> str:
        """The name of the work, alike under every policy."""
        return f"{job.report}/{self.world.needs[job.lines[0].need].item}"

    def _accepts(self, job: Job, one: Person) -> None:
        if job.is_waiting and job.asked[one.id] == "open" and not one.is_busy:
            self._ask_all(self._take(job, one))

    def _refuses(self, job: Job, one: Person) -> None:
        if job.asked[one.id] != "open":
            return
        job.asked[one.id] = "refused"
        one.considers.discard(job.id)
        job.refusals += 1
        if job.is_waiting:
            self._ask(job)
        self._ask_all([one])

    def _ask_a_person(self, job: Job, rules: offering.Rules, people: Iterable[Person]) -> None:
        """A coordinator calls the nearest who can; the answer comes at once, the next call some minutes later."""
        if job.call_min is None:
            self._call_later(job)
        if job.call_min is None or job.call_min > self.world.minute:
            return
        able = self._able(job, rules, people)
        if not able:
            return
        one = able[0]
        self.calls += 1
        job.asked[one.id] = "refused"
        if self.answers.of(one.id, self._work(job), 1).on_the_phone:
            self._ask_all(self._take(job, one))
        else:
            self._call_later(job)

    def _call_later(self, job: Job) -> None:
        job.call_min = self.world.minute + CALL_MIN
        self._at(job.call_min, lambda: self._ask(job) if job.is_waiting else None)

    def _take(self, job: Job, one: Person) -> list[Person]:
        """The volunteer takes it and sets out; returns who considered it too and can be asked for other work now."""
        job.is_waiting, one.is_busy = False, True
        self._is_planned_no_more(job)
        thanked = [
            self.world.people[other] for other, state in job.asked.items() if state == "open" and other != one.id
        ]
        for other in thanked:
            job.asked[other.id] = "withdrawn"
            other.considers.discard(job.id)
        job.asked[one.id] = "accepted"
        others, one.considers = sorted(one.considers - {job.id}), set()
        for number in others:
            self.world.jobs[number].asked[one.id] = "withdrawn"
        self._set_out(job, one)
        for number in others:
            self._ask(self.world.jobs[number])
        return thanked

    def _set_out(self, job: Job, one: Person) -> None:
        """To the site and from there by the stops; what is handed over takes its time at each of them."""
        minute, here = self.world.minute, one.place
        stays = SERVICE_MIN if job.site is None else HAND_OVER_MIN
        ways: list[tuple[int, list[Given]]] = [] if job.site is None else [(job.begins, [])]
        for place, lines in [*ways, *job.stops]:
            minutes, km = self.world.ways.trip(here, place, one.vehicle, minute)
            minute, here, self.km = minute + minutes, place, self.km + km
            if lines:
                self._at(minute, lambda place=place, lines=lines: self._hands_over(one, place, lines))  # type: ignore[misc]
                minute += stays
        self._at(minute, lambda: self._is_free(one))

    def _hands_over(self, one: Person, place: int, lines: list[Given]) -> None:
        one.place = place
        for line in lines:
            need = self.world.needs[line.need]
            need.handed_over.append((self.world.minute, line.quantity))
            self.world.reached_min[need.village] = self.world.minute

    def _is_free(self, one: Person) -> None:
        one.is_busy = False
        if any(not need.is_goods and ITEMS[need.item].skills <= one.skills for need in self.world.open_needs()):
            self._plan_soon()
        self._ask_all([one])


@cache
def _vehicles(load: carrying.Load) -> frozenset[str]:
    """Which vehicles carry that in one go."""
    return frozenset(vehicle for vehicle in CAPACITY if can_carry(vehicle, load))


class _Nights:
    """When it is dark, to the minute."""

    def __init__(self, starts: datetime, minutes: float) -> None:
        night, step = night_of(), timedelta(minutes=1)
        begins = [starts + n * step for n in range(int(minutes) + 24 * 60)]
        self._next, dark = [], math.inf
        for n in reversed(range(len(begins))):
            dark = n if night.touches(begins[n], begins[n] + step) else dark
            self._next.append(dark)
        self._next.reverse()

    def next_min(self, minute: float) -> float:
        """The first dark minute at or after this one."""
        return max(minute, self._next[int(minute)])


_nights = cache(_Nights)


def play(case: Case, policy: Policy, answers: Answers) -> Played:
    """A case played by a policy."""
    return Drill(case, policy, answers).play()
