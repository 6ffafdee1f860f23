"""/relawan and /relawan/tugas in a browser: signing up, and work where there is no signal."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.outsider import Person, report, rows, until
from tests.e2e.people import check_in, ready, wanting, warehouse
from tests.web.conftest import DESK, SIZES, photograph, under_service_worker, violations

PICTURE = """
async (input) => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1600, height: 1200});
  canvas.getContext("2d").fillRect(0, 0, 800, 1200);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const files = new DataTransfer();
  files.items.add(new File([blob], "serah.png", {type: "image/png"}));
  input.files = files.files;
  input.dispatchEvent(new Event("change"));
}
"""
KEPT = """
new Promise((done) => {
  indexedDB.open("tanggap").onsuccess = ({ target }) => {
    const names = target.result.transaction("kept").objectStore("kept").getAllKeys();
    names.onsuccess = () => done(names.result.filter((name) => name !== "language"));
  };
})
"""


@dataclass
class Job:
    """An assignment that was offered to a volunteer: who carries it, and whom it is for."""

    name: str
    password: str
    volunteer: Person
    id: str
    code: str


@pytest.fixture
def job(stack, admin, nobody):
    """Twenty litres of water from a warehouse, offered to a volunteer who is there."""
    name = f"rela-{uuid.uuid4().hex[:6]}"
    added = stack.command("users", "add", name, "--role", "volunteer", "--area", "32.03")
    volunteer = Person(stack.base_url, stack.command("users", "token", name).stdout.strip())
    check_in(volunteer)
    site = warehouse(admin, f"Gudang {name}", {"water": 50})
    answer = nobody.post("/api/reports", report(**wanting({"water": 20})), 201)
    board = admin.get("/api/board")
    case_id = next(row["case_id"] for row in rows(board, "reports") if row["id"] == answer["id"])
    need = next(row for row in rows(board, "needs") if row["case_id"] == case_id)
    lot = admin.get(f"/api/sites/{site}/stock")["lots"][0]
    admin.post(f"/api/cases/{case_id}/verify", {})
    wanted = {"need_id": need["id"], "lot_id": lot["id"], "quantity": 20, "reason": "uji layar relawan"}
    assigned = admin.post("/api/assignments", wanted, 201)
    me = volunteer.get("/api/me")["volunteer_id"]
    offered = admin.call("POST", f"/api/assignments/{assigned['id']}/offer", {"volunteer_id": me})
    # The automatic round may have asked the same volunteer first.
    assert offered.status == 200 or offered.body["error"]["code"] == "asked_before"
    return Job(name, added.stdout.split()[-1], volunteer, assigned["id"], answer["code"])


def at_work(page: Page, job: Job) -> None:
    """The volunteer, signed in, with their jobs before them."""
    page.goto("/masuk?next=/relawan/tugas")
    page.fill("#name", job.name)
    page.fill("#password", job.password)
    page.click("main button.primary")
    page.goto("/relawan/tugas")


def state_of(job: Job) -> str:
    """The state of the volunteer's one job, as the server has it."""
    return job.volunteer.get("/api/me/assignments")["assignments"][0]["state"]


def recipients_code(nobody: Person, job: Job) -> str:
    return nobody.get(f"/api/track/{job.code}")["delivery_code"]


def test_sign_up_without_scripts_asks_which_of_several_homes(plain_phone, admin):
    plain_phone.goto("/relawan")
    plain_phone.fill("#name", "Asep Sunandar")
    plain_phone.fill("#phone", f"0812{uuid.uuid4().int % 10**8:08d}")
    plain_phone.fill("#home_text", "Cibeureum")
    plain_phone.check("input[value=driving]")
    plain_phone.select_option("#vehicle", "pickup")
    plain_phone.check("#consent")
    plain_phone.click("main button.primary")
    choices = plain_phone.locator("input[name=home_area]")
    expect(choices.nth(1)).to_be_visible()
    assert plain_phone.is_checked("input[value=driving]")
    home = choices.first.get_attribute("value")
    choices.first.check()
    plain_phone.click("main button.primary")
    expect(plain_phone.locator("h1")).to_have_text("Terima kasih!")
    waiting = admin.get("/api/volunteers?state=pending")["volunteers"]
    mine = [one for one in waiting if one["home_area"] == home and one["skills"] == ["driving"]]
    assert [one["vehicle"] for one in mine] == ["pickup"]


