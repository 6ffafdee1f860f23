"""What people and programs send by mistake or on purpose: each wrong field is named with its mend, in the
reader's language, and nothing of it is stored; what is only strange is kept to the letter and shown as text.
"""

import re
import uuid
from datetime import timedelta
from html import escape, unescape
from io import BytesIO

import pytest
from sqlalchemy import func, select

from server.api.words import dictionary
from server.commands import people
from server.services import contacts
from server.store import tables

BANDUNG = {"lon": 107.6191, "lat": -6.9175, "accuracy_m": 30}
COUNTED = [table for table in tables.metadata.tables.values() if table.name != "tries"]
LANGUAGES = ("id", "en")
LEFT_OVER = re.compile(r"\{\w+\}|\berrors\.")
"""A gap that nothing filled, or a key without a word."""


@pytest.fixture
def client(module_app):
    return module_app.test_client()


@pytest.fixture
def system(module_app):
    return module_app.extensions["tanggap"]


@pytest.fixture(scope="module")
def token(module_app):
    """Header of a token, by role and area."""
    system, made = module_app.extensions["tanggap"], {}

    def of(role, area):
        if (role, area) not in made:
            name = f"{role}-{area}"
            people.add_user(system, name, role, area)
            made[role, area] = {"Authorization": f"Bearer {people.token(system, name)}"}
        return made[role, area]

    return of


def body(**more):
    """A plain report; None takes a field away."""
    found = {"client_id": str(uuid.uuid4()), "text": "Air naik di RW 05", "place": BANDUNG, "people": 120, **more}
    return {name: value for name, value in found.items() if value is not None}


def stored(system):
    with system.reading() as tx:
        return {table.name: tx.conn.execute(select(func.count()).select_from(table)).scalar_one() for table in COUNTED}


def refused(client, system, path, status=422, headers=None, **sent):
    """The fields (or the message) in each language, of a call that changes nothing."""
    before, said = stored(system), {}
    for language in LANGUAGES:
        answer = client.post(path, headers={**(headers or {}), "Accept-Language": language}, **sent)
        assert answer.status_code == status, answer.text
        error = answer.json["error"]
        for sentence in (error["message"], *error["fields"].values()):
            assert sentence
            assert not LEFT_OVER.search(sentence), sentence
        said[language] = error
    assert said["id"]["message"] != said["en"]["message"]
    for name, sentence in said["id"]["fields"].items():
        assert sentence != said["en"]["fields"][name]
    assert stored(system) == before
    return said


WRONG_REPORTS = [
    ({"place": {"lon": -6.9175, "lat": 107.6191}}, "place.lat", "Tukar keduanya", "Exchange"),
    ({"place": {"lon": 107.6, "lat": -7.95}}, "place", "laut", "sea"),
    ({"place": {"lon": 400, "lat": -6.9}}, "place.lon", "180", "180"),
    ({"place": {"lon": "timur", "lat": -6.9}}, "place.lon", "angka", "number"),
    ({"people": 0}, "people", "1", "1"),
    ({"people": 1_000_000}, "people", "100000", "100000"),
    ({"people": -3}, "people", "1", "1"),
    ({"people": 2.5}, "people", "bulat", "whole"),
    ({"people": "banyak"}, "people", "bulat", "whole"),
    ({"needs": [{"item": "naga"}]}, "needs.0.item", "naga", "naga"),
    ({"needs": [{"item": "water", "quantity": -5}]}, "needs.0.quantity", "1", "1"),
    ({"needs": [{"item": "water", "quantity": 2.5}]}, "needs.0.quantity", "bulat", "whole"),
    ({"needs": [{"item": "water"}, {"item": "rice", "quantity": "lima"}]}, "needs.1.quantity", "bulat", "whole"),
    ({"needs": "air"}, "needs", "daftar", "list"),
    ({"vulnerable": {"infants": 500}}, "vulnerable.infants", "120", "120"),
    ({"danger": {"trapped": "mungkin"}}, "danger.trapped", "true", "true"),
    ({"contact": {"phone": "0812"}}, "contact.phone", "0812 3456 7890", "0812 3456 7890"),
    ({"contact": {"phone": "bukan nomor"}}, "contact.phone", "+62", "+62"),
    ({"contact": "Siti"}, "contact", "objek", "object"),
    ({"text": "a" * 20_000}, "text", "4000", "4000"),
    ({"text": "\x00"}, "text", "karakter", "character"),
    ({"text": "   ", "people": None}, "text", "", ""),
    ({"text": 5}, "text", "teks", "text"),
    ({"place": None}, "place", "desa", "village"),
    ({"area_code": "32.99.99", "place": None}, "area_code", "32.99.99", "32.99.99"),
    ({"area_code": "3203", "place": None}, "area_code", "", ""),
    ({"incident": "tidak-ada"}, "incident", "tidak-ada", "tidak-ada"),
    ({"client_id": "satu"}, "client_id", "UUID", "UUID"),
    ({"colour": "red"}, "colour", "", ""),
]


