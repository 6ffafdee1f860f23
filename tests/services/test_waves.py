"""Waves: drafted for a departure, edited by people, approved as one, beside the live plans."""

from datetime import timedelta

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.permissions import Actor, Grant
from server.services import pickups, plans, sheets, waves
from server.services.inputs import parse
from server.services.inputs_planning import WaveEditIn, WaveIn
from tests.services.world import COORDINATOR


def draft(world, actor=COORDINATOR, leaves_in=timedelta(hours=1)):
    body = {"name": "Truk pukul 09.00", "departs_at": (world.system.now() + leaves_in).isoformat()}
    with world.system.writing() as tx:
        plan_id = waves.draft(tx, actor, parse(WaveIn, body))["id"]
    world.work_out(plan_id)
    return plan_id


def edit(world, plan_id, actor=COORDINATOR, **body):
    body = {"version": world.shown(plan_id)["version"], "reason": "truk penuh", **body}
    with world.system.writing() as tx:
        return waves.edit(tx, actor, plan_id, parse(WaveEditIn, body))


@pytest.fixture
def wave(world):
    """The draft of a wave with two matches of 10 and 20 blankets; its id, and the lot that they come from."""
    lot = world.stock(world.site(), "blanket", 100)
    world.case({"blanket": 10})
    world.case({"blanket": 20})
    return draft(world), lot


def test_a_draft_stands_beside_live_plans(world, wave):
    plan_id, lot = wave
    live = world.plan()
    shown = world.shown(plan_id)
    assert (shown["kind"], shown["state"], shown["asked"]["name"]) == ("wave", "ready", "Truk pukul 09.00")
    assert world.shown(live)["state"] == "ready"
    assert world.lot(lot)["free"] == 100
    with world.system.reading() as tx:
        assert [one["id"] for one in plans.latest(tx, COORDINATOR, None)] == [live]
        assert [one["id"] for one in plans.latest(tx, COORDINATOR, None, kind="wave")] == [plan_id]


def test_what_is_taken_out_stays_and_what_is_changed_goes(world, wave):
    plan_id, lot = wave
    shown = edit(world, plan_id, take_out=[1], quantities={"2": 15})
    assert [(one["taken_out"], one["quantity"]) for one in shown["matches"]] == [(True, 10), (False, 15)]
    made = world.approve(plan_id)
    assert len(made["approved"]) == 1
    assert world.lot(lot)["free"] == 85


def test_what_leaves_a_site_is_told_by_wave_and_lot(world, wave):
    plan_id, lot = wave
    world.approve(plan_id)
    site_id = world.lot(lot)["site_id"]
    with world.system.reading() as tx:
        found = pickups.of_site(tx, COORDINATOR, site_id)["pickups"]
    assert {one["wave"]["name"] for one in found} == {"Truk pukul 09.00"}
    assert {one["wave"]["id"] for one in found} == {plan_id}
    assert sorted(line["quantity"] for one in found for line in one["lots"]) == [10, 20]
    assert {line["lot_id"] for one in found for line in one["lots"]} == {lot}


def test_what_was_taken_out_is_put_back(world, wave):
    plan_id, lot = wave
    edit(world, plan_id, take_out=[1, 2])
    edit(world, plan_id, put_back=[2])
    world.approve(plan_id)
    assert world.lot(lot)["free"] == 80


def test_what_is_gone_meanwhile_is_cut_when_it_is_approved(world, wave):
    plan_id, lot = wave
    urgent = world.case({"blanket": 95}, tier=0)
    live = world.plan()
    first = [match["n"] for match in world.shown(live)["matches"] if match["case_id"] == urgent]
    world.approve(live, only=first)
    made = world.approve(plan_id)
    assert made["reduced"] == [{"n": 1, "quantity": 5, "reason": "stock_gone"}]
    assert made["dropped"] == [{"n": 2, "reason": "stock_gone"}]
    assert world.lot(lot)["free"] == 0
    assert world.faults() == []


def test_a_wave_is_approved_as_one(world, wave):
    plan_id, _ = wave
    with pytest.raises(Invalid) as refused:
        world.approve(plan_id, only=[1])
    assert list(refused.value.fields) == ["only"]


def test_what_a_draft_does_not_have_is_named(world, wave):
    plan_id, _ = wave
    with pytest.raises(Invalid) as refused:
        edit(world, plan_id, take_out=[1, 8], put_back=[9], quantities={"2": 21})
    assert set(refused.value.fields) == {"take_out", "put_back", "quantities.2"}
    assert not any(one["taken_out"] for one in world.shown(plan_id)["matches"])


