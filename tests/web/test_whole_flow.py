"""A gift and a report, from a phone to a proven hand-over, on the donor's page and on the public map.

With nothing but browsers: two phones (who reports, who carries), and two that are screens of a desk (the coordinator's
and the donor's, each a browser of its own) or phones as well.
"""

import re

import pytest
from playwright.sync_api import expect

from server.api.words import word
from tests.e2e.people import warehouse
from tests.web.conftest import DESK, HERE, PHONE, photograph

expect.set_options(timeout=20_000)
PUBLISH_EVERY_S = "2"
PASSWORD = "kata sandi relawan yang panjang"
SCREENS = {"phone": PHONE, "desk": DESK}
"""What the coordinator and the donor look at."""
ITEM = {"phone": "water", "desk": "blanket"}
"""What is asked for, so that the two flows have nothing to do with each other."""
GIVEN, ASKED = 500, 200
PAINTING_MS = 1500
"""A map is painted a moment after it is there; only its picture waits for that."""
TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("size", SCREENS)
def test_from_report_to_hand_over_in_a_browser(stack, new_page, admin, size):
    phone, carrier = (new_page(**TOUCH, geolocation=HERE, permissions=["geolocation"]) for _ in range(2))
    desk, donor = (new_page(viewport=SCREENS[size]) for _ in range(2))
    gift = give(admin, size)
    coordinate(stack, desk, size)
    volunteer(stack, carrier, size)
    follow(donor, gift, word("public.gift.in_store"), GIVEN, size)

    code = send(phone, size)
    case = see_and_verify(desk, size)
    track(phone, code, "verified", size)
    plan_and_approve(desk, size)

    take(carrier, size)
    track(phone, code, "accepted", size)
    recipients = phone.locator(".code").inner_text()
    set_off(carrier)
    track(phone, code, "en_route", size)
    follow(donor, gift, word("public.gift.on_the_way"), ASKED, size)
    hand_over(carrier, recipients, size)
    track(phone, code, "delivered", size)
    phone.get_by_role("button", name=word("track.actions.confirm.do")).click()
    track(phone, code, "confirmed", size)
    expect(phone.locator("h1")).to_have_text(word("track.headline.done"))
    followed(desk, case, size)
    follow(donor, gift, word("public.gift.delivered"), ASKED, size)
    expect(donor.locator("main")).to_contain_text("Cugenang")
    expect(donor.locator("main")).not_to_contain_text("Ibu Uji")
    on_the_public_map(phone, size)


def give(admin, size):
    """A donor's goods come to a warehouse; the code on their receipt."""
    site = warehouse(admin, f"Gudang {size}", {})
    given = {"site_id": site, "item": ITEM[size], "quantity": GIVEN, "donor": "Bu Donatur"}
    return admin.post("/api/gifts", given, 201)["code"]


def follow(donor, gift, label, quantity, size):
    """The gift's own page tells that so much of it is there."""
    donor.goto(f"/donasi/{gift}")
    told = donor.locator("main .facts").first
    part = told.locator(f"dt:text-is('{label}') + dd").filter(has_text=re.compile(rf"^\s*{quantity}\b"))
    until_shown(donor, part)
    shown(donor, f"donasi-{label}", size)