@pytest.mark.parametrize(("change", "field", "indonesian", "english"), WRONG_REPORTS)
def test_a_wrong_report_is_refused_by_field_in_two_languages(client, system, change, field, indonesian, english):
    said = refused(client, system, "/api/reports", json=body(**change))
    assert set(said["id"]["fields"]) == {field}
    assert indonesian in said["id"]["fields"][field]
    assert english in said["en"]["fields"][field]


def test_every_wrong_field_is_named_at_once(client, system):
    forms = {"people": 0, "text": "a" * 20_000, "needs": [{"item": "water", "quantity": 0}], "client_id": 1}
    rest = {"place": {"lon": -6.9175, "lat": 107.6191}, "contact": {"phone": "0812"}, "vulnerable": {"elderly": -1}}
    said = refused(client, system, "/api/reports", json=body(**forms, **rest))
    assert set(said["id"]["fields"]) == {
        "people", "text", "needs.0.quantity", "client_id", "place.lat", "contact.phone", "vulnerable.elderly",
    }  # fmt: skip
    rest |= {"incident": "tidak-ada", "needs": [{"item": "naga"}], "vulnerable": {"elderly": 121}}
    said = refused(client, system, "/api/reports", json=body(**rest))
    assert set(said["id"]["fields"]) == {"incident", "needs.0.item", "vulnerable.elderly", "contact.phone"}


@pytest.mark.parametrize(
    ("data", "kind", "status", "field"),
    [
        (b'{"text": "Air naik"', "application/json", 422, "body"),
        (b"\xff\xfe{}", "application/json", 422, "body"),
        (b"[1, 2]", "application/json", 422, "body"),
        (b'"Air naik"', "application/json", 422, "body"),
        (b"null", "application/json", 422, "body"),
        (b"text=Air+naik", "application/x-www-form-urlencoded", 415, None),
        (b"<report/>", "application/xml", 415, None),
        (b'{"text": "Air naik"}', "text/plain", 415, None),
        (b'{"text": "' + b"a" * 300_000 + b'"}', "application/json", 413, None),
        (b"[" * 100_000, "application/json", 422, "body"),
    ],
)
def test_what_is_no_json_object_is_refused(client, system, data, kind, status, field):
    said = refused(client, system, "/api/reports", status, data=data, content_type=kind)
    assert set(said["id"]["fields"]) == ({field} if field else set())


def detail(client, token, report_id):
    """The case and the report as a coordinator sees them."""
    who = token("coordinator", "32")
    board = client.get("/api/board", headers=who).json["reports"]
    row = next(row for row in board["rows"] if row[board["columns"].index("id")] == report_id)
    case = client.get(f"/api/cases/{row[board['columns'].index('case_id')]}", headers=who).json
    return case, next(report for report in case["reports"] if report["id"] == report_id)


def test_a_place_outside_the_province_is_stored_and_flagged(client, token):
    answer = client.post("/api/reports", json=body(place={"lon": 110.37, "lat": -7.8}))
    assert answer.status_code == 201
    assert "outside" in detail(client, token, answer.json["id"])[1]["flags"]


def test_a_head_count_that_no_village_has_is_stored_and_flagged(client, token):
    answer = client.post("/api/reports", json=body(people=60_000))
    assert answer.status_code == 201
    assert "doubtful_people" in detail(client, token, answer.json["id"])[1]["flags"]


@pytest.mark.parametrize(
    "phone",
    [
        "081234567890", "0812-3456-7890", "0812 3456 7890", "0812.3456.7890", "(0812) 3456 7890", "+6281234567890",
        "+62 812-3456-7890", "+62 (0)812 3456 7890", "62 812 3456 7890", "006281234567890", "81234567890",
        "  081234567890  ", "０８１２３４５６７８９０", "tel:+6281234567890",
    ],
)  # fmt: skip
def test_every_spelling_of_a_phone_is_the_same_phone(client, system, phone):
    answer = client.post("/api/reports", json=body(contact={"phone": phone}))
    assert answer.status_code == 201, answer.text
    with system.reading() as tx:
        row = tx.reports.get(answer.json["id"])
    assert bytes(row["phone_index"]) == contacts.phone_index("+6281234567890", system.keys)


