"""Several people at once on a whole running system: one of them wins, and the others are told the present state."""

import threading
import uuid
from dataclasses import replace

import pytest

from tests.e2e.outsider import report, rows, until
from tests.e2e.people import admin, check_in, person, ready, wanting, warehouse

AT_ONCE = 50
TURNS = 3


@pytest.fixture(scope="module")
def chief(stack):
    return admin(stack)


@pytest.fixture(scope="module")
def volunteers(stack):
    return person(stack, "rela", "volunteer", "32.03"), person(stack, "wawan", "volunteer", "32.03")


def together(*calls):
    """What each of the calls gives, all begun at the same moment."""
    start, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def one(n, call):
        start.wait()
        answers[n] = call()

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def case_of(chief, report_id):
    (row,) = [row for row in rows(chief.get("/api/board"), "reports") if row["id"] == report_id]
    return row["case_id"]


def verified(chief, quantities, area):
    """The case of a new, believed report from that area that asks for these quantities."""
    answer = chief.post("/api/reports", report(area_code=area, **wanting(quantities)), 201)
    case_id = case_of(chief, answer["id"])
    chief.post(f"/api/cases/{case_id}/verify")
    return case_id


def lot_of(chief, site_id):
    (lot,) = chief.get(f"/api/sites/{site_id}/stock")["lots"]
    return lot


def test_one_client_id_fifty_times_at_once_is_one_report(chief):
    citizen, body = replace(chief, token=None), report()
    answers = together(*[lambda: citizen.call("POST", "/api/reports", body)] * AT_ONCE)
    assert sorted(answer.status for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len({str(answer.body) for answer in answers}) == 1
    case_id = case_of(chief, answers[0].body["id"])
    assert len(chief.get(f"/api/cases/{case_id}")["reports"]) == 1
    other = citizen.call("POST", "/api/reports", {**body, "text": "Lain sama sekali"})
    assert other.status == 409
    assert other.body["error"]["state"]["received_at"] == answers[0].body["received_at"]


def test_ten_different_contents_under_one_client_id_are_one_report(chief):
    citizen, client_id = replace(chief, token=None), str(uuid.uuid4())
    bodies = [report(client_id=client_id, text=f"Isi {n}") for n in range(10)]
    answers = together(*[lambda body=body: citizen.call("POST", "/api/reports", body) for body in bodies])
    assert sorted(answer.status for answer in answers) == [201] + [409] * 9


def test_two_volunteers_accept_one_assignment_at_once(chief, volunteers):
    site_id = warehouse(chief, "Gudang Rebutan", {"water": 500})
    for volunteer in volunteers:
        check_in(volunteer)
    for _ in range(TURNS):
        job = offered_to_all(chief, volunteers, site_id)
        won, lost = accepted_at_once(volunteers, job)
        assert (won.status, lost.status) == (200, 409)
        assert won.body["state"] == "accepted"
        assert lost.body["error"]["state"]["state"] == "accepted"
        assert lost.body["error"]["state"]["volunteer_id"] == won.body["volunteer_id"]
        assert len([who for who in volunteers if who.get("/api/me/assignments")["assignments"]]) == 1
        assert not any(_offered(who, job) for who in volunteers)
        chief.post(f"/api/assignments/{job}/cancel", {"reason": "hanya uji"})


def offered_to_all(chief, volunteers, site_id):
    """A new assignment that every one of the volunteers is asked to take."""
    need = chief.get(f"/api/cases/{verified(chief, {'water': 100}, '32.03.11')}")["needs"][0]
    by_hand = {"need_id": need["id"], "lot_id": lot_of(chief, site_id)["id"], "reason": "uji"}
    job = chief.post("/api/assignments", by_hand, 201)["id"]
    until(lambda: all(_offered(who, job) for who in volunteers), 30)
    return job


def accepted_at_once(volunteers, job):
    """Both answers, the better first."""
    accept = [lambda who=who: who.call("POST", f"/api/assignments/{job}/accept") for who in volunteers]
    return sorted(together(*accept), key=lambda answer: answer.status)


def _offered(volunteer, job):
    return any(offer["assignment_id"] == job for offer in volunteer.get("/api/me/offers")["offers"])


def test_two_plans_that_want_the_same_last_lot_never_promise_it_twice(chief):
    site_id = warehouse(chief, "Gudang Terakhir", {"blanket": 10})
    for areas in (("32.06", "32.07"), ("32.08", "32.09"), ("32.10", "32.11")):
        cases = [verified(chief, {"blanket": 10}, f"{area}.05") for area in areas]
        asked = [chief.post("/api/plans", {"area": area}, 202)["id"] for area in areas]
        plans = [ready(chief, plan_id) for plan_id in asked]
        for plan, case_id in zip(plans, cases, strict=True):
            assert [(match["case_id"], match["quantity"]) for match in plan["matches"]] == [(case_id, 10)]
        approve = [lambda one=one: chief.call("POST", f"/api/plans/{one}/approve") for one in asked]
        answers = together(*approve)
        assert [answer.status for answer in answers] == [200, 200]
        lot = lot_of(chief, site_id)
        assert (lot["on_hand"], lot["held"], lot["free"]) == (10, 10, 0)
        won, lost = sorted((answer.body for answer in answers), key=lambda body: len(body["dropped"]))
        assert (len(won["approved"]), won["dropped"]) == (1, [])
        assert (lost["approved"], [drop["reason"] for drop in lost["dropped"]]) == ([], ["stock_gone"])
        chief.post(f"/api/assignments/{won['approved'][0]}/cancel", {"reason": "hanya uji"})


def test_one_plan_approved_twice_at_once_is_approved_once(chief):
    warehouse(chief, "Gudang Sekali", {"tarpaulin": 20})
    verified(chief, {"tarpaulin": 10}, "32.05.05")
    plan_id = ready(chief, chief.post("/api/plans", {"area": "32.05"}, 202)["id"])["id"]
    answers = together(*[lambda: chief.call("POST", f"/api/plans/{plan_id}/approve")] * 5)
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
    refused = [answer.body["error"]["state"]["state"] for answer in answers if answer.status == 409]
    assert refused == ["approved"] * 4
