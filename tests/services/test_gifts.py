"""Gifts: each becomes a lot, and its code shows where it went: by district and day, on the public clock."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.bootstrap import System
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.permissions import SYSTEM, Actor, Grant
from server.services import assignments, codes, gifts, handovers, incidents, publishing, supply
from server.services.inputs import IncidentIn, parse
from server.services.inputs_dispatch import DeliverIn, FailIn, StepIn
from server.services.inputs_supply import BreakIn, GiftIn, ListIn, SiteIn, TransferIn, WriteOffIn
from server.store import tables
from tests.services.holding import hold
from tests.services.world import World

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEEPER = Actor("dewi", grants=(Grant("keeper", "32.03"),))


@pytest.fixture(scope="module")
def world(module_started):
    """A world whose clock the tests move: `world.time[0]`."""
    time = [NOON]
    system = System(module_started, now=lambda: time[0])
    found = World(system)
    found.time = time
    yield found
    system.engine.dispose()


def site(world, area="32.03.01", **more):
    body = parse(SiteIn, {"name": "Gudang", "kind": "warehouse", "area_code": area, **more})
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        return supply.add_site(tx, SYSTEM, body, gazetteer)["id"]


def give(world, site_id, actor=SYSTEM, **more):
    body = parse(GiftIn, {"site_id": site_id, "item": "blanket", "quantity": 100, **more})
    with world.system.writing() as tx:
        return gifts.receive(tx, actor, body, world.system.keys)


def follow(world, code):
    gazetteer = world.system.gazetteer()
    with world.system.reading() as tx:
        return gifts.follow(tx, code, gazetteer)


def cut(world):
    with world.system.writing() as tx:
        publishing.publish(tx, tx.now)


def carry(world, lot_id, quantity, area="32.03.05"):
    """Goods of a lot on their way to a case in a district; returns the assignment and the case."""
    case_id = world.case({"blanket": 1000})
    assignment_id = hold(world.system, world.needs(case_id)["blanket"]["id"], lot_id, quantity, area=area)
    world.do(assignments.depart, SYSTEM, assignment_id, StepIn())
    return assignment_id, case_id


def hand_over(world, assignment_id, case_id):
    with world.system.reading() as tx:
        code = tx.cases.get(case_id)["delivery_code"]
    body = parse(DeliverIn, {"client_id": str(uuid.uuid4()), "code": code})
    world.do(handovers.deliver, SYSTEM, assignment_id, body)


def test_a_gift_is_a_lot_with_a_code_for_its_donor(world):
    here = site(world)
    done = give(world, here, donor="Ibu Sri", shown_as="Keluarga S.")
    assert done.is_new
    code = done.answer["code"]
    assert codes.normalised(code.lower()) == code
    with world.system.reading() as tx:
        lot = tx.stock.lot(done.answer["lot_id"])
        gift = tx.stock.gift(done.answer["id"])
    assert (lot["on_hand"], lot["gift_id"], lot["site_id"]) == (100, gift["id"], here)
    assert b"Sri" not in bytes(gift["donor_sealed"])
    found = follow(world, code)
    assert (found["shown_as"], found["quantity"], found["received_on"]) == ("Keluarga S.", 100, "2026-11-24")
    assert [(row["code"], row["quantity"]) for row in found["stored"]] == [("32.03", 100)]
    assert found["delivered"] == []
    assert "Sri" not in str(found)


def test_a_gift_is_followed_through_moves_and_hand_overs(world):
    here, there = site(world), site(world, "32.73.01")
    done = give(world, here)
    with world.system.writing() as tx:
        body = TransferIn(lot_id=done.answer["lot_id"], to_site_id=there, quantity=60)
        moved = supply.transfer(tx, SYSTEM, body).answer["lots"][1]["id"]
        supply.write_off(tx, SYSTEM, WriteOffIn(lot_id=moved, quantity=5, reason="damaged"))
    hand_over(world, *carry(world, done.answer["lot_id"], 15))
    hand_over(world, *carry(world, moved, 10))
    hand_over(world, *carry(world, moved, 7, "32.03.05.2001"))
    hand_over(world, *carry(world, moved, 8, "32.73.02"))
    carry(world, moved, 3)
    failed, _ = carry(world, moved, 2)
    world.do(assignments.fail, SYSTEM, failed, FailIn(reason="jembatan putus"))
    cut(world)
    found = follow(world, done.answer["code"])
    assert [(row["code"], row["quantity"]) for row in found["stored"]] == [("32.03", 25), ("32.73", 27)]
    assert (found["on_the_way"], found["lost"]) == (3, 5)
    assert [(row["code"], row["on"], row["quantity"]) for row in found["delivered"]] == [
        ("32.03.05", "2026-11-24", 32),
        ("32.73.02", "2026-11-24", 8),
    ]
    assert found["delivered"][0]["parents"]
    places = [*found["stored"], *found["delivered"]]
    assert sum(row["quantity"] for row in places) + found["on_the_way"] + found["lost"] == 100


def test_a_gift_of_kits_is_followed_into_what_they_held(world):
    here, there = site(world), site(world, "32.73.01")
    done = give(world, here, item="family_kit", quantity=10)
    kits = done.answer["lot_id"]
    with world.system.writing() as tx:
        body = TransferIn(lot_id=kits, to_site_id=there, quantity=4)
        supply.transfer(tx, SYSTEM, body)
        opened = supply.break_kit(tx, SYSTEM, BreakIn(lot_id=kits, quantity=3, reason="dibagi")).answer["lots"]
    blankets = next(lot for lot in opened if lot["item"] == "blanket")
    assert {lot["gift_id"] for lot in opened} == {done.answer["id"]}
    hand_over(world, *carry(world, blankets["id"], 5))
    cut(world)
    found = follow(world, done.answer["code"])
    assert (found["quantity"], found["opened"]) == (10, 3)
    assert [(row["code"], row["quantity"]) for row in found["stored"]] == [("32.03", 3), ("32.73", 4)]
    parts = {part["item"]: part for part in found["parts"]}
    assert {item: sum(row["quantity"] for row in part["stored"]) for item, part in parts.items()} == {
        "blanket": 7, "sleeping_mat": 12, "jerrycan": 3, "flashlight": 3,
    }  # fmt: skip
    assert [(row["code"], row["quantity"]) for row in parts["blanket"]["delivered"]] == [("32.03.05", 5)]
    assert found["delivered"] == []


def test_a_hand_over_shows_only_after_the_next_cut_and_by_its_day_here(world):
    done = give(world, site(world))
    world.time[0] = datetime(2026, 11, 25, 18, 30, tzinfo=UTC)
    hand_over(world, *carry(world, done.answer["lot_id"], 40))
    before = follow(world, done.answer["code"])
    assert before["delivered"] == []
    world.time[0] += timedelta(minutes=15)
    cut(world)
    after = follow(world, done.answer["code"])
    assert [(row["on"], row["quantity"]) for row in after["delivered"]] == [("2026-11-26", 40)]
    assert "18:30" not in str(after)


def test_a_gift_page_tells_of_no_case_and_no_village(world):
    done = give(world, site(world, area_code="32.03.01", place={"lon": 107.1234, "lat": -6.8765}))
    assignment_id, case_id = carry(world, done.answer["lot_id"], 40, "32.03.05.2001")
    hand_over(world, assignment_id, case_id)
    cut(world)
    page = str(follow(world, done.answer["code"]))
    for secret in ("2001", assignment_id, f"case_id': {case_id}", "107.12", "6.87"):
        assert secret not in page


def test_unknown_wrong_and_training_gifts_look_the_same(world):
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        incidents.add(tx, SYSTEM, parse(IncidentIn, {"slug": "latihan", "name": "L", "training": True}), gazetteer)
    drilled = give(world, site(world, incident="latihan"))
    for code in ("", "nonsense", codes.random_code(), drilled.answer["code"]):
        with pytest.raises(NotFound) as refused:
            follow(world, code)
        assert refused.value.code == "unknown_code"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"item": "unicorn"}, "item", "unknown_item"),
        ({"item": "medical"}, "item", "item_is_service"),
        ({"quantity": 0}, "quantity", "too_small"),
        ({"expiry": "2020-01-01"}, "expiry", "expiry_past"),
        ({"shown_as": "x" * 61}, "shown_as", "too_long"),
        ({"incident": "nowhere"}, "incident", "unknown_incident"),
    ],
)
def test_a_wrong_gift_names_the_field_and_keeps_nothing(world, change, field, code):
    here = site(world)
    with pytest.raises(Invalid) as refused:
        give(world, here, **change)
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {field: code}
    with world.system.reading() as tx:
        assert tx.conn.execute(select(tables.lots.c.id).where(tables.lots.c.site_id == here)).all() == []


def test_the_same_gift_sent_twice_is_one(world):
    here, once = site(world), {"client_id": str(uuid.uuid4())}
    first, again = give(world, here, **once), give(world, here, **once)
    assert (first.is_new, again.is_new, first.answer) == (True, False, again.answer)
    with pytest.raises(Conflict):
        give(world, here, quantity=99, **once)


def test_gifts_are_listed_for_the_staff_of_their_site(world):
    mine = [give(world, site(world), KEEPER).answer["id"] for _ in range(3)]
    other = give(world, site(world, "32.73.01")).answer["id"]
    with pytest.raises(NotFound):
        give(world, site(world, "32.73.01"), KEEPER)
    with pytest.raises(Forbidden):
        give(world, site(world), Actor("ayu", grants=(Grant("auditor", "32"),)))
    found, cursor = [], None
    while True:
        with world.system.reading() as tx:
            part = gifts.listed(tx, KEEPER, ListIn(limit=2, cursor=cursor))
        found += [gift["id"] for gift in part["gifts"]]
        cursor = part["next"]
        if cursor is None:
            break
    assert set(mine) <= set(found)
    assert other not in found
    assert len(found) == len(set(found))
