"""The coordinator's console in a browser: live, cut off, with keys, on a desk and on a phone."""

import re
import time
import uuid

import pytest
from playwright.sync_api import expect

from server.api.words import word
from tests.web.conftest import DESK, PHONE, SIZES, photograph, violations

BUTTON = "Sudah benar"
expect.set_options(timeout=20_000)
SITE = {"name": "Gudang Konsol", "kind": "warehouse", "place": {"lon": 107.142, "lat": -6.818}}


@pytest.fixture
def desk(stack, new_page):
    """A desk at which the admin is signed in.

    Without the service worker: tests hold requests back here, and do not see those that pass through one.
    """
    return signed_in(stack, new_page, DESK, service_workers="block")


def signed_in(stack, new_page, viewport, **options):
    page = new_page(viewport=viewport, **options)
    body = {"name": stack.admin_name, "password": stack.admin_password}
    assert page.request.post("/api/session", data=body).ok
    return page


def sent(nobody, **content):
    """A report from Cianjur with a text of its own; what the citizen is answered."""
    whole = {
        "client_id": str(uuid.uuid4()),
        "text": "Warga perlu bantuan",
        "place": {"lon": 107.14, "lat": -6.82, "accuracy_m": 30},
        "people": 40,
    }
    return nobody.post("/api/reports", whole | content, status=201)


def case_of(admin, answer):
    """The case that a report became."""
    board = admin.get("/api/board")["reports"]
    rows = [dict(zip(board["columns"], row, strict=True)) for row in board["rows"]]
    return next(row["case_id"] for row in rows if row["id"] == answer["id"])


def row_of(page, case_id):
    """The row of a case in the list that is shown."""
    return page.locator(".row-card", has_text=re.compile(rf"#{case_id}(\D|$)"))


def tab(page, name):
    return page.get_by_role("tab", name=name)


def opened(page, case_id):
    page.goto(f"/konsol/kasus/{case_id}")
    pane = page.locator(".case-pane")
    expect(pane.locator(".facts")).to_be_visible()
    return pane


def test_a_report_arrives_by_itself_and_keys_verify_it(desk, nobody, admin):
    desk.goto("/konsol")
    expect(desk.locator(".link-state")).to_have_text("langsung")
    case_id = case_of(admin, sent(nobody, needs=[{"item": "water"}]))
    expect(row_of(desk, case_id)).to_be_visible()
    desk.keyboard.press("/")
    desk.keyboard.type(f"#{case_id}")
    desk.keyboard.press("Escape")
    expect(desk.locator(".row-card")).to_have_count(1)
    desk.keyboard.press("j")
    expect(row_of(desk, case_id)).to_have_attribute("data-marked", "true")
    desk.keyboard.press("Enter")
    expect(desk.locator(".case-pane blockquote")).to_have_text("Warga perlu bantuan")
    desk.keyboard.press("Escape")
    expect(desk.locator(".case-pane")).to_have_count(0)
    desk.keyboard.press("v")
    expect(desk.locator(".toast")).to_contain_text(f"#{case_id}")
    expect(row_of(desk, case_id)).to_have_count(0)
    desk.keyboard.press("2")
    expect(row_of(desk, case_id)).to_contain_text("Air minum")
    assert admin.get(f"/api/cases/{case_id}")["verified"]


def test_what_happened_while_cut_off_is_caught_up(desk, nobody, admin):
    desk.goto("/konsol")
    expect(desk.locator(".link-state")).to_have_text("langsung")
    # The map's worker is not what this is about.
    desk.locator(".maplibregl-map[data-drawn]").wait_for()
    # The socket must break, not only be silent: the browser keeps one open through `set_offline`.
    desk.route("**/socket.io/**", lambda route: route.abort())
    desk.context.set_offline(True)
    desk.evaluate("performance.now()")
    first = case_of(admin, sent(nobody, text="Saat terputus"))
    desk.context.set_offline(False)
    desk.unroute("**/socket.io/**")
    expect(row_of(desk, first)).to_be_visible()
    second = case_of(admin, sent(nobody, text="Sesudahnya"))
    expect(row_of(desk, second)).to_be_visible()
    expect(desk.locator(".link-state")).to_have_text("langsung")


def test_without_the_web_processes_the_screen_says_so_and_comes_back(stack, desk, nobody, admin):
    desk.goto("/konsol")
    expect(desk.locator(".link-state")).to_have_text("langsung")
    stack.stop("web-0", "web-1")
    expect(desk.locator(".link-state")).to_have_text("terputus, menyusul…")
    stack.start("web-0", "web-1")
    stack.wait_ready()
    case_id = case_of(admin, sent(nobody, text="Setelah pulih"))
    expect(row_of(desk, case_id)).to_be_visible()
    expect(desk.locator(".link-state")).to_have_text("langsung")


