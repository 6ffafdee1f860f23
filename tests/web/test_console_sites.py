"""Sites and their stock in a browser, and volunteers who wait to be accepted."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.outsider import until
from tests.e2e.people import check_in, person
from tests.web.conftest import DESK, PHONE, SIZES, photograph, under_service_worker
from tests.web.test_console import case_of, sent, signed_in


@pytest.fixture
def desk(stack, new_page):
    return signed_in(stack, new_page, DESK)


@pytest.fixture
def new_site(admin):
    """Makes a site with stock, under a name of its own; gives the site."""

    def make(**stock):
        name = f"Posko {uuid.uuid4().hex[:6]}"
        site = admin.post("/api/sites", {"name": name, "kind": "post", "area_code": "32.03.01"}, 201)
        for item, quantity in stock.items():
            admin.post("/api/stock/receive", {"site_id": site["id"], "item": item, "quantity": quantity}, 201)
        return site

    return make


def lot_row(page, item):
    return page.locator(".lots tbody tr").filter(has=page.locator("th", has_text=item))


@pytest.mark.parametrize("size", SIZES)
def test_a_site_is_added_and_found(stack, new_page, size):
    page = signed_in(stack, new_page, SIZES[size])
    name = f"Gudang {uuid.uuid4().hex[:6]}"
    page.goto("/posko")
    page.get_by_role("button", name="Tambah posko").click()
    page.get_by_role("button", name="Simpan posko").click()
    expect(page.locator("#site-name-problem")).to_have_text("Wajib diisi.")
    page.locator("#site-name").fill(name)
    page.get_by_role("button", name="Simpan posko").click()
    expect(page.locator("#area-problem")).to_contain_text("Tempat wajib diisi")
    page.locator("#area").fill("Cugenang")
    page.locator(".found button").first.click()
    page.get_by_role("button", name="Simpan posko").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.get_by_role("button", name="Semua posko").click()
    page.get_by_role("searchbox").fill(name.lower())
    expect(page.locator(".site-card")).to_have_count(1)
    photograph(page, f"{size}-posko")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


def test_goods_are_received_counted_moved_and_written_off(desk, admin, new_site):
    here, there = new_site(), new_site()
    desk.goto(f"/posko/{here['id']}")
    desk.get_by_role("button", name="Terima barang").click()
    save = desk.get_by_role("button", name="Simpan barang masuk")
    save.click()
    for field in ("receive-item", "receive-quantity"):
        expect(desk.locator(f"#{field}-problem")).to_have_text("Wajib diisi.")
    desk.locator("#receive-item").select_option("water")
    desk.locator("#receive-quantity").fill("-5")
    desk.locator("#receive-expiry").fill("2020-01-01")
    save.click()
    expect(desk.locator("#receive-quantity-problem")).to_contain_text("Terlalu kecil")
    desk.locator("#receive-quantity").fill("120")
    save.click()
    expect(desk.locator("#receive-expiry-problem")).to_be_visible()
    desk.locator("#receive-expiry").fill("2099-01-01")
    save.click()
    expect(lot_row(desk, "Air minum")).to_contain_text("120 L")

    desk.get_by_role("button", name="Hitung ulang").click()
    desk.locator("#counted").fill("100")
    expect(desk.locator(".lot-form .hint")).to_contain_text("-20")
    desk.get_by_role("button", name="Simpan hasil hitung").click()
    expect(desk.locator("#adjust-reason-problem")).to_be_visible()
    desk.locator("#adjust-reason").fill("botol pecah")
    desk.get_by_role("button", name="Simpan hasil hitung").click()
    expect(lot_row(desk, "Air minum")).to_contain_text("100 L")

    desk.get_by_role("button", name="Pindahkan").click()
    desk.locator("#transfer-site").fill(there["name"])
    desk.locator("#transfer-quantity").fill("101")
    form = desk.locator(".lot-form form")
    form.get_by_role("button", name="Pindahkan").click()
    expect(desk.locator("#transfer-quantity-problem")).to_be_visible()
    desk.locator("#transfer-quantity").fill("60")
    form.get_by_role("button", name="Pindahkan").click()
    expect(lot_row(desk, "Air minum")).to_contain_text("40 L")

    desk.get_by_role("button", name="Hapus buku").click()
    desk.locator("#off-quantity").fill("15")
    desk.get_by_role("button", name="Hapus dari stok").click()
    expect(lot_row(desk, "Air minum")).to_contain_text("25 L")

    desk.locator(".ledger summary").click()
    for entry in ("+120 L", "−20 L", "−60 L", "−15 L"):
        expect(desk.locator(".ledger")).to_contain_text(entry)
    assert [lot["on_hand"] for lot in admin.get(f"/api/sites/{here['id']}/stock")["lots"]] == [25]
    assert [lot["on_hand"] for lot in admin.get(f"/api/sites/{there['id']}/stock")["lots"]] == [60]


@pytest.mark.parametrize("size", SIZES)
def test_kits_are_opened_and_what_comes_out_is_shown_first(stack, new_page, admin, new_site, size):
    page, site = signed_in(stack, new_page, SIZES[size]), new_site(family_kit=10, hygiene_kit=4, rice=5)
    page.goto(f"/posko/{site['id']}")
    expect(lot_row(page, "Beras").get_by_role("button", name="Buka paket")).to_have_count(0)
    lot_row(page, "Paket kebersihan diri").get_by_role("button", name="Buka paket").click()
    expect(page.locator(".lot-form")).to_contain_text("Isi lainnya tetap di sini")
    lot_row(page, "Paket kebersihan diri").get_by_role("button", name="Buka paket").click()
    lot_row(page, "Paket keluarga").get_by_role("button", name="Buka paket").click()
    form = page.locator(".lot-form")
    expect(form).to_contain_text("Isi satu paket: Selimut 4")
    page.locator("#break-quantity").fill("11")
    form.get_by_role("button", name="Buka paketnya").click()
    expect(page.locator("#break-reason-problem")).to_be_visible()
    page.locator("#break-reason").fill("dibagi per orang")
    form.get_by_role("button", name="Buka paketnya").click()
    expect(page.locator("#break-quantity-problem")).to_contain_text("10")
    page.locator("#break-quantity").fill("3")
    expect(form).to_contain_text("Menjadi: Selimut 12")
    photograph(page, f"{size}-posko-buka-paket")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    form.get_by_role("button", name="Buka paketnya").click()
    expect(lot_row(page, "Selimut")).to_contain_text("12")
    expect(lot_row(page, "Paket keluarga")).to_contain_text("7")
    page.locator(".ledger summary").click()
    expect(page.locator(".ledger")).to_contain_text("paket dibuka")


def test_a_change_that_is_sent_twice_is_made_once(desk, admin, new_site):
    site = new_site(rice=10)
    desk.goto(f"/posko/{site['id']}")
    desk.get_by_role("button", name="Hapus buku").click()
    desk.locator("#off-quantity").fill("4")

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    desk.route("**/api/stock/write_off", lose_the_answer, times=1)
    desk.get_by_role("button", name="Hapus dari stok").click()
    # It is kept and sent again by itself, under the same id.
    expect(lot_row(desk, "Beras")).to_contain_text("6 kg")
    expect(desk.locator(".unsent")).to_have_count(0, timeout=90_000)
    assert [lot["on_hand"] for lot in admin.get(f"/api/sites/{site['id']}/stock")["lots"]] == [6]


def test_what_is_to_be_handed_out_is_listed(desk, admin, nobody, new_site):
    site = new_site(wheelchair=3)
    case_id = case_of(admin, sent(nobody, needs=[{"item": "wheelchair", "quantity": 2}]))
    admin.post(f"/api/cases/{case_id}/verify", {})
    (need,) = admin.get(f"/api/cases/{case_id}")["needs"]
    (lot,) = admin.get(f"/api/sites/{site['id']}/stock")["lots"]
    by_hand = {"need_id": need["id"], "lot_id": lot["id"], "reason": "paling dekat"}
    admin.post("/api/assignments", by_hand, 201)
    desk.goto(f"/posko/{site['id']}")
    hand_out = desk.get_by_label("Barang yang akan diambil")
    expect(hand_out).to_contain_text("Kursi roda 2 buah")
    expect(hand_out).to_contain_text(f"#{case_id}")
    expect(lot_row(desk, "Kursi roda").locator("td").nth(1)).to_have_text("2")


def test_a_volunteer_is_accepted_and_the_password_shown_once(stack, new_page, desk, admin, nobody):
    name = f"Relawan {uuid.uuid4().hex[:5]}"
    person = {"name": name, "phone": f"0813{uuid.uuid4().int % 10**8:08}", "home_area": "32.03", "consent": True}
    nobody.post("/api/volunteers", person, 201)
    desk.goto("/posko")
    desk.get_by_role("link", name="Relawan baru").click()
    desk.locator("article", has_text=name).get_by_role("button", name="Terima").click()
    once = desk.locator(".once")
    expect(once).to_contain_text("hanya tampil sekali")
    account, password = (once.locator("dd").nth(n).inner_text() for n in (0, 1))
    photograph(desk, "desk-relawan-diterima")
    desk.reload()
    expect(desk.locator("main")).not_to_contain_text(password)
    phone = new_page(viewport=PHONE)
    assert phone.request.post("/api/session", data={"name": account, "password": password}).ok
    body = {"area_code": "32.03.01", "until": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    csrf = phone.request.get("/api/me").json()["csrf"]
    assert phone.request.post("/api/checkins", data=body, headers={"X-CSRF-Token": csrf}).ok


def test_a_keeper_sees_no_volunteers_and_a_foreign_site_only_to_look_at(stack, new_page, new_site):
    made = stack.command("users", "add", "penjaga", "--role", "keeper", "--area", "32.04")
    password = re.findall(r"\S+", made.stdout)[-1]
    page = new_page(viewport=DESK)
    assert page.request.post("/api/session", data={"name": "penjaga", "password": password}).ok
    page.goto("/posko")
    expect(page.get_by_role("heading", name="Posko dan gudang")).to_be_visible()
    expect(page.get_by_role("link", name="Relawan baru")).to_have_count(0)
    page.goto(f"/posko/{new_site()['id']}")
    expect(page.get_by_role("alert")).to_contain_text("Tidak ditemukan")


@pytest.fixture
def keeper_at(stack, new_page):
    """Makes a phone with a keeper of Cianjur signed in, at a site's page that is kept for times without a signal."""

    def make(site):
        name = f"jaga-{uuid.uuid4().hex[:6]}"
        made = stack.command("users", "add", name, "--role", "keeper", "--area", "32.03")
        page = new_page(viewport=PHONE)
        assert page.request.post("/api/session", data={"name": name, "password": made.stdout.split()[-1]}).ok
        page.goto(f"/posko/{site['id']}")
        under_service_worker(page)
        page.reload()
        expect(page.get_by_role("heading", name=site["name"])).to_be_visible()
        return page

    return make