def test_sign_up_names_what_is_wrong_and_keeps_the_rest(plain_phone):
    plain_phone.goto("/relawan")
    plain_phone.locator("#consent").evaluate("box => box.removeAttribute('required')")
    plain_phone.fill("#name", "Asep")
    plain_phone.fill("#phone", "12")
    plain_phone.fill("#home_text", "Kecamatan Cugenang, Kabupaten Cianjur")
    plain_phone.click("main button.primary")
    for field in ("phone", "consent"):
        expect(plain_phone.locator(f"#{field}-problem")).to_be_visible()
    expect(plain_phone.locator("#name")).to_have_value("Asep")


def test_home_is_chosen_while_it_is_typed(phone):
    phone.goto("/relawan")
    phone.fill("#home_text", "cugenang")
    phone.locator("#areas button").first.click()
    assert re.fullmatch(r"32\.03(\.\d+)*", phone.input_value("#home_area"))


def test_offer_comes_by_itself_with_its_deadline_and_can_be_declined(phone, job):
    at_work(phone, job)
    offer = phone.locator(f".offer[data-trip='{job.id}']")
    expect(offer).to_contain_text("lagi")
    expect(offer).to_contain_text("20 L")
    assert violations(phone) == []
    photograph(phone, "phone-tawaran")
    offer.get_by_role("button", name="Tolak").click()
    expect(offer).to_have_count(0)


def test_work_goes_on_without_a_signal_and_is_told_once(phone, job, nobody):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    code = recipients_code(nobody, job)
    at_work(phone, job)
    under_service_worker(phone)
    phone.reload()
    expect(phone.locator(".job")).to_be_visible()
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.locator("#network")).to_contain_text("Tidak ada sinyal")
    phone.get_by_role("button", name="Berangkat").click()
    phone.fill(".four", code)
    phone.get_by_role("button", name="Serahkan").click()
    expect(phone.locator(".job")).to_contain_text("Tersimpan di HP")
    expect(phone.locator(".job .badge").nth(1)).to_have_text("Diserahkan")
    assert state_of(job) == "accepted"
    photograph(phone, "phone-tugas-tanpa-sinyal")
    phone.reload()
    expect(phone.locator(".job .badge").nth(1)).to_have_text("Diserahkan")
    phone.context.set_offline(False)
    # The first try may meet a network that is not quite back; the next one comes by itself.
    expect(phone.locator(".job")).not_to_contain_text("Tersimpan di HP", timeout=30_000)
    expect(phone.locator(".job .badge").nth(1)).to_have_text("Diserahkan")
    assert state_of(job) == "delivered"
    steps = [step["step"] for step in nobody.get(f"/api/track/{job.code}")["history"]]
    assert (steps.count("en_route"), steps.count("delivered")) == (1, 1)


def test_a_hand_over_told_in_two_tabs_with_double_clicks_is_told_once(phone, job, nobody):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    job.volunteer.post(f"/api/assignments/{job.id}/depart")
    code = recipients_code(nobody, job)
    at_work(phone, job)
    under_service_worker(phone)
    other = phone.context.new_page()
    for page in (phone, other):
        page.goto("/relawan/tugas")
        page.fill(".four", code)
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Serahkan").dblclick()
    # The other tab may have heard of it already.
    other.evaluate("document.querySelector('#jobs form:has(.four)')?.requestSubmit()")
    phone.context.set_offline(False)
    for page in (phone, other):
        expect(page.locator(".job .progress .now")).to_have_text("Diserahkan", timeout=30_000)
        expect(page.locator("#jobs")).not_to_contain_text("Tersimpan di HP", timeout=30_000)
    assert state_of(job) == "delivered"
    steps = [step["step"] for step in nobody.get(f"/api/track/{job.code}")["history"]]
    assert steps.count("delivered") == 1


