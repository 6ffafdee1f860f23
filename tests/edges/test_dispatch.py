"""Plans, assignments and offers by HTTP: statuses, the error envelope, and the state that a lost race shows."""

import re
import uuid
from datetime import timedelta

import pytest

from server.domain.permissions import SYSTEM
from server.services import accounts
from tests.services.world import World


@pytest.fixture
def world(app):
    return World(app.extensions["tanggap"])


@pytest.fixture
def coordinator(token_of):
    return token_of("coordinator", "32")


@pytest.fixture
def volunteer(world, app):
    """A checked-in volunteer with an account: (id, header)."""
    volunteer_id, name = world.volunteer(), f"relawan-{uuid.uuid4().hex[:8]}"
    with world.system.writing() as tx:
        accounts.add_user(tx, SYSTEM, name, "volunteer", "32.03")
        user = tx.accounts.user_by_name(name)
        tx.volunteers.change(volunteer_id, user_id=user["id"])
        token = accounts.token_for(tx, name)
    return volunteer_id, {"Authorization": f"Bearer {token}"}


def post(app, path, header, body=None):
    answer = app.test_client().post(path, headers=header, json=body or {})
    return answer.status_code, answer.get_json()


def get(app, path, header):
    answer = app.test_client().get(path, headers=header)
    return answer.status_code, answer.get_json()


def test_a_plan_is_asked_for_looked_at_and_approved_once(app, world, coordinator):
    world.stock(world.site(), "blanket", 100)
    world.case({"blanket": 10})
    status, asked = post(app, "/api/plans", coordinator)
    assert (status, asked["state"], asked["area"]) == (202, "requested", "32")
    world.work_out(asked["id"])
    status, plan = get(app, f"/api/plans/{asked['id']}", coordinator)
    assert (status, plan["state"], len(plan["matches"])) == (200, "ready", 1)
    assert {"cost", "lower_bound", "gap", "unmet"} <= set(plan)
    assert get(app, "/api/plans", coordinator)[1]["plans"][0]["id"] == asked["id"]
    status, made = post(app, f"/api/plans/{asked['id']}/approve", coordinator)
    assert (status, len(made["approved"])) == (200, 1)
    status, refused = post(app, f"/api/plans/{asked['id']}/approve", coordinator)
    assert (status, refused["error"]["code"], refused["error"]["state"]["state"]) == (409, "plan_not_ready", "approved")


def test_a_match_is_pinned_the_plan_keeps_to_it_and_the_pin_is_ended(app, world, coordinator):
    lot = world.stock(world.site(), "blanket", 100)
    need_id = world.needs(world.case({"blanket": 10}))["blanket"]["id"]
    body = {"need_id": need_id, "kind": "pin", "lot_id": lot, "quantity": 4, "reason": "sudah dijanjikan"}
    status, ruling = post(app, "/api/rulings", coordinator, body)
    assert (status, ruling["kind"], ruling["quantity"], ruling["ended_at"]) == (201, "pin", 4, None)
    assert [one["id"] for one in get(app, "/api/rulings", coordinator)[1]["rulings"]] == [ruling["id"]]
    plan = get(app, f"/api/plans/{world.plan()}", coordinator)[1]
    assert sorted((match["ruling"] or "", match["quantity"]) for match in plan["matches"]) == [("", 6), ("pin", 4)]
    assert plan["rulings"][0]["cost_minutes"] == 0
    assert post(app, f"/api/rulings/{ruling['id']}/end", coordinator)[0] == 422
    reason = {"reason": "dibatalkan"}
    status, ended = post(app, f"/api/rulings/{ruling['id']}/end", coordinator, reason)
    assert (status, ended["ended_by"]) == (200, ruling["by"])
    assert post(app, f"/api/rulings/{ruling['id']}/end", coordinator, reason)[0] == 409
    assert get(app, "/api/rulings", coordinator)[1]["rulings"] == []


def test_an_assignment_is_given_to_another_lot_in_one_call(app, world, coordinator):
    world.stock(world.site(), "blanket", 10)
    _, (job,) = world.approved({"blanket": 10})
    other = world.stock(world.site(), "blanket", 10)
    status, new = post(app, f"/api/assignments/{job}/reassign", coordinator, {"lot_id": other, "reason": "lebih dekat"})
    assert (status, new["state"]) == (200, "proposed")
    status, refused = post(app, f"/api/assignments/{job}/reassign", coordinator, {"lot_id": other, "reason": "lagi"})
    assert (status, refused["error"]["state"]["state"]) == (409, "cancelled")


