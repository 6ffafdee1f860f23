"""What a volunteer reads of their own work: why an offer is theirs, what lacks near by, what they have done."""

from server.services import assignments, my_work
from server.services.inputs_dispatch import FailIn
from tests.services.world import CIANJUR, volunteer_actor

NEARER, FARTHER = (CIANJUR[0], CIANJUR[1] + 0.01), (CIANJUR[0], CIANJUR[1] + 0.05)


def read(world, what, volunteer_id):
    with world.system.reading() as tx:
        return what(tx, volunteer_actor(volunteer_id))


def why(world, volunteer_id):
    (offer,) = read(world, my_work.offered, volunteer_id)
    return offer["why"]


def test_an_offer_says_how_near_its_volunteer_is_and_how_many_are_nearer(world):
    near, far = world.volunteer(at=NEARER), world.volunteer(at=FARTHER)
    world.stock(world.site(), "blanket", 10)
    _, (assignment_id,) = world.approved({"blanket": 1}, tier=0)
    world.round(assignment_id)
    first, second = why(world, near), why(world, far)
    assert first["minutes"] < second["minutes"]
    assert (first["nearer"], second["nearer"]) == (0, 1)
    assert [one["asked"] for one in (first, second)] == [2, 2]
    assert [one["planned"] for one in (first, second)] == [True, False]


def test_whom_the_plan_has_in_mind_and_whom_a_coordinator_chose_are_told_so(world):
    medic = world.volunteer(skills=("medical",))
    _, (assignment_id,) = world.approved({"medical": 1})
    world.round(assignment_id)
    assert why(world, medic)["planned"]
    other = world.volunteer(skills=("medical",), here=False)
    world.offer(assignment_id, other)
    assert why(world, other) == {"by_hand": True, "minutes": None}


def test_what_lacks_near_by_is_told_by_village_without_the_cases(world):
    volunteer_id = world.volunteer(vehicle="motorcycle")
    for quantity in (3, 4):
        world.case({"blanket": quantity}, at=NEARER, tier=2)
    world.case({"water": 10}, at=(CIANJUR[0] + 1, CIANJUR[1]))
    world.case({"tent": 1}, at=NEARER, verified=False)
    (village,) = read(world, my_work.near, volunteer_id)
    assert village["items"] == [{"item": "blanket", "quantity": 7, "unit": "piece"}]
    assert (village["km"], village["tier"]) == (2, 2)
    assert set(village) == {"area", "km", "tier", "items"}


def test_what_somebody_brings_does_not_lack_any_more(world):
    volunteer_id = world.volunteer()
    world.stock(world.site(), "blanket", 10)
    world.case({"blanket": 10})
    assert read(world, my_work.near, volunteer_id) != []
    world.approve(world.plan())
    assert read(world, my_work.near, volunteer_id) == []


def test_who_is_not_checked_in_has_nothing_near(world):
    assert read(world, my_work.near, world.volunteer(here=False)) is None


def test_what_was_done_is_listed_with_how_it_ended(world):
    volunteer_id = world.volunteer()
    world.stock(world.site(), "blanket", 10)
    _, (assignment_id,) = world.approved({"blanket": 2})
    world.round(assignment_id)
    world.accept(assignment_id, volunteer_id)
    assert read(world, my_work.history, volunteer_id) == {"done": [], "delivered": 0}
    world.do(assignments.fail, volunteer_actor(volunteer_id), assignment_id, FailIn(reason="ban bocor"))
    found = read(world, my_work.history, volunteer_id)
    (done,) = found["done"]
    assert (done["state"], done["reason"], found["delivered"]) == ("failed", "ban bocor", 0)
    assert done["items"] == [{"item": "blanket", "quantity": 2, "unit": "piece"}]
