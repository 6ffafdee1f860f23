"""Accounts over HTTP, as scripts call and as the plain pages do: invitations, second factor, roles for some hours."""

import re
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import pyotp
import pytest

from server.api.html import WIB
from server.commands import people
from server.domain.permissions import SYSTEM
from server.services import units
from server.services.inputs import AgencyIn, parse

PASSWORD = "kuda lumping makan rumput"


@pytest.fixture
def system(module_app):
    return module_app.extensions["tanggap"]


@pytest.fixture
def browser(module_app, system):
    """Gives a browser in which a fresh account of a role is signed in; `csrf` is its session's proof."""

    def make(role="coordinator", area="32.03", name=None):
        name = name or f"{role}-{uuid.uuid4().hex[:6]}"
        found = module_app.test_client()
        found.name, found.password = name, people.add_user(system, name, role, area)
        answer = found.post("/api/session", json={"name": name, "password": found.password})
        found.csrf = answer.json["csrf"]
        return found

    return make


def sent(browser, path, **form):
    return browser.post(path, data={"csrf": browser.csrf, **form})


def called(browser, path, body=None, method="POST"):
    return browser.open(path, method=method, json=body or {}, headers={"X-CSRF-Token": browser.csrf})


def test_an_invited_person_sets_a_password_by_the_link_and_signs_in(module_app, browser):
    admin = browser("admin")
    wrong = sent(admin, "/petugas", name="x", role="verifier", area="32.03.05")
    assert wrong.status_code == 422
    assert 'id="name-problem"' in wrong.text
    assert 'value="32.03.05"' in wrong.text
    assert sent(admin, "/petugas", name="jauh", role="verifier", area="32.04").status_code == 403
    page = sent(admin, "/petugas", name="neng-undangan", role="verifier", area="32.03.05")
    assert page.status_code == 201
    link = re.search(r'<code id="invitation-link">([^<]+)</code>', page.text)[1]
    assert urlsplit(link).path not in admin.get("/petugas").text
    guest, path = module_app.test_client(), urlsplit(link).path
    shown = guest.get(path)
    assert "neng-undangan" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    for weak in ("pendek", "password123456789", "neng-undangan-1"):
        refused = guest.post(path, data={"new": weak})
        assert refused.status_code == 422
        assert 'id="new-problem"' in refused.text
    assert guest.post(path, data={"new": PASSWORD}).status_code == 303
    assert guest.post(path, data={"new": PASSWORD}).status_code == 404
    assert guest.get(path).status_code == 404
    signed_in = guest.post("/api/session", json={"name": "neng-undangan", "password": PASSWORD})
    assert signed_in.json["me"]["roles"] == [{"role": "verifier", "area": "32.03.05"}]
    assert signed_in.json["me"]["must_change_password"] is False


def test_the_staff_page_does_what_the_call_does(browser):
    admin, keeper = browser("admin"), browser("keeper", "32.03.05")
    found = next(one for one in admin.get("/api/users").json["users"] if one["name"] == keeper.name)
    path = f"/petugas/{found['id']}"
    assert sent(admin, f"{path}/beri-peran", role="verifier", area="32.03.05").status_code == 303
    assert sent(admin, f"{path}/beri-peran", role="verifier", area="32.03.05").status_code == 409
    assert sent(admin, f"{path}/beri-peran", role="verifier", area="salah!").status_code == 422
    assert {one["role"] for one in keeper.get("/api/me").json["roles"]} == {"keeper", "verifier"}
    assert sent(admin, f"{path}/cabut-peran", role="verifier", area="32.03.05").status_code == 303
    assert called(admin, f"/api/users/{found['id']}/disable").json["is_disabled"] is True
    assert keeper.get("/api/me").status_code == 401
    assert sent(admin, f"{path}/buka").status_code == 303
    again = sent(admin, f"{path}/undang")
    assert "invitation-link" in again.text
    assert sent(admin, f"{path}/entah").status_code == 404
    assert browser("coordinator").get("/petugas").status_code == 403


def test_an_authenticator_is_set_up_by_picture_and_its_codes_are_shown_once(system, browser):
    person = browser()
    assert person.get("/api/me").json["second_factor"] == "wanted"
    wrong = sent(person, "/akun/dua-langkah", begin_password="bukan")
    assert wrong.status_code == 422
    assert 'id="begin_password-problem"' in wrong.text
    page = sent(person, "/akun/dua-langkah", begin_password=person.password)
    assert page.status_code == 201
    assert re.search(r'<svg [^>]*class="qr"', page.text)
    assert "style=" not in page.text
    totp = pyotp.TOTP(re.search(r'<code id="totp-secret">(\w+)</code>', page.text)[1])
    missed = sent(person, "/akun/dua-langkah/kode", code="000000")
    assert missed.status_code == 422
    assert totp.secret in missed.text, "the picture is still there"
    assert person.get("/api/me").json["second_factor"] == "wanted"
    done = sent(person, "/akun/dua-langkah/kode", code=totp.at(system.now()))
    assert len(set(re.findall(r"<li><code>(\w{5}-\w{5})</code></li>", done.text))) == 10
    assert done.headers["Cache-Control"] == "no-store"
    assert person.get("/api/me").json["second_factor"] == "enrolled"
    later = person.get("/akun").text
    assert totp.secret not in later
    assert not re.search(r"<li><code>\w{5}-\w{5}</code></li>", later)
    fresh = sent(person, "/akun/dua-langkah/cadangan", renew_password=person.password)
    assert len(re.findall(r"<li><code>\w{5}-\w{5}</code></li>", fresh.text)) == 10
    assert sent(person, "/akun/dua-langkah/lepas", remove_password="bukan").status_code == 422
    assert sent(person, "/akun/dua-langkah/lepas", remove_password=person.password).status_code == 303
    assert person.get("/api/me").json["second_factor"] == "wanted"


