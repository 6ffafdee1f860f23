"""/lapor through bad days: twenty reports without a network, answers lost on the way, two tabs, a dead battery."""

import itertools

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import NOISY_PHOTO, reopened
from tests.e2e.outsider import rows
from tests.web.conftest import PHONE, photograph, under_service_worker

MANY = 20
THREE_DAYS_MS = 3 * 24 * 3_600_000

KEPT_PHOTO = """
() => new Promise((done, failed) => {
  const opening = indexedDB.open("tanggap");
  opening.onerror = failed;
  opening.onsuccess = () => {
    const asked = opening.result.transaction("kept").objectStore("kept").get("draft_photos");
    asked.onsuccess = () => done(asked.result.files[0].size);
  };
})
"""
"""Bytes of the first photo as it is kept on the phone, and as it will be sent."""


@pytest.fixture
def open_phone(browser, stack, tmp_path):
    """Opens the browser of one phone, as often as it was closed before."""
    opened: list[BrowserContext] = []

    def make() -> Page:
        options = {"viewport": PHONE, "locale": "id-ID", "base_url": stack.base_url}
        context = reopened(browser, tmp_path / "profile", **options)
        context.set_default_timeout(20_000)
        opened.append(context)
        return context.pages[0]

    yield make
    for context in opened:
        context.close()


def write(page: Page, text: str) -> None:
    page.goto("/lapor")
    page.fill("#place_text", "Kecamatan Cugenang, Kabupaten Cianjur")
    page.fill("#text", text)


def send(page: Page) -> None:
    page.click("text=Kirim laporan")


def stored(admin, mark: str) -> list[str]:
    """The texts with this mark in the reports that the command post sees."""
    cases = {row["case_id"] for row in rows(admin.get("/api/board"), "reports")}
    found = [report["text"] for case in sorted(cases) for report in admin.get(f"/api/cases/{case}")["reports"]]
    return sorted(text for text in found if text and text.startswith(mark))


def test_twenty_reports_outlive_the_browser_and_are_stored_once(open_phone, admin):
    first = open_phone()
    first.goto("/lapor")
    under_service_worker(first)
    first.context.set_offline(True)
    texts = [f"Terputus {n:02}" for n in range(MANY)]
    for n, text in enumerate(texts, 1):
        write(first, text)
        send(first)
        expect(first.locator("#queue .notice.warn")).to_have_count(n)
    first.context.close()
    again = open_phone()
    again.context.set_offline(True)
    again.goto("/lapor")
    expect(again.locator("#queue .notice.warn")).to_have_count(MANY)
    again.context.set_offline(False)
    expect(again.locator("#queue")).to_be_hidden(timeout=60_000)
    assert stored(admin, "Terputus") == texts


def test_network_that_comes_and_goes_and_loses_answers_doubles_nothing(phone, admin):
    fates = itertools.chain(["answer lost", "cut"] * 4, itertools.repeat("through"))

    def tried(route):
        fate = next(fates)
        if fate == "through":
            return route.continue_()
        if fate == "answer lost":
            assert route.fetch().status in (200, 201)
        return route.abort()

    phone.goto("/lapor")
    under_service_worker(phone)
    phone.route("**/api/reports", tried)
    texts = [f"Hilang timbul {n}" for n in range(6)]
    for text in texts:
        write(phone, text)
        send(phone)
        phone.context.set_offline(True)
        expect(phone.locator("form#report")).to_be_hidden()
        phone.context.set_offline(False)
    phone.goto("/lacak")
    expect(phone.locator("#queue")).to_be_hidden(timeout=60_000)
    assert stored(admin, "Hilang timbul") == texts


