"""What a reporter may do to their own report, by its code."""

import uuid

import pytest
from sqlalchemy import select

from server.domain.errors import Invalid
from server.domain.permissions import ANYONE, SYSTEM
from server.services import cases, intake, tracking
from server.services.inputs import CaseActionIn, ReportIn, TrackIn, parse
from server.store import tables

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
