"""Pages at the HTTP edge: guards, headers, languages, what may be kept, and forms without a session's proof."""

import re
import uuid

import pytest

from server import app
from server.api import html
from server.api.words import dictionary
from server.bootstrap import System
from server.commands import people

LANGUAGES = ("id", "en")
PUBLIC = {
    "/", "/offline", "/lapor", "/lacak", "/lacak/<code>", "/masuk", "/relawan",
    "/peta", "/peta/gambar", "/peta/gambar.png", "/peta/gambar.svg", "/peta/sematan", "/kabar",
    "/donasi", "/donasi/<code>", "/donasi/<code>/peta.svg", "/donasi/<code>/foto/<uuid:photo_id>",
    "/undangan/<secret>", "/lacak/<code>/data", "/privasi", "/janji",
    "/kabar/<code>", "/kabar/<code>/kartu.png", "/kabar/<code>/kartu.svg",
    "/jejak", "/jejak/umpan.xml", "/jejak/verify_audit.py",
}  # fmt: skip
LISTS = [value for module in app.EDGES for value in vars(module).values()]
PAGES = [page for found in LISTS if isinstance(found, html.Pages) for page in found.listed]


@pytest.fixture(scope="module")
def client(module_app):
    return module_app.test_client()


@pytest.fixture(scope="module")
def admin(module_app):
    """A browser in which the administrator is signed in, and the CSRF token of the session."""
    system: System = module_app.extensions["tanggap"]
    people.add_user(system, "koor", "coordinator", "32")
    browser = module_app.test_client()
    answer = browser.post("/masuk", data={"name": "admin", "password": system.settings.admin_password})
    assert answer.status_code == 303
    page = browser.get("/akun")
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return browser, found[1]


def report(**more):
    return {"client_id": str(uuid.uuid4()), "text": "Banjir", "place_text": "Cugenang, Cianjur"} | more


def test_public_pages_are_the_written_list():
    assert {page.path for page in PAGES if page.guard == "public"} == PUBLIC


@pytest.mark.parametrize("page", [p for p in PAGES if p.guard == "signed_in"], ids=lambda p: f"{p.method} {p.path}")
def test_other_pages_send_strangers_to_sign_in(client, page):
    path = re.sub(r"<int:\w+>", "1", page.path)
    path = re.sub(r"<(?:uuid:)?\w+>", "00000000-0000-4000-8000-000000000001", path)
    answer = client.open(path, method=page.method)
    assert answer.status_code == 303
    assert answer.location.startswith("/masuk?next=%2F")


def test_no_page_needs_script_or_style_in_its_markup(client, admin):
    paths = [p.path for p in PAGES if p.method == "GET" and "<" not in p.path]
    for path in paths:
        for browser in (client, admin[0]):
            answer = browser.get(path)
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy.partition("script-src")[2].partition(";")[0] or path.startswith("/peta")
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src=|application/json))", answer.text), path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("path", "key"), [("/tidak-ada", "not_found"), ("/lacak/AAAAAAAA1", "unknown_code")])
def test_errors_are_pages_in_the_reader_s_language(client, language, path, key):
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert f'<html lang="{language}">' in answer.text
    assert dictionary(language)["errors"][key] in answer.text


def test_a_form_of_an_ended_session_is_shown_again_with_what_was_typed(admin):
    browser, csrf = admin
    english = {"Accept-Language": "en"}
    before = tokens_of(browser)
    answer = browser.post("/akun/token", data={"label": "sensor sungai", "csrf": "another"}, headers=english)
    assert (answer.status_code, answer.location) == (303, "/akun?ulang=1")
    page = browser.get(answer.location, headers=english).text
    assert dictionary("en")["app"]["send_again"] in page
    assert 'value="sensor sungai"' in page
    assert "sensor sungai" not in browser.get("/akun").text
    assert tokens_of(browser) == before
    assert browser.post("/akun/token", data={"label": "sensor sungai", "csrf": csrf}).status_code == 201
    assert 'value="sensor sungai"' not in browser.get("/akun?ulang=1").text


def test_a_form_without_a_session_is_shown_again_after_signing_in(module_app):
    browser = module_app.test_client()
    answer = browser.post("/posko/donasi", data={"donor": "Ibu Sri", "quantity": "40", "csrf": "old"})
    assert answer.location == "/masuk?next=%2Fposko%2Fdonasi%3Fulang%3D1"
    # A donor's name is in no address, as those are logged.
    assert "Sri" not in answer.location
    password = module_app.extensions["tanggap"].settings.admin_password
    signed_in = {"name": "admin", "password": password, "next": "/posko/donasi?ulang=1"}
    page = browser.post("/masuk", data=signed_in, follow_redirects=True).text
    assert 'value="Ibu Sri"' in page
    assert 'value="40"' in page


def test_a_token_that_is_asked_for_twice_is_made_once(admin):
    browser, csrf = admin
    before = tokens_of(browser)
    form = {"label": "dua kali", "csrf": csrf, "client_id": str(uuid.uuid4())}
    answers = [browser.post("/akun/token", data=form).text for _ in range(2)]
    found = {re.search(r'<code id="token">(tgp_[^<]+)</code>', text)[1] for text in answers}
    assert len(found) == 1
    assert tokens_of(browser) == before + 1
    bearer = {"Authorization": f"Bearer {found.pop()}"}
    assert browser.application.test_client(use_cookies=False).get("/api/me", headers=bearer).status_code == 200


