"""/lapor: saying where by lists and by a tap, being told of like cases, and all of it in Sundanese."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import PHONE, photograph, violations

NEAR = {
    "district": {"code": "32.03.11", "name": "Cugenang"},
    "people_waiting": 120,
    "cases": [
        {"id": "0123456789AB", "people_from": 50, "items": ["tarpaulin", "water"], "waiting": "1_to_4h"},
        {"id": "BA9876543210", "people_from": 5, "items": [], "waiting": "under_1h"},
    ],
}


def hidden(page, name):
    return page.input_value(f"[name={name}]")


def metres(page):
    return int(re.search(r"(\d+) m\b", page.locator("#located").inner_text())[1])


def test_place_is_chosen_from_lists_down_to_the_village(phone, nobody):
    phone.goto("/lapor")
    phone.click("#pick summary")
    phone.select_option("#pick-regency", label="Kabupaten Cianjur")
    phone.select_option("#pick-district", label="Cugenang")
    phone.select_option("#pick-village", label="Cibeureum")
    assert re.fullmatch(r"32\.03\.\d\d\.\d{4}", hidden(phone, "area_code"))
    assert phone.input_value("#place_text") == "Cibeureum, Cugenang, Kabupaten Cianjur"
    photograph(phone, "phone-report-lists")
    phone.fill("#text", "Rumah retak")
    with phone.expect_response("**/api/reports") as answered:
        phone.click("text=Kirim laporan")
    assert answered.value.status == 201


def test_place_is_tapped_on_a_light_map_and_the_closer_the_more_precise(phone):
    phone.goto("/lapor")
    phone.click("#pick summary")
    phone.select_option("#pick-regency", label="Kabupaten Garut")
    picture = phone.locator(".tap-map svg")
    picture.click()
    far = metres(phone)
    assert -7.8 < float(hidden(phone, "lat")) < -6.8
    assert 107.2 < float(hidden(phone, "lon")) < 108.3
    assert hidden(phone, "accuracy_m") == str(far)
    photograph(phone, "phone-report-map")
    before = hidden(phone, "lon")
    for _ in range(3):
        phone.get_by_role("button", name="Perbesar").click()
    picture.click(position={"x": 60, "y": 60})
    assert metres(phone) < far / 7
    assert hidden(phone, "lon") != before
    phone.select_option("#pick-district", index=1)
    assert hidden(phone, "lon") == ""
    assert hidden(phone, "area_code").startswith("32.05.")


def test_lists_without_a_network_say_so_and_load_when_it_is_back(phone):
    phone.goto("/lapor")
    phone.context.set_offline(True)
    phone.click("#pick summary")
    expect(phone.locator("#pick .notice")).to_contain_text("Daftar perlu sinyal")
    phone.context.set_offline(False)
    phone.click("#pick .notice button")
    expect(phone.locator("#pick-regency option")).to_have_count(28)


def test_a_place_typed_before_the_script_came_is_looked_for_and_a_lost_answer_asked_for_again(phone):
    held = []
    # A method of a list cannot be the handler itself.
    phone.route("**/report*.js", lambda route: held.append(route))  # noqa: PLW0108
    phone.goto("/lapor", wait_until="commit")
    phone.fill("#place_text", "Cugenang")
    lost = []
    phone.route("**/api/areas?*", lambda route: route.continue_() if lost else (lost.append(1), route.abort()))
    phone.unroute("**/report*.js")
    for route in held:
        route.continue_()
    phone.locator("#areas button").first.click()
    assert hidden(phone, "area_code").startswith("32.03.")
    assert lost


def test_like_cases_are_told_before_sending_and_one_of_them_is_joined(phone):
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(json=NEAR)

    phone.route("**/api/public/near**", answer)
    phone.goto("/lapor")
    phone.click("#locate")
    phone.check("#n-water")
    choices = phone.locator("#near label")
    expect(choices).to_have_count(3)
    expect(choices.first).to_contain_text("50 orang atau lebih, menunggu 1 sampai 4 jam.")
    expect(choices.first).to_contain_text("Minta: terpal 4 x 6 m, air minum")
    expect(phone.locator("#near")).to_contain_text("Sekitar 120 orang")
    assert all("lon=107.14&lat=-6.82" in url for url in asked)
    assert violations(phone) == []
    photograph(phone, "phone-report-near")
    choices.first.click()
    with phone.expect_request("**/api/reports") as sent:
        phone.click("text=Kirim laporan")
    assert sent.value.post_data_json["same_as"] == "0123456789AB"


def test_a_neighbour_s_code_goes_along_from_the_plain_form(plain_phone, nobody):
    plain_phone.goto("/lapor")
    plain_phone.fill("#place_text", "Cugenang, Cianjur")
    plain_phone.fill("#text", "Banjir di gang kami")
    plain_phone.click("text=Ada yang sudah lapor?")
    plain_phone.fill("#same_as_code", "x" * 24)
    plain_phone.click("text=Kirim laporan")
    expect(plain_phone.locator(".receipt h1")).to_have_text("DITERIMA")


@pytest.mark.parametrize("path", ["/", "/lapor", "/lacak", "/lacak/SALAH", "/offline"])
def test_reporting_pages_speak_sundanese_as_a_draft(new_page, path):
    page = new_page()
    page.goto(f"{path}?lang=su")
    expect(page.locator("html")).to_have_attribute("lang", "su")
    expect(page.locator(".to-review")).to_contain_text("can dipariksa")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    photograph(page, f"phone-su{path.replace('/', '-')}")


def test_sundanese_report_is_refused_kept_and_received_in_sundanese(new_page):
    page = new_page(locale="su-ID")
    page.goto("/lapor")
    expect(page.locator("h1")).to_have_text("Laporkeun peryogi bantosan")
    page.click("button.primary.big")
    expect(page.locator("#place_text-problem")).to_have_text("Eusian heula tempatna.")
    expect(page.locator("#place_text")).to_be_focused()
    page.fill("#place_text", "Cugenang, Cianjur")
    page.fill("#text", "Caah")
    page.click("button.primary.big")
    expect(page.locator(".receipt h1")).to_have_text("KATAMPI")
    page.goto("/relawan")
    expect(page.locator("html")).to_have_attribute("lang", "id")
