"""Assignments from the proposal to the confirmed help, on a real database."""

import threading
import uuid
from datetime import timedelta

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, WrongTransition
from server.domain.permissions import ANYONE, Actor, Grant
from server.services import assignments, handovers, my_work, offers
from server.services.inputs import parse
from server.services.inputs_dispatch import AssignIn, CancelIn, DeliverIn, FailIn, StepIn
from tests.services.world import CIANJUR, COORDINATOR, volunteer_actor

STEP = StepIn()
KEEPER = Actor(name="penjaga", grants=(Grant("keeper", "32.03"),))
PLACE = {"lon": CIANJUR[0], "lat": CIANJUR[1], "accuracy_m": 10}


@pytest.fixture
def job(world):
    """An accepted assignment of 60 blankets: its id, the lot, the case and who carries it."""

    class Job:
        def __init__(self):
            self.world = world
            self.site = world.site()
            self.lot = world.stock(self.site, "blanket", 100)
            self.volunteer = world.volunteer(vehicle="truck")
            self.actor = volunteer_actor(self.volunteer)
            self.case, (self.id,) = world.approved({"blanket": 60})
            world.round(self.id)
            world.accept(self.id, self.volunteer)

        def do(self, step, body=STEP, actor=None):
            return world.do(step, actor or self.actor, self.id, body)

        def depart(self):
            return self.do(assignments.depart)

        def deliver(self, **more):
            body = {"client_id": str(uuid.uuid4()), "code": self.code(), **more}
            return self.do(handovers.deliver, parse(DeliverIn, {k: v for k, v in body.items() if v is not None}))

        def code(self):
            with world.system.reading() as tx:
                return tx.cases.get(self.case)["delivery_code"]

        def wrong_code(self):
            return f"{(int(self.code()) + 1) % 10_000:04d}"

        def photo(self):
            with world.system.writing() as tx:
                photo_id = tx.new_id()
                row = {"id": photo_id, "assignment_id": self.id, "n": 1, "sha256": b"x", "width": 1, "height": 1}
                tx.photos.add({**row, "added_at": tx.now})
            return photo_id

    return Job()


def test_the_ledger_follows_the_goods(job):
    held = {"outside": -100, "site": 100}
    assert job.world.balance(job.lot) == held
    assert job.world.lot(job.lot)["free"] == 40
    job.depart()
    assert job.world.balance(job.lot) == {"outside": -100, "site": 40, "transit": 60}
    assert job.world.lot(job.lot)["free"] == 40
    handed = job.deliver()
    assert handed.is_new
    assert handed.assignment["state"] == "delivered"
    assert job.world.balance(job.lot) == {"outside": -100, "site": 40, "recipient": 60}
    assert job.world.needs(job.case)["blanket"]["delivered"] == 60
    assert job.world.faults() == []


def test_confirmed_help_closes_the_need(job):
    job.depart()
    job.deliver()
    assert job.world.needs(job.case)["blanket"]["state"] == "open"
    told = job.do(assignments.confirm, actor=COORDINATOR)
    assert told["state"] == "confirmed"
    assert job.world.needs(job.case)["blanket"]["state"] == "closed"
    assert job.world.events("NeedsSettled")


def test_the_recipient_confirms_through_tracking(job):
    job.depart()
    job.deliver()
    with job.world.system.writing() as tx:
        tx.cases.get(job.case, lock=True)
        assignments.confirm_by_recipient(tx, ANYONE, job.case)
    assert job.world.state(job.id)["state"] == "confirmed"


def test_who_delivered_never_confirms(job):
    job.depart()
    job.deliver()
    with pytest.raises(NotFound):
        job.do(assignments.confirm)
    both = Actor("dua", volunteer_id=job.volunteer, grants=(Grant("coordinator", "32"), Grant("volunteer", "32")))
    with pytest.raises(Forbidden):
        job.do(assignments.confirm, actor=both)


def test_a_need_that_is_met_in_part_stays_open(job):
    job.depart()
    handed = job.deliver(lines=[{"need_id": job.world.needs(job.case)["blanket"]["id"], "quantity": 25}])
    assert handed.assignment["lines"][0]["quantity"] == 25
    assert job.world.balance(job.lot) == {"outside": -100, "site": 75, "recipient": 25}
    job.do(assignments.confirm, actor=COORDINATOR)
    need = job.world.needs(job.case)["blanket"]
    assert (need["state"], need["covered"], need["delivered"]) == ("open", 25, 25)
    assert job.world.faults() == []


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        (lambda need: [{"need_id": need, "quantity": 61}], "lines.0.quantity"),
        (lambda need: [{"need_id": need + 1, "quantity": 1}], "lines.0.need_id"),
        (lambda need: [{"need_id": need, "quantity": 0}], "lines"),
    ],
)
def test_what_was_handed_over_must_fit_what_was_carried(job, lines, field):
    job.depart()
    with pytest.raises(Invalid) as refused:
        job.deliver(lines=lines(job.world.needs(job.case)["blanket"]["id"]))
    assert list(refused.value.fields) == [field]
    assert job.world.state(job.id)["state"] == "en_route"


