"""What a coordinator has at hand all day: keys, undo, who else looks, calls, the wall, paper, the address."""

import re

import pytest
from playwright.sync_api import expect

from server.api.words import word
from tests.e2e.people import person
from tests.web.conftest import DESK, photograph, violations
from tests.web.test_console import BUTTON, case_of, opened, row_of, sent, signed_in

expect.set_options(timeout=20_000)


@pytest.fixture
def desk(stack, new_page):
    return signed_in(stack, new_page, DESK, service_workers="block")


@pytest.fixture(scope="module")
def rina(stack):
    """Another coordinator, by the API alone."""
    return person(stack, "rina", "coordinator", "32")


def live(page):
    page.goto("/konsol")
    expect(page.locator(".link-state")).to_have_text("langsung")


def test_a_verdict_given_by_key_is_taken_back_by_key(desk, nobody, admin):
    live(desk)
    case_id = case_of(admin, sent(nobody, text="Salah tekan", needs=[{"item": "water"}]))
    desk.goto(f"/konsol/kasus/{case_id}")
    expect(desk.locator(".case-pane .facts")).to_be_visible()
    expect(row_of(desk, case_id)).to_be_visible()
    desk.keyboard.press("v")
    expect(desk.locator(".toast")).to_contain_text(word("console.undo.button"))
    expect(desk.locator(".case-pane")).to_contain_text("Sudah diperiksa")
    desk.keyboard.press("u")
    expect(desk.locator(".case-pane").get_by_role("button", name=BUTTON)).to_be_visible()
    assert not admin.get(f"/api/cases/{case_id}")["verified"]


def test_a_merge_waits_a_moment_and_may_be_undone(desk, nobody, admin):
    place = {"lon": 107.6, "lat": -7.1, "accuracy_m": 20}
    sent(nobody, place=place, text="Pertama")
    case_id = case_of(admin, sent(nobody, place=place, text="Kedua"))
    opened(desk, case_id)
    expect(desk.locator(".twins .button").first).to_be_visible()
    desk.keyboard.press("m")
    expect(desk.locator(".twins .button").first).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator(".toast")).to_contain_text("sebentar lagi")
    desk.locator(".toast").get_by_role("button", name=word("console.undo.button")).click()
    expect(desk.locator(".toast")).to_contain_text(word("console.undo.done"))
    # Longer than a merge is held back: it must not come after all.
    desk.wait_for_timeout(7_000)
    assert admin.get(f"/api/cases/{case_id}")["merged_into"] is None


def test_who_else_looks_is_named_until_they_go(desk, nobody, admin, rina):
    case_id = case_of(admin, sent(nobody, text="Dilihat berdua"))
    rina.post(f"/api/cases/{case_id}/look", {})
    pane = opened(desk, case_id)
    expect(pane.locator(".others")).to_contain_text("rina")
    rina.post(f"/api/cases/{case_id}/look", {"away": True})
    expect(pane.locator(".others")).to_be_empty()
    assert rina.post(f"/api/cases/{case_id}/look", {})["others"] == ["admin"]


def test_what_somebody_changed_meanwhile_is_shown_and_not_overwritten(desk, nobody, admin, rina):
    case_id = case_of(admin, sent(nobody, text="Diubah berdua"))
    pane = opened(desk, case_id)
    pane.get_by_role("button", name="Betulkan dulu").click()
    pane.locator("#people").fill("77")
    rina.post(f"/api/cases/{case_id}/set_tier", {"tier": 1, "reason": "ada bayi"})
    expect(pane.locator(".meanwhile")).to_contain_text("T1")
    expect(pane.locator("#people")).to_have_value("77")
    pane.locator(".inline-form").get_by_role("button", name=BUTTON).click()
    expect(pane.locator(".inline-form").get_by_role("alert")).to_be_visible()
    assert not admin.get(f"/api/cases/{case_id}")["verified"]
    pane.get_by_role("button", name=word("case.meanwhile_go_on")).click()
    pane.locator(".inline-form").get_by_role("button", name=BUTTON).click()
    expect(pane).to_contain_text("Sudah diperiksa")
    found = admin.get(f"/api/cases/{case_id}")
    assert (found["people"], found["tier"]) == (77, 1)


def test_a_call_is_taken_down_and_its_code_read_out(desk, admin):
    live(desk)
    desk.keyboard.press("c")
    pane = desk.locator(".case-pane")
    pane.locator("#desk-text").fill("Jalan tertutup longsor, minta air")
    pane.locator("#desk-phone").fill("0812 1111 2222")
    pane.get_by_role("button", name=word("console.desk.send")).click()
    # Without a place nobody can go there: said beside the field, and nothing typed is lost.
    expect(pane.locator(".problem:not(:empty)").first).to_be_visible()
    expect(pane.locator("#desk-text")).to_have_value("Jalan tertutup longsor, minta air")
    pane.locator("#area").fill("Cugenang")
    pane.locator(".found button").first.click()
    pane.get_by_role("button", name=word("console.desk.send")).click()
    expect(pane.locator(".code")).to_have_text(re.compile(r"\w{4}"))
    photograph(desk, "desk-konsol-telepon")
    pane.get_by_role("button", name=word("console.desk.open")).click()
    expect(desk.locator(".reports")).to_contain_text("Jalan tertutup longsor")
    expect(desk.locator(".reports")).to_contain_text(word("case.on_behalf"))


def test_the_address_keeps_what_is_looked_for(desk, nobody, admin):
    case_id = case_of(admin, sent(nobody, needs=[{"item": "blanket", "quantity": 7}]))
    live(desk)
    desk.locator("#search").fill(f"#{case_id}")
    desk.locator(".tier-choice .t0").click()
    expect(desk).to_have_url(re.compile(r"tiers=123&q=%23\d+|q=%23\d+&tiers=123"))
    desk.reload()
    expect(desk.locator("#search")).to_have_value(f"#{case_id}")
    expect(desk.locator(".tier-choice .t0")).to_have_attribute("aria-pressed", "false")
    expect(row_of(desk, case_id)).to_be_visible()
    expect(desk.locator(".row-card").filter(has_not_text=f"#{case_id}")).to_have_count(0)


def test_keys_wall_and_paper(desk, nobody):
    sent(nobody, text="Untuk kertas")
    live(desk)
    expect(desk.locator(".row-card").first).to_be_visible()
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog")).to_contain_text(word("console.keys_help.assign"))
    assert violations(desk) == []
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    desk.keyboard.press("w")
    expect(desk.locator(".wall-counts")).to_be_visible()
    expect(desk.locator("body > header")).to_be_hidden()
    photograph(desk, "desk-konsol-dinding")
    assert violations(desk) == []
    desk.keyboard.press("w")
    expect(desk.locator(".list-pane")).to_be_visible()
    desk.evaluate("dispatchEvent(new Event('beforeprint'))")
    desk.emulate_media(media="print")
    expect(desk.locator(".paper tbody tr").first).to_be_visible()
    expect(desk.locator(".console")).to_be_hidden()
