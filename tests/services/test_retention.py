"""Persons are forgotten on time: contacts, words, photos, exact places and tracks; what counts stays."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from server.bootstrap import System, utc_now
from server.domain import consent
from server.domain.permissions import ANYONE, SYSTEM
from server.services import cases, intake, own_data, pledges, publishing, retention, tracking
from server.services.inputs import CaseActionIn, OwnDataIn, ReportIn, TrackIn, parse
from server.services.inputs_supply import PledgeIn
from server.store import tables
from tests.services.world import World

KEEP = retention.Keep(contacts=timedelta(days=90), tracks=timedelta(days=30), fixes=timedelta(hours=24))
EXACT = {"lon": 107.13579, "lat": -6.82468, "accuracy_m": 8}
ROUGH = (107.14, -6.82, 1000)


@pytest.fixture
def system(started):
    """A system whose clock the tests move: `system.time[0]`."""
    time = [utc_now()]
    found = System(started, now=lambda: time[0])
    found.time = time
    yield found
    found.engine.dispose()


def report(system, **more):
    """A report of somebody; its code and row."""
    content = {"client_id": str(uuid.uuid4()), "text": "Rumah ungu", "place": EXACT, "people": 7,
               "contact": {"name": "Zulaikha", "phone": "081299734561"},
               "needs": [{"item": "water"}], **more}  # fmt: skip
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        answer = intake.receive(tx, ANYONE, parse(ReportIn, content), gazetteer=gazetteer, keys=system.keys).answer
        return answer["code"], tx.reports.get(answer["id"])


def act(system, case_id, action, **body):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        cases.act(tx, SYSTEM, case_id, action, parse(CaseActionIn, body), gazetteer)


def settle(system, case_id):
    """Everything that was asked for is done."""
    act(system, case_id, "verify")
    with system.writing() as tx:
        for need in tx.cases.needs_of(case_id):
            tx.cases.change_need(need["id"], state="closed")
        tracking.tell_changed(tx, tx.reports.of_case(case_id)[0], "close")


def forget(system, after):
    """Let time pass, then do what is due."""
    system.time[0] += after
    with system.writing() as tx:
        return retention.forget_due(tx, KEEP, system.keys)


def rows(system, table):
    with system.reading() as tx:
        return [dict(row) for row in tx.conn.execute(select(table)).mappings()]


def test_a_report_is_forgotten_ninety_days_after_its_case_was_settled(system):
    code, row = report(system)
    with system.writing() as tx:
        body = parse(TrackIn, {"action": "add_info", "text": "Kunci di tetangga"})
        tracking.act(tx, ANYONE, code, body, gazetteer=system.gazetteer(), keys=system.keys)
    system.time[0] += timedelta(days=100)
    assert "reports" not in forget(system, timedelta(0))
    settle(system, row["case_id"])
    assert "reports" not in forget(system, timedelta(days=89))
    assert forget(system, timedelta(days=2))["reports"] == 1
    (kept,) = rows(system, tables.reports)
    gone = ("name_sealed", "phone_sealed", "phone_index", "phone_last3", "text", "place_text")
    assert [kept[name] for name in gone] == [None] * 6
    assert (kept["lon"], kept["lat"], kept["accuracy_m"]) == ROUGH
    assert (kept["people"], kept["area"], kept["consent"]) == (7, row["area"], consent.VERSION)
    (case,) = rows(system, tables.cases)
    assert (case["lon"], case["lat"], case["accuracy_m"]) == ROUGH
    assert rows(system, tables.case_notes) == []
    with system.reading() as tx:
        assert tracking.track(tx, code, system.keys)["state"] == "verified"
    assert "reports" not in forget(system, timedelta(days=1))


def erase(system, code):
    with system.writing() as tx:
        own_data.erase(tx, own_data.find(tx, code, None, "10.0.0.1", system.keys))


def test_what_came_after_a_person_was_forgotten_goes_when_asked_again_and_when_its_time_is_over(system):
    code, row = report(system, contact=None)

    def say_more():
        with system.writing() as tx:
            body = parse(TrackIn, {"action": "add_info", "text": "Kunci di tetangga"})
            tracking.act(tx, ANYONE, code, body, gazetteer=system.gazetteer(), keys=system.keys)
            own = own_data.find(tx, code, None, "10.0.0.1", system.keys)
            own_data.correct(tx, own, parse(OwnDataIn, {"action": "correct", "name": "Zulaikha"}), system.keys)

    def left():
        return [kept["name_sealed"] for kept in rows(system, tables.reports)], rows(system, tables.case_notes)

    erase(system, code)
    say_more()
    assert left()[1]
    erase(system, code)
    assert left() == ([None], [])
    say_more()
    settle(system, row["case_id"])
    assert forget(system, timedelta(days=91))["reports"] == 1
    assert left() == ([None], [])
    assert "reports" not in forget(system, timedelta(days=1))


def test_what_staff_wrote_goes_with_the_help_that_a_forgotten_person_waited_for(system):
    code, row = report(system, contact=None)
    act(system, row["case_id"], "note", text="Nenek Zulaikha sendirian")
    erase(system, code)
    forget(system, timedelta(minutes=10))
    assert rows(system, tables.case_notes), "somebody is still to go there"
    settle(system, row["case_id"])
    assert forget(system, timedelta(minutes=10)) == {"notes": 1, "cases": 1}
    assert rows(system, tables.case_notes) == []


def test_the_photo_of_a_hand_over_goes_with_who_asks_to_be_forgotten_after_it(system):
    code, row = report(system, contact=None)
    with system.writing() as tx:
        job, photo = tx.new_id(), tx.new_id()
        its = {"id": job, "trip_id": job, "case_id": row["case_id"], "incident_id": row["incident_id"], "by": "uji"}
        its |= {"kind": "service", "area": row["area"], "state": "confirmed"}
        its |= dict.fromkeys(("created_at", "changed_at", "asking_since"), tx.now)
        (need,) = tx.cases.needs_of(row["case_id"])
        tx.assignments.add([its], [{"assignment_id": job, "n": 0, "need_id": need["id"], "quantity": 7}])
        image = {"id": photo, "assignment_id": job, "n": 1, "sha256": b"x", "width": 1, "height": 1}
        tx.photos.add({**image, "added_at": tx.now})
        handed = {"id": tx.new_id(), "assignment_id": job, "client_id": tx.new_id(), "proof": "photo", "by": "uji"}
        handed |= {"photo_id": photo, "handed_over_at": tx.now, "recorded_at": tx.now}
        tx.conn.execute(insert(tables.deliveries).values(**handed))
    settle(system, row["case_id"])
    erase(system, code)
    assert rows(system, tables.photos) == []
    (kept,) = rows(system, tables.deliveries)
    assert (kept["photo_id"], kept["proof"]) == (None, "photo")


def test_of_a_case_that_was_merged_no_exact_place_and_no_note_stays(system):
    (one, first), (other, second) = report(system, contact=None), report(system, contact=None)
    act(system, first["case_id"], "note", text="Nenek Zulaikha sendirian")
    act(system, first["case_id"], "merge", into=second["case_id"])
    settle(system, second["case_id"])
    erase(system, one)
    assert {case["lon"] for case in rows(system, tables.cases)} == {EXACT["lon"]}
    erase(system, other)
    assert {(case["lon"], case["lat"]) for case in rows(system, tables.cases)} == {ROUGH[:2]}
    assert rows(system, tables.case_notes) == []


def test_the_trail_keeps_neither_places_nor_words_of_staff(system):
    _, row = report(system)
    act(system, row["case_id"], "verify", place=EXACT)
    act(system, row["case_id"], "note", text="Nenek Zulaikha sendirian")
    kept = str([entry["details"] for entry in rows(system, tables.audit)])
    assert "Zulaikha" not in kept
    assert str(EXACT["lon"]) not in kept


def test_a_rejected_report_is_forgotten_and_the_case_beside_it_is_not(system):
    _, wrong = report(system)
    _, right = report(system)
    act(system, wrong["case_id"], "reject", reason="bercanda")
    assert forget(system, timedelta(days=91))["reports"] == 1
    phones = {row["id"]: row["phone_sealed"] is None for row in rows(system, tables.reports)}
    assert phones == {wrong["id"]: True, right["id"]: False}


def test_the_public_count_does_not_change_when_a_person_is_forgotten(system):
    _, row = report(system)
    settle(system, row["case_id"])
    before = figures(system)
    forget(system, timedelta(days=91))
    assert figures(system) == before
    assert before == 5


def figures(system):
    with system.writing() as tx:
        publishing.publish(tx, tx.now)
    with system.reading() as tx:
        return publishing.latest(tx, None)["total"]["people_reported"]


def test_a_volunteer_s_fix_is_exact_for_a_day_and_their_track_is_kept_for_thirty(system):
    World(system).volunteer(at=(EXACT["lon"], EXACT["lat"]), until=timedelta(hours=8))
    assert "fixes" not in forget(system, timedelta(hours=31))
    assert forget(system, timedelta(hours=2))["fixes"] == 1
    (kept,) = rows(system, tables.checkins)
    assert (kept["lon"], kept["lat"], kept["accuracy_m"]) == ROUGH
    assert forget(system, timedelta(days=31))["tracks"] == 1
    assert rows(system, tables.checkins) == []
    (volunteer,) = rows(system, tables.volunteers)
    assert volunteer["phone_sealed"] is not None


def test_who_was_refused_as_a_volunteer_is_forgotten(system):
    World(system).volunteer(here=False)
    with system.writing() as tx:
        tx.conn.execute(update(tables.volunteers).values(state="refused"))
    assert forget(system, timedelta(days=91))["volunteers"] == 1
    (kept,) = rows(system, tables.volunteers)
    assert (kept["alias"], kept["phone_sealed"], kept["phone_index"]) == ("-", None, None)


def test_donors_and_old_events_are_forgotten(system):
    body = {"client_id": str(uuid.uuid4()), "kind": "goods", "item": "rice", "quantity": 5, "donor": "Zulaikha",
            "phone": "081299734561"}  # fmt: skip
    with system.writing() as tx:
        pledges.promise(tx, ANYONE, parse(PledgeIn, body), "10.0.0.1", system.keys)
    assert rows(system, tables.pledges)[0]["consent"] == consent.VERSION
    with system.writing() as tx:
        while tx.outbox.number():
            pass
        tx.outbox.mark_sent([row.id for row in tx.conn.execute(select(tables.outbox.c.id))], tx.now)
    forget(system, timedelta(days=29))
    assert rows(system, tables.pledges)[0]["phone_sealed"] is not None
    found = forget(system, timedelta(days=62))
    assert found["pledges"] == 1
    (kept,) = rows(system, tables.pledges)
    assert (kept["donor_sealed"], kept["phone_sealed"], kept["phone_last3"], kept["quantity"]) == (None, None, None, 5)
    assert len(rows(system, tables.outbox)) == 1


def test_what_was_forgotten_is_audited_in_numbers_alone(system):
    _, row = report(system)
    settle(system, row["case_id"])
    forget(system, timedelta(days=91))
    (entry,) = [one for one in rows(system, tables.audit) if one["action"] == "person:forget"]
    assert entry["details"]["reports"] == 1
    assert all(isinstance(count, int) for count in entry["details"].values())
    forget(system, timedelta(minutes=10))
    assert len([one for one in rows(system, tables.audit) if one["action"] == "person:forget"]) == 1


@pytest.mark.parametrize(("told", "kept"), [(None, consent.VERSION), ("2026-11", "2026-11"), ("1999", consent.VERSION)])
def test_a_report_keeps_the_version_of_the_words_that_it_was_asked_with(system, told, kept):
    _, row = report(system, **({"consent": told} if told else {}))
    assert row["consent"] == kept
