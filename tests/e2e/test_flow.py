"""One report from a phone to a proven hand-over on the public map, by HTTP and socket alone."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.outsider import Person, listening, report, rows, until

PUBLISH_EVERY_S = "2"
WAREHOUSE = {"name": "Gudang Uji Cianjur", "kind": "warehouse", "area_code": "32.03.01"}


@pytest.fixture(scope="module")
def people(stack):
    """A coordinator of West Java and a volunteer in Cianjur, by their tokens, and somebody without any."""

    def person(name, role, area):
        added = stack.command("users", "add", name, "--role", role, "--area", area)
        assert added.returncode == 0, added.stderr
        token = stack.command("users", "token", name).stdout.strip()
        return Person(stack.base_url, token)

    return person("kori", "coordinator", "32"), person("rela", "volunteer", "32.03"), Person(stack.base_url)


def stocked(coordinator):
    """A warehouse with water, rice and everything else that the report asks for."""
    site = coordinator.post("/api/sites", WAREHOUSE, 201)
    for item in coordinator.get("/api/items")["items"]:
        if item["kind"] == "goods":
            goods = {"site_id": site["id"], "item": item["code"], "quantity": 5000}
            coordinator.post("/api/stock/receive", goods, 201)
    return site


def check_in(volunteer):
    until_time = (datetime.now(UTC) + timedelta(hours=8)).isoformat()
    skills = ["boat_handling", "first_aid"]
    known = {skill for item in volunteer.get("/api/items")["items"] for skill in item["skills"]}
    body = {
        "area_code": "32.03.01",
        "until": until_time,
        "vehicle": "truck",
        "skills": sorted(known) or skills,
    }
    volunteer.post("/api/checkins", body, 201)


def of_report(board, answer):
    """The case id of the report on the board."""
    found = [row for row in rows(board, "reports") if row["id"] == answer["id"]]
    return found[0]["case_id"] if found else None


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_from_report_to_proven_hand_over_on_the_public_map(stack, people, transport):
    coordinator, volunteer, citizen = people
    stocked(coordinator)
    check_in(volunteer)
    with (
        listening(coordinator, {"area": "32"}, transport=transport) as console,
        listening(volunteer, {"me": True}, transport=transport) as phone,
    ):
        # A report is on the board and with the sockets within a second.
        answer = citizen.post("/api/reports", report(), 201)
        console.wait(lambda e: e["type"] == "ReportReceived" and e["data"]["report_id"] == answer["id"], 1.0)
        case_id = of_report(coordinator.get("/api/board?area=32"), answer)
        assert case_id is not None
        assert citizen.get(f"/api/track/{answer['code']}")["state"] == "received"

        # Verified, planned, approved.
        coordinator.post(f"/api/cases/{case_id}/verify", {})
        asked = coordinator.post("/api/plans", {"area": "32"}, 202)
        plan = until(lambda: _ready(coordinator, asked["id"]), 30)
        wanted = [match["n"] for match in plan["matches"] if match["case_id"] == case_id and match["lot_id"]]
        assert wanted
        assert all(match["why"] for match in plan["matches"])
        approved = coordinator.post(f"/api/plans/{asked['id']}/approve", {"only": wanted})
        assert approved["approved"]

        # The offer reaches the volunteer's room; accepted, set off, handed over with the recipient's code.
        offer = phone.wait(lambda e: e["type"] == "OfferMade", 15)
        job = offer["data"]["assignment_id"]
        assert any(o["assignment_id"] == job for o in volunteer.get("/api/me/offers")["offers"])
        volunteer.post(f"/api/assignments/{job}/accept")
        volunteer.post(f"/api/assignments/{job}/depart")
        code = citizen.get(f"/api/track/{answer['code']}")["delivery_code"]
        wrong = volunteer.call("POST", f"/api/assignments/{job}/deliver", _handed(f"{(int(code) + 1) % 10000:04d}"))
        assert wrong.status == 422
        assert "code" in wrong.body["error"]["fields"]
        hand_over = _handed(code)
        volunteer.post(f"/api/assignments/{job}/deliver", hand_over)
        volunteer.post(f"/api/assignments/{job}/deliver", hand_over)
        console.wait(lambda e: e["type"] == "AssignmentChanged" and e["data"]["state"] == "delivered", 10)

        # Confirmed by the recipient; the tracking page tells each step.
        citizen.post(f"/api/track/{answer['code']}", {"action": "confirm"})
    steps = [step["step"] for step in citizen.get(f"/api/track/{answer['code']}")["history"]]
    wanted_steps = ["received", "verified", "offered", "accepted", "en_route", "delivered", "confirmed"]
    # A case may get several jobs; each kind of step comes first in this order.
    assert [step for step in dict.fromkeys(steps) if step in wanted_steps] == wanted_steps

    # After the publishing clock the district shows it, rounded, and nothing personal.
    district = until(lambda: _district(citizen, "32.03.11"), 30)
    assert district["people_helped"] % 5 == 0
    assert district["people_helped"] >= 120
    page = citizen.call("GET", "/peta").body
    for secret in ("Ibu Uji", "98765432", "SD, butuh air"):
        assert secret not in page


def _ready(coordinator, plan_id):
    plan = coordinator.get(f"/api/plans/{plan_id}")
    return plan if plan["state"] == "ready" else None


def _handed(code):
    return {"client_id": str(uuid.uuid4()), "code": code}


def _district(citizen, code):
    features = citizen.get("/api/public/areas.geojson?level=district")["features"]
    found = [f["properties"] for f in features if f["properties"]["code"] == code]
    return found[0] if found and found[0].get("people_helped") else None
