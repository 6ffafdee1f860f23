"""/lapor in a browser: without scripts, with them, without a network, and on the way back."""

import gzip
import re
import uuid

import pytest
from playwright.sync_api import Page, expect
from werkzeug.datastructures import MultiDict

from bench.wire import wire
from server.api import forms
from tests.e2e.outsider import rows
from tests.web.conftest import SIZES, photograph, under_service_worker

TEXT = "Rumah roboh kena gempa, 30 orang di lapangan"


def fill_in(page: Page, text: str = TEXT) -> None:
    page.goto("/lapor")
    page.fill("#place_text", "Kecamatan Cugenang, Kabupaten Cianjur")
    page.fill("#text", text)


def received_code(page: Page) -> str:
    expect(page.locator(".receipt h1")).to_have_text("DITERIMA")
    return page.locator(".receipt .code").inner_text()


def reports_on_board(admin):
    return [row["id"] for row in rows(admin.get("/api/board"), "reports")]


def test_plain_form_gives_a_receipt_and_takes_a_second_sending_as_the_same(plain_phone, admin):
    fill_in(plain_phone)
    plain_phone.check("#n-water")
    plain_phone.fill("#amount_water", "1.200")
    plain_phone.fill("#phone", "0812 9876 5432")
    before = reports_on_board(admin)
    plain_phone.click("text=Kirim laporan")
    code = received_code(plain_phone)
    photograph(plain_phone, "phone-receipt")
    plain_phone.reload()
    assert received_code(plain_phone) == code
    plain_phone.go_back()
    plain_phone.click("text=Kirim laporan")
    assert received_code(plain_phone) == code
    assert len(reports_on_board(admin)) == len(before) + 1
    plain_phone.click("text=Lihat laporan")
    expect(plain_phone.locator("#track")).to_contain_text("1.200 L")


def test_plain_form_names_every_wrong_field_and_loses_nothing(plain_phone):
    plain_phone.goto("/lapor")
    plain_phone.check("#d-trapped")
    expect(plain_phone.locator(".call")).to_contain_text("112")
    plain_phone.fill("#people", "3")
    plain_phone.click("summary:has-text('Bayi')")
    plain_phone.fill("#infants", "9")
    plain_phone.fill("#phone", "12")
    plain_phone.check("#n-blanket")
    plain_phone.click("text=Kirim laporan")
    for field in ("place_text", "infants", "phone"):
        expect(plain_phone.locator(f"#{field}-problem")).to_be_visible()
    photograph(plain_phone, "phone-report-wrong")
    assert plain_phone.input_value("#people") == "3"
    assert plain_phone.input_value("#infants") == "9"
    assert plain_phone.is_checked("#n-blanket")
    assert plain_phone.is_checked("#d-trapped")
    plain_phone.fill("#place_text", "Cugenang, Cianjur")
    plain_phone.fill("#infants", "2")
    plain_phone.fill("#phone", "")
    plain_phone.click("text=Kirim laporan")
    received_code(plain_phone)


def test_photo_of_the_plain_form_is_kept_and_a_wrong_one_does_not_lose_the_report(plain_phone, tmp_path):
    fill_in(plain_phone)
    wrong = tmp_path / "foto.jpg"
    wrong.write_text("not a picture")
    plain_phone.set_input_files("#photo", wrong)
    plain_phone.click("text=Kirim laporan")
    received_code(plain_phone)
    expect(plain_phone.locator(".notice.warn")).to_contain_text("fotonya tidak")


def test_report_with_script_and_the_phone_s_place(phone, nobody):
    phone.goto("/lapor")
    phone.click("#locate")
    expect(phone.locator("#located")).to_contain_text("25 m")
    phone.check("#d-rising")
    expect(phone.locator(".danger .call a").first).to_have_attribute("href", "tel:112")
    phone.fill("#text", TEXT)
    phone.click("text=Kirim laporan")
    code = received_code(phone)
    expect(phone.locator(".receipt [data-when=t0]")).to_be_visible()
    assert nobody.get(f"/api/track/{code}")["tier"] == 0


