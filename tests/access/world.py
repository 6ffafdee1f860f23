"""One thing of every noun in Cianjur (32.03), made by the API as people make them, and as many that do not exist."""

import io
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta

from PIL import Image

from server.commands import people
from server.services import codes
from workers import jobs

HERE, BELOW, ELSEWHERE, ABOVE = "32.03", "32.03.05", "32.04", "32"
PLACE = {"lon": 107.139, "lat": -6.822, "accuracy_m": 20}
LINE = {"type": "LineString", "coordinates": [[107.139, -6.822], [107.141, -6.823]]}
TEXT, NAME, PHONE = "Rumah ungu dekat pohon kapuk", "Zulaikha Wirapraja", "0812-9973-4561"
SECRETS = (TEXT, NAME, "99734561", "9973-4561")


@dataclass
class World:
    """Ids by noun, and what else the things may be known by."""

    ids: dict[str, object]
    secrets: tuple[str, ...]


def _asked(call):
    """Who asks about a rumour there, with a phone, by its id."""
    body = {"client_id": str(uuid.uuid4()), "text": f"Kabarnya {TEXT}", "area_code": BELOW, "phone": PHONE}
    code = call("POST", "/api/asks", body)["code"]
    with call.system.reading() as tx:
        return tx.claims.ask_by_code_index(codes.index_of(code, call.system.keys))["id"]


def nowhere():
    """Ids of the same form that nothing has."""
    numbers = {"case": 987_654_321, "need": 987_654_322, "other_case": 987_654_323}
    texts = {"report": "ZZZZZZZZZZZZ"}
    return numbers | texts | {noun: str(uuid.uuid4()) for noun in UUIDS}


UUIDS = (
    "assignment", "claim", "ask", "distress", "photo", "plan", "wave", "pledge", "ruling", "site", "lot", "volunteer",
    "hazard", "closure", "referral", "user", "loan", "block",
)  # fmt: skip


class Maker:
    """Calls by an account, which must succeed."""

    def __init__(self, app):
        self.app, self.system, self.client = app, app.extensions["tanggap"], app.test_client(use_cookies=False)
        self.tokens = {}

    def token(self, role, area, name=None):
        """The header of an account that is made when it is first asked for."""
        name = name or f"{role}-{area or 'all'}"
        if name not in self.tokens:
            people.add_user(self.system, name, role, area)
            self.tokens[name] = {"Authorization": f"Bearer {people.token(self.system, name)}"}
        return self.tokens[name]

    def another_token(self, role, area):
        """The header of a second session of an account."""
        self.token(role, area)
        return {"Authorization": "Bearer " + people.token(self.system, f"{role}-{area or 'all'}")}

    def __call__(self, method, path, body=None, *, who=None):
        answer = self.client.open(path, method=method, json=body, headers=who or self.token("admin", ""))
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json