def test_guessing_ones_own_password_in_a_stolen_session_is_held_as_well(browser):
    person = browser()
    guesses = [called(person, "/api/me/totp", {"password": f"tebakan {n}"}).status_code for n in range(6)]
    assert guesses == [422] * 5 + [429]
    change = {"old": person.password, "new": PASSWORD}
    assert called(person, "/api/me/password", change).status_code == 429


def test_sessions_are_listed_and_ended_one_by_one(module_app, browser):
    person, phone = browser(), module_app.test_client()
    agent = {"User-Agent": "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"}
    body = {"name": person.name, "password": person.password}
    phone.post("/api/session", json=body, headers=agent)
    token = called(person, "/api/me/tokens", {"label": "peta", "scopes": ["board:read"], "days": 7}).json
    found = person.get("/api/me/sessions").json["sessions"]
    assert [(one["kind"], one["label"], one["is_this"]) for one in found if one["label"]] == [
        ("token", "peta", False), ("cookie", "Firefox, Android", False),
    ]  # fmt: skip
    assert [one["is_this"] for one in found].count(True) == 1
    page = person.get("/akun").text
    assert "Firefox, Android" in page
    assert "board:read" in page
    assert sent(person, f"/akun/sesi/{found[1]['id']}/akhiri").status_code == 303
    assert phone.get("/api/me").status_code == 401
    script = module_app.test_client(use_cookies=False)
    bearer = {"Authorization": f"Bearer {token['token']}"}
    assert script.get("/api/board", headers=bearer).status_code == 200
    assert script.get("/api/inbox", headers=bearer).status_code == 403
    assert script.post("/api/me/tokens", headers=bearer, json={}).status_code == 403
    assert called(person, f"/api/me/sessions/{found[0]['id']}", method="DELETE").status_code == 204
    assert script.get("/api/board", headers=bearer).status_code == 401
    wrong = called(person, "/api/me/tokens", {"scopes": ["user:edit"]})
    assert (wrong.status_code, set(wrong.json["error"]["fields"])) == (422, {"scopes"})
    unknown = called(person, "/api/me/tokens", {"scopes": ["semua"], "days": 0})
    assert set(unknown.json["error"]["fields"]) == {"scopes.0", "days"}


def test_the_form_for_a_token_shows_what_it_asked_for_and_revives_none(browser):
    person, asked = browser(), str(uuid.uuid4())

    def made(**form):
        page = sent(person, "/akun/token", client_id=asked, label="peta", days="7", **form)
        return page.status_code, set(re.findall(r"tgp_[\w-]+", page.text))

    broad = made()
    assert broad == made()
    assert len(broad[1]) == 1
    narrow = made(scopes="board:read")
    assert narrow[0] == 201
    assert narrow[1].isdisjoint(broad[1])
    for one in person.get("/api/me/sessions").json["sessions"]:
        if one["kind"] == "token":
            called(person, f"/api/me/sessions/{one['id']}", method="DELETE")
    assert made() == (409, set())
    assert not [one for one in person.get("/api/me/sessions").json["sessions"] if one["kind"] == "token"]


def test_a_deputy_is_named_on_the_page_and_works_for_the_night(system, browser):
    chief, deputy = browser(), browser("keeper", "32.03.05")
    until = (system.now() + timedelta(hours=9)).astimezone(WIB).strftime("%Y-%m-%dT%H:%M")
    form = {"to": deputy.name, "held": "coordinator@32.03", "ends_at": until, "reason": "jaga malam"}
    wrong = sent(chief, "/akses/wakil", **form | {"to": "tidak-ada", "ends_at": ""})
    assert wrong.status_code == 422
    assert 'id="ends_at-problem"' in wrong.text
    assert 'value="jaga malam"' in wrong.text
    wrong = sent(chief, "/akses/wakil", **form | {"to": "tidak-ada"})
    assert 'id="to-problem"' in wrong.text
    assert sent(chief, "/akses/wakil", **form | {"held": "coordinator@32.04"}).status_code == 403
    assert deputy.get("/api/inbox").status_code == 403
    assert sent(chief, "/akses/wakil", **form).status_code == 303
    assert deputy.get("/api/inbox").status_code == 200
    assert {"role": "coordinator", "area": "32.03", "lent": True} in deputy.get("/api/me").json["roles"]
    for person in (chief, deputy):
        assert deputy.name in person.get("/akses").text
    (lent,) = [one for one in deputy.get("/api/access").json["access"] if one["to"] == deputy.name]
    assert sent(chief, f"/akses/{lent['id']}/akhiri").status_code == 303
    assert deputy.get("/api/inbox").status_code == 403
    assert sent(chief, f"/akses/{lent['id']}/akhiri").status_code == 409