def shown(page, name, size):
    """Keeps a picture of the page, and sees that it fits the screen and has no word missing."""
    photograph(page, f"{size}-alur-{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    text = page.locator("body").inner_text()
    assert not re.search(r"\b(states|steps|items|units|errors|events|why|flags)\.\w+|\{\w+\}|undefined|NaN|null", text)


def sign_in(page, name, password):
    page.goto("/masuk")
    page.fill("#name", name)
    page.fill("#password", password)
    page.get_by_role("button", name=word("signin.do"), exact=True).click()


def coordinate(stack, desk, size):
    """The coordinator signs in and watches the board."""
    desk.goto("/masuk")
    shown(desk, "masuk", size)
    sign_in(desk, stack.admin_name, stack.admin_password)
    desk.wait_for_url("**/konsol**")
    expect(desk.locator(".link-state")).to_have_text("langsung")
    shown(desk, "konsol-kosong" if size == "phone" else "konsol-sebelum", size)


def volunteer(stack, carrier, size):
    """A volunteer changes the one-time password, and is here with a truck for eight hours."""
    name = f"relawan-{size}"
    added = stack.command("users", "add", name, "--role", "volunteer", "--area", "32.03")
    once = added.stdout.split()[-1]
    sign_in(carrier, name, once)
    carrier.wait_for_url("**/akun")
    shown(carrier, "akun", size)
    carrier.fill("#old", once)
    carrier.fill("#new", PASSWORD)
    carrier.get_by_role("button", name=word("account.change"), exact=True).click()
    carrier.wait_for_url("**/masuk?**")
    sign_in(carrier, name, PASSWORD)
    carrier.wait_for_url("**/relawan/tugas")
    carrier.click("#locate")
    expect(carrier.locator("#located")).to_be_visible()
    carrier.check("input[name=hours][value='8']")
    carrier.select_option("#vehicle", "truck")
    carrier.select_option("#team", "2")
    shown(carrier, "lapor-diri", size)
    carrier.get_by_role("button", name=word("volunteer.check_in_do")).click()
    expect(carrier.locator("#checked-in")).to_be_visible()


def send(phone, size):
    """The citizen reports; what the receipt's code is."""
    phone.goto("/lapor")
    phone.fill("#place_text", "Cugenang")
    phone.locator("#areas").get_by_text("Cugenang").first.click()
    phone.fill("#text", f"Air sumur kotor sesudah gempa, dari {size}")
    phone.check(f"#n-{ITEM[size]}")
    phone.fill(f"#amount_{ITEM[size]}", str(ASKED))
    phone.fill("#people", "40")
    phone.fill("#phone", "0812 9876 5432")
    phone.fill("#name", "Ibu Uji")
    shown(phone, "lapor", size)
    phone.get_by_role("button", name=word("report.send")).click()
    expect(phone.locator(".receipt h1")).to_have_text(word("report.received"))
    shown(phone, "tanda-terima", size)
    return phone.locator(".receipt .code").inner_text()


def see_and_verify(desk, size):
    """The report has come onto the board by itself; its case is believed. The case's number."""
    row = desk.locator(".row-card", has_text=word(f"items.{ITEM[size]}"))
    expect(row).to_be_visible()
    shown(desk, "konsol", size)
    row.click()
    pane = desk.locator(".case-pane")
    expect(pane.locator("blockquote")).to_contain_text(f"dari {size}")
    shown(desk, "kasus", size)
    pane.get_by_role("button", name=word("case.verify"), exact=True).click()
    expect(desk.locator(".toast")).to_be_visible()
    return desk.url.rpartition("/")[2]


def plan_and_approve(desk, size):
    desk.goto("/konsol/rencana")
    desk.get_by_role("button", name=word("plan.make")).click()
    expect(desk.locator(".long-table .lt-place").first).to_contain_text(f"Gudang {size}")
    shown(desk, "rencana", size)
    desk.get_by_role("button", name=re.compile("Setujui semua")).click()
    expect(desk.get_by_text(word("plan.done", n=1))).to_be_visible()
    shown(desk, "disetujui", size)


def take(carrier, size):
    """The offer has come by itself; it is accepted, and the volunteer sets off."""
    offer = carrier.locator(".offer")
    expect(offer).to_contain_text(f"Gudang {size}")
    shown(carrier, "tawaran", size)
    offer.get_by_role("button", name=word("volunteer.script.accept"), exact=True).click()
    expect(carrier.get_by_role("button", name=word("volunteer.script.depart"))).to_be_visible()
    shown(carrier, "tugas", size)


def set_off(carrier):
    carrier.get_by_role("button", name=word("volunteer.script.depart")).click()
    expect(carrier.locator("input.four")).to_be_visible()


def hand_over(carrier, code, size):
    carrier.fill("input.four", code)
    shown(carrier, "serah-terima", size)
    carrier.get_by_role("button", name=word("volunteer.script.deliver"), exact=True).click()
    expect(carrier.get_by_text(word("volunteer.script.wait_confirm"))).to_be_visible()
    shown(carrier, "diserahkan", size)
    carrier.get_by_role("button", name=word("volunteer.script.check_out")).click()
    expect(carrier.locator("#check-in")).to_be_visible()


def track(phone, code, step, size):
    """The report's own page tells of the step."""
    phone.goto(f"/lacak/{code}")
    reload_until(phone, ".steps li:first-child", word(f"steps.{step}"))
    shown(phone, f"lacak-{step}", size)


def reload_until(page, selector, text):
    """Loads the page again until it says so: what a phone does goes out a moment later."""
    until_shown(page, page.locator(selector, has_text=text))


def until_shown(page, place):
    """Loads the page again until there is such a place in it."""
    for _ in range(40):
        if place.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(place).to_have_count(1)


def followed(desk, case, size):
    """The case on the coordinator's screen, done."""
    desk.goto(f"/konsol/kasus/{case}")
    expect(desk.locator(".case-pane")).to_contain_text(word("states.assignment.confirmed"))
    desk.wait_for_timeout(PAINTING_MS)
    shown(desk, "kasus-selesai", size)


def on_the_public_map(phone, size):
    """The district is on the map with what was handed over, and nobody's name."""
    phone.goto("/peta")
    reload_until(phone, ".totals .people_helped b", re.compile("[1-9]"))
    expect(phone.locator("details:has(#districts)")).to_contain_text("Cugenang")
    frame = phone.frame_locator("figure.map iframe")
    expect(frame.locator(".leaflet-interactive").first).to_be_visible()
    phone.wait_for_timeout(PAINTING_MS)
    expect(phone.locator("body")).not_to_contain_text("Ibu Uji")
    shown(phone, "peta", size)
