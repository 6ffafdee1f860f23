"""Every flow by keyboard alone: what is to be pressed is reached by Tab, shows that it is, and can be pressed."""

import re

import pytest
from playwright.sync_api import expect

from server.api.words import word
from tests.e2e.people import warehouse
from tests.web.conftest import DESK
from tests.web.test_volunteer_pages import job, recipients_code, state_of

__all__ = ["job"]
expect.set_options(timeout=20_000)
PUBLISH_EVERY_S = "2"
FARTHEST = 150
"""More steps than any page has places to stop at."""
FOCUS = """
it => {
  if (it !== document.activeElement) return "elsewhere";
  const ring = getComputedStyle(it);
  const isSeen = ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 2;
  return isSeen && it.matches(":focus-visible") ? "seen" : "unseen";
}
"""


def tab_to(page, place):
    """Presses Tab until the place has the focus, which can then be seen."""
    expect(place).to_be_visible()
    for _ in range(FARTHEST):
        focus = place.evaluate(FOCUS)
        if focus != "elsewhere":
            assert focus == "seen", f"no ring around {place}"
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{place} is not reached by Tab")


def press(page, place, key="Enter"):
    tab_to(page, place)
    page.keyboard.press(key)


def write(page, place, text):
    tab_to(page, place)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def sign_in(page, name, password, path):
    page.goto(f"/masuk?next={path}")
    write(page, page.locator("#name"), name)
    write(page, page.locator("#password"), password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/masuk" not in url)


def button(page, key, **gaps):
    return page.get_by_role("button", name=word(key, **gaps), exact=True)


def test_a_report_is_sent_and_followed(new_page):
    page = new_page(viewport=DESK)
    page.goto("/lapor")
    press(page, page.locator("#d-rising"), "Space")
    tab_to(page, page.locator(".danger .call a").first)
    write(page, page.locator("#place_text"), "Cugenang")
    press(page, page.locator("#areas button").first)
    write(page, page.locator("#text"), "Air naik, ditulis tanpa tetikus")
    press(page, page.locator("#n-water"), "Space")
    write(page, page.locator("#amount_water"), "40")
    press(page, button(page, "report.send"))
    expect(page.locator(".receipt .code")).to_be_visible()
    press(page, page.locator(".receipt [data-link=track]"))
    expect(page.locator("#track h1")).to_be_visible()
    press(page, page.locator("summary").filter(has_text=word("track.actions.add_info.title")))
    write(page, page.locator("#add_info"), "Sekarang setinggi lutut")
    press(page, button(page, "track.actions.add_info.do"))
    expect(page.locator(".notice.good")).to_be_visible()


def test_a_wrong_form_takes_the_focus_to_what_is_wrong(new_page):
    page = new_page(viewport=DESK)
    page.goto("/lapor")
    press(page, button(page, "report.send"))
    wrong = page.locator("[aria-invalid=true]").first
    expect(wrong).to_be_focused()
    assert "problem" in wrong.get_attribute("aria-describedby")


def test_an_offer_is_taken_carried_and_handed_over(new_page, job, nobody):
    page = new_page(viewport=DESK)
    sign_in(page, job.name, job.password, "/relawan/tugas")
    page.goto("/relawan/tugas")
    press(page, page.locator(".offer").get_by_role("button", name=word("volunteer.script.accept"), exact=True))
    press(page, button(page, "volunteer.script.depart"))
    write(page, page.locator(".job .four"), recipients_code(nobody, job))
    press(page, button(page, "volunteer.script.deliver"))
    expect(page.get_by_text(word("volunteer.script.wait_confirm"))).to_be_visible()
    expect(page.locator(".job")).not_to_contain_text("Tersimpan di HP")
    assert state_of(job) == "delivered"


def test_a_plan_is_made_and_approved(stack, new_page, admin, nobody):
    warehouse(admin, "Gudang Papan Ketik", {"tarpaulin": 50})
    wanted = {"text": "Butuh terpal", "area_code": "32.03.11", "needs": [{"item": "tarpaulin", "quantity": 5}]}
    nobody.post("/api/reports", {"client_id": "7f3c1f0e-5d0a-4b8e-9a59-0d5f1b2c3d4e", **wanted}, 201)
    page = new_page(viewport=DESK)
    sign_in(page, stack.admin_name, stack.admin_password, "/konsol")
    row = page.locator(".row-card", has_text=word("items.tarpaulin"))
    press(page, row)
    press(page, page.locator(".case-pane").get_by_role("button", name=word("case.verify"), exact=True))
    expect(page.locator(".toast")).to_be_visible()
    press(page, page.get_by_role("link", name=word("plan.title"), exact=True))
    press(page, button(page, "plan.make"))
    tab_to(page, page.locator(".long-table .lt-main").filter(has_text=word("items.tarpaulin")))
    page.keyboard.press("Enter")
    expect(page.locator(".why")).to_be_visible()
    press(page, page.get_by_role("button", name=re.compile("Setujui semua")))
    expect(page.get_by_text(re.compile(r"\d+ tugas dibuat"))).to_be_visible()


def test_the_public_pages_are_read_and_a_gift_is_looked_up(new_page):
    page = new_page(viewport=DESK)
    page.goto("/peta")
    press(page, page.locator("main summary").first)
    expect(page.locator("main details[open]").first).to_be_visible()
    page.goto("/donasi")
    write(page, page.locator("#code"), "TIDAK-ADA")
    page.keyboard.press("Enter")
    expect(page.locator("#code-problem")).to_be_visible()
