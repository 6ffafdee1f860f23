"""What a reporter may do to their own report, by its code."""

import uuid

import pytest
from sqlalchemy import select

from server.domain.errors import Invalid
from server.domain.permissions import ANYONE, SYSTEM
from server.services import assignments, cases, codes, handovers, intake, tracking
from server.services.inputs import CaseActionIn, ReportIn, TrackIn, parse
from server.services.inputs_dispatch import DeliverIn, StepIn
from server.store import tables
from tests.services.world import CIANJUR, World, volunteer_actor

CUGENANG = "32.03.11"
BANDUNG = {"lon": 107.6191, "lat": -6.9175, "accuracy_m": 30}


@pytest.fixture
def sent(system):
    """A report from a place whose name several areas share: its code, id and case."""
    body = parse(ReportIn, {"client_id": str(uuid.uuid4()), "text": "Butuh air", "place_text": "Cibeureum"})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        answer = intake.receive(tx, ANYONE, body, gazetteer=gazetteer, keys=system.keys).answer
        assert answer["place_candidates"]
        return answer["code"], answer["id"], tx.reports.get(answer["id"])["case_id"]


def act(system, code, **body):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        tracking.act(tx, ANYONE, code, parse(TrackIn, body), gazetteer=gazetteer, keys=system.keys)


def staff(system, case_id, action, **body):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return cases.act(tx, SYSTEM, case_id, action, parse(CaseActionIn, body), gazetteer)


def stored(system, report_id, case_id):
    with system.reading() as tx:
        return tx.reports.get(report_id), tx.cases.get(case_id)


def told(system):
    """Type and area of every event, in order."""
    with system.reading() as tx:
        rows = tx.conn.execute(select(tables.outbox).order_by(tables.outbox.c.id)).mappings()
        return [(row["type"], row["area"]) for row in rows]


def test_the_area_that_the_reporter_chooses_is_the_report_s_and_the_case_s(system, sent):
    code, report_id, case_id = sent
    before, _ = stored(system, report_id, case_id)
    assert (before["area"], before["lon"], before["flags"]) == ("32", None, ["place_unclear"])
    act(system, code, action="add_info", area_code=CUGENANG)
    report, case = stored(system, report_id, case_id)
    assert (report["area"], report["flags"]) == (CUGENANG, ["place_from_area"])
    assert (case["area"], case["lon"]) == (CUGENANG, report["lon"])
    assert report["lon"] is not None
    assert told(system)[1:] == [("ReportChanged", "32"), ("ReportChanged", CUGENANG)]


def test_a_place_that_staff_have_verified_stays_the_case_s(system, sent):
    code, report_id, case_id = sent
    staff(system, case_id, "verify", area_code="32.73")
    verified, _ = stored(system, report_id, case_id)
    assert verified["flags"] == []
    act(system, code, action="add_info", place=BANDUNG, text="Di sekolah")
    report, case = stored(system, report_id, case_id)
    assert (report["lon"], case["area"]) == (BANDUNG["lon"], "32.73")
    assert case["lon"] != BANDUNG["lon"]
    with system.reading() as tx:
        assert [note["text"] for note in tx.cases.notes(case_id)] == ["Di sekolah"]


def test_a_case_that_staff_move_is_told_of_where_it_was_and_where_it_is(system, sent):
    _, _, case_id = sent
    staff(system, case_id, "verify", area_code="32.73")
    assert {area for type_, area in told(system) if type_ == "CaseChanged"} == {"32", "32.73"}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"area_code": "99.99"}, "area_code", "unknown_area"),
        ({"place": {"lon": -6.9, "lat": 107.6}}, "place.lat", "swapped_lat_lon"),
        ({}, "text", "required"),
    ],
)
def test_what_the_reporter_adds_wrongly_is_named_and_changes_nothing(system, sent, body, field, code):
    tracking_code, report_id, case_id = sent
    before = stored(system, report_id, case_id)
    with pytest.raises(Invalid) as refused:
        act(system, tracking_code, action="add_info", **body)
    assert {name: found.code for name, found in refused.value.fields.items()} == {field: code}
    assert stored(system, report_id, case_id) == before


def shown(system, code):
    with system.reading() as tx:
        return tracking.track(tx, code, system.keys)


def delivered(world):
    """A case whose help was handed over, proven by a photo: its id and those of its assignments."""
    world.stock(world.site(), "blanket", 100)
    volunteer = world.volunteer(vehicle="truck")
    case_id, (assignment_id,) = world.approved({"blanket": 60})
    world.offer(assignment_id, volunteer)
    world.accept(assignment_id, volunteer)
    who = volunteer_actor(volunteer)
    world.do(assignments.depart, who, assignment_id, StepIn())
    with world.system.writing() as tx:
        photo = {"id": tx.new_id(), "assignment_id": assignment_id, "n": 1, "sha256": b"x", "width": 1, "height": 1}
        tx.photos.add({**photo, "added_at": tx.now})
    proof = {"client_id": str(uuid.uuid4()), "place": {"lon": CIANJUR[0], "lat": CIANJUR[1]}}
    world.do(handovers.deliver, who, assignment_id, parse(DeliverIn, proof))
    return case_id, [assignment_id]


