"""A coordinator opens a case and reads why: what comes and from where, why the rest waits, who decided otherwise."""

import re
import time

import pytest
from playwright.sync_api import expect

from server.api.words import word
from tests.web.conftest import SIZES, photograph, violations
from tests.web.test_console import case_of, opened, sent, signed_in

PLACES = {"phone": (107.142, -6.818), "desk": (107.6, -7.1)}
"""Far enough apart that neither test's stock is the other's nearest."""
ITEM = {"phone": "mattress", "desk": "clothing"}

KITS = {"phone": ("family_kit", "flashlight", 6), "desk": ("hygiene_kit", "soap", 70)}
"""Neither holds what the other test wants; six are enough."""
QUIET_S = 3


def site_with(admin, name, place, item, quantity):
    site = {"name": name, "kind": "warehouse", "place": dict(zip(("lon", "lat"), place, strict=True))}
    site_id = admin.post("/api/sites", site, 201)["id"]
    received = admin.post("/api/stock/receive", {"site_id": site_id, "item": item, "quantity": quantity}, 201)
    return received["lots"][0]["id"]


def site_of(admin, lot_id):
    """The site at which a lot lies."""
    for site in admin.get("/api/sites?limit=500")["sites"]:
        if any(lot["id"] == lot_id for lot in admin.get(f"/api/sites/{site['id']}/stock")["lots"]):
            return site["id"]
    raise AssertionError(lot_id)


def planned_anew(admin):
    """Wait until no plan follows the last: stock and a case that come one after the other make two."""
    newest, since = None, time.monotonic()
    while time.monotonic() - since < QUIET_S:
        plan = admin.get("/api/plans")["plans"][:1]
        now = plan[0]["id"] if plan and plan[0]["state"] == "ready" else None
        if now is None or now != newest:
            newest, since = now, time.monotonic()
        time.sleep(0.1)


