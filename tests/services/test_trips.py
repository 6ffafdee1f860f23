"""A trip is one job: offered, taken and refused as one, handed over stop by stop, and each stop lets go of its own."""

import threading
import uuid
from datetime import timedelta

import pytest

from server.domain.errors import Conflict, DomainError, NotFound
from server.services import assignments, cases, handovers, my_work, offers, overdue, volunteering
from server.services.inputs import CaseActionIn
from server.services.inputs_dispatch import CancelIn, DeclineIn, DeliverIn, FailIn, StepIn
from tests.services.world import COORDINATOR, volunteer_actor

NEAR, NEXT, THIRD = (107.18, -6.83), (107.182, -6.831), (107.184, -6.832)


@pytest.fixture
def trip(world):
    """Two hand-overs from one site in one trip, and who is planned to drive it: (driver, assignments by stop, lot)."""
    lot = world.stock(world.site(), "blanket", 100)
    driver = world.volunteer(vehicle="pickup")
    for at in (NEAR, NEXT):
        world.case({"blanket": 10}, at=at, tier=3)
    return driver, world.approve(world.plan())["approved"], lot


def states(world, ids):
    return [world.state(one)["state"] for one in ids]


def code_of(world, assignment_id):
    with world.system.reading() as tx:
        return tx.cases.get(world.state(assignment_id)["case_id"])["delivery_code"]


def urgent(world, many, at=(NEAR, NEXT)):
    """An urgent trip by these places, and how many are there to drive it: (volunteers, assignments by stop)."""
    world.stock(world.site(at=(at[0][0] - 0.04, at[0][1])), "blanket", 20)
    people = [world.volunteer(vehicle="pickup")]
    for place in at:
        world.case({"blanket": 10}, at=place, tier=0)
    stops = world.approve(world.plan())["approved"]
    return [*people, *(world.volunteer(vehicle="pickup") for _ in range(many - 1))], stops


def deliver(world, driver, assignment_id):
    body = DeliverIn(client_id=uuid.uuid4(), code=code_of(world, assignment_id))
    return world.do(handovers.deliver, volunteer_actor(driver), assignment_id, body)


def test_matches_become_stops_of_one_trip_with_the_time_when_somebody_should_be_there(world, trip):
    driver, stops, _ = trip
    first, second = (world.state(one) for one in stops)
    assert first["trip_id"] == second["trip_id"] not in stops
    assert (first["stop"], second["stop"]) == (1, 2)
    assert first["created_at"] < first["expected_at"] < second["expected_at"]
    assert {first["wanted_volunteer_id"], second["wanted_volunteer_id"]} == {driver}


def test_what_was_cut_before_the_approval_goes_in_shorter_trips(world):
    lot = world.stock(world.site(), "blanket", 100)
    world.volunteer(vehicle="pickup")
    cases = [world.case({"blanket": 10}, at=at) for at in (NEAR, NEXT, THIRD)]
    plan_id = world.plan()
    n = {match["case_id"]: match["n"] for match in world.shown(plan_id)["matches"]}
    made = world.approve(plan_id, only=[n[cases[0]], n[cases[2]]])["approved"]
    assert [world.state(one)["case_id"] for one in made] == [cases[0], cases[2]]
    assert [world.state(one)["stop"] for one in made] == [1, 2]
    assert world.lot(lot)["free"] == 80


def test_the_whole_trip_is_put_to_who_can_carry_all_of_it(world):
    world.stock(world.site(), "rice", 100)
    driver = world.volunteer(vehicle="pickup", at=(107.3, -6.9))
    for at in (NEAR, NEXT):
        world.case({"rice": 50}, at=at)
    stops = world.approve(world.plan())["approved"]
    riders = [world.volunteer(vehicle="motorcycle", team=2) for _ in range(3)]
    assert world.round(stops[1]) == 1
    assert [world.offers_of(one) for one in stops] == [{driver: "open"}] * 2
    assert states(world, stops) == ["offered", "offered"]
    assert world.round(stops[0]) == 0
    with pytest.raises(NotFound):
        world.accept(stops[0], riders[0])
    world.do(offers.decline, volunteer_actor(driver), stops[0], DeclineIn())
    assert world.round(stops[0]) == 0


def test_the_most_urgent_stop_sets_how_many_are_asked(world, trip):
    _, stops, _ = trip
    for _ in range(2):
        world.volunteer(vehicle="pickup")
    with world.system.writing() as tx:
        case_id = tx.assignments.get(stops[1])["case_id"]
        again = CaseActionIn(tier=0, reason="ada yang luka")
        cases.act(tx, COORDINATOR, case_id, "set_tier", again, world.system.gazetteer())
    assert world.round(stops[0]) == 3


