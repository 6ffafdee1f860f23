"""The plan page in a browser: what if, who goes without, rulings of people, waves and their papers."""

import re
import time
import uuid

import pytest
from playwright.sync_api import expect

from server.api.words import word
from tests.web.conftest import DESK, PHONE, SIZES, photograph, under_service_worker, violations

expect.set_options(timeout=20_000)
NEAR, FAR = {"lon": 107.142, "lat": -6.818}, {"lon": 107.05, "lat": -6.74}
A4 = {"width": 794, "height": 1123}
"""A sheet of A4 at 96 dots to the inch."""


class Place:
    """An incident of its own: two warehouses with too few blankets for three cases."""

    def __init__(self, stack, admin):
        self.admin, self.slug = admin, f"uji-{uuid.uuid4().hex[:8]}"
        added = stack.command("incidents", "add", self.slug, "--name", "Uji rencana", "--areas", "32.03", "--training")
        assert added.returncode == 0, added.stderr
        self.near, self.far = (self.site(name, at) for name, at in (("Gudang Dekat", NEAR), ("Gudang Jauh", FAR)))
        self.stock(self.near, 100)
        self.stock(self.far, 50)
        self.cases = [self.case(quantity) for quantity in (40, 60, 80)]

    def site(self, name, at):
        body = {"name": name, "kind": "warehouse", "place": at, "incident": self.slug}
        return self.admin.post("/api/sites", body, 201)["id"]

    def stock(self, site, quantity):
        body = {"site_id": site, "item": "blanket", "quantity": quantity}
        self.admin.post("/api/stock/receive", body, 201)

    def case(self, quantity):
        body = {
            "client_id": str(uuid.uuid4()),
            "incident": self.slug,
            "text": "Warga perlu selimut",
            "place": {"lon": 107.14, "lat": -6.82, "accuracy_m": 30},
            "needs": [{"item": "blanket", "quantity": quantity}],
        }
        report = self.admin.post("/api/reports", body, 201)["id"]
        board = self.admin.get(f"/api/board?incident={self.slug}")["reports"]
        rows = [dict(zip(board["columns"], row, strict=True)) for row in board["rows"]]
        case_id = next(row["case_id"] for row in rows if row["id"] == report)
        self.admin.post(f"/api/cases/{case_id}/verify", {})
        return case_id

    def plans(self, path="plans"):
        return self.admin.get(f"/api/{path}?incident={self.slug}")[path]

    def plan(self):
        """A plan that is worked out, by its id."""
        plan_id = self.admin.post("/api/plans", {"incident": self.slug}, 202)["id"]
        return self.worked_out(plan_id)

    def worked_out(self, plan_id):
        deadline = time.monotonic() + 60
        while (plan := self.admin.get(f"/api/plans/{plan_id}"))["state"] == "requested":
            assert time.monotonic() < deadline
            time.sleep(0.2)
        return plan


@pytest.fixture
def place(stack, admin):
    return Place(stack, admin)


@pytest.fixture
def opened(stack, new_page, place):
    """Opens the newest plan of the place, at a desk unless it is told otherwise."""
    place.plan()

    def open_(viewport=DESK, path="/konsol/rencana"):
        page = new_page(viewport=viewport)
        assert page.request.post("/api/session", data={"name": stack.admin_name, "password": stack.admin_password}).ok
        page.goto(f"{path}?incident={place.slug}")
        expect(page.locator(".plan-summary")).to_be_visible()
        return page

    return open_


def button(page, key, **gaps):
    return page.get_by_role("button", name=word(key, **gaps))


def tab(page, name):
    page.locator(f"#tab-{name}").click()


def rows(page):
    return page.locator(".long-table .lt-place")


@pytest.mark.parametrize("size", SIZES)
def test_more_stock_is_tried_from_who_goes_without_and_nothing_is_saved(opened, place, size):
    page = opened(SIZES[size])
    tab(page, "unmet")
    chip = page.locator(".lacking .chip")
    expect(chip).to_have_text(re.compile("Selimut 30 buah 1"))
    rows(page).first.locator(".lt-main").click()
    expect(page.locator(".why-unmet")).to_contain_text("30 buah")
    photograph(page, f"{size}-rencana-tanpa")
    button(page, "plan.try_more").click()
    panel = page.locator(".what-if")
    expect(panel.locator(".idea-quantity input")).to_have_value("30")
    button(panel, "plan.what_if.ask").click()
    expect(panel.locator(".answer-words .more")).to_contain_text("30 buah")
    expect(panel.locator(".answer-words")).to_contain_text(word("plan.what_if.no_less"))
    expect(panel.locator(".before-after tr", has_text="Kebutuhan terbuka").locator("td")).to_have_text(["1", "0"])
    photograph(page, f"{size}-rencana-coba")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    assert violations(page) == []
    assert {plan["kind"] for plan in place.plans()} == {"live"}
    for site, there in ((place.near, 100), (place.far, 50)):
        assert [lot["free"] for lot in place.admin.get(f"/api/sites/{site}/stock")["lots"]] == [there]


