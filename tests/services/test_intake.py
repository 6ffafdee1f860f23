"""Intake: one report, its case and needs, in one transaction, exactly once."""

import threading
import uuid

import pytest
from sqlalchemy import func, select

from server import plain
from server.domain.errors import Conflict, Invalid
from server.domain.permissions import ANYONE
from server.services import codes, contacts, intake, tracking
from server.services.inputs import ReportIn, parse
from server.store import tables

BANDUNG = {"lon": 107.6191, "lat": -6.9175, "accuracy_m": 30}


def body(**more):
    """A plain report of 120 people in rising water."""
    found = {
        "client_id": str(uuid.uuid4()),
        "text": "Air naik di RW 05",
        "place": BANDUNG,
        "people": 120,
        "danger": {"rising": True},
        "contact": {"name": "Siti", "phone": "0812-3456-7890"},
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


def receive(system, data):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return intake.receive(tx, ANYONE, parse(ReportIn, data), gazetteer=gazetteer, keys=system.keys)


def count(system, table):
    with system.reading() as tx:
        return tx.conn.execute(select(func.count()).select_from(table)).scalar_one()


def problem(system, data):
    """Field -> code of what is wrong with a report; and that nothing of it was stored."""
    before = [count(system, table) for table in (tables.reports, tables.cases, tables.needs, tables.outbox)]
    with pytest.raises(Invalid) as refused:
        receive(system, data)
    after = [count(system, table) for table in (tables.reports, tables.cases, tables.needs, tables.outbox)]
    assert after == before
    return {name: found.code for name, found in refused.value.fields.items()}


def test_people_and_a_danger_become_needs_in_quantities(system):
    answer = receive(system, body()).answer
    assert answer["tier"] == 0
    with system.reading() as tx:
        report = tx.reports.get(answer["id"])
        needs = {need["item"]: need["quantity"] for need in tx.cases.needs_of(report["case_id"])}
    assert needs["water"] == 1680
    assert needs["rice"] == 96


def test_what_came_in_is_told_as_the_board_shows_it(system):
    half = {**BANDUNG, "lon": 107.61915, "accuracy_m": 0.5}
    sent = [body(), body(place=None, place_text="Cibeureum"), body(danger=None), body(place=half)]
    together(system, sent)
    with system.reading() as tx:
        told = [row["data"]["rows"] for row in tx.conn.execute(select(tables.outbox.c.data)).mappings()]
        for rows in told:
            read = {noun: tx.board.by_ids(noun, [row["id"] for row in rows[noun]], tx.now) for noun in rows}
            assert rows == plain.loads(plain.packed(read))
    assert len(told) == len(sent)


def test_the_same_report_again_gets_the_same_answer_and_other_content_a_conflict(system):
    data = body()
    first, second = receive(system, data), receive(system, data)
    assert first.is_new
    assert not second.is_new
    assert first.answer == second.answer
    with pytest.raises(Conflict):
        receive(system, {**data, "text": "lain"})
    assert count(system, tables.cases) == 1


def test_fifty_at_once_with_one_client_id_are_one_report(system):
    data, answers = body(), []
    threads = [threading.Thread(target=lambda: answers.append(receive(system, data))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50
    assert len({answer.answer["code"] for answer in answers}) == 1
    assert sum(answer.is_new for answer in answers) == 1
    assert [count(system, table) for table in (tables.reports, tables.cases)] == [1, 1]
    assert count(system, tables.outbox) == 1


def together(system, sent):
    gazetteer = system.gazetteer()
    given = [intake.Sent(ANYONE, parse(ReportIn, data)) for data in sent]
    with system.writing() as tx:
        return intake.receive_all(tx, given, gazetteer=gazetteer, keys=system.keys)


def test_many_together_each_get_their_own_answer(system):
    known = body()
    before = receive(system, known).answer
    twice = body()
    wrong = body(area_code="99.99", place=None)
    found = together(system, [body(), known, {**known, "text": "lain"}, wrong, twice, twice, body(danger=None)])
    became = [getattr(one, "is_new", type(one)) for one in found]
    assert became == [True, False, Conflict, Invalid, True, False, True]
    assert found[1].answer == before
    assert found[4].answer == found[5].answer
    assert [count(system, table) for table in (tables.reports, tables.cases, tables.outbox)] == [4, 4, 4]
    with system.reading() as tx:
        for new in (found[0], found[4], found[6]):
            report = tx.reports.get(new.answer["id"])
            assert tx.cases.get(report["case_id"])["people"] == 120
            assert bool(tx.cases.needs_of(report["case_id"])) == bool(report["danger"])


def test_a_report_whose_code_is_taken_gets_another_code(system, monkeypatch):
    plain = codes.tracking_code
    monkeypatch.setattr(codes, "tracking_code", lambda i, salt, keys: plain("same" if not salt else i, salt, keys))
    first, second = together(system, [body(), body()])
    assert first.is_new
    assert second.is_new
    assert first.answer["code"] != second.answer["code"]
    assert [count(system, table) for table in (tables.reports, tables.cases, tables.outbox)] == [2, 2, 2]


def test_those_who_send_at_the_same_time_share_a_transaction_and_none_is_lost(system):
    sent, found = [body(text=f"RW {n}") for n in range(40)], {}

    def send(n):
        found[n] = system.reports.do(intake.Sent(ANYONE, parse(ReportIn, sent[n])))

    threads = [threading.Thread(target=send, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[n].is_new for n in range(40))
    with system.reading() as tx:
        assert {tx.reports.get(found[n].answer["id"])["text"] for n in range(40)} == {f"RW {n}" for n in range(40)}


def test_contacts_are_sealed_and_never_in_events(system):
    receive(system, body())
    with system.reading() as tx:
        stored = str(tx.conn.execute(select(tables.outbox.c.data)).all())
        report = dict(tx.conn.execute(select(tables.reports)).mappings().one())
    assert "81234567890" not in stored + str(report)
    assert "Siti" not in stored + str(report)
    assert report["phone_last3"] == "890"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"place": {"lon": -6.9175, "lat": 107.6191}}, "place.lat", "swapped_lat_lon"),
        ({"place": {"lon": 107.0, "lat": -9.5}}, "place", "place_in_sea"),
        ({"place": {"lon": "x", "lat": -6.9}}, "place.lon", "number"),
        ({"place": None}, "place", "place_wanted"),
        ({"people": 0}, "people", "too_small"),
        ({"people": 1_000_000}, "people", "too_large"),
        ({"people": 2.5}, "people", "whole_number"),
        ({"needs": [{"item": "unicorn"}]}, "needs.0.item", "unknown_item"),
        ({"needs": [{"item": "blanket", "quantity": -2}]}, "needs.0.quantity", "too_small"),
        ({"needs": [{"item": "blanket", "quantity": 1.5}]}, "needs.0.quantity", "whole_number"),
        ({"contact": {"phone": "12345"}}, "contact.phone", "phone_wrong"),
        ({"text": "a" * 20_000}, "text", "too_long"),
        ({"text": "a\x00b"}, "text", "bad_character"),
        ({"text": None, "danger": None}, "text", "text_need_or_danger_wanted"),
        ({"area_code": "32.99.99", "place": None}, "area_code", "unknown_area"),
        ({"incident": "nowhere"}, "incident", "unknown_incident"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"vulnerable": {"infants": 121}}, "vulnerable.infants", "more_than_people"),
    ],
)
def test_bad_input_is_named_and_nothing_is_stored(system, change, field, code):
    assert problem(system, body(**change)) == {field: code}


