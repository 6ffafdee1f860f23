"""The offer loop by a moved clock, through the real services, jobs and duties: each step at the second of the table."""

from datetime import datetime, timedelta

import pytest

from server.bootstrap import System
from server.domain.days import WIB
from server.domain.errors import Conflict
from server.services import assignments, offers, volunteering
from server.services.inputs import parse
from server.services.inputs_dispatch import DeclineIn, FailIn, StepIn
from server.services.inputs_supply import CheckinIn
from tests.services.moving_clock import MovingClock, Workers
from tests.services.world import CIANJUR, World, volunteer_actor

MORNING = datetime(2026, 11, 25, 8, 0, tzinfo=WIB)
MINUTE = 60


class Loop(World):
    """A small disaster whose time the tests move."""

    clock: MovingClock
    workers: Workers

    def crowd(self, count, **more):
        """So many volunteers, the nearest first."""
        return [self.volunteer(at=(CIANJUR[0] + n / 100, CIANJUR[1]), **more) for n in range(count)]

    def wanted(self, tier, item="blanket"):
        """An assignment of that tier, and its volunteers asked: second nought."""
        self.stock(self.site(), item, 1_000)
        _, (assignment_id,) = self.approved({item: 10}, tier=tier)
        self.workers.work()
        return assignment_id

    def at(self, second):
        """Let the time pass until that second."""
        self.workers.until(self.clock.begins + timedelta(seconds=second))

    def asked(self, assignment_id):
        """Second -> volunteers who were asked then."""
        found = {}
        with self.system.reading() as tx:
            for row in tx.assignments.offers(assignment_id):
                found.setdefault(self.second(row["made_at"]), set()).add(row["volunteer_id"])
        return found

    def closed(self, assignment_id, state):
        """Volunteer -> the second at which their offer came to that end."""
        with self.system.reading() as tx:
            rows = tx.assignments.offers(assignment_id)
        return {row["volunteer_id"]: self.second(row["closed_at"]) for row in rows if row["state"] == state}

    def second(self, moment):
        return (moment - self.clock.begins).total_seconds()

    def attention(self, assignment_id):
        return self.state(assignment_id)["attention"]

    def decline(self, assignment_id, volunteer_id):
        self.do(offers.decline, volunteer_actor(volunteer_id), assignment_id, DeclineIn())
        self.workers.work()

    def arrives(self, volunteer_id, **more):
        until = (self.clock.at + timedelta(hours=20)).isoformat()
        place = {"lon": CIANJUR[0], "lat": CIANJUR[1]}
        body = parse(CheckinIn, {"place": place, "until": until, "vehicle": "truck", **more})
        with self.system.writing() as tx:
            volunteering.check_in(tx, volunteer_actor(volunteer_id), body, self.system.gazetteer())
        self.workers.work()

    def leaves(self, volunteer_id):
        with self.system.writing() as tx:
            volunteering.check_out(tx, volunteer_actor(volunteer_id))
        self.workers.work()


@pytest.fixture
def loop(started):
    clock = MovingClock(started, MORNING)
    system = System(started, now=clock.now)
    found = Loop(system)
    found.clock, found.workers = clock, Workers(system, clock)
    yield found
    system.engine.dispose()
    clock.connection.close()


def test_life_and_limb_five_at_once_five_more_every_two_minutes_and_a_person_at_once(loop):
    people = loop.crowd(17)
    job = loop.wanted(0)
    assert loop.attention(job) == "urgent"
    loop.at(5 * MINUTE)
    assert loop.asked(job) == {0: set(people[:5]), 120: set(people[5:10]), 240: set(people[10:15])}
    assert loop.closed(job, "expired") == dict.fromkeys(people[:5], 120) | dict.fromkeys(people[5:10], 240)
    loop.accept(job, people[12])
    loop.at(20 * MINUTE)
    assert loop.closed(job, "accepted") == {people[12]: 300}
    assert loop.closed(job, "withdrawn") == {one: 300 for one in people[10:15] if one != people[12]}
    closed = [event["data"] for event in loop.events("OfferClosed")]
    told = {one["volunteer_id"] for one in closed if one["state"] == "withdrawn"}
    assert told == set(people[10:15]) - {people[12]}
    assert len(loop.asked(job)) == 3
    assert loop.attention(job) is None


