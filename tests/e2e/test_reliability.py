"""What is acknowledged stays, once, whatever is killed; what was under way is finished."""

import signal
import subprocess
import sys
import threading
import time
import urllib.error
import uuid
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
import redis

from server import faults
from server.config import environment_for
from tests.e2e.conftest import ROOT
from tests.e2e.outsider import listening, report, rows, until
from tests.e2e.people import admin, check_in, person, ready, wanting, warehouse

POINTS = [name for name in faults.POINTS if name.startswith("relay:")]


@pytest.fixture(scope="module")
def stack(new_stack):
    """A system whose reconciler has little patience."""
    return new_stack(STUCK_AFTER_S="4")


@pytest.fixture(scope="module")
def chief(stack):
    return admin(stack)


@pytest.fixture(scope="module")
def volunteer(stack):
    return person(stack, "rela", "volunteer", "32.03")


def everything(chief, after=0):
    """All events beyond a cursor, page by page."""
    found, cursor = [], after
    while cursor is not None:
        page = chief.get(f"/api/events?after={cursor}")
        found, cursor = found + page["events"], page["next"]
    return found


def received(chief, after):
    """What the events beyond a cursor say of reports that came in."""
    return [event["data"] for event in everything(chief, after) if event["type"] == "ReportReceived"]


def cursor_of(chief):
    return chief.get("/api/board")["cursor"]


def kept(heard, cursor):
    """The ids that a client keeps: those beyond its cursor."""
    ids = []
    for event in heard:
        if event["id"] > cursor:
            ids.append(event["id"])
            cursor = event["id"]
    return ids


def drained(chief):
    """Returns when all that happened is told, and its jobs are in the queue."""
    until(lambda: chief.get("/readyz")["oldest_unsent_at"] is None, 60)


def settled(stack, chief, ear, cursor):
    """That the ear, dropping what it had, heard every event after the cursor, in order and without a gap."""
    drained(chief)
    wanted = [event["id"] for event in everything(chief, cursor)]
    assert wanted == list(range(cursor + 1, cursor + 1 + len(wanted)))
    ear.wait(lambda event: event["id"] >= wanted[-1], 60)
    assert kept(ear.events, cursor)[: len(wanted)] == wanted


@contextmanager
def without(stack, name):
    """While one process is down."""
    stack.stop(name)
    try:
        yield
    finally:
        stack.start(name)
        stack.wait_for(lambda: stack.pid(name), f"{name} does not start")


def dies_at(stack, point, *arguments):
    """Runs a worker that kills itself at a named point, and waits until it has."""
    # Another test may have died here before.
    (stack.settings.run_dir / f"fault-{point.replace(':', '-')}").unlink(missing_ok=True)
    environment = environment_for(replace(stack.settings, fault=point))
    doomed = subprocess.Popen([sys.executable, "-m", "workers", *arguments], cwd=ROOT, env=environment)
    try:
        assert doomed.wait(90) == -signal.SIGKILL
    finally:
        if doomed.poll() is None:
            doomed.kill()
            doomed.wait()


def shown(chief, noun, **values):
    found = rows(chief.get("/api/board"), noun)
    return [row for row in found if all(row[name] == value for name, value in values.items())]


def test_ten_reports_while_valkey_is_stopped(stack, chief):
    with listening(chief, {"area": ""}) as ear:
        # As every client must: the rooms first, then the snapshot.
        cursor = cursor_of(chief)
        with without(stack, "valkey"):
            sent = [chief.post("/api/reports", report(), 201)["id"] for _ in range(10)]
            assert set(sent) <= {row["id"] for row in shown(chief, "reports")}
        until(lambda: len(received(chief, cursor)) >= 10, 60)
        assert sorted(data["report_id"] for data in received(chief, cursor)) == sorted(sent)
        for one in sent:
            ear.wait(lambda e, one=one: e["type"] == "ReportReceived" and e["data"]["report_id"] == one, 60)
        settled(stack, chief, ear, cursor)


def test_a_relay_killed_at_every_named_point(stack, chief):
    with listening(chief, {"area": ""}) as ear:
        # As every client must: the rooms first, then the snapshot.
        cursor = cursor_of(chief)
        for point in POINTS:
            with without(stack, "relay"):
                sent = [chief.post("/api/reports", report(), 201)["id"] for _ in range(3)]
                dies_at(stack, point, "relay")
            for one in sent:
                ear.wait(lambda e, one=one: e["data"].get("report_id") == one, 60)
        settled(stack, chief, ear, cursor)


