"""The published calls, as somebody sends them who has read nothing but that page: the least that each may need."""

import json
import re
import uuid
from datetime import timedelta
from io import BytesIO

import pytest
import zstandard
from PIL import Image

from server.api import contract
from server.bootstrap import System
from workers import jobs

CALLS = """
POST /api/reports
PUT /api/reports/{client_id}/photos/{n}
GET POST /api/track/{code}
GET /api/public/summary /api/public/areas.geojson /api/public/deliveries /api/public/unmet /api/public/gifts/{code}
GET /api/public/summary.csv /api/public/areas.csv /api/public/deliveries.csv /api/public/unmet.csv
GET /api/items /api/areas /api/areas/{code} /api/incidents
POST /api/volunteers
POST DELETE /api/session
GET /api/me /api/board /api/events /api/openapi.json
GET /api/cases/{id}
POST /api/cases/{id}/verify /api/cases/{id}/reject /api/cases/{id}/merge /api/cases/{id}/split
POST /api/cases/{id}/ask /api/cases/{id}/note /api/cases/{id}/set_tier
GET /api/needs/{id}/candidates
POST /api/plans
GET /api/plans/{id}
POST /api/plans/{id}/approve
POST /api/assignments
POST /api/assignments/{id}/offer /api/assignments/{id}/accept /api/assignments/{id}/decline
POST /api/assignments/{id}/depart /api/assignments/{id}/deliver /api/assignments/{id}/confirm
POST /api/assignments/{id}/fail /api/assignments/{id}/cancel
POST /api/checkins
PATCH DELETE /api/checkins/current
GET /api/me/offers /api/me/assignments
GET POST /api/sites
GET /api/sites/{id}/stock
POST /api/stock/receive /api/stock/adjust /api/stock/transfer /api/stock/write_off
GET POST /api/gifts /api/claims /api/hazards /api/roads/closures
GET /api/audit /healthz /readyz /metrics
"""
PAGES = ["/lapor", "/lacak/ABCD-EFGH-0", "/peta", "/donasi", "/donasi/ABCDEFGH", "/kabar", "/relawan"]
LISTS = [
    "incidents", "items", "areas", "plans", "me/offers", "me/assignments", "sites", "gifts", "claims", "hazards",
    "roads/closures", "volunteers", "audit", "events",
]  # fmt: skip


def published():
    for line in CALLS.strip().splitlines():
        words = line.split()
        paths = [word for word in words if word.startswith("/")]
        yield from ((method, path) for method in words[: -len(paths)] for path in paths)


def shape(path):
    return re.sub(r"<[^>]*>|\{[^}]*\}", "{}", path)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def coordinator(token_of):
    return token_of("coordinator", "32")


@pytest.fixture
def volunteer(token_of):
    return token_of("volunteer", "32.03")


def test_every_published_call_is_there():
    served = {(call.method, shape(call.path)) for call in contract.CALLS}
    assert {(method, shape(path)) for method, path in published()} <= served


def test_every_published_page_is_there(client):
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code in (200, 404), path
        assert answer.mimetype == "text/html", path
        assert "</html>" in answer.text, path


def test_every_list_takes_empty_wishes_and_says_what_is_next(client, token_of, volunteer):
    admin = token_of("admin", "")
    for name in LISTS:
        who = volunteer if name.startswith("me/") else admin
        answer = client.get(f"/api/{name}?incident=&area=&limit=2&cursor=&parent=&q=", headers=who)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        assert "next" in answer.json, name