def test_area_is_chosen_by_name(phone):
    phone.goto("/lapor")
    phone.fill("#place_text", "cibeureum")
    choices = phone.locator("#areas button")
    expect(choices.nth(1)).to_be_visible()
    choices.first.click()
    assert re.fullmatch(r"32(\.\d+)+", phone.input_value("[name=area_code]"))
    phone.locator("#place_text").press_sequentially("x")
    assert phone.input_value("[name=area_code]") == ""


def test_script_sends_what_the_plain_form_would(phone):
    fill_in(phone)
    phone.check("#d-medical")
    phone.check("#n-water")
    phone.fill("#amount_water", "1.200")
    phone.check("#n-blanket")
    phone.fill("#people", "30")
    phone.fill("#landmark", "belakang masjid")
    phone.fill("#name", "Bu Imas")
    typed = "[...new FormData(document.querySelector('#report'))].filter(([, v]) => typeof v === 'string')"
    fields = phone.evaluate(typed)
    with phone.expect_request("**/api/reports") as sent:
        phone.click("text=Kirim laporan")
    by_form = forms.report(MultiDict([tuple(pair) for pair in fields]))
    assert by_form.pop("on_behalf") is False
    assert sent.value.post_data_json == by_form
    received_code(phone)


def test_draft_survives_a_closed_page(phone):
    fill_in(phone)
    phone.check("#n-water")
    phone.reload()
    assert phone.input_value("#text") == TEXT
    assert phone.is_checked("#n-water")


def test_offline_report_waits_on_the_phone_and_is_sent_once(phone, admin):
    phone.goto("/lapor")
    under_service_worker(phone)
    before = reports_on_board(admin)
    phone.context.set_offline(True)
    fill_in(phone, "Dari tempat tanpa sinyal")
    phone.click("text=Kirim laporan")
    expect(phone.locator("#queue")).to_contain_text("Tersimpan di HP, belum terkirim")
    expect(phone.locator("body")).not_to_contain_text("DITERIMA")
    photograph(phone, "phone-offline")
    phone.goto("/")
    expect(phone.locator("h1")).to_have_text("Sedang tidak ada sinyal")
    expect(phone.locator("#queue")).to_contain_text("belum terkirim")
    phone.context.set_offline(False)
    # The page in place of another one opens that one by itself, and must not do so in the middle of the next step.
    expect(phone.locator("h1")).not_to_have_text("Sedang tidak ada sinyal")
    phone.goto("/lapor")
    expect(phone.locator("#queue")).to_be_hidden()
    phone.goto("/lacak")
    expect(phone.locator("#sent a")).to_have_count(1)
    assert len(reports_on_board(admin)) == len(before) + 1


def test_queue_outlives_the_service_worker(phone):
    phone.goto("/lapor")
    under_service_worker(phone)
    phone.context.set_offline(True)
    fill_in(phone, "Sebelum pembaruan")
    phone.click("text=Kirim laporan")
    expect(phone.locator("#queue")).to_contain_text("belum terkirim")
    phone.evaluate(
        """async () => {
          for (const name of await caches.keys()) await caches.delete(name);
          for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
        }"""
    )
    phone.context.set_offline(False)
    phone.goto("/lacak")
    expect(phone.locator("#sent a")).to_have_count(1)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [(503, "application/json", '{"error": {}}'), (200, "text/html", "<p>Selamat datang di Wi-Fi gratis</p>")],
    ids=["server away", "login page of a free network"],
)
def test_only_the_server_s_own_answer_counts_as_received(phone, status, kind, body):
    phone.route("**/api/reports", lambda route: route.fulfill(status=status, content_type=kind, body=body))
    fill_in(phone)
    phone.click("text=Kirim laporan")
    expect(phone.locator("#queue")).to_contain_text("belum terkirim")
    expect(phone.locator("body")).not_to_contain_text("DITERIMA")
    phone.unroute("**/api/reports")
    received_code(phone)