def test_every_wrong_field_is_named_at_once(system):
    place = {"lon": -6.9, "lat": 107.6}
    wrong = problem(system, body(contact={"phone": "1"}, needs=[{"item": "unicorn"}], place=place))
    assert set(wrong) == {"contact.phone", "needs.0.item", "place.lat"}


def test_a_place_outside_the_province_is_stored_and_flagged(system):
    answer = receive(system, body(place={"lon": 110.37, "lat": -7.8})).answer
    with system.reading() as tx:
        assert "outside" in tx.reports.get(answer["id"])["flags"]


@pytest.mark.parametrize(
    "text", ["ᮞᮥᮔ᮪ᮓ 🌊🆘", "<script>alert(1)</script>", "'; drop table reports; --", "\\u0000 %s {x}"]
)
def test_strange_but_honest_text_is_kept_to_the_letter(system, text):
    answer = receive(system, body(text=text)).answer
    with system.reading() as tx:
        assert tx.reports.get(answer["id"])["text"] == text


@pytest.mark.parametrize(
    "phone", ["0812-3456-7890", "+62 812 3456 7890", "62812 34567890", "(0812) 34567890", "81234567890"]
)
def test_every_spelling_of_a_phone_is_one_phone(system, phone):
    answer = receive(system, body(contact={"phone": phone})).answer
    with system.reading() as tx:
        stored = tx.reports.get(answer["id"])
    assert bytes(stored["phone_index"]) == contacts.phone_index("+6281234567890", system.keys)


def test_an_area_code_alone_gives_a_point_with_an_honest_accuracy(system):
    answer = receive(system, body(place=None, area_code="32.03.01")).answer
    with system.reading() as tx:
        stored = tx.reports.get(answer["id"])
    assert stored["area"] == "32.03.01"
    assert stored["accuracy_m"] > 1000


def test_a_shared_name_is_never_guessed(system):
    receipt = receive(system, body(place=None, place_text="Sukamaju"))
    assert len(receipt.answer["place_candidates"]) > 1
    with system.reading() as tx:
        stored = tx.reports.get(receipt.answer["id"])
    assert stored["lon"] is None
    assert "place_unclear" in stored["flags"]


def test_the_reporter_sees_state_clock_and_position(system):
    answer = receive(system, body()).answer
    with system.reading() as tx:
        seen = tracking.track(tx, answer["code"].lower(), system.keys)
    assert seen["state"] == "received"
    assert seen["position"] == 1
    assert not seen["clock"]["overdue"]
    assert seen["history"][0]["step"] == "received"
    assert "890" not in str(seen["needs"]) + str(seen["history"])