def good(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json


def report(**more):
    words = {"client_id": str(uuid.uuid4()), "text": "Butuh air", "area_code": "32.03.11"}
    return {**words, "needs": [{"item": "water", "quantity": 100}], **more}


def picture():
    file = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(file, "JPEG")
    return file.getvalue()


def stocked(client, coordinator, quantity=500):
    site = {"name": "Posko Cianjur", "kind": "post", "place": {"lon": 107.139, "lat": -6.822}}
    site_id = good(client.post("/api/sites", json=site, headers=coordinator), 201)["id"]
    goods = {"site_id": site_id, "item": "water", "quantity": quantity, "reason": "dari PMI"}
    good(client.post("/api/stock/receive", json=goods, headers=coordinator), 201)
    return site_id


def test_the_flow_with_no_body_where_nothing_need_be_said(app, client, coordinator, volunteer):
    system: System = app.extensions["tanggap"]
    jobs.use(system)
    stocked(client, coordinator)
    here = {"place": {"lon": 107.14, "lat": -6.82}, "until": (system.now() + timedelta(hours=4)).isoformat()}
    good(client.post("/api/checkins", json=here, headers=volunteer), 201)
    good(client.patch("/api/checkins/current", json={"vehicle": "truck"}, headers=volunteer))
    told = good(client.post("/api/reports", json=report()), 201)
    board = good(client.get("/api/board?incident=&area=", headers=coordinator))
    (case_id,) = [row[board["cases"]["columns"].index("id")] for row in board["cases"]["rows"]]
    good(client.post(f"/api/cases/{case_id}/verify", headers=coordinator))
    plan_id = good(client.post("/api/plans", json={"incident": "jabar"}, headers=coordinator), 202)["id"]
    jobs.make_plan(plan_id)
    (job,) = good(client.post(f"/api/plans/{plan_id}/approve", headers=coordinator))["approved"]
    good(client.post(f"/api/assignments/{job}/offer", headers=coordinator))
    (offer,) = good(client.get("/api/me/offers", headers=volunteer))["offers"]
    assert offer["assignment_id"] == job
    for step in ("accept", "depart"):
        good(client.post(f"/api/assignments/{job}/{step}", headers=volunteer))
    code = good(client.get(f"/api/track/{told['code']}"))["delivery_code"]
    good(client.post(f"/api/assignments/{job}/deliver", json={"code": code}, headers=volunteer))
    again = client.post(f"/api/assignments/{job}/deliver", json={"code": code}, headers=volunteer)
    assert (again.status_code, again.json["error"]["state"]["state"]) == (409, "delivered")
    assert good(client.post(f"/api/assignments/{job}/confirm", headers=coordinator))["state"] == "confirmed"
    assert client.delete("/api/checkins/current", headers=volunteer).status_code == 204


def test_a_hand_over_by_photo_place_and_time(app, client, coordinator, volunteer):
    system: System = app.extensions["tanggap"]
    site_id = stocked(client, coordinator)
    lot = good(client.get(f"/api/sites/{site_id}/stock", headers=coordinator))["lots"][0]
    good(client.post("/api/reports", json=report()), 201)
    board = good(client.get("/api/board", headers=coordinator))
    need_id = board["needs"]["rows"][0][board["needs"]["columns"].index("id")]
    case_id = board["cases"]["rows"][0][board["cases"]["columns"].index("id")]
    good(client.post(f"/api/cases/{case_id}/verify", headers=coordinator))
    by_hand = {"need_id": need_id, "lot_id": lot["id"], "reason": "dekat dari sini"}
    job = good(client.post("/api/assignments", json=by_hand, headers=coordinator), 201)["id"]
    here = {"area_code": "32.03.01", "until": (system.now() + timedelta(hours=4)).isoformat()}
    good(client.post("/api/checkins", json=here | {"vehicle": "truck"}, headers=volunteer), 201)
    good(client.post(f"/api/assignments/{job}/offer", json={}, headers=coordinator))
    for step in ("accept", "depart"):
        good(client.post(f"/api/assignments/{job}/{step}", json={"version": None}, headers=volunteer))
    photo = client.put(f"/api/assignments/{job}/photos/1", data=picture(), headers=volunteer)
    assert photo.status_code == 201
    proof = {"place": {"lon": 107.1, "lat": -6.8, "accuracy_m": 20}, "at": system.now().isoformat()}
    assert good(client.post(f"/api/assignments/{job}/deliver", json=proof, headers=volunteer))["state"] == "delivered"


def test_digits_of_another_script_are_a_wrong_code_and_no_accident(app, client, coordinator):
    answer = client.post(f"/api/assignments/{uuid.uuid4()}/deliver", json={"code": "١٢٣٤"}, headers=coordinator)
    assert answer.status_code in (404, 422)


def test_a_session_asks_for_its_csrf_header_only_where_one_must_be_signed_in(client):
    signed_in = {"name": "admin", "password": "the one password of all tests"}
    csrf = good(client.post("/api/session", json=signed_in))["csrf"]
    assert good(client.get("/api/me"))["csrf"] == csrf
    assert client.post("/api/plans", json={}).status_code == 403
    assert client.post("/api/plans", json={}, headers={"X-CSRF-Token": "käse"}).status_code == 403
    good(client.post("/api/plans", json={}, headers={"X-CSRF-Token": csrf}), 202)
    good(client.post("/api/reports", json=report()), 201)
    good(client.post("/api/session", json=signed_in))


def test_what_must_be_said_is_named_when_nothing_is(client, coordinator):
    for path, fields in [
        ("/api/reports", {"client_id", "place", "text"}),
        ("/api/session", {"name", "password"}),
        ("/api/sites", {"name", "kind"}),
        ("/api/checkins", {"until"}),
    ]:
        answer = client.post(path, headers=coordinator)
        assert answer.status_code == 422
        assert set(answer.json["error"]["fields"]) == fields


def test_a_board_is_packed_for_who_can_unpack_it(client, coordinator):
    good(client.post("/api/reports", json=report()), 201)
    plain = client.get("/api/board", headers={**coordinator, "Accept-Encoding": "gzip"})
    packed = client.get("/api/board", headers={**coordinator, "Accept-Encoding": "gzip, br, zstd"})
    refused = client.get("/api/board", headers={**coordinator, "Accept-Encoding": "gzip, zstd;q=0"})
    assert packed.headers["Content-Encoding"] == "zstd"
    assert zstandard.ZstdDecompressor().decompress(packed.data) == plain.data == refused.data
    assert "Content-Encoding" not in {**plain.headers, **refused.headers}
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (plain, packed, refused))


def test_a_board_may_be_some_seconds_old_for_who_says_so(client, coordinator):
    def reports(query):
        answer = client.get(f"/api/board{query}", headers={**coordinator, "Accept-Encoding": "zstd"})
        assert answer.status_code == 200
        board = json.loads(zstandard.ZstdDecompressor().decompress(answer.data))
        return {row[0] for row in board["reports"]["rows"]}

    reports("?max_age=60")
    made = good(client.post("/api/reports", json=report()), 201)["id"]
    assert made not in reports("?max_age=60")
    assert made in reports("?max_age=0")
    assert made in reports("")
    assert client.get("/api/board?max_age=60", headers={"Accept-Encoding": "zstd"}).status_code == 401
