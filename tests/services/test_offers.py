"""The closed loop of offers: who is asked, who wins, what follows a refusal."""

import threading
from datetime import timedelta

import pytest

from server.domain.errors import Conflict, Invalid, NotFound, NotSignedIn
from server.domain.permissions import ANYONE
from server.services import assignments, my_work, offers
from server.services.inputs_dispatch import CancelIn, DeclineIn, FailIn, StepIn
from tests.services.world import CIANJUR, COORDINATOR, volunteer_actor

NEAR = [(CIANJUR[0] + n / 100, CIANJUR[1]) for n in range(12)]


def assignment(world, item="blanket", quantity=10, **more):
    """A proposed assignment of some goods."""
    world.stock(world.site(), item, 1_000)
    _, (assignment_id,) = world.approved({item: quantity}, **more)
    return assignment_id


def decline(world, assignment_id, volunteer_id):
    with world.system.writing() as tx:
        return offers.decline(tx, volunteer_actor(volunteer_id), assignment_id, DeclineIn(reason="sakit"))


@pytest.mark.parametrize(("tier", "asked"), [(0, 5), (1, 2), (2, 1), (3, 1)])
def test_the_nearest_are_asked_as_many_as_the_tier_says(world, tier, asked):
    people = [world.volunteer(at=at) for at in NEAR[:7]]
    assignment_id = assignment(world, tier=tier)
    assert world.round(assignment_id) == asked
    assert world.offers_of(assignment_id) == dict.fromkeys(people[:asked], "open")
    assert world.state(assignment_id)["state"] == "offered"
    assert len(world.events("OfferMade")) == asked
    assert world.round(assignment_id) == 0


def test_only_those_who_can_are_asked(world):
    assignment_id = assignment(world, "water", 500)
    world.volunteer(vehicle="motorcycle", at=NEAR[0])
    world.volunteer(vehicle="truck", at=NEAR[1], here=False)
    world.volunteer(vehicle="truck", at=NEAR[2], until=timedelta(minutes=3))
    able = world.volunteer(vehicle="pickup", at=NEAR[3])
    world.round(assignment_id)
    assert world.offers_of(assignment_id) == {able: "open"}


