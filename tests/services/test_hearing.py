"""Law 3 for every board: what it showed, and what its people were told since, is what it shows now.

Boards of another area and another incident share sites and volunteers with the one where things happen.
"""

import uuid

import pytest
from sqlalchemy import text

from server import plain
from server.domain import events
from server.domain.errors import Gone
from server.domain.permissions import SYSTEM, within
from server.domain.rooms import area_room
from server.services import assignments, handovers, hearing, incidents, queries
from server.services.inputs import IncidentIn, parse
from server.services.inputs_dispatch import DeliverIn, StepIn
from tests.services.world import volunteer_actor
from workers import relay

BOARDS = [(slug, area) for slug in ("jabar", "gempa", "latihan") for area in ("32", "32.03", "32.04", "32.03.11")]
NOUNS = ("reports", "cases", "needs", "assignments", "volunteers", "sites")


@pytest.fixture
def job(world):
    """A case in Cianjur that will take blankets from a warehouse in the regency of Bandung, and who will carry them."""
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        for slug, training in (("gempa", False), ("latihan", True)):
            body = parse(IncidentIn, {"slug": slug, "name": slug, "training": training})
            incidents.add(tx, SYSTEM, body, gazetteer)
    site = world.site(area="32.04")
    world.stock(site, "blanket", 100)
    helper = world.volunteer()
    return world, world.case({"blanket": 60}), helper


def test_who_asks_for_events_that_are_kept_no_longer_is_told_so(job):
    world, _, _ = job
    numbered(world.system)
    with world.system.writing() as tx:
        tx.conn.execute(text("delete from outbox where position <= 2"))
        assert hearing.after(tx, SYSTEM, None, None, 2)["cursor"] > 2
        with pytest.raises(Gone):
            hearing.after(tx, SYSTEM, None, None, 1)


def numbered(system):
    with system.writing() as tx:
        tx.outbox.number()


def shown(system, slug, area):
    """The board as a phone or a screen holds it: noun -> id -> row; volunteers roughly, as events have them."""
    with system.reading() as tx:
        board = plain.loads(plain.packed(queries.board(tx, SYSTEM, slug, area)))
    held = {}
    for noun in NOUNS:
        rows = [dict(zip(board[noun]["columns"], row, strict=True)) for row in board[noun]["rows"]]
        if noun == "volunteers":
            rows = [queries._roughly(row) for row in rows]
        held[noun] = {row["id"]: row for row in rows}
    return board["cursor"], held


def told_live(system, slug, area, cursor):
    """What the relay says in the board's room."""
    with system.reading() as tx:
        rows = [row for row in tx.outbox.unsent(10_000) if row["position"] > cursor]
        asides = hearing.asides(tx, rows)
        incident = tx.incidents.by_slug(slug)
    batch = [events.from_data(row["type"], row["incident_id"], row["area"], row["data"]) for row in rows]
    return relay.messages_by_room(rows, batch, asides).get(area_room(incident["id"], area), [])


def told_afterwards(system, slug, area, cursor):
    with system.reading() as tx:
        return hearing.after(tx, SYSTEM, slug, area, cursor)["events"]


def steps(world, case_id, helper):
    """Everything from the plan to the hand-over, step by step."""
    actor = volunteer_actor(helper)
    (job_id,) = world.approve(world.plan())["approved"]
    yield job_id
    yield world.round(job_id)
    yield world.accept(job_id, helper)
    yield world.do(assignments.depart, actor, job_id, StepIn())
    with world.system.reading() as tx:
        code = tx.cases.get(case_id)["delivery_code"]
    body = parse(DeliverIn, {"client_id": str(uuid.uuid4()), "code": code})
    yield world.do(handovers.deliver, actor, job_id, body)


def test_snapshot_and_cursor_are_of_one_moment(job):
    """Whatever is committed while a board is read is in neither."""
    world, _, _ = job
    numbered(world.system)
    with world.system.reading() as tx:
        cursor = tx.outbox.cursor()
        world.case({"rice": 5})
        numbered(world.system)
        board = queries.board(tx, SYSTEM, "jabar", "32")
    assert (board["cursor"], len(board["cases"]["rows"])) == (cursor, 1)
    later = told_afterwards(world.system, "jabar", "32", cursor)
    assert {message["type"] for message in later} >= {"ReportReceived"}


@pytest.mark.parametrize(("slug", "area"), BOARDS)
def test_a_board_and_what_it_was_told_since_is_the_board_now(job, slug, area):
    world, case_id, helper = job
    numbered(world.system)
    cursor, held = shown(world.system, slug, area)
    heard = 0
    for _ in steps(world, case_id, helper):
        numbered(world.system)
        live = plain.loads(plain.packed(told_live(world.system, slug, area, cursor)))
        later = plain.loads(plain.packed(told_afterwards(world.system, slug, area, cursor)))
        assert live == later
        for message in live:
            heard += 1
            for noun, rows in message["data"].get("rows", {}).items():
                # An event of a case here also shows who helps it from elsewhere.
                near = [row for row in rows if noun not in hearing.SHARED or within(row["area"], area)]
                held[noun].update({row["id"]: row for row in near})
        cursor, now = shown(world.system, slug, area)
        assert held == now
    # A training shares nothing, and in this district nothing happens.
    assert (heard == 0) == (slug == "latihan" or area == "32.03.11")
