"""The relay and the workers on a real database and queue: nothing lost, nothing twice."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from server import faults
from server.bootstrap import System
from server.config import environment_for
from server.services import planning, reconciling
from server.services.inputs_dispatch import PlanIn
from server.services.plans import request
from tests.services.world import COORDINATOR, World
from workers import jobs as job_functions
from workers import queues
from workers.relay import Emitter, Relay

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


@pytest.fixture
def system(started):
    found = System(started)
    yield found
    found.engine.dispose()


@pytest.fixture
def world(system):
    return World(system)


@pytest.fixture
def connection(started):
    with closing(queues.connect(started.redis_url)) as found:
        yield found


@pytest.fixture
def relay(system, started, connection):
    return Relay(system, Emitter(started), queues.Jobs(connection))


class Ear:
    """Hears what is emitted, as a web process does."""

    def __init__(self, settings):
        self.heard, self.over = [], threading.Event()
        self.client = redis.Redis.from_url(settings.redis_url)
        self.pubsub = self.client.pubsub(ignore_subscribe_messages=True)
        self.pubsub.subscribe(settings.channel)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while not self.over.is_set():
            message = self.pubsub.get_message(timeout=0.05)
            if message:
                said = json.loads(message["data"])
                self.heard.append((said["room"], said["event"], said["data"][0]))

    def rooms(self):
        """Room -> ids in the order in which they came."""
        found = {}
        for room, event, messages in list(self.heard):
            assert event == "events"
            found.setdefault(room, []).extend(message["id"] for message in messages)
        return found

    def close(self):
        self.over.set()
        self.thread.join()
        self.pubsub.close()
        self.client.close()


@pytest.fixture
def ear(started):
    found = Ear(started)
    yield found
    found.close()


@contextmanager
def process(settings, *arguments, fault=""):
    """A worker process of its own; killed at the end if it still lives."""
    environment = environment_for(replace(settings, fault=fault))
    found = subprocess.Popen([sys.executable, "-m", "workers", *arguments], cwd=ROOT, env=environment)
    try:
        yield found
    finally:
        if found.poll() is None:
            found.kill()
        found.wait()


def until(reached, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while not reached():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def waiting(system):
    with system.reading() as tx:
        return tx.conn.exec_driver_sql("select count(*) from outbox where sent_at is null").scalar()


def positions(system):
    with system.reading() as tx:
        return list(tx.conn.exec_driver_sql("select position from outbox order by position").scalars())


def drain(system, relay):
    with system.alone() as begin:
        while relay.step(begin):
            pass


def seen_once(ids):
    """The ids that a client keeps: those above its cursor."""
    kept = []
    for one in ids:
        if not kept or one > kept[-1]:
            kept.append(one)
    return kept


def test_events_reach_the_rooms_of_their_area_and_above_in_order(world, relay, ear):
    world.stock(world.site(), "blanket", 10)
    world.case({"blanket": 5})
    drain(world.system, relay)
    incident = world.incident["id"]
    everything = positions(world.system)
    until(lambda: len(ear.rooms().get(f"i:{incident}:", ())) == len(everything))
    assert everything == list(range(1, len(everything) + 1))
    rooms = ear.rooms()
    assert rooms[f"i:{incident}:"] == everything
    assert rooms[f"i:{incident}:32"] == everything
    assert all(set(ids) <= set(everything) for ids in rooms.values())
    assert not any(room == "public" for room in rooms)
    assert waiting(world.system) == 0


def test_the_volunteer_hears_of_the_offer_without_the_boards_rows(world, relay, ear):
    world.stock(world.site(), "blanket", 10)
    volunteer_id = world.volunteer()
    _, (assignment_id,) = world.approved({"blanket": 5})
    world.round(assignment_id)
    drain(world.system, relay)
    until(lambda: f"v:{volunteer_id}" in ear.rooms())
    messages = [one for room, _, said in ear.heard if room == f"v:{volunteer_id}" for one in said]
    assert [message["type"] for message in messages] == ["OfferMade"]
    assert messages[0]["data"]["assignment_id"] == assignment_id
    assert "rows" not in messages[0]["data"]


def test_a_batch_of_changes_becomes_one_job_of_each_kind(world, relay, connection):
    for _ in range(5):
        world.case({"blanket": 5})
    drain(world.system, relay)
    queue = queues.Jobs(connection).queues["planning"]
    assert [job.func_name for job in queue.jobs] == ["workers.jobs.replan"]
    world.case({"blanket": 5})
    drain(world.system, relay)
    assert len(queue.jobs) == 1


def test_a_job_that_has_begun_does_not_keep_the_next_one_out(world, connection):
    jobs, job = queues.Jobs(connection), queues.Job("offer_waiting", (world.incident["id"],))
    job_functions.use(world.system)
    assert jobs.put(job)
    assert not jobs.put(job)
    queues.work(["default"], connection, until_empty=True)
    assert jobs.put(job)


def test_while_the_queue_is_away_events_are_numbered_and_wait(world, relay, ear, tmp_path):
    world.case({"blanket": 5})
    nowhere = f"unix://{tmp_path}/nobody.sock"
    emitter = Emitter(replace(world.system.settings, redis_url=nowhere))
    away = Relay(world.system, emitter, queues.Jobs(queues.connect(nowhere)))
    with world.system.alone() as begin, pytest.raises(redis.ConnectionError):
        away.step(begin)
    assert None not in positions(world.system)
    assert waiting(world.system) == len(positions(world.system))
    drain(world.system, relay)
    until(lambda: len(ear.rooms().get(f"i:{world.incident['id']}:", ())) == len(positions(world.system)))
    assert waiting(world.system) == 0


def test_a_second_relay_waits_for_its_turn(world):
    with world.system.alone() as first, world.system.alone() as second:
        with first() as tx:
            assert tx.outbox.claim_relay()
        with second() as tx:
            assert not tx.outbox.claim_relay()
    with world.system.alone() as third, third() as tx:
        assert tx.outbox.claim_relay()


@pytest.mark.parametrize("point", [name for name in faults.POINTS if name.startswith("relay:")])
def test_a_relay_that_is_killed_loses_nothing_and_says_nothing_twice(world, started, ear, connection, point):
    for _ in range(3):
        world.case({"blanket": 5})
    with process(started, "relay", fault=point) as first:
        assert first.wait(PATIENCE_S) == -signal.SIGKILL
    world.case({"blanket": 5})
    with process(started, "relay", fault=point):
        until(lambda: waiting(world.system) == 0)
    everything, room = positions(world.system), f"i:{world.incident['id']}:"
    assert everything == list(range(1, len(everything) + 1))
    until(lambda: set(ear.rooms().get(room, ())) == set(everything))
    assert seen_once(ear.rooms()[room]) == everything
    assert {job.func_name for job in queues.Jobs(connection).queues["planning"].jobs} == {"workers.jobs.replan"}


def requested(world):
    world.stock(world.site(), "blanket", 10)
    world.case({"blanket": 5})
    with world.system.writing() as tx:
        return request(tx, COORDINATOR, PlanIn())["id"]


def plan(world, plan_id):
    with world.system.reading() as tx:
        return tx.plans.get(plan_id)


def reconciled(world):
    with world.system.writing() as tx:
        tx.conn.exec_driver_sql("update plans set requested_at = requested_at - interval '2 minutes'")
        return reconciling.reconcile(tx)


@pytest.mark.parametrize("point", ["worker:before_write", "worker:after_write"])
def test_a_planner_that_is_killed_leaves_one_plan_in_the_end(world, relay, started, point):
    plan_id = requested(world)
    drain(world.system, relay)
    with process(started, "work", "planning", fault=point) as first:
        assert first.wait(PATIENCE_S) == -signal.SIGKILL
    before = plan(world, plan_id)["state"]
    assert before == ("requested" if point == "worker:before_write" else "ready")
    reconciled(world)
    drain(world.system, relay)
    with process(started, "work", "planning", fault=point):
        until(lambda: plan(world, plan_id)["state"] in ("ready", "superseded"))
    with world.system.reading() as tx:
        assert [match["quantity"] for match in tx.plans.matches(plan_id)] == [5]


def test_a_plan_is_worked_out_with_no_transaction_open(world, system, monkeypatch):
    """Law 6."""
    world.stock(world.site(), "blanket", 100)
    world.case({"blanket": 20})
    with system.writing() as tx:
        plan_id = request(tx, COORDINATOR, PlanIn())["id"]
    solve, open_meanwhile = planning.solve, []

    def watched(situation):
        open_meanwhile.append(system.engine.pool.checkedout())
        return solve(situation)

    monkeypatch.setattr(planning, "solve", watched)
    job_functions.use(system)
    job_functions.make_plan(plan_id)
    assert open_meanwhile == [0]
    assert len(world.shown(plan_id)["matches"]) == 1


def test_a_queue_that_forgets_everything_in_mid_plan_is_made_good(world, relay, started, connection):
    plan_id = requested(world)
    drain(world.system, relay)
    connection.flushdb()
    drain(world.system, relay)
    assert plan(world, plan_id)["state"] == "requested"
    assert reconciled(world)["plans_asked_again"] == 1
    drain(world.system, relay)
    job_functions.use(world.system)
    queues.work(["planning"], connection, until_empty=True)
    assert plan(world, plan_id)["state"] == "ready"


def test_processes_end_when_they_are_asked_to(started):
    for arguments in (("relay",), ("work", "dispatch", "default")):
        with process(started, *arguments) as found:
            time.sleep(2)
            assert found.poll() is None
            os.kill(found.pid, signal.SIGTERM)
            found.wait(15)
