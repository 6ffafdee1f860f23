"""A person takes, corrects or deletes what is kept about them, by code and phone, with no script and no account."""

import io
import json
import uuid
import zipfile

import pytest
from PIL import Image
from sqlalchemy import select

from server import erasures
from server.app import create_app
from server.commands import backup
from server.services import contacts
from server.store import tables
from workers import publicmap

PHONE, OTHER_PHONE = "+6281299734561", "0857-1111-2222"
TEXT, NAME = "Rumah ungu dekat kapuk", "Zulaikha Wirapraja"


@pytest.fixture
def client(app):
    """A stranger."""
    return app.test_client(use_cookies=False)


def report(client, **more):
    """A report with a photo; its answer."""
    body = {"client_id": str(uuid.uuid4()), "text": TEXT, "place": {"lon": 107.13579, "lat": -6.82468, "accuracy_m": 8},
            "people": 118, "danger": {"rising": True}, "contact": {"name": NAME, "phone": PHONE}, **more}  # fmt: skip
    answer = client.post("/api/reports", json={name: value for name, value in body.items() if value is not None})
    assert answer.status_code == 201
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "purple").save(out, "PNG")
    headers = {"X-Tracking-Code": answer.json["code"], "Content-Type": "image/png"}
    path = f"/api/reports/{body['client_id']}/photos/1"
    assert client.put(path, data=out.getvalue(), headers=headers).status_code == 201
    return answer.json


def rows(app, table):
    with app.extensions["tanggap"].reading() as tx:
        return [dict(row) for row in tx.conn.execute(select(table).order_by(table.c.id)).mappings()]


def audited(app):
    return [row["action"] for row in rows(app, tables.audit) if row["action"].startswith("person:")]


def test_all_of_it_comes_as_one_file(app, client):
    sent = report(client)
    note = {"action": "add_info", "text": "Kunci di tetangga"}
    assert client.post(f"/api/track/{sent['code']}", json=note).status_code == 200
    answer = client.post(f"/lacak/{sent['code']}/data", data={"action": "give", "phone": "0812 9973 4561"})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="tanggap-{sent["code"]}.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        assert sorted(file.namelist()) == ["data.json", "foto-1.jpg"]
        found = json.loads(file.read("data.json"))
        assert Image.open(io.BytesIO(file.read("foto-1.jpg"))).size == (8, 8)
    assert found["contact"] == {"name": NAME, "phone": PHONE}
    assert (found["text"], found["lon"], found["people"]) == (TEXT, 107.13579, 118)
    assert [one["text"] for one in found["added"]] == ["Kunci di tetangga"]
    assert found["consent"]
    assert audited(app) == ["person:give"]


def test_name_and_phone_are_corrected_and_the_old_phone_opens_nothing_more(app, client):
    code = report(client)["code"]
    wrong = client.post(f"/lacak/{code}/data", data={"action": "correct", "phone": PHONE, "new_phone": "12"})
    assert wrong.status_code == 422
    assert 'id="new_phone-problem"' in wrong.text
    assert client.post(f"/lacak/{code}/data", data={"action": "correct", "phone": PHONE}).status_code == 422
    changed = {"action": "correct", "phone": PHONE, "name": "Zulaikha W.", "new_phone": OTHER_PHONE}
    assert client.post(f"/lacak/{code}/data", data=changed).status_code == 200
    assert client.post(f"/api/track/{code}/data", json={"action": "give", "phone": PHONE}).status_code == 404
    found = client.post(f"/api/track/{code}/data", json={"action": "give", "phone": OTHER_PHONE}).json
    assert found["contact"] == {"name": "Zulaikha W.", "phone": "+6285711112222"}
    assert audited(app) == ["person:correct", "person:give"]


def test_deleting_takes_the_person_out_and_leaves_the_counts(app, client):
    code = report(client)["code"]
    publicmap.publish_now(app.extensions["tanggap"])
    before = client.get("/api/public/summary").json["total"]
    page = client.post(f"/lacak/{code}/data?lang=en", data={"action": "erase", "phone": PHONE})
    assert "Your data are deleted." in page.text
    (kept,) = rows(app, tables.reports)
    gone = ("name_sealed", "phone_sealed", "phone_index", "phone_last3", "text", "place_text")
    assert [kept[name] for name in gone] == [None] * 6
    assert (kept["lon"], kept["lat"], kept["people"]) == (107.14, -6.82, 118)
    assert rows(app, tables.photos) == []
    # Somebody is still to go there.
    assert rows(app, tables.cases)[0]["lon"] == 107.13579
    publicmap.publish_now(app.extensions["tanggap"])
    assert client.get("/api/public/summary").json["total"] == before
    assert [step["step"] for step in client.get(f"/api/track/{code}").json["history"]][-1] == "data_erased"
    assert client.post(f"/api/track/{code}/data", json={"action": "erase"}).json == {"done": "erase"}
    assert audited(app) == ["person:erase", "person:erase"]


