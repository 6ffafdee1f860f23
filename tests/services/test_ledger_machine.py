"""Any order of changes of stock, of holding, carrying and handing over keeps the ledger whole."""

import uuid

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from server.bootstrap import System
from server.domain.catalogue import KITS
from server.domain.errors import Invalid
from server.domain.permissions import SYSTEM
from server.services import assignments, handovers, supply
from server.services.inputs import parse
from server.services.inputs_dispatch import CancelIn, DeliverIn, FailIn, StepIn
from server.services.inputs_supply import AdjustIn, BreakIn, ReceiveIn, TransferIn, WriteOffIn
from tests.services.holding import hold
from tests.services.world import World

SMALL = st.integers(1, 30)
KIT = "family_kit"


@pytest.fixture(scope="module")
def world(module_started):
    system = System(module_started)
    yield World(system)
    system.engine.dispose()


class Ledger(RuleBasedStateMachine):
    """The stock of two sites beside a model of it: on hand and held per lot."""

    world = None
    lots = Bundle("lots")
    kits = Bundle("kits")
    waiting = Bundle("waiting")
    away = Bundle("away")

    def __init__(self):
        super().__init__()
        self.sites = [self.world.site(), self.world.site()]
        self.case_id = self.world.case({"rice": 100_000})
        self.need_id = self.world.needs(self.case_id)["rice"]["id"]
        self.on_hand, self.held, self.out = {}, {}, 0

    def does(self, verb, model, **fields):
        with self.world.system.writing() as tx:
            return verb(tx, SYSTEM, parse(model, fields)).answer["lots"]

    def refused(self, verb, model, **fields):
        with pytest.raises(Invalid):
            self.does(verb, model, **fields)

    def step(self, verb, assignment_id, body):
        with self.world.system.writing() as tx:
            verb(tx, SYSTEM, assignment_id, body)

    def free(self, lot):
        return self.on_hand[lot] - self.held[lot]

    @rule(target=lots, where=st.integers(0, 1), quantity=SMALL)
    def receive(self, where, quantity):
        (lot,) = self.does(supply.receive, ReceiveIn, site_id=self.sites[where], item="rice", quantity=quantity)
        self.on_hand[lot["id"]], self.held[lot["id"]] = quantity, 0
        return lot["id"]

    @rule(lot=lots, beyond_free=st.integers(-9, 9), reason=st.sampled_from(("expired", "damaged", "lost")))
    def write_off(self, lot, beyond_free, reason):
        quantity = max(1, self.free(lot) + beyond_free)
        fields = {"lot_id": lot, "quantity": quantity, "reason": reason}
        if quantity > self.free(lot):
            self.refused(supply.write_off, WriteOffIn, **fields)
        else:
            self.does(supply.write_off, WriteOffIn, **fields)
            self.on_hand[lot] -= quantity

    @rule(lot=lots, beyond_held=st.integers(-9, 9))
    def count(self, lot, beyond_held):
        counted = max(0, self.held[lot] + beyond_held)
        fields = {"lot_id": lot, "counted": counted, "reason": "hitung ulang"}
        if counted < self.held[lot]:
            self.refused(supply.adjust, AdjustIn, **fields)
        else:
            self.does(supply.adjust, AdjustIn, **fields)
            self.on_hand[lot] = counted

    @rule(target=lots, lot=lots, beyond_free=st.integers(-9, 9))
    def move(self, lot, beyond_free):
        quantity = max(1, self.free(lot) + beyond_free)
        with self.world.system.reading() as tx:
            here = tx.stock.lot(lot)["site_id"]
        there = next(site for site in self.sites if site != here)
        fields = {"lot_id": lot, "to_site_id": there, "quantity": quantity}
        if quantity > self.free(lot):
            self.refused(supply.transfer, TransferIn, **fields)
            return lot
        _, new = self.does(supply.transfer, TransferIn, **fields)
        self.on_hand[lot] -= quantity
        self.on_hand[new["id"]], self.held[new["id"]] = quantity, 0
        return new["id"]

    @rule(target=kits, where=st.integers(0, 1), quantity=SMALL)
    def receive_kits(self, where, quantity):
        (lot,) = self.does(supply.receive, ReceiveIn, site_id=self.sites[where], item=KIT, quantity=quantity)
        self.on_hand[lot["id"]], self.held[lot["id"]] = quantity, 0
        return lot["id"]

    @rule(lot=kits, quantity=SMALL)
    def hold_kits(self, lot, quantity):
        quantity = min(quantity, self.free(lot))
        if quantity:
            hold(self.world.system, self.need_id, lot, quantity)
            self.held[lot] += quantity

    @rule(lot=kits, beyond_free=st.integers(-9, 9))
    def open_kits(self, lot, beyond_free):
        quantity = max(1, self.free(lot) + beyond_free)
        fields = {"lot_id": lot, "quantity": quantity, "reason": "dibagi"}
        if quantity > self.free(lot):
            self.refused(supply.break_kit, BreakIn, **fields)
            return
        _, *parts = self.does(supply.break_kit, BreakIn, **fields)
        self.on_hand[lot] -= quantity
        assert [part["item"] for part in parts] == list(KITS[KIT].holds)
        for part, each in zip(parts, KITS[KIT].holds.values(), strict=True):
            self.on_hand[part["id"]], self.held[part["id"]] = quantity * each, 0

    @rule(target=waiting, lot=lots, quantity=SMALL)
    def hold(self, lot, quantity):
        quantity = min(quantity, self.free(lot))
        if not quantity:
            return None
        assignment_id = hold(self.world.system, self.need_id, lot, quantity)
        self.held[lot] += quantity
        return assignment_id, lot, quantity

    @rule(job=consumes(waiting))
    def call_off(self, job):
        if job:
            assignment_id, lot, quantity = job
            self.step(assignments.cancel, assignment_id, CancelIn(reason="tidak jadi"))
            self.held[lot] -= quantity

    @rule(target=away, job=consumes(waiting))
    def depart(self, job):
        if job:
            assignment_id, lot, quantity = job
            self.step(assignments.depart, assignment_id, StepIn())
            self.held[lot] -= quantity
            self.on_hand[lot] -= quantity
            self.out += quantity
        return job

    @rule(job=consumes(away), goods=st.sampled_from(("returned", "lost")))
    def turn_back(self, job, goods):
        if job:
            assignment_id, lot, quantity = job
            self.step(assignments.fail, assignment_id, FailIn(reason="jembatan putus", goods=goods))
            self.on_hand[lot] += quantity if goods == "returned" else 0
            self.out -= quantity

    @rule(job=consumes(away), part=st.floats(0, 1))
    def hand_over(self, job, part):
        if not job:
            return
        assignment_id, lot, quantity = job
        given = max(1, round(part * quantity))
        with self.world.system.reading() as tx:
            code = tx.cases.get(self.case_id)["delivery_code"]
        lines = [{"need_id": self.need_id, "quantity": given}]
        body = parse(DeliverIn, {"client_id": str(uuid.uuid4()), "code": code, "lines": lines})
        self.step(handovers.deliver, assignment_id, body)
        self.on_hand[lot] += quantity - given
        self.out -= quantity

    @invariant()
    def the_books_are_whole(self):
        assert self.world.faults() == []
        with self.world.system.reading() as tx:
            found = {lot: tx.stock.lot(lot) for lot in self.on_hand}
        assert {lot: row["on_hand"] for lot, row in found.items()} == self.on_hand
        assert {lot: row["held"] for lot, row in found.items()} == self.held
        assert sum(self.world.balance(lot).get("transit", 0) for lot in found) == self.out


def test_no_order_of_changes_breaks_the_ledger(world):
    Ledger.world = world
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