def test_an_edit_of_another_version_is_refused_with_the_present_one(world, wave):
    plan_id, _ = wave
    edit(world, plan_id, take_out=[1])
    with pytest.raises(Conflict) as refused:
        edit(world, plan_id, take_out=[2], version=1)
    assert refused.value.state["version"] == world.shown(plan_id)["version"]
    world.approve(plan_id)
    with pytest.raises(Conflict):
        edit(world, plan_id, take_out=[2])


def test_edits_are_told_and_audited(world, wave):
    plan_id, _ = wave
    edit(world, plan_id, take_out=[1], quantities={"2": 5})
    assert [one["data"]["plan_id"] for one in world.events("PlanChanged")] == [plan_id]
    with world.system.reading() as tx:
        found = tx.conn.exec_driver_sql("select details from audit where action = 'plan:edit'").scalar_one()
    assert found == {"take_out": [1], "put_back": [], "quantities": {"2": 5}, "reason": "truk penuh"}


def test_who_may_draft_and_edit_and_when(world, wave):
    plan_id, _ = wave
    keeper = Actor("gudang", grants=(Grant("keeper", "32"),))
    with pytest.raises(Forbidden):
        draft(world, keeper)
    with pytest.raises(Forbidden):
        edit(world, plan_id, keeper, take_out=[1])
    with pytest.raises(NotFound):
        edit(world, plan_id, Actor("lain", grants=(Grant("coordinator", "32.04"),)), take_out=[1])
    with pytest.raises(NotFound):
        edit(world, world.plan(), take_out=[1])
    with pytest.raises(Invalid) as refused:
        draft(world, leaves_in=timedelta(minutes=-1))
    assert list(refused.value.fields) == ["departs_at"]


def picked(world, plan_id):
    with world.system.reading() as tx:
        found = sheets.sheets(tx, COORDINATOR, plan_id)
    rows = [(row["item"], row["quantity"]) for site in sheets.picking(found) for row in site["rows"]]
    stops = [(stop["case_id"], [line["quantity"] for line in stop["lines"]]) for t in found.trips for stop in t.stops]
    return rows, sorted(stops)


def test_sheets_show_the_draft_as_edited_and_then_what_became_of_it(world, wave):
    plan_id, _ = wave
    first, second = (one["case_id"] for one in world.shown(plan_id)["matches"])
    assert picked(world, plan_id) == ([("blanket", 30)], [(first, [10]), (second, [20])])
    edit(world, plan_id, take_out=[1], quantities={"2": 15})
    assert picked(world, plan_id) == ([("blanket", 15)], [(second, [15])])
    world.approve(plan_id)
    assert picked(world, plan_id) == ([("blanket", 15)], [(second, [15])])


def test_a_draft_follows_the_trips_that_it_was_planned_with(world, wave):
    plan_id, lot = wave
    person = world.volunteer()
    matches = world.shown(plan_id)["matches"]
    stops = [
        {"case_id": one["case_id"], "lines": [{"n": one["n"], "quantity": one["quantity"]}], "minutes": 12.0}
        for one in reversed(matches)
    ]
    with world.system.writing() as tx:
        site_id = tx.stock.lot(lot)["site_id"]
        trip = {"n": 1, "site_id": site_id, "vehicle": "truck", "volunteer_id": person, "minutes": 24.0, "km": 9.0}
        trip |= {"weight_kg": 45.0, "stops": stops}
        plan = tx.plans.get(plan_id)
        tx.plans.change(plan_id, result={**plan["result"], "trips": [trip]})
    with world.system.reading() as tx:
        (shown,) = sheets.sheets(tx, COORDINATOR, plan_id).trips
        alias = tx.volunteers.get(person)["alias"]
    assert [stop["case_id"] for stop in shown.stops] == [one["case_id"] for one in reversed(matches)]
    assert (shown.vehicle, shown.driver, shown.code) == ("truck", alias, "1")


def test_a_what_if_and_a_plan_that_is_not_ready_have_no_sheets(world):
    asked = world.what_if({"kind": "close_site", "site_id": world.site()})["id"]
    with pytest.raises(NotFound), world.system.reading() as tx:
        sheets.sheets(tx, COORDINATOR, asked)
