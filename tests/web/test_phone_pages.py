"""Every page for phones at both sizes and in both languages: fits, is accessible, can be hit with a thumb."""

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SIZES, photograph, violations

PAGES = ["/", "/lapor", "/lacak", "/lacak/SALAH", "/relawan", "/masuk", "/offline", "/tidak-ada"]
SMALLEST_PX = 48

# Links within sentences are as tall as their line: WCAG 2.5.8 leaves those out.
TOO_SMALL = """
smallest => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
  .filter((it) => it.offsetParent && !it.closest("p, .skip") && it.type !== "hidden")
  .map((it) => [it.closest("label, .pairs > label") ?? it.labels?.[0] ?? it, it])
  .map(([area, it]) => [Math.max(area.getBoundingClientRect().height, it.getBoundingClientRect().height), it])
  .filter(([height]) => height < smallest)
  .map(([height, it]) => `${it.outerHTML.slice(0, 80)}: ${height}`)
"""


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", SIZES)
def test_page_fits_is_accessible_and_can_be_hit(new_page, size, path):
    page = new_page(viewport=SIZES[size])
    for language in ("id", "en"):
        page.goto(f"{path}?lang={language}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
        assert page.evaluate(TOO_SMALL, SMALLEST_PX) == []
    photograph(page, f"{size}-page{path.replace('/', '-')}")


def test_keyboard_skips_to_the_page_and_reaches_the_danger_questions(new_page):
    page = new_page()
    page.goto("/lapor")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#d-trapped")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".danger .call")).to_be_visible()


def test_nothing_is_said_in_keys_instead_of_words(new_page):
    page = new_page()
    for path in PAGES:
        for language in ("id", "en"):
            page.goto(f"{path}?lang={language}")
            text = page.locator("body").inner_text()
            found = page.evaluate(r"text => text.match(/\b[a-z_]+\.[a-z_]+(\.[a-z_0-9]+)*\b/g)", text)
            assert not found, (path, language, found)
