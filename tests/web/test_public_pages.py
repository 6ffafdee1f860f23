"""The public pages in a browser: the map in its frame, the tables without it, and how much a phone must load."""

import http.server
import re
import threading
import uuid

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SIZES, photograph, violations

PUBLISH_EVERY_S = "2"
CIRANJANG = {"area_code": "32.03.05", "people": 118}
SMALL = {"area_code": "32.03.18", "people": 3}
FIRST_VIEW_BYTES = 170_000


@pytest.fixture(scope="module")
def shown(stack, nobody):
    """One large report and one small one, and the cut that shows the large one."""
    for place in (CIRANJANG, SMALL):
        content = {"client_id": str(uuid.uuid4()), "text": "Banjir", "danger": {"rising": True}}
        nobody.post("/api/reports", {**content, **place}, status=201)

    def is_shown() -> bool:
        areas = nobody.get("/api/public/areas.geojson?level=district")["features"]
        return any(area["id"] == CIRANJANG["area_code"] for area in areas)

    stack.wait_for(is_shown, "the figures are not cut")


@pytest.mark.parametrize("size", SIZES)
def test_the_map_is_drawn_in_its_frame_and_tells_rounded_figures(shown, new_page, size):
    page = new_page(viewport=SIZES[size])
    page.goto("/peta")
    frame = page.frame_locator("iframe")
    expect(frame.locator(".leaflet-container")).to_be_visible()
    frame.locator("path.leaflet-interactive").first.dispatch_event("click")
    popup = frame.locator(".leaflet-popup")
    expect(popup).to_contain_text(re.compile("Orang menunggu\\s*120"))
    expect(popup).to_contain_text("kurang dari 1 jam")
    photograph(page, f"{size}-peta")
    row = page.get_by_role("row", name=re.compile("Ciranjang"), include_hidden=True)
    expect(row.locator("td").first).to_have_text("120")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


def test_the_frame_has_no_origin_of_ours(shown, new_page):
    page = new_page()
    page.goto("/peta")
    expect(page.frame_locator("iframe").locator(".leaflet-container")).to_be_visible()
    assert page.frames[1].evaluate("self.origin") == "null"


def test_the_tables_need_no_script(shown, plain_phone):
    plain_phone.goto("/peta")
    plain_phone.locator("#districts").click()
    small = plain_phone.get_by_role("row", name=re.compile("Bojongpicung|kurang dari 5")).first
    expect(small).to_be_visible()
    expect(plain_phone.get_by_role("row", name=re.compile("Ciranjang"))).to_contain_text("120")
    photograph(plain_phone, "phone-peta-without-scripts")


def test_an_earlier_publication_is_reached_without_a_script(shown, plain_phone):
    plain_phone.goto("/peta")
    plain_phone.locator("#earlier").click()
    plain_phone.locator("details[open] a").first.click()
    expect(plain_phone.locator(".notice")).to_contain_text("Ini angka lama")
    picture = plain_phone.locator(".map img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    assert plain_phone.evaluate("document.documentElement.scrollWidth") <= SIZES["phone"]["width"]
    photograph(plain_phone, "phone-peta-earlier")


def test_the_first_view_is_light(shown, new_page):
    page = new_page()
    sizes: list[float] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/peta")
    expect(page.frame_locator("iframe").locator(".leaflet-container")).to_be_visible()
    assert len(sizes) >= 4
    assert sum(sizes) <= FIRST_VIEW_BYTES


@pytest.mark.parametrize("path", ["/peta", "/donasi", "/kabar", "/donasi/NOPE"])
@pytest.mark.parametrize("size", SIZES)
def test_public_pages_are_accessible(shown, new_page, size, path):
    page = new_page(viewport=SIZES[size])
    page.goto(path)
    assert violations(page) == []
    if path == "/donasi":
        photograph(page, f"{size}-donasi")


def test_a_gift_code_is_looked_up_and_a_wrong_one_said_so(shown, plain_phone):
    plain_phone.goto("/donasi")
    plain_phone.fill("#code", "TIDAK-ADA")
    plain_phone.click("button:has-text('Lacak donasi')")
    expect(plain_phone.locator("#code-problem")).to_contain_text("tidak kami kenal")
    expect(plain_phone.locator("#code")).to_have_value("TIDAK-ADA")


@pytest.mark.parametrize("size", SIZES)
def test_a_gift_of_kits_tells_where_what_they_held_is(stack, admin, nobody, new_page, size):
    site = {"name": f"Gudang {size}", "kind": "warehouse", "area_code": "32.03.01"}
    given = {"site_id": admin.post("/api/sites", site, 201)["id"], "item": "family_kit", "quantity": 10}
    gift = admin.post("/api/gifts", given, 201)
    opened = {"lot_id": gift["lot_id"], "quantity": 3, "reason": "dibagi per orang"}
    admin.post("/api/stock/break_kit", opened, 201)
    told = f"/api/public/gifts/{gift['code']}"
    stack.wait_for(lambda: nobody.get(told)["opened"] == 3, "the figures are not cut")
    page = new_page(viewport=SIZES[size])
    page.goto(f"/donasi/{gift['code']}")
    expect(page.locator("main")).to_contain_text("Dibuka dan dibagikan isinya")
    expect(page.locator("section", has_text="Dari paket yang dibuka: Selimut")).to_contain_text("12 buah")
    assert violations(page) == []
    photograph(page, f"{size}-donasi-paket")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


@pytest.fixture
def newspaper(stack):
    """Somebody else's site with a page of their own; `page` is what stands on it."""

    class Answer(http.server.BaseHTTPRequestHandler):
        page = ""

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(Answer.page.encode())

        def log_message(self, *_: object):
            """Nothing is logged."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # `localhost` is another site than the address by which ours is reached here.
        Answer.address = f"http://localhost:{server.server_port}/"
        yield Answer
        server.shutdown()


def test_others_may_frame_the_embedded_map_and_nothing_else_of_ours(shown, stack, browser, newspaper):
    context = browser.new_context(viewport=SIZES["desk"])
    page = context.new_page()
    page.goto(f"{stack.base_url}/peta")
    others = (f'<iframe src="{stack.base_url}{path}"></iframe>' for path in ("/peta", "/peta/gambar", "/donasi"))
    newspaper.page = page.locator("textarea.code").input_value() + "".join(others)
    page.goto(newspaper.address)
    expect(page.frame_locator("iframe").first.locator(".leaflet-container")).to_be_visible()
    embedded, *refused = page.main_frame.child_frames
    assert embedded.evaluate("self.origin") == "null"
    assert {frame.url for frame in refused} == {"chrome-error://chromewebdata/"}
    context.close()