@pytest.mark.parametrize("size", SIZES)
def test_every_table_names_what_its_rows_are_of(opened, place, size):
    page = opened(SIZES[size])
    for name, what in (("matches", "Selimut"), ("villages", "Cianjur"), ("sites", "Gudang"), ("unmet", "Selimut")):
        tab(page, name)
        expect(rows(page).first.locator(".lt-main strong").first).to_contain_text(what)
        shown = rows(page).first.locator(".lt-main strong").first.bounding_box()
        assert shown["width"] > 40, name
        assert shown["x"] + shown["width"] <= SIZES[size]["width"], name
    assert violations(page) == []


@pytest.mark.parametrize("size", SIZES)
def test_one_truck_more_says_when_loads_arrive_on_average(opened, place, size):
    page = opened(SIZES[size])
    button(page, "plan.what_if.open").click()
    panel = page.locator(".what-if")
    panel.locator(".idea-kind select").select_option("add_vehicle")
    panel.locator(".idea-vehicle select").select_option("truck")
    button(panel, "plan.what_if.ask").click()
    figures = panel.locator(".before-after tr", has_text=word("plan.what_if.figures.mean_minutes")).locator("td")
    expect(figures).to_have_text(["–", re.compile(r"\d")])
    photograph(page, f"{size}-rencana-truk")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


def test_a_closed_site_is_answered_with_who_gets_less(opened, place):
    page = opened()
    button(page, "plan.what_if.open").click()
    panel = page.locator(".what-if")
    panel.locator(".idea-kind select").select_option("close_site")
    panel.locator(".idea-site select").select_option(place.far)
    button(panel, "plan.what_if.ask").click()
    expect(panel.locator(".answer-words .less")).to_contain_text("50 buah")
    button(panel, "plan.what_if.look").click()
    expect(page.locator(".plan-banner")).to_contain_text("Gudang Jauh tutup")
    expect(page.locator(".approve-bar")).to_have_count(0)
    tab(page, "sites")
    expect(rows(page)).to_have_count(1)
    button(page, "plan.what_if.back").click()
    expect(page.locator(".approve-bar")).to_be_visible()


def test_a_forbidden_match_leaves_the_plan_tells_its_cost_and_can_be_ended(opened, place):
    page = opened()
    line = rows(page).filter(has_text="Gudang Jauh").first
    line.locator(".lt-main").click()
    button(page, "plan.rule.forbid").click()
    form = page.locator(".ruling-form")
    button(form, "plan.rule.do.forbid").click()
    expect(form.locator("#ruling-reason-problem")).to_be_visible()
    form.locator("#ruling-reason").fill("Jembatan putus")
    button(form, "plan.rule.do.forbid").click()
    expect(page.locator(".toast")).to_contain_text(word("plan.rule.done.forbid"))
    (ruling,) = place.admin.get(f"/api/rulings?incident={place.slug}")["rulings"]
    # The page follows to the plan that is worked out with the ruling.
    expect(page.locator(".ruling-form")).to_have_count(0)
    tab(page, "proof")
    kept = page.locator(".rulings li")
    expect(kept).to_contain_text("Jembatan putus")
    expect(kept).not_to_contain_text(word("plan.rule.cost_unknown"))
    photograph(page, "desk-rencana-keputusan")
    button(kept, "plan.rule.end").click()
    kept.locator(f"#end-{ruling['id']}").fill("Jembatan sudah bisa dilewati")
    button(kept, "plan.rule.do.end").click()
    expect(page.locator(".rulings")).to_contain_text(word("plan.rule.none"))


def test_a_pinned_match_is_in_the_next_plan(opened, place):
    page = opened()
    rows(page).first.locator(".lt-main").click()
    button(page, "plan.rule.pin").click()
    form = page.locator(".ruling-form")
    other = form.locator("#ruling-source option", has_text="Gudang Jauh").first.get_attribute("value")
    form.locator("#ruling-source").select_option(other)
    form.locator("#ruling-quantity").fill("20")
    form.locator("#ruling-reason").fill("Sudah dijanjikan")
    button(form, "plan.rule.do.pin").click()
    pinned = rows(page).filter(has_text=word("plan.pinned"))
    expect(pinned).to_contain_text("20 buah")
    expect(pinned).to_contain_text("Gudang Jauh")


