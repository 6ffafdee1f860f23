"""Sites, stock, volunteers, gifts, claims and hazards by HTTP, as staff, volunteers and donors use them."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from server.commands import people

LINE = {"type": "LineString", "coordinates": [[107.13, -6.82], [107.14, -6.82]]}
RING = [[107.13, -6.83], [107.15, -6.83], [107.15, -6.81], [107.13, -6.83]]


@pytest.fixture(scope="module")
def api(module_app):
    """Calls the API: (method, path, body, as whom) -> (status, answer); `None` is nobody."""
    system, client, tokens = module_app.extensions["tanggap"], module_app.test_client(use_cookies=False), {}

    def call(method, path, body=None, who="coordinator"):
        if who and who not in tokens:
            people.add_user(system, who, who, "32.03")
            tokens[who] = people.token(system, who)
        headers = {"Authorization": f"Bearer {tokens[who]}"} if who else {}
        answer = client.open(path, method=method, json=body, headers=headers)
        return answer.status_code, answer.json

    return call


@pytest.fixture
def site(api):
    status, found = api("POST", "/api/sites", {"name": "Gudang", "kind": "warehouse", "area_code": "32.03.01"})
    assert status == 201
    return found


def test_goods_from_the_door_to_the_loss(api, site):
    goods = {"site_id": site["id"], "item": "rice", "quantity": 100, "client_id": str(uuid.uuid4())}
    first, again = (
        api("POST", "/api/stock/receive", goods, "keeper"),
        api("POST", "/api/stock/receive", goods, "keeper"),
    )
    assert (first[0], again[0], first[1]) == (201, 200, again[1])
    lot = first[1]["lots"][0]["id"]
    _, other = api("POST", "/api/sites", {"name": "Posko", "kind": "post", "area_code": "32.03.02"})
    move = {"lot_id": lot, "to_site_id": other["id"], "quantity": 30}
    assert api("POST", "/api/stock/transfer", move)[0] == 201
    assert api("POST", "/api/stock/adjust", {"lot_id": lot, "counted": 68, "reason": "hitung ulang"})[0] == 201
    off = {"lot_id": lot, "quantity": 69, "reason": "damaged"}
    status, refused = api("POST", "/api/stock/write_off", off)
    assert status == 422
    assert "68" in refused["error"]["fields"]["quantity"]
    assert api("POST", "/api/stock/write_off", {**off, "quantity": 8})[0] == 201
    _, stock = api("GET", f"/api/sites/{site['id']}/stock")
    assert [(row["on_hand"], row["held"], row["free"]) for row in stock["lots"]] == [(60, 0, 60)]
    _, ledger = api("GET", f"/api/sites/{site['id']}/ledger")
    assert [(row["reason"], row["quantity"]) for row in ledger["entries"]] == [
        ("damaged", -8),
        ("count", -2),
        ("move", -30),
        ("receive", 100),
    ]
    _, found = api("GET", "/api/sites?limit=500")
    assert {row["id"]: row["stock"] for row in found["sites"]}[other["id"]] == {"rice": 30}


def test_a_site_is_changed_by_who_saw_its_present_form(api, site):
    path = f"/api/sites/{site['id']}"
    assert api("PATCH", path, {"name": "Gudang Baru", "version": site["version"]})[1]["name"] == "Gudang Baru"
    status, late = api("PATCH", path, {"name": "Terlambat", "version": site["version"]})
    assert status == 409
    assert late["error"]["state"]["name"] == "Gudang Baru"
    assert api("PATCH", path, {"name": "Punyaku"}, "auditor")[0] == 403
    assert api("GET", path)[1]["name"] == "Gudang Baru"


def test_a_wrong_wish_for_a_list_names_its_parameters(api):
    status, refused = api("GET", "/api/sites?limit=0&cursor=next&colour=red&lang=en")
    assert status == 422
    assert set(refused["error"]["fields"]) == {"limit", "cursor", "colour"}


def test_a_volunteer_from_signing_up_to_going_home(api):
    phone = "081377770001"
    body = {"name": "Rina Dewi", "phone": phone, "home_area": "32.03.01", "skills": ["driving"], "consent": True}
    first, again = api("POST", "/api/volunteers", body, None), api("POST", "/api/volunteers", body, None)
    assert first == again
    assert first[0] == 201
    _, waiting = api("GET", "/api/volunteers?state=pending")
    row = next(row for row in waiting["volunteers"] if row["name"] == "Rina Dewi")
    assert row["phone_last3"] == "001"
    assert phone not in str(waiting)
    path = f"/api/volunteers/{row['id']}"
    assert api("POST", f"{path}/reveal", {"reason": "menelepon"})[1]["phone"] == "+6281377770001"
    status, given = api("POST", f"{path}/accept")
    assert status == 200
    assert set(given) == {"name", "one_time_password"}
    assert api("POST", f"{path}/refuse")[0] == 409
    assert api("POST", f"{path}/accept", who="auditor")[0] == 403
    session = {"name": given["name"], "password": given["one_time_password"]}
    assert api("POST", "/api/session", session, None)[1]["me"]["volunteer_id"] == row["id"]


def test_a_check_in_by_http(api):
    until = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    assert api("GET", "/api/checkins/current", who="volunteer") == (200, {"checkin": None})
    assert api("PATCH", "/api/checkins/current", {"vehicle": "car"}, "volunteer")[0] == 404
    status, mine = api("POST", "/api/checkins", {"area_code": "32.03.01", "until": until}, "volunteer")
    assert status == 201
    assert api("GET", "/api/checkins/current", who="volunteer") == (200, {"checkin": mine})
    assert api("PATCH", "/api/checkins/current", {"vehicle": "car"}, "volunteer")[1]["vehicle"] == "car"
    assert api("DELETE", "/api/checkins/current", who="volunteer")[0] == 204
    assert api("GET", "/api/checkins/current", who="volunteer") == (200, {"checkin": None})
    assert api("POST", "/api/checkins", {"area_code": "32.03.01", "until": until}, "keeper")[0] == 403


def test_a_donor_follows_the_gift_by_its_code(api, site):
    body = {"site_id": site["id"], "item": "blanket", "quantity": 20, "donor": "Bu Tuti", "shown_as": "Warga Lembang"}
    status, gift = api("POST", "/api/gifts", body, "keeper")
    assert status == 201
    status, found = api("GET", f"/api/public/gifts/{gift['code'].lower()}", who=None)
    assert status == 200
    assert (found["shown_as"], found["quantity"], found["unit"]) == ("Warga Lembang", 20, "piece")
    assert "Tuti" not in str(found) + str(gift)
    assert api("GET", "/api/public/gifts/7K2P9QWX5", who=None)[0] == 404
    assert gift["id"] in {row["id"] for row in api("GET", "/api/gifts")[1]["gifts"]}


def test_kits_are_opened_by_http(api, site):
    body = {"site_id": site["id"], "item": "family_kit", "quantity": 5, "donor": "Bu Tuti"}
    status, gift = api("POST", "/api/gifts", body, "keeper")
    assert status == 201
    kits = {"client_id": str(uuid.uuid4()), "lot_id": gift["lot_id"], "quantity": 2, "reason": "dibagi per orang"}
    assert api("POST", "/api/stock/break_kit", kits, None)[0] == 401
    assert api("POST", "/api/stock/break_kit", kits, "auditor")[0] == 403
    status, refused = api("POST", "/api/stock/break_kit", {**kits, "quantity": 6}, "keeper")
    assert (status, set(refused["error"]["fields"])) == (422, {"quantity"})
    status, done = api("POST", "/api/stock/break_kit", kits, "keeper")
    assert status == 201
    assert {lot["item"]: lot["on_hand"] for lot in done["lots"]} == {
        "family_kit": 3, "blanket": 8, "sleeping_mat": 8, "jerrycan": 2, "flashlight": 2,
    }  # fmt: skip
    assert api("POST", "/api/stock/break_kit", kits, "keeper")[0] == 200
    found = api("GET", f"/api/public/gifts/{gift['code']}", who=None)[1]
    assert {"opened", "parts"} <= found.keys()
    listed = {item["code"]: item for item in api("GET", "/api/items", who=None)[1]["items"]}
    assert listed["family_kit"]["contents"]["blanket"] == 4
    assert (listed["hygiene_kit"]["holds_more"], listed["rice"]["contents"]) == (True, {})


def test_a_rumour_and_a_closed_road(api):
    status, claim = api("POST", "/api/claims", {"text": "Jembatan Cugenang putus", "area_code": "32.03.20"})
    assert status == 201
    path = f"/api/claims/{claim['id']}"
    assert api("POST", f"{path}/find_true", {"verdict": "Benar."})[0] == 409
    assert api("POST", f"{path}/check", {})[1]["state"] == "checking"
    assert api("POST", f"{path}/find_true", {"verdict": "Benar, putus sejak pagi."})[1]["state"] == "checking"
    assert api("POST", f"{path}/confirm", {})[0] == 403
    assert api("POST", f"{path}/confirm", {}, who="verifier")[1]["state"] == "benar"
    assert api("POST", f"{path}/believe", {})[0] == 404
    status, road = api("POST", "/api/roads/closures", {"shape": LINE, "note": "jembatan putus"})
    assert status == 201
    assert [row["id"] for row in api("GET", "/api/roads/closures")[1]["closures"]] == [road["id"]]
    assert api("POST", f"/api/roads/closures/{road['id']}/end", {})[0] == 200
    status, refused = api(
        "POST", "/api/hazards", {"kind": "flood", "shape": {"type": "Polygon", "coordinates": [RING[:3]]}}
    )
    assert (status, set(refused["error"]["fields"])) == (422, {"shape"})
    status, flood = api("POST", "/api/hazards", {"kind": "flood", "shape": {"type": "Polygon", "coordinates": [RING]}})
    assert status == 201
    assert [row["id"] for row in api("GET", "/api/hazards")[1]["hazards"]] == [flood["id"]]
