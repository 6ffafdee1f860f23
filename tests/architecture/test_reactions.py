"""Every event is routed, documented and told to the public only as far as its class says; every queue is worked."""

import inspect
import re
import typing
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from server.domain import events
from server.domain.events import Event
from server.store.board import Board
from workers import jobs, queues, routes

ROOT = Path(__file__).resolve().parents[2]
EVENTS = sorted(Event.REGISTRY.values(), key=lambda kind: kind.__name__)
CANARY = "+62 812 0000 1111 Siti -6.81234"
TOLD_TO_ANYBODY = {"FiguresPublished": {"cut_at"}}
"""What the public may hear of each event; all others are silent."""


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_an_event_is_routed_and_documented(kind):
    assert kind in routes.ROUTES
    assert kind.__doc__
    assert not kind.__doc__.startswith(kind.__name__ + "("), "a dataclass's own signature is no documentation"


def test_nothing_else_is_routed():
    assert set(routes.ROUTES) == set(EVENTS)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_the_public_hears_only_what_is_listed(kind):
    values = {
        field.name: CANARY
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }
    event = kind(**values, rows={"reports": [{"text": CANARY}]})
    heard = event.public()
    allowed = TOLD_TO_ANYBODY.get(kind.__name__, set())
    assert set(heard or {}) == allowed
    if not allowed:
        assert CANARY not in str(heard)


def test_board_rows_hold_nothing_that_names_a_person():
    columns = {name for columns in Board.COLUMNS.values() for name in columns}
    assert "due_at" in columns
    assert not columns & {"phone", "phone_last3", "contact", "text", "place_text", "address", "note"}


def test_every_queue_is_worked_and_every_worked_queue_exists():
    procfile = (ROOT / "Procfile").read_text("utf-8")
    worked = {name for line in re.findall(r"workers work (.+)", procfile) for name in line.split()}
    assert worked == set(queues.QUEUES) == {work.queue for work in queues.JOBS.values()}


def test_every_job_takes_only_ids():
    found = {
        name
        for name, f in inspect.getmembers(jobs, inspect.isfunction)
        if f.__module__ == jobs.__name__ and name != "use"
    }
    assert found == set(queues.JOBS)
    for name in found:
        hints = typing.get_type_hints(getattr(jobs, name))
        assert hints.pop("return") is type(None)
        assert set(hints.values()) <= {str, int}, name


def test_many_changes_make_one_job_of_each_kind_for_each_incident():
    """Law 5."""
    opened = [events.NeedsOpened(incident_id=f"i{n % 2}", area="32", case_id=n, need_ids=[n]) for n in range(200)]
    assert routes.jobs_for(opened) == [queues.Job("replan", ("i0",)), queues.Job("replan", ("i1",))]


def test_every_job_that_follows_an_event_exists():
    source = inspect.getsource(routes)
    assert set(re.findall(r'Job\("(\w+)"', source)) <= set(queues.JOBS)