def test_a_hand_over_made_offline_counts_once(job):
    job.depart()
    client_id, code = str(uuid.uuid4()), job.code()
    first, second = (job.deliver(client_id=client_id, code=code) for _ in range(2))
    assert (first.is_new, second.is_new) == (True, False)
    assert first.assignment == second.assignment
    with pytest.raises(WrongTransition) as refused:
        job.deliver()
    assert refused.value.state["state"] == "delivered"
    assert job.world.balance(job.lot)["recipient"] == 60


def test_the_same_hand_over_ten_times_at_once_counts_once(job):
    job.depart()
    client_id, code, found = str(uuid.uuid4()), job.code(), []
    threads = [
        threading.Thread(target=lambda: found.append(job.deliver(client_id=client_id, code=code).is_new))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 9 + [True]
    assert job.world.faults() == []


def test_five_wrong_codes_leave_only_the_photo(job):
    job.depart()
    left = [job.deliver(code=job.wrong_code()).tries_left for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(Invalid) as refused:
        job.deliver()
    assert refused.value.fields["code"].code == "too_many_codes"
    photo = job.photo()
    handed = job.deliver(code=None, place=PLACE)
    assert handed.assignment["state"] == "delivered"
    with job.world.system.reading() as tx:
        kept = tx.conn.exec_driver_sql("select proof, photo_id, flags from deliveries").one()
    assert tuple(kept) == ("photo", photo, [])


def test_a_photo_needs_its_place(job):
    job.depart()
    with pytest.raises(Invalid) as refused:
        job.deliver(code=None)
    assert set(refused.value.fields) == {"code", "place"}


def test_a_clock_that_is_off_and_a_place_far_away_are_kept_and_flagged(job):
    job.depart()
    with job.world.system.reading() as tx:
        later = (tx.now + timedelta(hours=1)).isoformat()
    job.deliver(at=later, place={"lon": 107.6, "lat": -6.9})
    with job.world.system.reading() as tx:
        (flags,) = tx.conn.exec_driver_sql("select flags from deliveries").one()
    assert flags == ["clock_ahead", "far_from_case"]


@pytest.mark.parametrize(("goods", "account"), [("returned", "site"), ("lost", "loss")])
def test_what_fails_on_the_way_comes_back_or_is_written_off(job, goods, account):
    job.depart()
    told = job.do(assignments.fail, FailIn(reason="jembatan putus", goods=goods))
    assert told["state"] == "failed"
    expected = {"outside": -100, "site": 100} if account == "site" else {"outside": -100, "site": 40, "loss": 60}
    assert job.world.balance(job.lot) == expected
    need = job.world.needs(job.case)["blanket"]
    assert (need["state"], need["covered"]) == ("open", 0)
    assert job.world.faults() == []


def test_what_fails_before_the_start_lets_the_stock_go(job):
    job.do(assignments.fail, FailIn(reason="kendaraan rusak"))
    assert job.world.lot(job.lot)["free"] == 100
    assert job.world.balance(job.lot) == {"outside": -100, "site": 100}


def test_calling_off_is_for_coordinators_and_frees_the_stock(job):
    with pytest.raises(NotFound):
        job.do(assignments.cancel, CancelIn(reason="salah alamat"))
    told = job.do(assignments.cancel, CancelIn(reason="salah alamat"), COORDINATOR)
    assert told["state"] == "cancelled"
    assert job.world.lot(job.lot)["free"] == 100


def test_a_step_on_an_old_version_is_refused_with_the_present_state(job):
    version = job.world.state(job.id)["version"]
    job.do(assignments.depart, StepIn(version=version))
    with pytest.raises(Conflict) as refused:
        job.do(assignments.fail, FailIn(reason="terlambat", version=version))
    assert refused.value.state["state"] == "en_route"
    assert refused.value.state["version"] == version + 1


def test_strangers_see_nothing_of_an_assignment(job):
    other = volunteer_actor(job.world.volunteer())
    for step, body in ((assignments.depart, STEP), (assignments.fail, FailIn(reason="tidak tahu"))):
        with pytest.raises(NotFound):
            job.do(step, body, other)
    auditor = Actor("auditor", grants=(Grant("auditor", "32"),))
    with pytest.raises(Forbidden):
        job.do(assignments.depart, actor=auditor)


def test_the_reporter_reads_each_step(job):
    job.depart()
    job.deliver()
    job.do(assignments.confirm, actor=COORDINATOR)
    with job.world.system.reading() as tx:
        (report,) = tx.reports.of_case(job.case)
        steps = [step["step"] for step in tx.reports.history(report["id"])]
    assert steps == ["verified", "planned", "offered", "accepted", "en_route", "delivered", "confirmed"]


def test_the_volunteer_sees_the_exact_place_and_the_contact_only_when_on_it(job):
    with job.world.system.reading() as tx:
        (mine,) = my_work.taken(tx, job.actor)
    assert (mine["id"], mine["place"]["lon"], mine["weight_kg"]) == (job.id, CIANJUR[0], 90.0)
    assert mine["items"][0]["item"] == "blanket"
    with job.world.system.writing() as tx:
        found = my_work.contact(tx, job.actor, job.id, job.world.system.keys)
    assert found["contacts"][0]["name"] == "Siti"
    with job.world.system.reading() as tx:
        audited = tx.conn.exec_driver_sql("select count(*) from audit where action = 'contact:reveal'").scalar()
    assert audited == 1
    other = volunteer_actor(job.world.volunteer())
    with job.world.system.writing() as tx, pytest.raises(NotFound):
        my_work.contact(tx, other, job.id, job.world.system.keys)
    job.depart()
    job.deliver()
    with job.world.system.writing() as tx, pytest.raises(NotFound):
        my_work.contact(tx, job.actor, job.id, job.world.system.keys)


def test_events_of_dispatch_carry_no_contact(job):
    job.depart()
    job.deliver()
    told = str(job.world.events())
    assert "Siti" not in told
    assert "62812" not in told


class TestByHand:
    """A coordinator makes an assignment without a plan."""

    def by_hand(self, world, body, actor=COORDINATOR):
        with world.system.writing() as tx:
            return assignments.assign(tx, actor, parse(AssignIn, {"reason": "lebih dekat", **body}))

    def test_goods_of_a_lot(self, world):
        lot = world.stock(world.site(), "blanket", 30)
        case_id = world.case({"blanket": 50}, verified=False)
        need = world.needs(case_id)["blanket"]
        made = self.by_hand(world, {"need_id": need["id"], "lot_id": lot})
        assert made["state"] == "proposed"
        assert made["lines"] == [{"need_id": need["id"], "item": "blanket", "quantity": 30}]
        assert world.lot(lot)["free"] == 0
        with pytest.raises(Conflict) as refused:
            self.by_hand(world, {"need_id": need["id"], "lot_id": lot})
        assert refused.value.code == "stock_gone"

    def test_a_service_by_a_volunteer(self, world):
        medic = world.volunteer(skills=("medical",))
        need = world.needs(world.case({"medical": 1}))["medical"]
        made = self.by_hand(world, {"need_id": need["id"], "volunteer_id": medic})
        assert (made["kind"], made["site_id"]) == ("service", None)
        world.round(made["id"])
        assert world.offers_of(made["id"]) == {medic: "open"}

    def test_what_does_not_fit_is_named(self, world):
        site = world.site()
        blankets, tents = world.stock(site, "blanket", 30), world.stock(site, "tent", 3)
        need = world.needs(world.case({"blanket": 10}))["blanket"]
        service = world.needs(world.case({"medical": 1}))["medical"]
        wrong = [
            ({"need_id": need["id"]}, {"lot_id": "required"}),
            ({"need_id": need["id"], "lot_id": tents}, {"lot_id": "other_item"}),
            ({"need_id": need["id"], "lot_id": str(uuid.uuid4())}, {"lot_id": "unknown_lot"}),
            ({"need_id": need["id"], "lot_id": blankets, "quantity": 11}, {"quantity": "too_large"}),
            ({"need_id": service["id"], "lot_id": blankets}, {"lot_id": "service_has_no_lot"}),
            ({"need_id": service["id"], "volunteer_id": str(uuid.uuid4())}, {"volunteer_id": "unknown_volunteer"}),
        ]
        for body, expected in wrong:
            with pytest.raises(Invalid) as refused:
                self.by_hand(world, body)
            assert {name: found.code for name, found in refused.value.fields.items()} == expected

    def test_only_where_one_manages(self, world):
        lot = world.stock(world.site(), "blanket", 30)
        need = world.needs(world.case({"blanket": 10}))["blanket"]
        body = {"need_id": need["id"], "lot_id": lot}
        with pytest.raises(NotFound):
            self.by_hand(world, body, Actor("lain", grants=(Grant("coordinator", "32.04"),)))
        with pytest.raises(Forbidden):
            self.by_hand(world, body, Actor("gudang", grants=(Grant("keeper", "32"),)))


def test_a_need_that_is_closed_meanwhile_withdraws_what_nobody_took(world):
    lot = world.stock(world.site(), "blanket", 30)
    case_id, (assignment_id,) = world.approved({"blanket": 10})
    need = world.needs(case_id)["blanket"]
    with world.system.writing() as tx:
        tx.cases.change_need(need["id"], state="cancelled")
        offers.make_round(tx, assignment_id)
    assert world.state(assignment_id)["state"] == "withdrawn"
    assert world.lot(lot)["free"] == 30


def test_who_keeps_the_site_hands_the_goods_out_and_nobody_elses_keeper(job):
    stranger = Actor(name="penjaga-lain", grants=(Grant("keeper", "32.04"),))
    with pytest.raises(NotFound):
        job.do(assignments.depart, actor=stranger)
    assert job.do(assignments.depart, actor=KEEPER)["state"] == "en_route"
    assert job.world.balance(job.lot) == {"outside": -100, "site": 40, "transit": 60}
    with pytest.raises(WrongTransition):
        job.depart()
    with pytest.raises(Forbidden):
        job.do(assignments.fail, FailIn(reason="bukan urusan penjaga"), actor=KEEPER)
