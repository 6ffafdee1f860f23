"""Staff take gifts in by a plain page: a pledge's code stays, what was typed stays, looks at contacts are audited."""

import re
import uuid

import pytest
from sqlalchemy import select

from server.app import create_app
from server.commands import people
from server.domain.permissions import SYSTEM
from server.services import contacts
from server.services.inputs_supply import SiteIn
from server.services.supply import add_site
from server.store import tables

MONEY = {"kind": "money", "rupiah": 250_000, "phone": "0812 9999 0000", "donor": "Ibu Sri"}


@pytest.fixture(scope="module")
def app(module_started):
    app = create_app(module_started)
    yield app
    app.extensions["tanggap"].engine.dispose()


@pytest.fixture(scope="module")
def site_id(app):
    system = app.extensions["tanggap"]
    with system.writing() as tx:
        body = SiteIn(name="Gudang Satu", kind="warehouse", area_code="32.03.01")
        return add_site(tx, SYSTEM, body, system.gazetteer())["id"]


@pytest.fixture(scope="module")
def browser(app):
    """The admin at the desk, and the proof that their forms carry."""
    client = app.test_client()
    client.post("/masuk", data={"name": "admin", "password": app.extensions["tanggap"].settings.admin_password})
    client.csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/posko/donasi").text)[1]
    return client


def promise(app, **content):
    sent = app.test_client(use_cookies=False).post("/api/pledges", json={"client_id": str(uuid.uuid4()), **content})
    assert sent.status_code == 201
    return sent.json["code"]


def test_a_pledge_is_taken_in_under_its_code(app, browser, site_id):
    code = promise(app, kind="goods", item="rice", quantity=80)
    page = browser.get("/posko/donasi").text
    assert code in page
    assert f"/posko/donasi?pledge={code}&amp;item=rice&amp;quantity=80#receive" in page
    form = {"csrf": browser.csrf, "client_id": str(uuid.uuid4()), "pledge": code, "item": "rice", "quantity": "60"}
    answers = [browser.post("/posko/donasi", data={**form, "site_id": site_id}) for _ in range(2)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, f"/posko/donasi?code={code}")}
    after = browser.get(answers[0].location).text
    assert "Beri tahu donatur kodenya" in after
    assert f"pledge={code}" not in after
    assert "60 kg" in browser.get(f"/donasi/{code}").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "banyak"}, "quantity"),
        ({"item": ""}, "item"),
        ({"site_id": ""}, "site_id"),
        ({"pledge": "X1"}, "pledge"),
    ],
)
def test_wrong_input_is_named_beside_its_field_and_kept(browser, site_id, change, field):
    form = {"csrf": browser.csrf, "item": "rice", "quantity": "60", "site_id": site_id, "donor": "Pak Asep", **change}
    answer = browser.post("/posko/donasi", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert re.search(rf'id="{field}"[^>]* autofocus', answer.text)
    assert 'value="Pak Asep"' in answer.text


def test_a_contact_is_shown_for_a_reason_that_is_written_down(app, browser):
    code = promise(app, **MONEY)
    page = browser.get("/posko/donasi").text
    assert code in page
    assert "Rp 250.000" in page
    assert "Sri" not in page
    assert "99990000" not in page
    pledge_id = re.findall(r'action="/posko/donasi/([0-9a-f-]{36})"', page)[0]
    refused = browser.post(f"/posko/donasi/{pledge_id}", data={"csrf": browser.csrf, "reason": ""})
    assert refused.status_code == 422
    assert f'id="reason-{pledge_id}-problem"' in refused.text
    shown = browser.post(f"/posko/donasi/{pledge_id}", data={"csrf": browser.csrf, "reason": "menelepon"})
    assert contacts.normalise_phone(MONEY["phone"]) in shown.text
    assert "Ibu Sri" in shown.text
    query = select(tables.audit.c.details).where(
        tables.audit.c.subject == f"pledge:{pledge_id}", tables.audit.c.action == "contact:reveal"
    )
    with app.extensions["tanggap"].reading() as tx:
        written = tx.conn.execute(query).scalars().all()
    assert [one["reason"] for one in written] == ["menelepon"]


def test_the_desk_is_for_who_takes_gifts_in(app):
    system = app.extensions["tanggap"]
    people.add_user(system, "auditor", "auditor", "32")
    token = people.token(system, "auditor")
    stranger = app.test_client(use_cookies=False)
    assert stranger.get("/posko/donasi").location.startswith("/masuk")
    assert stranger.get("/posko/donasi", headers={"Authorization": f"Bearer {token}"}).status_code == 403