def test_first_acceptance_wins_and_the_others_are_told(world):
    people = [world.volunteer(at=at) for at in NEAR[:2]]
    assignment_id = assignment(world, "tarpaulin")
    world.round(assignment_id)
    results, start = [], threading.Barrier(2)

    def accept(volunteer_id):
        start.wait()
        try:
            results.append((volunteer_id, world.accept(assignment_id, volunteer_id)["state"]))
        except Conflict as refused:
            results.append((volunteer_id, refused.state["state"]))

    threads = [threading.Thread(target=accept, args=(volunteer_id,)) for volunteer_id in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [state for _, state in results] == ["accepted", "accepted"]
    row = world.state(assignment_id)
    loser = next(volunteer_id for volunteer_id in people if volunteer_id != row["volunteer_id"])
    assert world.offers_of(assignment_id) == {row["volunteer_id"]: "accepted", loser: "withdrawn"}
    closed = [event["data"] for event in world.events("OfferClosed")]
    assert [(one["volunteer_id"], one["state"]) for one in closed] == [(loser, "withdrawn")]
    with pytest.raises(Conflict) as refused:
        world.accept(assignment_id, loser)
    assert refused.value.state["volunteer_id"] == row["volunteer_id"]
    assert world.accept(assignment_id, row["volunteer_id"])["state"] == "accepted"


def test_a_refusal_goes_to_the_next(world):
    people = [world.volunteer(at=at) for at in NEAR[:3]]
    assignment_id = assignment(world)
    world.round(assignment_id)
    assert decline(world, assignment_id, people[0]) == {"state": "declined"}
    assert decline(world, assignment_id, people[0]) == {"state": "declined"}
    world.round(assignment_id)
    assert world.offers_of(assignment_id) == {people[0]: "declined", people[1]: "open"}
    with pytest.raises(Conflict):
        world.accept(assignment_id, people[0])


def test_silence_goes_to_the_next_and_comes_too_late(world):
    people = [world.volunteer(at=at) for at in NEAR[:3]]
    assignment_id = assignment(world)
    world.round(assignment_id)
    assert world.sweep() == 0
    world.late(assignment_id)
    with pytest.raises(Conflict) as refused:
        world.accept(assignment_id, people[0])
    assert refused.value.code == "offer_closed"
    assert world.sweep() == 1
    world.round(assignment_id)
    assert world.offers_of(assignment_id) == {people[0]: "expired", people[1]: "open"}
    assert [event["data"]["state"] for event in world.events("OfferClosed")] == ["expired"]


def test_a_person_is_asked_after_three_and_may_let_it_go_on(world):
    people = [world.volunteer(at=at) for at in NEAR[:5]]
    assignment_id = assignment(world)
    for volunteer_id in people[:3]:
        assert world.round(assignment_id) == 1
        decline(world, assignment_id, volunteer_id)
    assert world.round(assignment_id) == 0
    assert world.state(assignment_id)["attention"] == "refused"
    told = world.events("AssignmentChanged")[-1]["data"]["rows"]["assignments"][0]
    assert told["attention"] == "refused"
    told = world.offer(assignment_id, None)
    assert told["attention"] is None
    assert world.offers_of(assignment_id)[people[3]] == "open"


def test_an_urgent_one_goes_on_asking_while_a_person_looks(world):
    people = [world.volunteer(at=at) for at in NEAR[:8]]
    assignment_id = assignment(world, tier=0)
    world.round(assignment_id)
    assert world.state(assignment_id)["attention"] == "urgent"
    world.late(assignment_id)
    assert world.sweep() == 5
    assert world.round(assignment_id) == 3
    assert set(world.offers_of(assignment_id)) == set(people)


def test_nobody_there_calls_a_person_and_whoever_comes_is_asked(world):
    assignment_id = assignment(world)
    assert world.round(assignment_id) == 0
    assert world.state(assignment_id)["attention"] == "nobody"
    late_comer = world.volunteer()
    with world.system.writing() as tx:
        assert offers.offer_waiting(tx, [world.incident["id"]]) == 1
    assert world.offers_of(assignment_id) == {late_comer: "open"}
    assert world.state(assignment_id)["attention"] is None


@pytest.mark.parametrize("quick", ["blanket", "rice"])
def test_the_only_volunteer_is_asked_for_what_serves_most_urgency_in_a_minute(world, quick):
    near, far = (CIANJUR[0] + 0.02, CIANJUR[1]), (CIANJUR[0] + 0.3, CIANJUR[1])
    both = {item: assignment(world, item, at=near if item == quick else far, tier=2) for item in ("blanket", "rice")}
    world.volunteer()
    with world.system.writing() as tx:
        assert offers.offer_waiting(tx, [world.incident["id"]]) == 1
    assert [item for item, one in both.items() if world.offers_of(one)] == [quick]


def test_life_and_limb_asks_before_what_is_quicker(world):
    assignment(world, "blanket", at=(CIANJUR[0] + 0.02, CIANJUR[1]), tier=1)
    urgent = assignment(world, "rice", at=(CIANJUR[0] + 0.3, CIANJUR[1]), tier=0)
    world.volunteer()
    with world.system.writing() as tx:
        offers.offer_waiting(tx, [world.incident["id"]])
    assert list(world.offers_of(urgent).values()) == ["open"]


def test_one_volunteer_carries_one_assignment_at_a_time(world):
    volunteer_id = world.volunteer()
    first, second = assignment(world), assignment(world, "rice", tier=0)
    world.round(first)
    world.round(second)
    assert world.offers_of(second) == {volunteer_id: "open"}
    world.accept(first, volunteer_id)
    assert world.offers_of(second) == {volunteer_id: "withdrawn"}
    with world.system.writing() as tx:
        tx.conn.exec_driver_sql("update offers set state = 'open' where assignment_id = %(id)s", {"id": second})
    with pytest.raises(Conflict) as refused:
        world.accept(second, volunteer_id)
    assert refused.value.code == "already_carrying"
    assert world.state(second)["state"] == "offered"


def test_two_acceptances_by_one_volunteer_at_once_are_one(world):
    volunteer_id = world.volunteer()
    both = [assignment(world), assignment(world, "rice")]
    for one in both:
        world.offer(one, volunteer_id)
    results, start = [], threading.Barrier(2)

    def accept(assignment_id):
        start.wait()
        try:
            results.append(world.accept(assignment_id, volunteer_id)["state"])
        except Conflict as refused:
            results.append(refused.code)

    threads = [threading.Thread(target=accept, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(world.state(one)["state"] for one in both) == ["accepted", "offered"]
    assert min(results) == "accepted"
    assert max(results) in ("already_carrying", "offer_closed")


def test_tired_volunteers_are_spared_but_not_for_life_and_limb(world):
    world.settings(offers={"most_per_hour": 1})
    volunteer_id = world.volunteer()
    first = assignment(world)
    world.round(first)
    decline(world, first, volunteer_id)
    second = assignment(world, "rice")
    assert world.round(second) == 0
    urgent = assignment(world, "tent", tier=0)
    assert world.round(urgent) == 1


def test_timings_are_settings_of_the_incident(world):
    world.settings(offers={"2": {"size": 3, "seconds": 7}})
    for at in NEAR[:4]:
        world.volunteer(at=at)
    assignment_id = assignment(world)
    assert world.round(assignment_id) == 3
    with world.system.reading() as tx:
        row = tx.assignments.offers(assignment_id)[0]
    assert timedelta(seconds=5) < row["deadline_at"] - row["made_at"] < timedelta(seconds=9)


def test_the_planned_volunteer_of_a_service_is_asked_first(world):
    near, _far = world.volunteer(skills=("medical",)), world.volunteer(skills=("medical",), at=NEAR[9])
    _, (assignment_id,) = world.approved({"medical": 1})
    nearer = world.volunteer(skills=("medical",), at=CIANJUR)
    assert world.state(assignment_id)["wanted_volunteer_id"] == near
    world.round(assignment_id)
    asked = world.offers_of(assignment_id)
    assert near in asked
    assert len(asked) == 2
    assert nearer in asked


def test_a_coordinator_asks_whom_they_like_once(world):
    far = world.volunteer(at=NEAR[9], vehicle="motorcycle", team=2)
    assignment_id = assignment(world)
    world.offer(assignment_id, far)
    assert world.offers_of(assignment_id) == {far: "open"}
    with pytest.raises(Conflict) as refused:
        world.offer(assignment_id, far)
    assert refused.value.code == "asked_before"
    with pytest.raises(Invalid):
        world.offer(assignment_id, "00000000-0000-4000-8000-000000000000")
    world.accept(assignment_id, far)
    other = assignment(world, "rice")
    with pytest.raises(Conflict) as refused:
        world.offer(other, far)
    assert refused.value.code == "volunteer_busy"


def test_only_who_was_asked_may_accept(world):
    world.volunteer(at=NEAR[0])
    stranger = world.volunteer(at=NEAR[1])
    assignment_id = assignment(world)
    world.round(assignment_id)
    with pytest.raises(NotFound):
        world.accept(assignment_id, stranger)
    with world.system.writing() as tx, pytest.raises(NotSignedIn):
        offers.accept(tx, ANYONE, assignment_id, StepIn())


def test_a_volunteer_sees_their_offers_with_a_rough_place(world):
    mine, other = world.volunteer(), world.volunteer(at=NEAR[1])
    assignment_id = assignment(world, people=12)
    world.round(assignment_id)
    with world.system.reading() as tx:
        (offer,) = my_work.offered(tx, volunteer_actor(mine))
        assert my_work.offered(tx, volunteer_actor(other)) == []
    assert (offer["id"], offer["people"], offer["tier"]) == (assignment_id, 12, 2)
    assert offer["place"] == {"lon": round(CIANJUR[0], 2), "lat": round(CIANJUR[1], 2), "accuracy_m": 1_000}
    assert offer["site"]["name"].startswith("Posko")
    world.late(assignment_id)
    with world.system.reading() as tx:
        assert my_work.offered(tx, volunteer_actor(mine)) == []


def test_what_fails_frees_the_volunteer_for_the_next(world):
    volunteer_id = world.volunteer()
    first = assignment(world)
    world.round(first)
    world.accept(first, volunteer_id)
    world.do(assignments.fail, volunteer_actor(volunteer_id), first, FailIn(reason="ban bocor"))
    with world.system.writing() as tx:
        assert tx.assignments.engaged() == set()
        assert volunteer_id in {row["id"] for row in tx.volunteers.available([world.incident["id"]], tx.now)}


def test_what_nobody_took_for_a_day_lets_its_goods_go(world):
    world.volunteer()
    assignment_id = assignment(world)
    world.round(assignment_id)
    with world.system.writing() as tx:
        assert offers.give_up_untaken(tx) == 0
        tx.conn.exec_driver_sql("update assignments set created_at = created_at - interval '25 hours'")
    with world.system.writing() as tx:
        assert offers.give_up_untaken(tx) == 1
    assert world.state(assignment_id)["state"] == "expired"
    assert set(world.offers_of(assignment_id).values()) == {"expired"}
    assert world.needs(world.state(assignment_id)["case_id"])["blanket"]["covered"] == 0


def test_calling_off_tells_whom_was_asked(world):
    volunteer_id = world.volunteer()
    assignment_id = assignment(world)
    world.round(assignment_id)
    world.do(assignments.cancel, COORDINATOR, assignment_id, CancelIn(reason="sudah dibantu warga"))
    assert world.offers_of(assignment_id) == {volunteer_id: "withdrawn"}
