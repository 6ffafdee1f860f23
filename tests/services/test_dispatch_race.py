"""Everybody at once: whatever runs beside each other, nothing is promised twice and nothing locks up."""

import random
import threading
import uuid

from server.domain.errors import DomainError
from server.services import assignments, handovers, offers, reconciling
from server.services.inputs import parse
from server.services.inputs_dispatch import AssignIn, CancelIn, DeclineIn, DeliverIn, FailIn, StepIn
from tests.services.world import COORDINATOR, volunteer_actor

THREADS, STEPS = 6, 25


class Crowd:
    """People and processes that act at random on one small disaster."""

    def __init__(self, world, seed):
        self.world, self.random = world, random.Random(seed)
        site = world.site()
        self.lots = {item: world.stock(site, item, 30) for item in ("blanket", "rice", "tarpaulin")}
        self.people = [world.volunteer() for _ in range(5)]
        self.cases = [world.case(dict.fromkeys(self.lots, 20)) for _ in range(3)]
        self.surprises = []

    def any_assignment(self, *states):
        with self.world.system.reading() as tx:
            rows = [row for case in self.cases for row in tx.assignments.of_case(case)]
        found = [row for row in rows if row["state"] in states]
        return self.random.choice(found) if found else None

    def plan_and_approve(self):
        self.world.approve(self.world.plan())

    def assign(self):
        item = self.random.choice(sorted(self.lots))
        need = self.world.needs(self.random.choice(self.cases))[item]
        quantity = self.random.randint(1, 9)
        body = {"need_id": need["id"], "lot_id": self.lots[item], "quantity": quantity, "reason": "uji acak"}
        with self.world.system.writing() as tx:
            assignments.assign(tx, COORDINATOR, parse(AssignIn, body))

    def ask(self):
        with self.world.system.writing() as tx:
            offers.offer_waiting(tx, [self.world.incident["id"]])

    def accept(self):
        if row := self.any_assignment("offered"):
            for volunteer_id, state in self.world.offers_of(row["id"]).items():
                if state == "open":
                    self.world.accept(row["id"], volunteer_id)

    def decline(self):
        if row := self.any_assignment("offered"):
            for volunteer_id in self.world.offers_of(row["id"]):
                self.world.do(offers.decline, volunteer_actor(volunteer_id), row["id"], DeclineIn())

    def go_on(self):
        if row := self.any_assignment("accepted", "en_route", "delivered"):
            carrier, job = volunteer_actor(row["volunteer_id"]), row["id"]
            if row["state"] == "accepted":
                self.world.do(assignments.depart, carrier, job, StepIn())
            elif row["state"] == "en_route":
                with self.world.system.reading() as tx:
                    code = tx.cases.get(row["case_id"])["delivery_code"]
                self.world.do(handovers.deliver, carrier, job, DeliverIn(client_id=uuid.uuid4(), code=code))
            else:
                self.world.do(assignments.confirm, COORDINATOR, job, StepIn())

    def give_up(self):
        if row := self.any_assignment("accepted", "en_route"):
            failed = FailIn(reason="uji acak", goods=self.random.choice(["returned", "lost"]))
            self.world.do(assignments.fail, volunteer_actor(row["volunteer_id"]), row["id"], failed)

    def call_off(self):
        if row := self.any_assignment("proposed", "offered", "accepted"):
            self.world.do(assignments.cancel, COORDINATOR, row["id"], CancelIn(reason="uji acak"))

    def sweep(self):
        if row := self.any_assignment("offered"):
            self.world.late(row["id"])
        self.world.sweep()

    def reconcile(self):
        with self.world.system.writing() as tx:
            reconciling.reconcile(tx)

    def act(self, seed):
        order = random.Random(seed)
        often = [self.assign, self.ask, self.accept, self.go_on]
        every = [*often, *often, self.plan_and_approve, self.decline, self.give_up, self.call_off, self.sweep]
        every.append(self.reconcile)
        for _ in range(STEPS):
            do = order.choice(every)
            try:
                do()
            except DomainError:
                continue
            except Exception as error:  # noqa: BLE001 - what it is, the test tells
                self.surprises.append((do.__name__, repr(error)))


def test_nothing_is_promised_twice_whatever_runs_beside_each_other(world):
    crowd = Crowd(world, 7)
    threads = [threading.Thread(target=crowd.act, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert crowd.surprises == []
    assert world.faults() == []
    with world.system.reading() as tx:
        done = [row for case in crowd.cases for row in tx.assignments.of_case(case)]
        over = [need for case in crowd.cases for need in tx.cases.needs_of(case) if need["covered"] > need["quantity"]]
        winners = "select count(*) from offers where state = 'accepted' group by assignment_id having count(*) > 1"
        assert tx.conn.exec_driver_sql(winners).all() == []
    assert over == []
    assert {row["state"] for row in done} & {"delivered", "confirmed", "failed"}