def test_a_hand_over_never_overtakes_its_departure(phone, job, nobody):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    code = recipients_code(nobody, job)
    at_work(phone, job)
    asked = []

    def fail_twice(route):
        asked.append("depart")
        route.fulfill(status=503, body="") if asked.count("depart") <= 2 else route.continue_()

    phone.route("**/depart", fail_twice)
    phone.on("request", lambda request: request.url.endswith("/deliver") and asked.append("deliver"))
    phone.get_by_role("button", name="Berangkat").click()
    expect(phone.locator(".job")).to_contain_text("Tersimpan di HP")
    phone.fill(".four", code)
    phone.get_by_role("button", name="Serahkan").click()
    expect(phone.locator(".job")).not_to_contain_text("Tersimpan di HP", timeout=30_000)
    expect(phone.locator(".job .badge").nth(1)).to_have_text("Diserahkan")
    assert state_of(job) == "delivered"
    assert asked == ["depart", "depart", "depart", "deliver"]


def test_wrong_code_is_told_and_a_photo_with_the_place_proves_the_hand_over(phone, job, nobody):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    job.volunteer.post(f"/api/assignments/{job.id}/depart")
    wrong = f"{(int(recipients_code(nobody, job)) + 1) % 10_000:04d}"
    at_work(phone, job)
    phone.fill(".four", wrong)
    phone.get_by_role("button", name="Serahkan").click()
    expect(phone.locator(".job .problem")).to_contain_text("Kode salah")
    expect(phone.locator(".four")).to_be_focused()
    expect(phone.locator(".four")).to_have_value(wrong)
    assert state_of(job) == "en_route"
    phone.fill(".four", "")
    phone.click("summary:has-text('tidak punya kode')")
    phone.locator("input[type=file]").evaluate(PICTURE)
    expect(phone.locator(".job")).to_contain_text("tersimpan di HP")
    phone.reload()
    expect(phone.locator(".job img.proof")).to_be_visible()
    expect(phone.locator(".four")).to_have_value("")
    photograph(phone, "phone-tugas-foto")
    phone.get_by_role("button", name="Serahkan").click()
    expect(phone.locator(".job .badge").nth(1)).to_have_text("Diserahkan")
    # The card shows the step as soon as the phone keeps it; the server has it when the note goes.
    expect(phone.locator(".job")).not_to_contain_text("Tersimpan di HP", timeout=30_000)
    assert state_of(job) == "delivered"


def test_a_step_that_is_refused_later_is_explained_and_may_be_sent_again(phone, job, admin):
    """Made without a signal, while a coordinator gave the job up: the volunteer is told, though the job is gone."""
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    at_work(phone, job)
    under_service_worker(phone)
    phone.reload()
    expect(phone.locator(".job")).to_be_visible()
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Berangkat").click()
    expect(phone.locator(".job")).to_contain_text("Tersimpan di HP")
    admin.post(f"/api/assignments/{job.id}/cancel", {"reason": "jembatan putus"})
    phone.context.set_offline(False)
    told = phone.locator("#jobs .notice.bad")
    expect(told).to_contain_text("Berangkat", timeout=30_000)
    expect(told).to_contain_text("beri tahu koordinator")
    expect(phone.locator(".job")).to_have_count(0)
    assert violations(phone) == []
    photograph(phone, "phone-tugas-ditolak")
    with phone.expect_response("**/depart") as again:
        told.get_by_role("button", name="Kirim lagi").click()
    assert again.value.status == 409
    told.get_by_role("button", name="Mengerti").click()
    expect(told).to_have_count(0)


def test_recipients_are_called_from_the_job(phone, job):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    at_work(phone, job)
    phone.get_by_role("button", name="Telepon penerima").click()
    expect(phone.locator(".job a[href^='tel:+62'], .job p:has-text('tidak meninggalkan nomor')")).to_be_visible()


