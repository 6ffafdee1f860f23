"""What people and machines do in the soak: real services, one transaction each, targets chosen at random.

Whatever is looked at is looked at in a transaction of its own before, as people do: by the time of the act it may be
gone. What many want at once is chosen more often.
"""

import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.soak import scene
from bench.soak.scene import COORDINATOR, volunteer_actor
from server.bootstrap import System
from server.domain.permissions import SYSTEM
from server.services import (
    approvals,
    assignments,
    handovers,
    offers,
    overdue,
    planning,
    plans,
    reassigning,
    reconciling,
    rulings,
    supply,
    volunteering,
    waves,
    what_if,
)
from server.services.inputs import ReasonIn, parse
from server.services.inputs_dispatch import (
    ApproveIn,
    AssignIn,
    CancelIn,
    DeclineIn,
    DeliverIn,
    FailIn,
    OfferIn,
    PlanIn,
    StepIn,
)
from server.services.inputs_planning import ReassignIn, RulingIn, WaveEditIn, WaveIn, WhatIfIn
from server.services.inputs_supply import AdjustIn, BreakIn, SiteChangeIn, TransferIn, WriteOffIn
from workers import clock, jobs

WHY = "uji acak"


class NothingToDo(Exception):
    """The act has no target now."""


class Acts:
    """Everything that one thread may do."""

    def __init__(self, system: System, rng: random.Random) -> None:
        self.system, self.rng = system, rng
        jobs.use(system)

    def any(self, query: str, **values: Any) -> dict[str, Any]:
        """One row of the query, the first ones rather than the others."""
        with self.system.reading() as tx:
            rows = [dict(row) for row in tx.conn.exec_driver_sql(query, values).mappings().fetchmany(8)]
        if not rows:
            raise NothingToDo
        return rows[min(int(self.rng.expovariate(0.5)), len(rows) - 1)]

    def do(self, service: Callable[..., Any], *arguments: Any) -> Any:
        """The service in a transaction."""
        with self.system.writing() as tx:
            return service(tx, *arguments)

    # Planning

    def plan(self) -> None:
        """Somebody asks for a plan, and a worker works it out."""
        jobs.make_plan(self.do(plans.request, COORDINATOR, PlanIn())["id"])

    def plan_again(self) -> None:
        """A job comes twice, or comes again because its worker died."""
        jobs.make_plan(self.any("select id from plans where state = 'requested' order by random()")["id"])

    def replan(self) -> None:
        """What every event asks for, without the rest that the job takes first."""
        incident = self.any("select id from incidents")["id"]
        with self.system.writing() as tx:
            planning.replan(tx, incident)

    def ask_what_if(self) -> None:
        """A what-if is asked and answered."""
        site = self.any("select id from sites order by random()")["id"]
        body = parse(WhatIfIn, {"changes": [{"kind": "close_site", "site_id": site}]})
        jobs.make_plan(self.do(what_if.ask, COORDINATOR, body)["id"])

    def draft_wave(self) -> None:
        """A wave is drafted and worked out."""
        departs = (self.system.now() + timedelta(minutes=5)).isoformat()
        body = parse(WaveIn, {"name": "Gelombang", "departs_at": departs})
        jobs.make_plan(self.do(waves.draft, COORDINATOR, body)["id"])

    def edit_wave(self) -> None:
        """A match is taken out of a draft or set to less."""
        plan = self.any("select id, version from plans where kind = 'wave' and state = 'ready' order by random()")
        match = self.any("select n, quantity from matches where plan_id = %(id)s order by random()", id=plan["id"])
        body = {"version": plan["version"], "reason": WHY}
        body |= {"take_out": [match["n"]]} if self.rng.random() < 0.5 else {"quantities": {match["n"]: 1}}
        self.do(waves.edit, COORDINATOR, plan["id"], parse(WaveEditIn, body))

    def approve(self) -> None:
        """A plan is approved, or some of it; old ones, too."""
        plan = self.any(
            "select id, kind, version from plans where state = 'ready' and kind <> 'what_if' order by ready_at desc"
        )
        some = plan["kind"] == "live" and self.rng.random() < 0.3
        self.do(approvals.approve, COORDINATOR, plan["id"], ApproveIn(only=self._some(plan["id"]) if some else None))

    def _some(self, plan_id: str) -> list[int]:
        return [self.any("select n from matches where plan_id = %(id)s order by random()", id=plan_id)["n"]]

    # A coordinator

    def assign(self) -> None:
        """Goods or a volunteer by hand, with what looks free."""
        need = self.any("select id, item, quantity from needs where state = 'open' order by id desc")
        body: dict[str, Any] = {"need_id": need["id"], "reason": WHY}
        if need["item"] in scene.GOODS:
            body["lot_id"] = self._lot(need["item"])["id"]
            body["quantity"] = self.rng.randint(1, need["quantity"]) if self.rng.random() < 0.7 else None
        if need["item"] not in scene.GOODS or self.rng.random() < 0.3:
            body["volunteer_id"] = self._volunteer()
        self.do(assignments.assign, COORDINATOR, parse(AssignIn, body))

    def _lot(self, item: str) -> dict[str, Any]:
        query = """
        select lots.id, lots.site_id, sum(ledger.quantity)::int as on_hand from lots
        join ledger on ledger.lot_id = lots.id and account = 'site'
        where item = %(item)s group by lots.id having sum(ledger.quantity) > 0 order by sum(ledger.quantity) desc, id
        """
        return self.any(query, item=item)

    def _volunteer(self) -> str:
        return str(self.any("select id from volunteers order by random()")["id"])

    def _assignment(self, *states: str) -> dict[str, Any]:
        query = "select * from assignments where state = any(%(states)s) order by changed_at desc, id"
        return self.any(query, states=list(states))

    def reassign(self) -> None:
        """Another lot or another volunteer for work that nobody has set off with."""
        row = self._assignment("proposed", "offered", "accepted")
        body: dict[str, Any] = {"reason": WHY, "volunteer_id": self._volunteer()}
        if row["kind"] == "goods" and self.rng.random() < 0.6:
            query = "select item from assignment_lines l join needs n on n.id = l.need_id where assignment_id = %(id)s"
            body = {"reason": WHY, "lot_id": self._lot(self.any(query, id=row["id"])["item"])["id"]}
        self.do(reassigning.reassign, COORDINATOR, row["id"], parse(ReassignIn, body))

    def cancel(self) -> None:
        """Work is called off."""
        row = self._assignment("proposed", "offered", "accepted")
        self.do(assignments.cancel, COORDINATOR, row["id"], CancelIn(reason=WHY))

    def offer_one(self) -> None:
        """A volunteer is asked by name, or the round begins anew."""
        row = self._assignment("proposed", "offered")
        who = self._volunteer() if self.rng.random() < 0.7 else None
        self.do(offers.offer, COORDINATOR, row["id"], parse(OfferIn, {"volunteer_id": who, "reason": WHY}))

    def confirm(self) -> None:
        """A coordinator has made sure that the help arrived."""
        self.do(assignments.confirm, COORDINATOR, self._assignment("delivered")["id"], StepIn())

    def rule(self) -> None:
        """A lot is pinned to a need, or forbidden."""
        query = "select id, item from needs where state = 'open' and item = any(%(goods)s) order by random()"
        need = self.any(query, goods=list(scene.GOODS))
        body = {"need_id": need["id"], "kind": self.rng.choice(["pin", "forbid"]), "reason": WHY}
        self.do(rulings.rule, COORDINATOR, parse(RulingIn, {**body, "lot_id": self._lot(need["item"])["id"]}))

    def end_ruling(self) -> None:
        """A ruling is taken back."""
        ruling = self.any("select id from rulings where ended_at is null order by at")
        self.do(rulings.end, COORDINATOR, ruling["id"], ReasonIn(reason=WHY))

    # A volunteer

    def accept(self) -> None:
        """One of those who are asked most says yes."""
        query = """
        select volunteer_id, assignment_id from offers o where state = 'open'
        order by (select count(*) from offers p where p.volunteer_id = o.volunteer_id and state = 'open') desc,
                 (select count(*) from offers p where p.assignment_id = o.assignment_id and state = 'open') desc, id
        """
        offer = self.any(query)
        self.do(offers.accept, volunteer_actor(offer["volunteer_id"]), offer["assignment_id"], StepIn())

    def decline(self) -> None:
        """Somebody says no."""
        offer = self.any("select volunteer_id, assignment_id from offers where state = 'open' order by random()")
        self.do(offers.decline, volunteer_actor(offer["volunteer_id"]), offer["assignment_id"], DeclineIn())

    def depart(self) -> None:
        """The carrier sets off."""
        row = self._assignment("accepted")
        self.do(assignments.depart, volunteer_actor(row["volunteer_id"]), row["id"], StepIn())

    def deliver(self) -> None:
        """The goods are handed over, all or some of them, and told twice, as phones do."""
        row = self._assignment("en_route")
        case = self.any("select delivery_code as code from cases where id = %(id)s", id=row["case_id"])
        body: dict[str, Any] = {"client_id": str(uuid.uuid4()), "code": case["code"]}
        if row["kind"] == "goods" and self.rng.random() < 0.4:
            query = """
            select need_id, sum(quantity)::int as quantity from assignment_lines
            where assignment_id = %(id)s group by need_id
            """
            line = self.any(query, id=row["id"])
            body["lines"] = [{"need_id": line["need_id"], "quantity": self.rng.randint(1, line["quantity"])}]
        for _ in range(2):
            self.do(handovers.deliver, volunteer_actor(row["volunteer_id"]), row["id"], parse(DeliverIn, body))

    def fail(self) -> None:
        """It cannot be done; what was loaded comes back or is lost."""
        row = self._assignment("accepted", "en_route")
        body = FailIn(reason=WHY, goods=self.rng.choice(["returned", "lost"]))
        self.do(assignments.fail, volunteer_actor(row["volunteer_id"]), row["id"], body)

    def all_well(self) -> None:
        """Somebody who is late says that all is well."""
        row = self._assignment("accepted", "en_route")
        self.do(overdue.all_well, volunteer_actor(row["volunteer_id"]), row["id"], StepIn())

    def check_out(self) -> None:
        """A volunteer goes home."""
        self.do(volunteering.check_out, volunteer_actor(self._volunteer()))

    def check_in(self) -> None:
        """A volunteer is there, again or still."""
        scene.check_in(self.system, self.rng, self._volunteer())

    # Stock

    def receive(self) -> None:
        """Goods come to a site."""
        site = self.any("select id from sites order by random()")["id"]
        scene.receive(self.system, self.rng, site, self.rng.choice(scene.GOODS))

    def count_lot(self) -> None:
        """A lot is counted; a little more or less is there than the books say."""
        lot = self._lot(self.rng.choice(scene.GOODS))
        counted = max(0, lot["on_hand"] + self.rng.randint(-5, 2))
        self.do(supply.adjust, COORDINATOR, parse(AdjustIn, {"lot_id": lot["id"], "counted": counted, "reason": WHY}))

    def move_lot(self) -> None:
        """Some of a lot goes to another site."""
        lot = self._lot(self.rng.choice(scene.GOODS))
        there = self.any("select id from sites order by random()")["id"]
        body = {"lot_id": lot["id"], "to_site_id": there, "quantity": self.rng.randint(1, lot["on_hand"])}
        self.do(supply.transfer, COORDINATOR, parse(TransferIn, body))

    def open_kit(self) -> None:
        """Kits are opened, so that what they hold can be given out."""
        lot = self._lot("family_kit")
        body = {"lot_id": lot["id"], "quantity": self.rng.randint(1, min(3, lot["on_hand"])), "reason": WHY}
        self.do(supply.break_kit, COORDINATOR, parse(BreakIn, body))

    def write_off(self) -> None:
        """Some of a lot is spoilt."""
        lot = self._lot(self.rng.choice(scene.GOODS))
        body = {"lot_id": lot["id"], "quantity": self.rng.randint(1, min(3, lot["on_hand"])), "reason": "damaged"}
        self.do(supply.write_off, COORDINATOR, parse(WriteOffIn, body))

    # What comes in, and what the machines do

    def report(self) -> None:
        """Somebody new needs help; not while more is open than anybody could serve."""
        waiting = self.any("select count(*) as n from needs where state = 'open'")["n"]
        if waiting > 12 * scene.CASES:
            raise NothingToDo
        scene.report(self.system, self.rng)

    def merge(self) -> None:
        """Two cases turn out to be one."""
        query = "select id from cases where merged_into is null order by id desc limit 6"
        one, other = self.any(query)["id"], self.any(query)["id"]
        scene.act(self.system, one, "merge", into=other)

    def split(self) -> None:
        """Of two reports of one case one tells of other people."""
        query = """
        select min(id) as report, case_id from reports group by case_id having count(*) > 1 order by case_id desc
        """
        found = self.any(query)
        wanted = [{"item": self.rng.choice(scene.GOODS), "quantity": self.rng.randint(1, 9)}]
        scene.act(self.system, found["case_id"], "split", report_ids=[found["report"]], needs=wanted)

    def confirmed_by_recipient(self) -> None:
        """The people of a case say that what was brought is there."""
        case_id = self._assignment("delivered")["case_id"]
        with self.system.writing() as tx:
            tx.cases.get(case_id, lock=True)
            assignments.confirm_by_recipient(tx, SYSTEM, case_id)

    def open_or_close_site(self) -> None:
        """A site closes for a while, or opens again."""
        site = self.any("select id, is_open from sites order by is_open, id")
        body = parse(SiteChangeIn, {"is_open": not site["is_open"]})
        self.do(supply.change_site, SYSTEM, site["id"], body, self.system.gazetteer())

    def ask_next(self) -> None:
        """The next volunteers are asked for what is proposed, or for what somebody refused."""
        jobs.make_offers(self._assignment("proposed", "offered")["id"])

    def ask_waiting(self) -> None:
        """The assignments for which nobody was there before."""
        jobs.offer_waiting(self.any("select id from incidents")["id"])

    def expire(self) -> None:
        """Silent offers end."""
        clock.end_silent_offers(self.system)

    def raise_alarms(self) -> None:
        """Who is overdue is called for."""
        clock.raise_alarms(self.system)

    def publish_audit_head(self) -> None:
        """The audit trail's head is published."""
        clock.publish_audit_head(self.system)

    def reconcile(self) -> None:
        """What sat too long is set going again, and what nobody took is let go."""
        with self.system.writing() as tx:
            reconciling.reconcile(tx, too_long=timedelta(seconds=1))


OFTEN = {
    "accept": 10, "ask_next": 8, "assign": 8, "depart": 6, "deliver": 5, "approve": 5, "plan": 3, "fail": 3,
    "cancel": 3, "reassign": 3, "confirm": 3, "decline": 3, "expire": 3, "receive": 3, "count_lot": 3, "move_lot": 3,
    "offer_one": 2, "write_off": 2, "open_kit": 1, "report": 3, "merge": 2, "split": 1, "replan": 1,
    "plan_again": 1, "confirmed_by_recipient": 1, "open_or_close_site": 1,
    "ask_what_if": 0.2, "draft_wave": 0.5, "edit_wave": 1, "rule": 1, "end_ruling": 1, "all_well": 1, "check_out": 1,
    "check_in": 2, "ask_waiting": 0.3, "raise_alarms": 1, "publish_audit_head": 1, "reconcile": 0.5,
}  # fmt: skip
"""Every act by name, and how often it is done beside the others."""
