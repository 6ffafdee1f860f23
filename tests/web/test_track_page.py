"""/lacak in a browser: the code, the clock, what a reporter may add, and news that come by themselves."""

import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e.outsider import rows
from tests.e2e.people import warehouse
from tests.web.states import Scene

LOOK_AGAIN_MS = 20_000


@pytest.fixture
def report(nobody):
    """A report in Cianjur, as its reporter got it answered."""
    body = {"client_id": str(uuid.uuid4()), "text": "Air setinggi lutut", "area_code": "32.03.05", "people": 12}
    return nobody.post("/api/reports", body | {"needs": [{"item": "water"}]}, 201)


@pytest.fixture
def case_id(admin, report):
    return next(row["case_id"] for row in rows(admin.get("/api/board"), "reports") if row["id"] == report["id"])


def test_code_is_found_however_it_is_typed(plain_phone, report):
    plain_phone.goto("/lacak")
    typed = f" {report['code'][:4].lower()}-{report['code'][4:].lower().replace('0', 'o')} "
    plain_phone.fill("#code", typed)
    plain_phone.click("text=Lihat")
    expect(plain_phone.locator("h1")).to_have_text("Laporan Anda sudah kami terima")
    expect(plain_phone.locator("#track")).to_contain_text(report["code"])


def test_wrong_code_is_said_beside_the_field(plain_phone):
    answer = plain_phone.goto("/lacak/ABCDEFGH1")
    assert answer.status == 404
    expect(plain_phone.locator("#code-problem")).to_be_visible()
    expect(plain_phone.locator("#code")).to_have_value("ABCDEFGH1")


def test_reporter_adds_is_asked_answers_and_cancels_without_scripts(plain_phone, admin, report, case_id):
    plain_phone.goto(f"/lacak/{report['code']}")
    plain_phone.click("summary:has-text('Tambah keterangan')")
    plain_phone.fill("#add_info", "Sekarang setinggi pinggang")
    plain_phone.click("text=Kirim keterangan")
    expect(plain_phone.locator("[role=status]").first).to_have_text("Terkirim. Terima kasih.")
    admin.post(f"/api/cases/{case_id}/ask", {"text": "Jembatan masih bisa dilewati?"})
    plain_phone.reload()
    expect(plain_phone.locator("h1")).to_have_text("Kami perlu jawaban Anda")
    expect(plain_phone.locator("#track")).to_contain_text("Jembatan masih bisa dilewati?")
    expect(plain_phone.locator("#track")).to_contain_text("Waktu berhenti")
    plain_phone.fill("#answer", "Masih, untuk sepeda motor")
    plain_phone.click("text=Kirim jawaban")
    expect(plain_phone.locator("h1")).to_have_text("Laporan Anda sudah kami terima")
    plain_phone.click("summary:has-text('Batalkan laporan')")
    plain_phone.click("text=Batalkan laporan ini")
    expect(plain_phone.locator("h1")).to_have_text("Laporan ini sudah ditutup")
    notes = [note["text"] for note in admin.get(f"/api/cases/{case_id}")["notes"]]
    assert "Sekarang setinggi pinggang" in notes
    assert "Masih, untuk sepeda motor" in notes


def test_step_that_is_not_possible_any_more_is_said_and_keeps_what_was_typed(plain_phone, admin, report, case_id):
    plain_phone.goto(f"/lacak/{report['code']}")
    plain_phone.click("summary:has-text('Tambah keterangan')")
    plain_phone.fill("#add_info", "Masih butuh")
    admin.post(f"/api/cases/{case_id}/reject", {"reason": "sudah ditangani desa"})
    plain_phone.click("text=Kirim keterangan")
    expect(plain_phone.locator("#summary")).to_be_visible()
    expect(plain_phone.locator("#track")).to_contain_text("sudah ditangani desa")


def test_clock_runs_and_news_come_without_loading_again(new_page, admin, report, case_id):
    page = new_page()
    page.clock.install()
    page.goto(f"/lacak/{report['code']}")
    clock = page.locator("[data-countdown]")
    expect(clock).to_contain_text("lagi")
    before = clock.inner_text()
    page.clock.run_for(120_000)
    expect(clock).not_to_have_text(before)
    admin.post(f"/api/cases/{case_id}/verify", {})
    page.clock.run_for(LOOK_AGAIN_MS + 1_000)
    expect(page.locator("h1")).to_have_text("Laporan Anda sedang ditangani")
    expect(page.locator(".steps li").first).to_contain_text("memeriksa")


def test_news_do_not_take_away_what_is_being_typed(new_page, admin, report, case_id):
    page = new_page()
    page.clock.install()
    page.goto(f"/lacak/{report['code']}")
    page.click("summary:has-text('Tambah keterangan')")
    page.fill("#add_info", "Baru setengah ditulis")
    admin.post(f"/api/cases/{case_id}/verify", {})
    page.clock.run_for(LOOK_AGAIN_MS + 1_000)
    expect(page.locator("#add_info")).to_have_value("Baru setengah ditulis")