def test_a_what_if_is_asked_answered_and_never_approved(app, world, coordinator):
    site = world.site()
    world.case({"blanket": 10})
    change = {"kind": "add_stock", "site_id": site, "item": "blanket", "quantity": 6}
    status, asked = post(app, "/api/plans/what-if", coordinator, {"changes": [change]})
    assert (status, asked["kind"], asked["asked"]["changes"]) == (202, "what_if", [change])
    world.work_out(asked["id"])
    status, answer = get(app, f"/api/plans/{asked['id']}", coordinator)
    assert (status, answer["what_if"]["now"]["unmet_units"], answer["what_if"]["base"]["unmet_units"]) == (200, 4, 10)
    assert get(app, "/api/plans", coordinator)[1]["plans"] == []
    status, refused = post(app, f"/api/plans/{asked['id']}/approve", coordinator)
    assert (status, refused["error"]["code"]) == (409, "not_to_approve")
    wrong = {"changes": [{"kind": "add_stock", "site_id": site, "item": "blanket"}]}
    status, refused = post(app, "/api/plans/what-if", coordinator, wrong)
    assert (status, set(refused["error"]["fields"])) == (422, {"changes.0.quantity"})


@pytest.fixture
def wave(app, world, coordinator):
    """The draft of a wave, by HTTP."""
    leaves = (world.system.now() + timedelta(hours=1)).isoformat()
    status, asked = post(app, "/api/waves", coordinator, {"name": "Truk pagi", "departs_at": leaves})
    assert (status, asked["kind"], asked["asked"]["name"]) == (202, "wave", "Truk pagi")
    world.work_out(asked["id"])
    return asked["id"]


def test_a_wave_is_drafted_edited_and_approved_as_one(app, world, coordinator, request):
    world.stock(world.site(), "blanket", 100)
    for quantity in (10, 20):
        world.case({"blanket": quantity})
    plan_id = request.getfixturevalue("wave")
    (listed,) = get(app, "/api/waves", coordinator)[1]["waves"]
    assert (listed["id"], listed["matched"], "villages" in listed) == (plan_id, 2, False)
    change = {"version": listed["version"], "take_out": [1], "quantities": {"2": 12}, "reason": "truk penuh"}
    status, edited = post(app, f"/api/waves/{plan_id}/edit", coordinator, change)
    assert (status, [one["taken_out"] for one in edited["matches"]]) == (200, [True, False])
    assert post(app, f"/api/waves/{plan_id}/edit", coordinator, change)[0] == 409
    assert post(app, f"/api/plans/{plan_id}/approve", coordinator, {"only": [2]})[0] == 422
    status, made = post(app, f"/api/plans/{plan_id}/approve", coordinator, {"version": edited["version"]})
    assert (status, len(made["approved"])) == (200, 1)


@pytest.mark.parametrize("language", ["id", "en"])
def test_sheets_are_whole_pages_with_codes_and_nothing_of_people(app, world, coordinator, request, language):
    site = world.site(name="Gudang Cianjur")
    lot = world.stock(site, "blanket", 100)
    case_id = world.case({"blanket": 10, "medical": 1})
    medic = world.volunteer(skills=("medical",))
    plan_id = request.getfixturevalue("wave")
    header = {**coordinator, "Accept-Language": language}
    pages = {
        name: app.test_client().get(f"/rencana/{plan_id}/{name}", headers=header) for name in ("daftar-ambil", "rute")
    }
    assert [page.status_code for page in pages.values()] == [200, 200]
    picking, routes = (page.text for page in pages.values())
    assert "Gudang Cianjur" in picking
    assert lot.replace("-", "")[-6:].upper() in picking
    assert f"#{case_id}" in routes
    with world.system.reading() as tx:
        alias, code = tx.volunteers.get(medic)["alias"], tx.cases.get(case_id)["delivery_code"]
    assert alias in routes
    for page in (picking, routes):
        assert not re.search(r"Siti|Budi|0812|62812|62813|Butuh bantuan|107\.1|-6\.8", page)
        assert f">{code}<" not in page
        assert not re.search(r"\{\w+\}|sheets\.(?!css)\w", page), "a gap that nothing filled, or a key without a word"


def test_sheets_are_for_those_who_see_the_plan(app, world, coordinator, token_of, wave):
    path = f"/rencana/{wave}/rute"
    assert app.test_client().get(path).status_code == 303
    assert app.test_client().get(path, headers=token_of("coordinator", "32.04")).status_code == 404
    assert app.test_client().get(path, headers=token_of("keeper", "32")).status_code == 200
    assert app.test_client().get(f"/rencana/{uuid.uuid4()}/rute", headers=coordinator).status_code == 404