def made(app):
    """The things."""
    call = Maker(app)
    jobs.use(call.system)
    ids: dict[str, object] = {}
    ids["case"], ids["report"], photo_of = _case(call)
    ids["other_case"], _, _ = _case(call)
    ids["photo"] = _photo(call, *photo_of)
    ids["need"] = _case_now(call, ids["case"])["needs"][0]["id"]
    site = {"name": f"Gudang {NAME}", "kind": "warehouse", "place": PLACE, "address": TEXT}
    ids["site"] = call("POST", "/api/sites", site)["id"]
    call("POST", "/api/stock/receive", {"site_id": ids["site"], "item": "blanket", "quantity": 500})
    ids["lot"] = call("GET", f"/api/sites/{ids['site']}/stock")["lots"][0]["id"]
    carrier = call.token("volunteer", HERE, "pembawa")
    until = (call.system.now() + timedelta(hours=6)).isoformat()
    call("POST", "/api/checkins", {"place": PLACE, "until": until, "vehicle": "truck"}, who=carrier)
    for noun, path in (("plan", "/api/plans"), ("wave", "/api/waves")):
        more = {"name": "Pagi", "departs_at": until} if noun == "wave" else {}
        ids[noun] = call("POST", path, {"area": HERE, **more})["id"]
        jobs.make_plan(ids[noun])
    by_hand = {"need_id": ids["need"], "lot_id": ids["lot"], "quantity": 5, "reason": f"diminta {NAME}"}
    ids["assignment"] = call("POST", "/api/assignments", by_hand)["id"]
    call("POST", f"/api/assignments/{ids['assignment']}/offer", {})
    call("POST", f"/api/assignments/{ids['assignment']}/accept", {}, who=carrier)
    ids["distress"] = str(uuid.uuid4())
    call("POST", "/api/me/distress", {"client_id": ids["distress"], "place": PLACE, "note": TEXT}, who=carrier)
    forbid = {"need_id": ids["need"], "kind": "forbid", "lot_id": ids["lot"], "reason": TEXT}
    ids["ruling"] = call("POST", "/api/rulings", forbid)["id"]
    ids["claim"] = call("POST", "/api/claims", {"text": TEXT, "area_code": HERE})["id"]
    ids["ask"] = _asked(call)
    ids["hazard"] = call("POST", "/api/hazards", {"kind": "flood", "shape": LINE, "note": TEXT})["id"]
    ids["closure"] = call("POST", "/api/roads/closures", {"shape": LINE, "note": TEXT})["id"]
    volunteer = {"name": NAME, "phone": PHONE, "home_area": HERE, "consent": True}
    call("POST", "/api/volunteers", volunteer)
    ids["volunteer"] = call("GET", f"/api/volunteers?area={HERE}&state=pending")["volunteers"][0]["id"]
    call.token("coordinator", BELOW)
    passed = {"to": BELOW, "reason": TEXT}
    ids["referral"] = call("POST", f"/api/cases/{ids['other_case']}/pass", passed)["id"]
    call.token("keeper", HERE, "penjaga-uji")
    with call.system.reading() as tx:
        ids["user"] = tx.accounts.user_by_name("penjaga-uji")["id"]
    lent = {"to": "penjaga-uji", "role": "coordinator", "area": HERE, "ends_at": until, "reason": TEXT}
    ids["loan"] = call("POST", "/api/access", lent)["id"]
    pledge = {"client_id": str(uuid.uuid4()), "kind": "goods", "item": "rice", "quantity": 5}
    call("POST", "/api/pledges", pledge)
    ids["pledge"] = call("GET", "/api/pledges")["pledges"][0]["id"]
    blocked = {"kind": "phone", "hours": 1, "reason": f"palsu, {NAME}"}
    ids["block"] = call("POST", f"/api/reports/{ids['report']}/block", blocked)["id"]
    hidden = {str(ids[noun]) for noun in UUIDS if noun != "pledge"} | {str(ids["report"])}
    return call, World(ids, (*SECRETS, *sorted(hidden)))


def _case(call):
    client_id = str(uuid.uuid4())
    report = {
        "client_id": client_id,
        "text": TEXT,
        "place": PLACE,
        "people": 40,
        "needs": [{"item": "blanket", "quantity": 40}],
        "contact": {"name": NAME, "phone": PHONE},
    }
    told = call("POST", "/api/reports", report)
    with call.system.reading() as tx:
        case_id = tx.reports.get(told["id"])["case_id"]
    call("POST", f"/api/cases/{case_id}/verify", {})
    return case_id, told["id"], (client_id, told["code"])


def _photo(call, client_id, code):
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(file, "JPEG")
    headers = {"X-Tracking-Code": code, "Content-Type": "image/jpeg"}
    answer = call.client.put(f"/api/reports/{client_id}/photos/1", data=file.getvalue(), headers=headers)
    return answer.json["id"]


def _case_now(call, case_id):
    return call("GET", f"/api/cases/{case_id}")


def mine(call, header, area):
    """A case and a lot at a site in another area, of the account with this header."""
    report = {"client_id": str(uuid.uuid4()), "text": "Air naik", "area_code": area, "danger": {"rising": True}}
    told = call("POST", "/api/reports", report)
    with call.system.reading() as tx:
        case_id = tx.reports.get(told["id"])["case_id"]
    site = call("POST", "/api/sites", {"name": "Posko lain", "kind": "post", "area_code": area}, who=header)["id"]
    call("POST", "/api/stock/receive", {"site_id": site, "item": "blanket", "quantity": 9}, who=header)
    lot = call("GET", f"/api/sites/{site}/stock", who=header)["lots"][0]["id"]
    return {"case": case_id, "site": site, "lot": lot}


def blanks(path):
    """The variables of a rule's path, in order."""
    return re.findall(r"<(?:\w+:)?(\w+)>", path)