def test_the_planned_driver_is_asked_first_and_then_the_next(world, trip):
    driver, stops, _ = trip
    nearer = world.volunteer(vehicle="pickup", at=(107.14, -6.822))
    world.round(stops[0])
    assert [set(world.offers_of(one)) for one in stops] == [{driver}] * 2
    world.do(offers.decline, volunteer_actor(driver), stops[1], DeclineIn())
    assert [world.offers_of(one) for one in stops] == [{driver: "declined"}] * 2
    world.round(stops[0])
    assert [world.offers_of(one)[nearer] for one in stops] == ["open", "open"]
    assert [world.state(one)["wanted_volunteer_id"] for one in stops] == [None, None]


def test_silence_goes_to_the_next_as_well(world, trip):
    driver, stops, _ = trip
    other = world.volunteer(vehicle="pickup")
    world.round(stops[0])
    for one in stops:
        world.late(one)
    assert world.sweep() == 2
    world.round(stops[1])
    assert [world.offers_of(one) for one in stops] == [{driver: "expired", other: "open"}] * 2


def test_the_first_to_accept_takes_all_stops_and_the_others_are_thanked(world):
    people, stops = urgent(world, 3)
    assert world.round(stops[0]) == 3
    world.accept(stops[1], people[1])
    assert [world.state(one)["volunteer_id"] for one in stops] == [people[1]] * 2
    for one in stops:
        assert world.offers_of(one) == {people[0]: "withdrawn", people[1]: "accepted", people[2]: "withdrawn"}
    with pytest.raises(Conflict):
        world.accept(stops[0], people[0])
    told = world.events("OfferClosed")
    assert sorted((one["data"]["volunteer_id"], one["data"]["state"]) for one in told) == sorted(
        (person, "withdrawn") for person in (people[0], people[2]) for _ in stops
    )


def test_a_trip_counts_as_one_offer_an_hour(world, trip):
    driver, stops, _ = trip
    world.settings(offers={"most_per_hour": 2})
    world.round(stops[0])
    world.do(offers.decline, volunteer_actor(driver), stops[0], DeclineIn())
    _, (later,) = world.approved({"blanket": 5}, at=THIRD, tier=3)
    assert world.round(later) == 1


def test_all_goods_leave_together_and_each_stop_is_expected_after_the_one_before(world, trip):
    driver, stops, lot = trip
    world.round(stops[0])
    world.accept(stops[0], driver)
    world.do(assignments.depart, volunteer_actor(driver), stops[0], StepIn())
    assert states(world, stops) == ["en_route", "en_route"]
    assert world.balance(lot)["transit"] == 20
    first, second = (world.state(one)["expected_at"] for one in stops)
    # The second comes after the first, however near it is to the site: a pickup needs ten minutes to set off again.
    assert second - first > timedelta(minutes=10)
    deliver(world, driver, stops[0])
    assert states(world, stops) == ["delivered", "en_route"]
    assert world.state(stops[1])["expected_at"] == second
    deliver(world, driver, stops[1])
    assert world.balance(lot) == {"outside": -100, "site": 80, "recipient": 20}
    assert world.faults() == []


def test_a_failed_stop_lets_go_of_its_own_goods_and_the_trip_goes_on(world, trip):
    driver, stops, lot = trip
    world.round(stops[0])
    world.accept(stops[0], driver)
    failed = FailIn(reason="jalan putus", goods="returned")
    world.do(assignments.fail, volunteer_actor(driver), stops[0], failed)
    assert states(world, stops) == ["failed", "accepted"]
    assert world.lot(lot)["free"] == 90
    world.do(assignments.depart, volunteer_actor(driver), stops[1], StepIn())
    world.do(assignments.fail, volunteer_actor(driver), stops[1], failed)
    assert world.balance(lot) == {"outside": -100, "site": 100}
    assert world.faults() == []
    planned = {match["case_id"] for match in world.shown(world.plan())["matches"]}
    assert planned == {world.state(one)["case_id"] for one in stops}


def test_a_stop_that_is_called_off_leaves_the_rest_on_offer(world, trip):
    driver, stops, lot = trip
    world.round(stops[0])
    world.do(assignments.cancel, COORDINATOR, stops[0], CancelIn(reason="sudah dibantu"))
    assert [world.offers_of(one) for one in stops] == [{driver: "withdrawn"}, {driver: "open"}]
    assert world.lot(lot)["free"] == 90
    assert world.round(stops[0]) == 0
    world.accept(stops[1], driver)
    assert states(world, stops) == ["cancelled", "accepted"]