def test_a_life_in_danger_is_above_everything_until_somebody_looks(desk, nobody, admin):
    desk.goto("/konsol")
    case_id = case_of(admin, sent(nobody, danger={"trapped": True}))
    alarm = desk.get_by_role("alert").filter(has_text="nyawa terancam")
    expect(alarm).to_contain_text("112")
    expect(alarm).to_contain_text("119")
    # Also when the lists are narrowed to something else.
    desk.locator("#search").fill("tidak ada yang seperti ini")
    expect(desk.locator(".empty")).to_be_visible()
    expect(alarm).to_be_visible()
    alarm.get_by_role("button", name=re.compile(rf"#{case_id} |Lihat semua")).first.click()
    expect(desk.locator(".case-pane, .picked")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_the_map_is_drawn_with_nothing_from_elsewhere(stack, new_page, nobody, admin, size):
    page = signed_in(stack, new_page, SIZES[size])
    sent(nobody, needs=[{"item": "blanket", "quantity": 30}])
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/konsol")
    if size == "phone":
        page.get_by_role("button", name="Peta").click()
    expect(page.locator(".maplibregl-canvas")).to_be_visible()
    expect(page.get_by_text("Memuat peta")).to_have_count(0)
    own = (stack.base_url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert any("names.geojson" in url for url in asked)
    photograph(page, f"{size}-konsol-peta")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


# Where, in pixels of the window, the middle of what was drawn is; null until something was.
DRAWN = """() => {
  const canvas = document.querySelector(".case-marks");
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const points = [];
  for (let at = 3; at < data.length; at += 4) if (data[at]) points.push((at - 3) / 4);
  if (!points.length) return null;
  const middle = (numbers) => (Math.min(...numbers) + Math.max(...numbers)) / 2;
  const box = canvas.getBoundingClientRect();
  const [x, y] = [middle(points.map((n) => n % width)), middle(points.map((n) => Math.floor(n / width)))];
  return { x: box.left + (x / width) * box.width, y: box.top + (y / height) * box.height };
}"""


def test_a_sign_on_the_map_opens_its_case_and_several_come_nearer(desk, nobody, admin):
    there = {"lon": 107.4, "lat": -6.4, "accuracy_m": 10}
    alone = case_of(admin, sent(nobody, text="Sendiri di peta", place=there))
    desk.goto("/konsol")
    desk.fill("#search", f"#{alone}")
    expect(desk.locator(".row-card")).to_have_count(1)
    desk.locator(".maplibregl-map[data-drawn]").wait_for()
    at = desk.wait_for_function(DRAWN).json_value()
    desk.mouse.move(at["x"], at["y"])
    expect(desk.locator(".maplibregl-canvas")).to_have_css("cursor", "pointer")
    desk.mouse.click(at["x"], at["y"])
    expect(desk.locator(".case-pane blockquote")).to_have_text("Sendiri di peta")
    for east in (0.001, 0.002):
        sent(nobody, text="Beramai-ramai", place={**there, "lon": there["lon"] + east})
    area = admin.get(f"/api/areas/{admin.get(f'/api/cases/{alone}')['area']}")
    desk.goto("/konsol")
    desk.fill("#search", area["name"])
    expect(desk.locator(".row-card")).to_have_count(3)
    desk.locator(".maplibregl-map[data-drawn]").wait_for()
    at = desk.wait_for_function(DRAWN).json_value()
    before = desk.locator(".maplibregl-ctrl-scale").inner_text()
    desk.mouse.click(at["x"], at["y"])
    expect(desk.locator(".maplibregl-ctrl-scale")).not_to_have_text(before)


def test_a_case_shows_all_and_the_phone_only_for_a_reason(desk, nobody, admin):
    contact = {"name": "Bu Tini", "phone": "0812 3456 7890"}
    answer = sent(nobody, needs=[{"item": "water"}], vulnerable={"elderly": 3}, contact=contact)
    pane = opened(desk, case_of(admin, answer))
    expect(pane).to_contain_text("3 lansia")
    expect(pane).to_contain_text("norma BNPB Perka 7/2008")
    expect(pane.locator(".terms tr")).to_have_count(5)
    expect(pane.locator(".contact")).to_contain_text("890")
    expect(pane).not_to_contain_text("3456")
    pane.get_by_role("button", name="Tampilkan nomor").click()
    form = pane.locator(".reports form")
    form.get_by_role("button", name="Tampilkan nomor").click()
    expect(form.locator(".problem")).to_be_visible()
    form.locator("textarea").fill("menelepon balik")
    form.get_by_role("button", name="Tampilkan nomor").click()
    expect(pane.locator(".contact a")).to_have_attribute("href", "tel:+6281234567890")
    trail = admin.get(f"/api/audit?subject=report:{answer['id']}")["entries"]
    assert any(entry["action"] == "contact:reveal" for entry in trail)


def test_wrong_corrections_stand_beside_their_fields(desk, nobody, admin):
    case_id = case_of(admin, sent(nobody))
    pane = opened(desk, case_id)
    pane.get_by_role("button", name="Betulkan dulu").click()
    pane.locator("#people").fill("banyak sekali")
    pane.get_by_role("button", name="+ Tambah kebutuhan").click()
    pane.locator(".need-line select").select_option("rice")
    pane.locator(".need-line input").fill("1,5")
    pane.locator(".inline-form").get_by_role("button", name=BUTTON).click()
    expect(pane.locator("#people-problem")).to_contain_text("angka bulat")
    expect(pane.locator(".need-line .problem")).to_contain_text("angka bulat")
    pane.locator("#people").fill("55")
    pane.locator(".need-line input").fill("")
    pane.locator(".inline-form").get_by_role("button", name=BUTTON).click()
    expect(pane.locator(".needs")).to_contain_text("Beras")
    assert admin.get(f"/api/cases/{case_id}")["people"] == 55


def test_a_lost_race_shows_the_present_state(desk, nobody, admin):
    case_id = case_of(admin, sent(nobody))
    pane = opened(desk, case_id)

    def be_late(route):
        admin.post(f"/api/cases/{case_id}/set_tier", {"tier": 1, "reason": "lebih mendesak"})
        route.continue_()

    desk.route(f"**/api/cases/{case_id}/verify", be_late, times=1)
    pane.get_by_role("button", name=BUTTON).click()
    expect(pane.get_by_role("alert")).to_contain_text("Sudah berubah")
    expect(pane.locator(".case-head .tier")).to_have_text("T1")
    pane.get_by_role("button", name=BUTTON).click()
    expect(pane).to_contain_text("Sudah diperiksa")


def test_asking_the_reporter_stops_the_clock(desk, nobody, admin):
    case_id = case_of(admin, sent(nobody))
    pane = opened(desk, case_id)
    pane.get_by_role("button", name="Tanya pelapor").click()
    form = pane.locator(".actions form")
    form.get_by_role("button").click()
    expect(form.locator(".problem")).to_be_visible()
    form.locator("textarea").fill("RT berapa?")
    form.get_by_role("button").click()
    expect(pane).to_contain_text("Ditanyakan: RT berapa?")
    desk.fill("#search", f"#{case_id}")
    expect(row_of(desk, case_id)).to_contain_text("menunggu jawaban pelapor")


def test_reports_of_one_trouble_are_merged(desk, nobody, admin):
    place = {"lon": 107.9, "lat": -7.2, "accuracy_m": 20}
    older = case_of(admin, sent(nobody, place=place, text="Pertama"))
    # The board tells times to the second.
    time.sleep(1.1)
    newer = case_of(admin, sent(nobody, place=place, text="Kedua"))
    pane = opened(desk, newer)
    pane.locator(".twins").get_by_role("button", name="Gabungkan").first.click()
    expect(desk.locator("#case-title")).to_have_text(f"Kasus #{older}")
    expect(desk.locator(".reports > li")).to_have_count(2)


def test_why_cases_may_be_the_same_is_shown_and_a_person_decides(desk, nobody, admin):
    place = {"lon": 107.95, "lat": -7.25, "accuracy_m": 20}
    text = "SDN Mekarjaya ambruk, anak kejebak"
    first, second, third = (case_of(admin, sent(nobody, place=place, text=text)) for _ in range(3))
    pane = opened(desk, first)
    expect(row_of(desk, first)).to_contain_text("mungkin sama dengan kasus lain")
    twins = pane.locator(".twins > ul > li")
    expect(twins).to_have_count(2)
    expect(twins.first.locator(".reasons")).to_contain_text("Di titik yang sama")
    twins.first.get_by_text("Apa yang dibandingkan").click()
    expect(twins.first).to_contain_text("Jarak 0 m")
    expect(twins.first).to_contain_text("Masalah yang sama: bangunan runtuh, orang terjebak")
    expect(twins.first).to_contain_text("Kata yang sama: mekarjaya, school")
    pane.locator(".twins").get_by_role("button", name="Gabungkan semua (2)").click()
    expect(desk.locator(".reports > li")).to_have_count(3, timeout=15_000)
    expect(pane.locator(".twins")).to_have_count(0)
    gone = [case_id for case_id in (first, second, third) if admin.get(f"/api/cases/{case_id}")["merged_into"]]
    assert len(gone) == 2


def test_what_is_not_the_same_is_not_suggested_again(desk, nobody, admin):
    place = {"lon": 107.97, "lat": -7.27, "accuracy_m": 20}
    first, _ = (case_of(admin, sent(nobody, place=place, text="Rumah roboh")) for _ in range(2))
    pane = opened(desk, first)
    pane.locator(".twins").get_by_role("button", name="Bukan yang sama").click()
    expect(pane.locator(".twins")).to_have_count(0)
    assert admin.get(f"/api/cases/{first}")["possible_duplicates"] == []


def test_the_question_that_decides_is_offered_with_its_reason_and_asked(desk, nobody, admin):
    case_id = case_of(admin, sent(nobody, text="Rumah ambruk, ada yang ketimbun"))
    pane = opened(desk, case_id)
    pane.get_by_role("button", name="Tanya pelapor").click()
    offered = pane.locator(".decisive")
    expect(offered).to_contain_text("terjebak atau tertimbun sekarang?")
    expect(offered).to_contain_text(re.compile(r"dari T\d ke T0"))
    offered.get_by_role("button", name="Tanyakan ini").click()
    expect(pane).to_contain_text("Ditanyakan: apakah masih ada bahaya?")
    desk.fill("#search", f"#{case_id}")
    expect(row_of(desk, case_id)).to_contain_text("menunggu jawaban pelapor")


def plan_tab(page, name):
    return page.locator(f"#tab-{name}")


def test_a_plan_is_made_explained_approved_in_part_and_followed(desk, nobody, admin):
    site = admin.post("/api/sites", SITE, 201)
    admin.post("/api/stock/receive", {"site_id": site["id"], "item": "jerrycan", "quantity": 100}, 201)
    cases = [case_of(admin, sent(nobody, needs=[{"item": "jerrycan", "quantity": n}])) for n in (40, 90)]
    for case_id in cases:
        admin.post(f"/api/cases/{case_id}/verify", {})
    desk.goto("/konsol/rencana")
    desk.get_by_role("button", name="Buat rencana").click()
    matches = desk.locator(".long-table .lt-place").filter(has_text="Gudang Konsol")
    expect(matches).to_have_count(2)
    expect(desk.locator(".plan-summary")).to_contain_text(word("plan.proof.best"))
    matches.first.locator(".lt-main").click()
    expect(desk.locator(".why")).to_contain_text("menit jalan")
    photograph(desk, "desk-rencana")
    plan_tab(desk, "unmet").click()
    unmet = desk.locator(".long-table .lt-place").filter(has_text="Jeriken")
    expect(unmet).to_contain_text(word("unmet.all_taken"))
    unmet.locator(".lt-main").click()
    expect(desk.locator(".why-unmet")).to_contain_text("Pasti terpenuhi")
    photograph(desk, "desk-rencana-terbuka")
    plan_tab(desk, "matches").click()
    desk.get_by_role("checkbox", name=word("plan.take_shown")).uncheck()
    matches.first.get_by_role("checkbox").check()
    desk.get_by_role("button", name=re.compile("Setujui 1 dari")).click()
    expect(desk.get_by_text("1 tugas dibuat.")).to_be_visible()
    desk.get_by_role("link", name="Papan").click()
    tab(desk, "Berjalan").click()
    expect(desk.locator(".row-card", has_text="Gudang Konsol")).to_contain_text("Jeriken")


def test_on_a_phone_one_thing_fills_the_screen(stack, new_page, nobody, admin):
    page = signed_in(stack, new_page, PHONE)
    case_id = case_of(admin, sent(nobody, text="Dari HP"))
    page.goto("/konsol")
    photograph(page, "phone-konsol")
    page.get_by_role("button", name="Saring").click()
    page.locator("#search").fill(f"#{case_id}")
    row_of(page, case_id).click()
    expect(page.locator(".case-pane")).to_be_visible()
    expect(page.locator(".list-pane")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    photograph(page, "phone-kasus")
    page.get_by_role("button", name="Kembali").click()
    expect(row_of(page, case_id)).to_be_visible()


def test_in_english(desk, nobody):
    sent(nobody)
    desk.goto("/konsol?lang=en")
    expect(tab(desk, "To look at")).to_be_visible()
    expect(desk.locator(".link-state")).to_have_text("live")
    expect(desk.locator("main")).not_to_contain_text("Perlu dilihat")


def test_who_is_not_signed_in_is_asked_to(new_page):
    page = new_page(viewport=DESK)
    page.goto("/konsol")
    expect(page).to_have_url(re.compile(r"/masuk\?next=%2Fkonsol"))


@pytest.mark.parametrize("size", SIZES)
def test_the_console_is_accessible(stack, new_page, nobody, admin, size):
    page = signed_in(stack, new_page, SIZES[size])
    case_id = case_of(admin, sent(nobody, danger={"medical": True}))
    for path in ("/konsol", f"/konsol/kasus/{case_id}", "/konsol/rencana", "/posko", "/posko#relawan"):
        page.goto(path)
        expect(page.locator("main")).not_to_be_empty()
        expect(page.get_by_text("Memuat…")).to_have_count(0)
        assert violations(page) == [], path
