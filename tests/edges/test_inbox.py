"""Passing cases on, the inbox and the table of kept promises, over HTTP as people and scripts use them."""

import uuid
from urllib.parse import parse_qs, urlsplit

import pytest

from server.domain.permissions import SYSTEM
from server.services import publishing, units
from server.services.inputs import AgencyIn, parse


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def staff(token_of):
    return {area: token_of("coordinator", area) for area in ("32", "32.03", "32.04")}


def report(client, area="32.03.11", **more):
    body = {"client_id": str(uuid.uuid4()), "text": "Tolong", "area_code": area, **more}
    return client.post("/api/reports", json=body).get_json()


def case_of(client, staff, answer):
    board = client.get("/api/board", headers=staff["32"]).get_json()
    columns = board["reports"]["columns"]
    rows = [dict(zip(columns, row, strict=True)) for row in board["reports"]["rows"]]
    return next(row["case_id"] for row in rows if row["id"] == answer["id"])


def test_a_case_goes_up_and_comes_back_and_its_reporter_hears_of_who_has_it(client, staff):
    answer = report(client)
    case_id = case_of(client, staff, answer)
    before = client.get(f"/api/track/{answer['code']}").get_json()["clock"]
    sent = client.post(f"/api/cases/{case_id}/pass", headers=staff["32.03"], json={"to": "32", "reason": "besar"})
    assert sent.status_code == 201, sent.get_json()
    inbox = client.get("/api/inbox", headers=staff["32"]).get_json()
    assert [row["case_id"] for row in inbox["waiting"]] == [case_id]
    address = f"/api/referrals/{sent.get_json()['id']}"
    assert client.post(f"{address}/return", headers=staff["32"], json={}).status_code == 422
    assert client.post(f"{address}/accept", headers=staff["32.04"], json={}).status_code == 404
    assert client.post(f"{address}/accept", headers=staff["32"], json={}).get_json()["state"] == "accepted"
    assert client.post(f"{address}/accept", headers=staff["32"], json={}).status_code == 409
    after = client.get(f"/api/track/{answer['code']}").get_json()
    assert after["clock"] == before
    assert after["history"][-1]["step"] == "handed_over"


def test_the_plain_pages_do_the_same(client, app, staff, token_of):
    answer = report(client)
    case_id = case_of(client, staff, answer)
    page = f"/konsol/kasus/{case_id}/oper"
    assert 'value="32"' in client.get(page, headers=staff["32.03"]).get_data(as_text=True)
    assert client.post(page, headers=staff["32.03"], data={"to": "", "reason": "x"}).status_code == 422
    assert client.post(page, headers=staff["32.03"], data={"to": "32", "reason": "besar"}).status_code == 303
    assert f"#{case_id}" in client.get("/konsol/masuk", headers=staff["32"]).get_data(as_text=True)
    (row,) = client.get("/api/inbox", headers=staff["32"]).get_json()["waiting"]
    address = f"/konsol/masuk/{row['id']}"
    assert client.post(f"{address}/kembalikan", headers=staff["32"], data={}).status_code == 422
    assert client.post(f"{address}/entah", headers=staff["32"], data={}).status_code == 404
    assert client.post(f"{address}/kembalikan", headers=staff["32"], data={"reason": "cukup"}).status_code == 303
    assert client.get("/api/inbox", headers=staff["32"]).get_json()["waiting"] == []
    assert client.get("/konsol/masuk", headers=token_of("keeper", "32.03")).status_code == 403


def test_what_was_typed_outlives_an_ended_session(client, app, staff):
    case_id = case_of(client, staff, report(client))
    browser, system = app.test_client(), app.extensions["tanggap"]

    def signed_in_again(answer):
        home = parse_qs(urlsplit(answer.location).query)["next"][0]
        signed_in = {"name": "admin", "password": system.settings.admin_password, "next": home}
        return browser.post("/masuk", data=signed_in, follow_redirects=True).text

    page = signed_in_again(browser.post(f"/konsol/kasus/{case_id}/oper", data={"to": "32", "reason": "jalan putus"}))
    assert 'value="jalan putus"' in page
    assert '<option value="32" selected>' in page
    sent = client.post(f"/api/cases/{case_id}/pass", headers=staff["32.03"], json={"to": "32", "reason": "besar"}).json
    browser.delete_cookie("tanggap_session")
    back = {"of": sent["id"], "reason": "sudah penuh"}
    page = signed_in_again(browser.post(f"/konsol/masuk/{sent['id']}/kembalikan", data=back))
    assert 'value="sudah penuh"' in page


def test_an_agency_is_an_address_like_an_area(client, app, staff):
    agency = {"code": "pmi-jabar", "name": "PMI Jawa Barat", "kind": "pmi", "area": "32"}
    assert client.post("/api/agencies", headers=staff["32"], json=agency).status_code == 403
    with app.extensions["tanggap"].writing() as tx:
        units.add_agency(tx, SYSTEM, parse(AgencyIn, agency))
    case_id = case_of(client, staff, report(client))
    to_it = {"to": "pmi-jabar", "reason": "ambulans"}
    assert client.post(f"/api/cases/{case_id}/pass", headers=staff["32.03"], json=to_it).status_code == 422
    with app.extensions["tanggap"].writing() as tx:
        units.join_agency(tx, SYSTEM, "pmi-jabar", "coordinator-32")
    assert client.post(f"/api/cases/{case_id}/pass", headers=staff["32.03"], json=to_it).status_code == 201
    listed = client.get("/api/agencies", headers=staff["32"]).get_json()["agencies"]
    assert [one["code"] for one in listed] == ["pmi-jabar"]


def test_the_forecast_and_the_table_count_what_is_there(client, staff):
    first = report(client, danger={"trapped": True})
    report(client, needs=[{"item": "water", "quantity": 10}])
    report(client, area="32.04.05")
    case_id = case_of(client, staff, first)
    client.post(f"/api/cases/{case_id}/verify", headers=staff["32.03"], json={})
    ahead = client.get("/api/clocks/forecast", headers=staff["32.03"]).get_json()
    assert ahead["waiting"] == 2
    assert ahead["per_hour"]["answer"] == 0.5
    # The water's answer is due in half an hour, and at this pace its turn is in two.
    assert [(one["stage"], one["tier"]) for one in ahead["breaches"]] == [("offer", 0), ("answer", 1)]
    table = client.get("/api/clocks/league", headers=staff["32"]).get_json()["areas"]
    assert {row["unit"]: (row["open"], row["answers_due"], row["answers_in_time"]) for row in table} == {
        "32.03": (2, 1, 1),
        "32.04": (1, 0, 0),
    }
    assert client.get("/api/clocks/league?level=desa", headers=staff["32"]).status_code == 422
    assert client.get("/api/clocks/league?area=32.04", headers=staff["32.03"]).status_code == 403


def test_everybody_sees_only_what_is_five_or_more(client, app, staff):
    for _ in range(7):
        report(client)
    for _ in range(3):
        report(client, area="32.04.05")
    with app.extensions["tanggap"].writing() as tx:
        publishing.publish(tx, publishing.cut_time(tx.now, 900))
    shown = client.get("/api/public/promises").get_json()
    assert {row["unit"]: row["open"] for row in shown["regencies"]} == {"32.03": 5, "32.04": None}
    page = client.get("/janji").get_data(as_text=True)
    assert "Cianjur" in page