def on_hand(admin, site):
    return {lot["item"]: lot["on_hand"] for lot in admin.get(f"/api/sites/{site['id']}/stock")["lots"]}


def test_a_keeper_receives_and_counts_without_a_signal_and_it_is_written_once(keeper_at, admin, new_site):
    site = new_site(rice=100, blanket=40)
    page = keeper_at(site)
    expect(lot_row(page, "Beras")).to_contain_text("100 kg")
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("main")).to_contain_text("Tidak ada sinyal")
    lot_row(page, "Beras").get_by_role("button", name="Hapus buku").click()
    page.locator("#off-quantity").fill("4")
    page.get_by_role("button", name="Hapus dari stok").click()
    expect(lot_row(page, "Beras")).to_contain_text("96 kg")
    page.get_by_role("button", name="Hitung semua").click()
    counts = page.locator(".count-all")
    counts.get_by_role("button", name="Simpan hitungan").click()
    expect(counts.locator(".problem")).to_have_text("Isi paling sedikit satu hitungan.")
    counts.get_by_label("Beras").fill("90")
    counts.get_by_label("Selimut").fill("empat puluh")
    counts.get_by_role("button", name="Simpan hitungan").click()
    expect(counts.locator(".wrong input").first).to_be_focused()
    counts.get_by_label("Selimut").fill("40")
    counts.get_by_label("Mengapa berbeda?").fill("karung bocor")
    photograph(page, "phone-posko-hitung")
    page.reload()
    page.get_by_role("button", name="Hitung semua").click()
    expect(counts.get_by_label("Beras")).to_have_value("90")
    counts.get_by_role("button", name="Simpan hitungan").dblclick()
    expect(page.locator(".unsent li")).to_have_count(2)
    expect(lot_row(page, "Beras")).to_contain_text("90 kg")
    photograph(page, "phone-posko-belum-terkirim")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert on_hand(admin, site) == {"rice": 100, "blanket": 40}
    again = page.context.new_page()
    page.close()
    again.goto(f"/posko/{site['id']}")
    expect(again.locator(".unsent li")).to_have_count(2)
    again.context.set_offline(False)
    expect(again.locator(".unsent")).to_have_count(0, timeout=30_000)
    assert on_hand(admin, site) == {"rice": 90, "blanket": 40}
    entries = admin.get(f"/api/sites/{site['id']}/ledger")["entries"]
    assert sorted(entry["quantity"] for entry in entries if entry["reason"] != "receive") == [-6, -4]