def test_without_a_network_the_page_says_that_it_is_old(new_page, report):
    page = new_page()
    page.clock.install()
    page.goto(f"/lacak/{report['code']}")
    page.context.set_offline(True)
    page.clock.run_for(LOOK_AGAIN_MS + 1_000)
    expect(page.locator("#fresh")).to_contain_text("Tidak ada sinyal")


def test_unclear_place_is_asked_about_on_the_receipt(plain_phone, admin, nobody):
    plain_phone.goto("/lapor")
    plain_phone.fill("#place_text", "Cibeureum")
    plain_phone.fill("#text", "Butuh air bersih")
    plain_phone.click("text=Kirim laporan")
    choices = plain_phone.locator("[data-candidates] button")
    expect(choices.nth(1)).to_be_visible()
    chosen = choices.first.inner_text()
    choices.first.click()
    expect(plain_phone.locator("[role=status]").first).to_have_text("Terkirim. Terima kasih.")
    code = plain_phone.url.split("/lacak/")[1].partition("?")[0]
    assert "info_added" in [step["step"] for step in nobody.get(f"/api/track/{code}")["history"]]
    assert chosen


def test_reporter_says_that_nothing_has_arrived_and_later_that_it_has(plain_phone, admin, nobody, report, case_id):
    """The states are those of tests/services/test_tracking.py; here, what a reporter can press."""
    plain_phone.goto(f"/lacak/{report['code']}")
    expect(plain_phone.locator("#next")).to_contain_text("Petugas memeriksa laporan Anda")
    admin.post(f"/api/cases/{case_id}/verify", {})
    plain_phone.reload()
    expect(plain_phone.locator("#next")).to_contain_text("mencari stok")
    answer = nobody.post(f"/api/track/{report['code']}", {"action": "not_yet"}, 409)
    assert answer["error"]["code"] == "not_now"


def test_back_after_a_step_and_a_second_press_do_it_once(plain_phone, admin, report, case_id):
    plain_phone.goto(f"/lacak/{report['code']}")
    for _ in range(2):
        plain_phone.click("summary:has-text('Tambah keterangan')")
        plain_phone.fill("#add_info", "Sudah surut")
        plain_phone.click("text=Kirim keterangan")
        expect(plain_phone.locator("[role=status]").first).to_have_text("Terkirim. Terima kasih.")
        plain_phone.go_back()
    notes = [note["text"] for note in admin.get(f"/api/cases/{case_id}")["notes"]]
    assert notes.count("Sudah surut") == 1


def test_nothing_has_come_is_said_with_a_button_and_the_case_goes_on(new_page, stack, admin, nobody):
    scene = Scene(stack, admin, nobody)
    site = warehouse(admin, "Gudang Belum", {"water": 50})
    scene.job("belum-sampai", admin.get(f"/api/sites/{site}/stock")["lots"][0], 20, "accept", "depart", "deliver")
    page = new_page()
    page.goto(f"/lacak/{scene.codes['belum-sampai']}")
    page.click("summary:has-text('Belum')")
    page.fill("#not_yet", "Tidak ada yang datang")
    page.locator("form:has(#not_yet) button").dblclick()
    expect(page.locator("[role=status]").first).to_have_text("Terkirim. Terima kasih.")
    history = [step["step"] for step in nobody.get(page_api(page))["history"]]
    assert history.count("not_received") == 1
    page.go_back()
    page.goto(page.url)
    expect(page.locator("#not_yet")).to_have_count(0)


def page_api(page):
    return f"/api/track/{page.locator('#track').get_attribute('data-code')}"


def test_the_question_that_decides_is_answered_without_scripts(plain_phone, nobody, admin):
    place = {"lon": 107.14, "lat": -6.82, "accuracy_m": 20}
    body = {"client_id": str(uuid.uuid4()), "text": "Rumah ambruk, bapak saya ketimbun", "place": place}
    code = nobody.post("/api/reports", body, 201)["code"]
    plain_phone.goto(f"/lacak/{code}")
    ask = plain_phone.locator("#ask")
    expect(ask).to_contain_text("Satu hal yang paling membantu")
    expect(ask).to_contain_text("dari T3 ke T0")
    ask.get_by_role("button", name="Ya", exact=True).click()
    expect(plain_phone.locator("[role=status]").first).to_have_text("Terkirim. Terima kasih.")
    expect(plain_phone.locator("#ask")).to_contain_text("berapa orang")
    assert nobody.get(f"/api/track/{code}")["tier"] == 0
    plain_phone.fill("#people", "banyak")
    plain_phone.locator("#ask").get_by_role("button").click()
    expect(plain_phone.locator("#people-problem")).to_be_visible()
    expect(plain_phone.locator("#people")).to_have_value("banyak")
    plain_phone.fill("#people", "30")
    plain_phone.locator("#ask").get_by_role("button").click()
    expect(plain_phone.locator("#ask")).to_have_count(0)
    case_id = next(row["case_id"] for row in rows(admin.get("/api/board"), "reports") if row["tier"] == 0)
    assert admin.get(f"/api/cases/{case_id}")["people"] == 30