STRANGE = [
    "Banjir 🌊🆘 👨\u200d👩\u200d👧 tolong",
    "ᮕᮘᮂ ᮓᮤ ᮎᮤᮃᮔ᮪ᮏᮥᮁ, ᮞᮥᮔ᮪ᮓ",
    "é ü ñ \u202eterbalik\u202c \u200b|",
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "'; DROP TABLE reports; -- \" OR 1=1 /*",
    "{{ 7*7 }} ${7*7} %s %(x)s {name} \\u0000",
]


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_text_in_every_field_is_kept_to_the_letter(client, system, token, strange):
    said = body(text=strange, contact={"name": strange, "phone": "081234567890"}, place_text=strange)
    answer = client.post("/api/reports", json=said)
    assert answer.status_code == 201
    case, report = detail(client, token, answer.json["id"])
    assert (report["text"], report["place_text"]) == (strange, strange)
    staff = token("coordinator", "32")
    reveal = client.post(f"/api/reports/{report['id']}/reveal", json={"reason": "menelepon"}, headers=staff)
    assert reveal.json == {"name": strange, "phone": "+6281234567890", "path": None}
    noted = client.post(f"/api/cases/{case['id']}/note", json={"text": strange}, headers=staff)
    assert noted.json["notes"][-1]["text"] == strange
    site = {"name": strange, "kind": "post", "place": BANDUNG, "address": strange}
    added = client.post("/api/sites", json=site, headers=staff)
    assert (added.json["name"], added.json["address"]) == (strange, strange)
    assert stored(system)["reports"] > 0


def shown_only_as_text(page, strange):
    """That the page shows the text, and not as a piece of itself."""
    assert strange not in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert str(escape(strange)).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page


@pytest.mark.parametrize("strange", STRANGE[3:5])
def test_html_and_sql_are_shown_as_text_on_every_page(client, token, strange):
    staff = token("coordinator", "32")
    code = client.post("/api/reports", json=body(text=strange)).json["code"]
    case_id = max(row[0] for row in client.get("/api/board", headers=staff).json["cases"]["rows"])
    client.post(f"/api/cases/{case_id}/ask", json={"text": strange}, headers=staff)
    shown_only_as_text(client.get(f"/lacak/{code}").text, strange)
    client.post(f"/api/track/{code}", json={"action": "answer", "text": strange})
    client.post(f"/api/cases/{case_id}/reject", json={"reason": strange}, headers=staff)
    shown_only_as_text(client.get(f"/lacak/{code}").text, strange)

    # A form that is shown again with what was typed.
    form = {"text": strange, "place_text": strange, "name": strange, "people": strange, "phone": strange}
    again = client.post("/lapor", data=form)
    assert again.status_code == 422
    shown_only_as_text(again.text, strange)
    for page in (f"/lapor?text={strange}", f"/lacak/{strange.replace('/', '')}", f"/masuk?next={strange}"):
        assert strange not in client.get(page).text
    shown_only_as_text(client.post("/masuk", data={"name": strange, "password": "x"}).text, strange)

    # What the public reads.
    claim = client.post("/api/claims", json={"text": strange, "place": BANDUNG}, headers=token("verifier", "32"))
    assert claim.status_code == 201, claim.text
    second = token("coordinator", "32")
    for action, who in (("check", second), ("find_false", second), ("confirm", token("verifier", "32"))):
        step = client.post(f"/api/claims/{claim.json['id']}/{action}", json={"verdict": strange}, headers=who)
        assert step.status_code == 200, step.text
    shown_only_as_text(client.get("/kabar").text, strange)
    shown_only_as_text(client.get(claim.json["url"]).text, strange)
    # The lines of a card break where they are full; its title is whole.
    card = client.get(f"{claim.json['url']}/kartu.svg").text
    assert strange not in card
    assert strange in unescape(card)
    site = client.post("/api/sites", json={"name": strange, "kind": "post", "place": BANDUNG}, headers=staff)
    gift = {"shown_as": strange, "donor": strange, "item": "water", "quantity": 10, "site_id": site.json["id"]}
    given = client.post("/api/gifts", json=gift, headers=staff)
    assert given.status_code == 201, given.text
    shown_only_as_text(client.get(given.json["url"]).text, strange)


def test_the_plain_form_says_what_is_wrong_beside_the_field_and_stores_nothing(client, system):
    before = stored(system)
    form = {
        "client_id": str(uuid.uuid4()), "text": "Banjir", "place_text": "Cugenang", "people": "0", "phone": "12",
        "need": "water", "amount_water": "2,5",
    }  # fmt: skip
    for language in LANGUAGES:
        answer = client.post("/lapor", data=form, headers={"Accept-Language": language})
        assert answer.status_code == 422
        errors = dictionary(language)["errors"]
        for sentence in (errors["phone_wrong"], errors["whole_number"], errors["too_small"].replace("{least}", "1")):
            assert escape(sentence) in answer.text or sentence in answer.text
        assert 'value="2,5"' in answer.text
    assert stored(system) == before


