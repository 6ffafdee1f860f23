"""Rulings: pinned and forbidden matches are kept to, what they cost is told, and nothing falls away unseen."""

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.permissions import Actor, Grant
from server.services import assignments, rulings
from server.services.inputs import ReasonIn
from server.services.inputs_dispatch import CancelIn
from tests.services.world import COORDINATOR

FAR = (107.60, -6.91)


@pytest.fixture
def choice(world):
    """A need of 60 blankets, a lot near by and one far away."""
    near, far = (world.stock(world.site(at=at), "blanket", 100) for at in ((107.139, -6.83), FAR))
    case_id = world.case({"blanket": 60})
    return world.needs(case_id)["blanket"]["id"], near, far


def taken(shown):
    return {match["lot_id"] or match["volunteer_id"]: match["quantity"] for match in shown["matches"]}


def test_a_pin_is_followed_and_says_what_it_costs(world, choice):
    need_id, near, far = choice
    ruling_id = world.rule("pin", need_id, lot_id=far, quantity=20)
    shown = world.shown(world.plan())
    assert taken(shown) == {near: 40, far: 20}
    ruled = {match["lot_id"]: match["ruling"] for match in shown["matches"]}
    assert ruled == {near: None, far: "pin"}
    (ruling,) = shown["rulings"]
    assert (ruling["id"], ruling["state"], ruling["units"]) == (ruling_id, "followed", 20)
    assert (ruling["reason"], ruling["by"]) == ("jalan rusak", "koordinator")
    ways = {match["lot_id"]: match["minutes"] for match in shown["matches"]}
    assert ruling["cost_units"] == 0
    assert 0.5 * 20 * (ways[far] - ways[near]) < ruling["cost_minutes"] < 2 * 20 * (ways[far] - ways[near])


def test_a_forbidden_match_is_not_made_whatever_it_costs(world, choice):
    need_id, near, far = choice
    world.rule("forbid", need_id, lot_id=near)
    shown = world.shown(world.plan())
    assert taken(shown) == {far: 60}
    (ruling,) = shown["rulings"]
    assert ruling["state"] == "followed"
    assert ruling["cost_minutes"] > 0
    world.rule("forbid", need_id, lot_id=far)
    shown = world.shown(world.plan())
    assert (shown["matches"], shown["unmet"][0]["quantity"]) == ([], 60)
    assert [ruling["cost_units"] for ruling in shown["rulings"]] == [60, 60]


def test_a_volunteer_is_pinned_and_forbidden_like_a_lot(world):
    near, far = world.volunteer(skills=("medical",)), world.volunteer(skills=("medical",), at=FAR)
    need_id = world.needs(world.case({"medical": 1}))["medical"]["id"]
    world.rule("pin", need_id, volunteer_id=far)
    assert taken(world.shown(world.plan())) == {far: 1}
    with world.system.writing() as tx:
        rulings.end(tx, COORDINATOR, tx.rulings.of_need(need_id)[0]["id"], ReasonIn(reason="sudah dekat"))
    world.rule("forbid", need_id, volunteer_id=near)
    assert taken(world.shown(world.plan())) == {far: 1}


def test_a_pin_whose_goods_are_promised_is_done_and_not_taken_twice(world, choice):
    need_id, near, far = choice
    world.rule("pin", need_id, lot_id=far, quantity=20)
    plan_id = world.plan()
    pinned = [match["n"] for match in world.shown(plan_id)["matches"] if match["ruling"]]
    (job,) = world.approve(plan_id, only=pinned)["approved"]
    shown = world.shown(world.plan())
    assert taken(shown) == {near: 40}
    assert (shown["rulings"][0]["state"], shown["rulings"][0]["units"]) == ("done", 0)
    world.do(assignments.cancel, COORDINATOR, job, CancelIn(reason="jalan putus"))
    assert taken(world.shown(world.plan())) == {near: 40, far: 20}


def test_a_pin_on_something_gone_falls_away_and_the_plan_says_so(world, choice):
    need_id, near, far = choice
    world.rule("pin", need_id, lot_id=far)
    with world.system.writing() as tx:
        tx.sites.change(tx.stock.lot(far)["site_id"], is_open=False)
    shown = world.shown(world.plan())
    assert taken(shown) == {near: 60}
    assert [(one["state"], one["because"]) for one in shown["rulings"]] == [("fallen", "stock_gone")]


