"""Ten days of cases on a clock that the tests move: reporters, staff and volunteers act, processes die, clocks jump.

Whatever the product accepted is told to the model of the case (`clock_model.py`), at the reading at which it happened.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import DBAPIError

from server.bootstrap import System
from server.domain.catalogue import SKILLS
from server.domain.errors import DomainError
from server.domain.permissions import ANYONE, SYSTEM, Actor, Grant
from server.services import (
    assignments,
    cases,
    clocks,
    handovers,
    intake,
    looking,
    offers,
    queries,
    referrals,
    tracking,
    units,
)
from server.services.inputs import AgencyIn, AnswerIn, CaseActionIn, PassIn, ReportIn, TrackIn, parse
from server.services.inputs_dispatch import AssignIn, CancelIn, DeliverIn, FailIn, OfferIn, StepIn
from tests.services.clock_model import CaseModel
from tests.services.moving_clock import MovingClock
from tests.services.world import COORDINATOR, World, volunteer_actor

BEGINS = datetime(2026, 11, 25, 1, tzinfo=UTC)
DAYS = 10
DARK = (BEGINS + timedelta(days=4), BEGINS + timedelta(days=5))
"""A day without power: nobody acts and nothing runs."""
PLACES = ("32.03.11.2001", "32.03.11.2002", "32.03.01", "32.04.05", "32.05", "32")
WANTED = {1: {"item": "evacuation"}, 2: {"item": "transport"}, 3: {"item": "debris_clearing"}}
STEPS = ("ask", "answer", "verify", "seen", "reject", "take_back", "cancel", "set_tier", "offer", "fail",
         "confirm", "reopen", "hand_over")  # fmt: skip
WEIGHTS = (5, 5, 7, 2, 1, 1, 1, 3, 9, 1, 5, 5, 4)
UNITS = {"32": "32", "32.03": "32.03", "32.04": "32.04", "32.03.11": "32.03.11", "pmi-cianjur": "32.03"}
"""Where cases are handed, and the area that each answers for."""


class KilledError(Exception):
    """A process died in the middle of its work."""


@dataclass
class Played:
    """A case as the play knows it."""

    id: int
    code: str
    report_id: str
    model: CaseModel
    job: str | None = None
    volunteer: str | None = None
    referral: dict | None = None


class Play:
    """Plays `number` cases; everything is decided by the seed."""

    def __init__(self, settings, number, seed):
        self.dice, self.number = random.Random(seed), number
        self.clock = MovingClock(settings, BEGINS)
        self.settings, self.played, self.killed = settings, [], 0
        self.system = System(settings, now=self.clock.now)
        self.world = World(self.system)
        self.staff = self._staffed()
        self.free = [self.world.volunteer(until=timedelta(days=20), skills=sorted(SKILLS)) for _ in range(40)]

    def _staffed(self):
        """Somebody for every unit; one of them is in the agency, too, and acts for all."""
        with self.system.writing() as tx:
            agency = {"code": "pmi-cianjur", "name": "PMI Cianjur", "kind": "pmi", "area": "32.03"}
            units.add_agency(tx, SYSTEM, parse(AgencyIn, agency))
            for unit in ("32", "32.03", "32.04", "32.03.11"):
                row = {"id": tx.new_id(), "name": f"petugas-{unit}", "password_hash": "", "created_at": tx.now}
                tx.accounts.add_user(row)
                tx.accounts.grant(row["id"], "coordinator", unit)
            units.join_agency(tx, SYSTEM, "pmi-cianjur", "petugas-32")
            user = tx.accounts.user_by_name("petugas-32")
        return Actor(name="petugas-32", user_id=user["id"], grants=(Grant("coordinator", "32"),))

    def close(self):
        """The end."""
        self.system.engine.dispose()
        self.clock.connection.close()

    def restart(self):
        """The process is dead; another takes its place."""
        self.killed += 1
        self.system.engine.dispose()
        self.system = self.world.system = System(self.settings, now=self.clock.now)

    def run(self, check):
        """Play it all; `check(play, one)` is called now and then with a case."""
        agenda = sorted(self._agenda(), key=lambda one: one[0])
        for at, kind, n in agenda:
            self._time_is(at)
            if kind == "sweep":
                self.sweep()
            elif kind == "jump":
                self._jump(n)
            elif kind == "arrive":
                self._arrive()
            elif self.played:
                one = self.dice.choice(self.played[-200:]) if n % 3 else self.dice.choice(self.played)
                self._act(one)
                if self.dice.random() < 0.1:
                    check(self, one)
        self._time_is(BEGINS + timedelta(days=DAYS + 8))
        self.sweep()

    def _agenda(self):
        moments = [(self._when(8), "arrive", n) for n in range(self.number)]
        moments += [(self._when(DAYS), "act", n) for n in range(4 * self.number)]
        moments += [(self._when(DAYS), "jump", n) for n in range(12)]
        at = BEGINS
        while at < BEGINS + timedelta(days=DAYS):
            moments.append((at, "sweep", 0))
            # Mostly every few minutes, now and then not for hours.
            at += timedelta(minutes=self.dice.choice((3, 5, 11, 17, 29, 240 if self.dice.random() < 0.2 else 7)))
        return [one for one in moments if not DARK[0] <= one[0] < DARK[1]]

    def _when(self, days):
        return BEGINS + timedelta(seconds=self.dice.randrange(int(days * 86_400)))

    def _time_is(self, at):
        if at > self.clock.at:
            self.clock.move_to(at)

    def _jump(self, n):
        """Somebody sets the clock: up to an hour ahead, or back."""
        by = timedelta(seconds=self.dice.randrange(60, 3600))
        self._set(self.clock.at + by if n % 2 else self.clock.at - by)

    def _set(self, at):
        self.clock.at = at
        self.clock.connection.execute("update moved.present set at = %s", [at])

    def _may_die(self, tx):
        """Killed before the commit: the exception undoes it, or the connection is gone with the process."""
        chance = self.dice.random()
        if chance < 0.01:
            raise KilledError
        if chance < 0.015:
            tx.conn.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")

    def do(self, work):
        """Some work in a transaction, by whoever lives long enough to commit it."""
        while True:
            try:
                with self.system.writing() as tx:
                    found = work(tx)
                    self._may_die(tx)
                return found
            except (KilledError, DBAPIError):
                self.restart()

    def sweep(self):
        """The duty of workers/clock.py, until nothing is due."""
        while self.do(clocks.sweep):
            pass
        for one in self.played:
            one.model.look(self.clock.at)

    def _arrive(self):
        tier, area = self.dice.choices((0, 1, 2, 3), (2, 3, 3, 2))[0], self.dice.choice(PLACES)
        data = {"client_id": str(uuid.uuid4()), "text": "Tolong", "area_code": area}
        data |= {"danger": {"trapped": True}} if tier == 0 else {"needs": [WANTED[tier]]}
        body, gazetteer = parse(ReportIn, data), self.system.gazetteer()
        receipt = self.do(lambda tx: intake.receive(tx, ANYONE, body, gazetteer=gazetteer, keys=self.system.keys))
        with self.system.reading() as tx:
            case_id = tx.reports.get(receipt.answer["id"])["case_id"]
        model = CaseModel(tier, area, self.clock.at)
        self.played.append(Played(case_id, receipt.answer["code"], receipt.answer["id"], model))

    def _act(self, one):
        step = self.dice.choices(STEPS, WEIGHTS)[0]
        tier = self.dice.choice([t for t in range(4) if t != one.model.tier])
        try:
            known = self.do(lambda tx: getattr(self, f"_{step}")(tx, one, tier))
        except DomainError:
            return
        if step != "hand_over":
            one.model.happens(step, self.clock.at, tier)
        for name, value in (known or {}).items():
            setattr(one, name, value)
        if step == "hand_over":
            self._answer_referral(one)
        elif step == "offer":
            self._answer_offer(one)
        elif step in ("confirm", "fail"):
            self.free.append(one.volunteer)
            one.job = one.volunteer = None

    def _answer_offer(self, one):
        """Half a minute later the volunteer accepts, or the coordinator takes it back."""
        self._time_is(self.clock.at + timedelta(seconds=30))
        if self.dice.random() < 0.8:
            self.do(lambda tx: offers.accept(tx, volunteer_actor(one.volunteer), one.job, StepIn()))
            one.model.happens("accept", self.clock.at)
            return
        self.do(lambda tx: assignments.cancel(tx, COORDINATOR, one.job, CancelIn(reason="uji")))
        self.free.append(one.volunteer)
        one.job = one.volunteer = None

    def _answer_referral(self, one):
        """Some minutes later the other unit accepts, or gives it back."""
        self._time_is(self.clock.at + timedelta(seconds=self.dice.randrange(600)))
        action = "accept" if self.dice.random() < 0.7 else "give_back"
        body = AnswerIn(reason="uji")
        self.do(lambda tx: referrals.answer(tx, self.staff, one.referral["id"], action, body))
        if action == "accept":
            one.model.happens("hand_over", self.clock.at, UNITS[one.referral["to_unit"]])

    def _hand_over(self, tx, one, _):
        to = self.dice.choice(sorted(UNITS))
        return {"referral": referrals.pass_on(tx, self.staff, one.id, PassIn(to=to, reason="uji"))}

    # The steps, as the product offers them; what they return is known of the case once it is committed.

    def _staff(self, tx, one, action, **body):
        cases.act(tx, SYSTEM, one.id, action, parse(CaseActionIn, body), self.system.gazetteer())

    def _reporter(self, tx, one, action, *states):
        if tx.reports.get(one.report_id)["state"] not in states:
            raise DomainError
        body = parse(TrackIn, {"action": action, "text": str(self.dice.random())})
        tracking.act(tx, ANYONE, one.code, body, gazetteer=self.system.gazetteer(), keys=self.system.keys)

    def _ask(self, tx, one, _):
        self._staff(tx, one, "ask", text="Berapa orang?")

    def _answer(self, tx, one, _):
        self._reporter(tx, one, "answer", "needs_info")

    def _verify(self, tx, one, _):
        self._staff(tx, one, "verify")

    def _seen(self, tx, one, _):
        looking.look(tx, SYSTEM, one.id)

    def _reject(self, tx, one, _):
        self._staff(tx, one, "reject", reason="bukan")

    def _take_back(self, tx, one, _):
        self._staff(tx, one, "take_back")

    def _cancel(self, tx, one, _):
        self._reporter(tx, one, "cancel", "received", "needs_info")

    def _set_tier(self, tx, one, tier):
        self._staff(tx, one, "set_tier", tier=tier, reason="uji")

    def _offer(self, tx, one, _):
        need = tx.cases.needs_of(one.id)[-1]
        if one.job or not self.free:
            raise DomainError
        made = assignments.assign(tx, COORDINATOR, AssignIn(need_id=need["id"], reason="uji"))["id"]
        offers.offer(tx, COORDINATOR, made, OfferIn(volunteer_id=self.free[0], reason="uji"))
        return {"job": made, "volunteer": self.free[0]}

    def _confirm(self, tx, one, _):
        who, code = volunteer_actor(self._carrier(one)), tx.cases.get(one.id)["delivery_code"]
        assignments.depart(tx, who, one.job, StepIn())
        body = {"client_id": str(uuid.uuid4()), "code": code}
        handovers.deliver(tx, who, one.job, parse(DeliverIn, body))
        if tx.assignments.get(one.job)["state"] == "delivered":
            assignments.confirm(tx, COORDINATOR, one.job, StepIn())

    def _fail(self, tx, one, _):
        assignments.fail(tx, volunteer_actor(self._carrier(one)), one.job, FailIn(reason="uji"))

    def _carrier(self, one):
        if one.job is None:
            raise DomainError
        return one.volunteer

    def _reopen(self, tx, one, _):
        self._reporter(tx, one, "reopen", "received", "verified", "needs_info", "duplicate")


def shown_to_all(play, one):
    """What the tracking page and the board say of a case: (stage, by when, since when it stands still), twice."""
    with play.system.reading() as tx:
        page = tracking.track(tx, one.code, play.system.keys)["clock"]
        row = queries.case_row(tx, one.id)
    stopped = page.get("paused_at")
    on_page = (page["stage"], page.get("stage_due_at"), stopped)
    on_board = (row["stage"], *(row[name] and row[name].isoformat() for name in ("stage_due_at", "paused_at")))
    return on_page, on_board