@pytest.mark.parametrize("phone", [None, "", "081299734562", "bukan nomor", "+62812"])
def test_a_wrong_phone_looks_like_an_unknown_code(client, phone):
    code = report(client)["code"]
    body = {"action": "give", "phone": phone} if phone is not None else {"action": "give"}
    wrong, unknown = (client.post(f"/api/track/{one}/data", json=body) for one in (code, "ABCD-EFGH"))
    assert (wrong.status_code, wrong.json) == (unknown.status_code, unknown.json)
    assert wrong.status_code == 404
    for path in (f"/lacak/{code}/data", "/lacak/ABCDEFGH/data"):
        assert client.get(path).status_code == 200


def test_five_wrong_tries_close_a_code_for_an_hour_and_no_other(client):
    code, other = report(client)["code"], report(client)["code"]
    for _ in range(5):
        wrong = client.post(f"/api/track/{code}/data", json={"action": "give", "phone": "081200000000"})
        assert wrong.status_code == 404
    assert client.post(f"/api/track/{code}/data", json={"action": "give", "phone": PHONE}).status_code == 429
    assert client.post(f"/lacak/{code}/data", data={"action": "erase", "phone": PHONE}).status_code == 429
    assert client.post(f"/api/track/{other}/data", json={"action": "give", "phone": PHONE}).status_code == 200


def test_who_gave_no_phone_needs_none(client):
    code = report(client, contact=None)["code"]
    assert client.post(f"/api/track/{code}/data", json={"action": "give", "phone": PHONE}).status_code == 404
    found = client.post(f"/api/track/{code}/data", json={"action": "give"})
    assert found.json["text"] == TEXT


def test_a_donor_may_ask_the_same_of_a_pledge(app, client):
    pledge = {"client_id": str(uuid.uuid4()), "kind": "goods", "item": "rice", "quantity": 5, "donor": NAME}
    code = client.post("/api/pledges", json=pledge | {"phone": PHONE, "shown_as": "Keluarga W"}).json["code"]
    given = client.post(f"/api/track/{code}/data", json={"action": "give", "phone": PHONE}).json
    assert given["contact"]["name"] == NAME
    assert client.post(f"/lacak/{code}/data", data={"action": "erase", "phone": PHONE}).status_code == 200
    (kept,) = rows(app, tables.pledges)
    assert [kept[name] for name in ("donor_sealed", "phone_sealed", "phone_last3", "shown_as")] == [None] * 4
    assert kept["quantity"] == 5


def test_a_restored_backup_forgets_again_who_asked(app, client, started):
    code, keys = report(client)["code"], app.extensions["tanggap"].keys
    now = app.extensions["tanggap"].now()
    file = backup.backup(started, now)
    assert client.post(f"/api/track/{code}/data", json={"action": "erase", "phone": PHONE}).status_code == 200
    assert erasures.noted(started.data_dir) == [f"report:{rows(app, tables.reports)[0]['id']}"]
    app.extensions["tanggap"].engine.dispose()
    backup.restore(started, file)
    again = create_app(started)
    (kept,) = rows(again, tables.reports)
    again.extensions["tanggap"].engine.dispose()
    assert (kept["text"], kept["phone_sealed"], kept["people"]) == (None, None, 118)
    assert contacts.phone_index(PHONE, keys) != kept["phone_index"]


def test_the_page_on_privacy_tells_how_long_and_what_is_agreed_to(client):
    page = client.get("/privasi?lang=en").text
    for told in ("90 days", "24 hours", "30 days", "2026-11", "two weeks"):
        assert told in page


def test_a_volunteer_takes_all_of_theirs_and_nobody_else_s(app, token_of):
    head = token_of("volunteer", "32.03", "relawan-satu")
    client = app.test_client(use_cookies=False)
    assert client.get("/api/me/data").status_code == 401
    given = client.get("/api/me/data", headers=head)
    assert given.headers["Content-Disposition"] == 'attachment; filename="tanggap.json"'
    assert given.json["account"]["name"] == "relawan-satu"
    assert given.json["volunteer"]["contact"]["name"] == "relawan-satu"
    assert client.get("/api/me/data", headers=token_of("auditor", "32")).json["volunteer"] is None