def test_what_cannot_go_on_is_given_up_with_a_reason(phone, job):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    at_work(phone, job)
    phone.click("summary:has-text('Tidak bisa diteruskan')")
    phone.fill("input[id^=reason]", "Motor mogok")
    phone.get_by_role("button", name="Laporkan gagal").click()
    expect(phone.locator(".job")).to_have_count(0)
    assert job.volunteer.get("/api/me/assignments")["assignments"] == []


def test_signing_out_takes_the_kept_page_along(phone, job):
    at_work(phone, job)
    under_service_worker(phone)
    phone.reload()
    expect(phone.locator(".offer").first).to_be_visible()
    phone.goto("/akun")
    phone.get_by_role("button", name="Keluar").click()
    phone.wait_for_url("**/")
    assert phone.evaluate(KEPT) == []
    phone.context.set_offline(True)
    phone.goto("/relawan/tugas")
    expect(phone.locator("h1")).to_have_text("Sedang tidak ada sinyal")


CLOCK_WRONG = "const now = Date.now; Date.now = () => now() + 3 * 3600 * 1000;"


def test_an_offer_says_why_and_counts_down_by_the_servers_clock(phone, job):
    """A phone whose clock is three hours fast."""
    phone.add_init_script(CLOCK_WRONG)
    at_work(phone, job)
    offer = phone.locator(f".offer[data-trip='{job.id}']")
    why = re.compile("Koordinator memilih Anda|paling cepat sampai|lebih dekat")
    expect(offer.locator(".why")).to_contain_text(why)
    expect(offer.locator(".why")).to_contain_text(re.compile(r"sekitar \d+ menit"))
    expect(offer.locator(".clock")).to_have_text(re.compile(r"^[0-4] menit \d+ detik lagi$"))
    expect(offer.get_by_role("button", name="Terima")).to_be_enabled()
    photograph(phone, "phone-tawaran-mengapa")


def test_the_whole_job_is_done_by_the_keyboard_alone(phone, job, nobody):
    at_work(phone, job)
    expect(phone.locator(f"#accept-{job.id}")).to_be_visible()
    tab_to(phone, f"#accept-{job.id}")
    phone.keyboard.press("Enter")
    expect(phone.locator(".job")).to_be_focused()
    tab_to(phone, f"#depart-{job.id}")
    phone.keyboard.press("Enter")
    expect(phone.locator(".four")).to_be_visible()
    tab_to(phone, ".four")
    phone.keyboard.type("12")
    phone.keyboard.press("Enter")
    expect(phone.locator(".problem")).to_have_text("Kode terdiri dari empat angka.")
    expect(phone.locator(".four")).to_be_focused()
    phone.keyboard.press("Control+A")
    phone.keyboard.type(recipients_code(nobody, job))
    phone.keyboard.press("Enter")
    expect(phone.locator(".job .progress .now")).to_have_text("Diserahkan")
    expect(phone.locator("#jobs")).not_to_contain_text("Tersimpan di HP", timeout=30_000)
    assert state_of(job) == "delivered"


def tab_to(page, selector):
    """Goes to a control by the tab key."""
    for _ in range(60):
        if page.locator(selector).evaluate("field => field === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {selector} by the keyboard")


def test_what_was_typed_outlives_an_ended_session(phone, job):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    job.volunteer.post(f"/api/assignments/{job.id}/depart")
    at_work(phone, job)
    phone.click("summary:has-text('Tidak bisa diteruskan')")
    phone.get_by_role("button", name="Laporkan gagal").click()
    expect(phone.locator(".job .problem")).to_contain_text("Tulis alasannya")
    expect(phone.locator("input[id^=reason]")).to_be_focused()
    phone.fill("input[id^=reason]", "Jembatan putus")
    phone.fill(".four", "98")
    phone.get_by_role("button", name="Ubah").click()
    phone.check("input[name=hours][value='8']")
    phone.fill("#place_text", "Cugenang")
    phone.context.clear_cookies()
    phone.get_by_role("button", name="Laporkan gagal").click()
    expect(phone.locator("#network")).to_contain_text("Sesi Anda berakhir")
    photograph(phone, "phone-tugas-sesi-berakhir")
    at_work(phone, job)
    expect(phone.locator("input[id^=reason]")).to_have_value("Jembatan putus")
    expect(phone.locator(".four")).to_have_value("98")
    phone.get_by_role("button", name="Ubah").click()
    expect(phone.locator("#place_text")).to_have_value("Cugenang")
    expect(phone.locator("input[name=hours][value='8']")).to_be_checked()