def test_a_ruling_that_ended_no_longer_counts_and_ends_once(world, choice):
    need_id, near, far = choice
    ruling_id = world.rule("pin", need_id, lot_id=far)
    with world.system.writing() as tx:
        assert rulings.end(tx, COORDINATOR, ruling_id, ReasonIn(reason="jalan dibuka"))["ended_by"] == "koordinator"
    shown = world.shown(world.plan())
    assert (taken(shown), shown["rulings"]) == ({near: 60}, [])
    with pytest.raises(Conflict) as refused, world.system.writing() as tx:
        rulings.end(tx, COORDINATOR, ruling_id, ReasonIn(reason="jalan dibuka"))
    assert refused.value.code == "ruling_ended"


def test_nobody_overrules_a_ruling_without_ending_it(world, choice):
    need_id, near, _ = choice
    first = world.rule("pin", need_id, lot_id=near)
    with pytest.raises(Conflict) as refused:
        world.rule("forbid", need_id, lot_id=near)
    assert (refused.value.code, refused.value.state["id"]) == ("ruling_exists", first)


def test_what_does_not_fit_is_named(world, choice):
    need_id, near, _ = choice
    tent = world.stock(world.site(), "tent", 1)
    nothing = "00000000-0000-4000-8000-000000000000"
    person = world.volunteer()
    for more, field in (
        ({}, "lot_id"),
        ({"lot_id": nothing}, "lot_id"),
        ({"lot_id": tent}, "lot_id"),
        ({"volunteer_id": person}, "volunteer_id"),
        ({"lot_id": near, "quantity": 61}, "quantity"),
    ):
        with pytest.raises(Invalid) as refused:
            world.rule("pin", need_id, **more)
        assert list(refused.value.fields) == [field], more
    with pytest.raises(Invalid) as refused:
        world.rule("forbid", need_id, lot_id=near, quantity=3)
    assert list(refused.value.fields) == ["quantity"]


def test_who_may_rule_and_who_sees_it(world, choice):
    need_id, near, _ = choice
    keeper = Actor("gudang", grants=(Grant("keeper", "32"),))
    elsewhere = Actor("lain", grants=(Grant("coordinator", "32.04"),))
    with pytest.raises(Forbidden):
        world.rule("pin", need_id, actor=keeper, lot_id=near)
    with pytest.raises(NotFound):
        world.rule("pin", need_id, actor=elsewhere, lot_id=near)
    ruling_id = world.rule("pin", need_id, lot_id=near)
    with world.system.reading() as tx:
        assert [one["id"] for one in rulings.listed(tx, keeper, None)] == [ruling_id]
        assert rulings.listed(tx, elsewhere, None) == []
    with pytest.raises(NotFound), world.system.writing() as tx:
        rulings.end(tx, elsewhere, ruling_id, ReasonIn(reason="tidak perlu"))


def test_a_ruling_is_told_and_audited(world, choice):
    need_id, near, _ = choice
    world.rule("forbid", need_id, lot_id=near)
    (told,) = world.events("RulingChanged")
    assert (told["data"]["need_id"], told["data"]["action"]) == (need_id, "forbid")
    with world.system.reading() as tx:
        found = tx.conn.exec_driver_sql("select details from audit where action = 'ruling:forbid'").scalar_one()
    assert found == {"need_id": need_id, "reason": "jalan rusak"}


def test_a_lot_that_is_pinned_in_part_stays_as_it_was_proposed(world):
    lot = world.stock(world.site(), "blanket", 20)
    case_id = world.case({"blanket": 20})
    world.rule("pin", world.needs(case_id)["blanket"]["id"], lot_id=lot, quantity=15)
    plan_id = world.plan()
    assert sorted(match["quantity"] for match in world.shown(plan_id)["matches"]) == [5, 15]
    world.approve(plan_id)
    world.case({"blanket": 5})
    again = world.shown(world.plan())
    assert (again["matches"], again["kept"]) == ([], 1)
