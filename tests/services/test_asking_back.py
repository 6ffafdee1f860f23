"""The question that decides: asked by staff or on the tracking page, answered there, and what the answer does."""

import pytest

from server.domain.errors import Invalid
from server.domain.permissions import ANYONE, SYSTEM
from server.services import cases, clocks, tracking
from server.services.inputs import TrackIn, parse
from tests.services.test_sameness import act, send


def page(world, sent):
    with world.system.reading() as tx:
        return tracking.track(tx, sent["code"], world.system.keys)


def answer(world, sent, **body):
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        body = parse(TrackIn, body)
        tracking.act(tx, ANYONE, sent["code"], body, gazetteer=gazetteer, keys=world.system.keys)


def case_of(world, sent):
    with world.system.reading() as tx:
        return cases.detail(tx, SYSTEM, sent["case_id"])


def test_a_danger_that_was_told_in_words_is_asked_about_and_makes_the_case_urgent(world):
    sent = send(world, "Rumah ambruk, bapak saya ketimbun", people=4)
    before = page(world, sent)
    assert before["tier"] == 3
    assert {name: before["ask"][name] for name in ("about", "danger", "tier", "tier_then", "action")} == {
        "about": "danger",
        "danger": "trapped",
        "tier": 3,
        "tier_then": 0,
        "action": "add_info",
    }
    assert not before["clock"]["paused"], "nobody has asked: the clock runs"
    answer(world, sent, action="add_info", danger={"trapped": True})
    after = page(world, sent)
    assert (after["tier"], after["ask"]) == (0, None)
    assert case_of(world, sent)["tier"] == 0
    assert world.needs(sent["case_id"])["search_and_rescue"]["tier"] == 0
    assert after["clock"]["due_at"] < before["clock"]["due_at"]


def test_who_says_no_is_not_asked_again_and_nothing_becomes_urgent(world):
    sent = send(world, "Rumah ambruk", people=4)
    for _ in range(2):
        answer(world, sent, action="add_info", danger={"trapped": False})
    shown = page(world, sent)
    assert (shown["tier"], shown["ask"]) == (3, None)
    assert [step["step"] for step in shown["history"]] == ["received", "info_added"]


def test_staff_ask_what_decides_the_clock_stops_and_the_answer_lets_it_go_on(world):
    sent = send(world, None, needs=[{"item": "rice"}])
    found = case_of(world, sent)["ask_back"]
    assert (found["about"], found["because"], found["needs"]) == ("people", "people", 1)
    act(world, sent["case_id"], "ask", about="people")
    shown = page(world, sent)
    assert (shown["state"], shown["question"], shown["next"]) == ("needs_info", None, "answer")
    assert {name: shown["ask"][name] for name in ("about", "because", "action")} == {
        "about": "people",
        "because": "people",
        "action": "answer",
    }
    assert shown["clock"]["paused"]
    assert shown["history"][-1]["step"] == "asked_people"
    few = world.needs(sent["case_id"])["rice"]["quantity"]
    answer(world, sent, action="answer", people=200)
    shown = page(world, sent)
    assert (shown["state"], shown["ask"], shown["clock"]["paused"]) == ("received", None, False)
    assert case_of(world, sent)["people"] == 200
    assert world.needs(sent["case_id"])["rice"]["quantity"] > few


def test_a_place_that_is_surely_meant_becomes_the_report_s_and_other_words_are_kept(world):
    sent = send(world, "Butuh air", None, place_text="Cibeureum", needs=[{"item": "water", "quantity": 40}])
    assert page(world, sent)["ask"]["because"] == "no_place"
    answer(world, sent, action="add_info", place_text="dekat masjid Al Huda")
    assert case_of(world, sent)["lon"] is None
    assert page(world, sent)["ask"] is None, "who has answered is not asked again by itself"
    answer(world, sent, action="add_info", place_text="Kecamatan Cugenang, Kabupaten Cianjur")
    found = case_of(world, sent)
    assert (found["area"], found["lon"] is not None) == ("32.03.11", True)
    words = ["dekat masjid Al Huda", "Kecamatan Cugenang, Kabupaten Cianjur"]
    assert [note["text"] for note in found["notes"]] == words


@pytest.mark.parametrize(
    ("body", "field"), [({"place_text": ""}, "place_text"), ({}, "text"), ({"people": 0}, "people")]
)
def test_an_empty_answer_names_the_field_that_was_asked_for(world, body, field):
    sent = send(world, "Butuh air", None, place_text="Cibeureum")
    with pytest.raises(Invalid) as refused:
        answer(world, sent, action="add_info", **body)
    assert set(refused.value.fields) == {field}


def test_a_checked_case_becomes_urgent_by_a_danger_but_its_needs_are_for_a_person(world):
    sent = send(world, "Rumah ambruk", people=4)
    act(world, sent["case_id"], "verify")
    answer(world, sent, action="add_info", danger={"trapped": True})
    assert case_of(world, sent)["tier"] == 0
    assert world.needs(sent["case_id"]) == {}


def test_the_question_goes_by_message_with_the_page_to_answer_on(world):
    sent = send(world, "Butuh air", phone="081234567890", needs=[{"item": "water"}])
    reveal = lambda: _reveal(world, sent)  # noqa: E731
    assert reveal()["path"] is None
    act(world, sent["case_id"], "ask", about="people")
    assert reveal() == {"name": None, "phone": "+6281234567890", "path": f"/lacak/{sent['code']}"}
    (report,) = case_of(world, sent)["reports"]
    assert (report["asked_about"], report["asked_danger"]) == ("people", None)


def _reveal(world, sent):
    with world.system.writing() as tx:
        return cases.reveal_contact(tx, SYSTEM, sent["id"], "menanyakan jumlah orang", world.system.keys)


def test_an_unverified_t0_goes_to_a_person_at_once_and_to_the_next_level_when_nobody_looks(world):
    world.stock(world.site(), "water", 10_000)
    world.volunteer()
    sent = send(world, "Kami terjebak di atap", danger={"trapped": True}, people=20)
    (told,) = world.events("ReportReceived")
    (row,) = told["data"]["rows"]["cases"]
    assert (told["data"]["tier"], row["verified"], row["stage"]) == (0, False, "answer")
    assert sent["clock"]["due_at"] > sent["received_at"]
    assert world.approve(world.plan())["approved"] == [], "no offer goes out before a person has looked"
    with world.system.reading() as tx:
        run = tx.clocks.runs([sent["case_id"]])[sent["case_id"]]
    assert (run.due["answer"] - run.started_at).total_seconds() == 5 * 60
    with world.system.writing() as tx:
        tx.conn.exec_driver_sql(
            "update clocks set answer_due_at = now() - interval '1 second', next_at = now() - interval '1 second'"
        )
    with world.system.writing() as tx:
        assert clocks.sweep(tx) == 1
    (raised,) = world.events("CaseEscalated")
    assert (raised["data"]["case_id"], raised["data"]["stage"]) == (sent["case_id"], "answer")
    assert page(world, sent)["escalations"]