def test_the_list_of_sites_says_without_a_signal_that_it_was_seen_before(keeper_at, new_site):
    site = new_site(rice=7)
    page = keeper_at(site)
    page.goto("/posko")
    expect(page.locator(".sites")).to_contain_text(site["name"])
    expect(page.locator(".notice.warn")).to_have_count(0)
    page.context.set_offline(True)
    page.reload()
    expect(page.locator(".sites")).to_contain_text(site["name"])
    expect(page.locator(".notice.warn")).to_contain_text("Tidak ada sinyal. Ini keadaan")


def test_goods_of_a_wave_are_picked_and_handed_out_without_a_signal(stack, keeper_at, admin, nobody, new_site):
    site = new_site(wheelchair=3)
    case_id = case_of(admin, sent(nobody, needs=[{"item": "wheelchair", "quantity": 2}]))
    admin.post(f"/api/cases/{case_id}/verify", {})
    (need,) = admin.get(f"/api/cases/{case_id}")["needs"]
    (lot,) = admin.get(f"/api/sites/{site['id']}/stock")["lots"]
    carrier = person(stack, f"bawa-{uuid.uuid4().hex[:6]}", "volunteer", "32.03")
    check_in(carrier)
    me = carrier.get("/api/me")["volunteer_id"]
    by_hand = {"need_id": need["id"], "lot_id": lot["id"], "volunteer_id": me, "reason": "paling dekat"}
    job = admin.post("/api/assignments", by_hand, 201)
    admin.call("POST", f"/api/assignments/{job['id']}/offer", {"volunteer_id": me})
    until(lambda: carrier.call("POST", f"/api/assignments/{job['id']}/accept", {}).status == 200, 60)
    page = keeper_at(site)
    hand_out = page.get_by_label("Barang yang akan diambil")
    expect(hand_out).to_contain_text("Kursi roda 2 buah")
    page.context.set_offline(True)
    page.reload()
    hand_out.get_by_label("Kursi roda").check()
    photograph(page, "phone-posko-serahkan")
    hand_out.get_by_role("button", name="Serahkan ke relawan").dblclick()
    expect(page.locator(".unsent")).to_contain_text("Kursi roda 2 buah")
    expect(lot_row(page, "Kursi roda")).to_contain_text("1 buah")
    page.reload()
    expect(hand_out.get_by_label("Kursi roda")).to_be_checked()
    assert carrier.get("/api/me/assignments")["assignments"][0]["state"] == "accepted"
    page.context.set_offline(False)
    expect(page.locator(".unsent")).to_have_count(0, timeout=30_000)
    assert carrier.get("/api/me/assignments")["assignments"][0]["state"] == "en_route"
    assert on_hand(admin, site) == {"wheelchair": 1}