def test_an_emergency_is_told_on_the_boards_that_it_concerns(browser):
    helper, there, far = browser(), browser("coordinator", "32.04"), browser("coordinator", "32.05")
    cursor = there.get("/api/board").json["cursor"]
    form = {"area": "32.04", "hours": "2", "why": "longsor, posko putus"}
    wrong = sent(helper, "/akses/darurat", **form | {"why": "perlu"})
    assert wrong.status_code == 422
    assert 'id="why-problem"' in wrong.text
    assert 'value="32.04"' in wrong.text
    assert helper.get("/api/board?area=32.04").status_code == 403
    assert sent(helper, "/akses/darurat", **form).status_code == 303
    assert helper.get("/api/board?area=32.04").status_code == 200
    told = there.get(f"/api/events?after={cursor}").json["events"]
    assert [one["data"]["kind"] for one in told if one["type"] == "AccessLent"] in ([], ["emergency"])
    seen = [one for one in there.get("/api/access").json["access"] if one["to"] == helper.name]
    assert [(one["kind"], one["reason"], one["state"]) for one in seen] == [
        ("emergency", "longsor, posko putus", "running")
    ]
    assert not [one for one in far.get("/api/access").json["access"] if one["to"] == helper.name]
    assert called(far, f"/api/access/{seen[0]['id']}/end").status_code == 404
    assert called(there, f"/api/access/{seen[0]['id']}/end").json["ended_by"] == there.name
    assert helper.get("/api/board?area=32.04").status_code == 403


def test_what_was_typed_into_these_pages_outlives_an_ended_session(module_app, system):
    guest = module_app.test_client()
    for path, form, home in (
        ("/petugas", {"name": "neng-baru", "role": "keeper", "area": "32.03"}, "/petugas"),
        ("/akses/wakil", {"to": "neng-wakil", "reason": "jaga malam"}, "/akses"),
        ("/akses/darurat", {"area": "32.04", "why": "longsor besar"}, "/akses"),
    ):
        gone = guest.post(path, data=form)
        assert gone.status_code == 303
        signed_in = {"name": "admin", "password": system.settings.admin_password, "next": f"{home}?ulang=1"}
        page = guest.post("/masuk", data=signed_in, follow_redirects=True).text
        assert all(f'value="{text}"' in page for text in form.values()), path
        guest.delete_cookie("tanggap_session")


def test_people_of_an_agency_see_its_own_cases_and_no_others(module_app, system, browser):
    agency = {"code": "pmi-uji", "name": "PMI uji", "kind": "pmi", "area": "32"}
    with system.writing() as tx:
        units.add_agency(tx, SYSTEM, parse(AgencyIn, agency))
    pmi, chief = browser("coordinator", "pmi-uji"), browser()
    cases = []
    for _ in range(2):
        report = {"client_id": str(uuid.uuid4()), "text": "Perlu ambulans", "area_code": "32.03.11"}
        sent_in = module_app.test_client().post("/api/reports", json=report).json
        with system.reading() as tx:
            cases.append(tx.reports.get(sent_in["id"])["case_id"])
    for case in cases:
        assert pmi.get(f"/api/cases/{case}").status_code == 404
    passed = called(chief, f"/api/cases/{cases[0]}/pass", {"to": "pmi-uji", "reason": "ambulans"})
    assert passed.status_code == 201
    assert [row["case_id"] for row in pmi.get("/api/inbox").json["waiting"]] == [cases[0]]
    assert called(pmi, f"/api/referrals/{passed.json['id']}/accept").status_code == 200
    assert pmi.get(f"/api/cases/{cases[0]}").status_code == 200
    assert pmi.get(f"/api/cases/{cases[1]}").status_code == 404
    board = pmi.get("/api/board").json
    rows = {noun: [dict(zip(board[noun]["columns"], row, strict=True)) for row in board[noun]["rows"]]
            for noun in ("reports", "cases", "needs", "volunteers", "sites")}  # fmt: skip
    assert [row["id"] for row in rows["cases"]] == [cases[0]]
    assert {row["case_id"] for row in rows["reports"] + rows["needs"]} == {cases[0]}
    assert rows["volunteers"] == rows["sites"] == []
    assert pmi.get("/api/board?area=32.03").status_code == 403
