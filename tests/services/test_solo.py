"""Nobody is asked to go alone in the dark or through danger; who goes with others is, and a person may decide."""

from datetime import timedelta

import pytest

from server.domain.days import WIB
from server.domain.errors import Invalid
from server.services import hazards, offers, volunteering
from server.services.inputs import parse
from server.services.inputs_supply import CheckinChangeIn, CheckinIn, ClosureIn, HazardIn
from tests.services.world import CIANJUR, COORDINATOR, volunteer_actor

AWAY = (CIANJUR[0] + 0.1, CIANJUR[1])
BETWEEN = (CIANJUR[0] + 0.05, CIANJUR[1])


@pytest.fixture
def by_day(world):
    """No night, whenever the test runs."""
    world.settings(night={"begins": "00:00", "ends": "00:00"})


@pytest.fixture
def by_night(world):
    """Night around now, whenever the test runs."""
    with world.system.reading() as tx:
        here = tx.now.astimezone(WIB)
    hours = {"begins": here - timedelta(hours=2), "ends": here + timedelta(hours=2)}
    world.settings(night={name: moment.strftime("%H:%M") for name, moment in hours.items()})


def assignment(world, *, at=CIANJUR, **more):
    world.stock(world.site(), "blanket", 100)
    _, (assignment_id,) = world.approved({"blanket": 10}, at=at, **more)
    return assignment_id


def square(place, half=0.01):
    lon, lat = place
    corners = [(lon - half, lat - half), (lon + half, lat - half), (lon + half, lat + half), (lon - half, lat + half)]
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in [*corners, corners[0]]]]}


def danger(world, place, **more):
    with world.system.writing() as tx:
        body = parse(HazardIn, {"kind": "landslide", "shape": square(place), **more})
        return hazards.add(tx, COORDINATOR, body, world.system.gazetteer())["id"]


def closed_road(world, place):
    line = {"type": "LineString", "coordinates": [[place[0], place[1] - 0.01], [place[0], place[1] + 0.01]]}
    with world.system.writing() as tx:
        hazards.close_road(tx, COORDINATOR, parse(ClosureIn, {"shape": line}), world.system.gazetteer())


@pytest.mark.usefixtures("by_night")
def test_at_night_who_goes_alone_is_not_asked_and_a_person_is(world):
    world.volunteer(vehicle="motorcycle")
    assignment_id = assignment(world)
    assert world.round(assignment_id) == 0
    assert world.state(assignment_id)["attention"] == "alone_night"
    far = world.volunteer(vehicle="motorcycle", team=2, at=AWAY)
    assert world.round(assignment_id) == 1
    assert world.offers_of(assignment_id) == {far: "open"}
    assert world.state(assignment_id)["attention"] is None


@pytest.mark.usefixtures("by_night")
@pytest.mark.parametrize(("vehicle", "asked"), [("pickup", 1), ("truck", 1), ("car", 0)])
def test_who_does_not_say_goes_with_the_crew_of_the_vehicle(world, vehicle, asked):
    world.volunteer(vehicle=vehicle)
    assert world.round(assignment(world)) == asked


@pytest.mark.usefixtures("by_night")
def test_those_alone_who_are_nearer_do_not_hide_a_team(world):
    for _ in range(25):
        world.volunteer(vehicle="car", team=1)
    team = world.volunteer(vehicle="car", team=3, at=AWAY)
    assignment_id = assignment(world)
    assert world.round(assignment_id) == 1
    assert world.offers_of(assignment_id) == {team: "open"}


@pytest.mark.usefixtures("by_night")
def test_not_even_for_life_and_limb_and_nobody_there_is_said_plainly(world):
    assignment_id = assignment(world, tier=0)
    assert world.round(assignment_id) == 0
    assert world.state(assignment_id)["attention"] == "nobody"
    world.volunteer(vehicle="motorcycle")
    assert world.round(assignment_id) == 0
    assert world.state(assignment_id)["attention"] == "alone_night"


@pytest.mark.usefixtures("by_night")
def test_a_coordinator_may_send_somebody_alone_with_a_reason_that_is_kept(world):
    alone = world.volunteer(vehicle="motorcycle")
    assignment_id = assignment(world)
    with pytest.raises(Invalid) as refused:
        world.offer(assignment_id, alone)
    assert refused.value.fields["reason"].code == "alone_night"
    world.offer(assignment_id, alone, "ditemani dua warga")
    assert world.accept(assignment_id, alone)["state"] == "accepted"
    with world.system.reading() as tx:
        query = "select details->>'reason' from audit where action = 'assignment:offer'"
        assert tx.conn.exec_driver_sql(query).scalars().all() == ["ditemani dua warga"]


