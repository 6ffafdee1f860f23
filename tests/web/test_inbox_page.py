"""The inbox and the page on which a case is passed on, in a browser and without scripts."""

import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e.outsider import rows
from tests.web.conftest import photograph, violations

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def staff(stack):
    """Passwords of a coordinator of the regency and one of the province."""
    found = {}
    for name, area in (("kabupaten", "32.03"), ("provinsi", "32")):
        added = stack.command("users", "add", name, "--role", "coordinator", "--area", area)
        assert added.returncode == 0, added.stderr
        found[name] = added.stdout.split()[-1]
    return found


@pytest.fixture
def case_id(admin, nobody):
    body = {"client_id": str(uuid.uuid4()), "text": "Air setinggi lutut", "area_code": "32.03.05", "people": 12}
    sent = nobody.post("/api/reports", body | {"needs": [{"item": "water"}]}, 201)
    return next(row["case_id"] for row in rows(admin.get("/api/board"), "reports") if row["id"] == sent["id"])


def signed_in(page, staff, name):
    answer = page.request.post("/api/session", data={"name": name, "password": staff[name]})
    assert answer.ok, answer.text()
    return page


def test_a_case_is_passed_up_and_given_back_and_accepted(new_page, staff, case_id):
    below = signed_in(new_page(viewport=DESK), staff, "kabupaten")
    below.goto(f"/konsol/kasus/{case_id}")
    link = below.locator("text=Oper ke pihak lain")
    expect(link).to_be_visible()
    below.goto(link.get_attribute("href"))
    assert violations(below) == []
    photograph(below, "pass-on-desk")
    below.select_option("#to", "32")
    below.fill("#reason", "Perlu perahu provinsi")
    below.click("main button:has-text('Oper')")
    expect(below.locator("section[aria-labelledby=passed]")).to_contain_text("Perlu perahu provinsi")
    above = signed_in(new_page(viewport=PHONE, java_script_enabled=False), staff, "provinsi")
    above.goto("/konsol/masuk")
    waiting = above.locator("section[aria-labelledby=waiting]")
    expect(waiting).to_contain_text("Perlu perahu provinsi")
    waiting.locator("button:has-text('Terima')").click()
    expect(waiting).to_contain_text("Tidak ada.")
    expect(above.locator("section[aria-labelledby=held]")).to_contain_text(f"#{case_id}")


@pytest.mark.parametrize("language", ["id", "en"])
def test_inbox_and_table_are_for_everybody_to_read(new_page, staff, case_id, language):
    page = signed_in(new_page(viewport=PHONE), staff, "kabupaten")
    for path, name in ((f"/konsol/masuk?lang={language}", "inbox"), (f"/janji?lang={language}", "promises")):
        for viewport, width in ((PHONE, "phone"), (DESK, "desk")):
            page.set_viewport_size(viewport)
            page.goto(path)
            expect(page.locator("main h1")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.emulate_media(color_scheme="dark" if width == "desk" else "light")
            photograph(page, f"{name}-{width}-{language}")
        assert violations(page) == []
