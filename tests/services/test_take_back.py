"""A verdict taken back: as if it had not been given, as long as nothing was made of it."""

import pytest

from server.domain.errors import Conflict, Forbidden
from server.domain.permissions import Actor, Grant
from server.services import cases
from server.services.inputs import CaseActionIn
from tests.services.world import COORDINATOR, World


@pytest.fixture
def world(system):
    return World(system)


def act(world, case_id, action, actor=COORDINATOR, **body):
    with world.system.writing() as tx:
        return cases.act(tx, actor, case_id, action, CaseActionIn(**body), world.system.gazetteer())


def test_a_verified_case_waits_to_be_looked_at_again(world):
    case_id = world.case({"water": 40}, verified=False)
    verified = act(world, case_id, "verify")
    back = act(world, case_id, "take_back", version=verified["version"])
    assert (back["verified"], [report["state"] for report in back["reports"]]) == (False, ["received"])
    assert back["reports"][0]["history"][-1]["step"] == "taken_back"
    # And it can be verified again, and that be taken back again.
    act(world, case_id, "verify")
    assert not act(world, case_id, "take_back")["verified"]


def test_needs_that_a_rejection_cancelled_are_open_again(world):
    case_id = world.case({"water": 40, "rice": 10}, verified=False)
    assert {need["state"] for need in act(world, case_id, "reject", reason="bukan di sini")["needs"]} == {"cancelled"}
    assert {need["state"] for need in act(world, case_id, "take_back")["needs"]} == {"open"}


def test_only_the_reports_of_the_last_verdict_go_back(world):
    first = world.case({"water": 40})
    second = world.case({"water": 40}, verified=False)
    with world.system.writing() as tx:
        (late,) = tx.reports.of_case(second)
        tx.reports.change(late["id"], case_id=first)
    act(world, first, "verify")
    back = act(world, first, "take_back")
    states = {report["id"]: report["state"] for report in back["reports"]}
    assert states.pop(late["id"]) == "received"
    assert list(states.values()) == ["verified"]
    assert back["verified"]


def test_what_something_was_made_of_stays(world):
    case_id = world.case({"water": 40}, verified=False)
    with pytest.raises(Conflict):
        act(world, case_id, "take_back")
    act(world, case_id, "verify")
    with world.system.writing() as tx:
        (report,) = tx.reports.of_case(case_id)
        tx.reports.note(report["id"], tx.now, "planned")
    with pytest.raises(Conflict):
        act(world, case_id, "take_back")


def test_who_saw_an_older_state_is_told(world):
    case_id = world.case({"water": 40}, verified=False)
    seen = act(world, case_id, "verify")["version"]
    act(world, case_id, "note", text="sudah ditelepon")
    act(world, case_id, "set_tier", tier=1, reason="uji")
    with pytest.raises(Conflict):
        act(world, case_id, "take_back", version=seen)


def test_a_keeper_takes_nothing_back(world):
    case_id = world.case({"water": 40})
    keeper = Actor(name="gudang", grants=(Grant("keeper", "32"),))
    with pytest.raises(Forbidden):
        act(world, case_id, "take_back", actor=keeper)
