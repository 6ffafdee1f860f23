"""A small disaster to test dispatch in: cases with needs, sites with stock, volunteers who are there."""

import itertools
import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from server.domain.permissions import SYSTEM, Actor, Grant
from server.services import approvals, cases, contacts, intake, offers, planning, plans, rulings, what_if
from server.services.inputs import CaseActionIn, ReportIn, parse
from server.services.inputs_dispatch import ApproveIn, OfferIn, PlanIn, StepIn
from server.services.inputs_planning import RulingIn, WhatIfIn

CIANJUR = (107.139, -6.822)
COORDINATOR = Actor(name="koordinator", user_id=None, grants=(Grant("coordinator", "32"),))
NUMBERS = itertools.count(1)


def volunteer_actor(volunteer_id):
    return Actor(name=f"relawan-{volunteer_id[:4]}", volunteer_id=volunteer_id, grants=(Grant("volunteer", "32.03"),))


@dataclass
class World:
    """What the tests do with a system, each in a transaction of its own."""

    system: object
    incident: dict = field(default_factory=dict)

    def __post_init__(self):
        with self.system.reading() as tx:
            self.incident = tx.incidents.by_slug("jabar")

    def settings(self, **settings):
        with self.system.writing() as tx:
            tx.conn.exec_driver_sql(
                "update incidents set settings = %(settings)s::jsonb", {"settings": json.dumps(settings)}
            )

    def case(self, needs, *, at=CIANJUR, people=None, tier=None, verified=True):
        """A report with these {item: quantity} needs; returns its case id."""
        data = {
            "client_id": str(uuid.uuid4()),
            "text": "Butuh bantuan",
            "place": {"lon": at[0], "lat": at[1], "accuracy_m": 30},
            "needs": [{"item": item, "quantity": quantity} for item, quantity in needs.items()],
            "contact": {"name": "Siti", "phone": f"0812{next(NUMBERS):08d}"},
        }
        data |= {"people": people} if people else {}
        gazetteer = self.system.gazetteer()
        with self.system.writing() as tx:
            receipt = intake.receive(tx, SYSTEM, parse(ReportIn, data), gazetteer=gazetteer, keys=self.system.keys)
        with self.system.reading() as tx:
            case_id = tx.reports.get(receipt.answer["id"])["case_id"]
        if verified:
            with self.system.writing() as tx:
                cases.act(tx, SYSTEM, case_id, "verify", CaseActionIn(), gazetteer)
        if tier is not None:
            with self.system.writing() as tx:
                cases.act(tx, SYSTEM, case_id, "set_tier", CaseActionIn(tier=tier, reason="uji"), gazetteer)
        return case_id

    def needs(self, case_id):
        with self.system.reading() as tx:
            return {need["item"]: need for need in tx.cases.needs_of(case_id)}

    def site(self, *, at=CIANJUR, name="Posko", area="32.03"):
        with self.system.writing() as tx:
            row = {
                "id": tx.new_id(),
                "incident_id": self.incident["id"],
                "name": f"{name} {next(NUMBERS)}",
                "kind": "warehouse",
                "area": area,
                "lon": at[0],
                "lat": at[1],
                "accuracy_m": 20,
                "created_at": tx.now,
            }
            tx.sites.add(row)
        return row["id"]

    def stock(self, site_id, item, quantity):
        """A lot of the item at the site; returns its id."""
        with self.system.writing() as tx:
            lot_id, common = tx.new_id(), {"reason": "receive", "by": "test", "at": tx.now, "note": None}
            tx.stock.add_lot({"id": lot_id, "site_id": site_id, "item": item, "created_at": tx.now})
            entry = {**common, "transfer_id": tx.new_id(), "lot_id": lot_id, "assignment_id": None}
            came = {**entry, "account": "site", "quantity": quantity}
            tx.stock.post([{**entry, "account": "outside", "quantity": -quantity}, came])
        return lot_id

    def lot(self, lot_id):
        with self.system.writing() as tx:
            return tx.stock.lock_lots([lot_id])[lot_id]

    def balance(self, lot_id):
        """Account -> units of the lot, without empty accounts."""
        found = {}
        with self.system.reading() as tx:
            query = "select account, quantity from ledger where lot_id = %(lot)s"
            for entry in tx.conn.exec_driver_sql(query, {"lot": lot_id}).mappings():
                found[entry["account"]] = found.get(entry["account"], 0) + entry["quantity"]
        return {account: quantity for account, quantity in found.items() if quantity}

    def volunteer(self, *, vehicle="truck", skills=(), at=CIANJUR, here=True, until=timedelta(hours=8), team=None):
        """An accepted volunteer, checked in; returns the id."""
        keys = self.system.keys
        with self.system.writing() as tx:
            volunteer_id, sealed = tx.new_id(), contacts.seal_phone(f"+62813{next(NUMBERS):08d}", keys)
            tx.volunteers.add(
                {
                    "id": volunteer_id,
                    "incident_id": self.incident["id"],
                    "state": "accepted",
                    "name_sealed": contacts.seal_text("Budi", keys),
                    "alias": f"R{next(NUMBERS)}",
                    "phone_sealed": sealed.enc,
                    "phone_index": sealed.index,
                    "phone_last3": sealed.last3,
                    "home_area": "32.03",
                    "skills": list(skills),
                    "vehicle": vehicle,
                    "consent_at": tx.now,
                    "created_at": tx.now,
                }
            )
            if here:
                tx.volunteers.add_checkin(
                    {
                        "id": tx.new_id(),
                        "volunteer_id": volunteer_id,
                        "incident_id": self.incident["id"],
                        "area": "32.03",
                        "lon": at[0],
                        "lat": at[1],
                        "accuracy_m": 30,
                        "skills": list(skills),
                        "vehicle": vehicle,
                        "team": team,
                        "started_at": tx.now,
                        "until": tx.now + until,
                    }
                )
        return volunteer_id

    def plan(self, actor=COORDINATOR):
        """A plan that is worked out; returns its id."""
        with self.system.writing() as tx:
            plan_id = plans.request(tx, actor, PlanIn())["id"]
        self.work_out(plan_id)
        return plan_id

    def work_out(self, plan_id):
        with self.system.reading() as tx:
            situation = planning.read(tx, plan_id)
        solved = planning.solve(situation)
        with self.system.writing() as tx:
            return planning.write(tx, situation, solved)

    def what_if(self, *changes, actor=COORDINATOR):
        """The answer to a what-if."""
        with self.system.writing() as tx:
            plan_id = what_if.ask(tx, actor, parse(WhatIfIn, {"changes": list(changes)}))["id"]
        self.work_out(plan_id)
        return self.shown(plan_id)

    def rule(self, kind, need_id, actor=COORDINATOR, **more):
        """A ruling on a need; returns its id."""
        body = parse(RulingIn, {"kind": kind, "need_id": need_id, "reason": "jalan rusak", **more})
        with self.system.writing() as tx:
            return rulings.rule(tx, actor, body)["id"]

    def shown(self, plan_id, actor=COORDINATOR):
        with self.system.reading() as tx:
            return plans.show(tx, actor, plan_id)

    def approve(self, plan_id, only=None, actor=COORDINATOR):
        with self.system.writing() as tx:
            return approvals.approve(tx, actor, plan_id, ApproveIn(only=only))

    def approved(self, needs, **more):
        """A case with these needs, planned and approved; returns (case id, assignment ids)."""
        case_id = self.case(needs, **more)
        return case_id, self.approve(self.plan())["approved"]

    def round(self, assignment_id):
        with self.system.writing() as tx:
            return offers.make_round(tx, assignment_id)

    def offer(self, assignment_id, volunteer_id, reason=None):
        with self.system.writing() as tx:
            return offers.offer(tx, COORDINATOR, assignment_id, OfferIn(volunteer_id=volunteer_id, reason=reason))

    def accept(self, assignment_id, volunteer_id, version=None):
        with self.system.writing() as tx:
            return offers.accept(tx, volunteer_actor(volunteer_id), assignment_id, StepIn(version=version))

    def do(self, step, actor, assignment_id, body):
        """One step of an assignment by a service function."""
        with self.system.writing() as tx:
            return step(tx, actor, assignment_id, body)

    def state(self, assignment_id):
        with self.system.reading() as tx:
            return tx.assignments.get(assignment_id)

    def offers_of(self, assignment_id):
        """Volunteer id -> state of the offer."""
        with self.system.reading() as tx:
            return {row["volunteer_id"]: row["state"] for row in tx.assignments.offers(assignment_id)}

    def events(self, *types):
        """The recorded events of these types (all without any), oldest first."""
        query = "select type, area, data from outbox order by id"
        with self.system.reading() as tx:
            rows = [dict(row) for row in tx.conn.exec_driver_sql(query).mappings()]
        return [row for row in rows if not types or row["type"] in types]

    def faults(self):
        with self.system.reading() as tx:
            return tx.stock.unbalanced() + tx.stock.below_zero() + tx.assignments.over_promised()

    def late(self, assignment_id):
        """Let the deadlines of the assignment's offers pass."""
        with self.system.writing() as tx:
            tx.conn.exec_driver_sql(
                "update offers set deadline_at = clock_timestamp() - interval '1 second' where assignment_id = %(id)s",
                {"id": assignment_id},
            )

    def sweep(self):
        with self.system.writing() as tx:
            return offers.expire_due(tx)