def test_refused_report_comes_back_into_the_form(phone):
    error = {"error": {"code": "invalid", "message": "x", "fields": {"contact.phone": "Nomor ini salah."}}}
    phone.route("**/api/reports", lambda route: route.fulfill(status=422, json=error))
    fill_in(phone)
    phone.click("text=Kirim laporan")
    expect(phone.locator("#phone-problem")).to_have_text("Nomor ini salah.")
    assert phone.input_value("#text") == TEXT
    phone.unroute("**/api/reports")
    phone.click("text=Kirim laporan")
    received_code(phone)


def test_photo_follows_the_text_small_and_with_the_code(phone):
    fill_in(phone)
    phone.evaluate(
        """async () => {
          const canvas = Object.assign(document.createElement("canvas"), {width: 3000, height: 2000});
          canvas.getContext("2d").fillRect(0, 0, 1500, 2000);
          const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
          const files = new DataTransfer();
          files.items.add(new File([blob], "besar.png", {type: "image/png"}));
          document.querySelector("#photo").files = files.files;
        }"""
    )
    with phone.expect_response("**/photos/*") as answered:
        phone.click("text=Kirim laporan")
    code = received_code(phone)
    assert answered.value.status == 201
    assert answered.value.request.headers["x-tracking-code"] == code
    assert max(answered.value.json()[side] for side in ("width", "height")) == 1280


def test_first_visit_is_light_and_asks_nobody_else(new_page, stack):
    page = new_page(service_workers="block")
    bodies: dict[str, bytes] = {}
    page.on("response", lambda response: bodies.setdefault(response.url.partition("?")[0], response.body()))
    page.goto("/lapor", wait_until="networkidle")
    sizes = {url.removeprefix(stack.base_url): len(gzip.compress(body, 9)) for url, body in bodies.items()}
    assert all(path.startswith("/") for path in sizes), sizes
    assert sizes["/lapor"] + sizes["/static/base.css"] <= 14_000
    assert sum(size for path, size in sizes.items() if path.endswith(".js")) <= 25_000


def test_first_visit_with_all_that_is_kept_for_later_and_the_next_one_over_the_wire(new_page, stack):
    with wire(stack.settings.port) as relay:
        page = new_page(base_url=relay.url)
        page.goto("/lapor")
        under_service_worker(page)
        page.wait_for_load_state("networkidle")
        assert 0 < relay.down <= 50_000
        relay.reset()
        with page.context.expect_event("response", lambda answer: answer.status == 304):
            page.goto("/lapor")
        page.wait_for_load_state("networkidle")
        assert 0 < relay.down <= 2_000


def test_repeat_visit_costs_next_to_nothing(phone):
    phone.goto("/lapor")
    under_service_worker(phone)
    asked_again = lambda r: "lang=id" in r.url and r.from_service_worker is False  # noqa: E731 - named only to fit
    with phone.context.expect_event("response", asked_again) as again:
        phone.goto("/lapor")
    assert again.value.status == 304


@pytest.mark.parametrize("size", SIZES)
def test_form_fits_the_screen_in_both_languages(new_page, size):
    page = new_page(viewport=SIZES[size])
    for language, title in (("id", "Lapor butuh bantuan"), ("en", "Report a need")):
        page.goto(f"/lapor?lang={language}")
        expect(page.locator("h1")).to_have_text(title)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
        photograph(page, f"{size}-report-{language}")
    page.goto("/lapor")
    expect(page.locator("h1")).to_have_text("Report a need")


def test_training_incident_is_offered_only_by_its_own_link(plain_phone, stack):
    slug = f"latihan-{uuid.uuid4().hex[:6]}"
    added = stack.command("incidents", "add", slug, "--name", "Latihan banjir", "--training")
    assert added.returncode == 0, added.stderr
    plain_phone.goto("/lapor")
    expect(plain_phone.locator("body")).not_to_contain_text("Latihan banjir")
    plain_phone.goto(f"/lapor?incident={slug}")
    assert plain_phone.input_value("#incident") == slug