def test_a_report_stands_when_its_photo_is_none(client, system):
    form = {"client_id": str(uuid.uuid4()), "text": "Banjir", "place_text": "Cugenang, Cianjur"}
    form["photo"] = (BytesIO(b"Ini hanya teks"), "foto.jpg")
    before = stored(system)
    answer = client.post("/lapor", data=form, headers={"Accept-Language": "en"})
    assert answer.status_code == 201
    assert dictionary("en")["errors"]["photo_unreadable"].partition("{")[0] in answer.text
    after = stored(system)
    assert (after["reports"], after["photos"]) == (before["reports"] + 1, before["photos"])


def test_a_form_of_15_mb_with_its_photo_still_brings_the_report(client, system):
    form = {"client_id": str(uuid.uuid4()), "text": "Banjir", "place_text": "Cugenang, Cianjur"}
    parts = [f'--batas\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{form[name]}\r\n' for name in form]
    photo = '--batas\r\nContent-Disposition: form-data; name="photo"; filename="foto.jpg"\r\n\r\n'
    data = "".join([*parts, photo]).encode() + b"\xff\xd8" + b"x" * (15 * 1024 * 1024) + b"\r\n--batas--\r\n"
    answer = client.post("/lapor", data=data, content_type="multipart/form-data; boundary=batas")
    assert answer.status_code == 201
    assert "8 MB" in answer.text


WRONG_SUPPLY = [
    ("/api/stock/receive", {"item": "water", "quantity": -4}, "quantity"),
    ("/api/stock/receive", {"item": "water", "quantity": 1.5}, "quantity"),
    ("/api/stock/receive", {"item": "naga", "quantity": 4}, "item"),
    ("/api/stock/receive", {"item": "evacuation", "quantity": 4}, "item"),
    ("/api/stock/receive", {"item": "water", "quantity": 4, "expiry": "2020-01-01"}, "expiry"),
    ("/api/stock/receive", {"item": "water", "quantity": 4, "expiry": "besok"}, "expiry"),
    ("/api/gifts", {"item": "water", "quantity": 0}, "quantity"),
]


@pytest.mark.parametrize(("path", "wrong", "field"), WRONG_SUPPLY)
def test_wrong_goods_are_refused_by_field(client, system, token, path, wrong, field):
    staff = token("coordinator", "32")
    site = client.post("/api/sites", json={"name": "Posko", "kind": "post", "place": BANDUNG}, headers=staff)
    said = refused(client, system, path, headers=staff, json={"site_id": site.json["id"], **wrong})
    assert set(said["id"]["fields"]) == {field}


def test_wrong_volunteers_are_refused_by_field(client, system):
    wrong = {"name": "S", "phone": "12", "home_area": "32.03", "skills": ["terbang"], "vehicle": "roket"}
    said = refused(client, system, "/api/volunteers", json=wrong | {"consent": True})
    assert set(said["id"]["fields"]) == {"name", "skills.0", "vehicle"}
    right = {"name": "Siti", "home_area": "32.03", "skills": [], "consent": True}
    said = refused(client, system, "/api/volunteers", json=right | {"phone": "12"})
    assert set(said["id"]["fields"]) == {"phone"}
    said = refused(client, system, "/api/volunteers", json=right | {"phone": "081234567890", "consent": False})
    assert set(said["id"]["fields"]) == {"consent"}


def test_a_check_in_by_a_clock_an_hour_off(client, system, token):
    who, now = token("volunteer", "32.03"), system.now()

    def check_in(until):
        return {"place": BANDUNG, "until": until if isinstance(until, str) else until.isoformat()}

    for until in (now - timedelta(hours=1), now + timedelta(days=30), "jam lima", "2026-11-24T17:00:00"):
        said = refused(client, system, "/api/checkins", headers=who, json=check_in(until))
        assert set(said["id"]["fields"]) == {"until"}
    # A clock that is an hour ahead only moves the end.
    answer = client.post("/api/checkins", json=check_in(now + timedelta(hours=9)), headers=who)
    assert answer.status_code == 201


def test_wrong_parameters_of_lists_are_named(client, token):
    staff = token("coordinator", "32")
    for path, field in [
        ("/api/sites?limit=banyak", "limit"),
        ("/api/sites?cursor=1", "cursor"),
        ("/api/events?after=-1", "after"),
        ("/api/board?incident=tidak-ada", "incident"),
        ("/api/public/areas.geojson?level=planet", "level"),
    ]:
        answer = client.get(path, headers=staff)
        assert answer.status_code == 422, path
        assert set(answer.json["error"]["fields"]) == {field}