def code_of(system, case_id):
    with system.reading() as tx:
        (report,) = tx.reports.of_case(case_id)
    return codes.tracking_code(report["client_id"], report["code_salt"], system.keys)


def test_what_happens_next_is_told_from_the_report_to_the_proof(system):
    world = World(system)
    body = parse(ReportIn, {"client_id": str(uuid.uuid4()), "place": BANDUNG, "needs": [{"item": "water"}]})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        answer = intake.receive(tx, ANYONE, body, gazetteer=gazetteer, keys=system.keys).answer
        case_id = tx.reports.get(answer["id"])["case_id"]
    code = answer["code"]
    assert shown(system, code)["next"] == "check"
    staff(system, case_id, "ask", text="Berapa orang?")
    assert shown(system, code)["next"] == "answer"
    act(system, code, action="answer", text="Sepuluh")
    staff(system, case_id, "verify")
    assert shown(system, code)["next"] == "match"
    world.stock(world.site(at=(BANDUNG["lon"], BANDUNG["lat"]), area="32.73"), "water", 10_000)
    (assignment_id,) = world.approve(world.plan())["approved"]
    assert shown(system, code)["next"] == "find"
    volunteer = world.volunteer(at=(BANDUNG["lon"], BANDUNG["lat"]))
    world.offer(assignment_id, volunteer)
    world.accept(assignment_id, volunteer)
    assert shown(system, code)["next"] == "come"


def test_a_reporter_who_has_not_received_calls_a_coordinator_and_may_still_confirm(system):
    world = World(system)
    case_id, (assignment_id,) = delivered(world)
    code = code_of(system, case_id)
    before = shown(system, code)
    assert {"confirm", "not_yet"} <= set(before["can"])
    assert before["next"] == "confirm"
    act(system, code, action="not_yet", text="Tidak ada yang datang")
    assert world.state(assignment_id)["attention"] == "not_received"
    assert world.state(assignment_id)["state"] == "delivered"
    after = shown(system, code)
    assert ("not_yet" in after["can"], after["next"]) == (False, "look_into")
    assert after["history"][-1]["step"] == "not_received"
    assert world.events("AssignmentChanged")[-1]["data"]["rows"]["assignments"][0]["attention"] == "not_received"
    with system.reading() as tx:
        assert [note["text"] for note in tx.cases.notes(case_id)] == ["Tidak ada yang datang"]
    act(system, code, action="confirm")
    assert world.state(assignment_id)["state"] == "confirmed"
    assert world.state(assignment_id)["attention"] is None


def test_a_report_that_was_joined_to_another_keeps_its_clock_and_may_be_added_to(system, sent):
    code, _, case_id = sent
    world = World(system)
    target = world.case({"water": 10})
    staff(system, case_id, "merge", into=target)
    joined = shown(system, code)
    assert joined["state"] == "duplicate"
    assert joined["clock"]["running"]
    assert joined["position"] is None
    act(system, code, action="add_info", text="Kami pindah ke masjid")
    with system.reading() as tx:
        assert [note["text"] for note in tx.cases.notes(target)] == ["Kami pindah ke masjid"]


def test_what_is_pressed_twice_is_done_once(system):
    world = World(system)
    case_id, (assignment_id,) = delivered(world)
    code = code_of(system, case_id)
    for _ in range(2):
        act(system, code, action="add_info", text="Kami di masjid")
        act(system, code, action="not_yet")
    with system.reading() as tx:
        assert [note["text"] for note in tx.cases.notes(case_id)] == ["Kami di masjid"]
    for _ in range(2):
        act(system, code, action="confirm")
        act(system, code, action="rate", rating=4)
    assert world.state(assignment_id)["state"] == "confirmed"
    for _ in range(2):
        act(system, code, action="reopen", text="Selimutnya basah")
    steps = [step["step"] for step in shown(system, code)["history"]]
    assert {name: steps.count(name) for name in ("info_added", "not_received", "confirmed", "rated", "reopened")} == {
        "info_added": 1, "not_received": 1, "confirmed": 1, "rated": 1, "reopened": 1,
    }  # fmt: skip
    act(system, code, action="reopen", text="Dan kurang sepuluh")
    with system.reading() as tx:
        assert sorted(need["state"] for need in tx.cases.needs_of(case_id)) == ["closed", "open"]


def test_a_cancelled_report_is_cancelled_once(system, sent):
    code, _, _ = sent
    for _ in range(2):
        act(system, code, action="cancel")
    after = shown(system, code)
    assert after["state"] == "rejected"
    assert [step["step"] for step in after["history"]].count("cancelled_by_reporter") == 1