def tokens_of(browser):
    return browser.get("/akun").text.count("<tr><td>")


def test_an_accident_is_a_page_too(client, monkeypatch, module_app):
    def broken():
        raise RuntimeError

    monkeypatch.setitem(module_app.view_functions, "pages.home", broken)
    answer = client.get("/", headers={"Accept-Language": "id"})
    assert answer.status_code == 500
    assert dictionary("id")["errors"]["internal_server_error"] in answer.text


def test_the_language_asked_for_is_remembered(module_app):
    browser = module_app.test_client()
    assert '<html lang="en">' in browser.get("/?lang=en").text
    assert '<html lang="en">' in browser.get("/lapor").text
    assert '<html lang="id">' in browser.get("/lapor?lang=xx", headers={"Cookie": "lang=xx"}).text


@pytest.mark.parametrize(
    ("path", "asked", "spoken"),
    [("/lapor", "su", "su"), ("/lacak/AAAAAAAA1", "su", "su"), ("/peta", "su", "id"), ("/peta", "su, en;q=0.5", "en")],
)
def test_sundanese_is_spoken_where_one_reports_and_indonesian_elsewhere(client, path, asked, spoken):
    assert f'<html lang="{spoken}">' in client.get(path, headers={"Accept-Language": asked}).text


def test_what_sundanese_lacks_is_said_in_indonesian():
    assert dictionary("su")["nav"]["home"] == dictionary("id")["nav"]["home"]
    assert dictionary("su")["report"]["received"] != dictionary("id")["report"]["received"]


@pytest.mark.parametrize("path", ["/lapor", "/offline"])
def test_what_a_phone_keeps_is_the_same_for_everybody(client, admin, path):
    shell = {"X-Shell": "1"}
    stranger, signed_in = (browser.get(f"{path}?lang=id", headers=shell) for browser in (client, admin[0]))
    assert stranger.text == signed_in.text
    assert admin[1] not in signed_in.text
    again = client.get(f"{path}?lang=id", headers=shell | {"If-None-Match": stranger.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_form_for_oneself_is_new_each_time_and_never_kept_by_others(client):
    first, second = client.get("/lapor"), client.get("/lapor")
    ids = [re.search(r'name="client_id" value="([^"]+)"', page.text)[1] for page in (first, second)]
    assert ids[0] != ids[1]
    assert "private" in first.headers["Cache-Control"]
    assert "ETag" not in first.headers


def test_a_report_from_a_page_that_outlived_its_session_is_stored_all_the_same(admin):
    browser, csrf = admin
    for proof in ("", "stale", csrf):
        assert browser.post("/lapor", data=report(text=f"Banjir {proof}", csrf=proof)).status_code == 201


def test_the_same_content_from_a_fresh_form_is_the_same_report(module_app):
    browser = module_app.test_client()
    codes = [re.search(r'data-fill="code">(\w+)<', browser.post("/lapor", data=report()).text)[1] for _ in range(2)]
    assert codes[0] == codes[1]
    other = browser.post("/lapor", data=report(text="Longsor"))
    assert other.status_code == 201


def test_another_report_under_a_used_client_id_is_asked_about_and_not_lost(client):
    first = report()
    assert client.post("/lapor", data=first).status_code == 201
    again = client.post("/lapor", data=first | {"text": "Sekarang longsor juga"})
    assert again.status_code == 409
    assert "Sekarang longsor juga" in again.text
    fresh = re.search(r'name="client_id" value="([^"]+)"', again.text)[1]
    assert fresh != first["client_id"]
    sent = client.post("/lapor", data=first | {"text": "Sekarang longsor juga", "client_id": fresh})
    assert sent.status_code == 201


def test_tracking_pages_are_not_stored(client):
    code = re.search(r'data-fill="code">(\w+)<', client.post("/lapor", data=report(text="Gempa")).text)[1]
    answer = client.get(f"/lacak/{code}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(f"/lacak?code={code}").location == f"/lacak/{code}"


@pytest.mark.parametrize(
    ("role", "closed"),
    [
        ("keeper", {"/relawan/tugas": "jobs"}),
        ("volunteer", {"/konsol": "console", "/konsol/rencana": "console", "/posko": "sites"}),
    ],
)
def test_who_may_not_see_a_page_is_told_whom_it_is_for_and_where_to_go(module_app, role, closed):
    system: System = module_app.extensions["tanggap"]
    name = f"{role}-tamu"
    once = people.add_user(system, name, role, "32.03")
    browser = module_app.test_client()
    assert browser.post("/masuk", data={"name": name, "password": once}).status_code == 303
    for path, what in closed.items():
        answer = browser.get(path)
        assert answer.status_code == 403
        assert dictionary("id")["denied"][what] in answer.text
        assert 'href="/akun"' in answer.text
    assert browser.get("/gaya").status_code == 200