def test_unknown_things_are_not_found(app, coordinator):
    nothing = "00000000-0000-4000-8000-000000000000"
    for path in (f"/api/plans/{nothing}", "/api/needs/1/candidates"):
        assert get(app, path, coordinator)[0] == 404
    for path in (f"/api/plans/{nothing}/approve", f"/api/assignments/{nothing}/depart"):
        assert post(app, path, coordinator)[0] == 404


def test_wrong_fields_are_named(app, coordinator):
    status, refused = post(app, "/api/assignments", coordinator, {"quantity": -1, "lot_id": "x"})
    assert status == 422
    assert set(refused["error"]["fields"]) == {"need_id", "reason", "quantity", "lot_id"}


def test_an_offer_is_taken_delivered_and_confirmed(app, world, coordinator, volunteer):
    volunteer_id, header = volunteer
    world.stock(world.site(), "blanket", 100)
    case_id, (job,) = world.approved({"blanket": 10})
    assert post(app, f"/api/assignments/{job}/offer", coordinator, {"volunteer_id": volunteer_id})[0] == 200
    offers = get(app, "/api/me/offers", header)[1]["offers"]
    assert [offer["assignment_id"] for offer in offers] == [job]
    status, taken = post(app, f"/api/assignments/{job}/accept", header, {"version": offers[0]["version"]})
    assert (status, taken["state"]) == (200, "accepted")
    status, stale = post(app, f"/api/assignments/{job}/depart", header, {"version": offers[0]["version"]})
    assert (status, stale["error"]["state"]["state"]) == (409, "accepted")
    assert get(app, f"/api/me/assignments/{job}/contact", header)[1]["contacts"][0]["name"] == "Siti"
    assert post(app, f"/api/assignments/{job}/depart", header)[0] == 200
    with world.system.reading() as tx:
        code = tx.cases.get(case_id)["delivery_code"]
    hand_over = {"client_id": str(uuid.uuid4()), "code": f"{(int(code) + 1) % 10_000:04d}"}
    status, wrong = post(app, f"/api/assignments/{job}/deliver", header, hand_over)
    assert (status, set(wrong["error"]["fields"])) == (422, {"code"})
    assert world.state(job)["code_tries"] == 1
    for _ in range(2):
        status, handed = post(app, f"/api/assignments/{job}/deliver", header, {**hand_over, "code": code})
        assert (status, handed["state"]) == (200, "delivered")
    assert post(app, f"/api/assignments/{job}/confirm", header)[0] == 404
    assert post(app, f"/api/assignments/{job}/confirm", coordinator)[1]["state"] == "confirmed"
    assert get(app, "/api/me/assignments", header)[1]["assignments"] == []


def test_staff_have_no_offers_of_their_own(app, coordinator):
    assert get(app, "/api/me/offers", coordinator)[0] == 403


def test_a_trip_is_offered_taken_begun_and_told_by_http(app, world, coordinator, volunteer):
    volunteer_id, header = volunteer
    world.stock(world.site(), "blanket", 100)
    for step in (0, 0.002):
        world.case({"blanket": 10}, at=(107.18 + step, -6.83))
    plan_id = world.plan()
    plan = get(app, f"/api/plans/{plan_id}", coordinator)[1]
    (trip,) = plan["trips"]
    assert (trip["volunteer_id"], len(trip["stops"]), plan["carriers"]["loads"]) == (volunteer_id, 2, 2)
    first, second = post(app, f"/api/plans/{plan_id}/approve", coordinator)[1]["approved"]
    world.round(first)
    offers = get(app, "/api/me/offers", header)[1]["offers"]
    assert [(one["id"], one["stop"], one["trip_id"]) for one in offers] == [
        (first, 1, offers[0]["trip_id"]),
        (second, 2, offers[0]["trip_id"]),
    ]
    status, taken = post(app, f"/api/assignments/{first}/accept", header)
    assert (status, taken["state"]) == (200, "accepted")
    status, again = post(app, f"/api/assignments/{second}/accept", header)
    assert (status, again["state"]) == (200, "accepted")
    assert post(app, f"/api/assignments/{first}/depart", header)[0] == 200
    assert [one["state"] for one in get(app, "/api/me/assignments", header)[1]["assignments"]] == ["en_route"] * 2
    failed = {"reason": "jembatan putus", "goods": "returned"}
    assert post(app, f"/api/assignments/{second}/fail", header, failed)[0] == 200
    assert [one["id"] for one in get(app, "/api/me/assignments", header)[1]["assignments"]] == [first]
