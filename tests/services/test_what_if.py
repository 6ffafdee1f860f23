"""What-if: a re-solve of the same situation with changes, kept beside the plans and gone within the hour."""

from datetime import timedelta

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, TooMany
from server.domain.permissions import Actor, Grant
from server.services import reconciling, what_if
from server.services.inputs import parse
from server.services.inputs_planning import WhatIfIn
from tests.services.world import CIANJUR, COORDINATOR

FAR = (107.60, -6.91)


def ask(world, *changes, actor=COORDINATOR):
    with world.system.writing() as tx:
        return what_if.ask(tx, actor, parse(WhatIfIn, {"changes": list(changes)}))


def test_more_stock_serves_more_and_says_whom(world):
    site = world.site()
    world.stock(site, "blanket", 20)
    case_id = world.case({"blanket": 60})
    waiting = world.plan()
    shown = world.what_if({"kind": "add_stock", "site_id": site, "item": "blanket", "quantity": 30})
    answer = shown["what_if"]
    assert answer["base"]["plan_id"] == waiting
    assert (answer["base"]["unmet_units"], answer["now"]["unmet_units"]) == (40, 10)
    assert (answer["base"]["open_needs"], answer["now"]["open_needs"]) == (1, 1)
    assert [(one["case_id"], one["quantity"]) for one in answer["served_more"]] == [(case_id, 30)]
    assert answer["served_less"] == []
    assert answer["now"]["cost"] < answer["base"]["cost"]
    new = [match for match in shown["matches"] if match["quantity"] == 30]
    assert shown["sources"][new[0]["lot_id"]]["site_id"] == site
    assert (new[0]["lon"], new[0]["lat"]) == CIANJUR


def test_a_closed_site_leaves_its_people_without(world):
    near, far = world.site(), world.site(at=FAR)
    lot, other = world.stock(near, "blanket", 50), world.stock(far, "blanket", 30)
    world.case({"blanket": 50})
    shown = world.what_if({"kind": "close_site", "site_id": near})
    assert {match["lot_id"]: match["quantity"] for match in shown["matches"]} == {other: 30}
    assert [one["quantity"] for one in shown["what_if"]["served_less"]] == [20]
    plan = world.shown(world.plan())
    assert {match["lot_id"]: match["quantity"] for match in plan["matches"]} == {lot: 50}


def test_more_hands_serve_more(world):
    site = world.site()
    world.case({"medical": 3})
    shown = world.what_if({"kind": "add_volunteer", "site_id": site, "skills": ["medical"], "count": 2})
    assert shown["what_if"]["now"]["unmet_units"] == 1
    assert sorted(shown["volunteers"][match["volunteer_id"]]["alias"] for match in shown["matches"]) == ["+1", "+2"]


def test_a_ruling_is_tried_out_before_it_is_made(world):
    near, far = (world.stock(world.site(at=at), "blanket", 50) for at in (CIANJUR, FAR))
    need_id = world.needs(world.case({"blanket": 50}))["blanket"]["id"]
    world.rule("pin", need_id, lot_id=near)
    shown = world.what_if({"kind": "pin", "need_id": need_id, "lot_id": far, "quantity": 10})
    assert {match["lot_id"]: match["quantity"] for match in shown["matches"]} == {near: 40, far: 10}
    shown = world.what_if({"kind": "forbid", "need_id": need_id, "lot_id": near})
    assert {match["lot_id"]: match["quantity"] for match in shown["matches"]} == {far: 50}
    with world.system.reading() as tx:
        assert [row["kind"] for row in tx.rulings.of_need(need_id)] == ["pin"]


def test_it_changes_no_plan_holds_nothing_and_is_not_approved(world):
    lot = world.stock(world.site(), "blanket", 50)
    world.case({"blanket": 50})
    plan_id = world.plan()
    asked = world.what_if({"kind": "close_site", "site_id": world.site()})
    assert world.shown(plan_id)["state"] == "ready"
    assert world.lot(lot)["free"] == 50
    with pytest.raises(Conflict) as refused:
        world.approve(asked["id"])
    assert refused.value.code == "not_to_approve"
    with world.system.reading() as tx:
        assert tx.plans.matches(asked["id"]) == []
        assert [row["id"] for row in tx.plans.latest(world.incident["id"], 10)] == [plan_id]
    assert world.shown(world.plan())["difference"]["against"] == plan_id


def test_it_is_gone_after_an_hour(world):
    plan_id = world.plan()
    asked = world.what_if({"kind": "close_site", "site_id": world.site()})["id"]

    def after(past):
        with world.system.writing() as tx:
            tx.conn.exec_driver_sql("update plans set requested_at = now() - %(past)s", {"past": past})
            return reconciling.reconcile(tx)["what_ifs_forgotten"]

    assert after(what_if.KEPT - timedelta(minutes=1)) == 0
    assert after(what_if.KEPT + timedelta(minutes=1)) == 1
    with world.system.reading() as tx:
        assert tx.plans.get(asked) is None
        assert tx.plans.get(plan_id) is not None


def test_what_a_change_lacks_or_does_not_take_is_named(world):
    site, need_id = world.site(), world.needs(world.case({"blanket": 5}))["blanket"]["id"]
    nothing = "00000000-0000-4000-8000-000000000000"
    for change, fields in (
        ({"kind": "add_stock"}, {"site_id", "item", "quantity"}),
        ({"kind": "add_stock", "site_id": nothing, "item": "medical", "quantity": 1}, {"site_id", "item"}),
        ({"kind": "close_site", "site_id": site, "quantity": 3}, {"quantity"}),
        ({"kind": "add_vehicle", "site_id": site, "vehicle": "truck"}, {"count"}),
        ({"kind": "pin", "need_id": need_id}, {"lot_id"}),
        ({"kind": "pin", "need_id": 1, "lot_id": nothing}, {"need_id"}),
        ({"kind": "forbid", "need_id": need_id, "lot_id": nothing, "quantity": 1}, {"quantity"}),
    ):
        with pytest.raises(Invalid) as refused:
            ask(world, {"kind": "close_site", "site_id": site}, change)
        assert set(refused.value.fields) == {f"changes.1.{name}" for name in fields}, change


def test_who_may_ask_and_how_many_wait(world):
    change = {"kind": "close_site", "site_id": world.site()}
    with pytest.raises(Forbidden):
        ask(world, change, actor=Actor("gudang", grants=(Grant("keeper", "32"),)))
    for _ in range(what_if.MOST_WAITING):
        ask(world, change)
    with pytest.raises(TooMany):
        ask(world, change)