def verified(chief, quantities):
    """The case of a new report that asks for these quantities."""
    answer = chief.post("/api/reports", report(**wanting(quantities)), 201)
    (found,) = shown(chief, "reports", id=answer["id"])
    chief.post(f"/api/cases/{found['case_id']}/verify")
    return found["case_id"]


def matches(plan, case_id):
    return [match["quantity"] for match in plan["matches"] if match["case_id"] == case_id]


def test_a_queue_that_forgets_everything_in_mid_plan(stack, chief):
    warehouse(chief, "Gudang Lupa", {"blanket": 30})
    case_id = verified(chief, {"blanket": 20})
    with without(stack, "planner"):
        plan_id = chief.post("/api/plans", {}, 202)["id"]
        drained(chief)
        with closing(redis.Redis.from_url(stack.settings.redis_url)) as queue:
            assert queue.keys()
            queue.flushall()
    assert matches(ready(chief, plan_id), case_id) == [20]


def test_a_planner_killed_before_and_after_it_writes(stack, chief):
    warehouse(chief, "Gudang Rencana", {"tarpaulin": 30})
    case_id = verified(chief, {"tarpaulin": 20})
    for point in ("worker:before_write", "worker:after_write"):
        with without(stack, "planner"):
            plan_id = chief.post("/api/plans", {}, 202)["id"]
            dies_at(stack, point, "work", "planning")
        assert matches(ready(chief, plan_id), case_id) == [20]


def test_a_dispatcher_killed_while_it_asks_a_volunteer(stack, chief, volunteer):
    cursor = cursor_of(chief)
    warehouse(chief, "Gudang Tugas", {"diapers": 60})
    check_in(volunteer)
    for point in ("worker:before_commit", "worker:after_write"):
        case_id = verified(chief, {"diapers": 20})
        plan = ready(chief, chief.post("/api/plans", {}, 202)["id"])
        wanted = [match["n"] for match in plan["matches"] if match["case_id"] == case_id]
        with without(stack, "dispatcher-0"):
            (job,) = chief.post(f"/api/plans/{plan['id']}/approve", {"only": wanted})["approved"]
            dies_at(stack, point, "work", "dispatch")
        until(lambda job=job: offered(volunteer, job), 60)
        drained(chief)
        made = [e for e in everything(chief, cursor) if e["type"] == "OfferMade" and e["data"]["assignment_id"] == job]
        assert len(made) == 1
        chief.post(f"/api/assignments/{job}/cancel", {"reason": "hanya uji"})


def offered(volunteer, job):
    return [offer for offer in volunteer.get("/api/me/offers")["offers"] if offer["assignment_id"] == job]


class Sender(threading.Thread):
    """Somebody who sends reports one after the other, each until it is acknowledged."""

    def __init__(self, citizen, count):
        super().__init__()
        self.citizen, self.acknowledged = citizen, {}
        self.wanted = [report(text=f"Laporan {uuid.uuid4()}", place_text="RW 05") for _ in range(count)]

    def run(self):
        for body in self.wanted:
            while (answer := self._try(body)) is None:
                time.sleep(0.1)
            self.acknowledged[answer["id"]] = body["text"]

    def _try(self, body):
        try:
            answer = self.citizen.call("POST", "/api/reports", body)
        except (urllib.error.URLError, OSError):
            return None
        return answer.body if answer.status in (200, 201) else None


def test_a_web_process_killed_while_people_report(stack, chief):
    cursor = cursor_of(chief)
    senders = [Sender(replace(chief, token=None), 15) for _ in range(4)]
    for sender in senders:
        sender.start()
    for name in ("web-0", "web-1"):
        until(lambda: sum(len(sender.acknowledged) for sender in senders) >= 5)
        before = stack.pid(name)
        stack.kill(name)
        stack.wait_back(name, before)
    for sender in senders:
        sender.join()
    acknowledged = {one: text for sender in senders for one, text in sender.acknowledged.items()}
    assert len(acknowledged) == 60
    until(lambda: len(received(chief, cursor)) >= 60, 60)
    told = received(chief, cursor)
    assert sorted(data["report_id"] for data in told) == sorted(acknowledged)
    for data in told[::6]:
        (stored,) = chief.get(f"/api/cases/{data['case_id']}")["reports"]
        assert stored["text"] == acknowledged[data["report_id"]]