@pytest.mark.parametrize("size", SIZES)
def test_a_case_says_why(stack, new_page, nobody, admin, size):
    item, (lon, lat) = ITEM[size], PLACES[size]
    near = site_with(admin, f"Gudang Dekat {size}", (lon, lat), item, 30)
    site_with(admin, f"Gudang Jauh {size}", (lon + 0.06, lat), item, 40)
    report = {"needs": [{"item": item, "quantity": 100}], "place": {"lon": lon, "lat": lat, "accuracy_m": 30}}
    case_id = case_of(admin, sent(nobody, **report))
    page = signed_in(stack, new_page, SIZES[size])
    pane = opened(page, case_id)
    expect(pane.locator(".needs")).to_contain_text(word("case.why_planned.unverified"))
    pane.get_by_role("button", name=word("case.verify"), exact=True).click()

    # The plan comes by itself, and with it the reasons.
    planned = pane.locator(".planned")
    expect(planned).to_contain_text(f"Gudang Dekat {size}")
    expect(planned).to_contain_text(f"Gudang Jauh {size}")
    expect(planned.locator(".still-open")).to_contain_text(word("unmet.all_taken"))
    expect(planned.locator(".still-open")).to_contain_text("Pasti terpenuhi bila ada 30")
    planned.get_by_text(word("case.why_planned.this")).first.click()
    expect(planned.locator(".why").first).to_contain_text("menit jalan")
    expect(planned.locator(".why").first).to_contain_text(word("plan.flips"))
    planned.scroll_into_view_if_needed()
    photograph(page, f"{size}-kasus-mengapa")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    assert violations(page) == []

    need_id = admin.get(f"/api/cases/{case_id}")["needs"][0]["id"]
    by_hand = {"need_id": need_id, "lot_id": near, "quantity": 10, "reason": "janji camat"}
    admin.post("/api/assignments", by_hand, 201)
    jobs = pane.locator(".jobs")
    expect(jobs).to_contain_text(word("case.decided.by_hand", by=stack.admin_name, reason="janji camat"))
    # Ten of it are assigned already.
    pin = {"kind": "pin", "need_id": need_id, "lot_id": near, "quantity": 25, "reason": "truk sudah di sana"}
    admin.post("/api/rulings", pin, 201)
    pinned = planned.locator("> div", has_text=re.compile(r": 15 "))
    pinned.get_by_text(word("case.why_planned.this")).click()
    ruled = word("plan.ruled_pin", by=stack.admin_name, reason="truk sudah di sana")
    expect(pinned.get_by_text(ruled)).to_be_visible()

    plan = admin.get(f"/api/cases/{case_id}")["plan"]
    lines = [match["n"] for match in plan["matches"]]
    admin.post(f"/api/plans/{plan['id']}/approve", {"only": lines})
    expect(jobs).to_contain_text(word("case.decided.of_plan", by=stack.admin_name))
    jobs.get_by_text(word("case.decided.why", name=f"Gudang Jauh {size}")).click()
    expect(jobs.locator(".why").first).to_contain_text("menit jalan")
    expect(planned.locator(".still-open")).to_have_count(1)
    jobs.scroll_into_view_if_needed()
    photograph(page, f"{size}-kasus-tugas-mengapa")
    page.get_by_role("button", name=word("case.why_planned.to_plan")).click()
    expect(page.locator(".plan-page")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_kits_that_hold_what_is_lacking_are_opened_with_one_click(stack, new_page, nobody, admin, size):
    (kit, item, wanted), (lon, lat) = KITS[size], PLACES[size]
    kits = site_with(admin, f"Gudang Paket {size}", (lon, lat), kit, 9)
    report = {"needs": [{"item": item, "quantity": wanted}], "place": {"lon": lon, "lat": lat, "accuracy_m": 30}}
    case_id = case_of(admin, sent(nobody, **report))
    admin.post(f"/api/cases/{case_id}/verify", {})
    planned_anew(admin)
    page = signed_in(stack, new_page, SIZES[size])
    pane = opened(page, case_id)
    remedy = pane.locator(".kit-remedy")
    expect(remedy).to_contain_text(f"{word(f'items.{kit}')} 6 paket di Gudang Paket {size}")
    remedy.scroll_into_view_if_needed()
    photograph(page, f"{size}-kasus-paket")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    assert violations(page) == []

    pane.get_by_role("button", name=word("case.why_planned.to_plan")).click()
    page.locator("#tab-unmet").click()
    page.locator(".long-table .lt-place").filter(has_text=word(f"items.{item}")).locator(".lt-main").click()
    expect(page.locator(".kit-remedy")).to_contain_text("6 paket")
    photograph(page, f"{size}-rencana-paket")
    page.go_back()
    remedy.get_by_role("button", name=word("plan.kits.open")).click()
    expect(page.locator(".toast")).to_contain_text(word("plan.kits.done"))
    expect(pane.locator(".planned")).to_contain_text(f"Gudang Paket {size}")
    expect(pane.locator(".still-open")).to_have_count(0)
    stock = admin.get(f"/api/sites/{site_of(admin, kits)}/stock")["lots"]
    assert {lot["item"]: lot["on_hand"] for lot in stock}[kit] == 3


def test_why_in_english(stack, new_page, nobody, admin):
    case_id = case_of(admin, sent(nobody, needs=[{"item": "wheelchair", "quantity": 3}]))
    admin.post(f"/api/cases/{case_id}/verify", {})
    page = signed_in(stack, new_page, SIZES["desk"])
    page.goto(f"/konsol/kasus/{case_id}?lang=en")
    lacking = page.locator(".still-open")
    expect(lacking).to_contain_text("Still open, 3")
    expect(lacking).to_contain_text("There is no stock and nobody for this.")


def test_nobody_reads_why_without_signing_in(nobody, admin):
    case_id = case_of(admin, sent(nobody))
    assert nobody.call("GET", f"/api/cases/{case_id}").status == 401