def test_who_checks_out_is_followed_for_all_stops(world, trip):
    driver, stops, _ = trip
    world.round(stops[0])
    with world.system.writing() as tx:
        volunteering.check_out(tx, volunteer_actor(driver))
    assert [world.offers_of(one) for one in stops] == [{driver: "withdrawn"}] * 2
    other = world.volunteer(vehicle="pickup")
    world.round(stops[0])
    assert [world.offers_of(one)[other] for one in stops] == ["open", "open"]


def test_a_coordinator_puts_the_whole_trip_to_somebody(world, trip):
    _, stops, _ = trip
    other = world.volunteer(vehicle="pickup")
    told = world.offer(stops[1], other)
    assert (told["id"], told["state"]) == (stops[1], "offered")
    assert [world.offers_of(one) for one in stops] == [{other: "open"}] * 2


def test_one_sign_of_life_is_one_for_all_stops(world, trip):
    driver, stops, _ = trip
    world.round(stops[0])
    world.accept(stops[0], driver)
    with world.system.writing() as tx:
        tx.conn.exec_driver_sql("update assignments set expected_at = clock_timestamp() - interval '1 minute'")
        assert overdue.raise_alarms(tx) == 2
    world.do(overdue.all_well, volunteer_actor(driver), stops[0], StepIn())
    assert [world.state(one)["attention"] for one in stops] == [None, None]
    for row in (world.state(one) for one in stops):
        assert row["expected_at"] > row["changed_at"] + timedelta(minutes=30)


def test_a_driver_in_mind_is_still_asked_for_what_is_urgent_but_drives_no_second_trip(world, trip):
    driver, _, _ = trip
    urgent, (job,) = world.approved({"blanket": 5}, at=(107.0, -6.7), tier=0)
    assert world.shown(world.plan())["trips"] == []
    assert world.round(job) == 1
    assert world.offers_of(job) == {driver: "open"}
    assert urgent


def test_the_volunteer_sees_stops_in_order_and_whole_trips(world, trip):
    driver, stops, _ = trip
    world.round(stops[0])
    with world.system.reading() as tx:
        offered = my_work.offered(tx, volunteer_actor(driver))
    assert [(one["id"], one["stop"]) for one in offered] == [(stops[0], 1), (stops[1], 2)]
    assert len({one["trip_id"] for one in offered}) == 1
    world.accept(stops[0], driver)
    with world.system.reading() as tx:
        taken = my_work.taken(tx, volunteer_actor(driver))
    assert [(one["stop"], one["place"]["lon"]) for one in taken] == [(1, NEAR[0]), (2, NEXT[0])]


def together(*steps):
    """Runs the steps at once; what each came to: None, or the code of its refusal."""
    gate, found = threading.Barrier(len(steps)), [None] * len(steps)

    def run(n, step):
        gate.wait()
        try:
            step()
        except DomainError as error:
            found[n] = error.code

    threads = [threading.Thread(target=run, args=(n, step)) for n, step in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("_", range(5))
def test_two_volunteers_who_accept_different_stops_at_once_never_share_a_trip(world, _):
    people, stops = urgent(world, 2)
    world.round(stops[0])
    found = together(lambda: world.accept(stops[0], people[0]), lambda: world.accept(stops[1], people[1]))
    assert found.count(None) == 1
    winner = people[found.index(None)]
    assert [world.state(one)["volunteer_id"] for one in stops] == [winner, winner]


@pytest.mark.parametrize("_", range(5))
def test_one_volunteer_who_accepts_two_trips_at_once_gets_one(world, _):
    (driver,), first = urgent(world, 1)
    _, second = urgent(world, 1, at=[(107.02, -6.7), (107.022, -6.701)])
    trips = [first, second]
    for stops in trips:
        world.round(stops[0])
        assert world.offers_of(stops[0])[driver] == "open"
    found = together(lambda: world.accept(first[0], driver), lambda: world.accept(second[1], driver))
    assert found.count(None) == 1
    (lost,) = {"already_carrying", "offer_closed"} & set(found)
    assert lost
    won = found.index(None)
    assert states(world, trips[won]) == ["accepted", "accepted"]
    assert states(world, trips[1 - won]) == ["offered", "offered"]
