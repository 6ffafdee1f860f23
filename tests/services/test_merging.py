"""A case that is merged into another while somebody waits for it takes nothing with it that is lost then."""

import threading
import time

import pytest

from server.domain.errors import Conflict, DomainError, Invalid
from server.domain.permissions import SYSTEM
from server.services import approvals, assignments, cases
from server.services.inputs import CaseActionIn, parse
from server.services.inputs_dispatch import ApproveIn, AssignIn
from tests.services.world import COORDINATOR

WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


def merge(world, one, other):
    return lambda tx: cases.act(tx, SYSTEM, one, "merge", CaseActionIn(into=other), world.system.gazetteer())


def meanwhile(world, first, second):
    """What `second` answers or raises, having waited for what `first` holds."""
    answers = []

    def do():
        try:
            with world.system.writing() as tx:
                answers.append(second(tx))
        except DomainError as error:
            answers.append(error)

    thread = threading.Thread(target=do)
    with world.system.writing() as tx:
        first(tx)
        thread.start()
        with world.system.reading() as look:
            while thread.is_alive() and not look.conn.exec_driver_sql(WAITING).scalar():
                look.conn.rollback()
                time.sleep(0.01)
    thread.join()
    return answers[0]


@pytest.fixture
def two(world):
    """Two cases that want the same, and a lot of it."""
    lot = world.stock(world.site(), "blanket", 50)
    return world.case({"rice": 3, "blanket": 5}), world.case({"rice": 4}), lot


def needs_of(world, case_id):
    return {item for item, need in world.needs(case_id).items() if need["state"] == "open"}


def test_an_assignment_by_hand_does_not_stay_on_the_case_that_is_gone(world, two):
    one, other, lot = two
    need = world.needs(one)["blanket"]["id"]
    body = parse(AssignIn, {"need_id": need, "lot_id": lot, "reason": "uji"})
    answer = meanwhile(world, merge(world, one, other), lambda tx: assignments.assign(tx, COORDINATOR, body))
    assert isinstance(answer, Conflict)
    assert answer.state[0]["case_id"] == other
    with world.system.writing() as tx:
        assert assignments.assign(tx, COORDINATOR, body)["case_id"] == other


def test_an_approval_leaves_out_what_moved_to_another_case(world, two):
    one, other, _ = two
    plan = world.plan()
    approve = lambda tx: approvals.approve(tx, COORDINATOR, plan, ApproveIn())  # noqa: E731
    answer = meanwhile(world, merge(world, one, other), approve)
    assert answer["approved"] == []
    assert [one["reason"] for one in answer["dropped"]] == ["not_wanted"]
    (made,) = world.approve(world.plan())["approved"]
    assert world.state(made)["case_id"] == other


def test_of_two_merges_into_each_other_one_happens(world, two):
    one, other, _ = two
    answer = meanwhile(world, merge(world, one, other), merge(world, other, one))
    assert isinstance(answer, Invalid)
    assert needs_of(world, other) == {"rice", "blanket"}
    assert needs_of(world, one) == set()


def test_nothing_is_merged_into_a_case_that_is_merged_away(world, two):
    one, other, _ = two
    third = world.case({"tarpaulin": 2})
    answer = meanwhile(world, merge(world, other, third), merge(world, one, other))
    assert isinstance(answer, Invalid)
    assert needs_of(world, one) == {"rice", "blanket"}
    with pytest.raises(Conflict), world.system.writing() as tx:
        merge(world, other, one)(tx)