@pytest.mark.parametrize("size", SIZES)
def test_a_wave_is_drafted_changed_approved_as_one_and_printed(opened, place, size):
    page = opened(SIZES[size])
    button(page, "plan.wave.title").click()
    page.locator("#wave-name").fill("Truk pagi")
    photograph(page, f"{size}-gelombang-baru")
    button(page, "plan.wave.draft").click()
    expect(page.locator(".wave-name")).to_contain_text("Truk pagi")
    lines = rows(page)
    expect(lines.first).to_be_visible()
    count = lines.count()
    lines.first.get_by_role("checkbox").uncheck()
    expect(page.locator(".save-wave")).to_contain_text("1 perubahan")
    button(page, "plan.wave.save").click()
    expect(page.locator("#wave-reason-problem")).to_be_visible()
    page.locator("#wave-reason").fill("Truk penuh")
    button(page, "plan.wave.save").click()
    approve = button(page, "plan.wave.approve", n=str(count - 1))
    expect(approve).to_be_visible()
    photograph(page, f"{size}-gelombang")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    approve.click()
    expect(page.locator(".outcome")).to_contain_text(f"{count - 1} tugas dibuat.")
    (wave,) = place.plans("waves")
    assert wave["state"] == "approved"
    for kind in ("daftar-ambil", "rute"):
        page.goto(f"/rencana/{wave['id']}/{kind}")
        expect(page.locator(".sheet").first).to_contain_text("Truk pagi")
        photograph(page, f"{size}-{kind}")
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
        assert violations(page) == []


def test_papers_are_printed_on_a4_without_what_is_only_for_the_screen(opened, place):
    body = {"incident": place.slug, "name": "Truk siang", "departs_at": "2030-01-01T09:00:00+07:00"}
    wave = place.worked_out(place.admin.post("/api/waves", body, 202)["id"])
    page = opened(A4)
    for kind in ("daftar-ambil", "rute"):
        page.goto(f"/rencana/{wave['id']}/{kind}")
        page.emulate_media(media="print")
        expect(page.locator(".on-screen").first).to_be_hidden()
        expect(page.locator("header.bar, .bar").first).to_be_hidden()
        expect(page.locator(".sheet").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= A4["width"]
        # The second sheet begins a page of its own.
        assert page.evaluate("getComputedStyle(document.querySelector('.sheet')).breakAfter") == "page"
        photograph(page, f"a4-{kind}")
        page.emulate_media(media="screen")


def test_without_scripts_papers_are_whole_and_the_plan_page_says_what_to_do(opened, place, new_page, stack):
    plan = place.plan()
    page = new_page(viewport=PHONE, java_script_enabled=False)
    assert page.request.post("/api/session", data={"name": stack.admin_name, "password": stack.admin_password}).ok
    page.goto(f"/rencana/{plan['id']}/daftar-ambil")
    expect(page.locator(".sheet")).to_have_count(2)
    expect(page.get_by_text("Gudang Jauh")).to_be_visible()
    page.goto(f"/rencana/{plan['id']}/rute")
    for case_id in place.cases:
        expect(page.get_by_text(f"#{case_id}").first).to_be_visible()
    page.goto(f"/konsol/rencana/{plan['id']}?incident={place.slug}")
    expect(page.locator("#console .notice")).to_be_visible()
    photograph(page, "phone-rencana-tanpa-skrip")


def test_without_a_network_the_plan_stays_readable_and_says_what_cannot_be_done(opened, place):
    page = opened()
    expect(page.get_by_text(word("console.map.loading"))).to_have_count(0)
    page.context.set_offline(True)
    rows(page).first.locator(".lt-main").click()
    expect(page.locator(".why")).to_be_visible()
    page.locator(".approve-bar .button").click()
    expect(page.locator(".approve-bar")).to_contain_text(word("console.link.no_answer"))
    photograph(page, "desk-rencana-tanpa-jaringan")
    page.context.set_offline(False)
    page.locator(".approve-bar .button").click()
    expect(page.locator(".outcome")).to_be_visible()


def test_papers_that_were_seen_open_without_a_network_and_other_pages_come_back_by_themselves(opened, place):
    page = opened()
    under_service_worker(page)
    paper = f"/rencana/{place.plan()['id']}/daftar-ambil"
    page.goto(paper)
    page.context.set_offline(True)
    page.goto(paper)
    expect(page.locator(".sheet")).to_have_count(2)
    assert page.evaluate("getComputedStyle(document.querySelector('.sheet .box')).borderTopWidth") == "2px"
    page.goto(f"/konsol/rencana?incident={place.slug}")
    expect(page.locator("[data-returns]")).to_be_visible()
    photograph(page, "desk-tanpa-jaringan")
    page.context.set_offline(False)
    expect(page.locator(".plan-summary")).to_be_visible()