@pytest.mark.usefixtures("by_night")
def test_when_the_night_is_over_the_reconciler_asks(world):
    volunteer_id = world.volunteer(vehicle="motorcycle")
    assignment_id = assignment(world)
    world.round(assignment_id)
    world.settings(night={"begins": "00:00", "ends": "00:00"})
    with world.system.writing() as tx:
        assert offers.offer_waiting(tx, [world.incident["id"]]) == 1
    assert world.offers_of(assignment_id) == {volunteer_id: "open"}


def test_a_way_that_would_end_in_the_dark_counts_as_dark(world):
    with world.system.reading() as tx:
        here = tx.now.astimezone(WIB)
    hours = {"begins": here + timedelta(minutes=30), "ends": here + timedelta(hours=2)}
    world.settings(night={name: moment.strftime("%H:%M") for name, moment in hours.items()})
    world.volunteer(vehicle="motorcycle", at=(CIANJUR[0] + 0.2, CIANJUR[1]))
    assignment_id = assignment(world)
    assert world.round(assignment_id) == 0
    assert world.state(assignment_id)["attention"] == "alone_night"


@pytest.mark.usefixtures("by_day")
@pytest.mark.parametrize(
    ("where", "asked"), [(CIANJUR, 0), (BETWEEN, 0), (AWAY, 0), ((CIANJUR[0] + 0.15, CIANJUR[1] + 0.1), 1)]
)
def test_nobody_alone_at_through_or_into_an_area_of_danger(world, where, asked):
    world.volunteer(vehicle="car")
    danger(world, where)
    assignment_id = assignment(world, at=AWAY)
    assert world.round(assignment_id) == asked
    assert world.state(assignment_id)["attention"] == (None if asked else "alone_hazard")


@pytest.mark.usefixtures("by_day")
def test_the_way_of_the_volunteer_counts_too(world):
    here = (CIANJUR[0] - 0.1, CIANJUR[1])
    beyond = world.volunteer(vehicle="car", at=here)
    danger(world, (CIANJUR[0] - 0.05, CIANJUR[1]))
    assignment_id = assignment(world)
    assert world.round(assignment_id) == 0
    with pytest.raises(Invalid) as refused:
        world.offer(assignment_id, beyond)
    assert refused.value.fields["reason"].code == "alone_hazard"
    team = world.volunteer(vehicle="car", team=2, at=here)
    assert world.round(assignment_id) == 1
    assert world.offers_of(assignment_id) == {team: "open"}


@pytest.mark.usefixtures("by_day")
def test_danger_that_is_over_or_to_come_and_closed_roads_do_not_count(world):
    volunteer_id = world.volunteer(vehicle="car")
    with world.system.reading() as tx:
        tomorrow = (tx.now + timedelta(days=1)).isoformat()
    danger(world, CIANJUR, begins_at=tomorrow)
    closed_road(world, BETWEEN)
    over = danger(world, CIANJUR)
    with world.system.writing() as tx:
        tx.hazards.change(over, begins_at=tx.now - timedelta(days=2), ends_at=tx.now - timedelta(days=1))
    assignment_id = assignment(world, at=AWAY)
    assert world.round(assignment_id) == 1
    assert world.offers_of(assignment_id) == {volunteer_id: "open"}


def test_a_check_in_says_how_many_go_together(world):
    volunteer_id = world.volunteer(here=False)
    actor, gazetteer = volunteer_actor(volunteer_id), world.system.gazetteer()
    with world.system.reading() as tx:
        until = (tx.now + timedelta(hours=2)).isoformat()
    with world.system.writing() as tx:
        body = parse(CheckinIn, {"area_code": "32.03.01", "until": until, "team": 2})
        assert volunteering.check_in(tx, actor, body, gazetteer)["team"] == 2
    with world.system.writing() as tx:
        changed = volunteering.change_checkin(tx, actor, parse(CheckinChangeIn, {"team": 4}), gazetteer)
    assert changed["team"] == 4
    with pytest.raises(Invalid) as refused:
        parse(CheckinChangeIn, {"team": 0})
    assert set(refused.value.fields) == {"team"}