def test_a_call_for_help_made_without_a_signal_reaches_the_coordinator_once(stack, new_page, phone, job, admin):
    desk = new_page(viewport=DESK)
    body = {"name": stack.admin_name, "password": stack.admin_password}
    assert desk.request.post("/api/session", data=body).ok
    desk.goto("/konsol")
    at_work(phone, job)
    under_service_worker(phone)
    phone.reload()
    expect(phone.locator(".offer")).to_be_visible()
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Saya butuh pertolongan").click()
    expect(phone.locator("#distress")).to_contain_text("Koordinator langsung diberi tahu")
    phone.fill("#distress-note", "Ban pecah di tanjakan")
    photograph(phone, "phone-tolong-tanya")
    phone.get_by_role("button", name="Panggil pertolongan sekarang").dblclick()
    expect(phone.locator("#distress")).to_contain_text("BELUM terkirim")
    photograph(phone, "phone-tolong-belum-terkirim")
    page = phone.context.new_page()
    phone.close()
    page.goto("/relawan/tugas")
    expect(page.locator("#distress")).to_contain_text("BELUM terkirim")
    page.context.set_offline(False)
    expect(page.locator("#distress")).to_contain_text("Panggilan Anda sampai", timeout=30_000)
    alarm = desk.locator(".distress")
    expect(alarm).to_contain_text("Ban pecah di tanjakan")
    assert [call["note"] for call in admin.get("/api/distress")["calls"]] == ["Ban pecah di tanjakan"]
    photograph(desk, "desk-konsol-tolong")
    alarm.get_by_role("button", name="Saya tangani").click()
    expect(page.locator("#distress")).to_contain_text("sedang mengurus pertolongan")
    photograph(page, "phone-tolong-ditangani")
    page.get_by_role("button", name="Saya sudah aman").click()
    expect(page.get_by_role("button", name="Saya butuh pertolongan")).to_be_visible()
    expect(alarm).to_have_count(0)


def test_all_well_is_said_before_anybody_asks(phone, job):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    job.volunteer.post(f"/api/assignments/{job.id}/depart")
    before = job.volunteer.get("/api/me/assignments")["assignments"][0]["expected_at"]
    at_work(phone, job)
    expect(phone.locator("[data-expected]")).to_contain_text("Kami menunggu kabar Anda")
    phone.get_by_role("button", name="Saya baik-baik saja").click()
    until(lambda: job.volunteer.get("/api/me/assignments")["assignments"][0]["expected_at"] != before, 30)


def test_what_lacks_near_by_and_what_was_done_are_read_without_a_signal_too(phone, job, nobody, admin):
    asked = report(**wanting({"tent": 3}), place={"lon": 107.141, "lat": -6.817, "accuracy_m": 30})
    del asked["area_code"]
    answer = nobody.post("/api/reports", asked, 201)
    case_id = next(row["case_id"] for row in rows(admin.get("/api/board"), "reports") if row["id"] == answer["id"])
    admin.post(f"/api/cases/{case_id}/verify", {})
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    job.volunteer.post(f"/api/assignments/{job.id}/fail", {"reason": "Ban bocor"})
    at_work(phone, job)
    under_service_worker(phone)
    phone.reload()
    phone.click("#near summary")
    expect(phone.locator("#near")).to_contain_text("Tenda keluarga")
    phone.click("#history summary")
    expect(phone.locator("#history")).to_contain_text("Ban bocor")
    assert violations(phone) == []
    photograph(phone, "phone-tugas-dekat-riwayat")
    phone.context.set_offline(True)
    phone.reload()
    phone.click("#near summary")
    expect(phone.locator("#near")).to_contain_text("Tenda keluarga")


