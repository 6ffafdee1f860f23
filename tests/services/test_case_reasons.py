"""What a case tells of why: its part of the plan in force, and how each of its assignments was decided."""

import pytest

from server.domain.errors import NotFound
from server.domain.permissions import Actor, Grant
from server.services import assignments, cases, reassigning
from server.services.inputs import parse
from server.services.inputs_dispatch import AssignIn, CancelIn
from server.services.inputs_planning import ReassignIn
from tests.services.world import COORDINATOR

FAR = (107.60, -6.91)
IN_CIANJUR = Actor("koordinator-cianjur", grants=(Grant("coordinator", "32.03"),))
IN_BOGOR = Actor("koordinator-bogor", grants=(Grant("coordinator", "32.01"),))


def told(world, case_id, actor=COORDINATOR):
    with world.system.reading() as tx:
        return cases.detail(tx, actor, case_id)


def by_hand(world, case_id, item, lot, quantity, reason="permintaan camat"):
    need = world.needs(case_id)[item]
    body = parse(AssignIn, {"need_id": need["id"], "lot_id": lot, "quantity": quantity, "reason": reason})
    with world.system.writing() as tx:
        return assignments.assign(tx, COORDINATOR, body)["id"]


def test_a_ready_plan_says_on_the_case_what_comes_and_why_the_rest_waits(world):
    near, far = world.site(), world.site(at=FAR)
    lot = world.stock(near, "blanket", 60)
    other = world.stock(far, "blanket", 30)
    case_id, stranger = world.case({"blanket": 100}), world.case({"blanket": 5}, at=FAR)
    plan_id = world.plan()
    found, whole = told(world, case_id), world.shown(plan_id)
    part = found["plan"]
    assert (part["id"], part["state"], part["may_open"]) == (plan_id, "ready", True)
    assert part["matches"] == [match for match in whole["matches"] if match["case_id"] == case_id]
    assert part["unmet"] == [one for one in whole["unmet"] if one["case_id"] == case_id]
    assert {match["lot_id"] for match in part["matches"]} == {lot, other}
    assert sum(match["quantity"] for match in part["matches"]) + part["unmet"][0]["quantity"] == 100
    assert all(match["why"]["terms"] and match["why"]["flip"] for match in part["matches"])
    assert found["sources"].keys() >= {match["why"]["flip"]["goes_to"] for match in part["matches"]}
    assert {source["site_id"] for source in found["sources"].values()} == {near, far}
    assert {line["case_id"] for line in told(world, stranger)["plan"]["matches"]} <= {stranger}


def test_an_approved_match_keeps_its_why_with_the_assignment(world):
    world.stock(world.site(), "blanket", 60)
    case_id = world.case({"blanket": 100})
    plan_id = world.plan()
    (match,) = world.shown(plan_id)["matches"]
    (assignment_id,) = world.approve(plan_id)["approved"]
    found = told(world, case_id)
    decided = found["decided"][assignment_id]
    assert (decided["by"], decided["by_hand"], decided["plan_id"]) == (COORDINATOR.name, False, plan_id)
    (line,) = decided["lines"]
    assert (line["supply_id"], line["quantity"], line["why"]) == (match["lot_id"], 60, match["why"])
    assert found["plan"]["matches"] == []
    assert [(one["quantity"], one["why"]["code"]) for one in found["plan"]["unmet"]] == [(40, "all_taken")]


def test_what_somebody_covered_since_is_not_called_open(world):
    site = world.site()
    case_id = world.case({"blanket": 100})
    plan_id = world.plan()
    lot = world.stock(site, "blanket", 100)
    assert told(world, case_id)["plan"]["unmet"][0]["quantity"] == 100
    by_hand(world, case_id, "blanket", lot, 70)
    assert told(world, case_id)["plan"]["unmet"][0]["quantity"] == 30
    by_hand(world, case_id, "blanket", lot, 30)
    found = told(world, case_id)
    assert (found["plan"]["id"], found["plan"]["unmet"]) == (plan_id, [])


def test_what_a_person_made_says_so_with_the_reason_also_after_its_end(world):
    lot = world.stock(world.site(), "blanket", 60)
    case_id = world.case({"blanket": 50})
    first = by_hand(world, case_id, "blanket", lot, 50)
    decided = told(world, case_id)["decided"][first]
    assert (decided["by"], decided["by_hand"], decided["reason"]) == (COORDINATOR.name, True, "permintaan camat")
    assert decided["lines"][0]["why"] == {}
    other = world.stock(world.site(), "blanket", 60)
    body = parse(ReassignIn, {"lot_id": other, "reason": "jalan ke sana putus"})
    with world.system.writing() as tx:
        second = reassigning.reassign(tx, COORDINATOR, first, body)["id"]
    world.do(assignments.cancel, COORDINATOR, second, CancelIn(reason="sudah ada bantuan"))
    found = told(world, case_id)["decided"]
    assert found[first]["reason"] == "permintaan camat"
    assert (found[second]["reason"], found[second]["instead_of"]) == ("jalan ke sana putus", first)


def test_a_ruling_is_told_with_its_reason_before_and_after_approval(world):
    world.stock(world.site(), "blanket", 60)
    lot = world.stock(world.site(at=FAR), "blanket", 60)
    case_id = world.case({"blanket": 50})
    ruling_id = world.rule("pin", world.needs(case_id)["blanket"]["id"], lot_id=lot)
    plan_id = world.plan()
    found = told(world, case_id)
    assert found["plan"]["matches"][0]["why"] == {"ruling_id": ruling_id}
    assert [(one["id"], one["reason"], one["by"]) for one in found["rulings"]] == [
        (ruling_id, "jalan rusak", COORDINATOR.name)
    ]
    (assignment_id,) = world.approve(plan_id)["approved"]
    with world.system.writing() as tx:
        tx.rulings.change(ruling_id, ended_by="lain", ended_at=tx.now)
    found = told(world, case_id)
    assert found["decided"][assignment_id]["lines"][0]["why"] == {"ruling_id": ruling_id}
    assert [one["id"] for one in found["rulings"]] == [ruling_id]


def test_a_volunteer_is_named_by_alias_only(world):
    medic = world.volunteer(skills=("medical",))
    case_id = world.case({"medical": 1})
    world.plan()
    found = told(world, case_id)
    assert found["plan"]["matches"][0]["volunteer_id"] == medic
    assert set(found["volunteers"][medic]) == {"alias"}


def test_the_case_is_told_to_its_own_coordinators_and_the_plan_is_not(world):
    world.stock(world.site(), "blanket", 60)
    case_id = world.case({"blanket": 50})
    plan_id = world.plan()
    found = told(world, case_id, IN_CIANJUR)
    assert found["plan"]["matches"][0]["quantity"] == 50
    assert not found["plan"]["may_open"]
    with pytest.raises(NotFound):
        world.shown(plan_id, IN_CIANJUR)
    with pytest.raises(NotFound):
        told(world, case_id, IN_BOGOR)


def test_a_plan_of_another_area_or_a_wave_is_not_in_force(world):
    world.stock(world.site(), "blanket", 60)
    case_id = world.case({"blanket": 50})
    assert told(world, case_id)["plan"] is None
    plan_id = world.plan()
    with world.system.writing() as tx:
        tx.plans.change(plan_id, area="32.01")
    assert told(world, case_id)["plan"] is None
    with world.system.writing() as tx:
        tx.plans.change(plan_id, area="32.03", kind="wave")
    assert told(world, case_id)["plan"] is None
    with world.system.writing() as tx:
        tx.plans.change(plan_id, kind="live")
    assert told(world, case_id)["plan"]["id"] == plan_id
