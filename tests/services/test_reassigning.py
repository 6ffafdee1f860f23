"""Reassigning: the old assignment ends, the new one holds as much, and who had it is told."""

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, WrongTransition
from server.domain.permissions import Actor, Grant
from server.services import assignments, reassigning
from server.services.inputs import parse
from server.services.inputs_dispatch import StepIn
from server.services.inputs_planning import ReassignIn
from tests.services.world import COORDINATOR, volunteer_actor


def reassign(world, assignment_id, actor=COORDINATOR, **body):
    wanted = parse(ReassignIn, {"reason": "jalan putus", **body})
    return world.do(reassigning.reassign, actor, assignment_id, wanted)


@pytest.fixture
def job(world):
    """An assignment of 10 blankets, with the lot that it holds."""
    lot = world.stock(world.site(), "blanket", 10)
    _, (assignment_id,) = world.approved({"blanket": 10})
    return assignment_id, lot


def test_another_lot_holds_the_goods_and_the_first_is_free_again(world, job):
    assignment_id, lot = job
    site = world.site()
    other = world.stock(site, "blanket", 15)
    new = reassign(world, assignment_id, lot_id=other)
    assert (new["state"], new["site_id"]) == ("proposed", site)
    assert world.state(assignment_id)["state"] == "cancelled"
    assert (world.lot(lot)["free"], world.lot(other)["free"]) == (10, 5)
    assert world.needs(new["case_id"])["blanket"]["covered"] == 10
    assert world.state(new["id"])["reason"] == "jalan putus"
    assert world.state(new["id"])["why"]["instead_of"] == assignment_id
    assert world.faults() == []


def test_another_volunteer_is_asked_first_and_the_one_who_had_it_is_told(world, job):
    assignment_id, lot = job
    first, second = world.volunteer(), world.volunteer()
    world.offer(assignment_id, first)
    world.accept(assignment_id, first)
    new = reassign(world, assignment_id, volunteer_id=second, version=world.state(assignment_id)["version"])
    assert world.state(new["id"])["wanted_volunteer_id"] == second
    told = [one["data"] for one in world.events("AssignmentChanged") if one["data"]["assignment_id"] == assignment_id]
    assert (told[-1]["state"], told[-1]["volunteer_id"]) == ("cancelled", first)
    assert world.lot(lot)["free"] == 0
    world.round(new["id"])
    assert second in world.offers_of(new["id"])


def test_what_has_set_off_is_not_taken_back(world, job):
    assignment_id, _ = job
    person = world.volunteer()
    world.offer(assignment_id, person)
    world.accept(assignment_id, person)
    world.do(assignments.depart, volunteer_actor(person), assignment_id, StepIn())
    with pytest.raises(WrongTransition):
        reassign(world, assignment_id, volunteer_id=world.volunteer())
    assert world.state(assignment_id)["state"] == "en_route"


def test_too_little_elsewhere_changes_nothing(world, job):
    assignment_id, lot = job
    other = world.stock(world.site(), "blanket", 9)
    with pytest.raises(Conflict) as refused:
        reassign(world, assignment_id, lot_id=other)
    assert (refused.value.code, refused.value.state["free"]) == ("stock_gone", 9)
    assert world.state(assignment_id)["state"] == "proposed"
    assert world.lot(lot)["free"] == 0


def test_what_does_not_fit_is_named(world, job):
    assignment_id, lot = job
    tent = world.stock(world.site(), "tent", 1)
    nobody = "00000000-0000-4000-8000-000000000000"
    for body, fields in (
        ({}, {"lot_id", "volunteer_id"}),
        ({"lot_id": lot}, {"lot_id"}),
        ({"lot_id": tent, "volunteer_id": nobody}, {"lot_id", "volunteer_id"}),
    ):
        with pytest.raises(Invalid) as refused:
            reassign(world, assignment_id, **body)
        assert set(refused.value.fields) == fields, body


def test_who_may_reassign(world, job):
    assignment_id, _ = job
    person = world.volunteer()
    with pytest.raises(Forbidden):
        reassign(world, assignment_id, Actor("gudang", grants=(Grant("keeper", "32"),)), volunteer_id=person)
    with pytest.raises(NotFound):
        reassign(world, assignment_id, Actor("lain", grants=(Grant("coordinator", "32.04"),)), volunteer_id=person)
    with pytest.raises(Conflict):
        reassign(world, assignment_id, volunteer_id=person, version=99)