LOOKS = [(size, language, scheme) for size in SIZES for language in ("id", "en") for scheme in ("light", "dark")]


def test_the_page_fits_and_reads_well_in_both_sizes_languages_and_by_night(new_page, job):
    job.volunteer.post(f"/api/assignments/{job.id}/accept")
    job.volunteer.post(f"/api/assignments/{job.id}/depart")
    for size, language, scheme in LOOKS:
        page = new_page(viewport=SIZES[size], color_scheme=scheme, locale="id-ID" if language == "id" else "en-GB")
        at_work(page, job)
        page.goto(f"/relawan/tugas?lang={language}")
        expect(page.locator(".job .four")).to_be_visible()
        page.click(".job form:has(.four) button")
        expect(page.locator(".problem")).to_be_visible()
        page.locator("#distress button").first.click()
        expect(page.locator("#distress form")).to_be_visible()
        page.locator("#history summary").click()
        photograph(page, f"{size}-relawan-{language}-{scheme}")
        assert violations(page) == [], (size, language, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
        text = page.locator("main").inner_text()
        assert not re.search(r"\b(volunteer|common|states|items|units)\.\w+|undefined|NaN", text), text


def test_without_scripts_a_job_is_taken_done_and_proven(plain_phone, job, nobody):
    at_work(plain_phone, job)
    offer = plain_phone.locator(".offer").filter(has=plain_phone.locator(f"form[action*='{job.id}']"))
    expect(offer).to_contain_text("Air minum: 20 L")
    photograph(plain_phone, "phone-tawaran-tanpa-skrip")
    offer.get_by_role("button", name="Terima").click()
    plain_phone.get_by_role("button", name="Berangkat").click()
    code = recipients_code(nobody, job)
    plain_phone.fill("input[name=code]", "12")
    plain_phone.get_by_role("button", name="Serahkan").click()
    expect(plain_phone.locator(".problem")).to_be_visible()
    expect(plain_phone.locator("input[name=code]")).to_be_focused()
    expect(plain_phone.locator("input[name=code]")).to_have_value("12")
    plain_phone.fill("input[name=code]", code)
    plain_phone.get_by_role("button", name="Serahkan").click()
    expect(plain_phone.locator(".job .badge").nth(1)).to_have_text("Diserahkan")
    assert state_of(job) == "delivered"
    plain_phone.go_back()
    plain_phone.reload()
    steps = [step["step"] for step in nobody.get(f"/api/track/{job.code}")["history"]]
    assert (steps.count("en_route"), steps.count("delivered")) == (1, 1)


def test_without_scripts_a_check_in_and_a_call_for_help_are_told_and_an_ended_session_loses_nothing(
    plain_phone, job, admin
):
    job.volunteer.call("DELETE", "/api/checkins/current")
    at_work(plain_phone, job)
    plain_phone.get_by_role("button", name="Saya siap").click()
    expect(plain_phone.locator("#place_text-check-in-plain-problem")).to_be_visible()
    plain_phone.locator("#place_text-check-in-plain").fill("Kecamatan Cugenang, Kabupaten Cianjur")
    plain_phone.context.clear_cookies()
    plain_phone.get_by_role("button", name="Saya siap").click()
    plain_phone.wait_for_url("**/masuk?**")
    plain_phone.fill("#name", job.name)
    plain_phone.fill("#password", job.password)
    target = plain_phone.locator("input[name=next]").get_attribute("value")
    plain_phone.click("main button.primary")
    plain_phone.goto(target)
    expect(plain_phone.locator("#place_text-check-in-plain")).to_have_value("Kecamatan Cugenang, Kabupaten Cianjur")
    plain_phone.get_by_role("button", name="Saya siap").click()
    expect(plain_phone.get_by_role("button", name="Selesai bertugas")).to_be_visible()
    plain_phone.get_by_role("button", name="Panggil pertolongan sekarang").click()
    expect(plain_phone.locator(".notice[role=status]:has-text('Panggilan Anda sampai')")).to_be_visible()
    assert job.name in [call["alias"] for call in admin.get("/api/distress")["calls"]]


BEACH = {"lon": 108.65, "lat": -7.69, "accuracy_m": 50}
HAMLETS = [{"lon": 108.60 + step, "lat": -7.66, "accuracy_m": 30} for step in (0, 0.002)]


@pytest.fixture
def trip(stack, admin, nobody):
    """Blankets for two hamlets, planned as one trip for the only pickup far and wide: their offers, by stop."""
    name = f"rela-{uuid.uuid4().hex[:6]}"
    added = stack.command("users", "add", name, "--role", "volunteer", "--area", "32.18")
    volunteer = Person(stack.base_url, stack.command("users", "token", name).stdout.strip())
    ends = (datetime.now(UTC) + timedelta(hours=8)).isoformat()
    volunteer.post("/api/checkins", {"place": BEACH, "until": ends, "vehicle": "pickup", "skills": []}, 201)
    site = admin.post("/api/sites", {"name": f"Gudang {name}", "kind": "warehouse", "place": BEACH}, 201)
    admin.post("/api/stock/receive", {"site_id": site["id"], "item": "blanket", "quantity": 20}, 201)
    cases = set()
    for place in HAMLETS:
        asked = report(**wanting({"blanket": 10}), place=place)
        del asked["area_code"]
        answer = nobody.post("/api/reports", asked, 201)
        board = admin.get("/api/board")
        cases.add(next(row["case_id"] for row in rows(board, "reports") if row["id"] == answer["id"]))
    for case_id in cases:
        admin.post(f"/api/cases/{case_id}/verify", {})
    plan = ready(admin, admin.post("/api/plans", {"area": "32.18"}, 202)["id"])
    mine = [match["n"] for match in plan["matches"] if match["case_id"] in cases]
    admin.post(f"/api/plans/{plan['id']}/approve", {"only": mine})
    until(lambda: len(volunteer.get("/api/me/offers")["offers"]) == 2, 60)
    offers = volunteer.get("/api/me/offers")["offers"]
    return [Job(name, added.stdout.split()[-1], volunteer, one["id"], "") for one in offers]


def test_a_trip_is_offered_taken_and_begun_as_one_with_its_stops_in_order(phone, trip):
    at_work(phone, trip[0])
    offer = phone.locator(".offer")
    expect(offer).to_have_count(1)
    expect(offer).to_contain_text("2 pemberhentian")
    expect(offer.locator(".leg").first).to_contain_text("20 buah")
    expect(offer.locator(".leg a[href^='geo:']")).to_have_count(3)
    assert violations(phone) == []
    photograph(phone, "phone-tawaran-perjalanan")
    offer.get_by_role("button", name="Terima").click()
    jobs = phone.locator(".job")
    expect(jobs).to_have_count(2)
    expect(jobs.nth(0)).to_contain_text("Pemberhentian 1")
    expect(jobs.nth(1)).to_contain_text("Pemberhentian 2")
    expect(phone.locator(".job a[href^='geo:-7.66']")).to_have_count(2)
    photograph(phone, "phone-tugas-perjalanan")
    under_service_worker(phone)
    phone.reload()
    expect(jobs).to_have_count(2)
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Berangkat").click()
    expect(phone.locator(".job form .four")).to_have_count(2)
    phone.reload()
    expect(phone.locator(".job form .four")).to_have_count(2)
    phone.context.set_offline(False)
    expect(phone.locator("#jobs")).not_to_contain_text("Tersimpan di HP", timeout=30_000)
    taken = trip[0].volunteer.get("/api/me/assignments")["assignments"]
    assert [(one["stop"], one["state"]) for one in taken] == [(1, "en_route"), (2, "en_route")]
