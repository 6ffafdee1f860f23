"""A hundred gifts over a thousand deliveries: each gift's parts add up to what was given, at every moment."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from server.bootstrap import System
from server.domain.catalogue import KITS
from server.domain.permissions import SYSTEM
from server.services import assignments, gift_ways, gifts, handovers, publishing, supply
from server.services.inputs import parse
from server.services.inputs_dispatch import DeliverIn, FailIn, StepIn
from server.services.inputs_supply import AdjustIn, BreakIn, GiftIn, TransferIn, WriteOffIn
from tests.services.holding import hold
from tests.services.world import World

BEGIN = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
GIFTS, DELIVERIES, CASES = 100, 1000, 50
STORES = ("32.03.01", "32.73.01", "32.05.02")
DISTRICTS = ("32.03.05", "32.03.05.2001", "32.03.18", "32.73.02", "32.05")
KIT = "family_kit"
STANDINGS = ("delivered", "stored", "on_the_way", "lost", "surplus", "opened")


class Story:
    """What happens to the gifts, by the services, beside a count of where the goods of each gift should be."""

    def __init__(self, world, chance):
        self.world, self.chance = world, chance
        self.sites = [world.site(area=area) for area in STORES]
        self.needs = dict(self.in_need() for _ in range(CASES))
        self.lots, self.away, self.gifts, self.where, self.handed = {}, [], {}, {}, 0

    def in_need(self):
        """A new case: the id of its need, and the code that proves a hand-over."""
        case_id = self.world.case({"blanket": 1_000_000})
        with self.world.system.reading() as tx:
            return tx.cases.needs_of(case_id)[0]["id"], tx.cases.get(case_id)["delivery_code"]

    def give(self):
        item = KIT if self.chance.random() < 0.2 else "blanket"
        quantity = self.chance.randint(5, 40) if item == KIT else self.chance.randint(50, 400)
        body = parse(GiftIn, {"site_id": self.chance.choice(self.sites), "item": item, "quantity": quantity})
        gift = self.do(lambda tx: gifts.receive(tx, SYSTEM, body, self.world.system.keys)).answer
        self.gifts[gift["id"]] = gift
        self.where[gift["id"], item] = Counter(stored=quantity)
        self.lots[gift["lot_id"]] = [gift["id"], item, quantity]

    def do(self, change):
        self.world.time[0] += timedelta(seconds=self.chance.randint(1, 40))
        with self.world.system.writing() as tx:
            return change(tx)

    def some(self, item="blanket"):
        """A lot of the item with something in it: its id, what is known of it, and how much to take."""
        lot_id = self.chance.choice([lot for lot, (_, kind, left) in self.lots.items() if kind == item and left])
        return lot_id, self.lots[lot_id], self.chance.randint(1, min(20, self.lots[lot_id][2]))

    def moves(self, lot, quantity, target):
        counts = self.where[lot[0], lot[1]]
        counts["stored"] -= quantity
        counts[target] += quantity
        lot[2] -= quantity

    def depart(self):
        lot_id, lot, quantity = self.some()
        self.world.time[0] += timedelta(seconds=1)
        area = self.chance.choice(DISTRICTS)
        need_id = self.chance.choice([*self.needs])
        assignment_id = hold(self.world.system, need_id, lot_id, quantity, area=area)
        self.do(lambda tx: assignments.depart(tx, SYSTEM, assignment_id, StepIn()))
        self.moves(lot, quantity, "on_the_way")
        self.away.append((assignment_id, need_id, lot, quantity))

    def arrive(self):
        assignment_id, need_id, lot, quantity = self.away.pop(self.chance.randrange(len(self.away)))
        counts = self.where[lot[0], "blanket"]
        counts["on_the_way"] -= quantity
        if self.chance.random() < 0.1:
            goods = self.chance.choice(("returned", "lost"))
            body = FailIn(reason="jembatan putus", goods=goods)
            self.do(lambda tx: assignments.fail(tx, SYSTEM, assignment_id, body))
            counts["stored" if goods == "returned" else "lost"] += quantity
            lot[2] += quantity if goods == "returned" else 0
            return
        given = self.chance.randint(1, quantity)
        lines = [{"need_id": need_id, "quantity": given}]
        body = parse(DeliverIn, {"client_id": str(uuid.uuid4()), "code": self.needs[need_id], "lines": lines})
        self.do(lambda tx: handovers.deliver(tx, SYSTEM, assignment_id, body))
        counts["delivered"] += given
        counts["stored"] += quantity - given
        lot[2] += quantity - given
        self.handed += 1

    def move_on(self):
        lot_id, lot, quantity = self.some()
        with self.world.system.reading() as tx:
            here = tx.stock.lot(lot_id)["site_id"]
        there = self.chance.choice([site for site in self.sites if site != here])
        body = TransferIn(lot_id=lot_id, to_site_id=there, quantity=quantity)
        _, new = self.do(lambda tx: supply.transfer(tx, SYSTEM, body)).answer["lots"]
        lot[2] -= quantity
        self.lots[new["id"]] = [lot[0], lot[1], quantity]

    def write_off(self):
        lot_id, lot, quantity = self.some()
        body = WriteOffIn(lot_id=lot_id, quantity=quantity, reason="damaged")
        self.do(lambda tx: supply.write_off(tx, SYSTEM, body))
        self.moves(lot, quantity, "lost")

    def count(self):
        lot_id, lot, _ = self.some()
        found = max(0, lot[2] + self.chance.randint(-3, 3))
        body = parse(AdjustIn, {"lot_id": lot_id, "counted": found, "reason": "hitung ulang"})
        self.do(lambda tx: supply.adjust(tx, SYSTEM, body))
        counts = self.where[lot[0], lot[1]]
        counts["stored"] += found - lot[2]
        counts["lost"] += lot[2] - found
        lot[2] = found

    def open_kits(self):
        lot_id, lot, quantity = self.some(KIT)
        body = BreakIn(lot_id=lot_id, quantity=quantity, reason="dibagi")
        _, *parts = self.do(lambda tx: supply.break_kit(tx, SYSTEM, body)).answer["lots"]
        self.moves(lot, quantity, "opened")
        for part, each in zip(parts, KITS[KIT].holds.values(), strict=True):
            self.lots[part["id"]] = [lot[0], part["item"], quantity * each]
            self.where.setdefault((lot[0], part["item"]), Counter())["stored"] += quantity * each

    def play(self):
        for _ in range(GIFTS):
            self.give()
        acts = [self.move_on, self.write_off, self.count, self.open_kits]
        while self.handed < DELIVERIES:
            while len(self.away) < 5:
                self.depart()
            self.arrive()
            if self.chance.random() < 0.2:
                self.chance.choice(acts)()


@pytest.fixture(scope="module")
def story(module_started):
    time = [BEGIN]
    system = System(module_started, now=lambda: time[0])
    world = World(system)
    world.time = time
    found = Story(world, Random(6))
    found.play()
    with system.writing() as tx:
        publishing.publish(tx, tx.now)
    yield found
    system.engine.dispose()


def amounts(part):
    """The standings of an item as numbers."""
    sums = {name: sum(row["quantity"] for row in part[name]) for name in ("delivered", "stored")}
    return sums | {name: part[name] for name in ("on_the_way", "lost", "surplus", "opened")}


def parts_of(way, gift):
    return [{"item": gift["item"], **way}, *way["parts"]]


def whole(found):
    """What amounts add up to."""
    return sum(found[name] for name in STANDINGS if name != "surplus") - found["surplus"]


def came_of(gift, way, item):
    """What came in of an item: what was given, or what the opened kits held."""
    return gift["quantity"] if item == gift["item"] else way["opened"] * KITS[KIT].holds[item]


def test_every_gift_tells_where_all_of_it_is(story):
    gazetteer = story.world.system.gazetteer()
    with story.world.system.reading() as tx:
        followed = {gift_id: gifts.follow(tx, gift["code"], gazetteer) for gift_id, gift in story.gifts.items()}
    assert len(followed) == GIFTS
    for gift_id, found in followed.items():
        for part in parts_of(found, found):
            told, kept = amounts(part), story.where[gift_id, part["item"]]
            expected = {**kept, "lost": told["lost"], "surplus": told["surplus"]}
            assert told["lost"] - told["surplus"] == kept["lost"]
            assert told == {name: expected.get(name, 0) for name in STANDINGS}, (gift_id, part["item"])


def test_the_parts_of_every_gift_add_up_at_every_moment(story):
    """Just before and at each moment at which anything of the gift moved."""
    gazetteer, moments = story.world.system.gazetteer(), 0
    for gift_id, gift in story.gifts.items():
        with story.world.system.reading() as tx:
            entries = tx.stock.gift_entries(gift_id, tx.now)
        times = sorted({entry["at"] for entry in entries})
        for until in [*times, *(at - timedelta(microseconds=1) for at in times[1:])]:
            moments += 1
            way = gift_ways.way_of(gift["item"], [entry for entry in entries if entry["at"] <= until], gazetteer)
            for part in parts_of(way, gift):
                found = amounts(part)
                assert whole(found) == came_of(gift, way, part["item"]), (gift_id, until, part["item"])
                assert min(found.values()) >= 0
            _lots_add_up(way, gift)
    assert moments > 2 * DELIVERIES


def _lots_add_up(way, gift):
    """Each lot for itself, and all lots of an item together but for what went from one to another."""
    for lot in way["lots"]:
        assert whole(amounts({**lot, "stored": [{"quantity": lot["stored"]}]})) + lot["moved_on"] == lot["came"]
    for part in parts_of(way, gift):
        own = [lot for lot in way["lots"] if lot["item"] == part["item"]]
        assert sum(lot["came"] - lot["moved_on"] for lot in own) == came_of(gift, way, part["item"])


def test_lots_name_the_lot_that_they_came_out_of(story):
    gazetteer = story.world.system.gazetteer()
    with story.world.system.reading() as tx:
        for gift in story.gifts.values():
            lots = gifts.follow(tx, gift["code"], gazetteer)["lots"]
            assert [lot["from"] is None for lot in lots] == [True] + [False] * (len(lots) - 1)
            assert all(lot["from"] < lot["n"] for lot in lots[1:])
            for lot in lots:
                out = sum(other["came"] for other in lots if other["from"] == lot["n"] and other["item"] == lot["item"])
                assert out == lot["moved_on"]
