"""The clock: duties in their rhythm, one clock at a time, a backup a night."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from server.bootstrap import System
from server.services import reconciling
from tests.services.world import World
from workers import clock


@pytest.fixture
def system(started):
    found = System(started)
    yield found
    found.engine.dispose()


@pytest.mark.parametrize(
    ("files", "now", "due"),
    [
        ([], "2026-11-24T20:00", True),
        (["tanggap-20261124T180100Z.dump"], "2026-11-24T20:00", False),
        (["tanggap-20261124T175900Z.dump"], "2026-11-24T20:00", True),
        (["tanggap-20261124T175900Z.dump"], "2026-11-24T17:59", False),
        (["tanggap-20261120T000000Z.dump", "tanggap-20261124T190000Z.dump"], "2026-11-25T17:30", False),
    ],
)
def test_a_backup_is_due_once_after_one_in_the_morning_in_west_java(files, now, due):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert clock.backup_due([Path(name) for name in files], moment) is due


def test_the_night_backup_is_made_once(system):
    assert clock.back_up(system)
    assert not clock.back_up(system)
    (made,) = (system.settings.data_dir / "backups").iterdir()
    assert made.stat().st_size > 0


def test_a_duty_that_fails_is_tried_again_and_holds_up_no_other(system):
    tries, done = [], threading.Event()

    def fails(_):
        tries.append(1)
        raise RuntimeError

    over = threading.Event()
    duties = (clock.Duty("fails", 0.01, fails), clock.Duty("works", 0.02, lambda _: done.set()))
    threads = [threading.Thread(target=clock._keep, args=(system, duty, over)) for duty in duties]
    for thread in threads:
        thread.start()
    assert done.wait(10)
    while len(tries) < 2:
        time.sleep(0.01)
    over.set()
    for thread in threads:
        thread.join()


def test_silent_offers_end_and_the_audit_trail_s_head_is_published(system):
    world = World(system)
    world.stock(world.site(), "blanket", 10)
    volunteer_id = world.volunteer()
    _, (assignment_id,) = world.approved({"blanket": 5})
    world.round(assignment_id)
    world.late(assignment_id)
    assert clock.end_silent_offers(system) == 1
    assert world.offers_of(assignment_id) == {volunteer_id: "expired"}
    assert clock.publish_audit_head(system)
    assert not clock.publish_audit_head(system)


def test_one_clock_works_at_a_time(system):
    with system.alone() as first, system.alone() as second:
        assert clock._claimed(first)
        assert not clock._claimed(second)
    with system.alone() as third:
        assert clock._claimed(third)


def reconciled(system):
    with system.writing() as tx:
        return reconciling.reconcile(tx)


def later(system, statement):
    with system.writing() as tx:
        tx.conn.execute(text(statement))


def test_reconciling_finds_what_sat_too_long(system):
    world = World(system)
    lot = world.stock(world.site(), "blanket", 100)
    quiet = reconciled(system)
    assert not any(value for name, value in quiet.items() if name != "events_waiting_s")
    world.case({"blanket": 5})
    later(system, "update needs set opened_at = opened_at - interval '2 minutes'")
    later(system, "update cases set verified_at = verified_at - interval '2 minutes'")
    assert reconciled(system)["plans_asked_for_needs"] == 1
    assert reconciled(system)["plans_asked_for_needs"] == 0
    with system.reading() as tx:
        (plan,) = tx.plans.latest(world.incident["id"], 5)
    world.work_out(plan["id"])
    world.approve(plan["id"])
    world.volunteer()
    later(system, "update assignments set changed_at = changed_at - interval '2 minutes'")
    assert reconciled(system)["offers_made"] == 1
    world.plan()
    later(system, "update plans set state = 'requested', requested_at = requested_at - interval '20 minutes'")
    found = reconciled(system)
    assert (found["plans_given_up"], found["plans_asked_again"]) == (2, 0)
    later(system, "update assignment_lines set quantity = 1000")
    found = reconciled(system)
    assert found["lots_over_promised"] == 1
    assert reconciling.wrong(found) == ["lots_over_promised"]
    assert world.lot(lot)["free"] < 0