@pytest.mark.parametrize(("tier", "at_once", "seconds"), [(1, 2, 5 * MINUTE), (2, 1, 15 * MINUTE), (3, 1, 60 * MINUTE)])
def test_silence_goes_to_the_next_until_a_person_is_asked(loop, tier, at_once, seconds):
    people = loop.crowd(8)
    job = loop.wanted(tier)
    rounds = -(-3 // at_once)
    loop.at(rounds * seconds - 1)
    turns = {n * seconds: set(people[n * at_once : (n + 1) * at_once]) for n in range(rounds)}
    assert loop.asked(job) == turns
    assert loop.attention(job) is None
    loop.at(rounds * seconds)
    assert loop.attention(job) == "refused"
    loop.at(10 * seconds)
    assert loop.asked(job) == turns
    assert set(loop.closed(job, "expired").values()) == {(n + 1) * seconds for n in range(rounds)}


@pytest.mark.parametrize(("tier", "at_once"), [(1, 2), (2, 1), (3, 1)])
def test_who_declines_is_followed_in_the_same_second_and_not_asked_again(loop, tier, at_once):
    people = loop.crowd(6)
    job = loop.wanted(tier)
    loop.at(30)
    loop.decline(job, people[0])
    loop.at(45)
    loop.decline(job, people[1])
    assert loop.asked(job) == {0: set(people[:at_once]), 30: {people[at_once]}, 45: {people[at_once + 1]}}
    loop.at(50)
    loop.decline(job, people[2])
    assert loop.attention(job) == "refused"
    assert max(loop.asked(job)) == 45
    loop.offer(job, None)
    loop.workers.work()
    assert people[0] not in loop.asked(job).get(50, set())
    assert loop.attention(job) is None


def test_three_of_any_kind_call_a_person(loop):
    people = loop.crowd(5)
    job = loop.wanted(2)
    loop.at(100)
    loop.decline(job, people[0])
    loop.at(100 + 15 * MINUTE)
    assert loop.attention(job) is None
    loop.decline(job, people[2])
    assert loop.attention(job) == "refused"
    assert loop.asked(job) == {0: {people[0]}, 100: {people[1]}, 1000: {people[2]}}


def test_an_acceptance_at_the_deadline_is_too_late_even_before_the_sweeper_comes(loop):
    people = loop.crowd(3)
    job = loop.wanted(2)
    loop.clock.move_to(loop.clock.begins + timedelta(minutes=15))
    assert loop.offers_of(job) == {people[0]: "open"}
    with pytest.raises(Conflict) as refused:
        loop.accept(job, people[0])
    assert (refused.value.code, refused.value.state["state"]) == ("offer_closed", "offered")
    loop.workers.work()
    loop.accept(job, people[1])
    with pytest.raises(Conflict) as refused:
        loop.accept(job, people[0])
    assert refused.value.state["state"] == "accepted"
    assert refused.value.state["volunteer_id"] == people[1]


def test_an_acceptance_a_second_before_the_deadline_counts(loop):
    (volunteer_id,) = loop.crowd(1)
    job = loop.wanted(3)
    loop.at(60 * MINUTE - 1)
    assert loop.accept(job, volunteer_id)["state"] == "accepted"


def test_when_all_withdraw_others_are_asked_and_then_a_person(loop):
    people = loop.crowd(3, here=False)
    for volunteer_id in people:
        loop.arrives(volunteer_id)
    job = loop.wanted(3)
    (first,) = loop.asked(job)[0]
    loop.at(10)
    loop.leaves(first)
    (second,) = loop.asked(job)[10]
    for n, volunteer_id in enumerate((second, *(set(people) - {first, second}))):
        loop.at(20 + n)
        loop.leaves(volunteer_id)
    assert set(loop.offers_of(job).values()) == {"withdrawn"}
    assert loop.attention(job) == "nobody"


def test_everyone_is_asleep_and_who_comes_is_asked_in_the_same_second(loop):
    late = loop.volunteer(here=False)
    job = loop.wanted(0)
    assert loop.attention(job) == "nobody"
    loop.at(1234)
    loop.arrives(late)
    assert loop.asked(job) == {1234: {late}}
    assert loop.attention(job) == "urgent"


def test_what_fails_is_free_at_once_planned_anew_and_brought_by_another(loop):
    lot = loop.stock(loop.site(), "blanket", 10)
    first, second = loop.crowd(2)
    case_id, (job,) = loop.approved({"blanket": 10}, tier=1)
    loop.workers.work()
    loop.accept(job, first)
    loop.at(60)
    assert loop.lot(lot)["free"] == 0
    loop.do(assignments.fail, volunteer_actor(first), job, FailIn(reason="ban bocor"))
    assert loop.lot(lot)["free"] == 10
    assert loop.needs(case_id)["blanket"]["covered"] == 0
    loop.workers.work()
    with loop.system.reading() as tx:
        plan = tx.plans.latest(loop.incident["id"], 1)[0]
    assert (plan["state"], loop.second(plan["requested_at"])) == ("ready", 60)
    (again,) = loop.approve(plan["id"])["approved"]
    loop.workers.work()
    assert second in loop.offers_of(again)
    loop.accept(again, second)
    loop.do(assignments.depart, volunteer_actor(second), again, StepIn())
    assert loop.balance(lot)["transit"] == 10


def test_the_goods_of_who_fails_on_the_way_are_back_or_lost_and_the_need_is_planned(loop):
    lot = loop.stock(loop.site(), "blanket", 15)
    carrier, _ = loop.crowd(2)
    _, (job,) = loop.approved({"blanket": 10}, tier=1)
    loop.workers.work()
    loop.accept(job, carrier)
    loop.do(assignments.depart, volunteer_actor(carrier), job, StepIn())
    loop.at(90)
    lost = FailIn(reason="hanyut di sungai", goods="lost")
    loop.do(assignments.fail, volunteer_actor(carrier), job, lost)
    assert {account: units for account, units in loop.balance(lot).items() if account != "outside"} == {
        "site": 5,
        "loss": 10,
    }
    loop.workers.work()
    with loop.system.reading() as tx:
        plan = tx.plans.latest(loop.incident["id"], 1)[0]
    (match,) = loop.shown(plan["id"])["matches"]
    assert match["quantity"] == 5


def test_the_loop_rests_over_night_and_goes_on_at_dawn(loop):
    for vehicle in ("car", "motorcycle"):
        loop.volunteer(vehicle=vehicle, until=timedelta(hours=24))
    dusk = (17 - 8) * 60 * MINUTE + 50 * MINUTE
    loop.at(dusk)
    loop.stock(loop.site(), "blanket", 100)
    _, (job,) = loop.approved({"blanket": 10}, tier=2)
    loop.workers.work()
    assert loop.attention(job) == "alone_night"
    dawn = (24 + 5 - 8) * 60 * MINUTE + 30 * MINUTE
    for second in (dusk + 60, dawn - 60, dawn):
        loop.at(second)
        with loop.system.writing() as tx:
            offers.offer_waiting(tx, [loop.incident["id"]])
    assert list(loop.asked(job)) == [dawn]
    assert loop.attention(job) is None


def test_nobody_is_asked_more_often_in_an_hour_than_the_cap_says(loop):
    loop.settings(offers={"most_per_hour": 2})
    (volunteer_id,) = loop.crowd(1)
    jobs = []
    for n, item in enumerate(("blanket", "rice", "tarpaulin")):
        loop.at(n * 10 * MINUTE)
        jobs.append(loop.wanted(2, item))
        if volunteer_id in loop.offers_of(jobs[-1]):
            loop.decline(jobs[-1], volunteer_id)
    assert [list(loop.asked(job)) for job in jobs] == [[0], [600], []]
    assert loop.attention(jobs[2]) == "nobody"
    for second in (60 * MINUTE, 60 * MINUTE + 1):
        loop.at(second)
        with loop.system.writing() as tx:
            offers.offer_waiting(tx, [loop.incident["id"]])
    assert list(loop.asked(jobs[2])) == [60 * MINUTE]