def test_draft_with_its_photo_is_there_three_days_later_and_is_sent(open_phone, admin):
    first = open_phone()
    write(first, "Tiga hari")
    assert first.evaluate(NOISY_PHOTO) > 1_000_000
    expect(first.locator("#photos img")).to_have_count(1)
    assert 0 < first.evaluate(KEPT_PHOTO) <= 100_000
    photograph(first, "phone-report-photo")
    first.context.close()
    later = open_phone()
    now = later.evaluate("Date.now()")
    later.clock.set_fixed_time((now + THREE_DAYS_MS) / 1000)
    later.goto("/lapor")
    assert later.input_value("#text") == "Tiga hari"
    expect(later.locator("#draft")).to_be_visible()
    expect(later.locator("#photos img")).to_have_count(1)
    photograph(later, "phone-report-draft")
    with later.expect_response("**/photos/1") as answered:
        send(later)
    assert answered.value.status == 201
    assert stored(admin, "Tiga hari") == ["Tiga hari"]
    later.goto("/lapor")
    assert later.input_value("#text") == ""
    expect(later.locator("#photos img")).to_have_count(0)


def test_next_person_on_the_phone_starts_from_empty(phone):
    write(phone, "Laporan orang lain")
    phone.goto("/lapor")
    phone.click("text=Mulai dari kosong")
    expect(phone.locator("#draft")).to_have_count(0)
    assert phone.input_value("#text") == ""


def test_double_click_sends_once(phone, admin):
    write(phone, "Klik dua kali")
    phone.dblclick("text=Kirim laporan")
    expect(phone.locator(".receipt h1")).to_have_text("DITERIMA")
    assert stored(admin, "Klik dua kali") == ["Klik dua kali"]


def test_same_draft_in_two_tabs_is_one_report(phone, admin):
    write(phone, "Dua tab")
    other = phone.context.new_page()
    other.goto("/lapor")
    assert other.input_value("#text") == "Dua tab"
    codes = []
    for page in (phone, other):
        send(page)
        expect(page.locator(".receipt h1")).to_have_text("DITERIMA")
        codes.append(page.locator(".receipt .code").inner_text())
    assert codes[0] == codes[1]
    assert stored(admin, "Dua tab") == ["Dua tab"]


def test_draft_changed_in_another_tab_is_asked_about_and_becomes_a_report_of_its_own(phone, admin):
    write(phone, "Tab satu")
    other = phone.context.new_page()
    write(other, "Tab dua")
    send(phone)
    expect(phone.locator(".receipt h1")).to_have_text("DITERIMA")
    send(other)
    expect(other.locator("form [role=alert]")).to_contain_text("sudah terkirim tadi")
    expect(other.locator("form [role=alert]")).to_be_focused()
    assert other.input_value("#text") == "Tab dua"
    send(other)
    expect(other.locator(".receipt h1")).to_have_text("DITERIMA")
    assert stored(admin, "Tab") == ["Tab dua", "Tab satu"]


def test_two_tabs_without_a_network_keep_both(phone, admin):
    phone.goto("/lapor")
    under_service_worker(phone)
    phone.context.set_offline(True)
    write(phone, "Luring satu")
    other = phone.context.new_page()
    write(other, "Luring dua")
    for n, page in enumerate((phone, other), 1):
        send(page)
        expect(page.locator("#queue .notice.warn")).to_have_count(n)
    phone.context.set_offline(False)
    expect(phone.locator("#queue")).to_be_hidden(timeout=60_000)
    assert stored(admin, "Luring") == ["Luring dua", "Luring satu"]


def test_page_of_one_incident_opens_without_a_network(phone):
    phone.goto("/lapor")
    under_service_worker(phone)
    phone.context.set_offline(True)
    phone.goto("/lapor?incident=jabar")
    expect(phone.locator("form#report")).to_be_visible()
    assert dict(phone.evaluate("[...new FormData(document.querySelector('#report'))]"))["incident"] == "jabar"


@pytest.mark.parametrize(("language", "sentence"), [("id", "angka bulat"), ("en", "whole number")])
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_wrong_number_is_said_beside_its_field_and_is_gone_to(new_page, language, sentence, script):
    page = new_page(java_script_enabled=script)
    page.goto(f"/lapor?lang={language}")
    page.fill("#place_text", "Cugenang, Cianjur")
    page.fill("#text", "Banjir")
    page.fill("#people", "banyak")
    page.click("button.primary.big")
    expect(page.locator("#people-problem")).to_contain_text(sentence)
    assert page.input_value("#people") == "banyak"
    assert page.input_value("#text") == "Banjir"
    expect(page.locator("#people")).to_be_focused()
