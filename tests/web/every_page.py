"""Every page in every state: accessible, to be hit with a thumb, whole at 200 % text; and a picture of each.

The pictures come into one sheet, tests/artifacts/sheet/index.html (`make screenshots`).
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import Stack
from tests.web.conftest import ARTIFACTS, HERE, SIZES, violations
from tests.web.sheet import LANGUAGES, Picture, write_sheet
from tests.web.states import STATES, Scene, set_up, signed_in

expect.set_options(timeout=20_000)

SMALLEST_PX = 44
SHEET = ARTIFACTS / "sheet"

# WCAG 2.5.8 leaves out links within sentences, which are as tall as their line. A label is hit for its field.
TOO_SMALL = """
smallest => {
  const seen = (it) => it.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true });
  const inSentence = (it) => it.tagName === "A" && [...it.parentNode.childNodes].some((near) =>
    near.nodeType === Node.TEXT_NODE && /[a-z]{2}/i.test(near.textContent));
  const area = (it) => [it, it.closest("label"), ...(it.labels ?? [])].filter(Boolean).map((one) => {
    const box = one.getBoundingClientRect();
    return [box.width, box.height];
  });
  const other = (it) => it.type === "hidden" || inSentence(it) || it.closest(".skip, .maplibregl-ctrl-attrib");
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=button], [role=tab]")]
    .filter((it) => seen(it) && !other(it))
    .filter((it) => !area(it).some(([width, height]) => width >= smallest && height >= smallest))
    .map((it) => `${it.outerHTML.slice(0, 90)}: ${area(it).map((size) => size.map(Math.round).join(" x "))}`);
}
"""

# What sticks out sideways cannot be read without scrolling in two directions; tables may, in a box of their own.
CUT_OFF = """
() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (it) => {
    for (let up = it.parentElement; up && up !== document.body; up = up.parentElement) {
      const way = getComputedStyle(up).overflowX;
      if (way === "auto" || way === "scroll") return true;
    }
    return false;
  };
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, p, h1, h2, h3, td, dd, li")]
    .filter((it) => it.checkVisibility() && !it.closest(".skip, .visually-hidden, .map") && !scrolls(it))
    .filter((it) => it.getBoundingClientRect().right > width + 1 && it.getBoundingClientRect().width > 1)
    .map((it) => `${it.outerHTML.slice(0, 90)}: ${Math.round(it.getBoundingClientRect().right)}`);
}
"""
LARGER_TEXT = "document.documentElement.style.fontSize = '200%'"

BOTH = ("dark", "light")
"""Colours are the same in all languages; light comes last, as it is how the page goes on."""

PageOf = Callable[[str, str], Page]


@pytest.fixture(scope="module")
def stack(new_stack) -> Stack:
    """A system behind a proxy, so that somebody from elsewhere can be blocked, with a quick public clock."""
    return new_stack(PUBLISH_EVERY_S="2", PROXY_HOPS="1", TRUSTED_PROXIES="127.0.0.1/32")


@pytest.fixture(scope="module")
def scene(stack, admin, nobody) -> Scene:
    return set_up(stack, admin, nobody)


@pytest.fixture(scope="module")
def pictures() -> Iterator[list[Picture]]:
    """Those that were taken; the sheet is written when all are there."""
    taken: list[Picture] = []
    yield taken
    write_sheet(SHEET, taken)


@pytest.fixture(scope="module")
def page_of(browser: Browser, scene: Scene) -> Iterator[PageOf]:
    """Gives a fresh page of somebody at a size; who is signed in stays so."""
    contexts: dict[tuple[str, str], BrowserContext] = {}

    def make(who: str, size: str) -> Page:
        if who == "nobody" and (who, size) in contexts:
            contexts.pop((who, size)).close()
        if (who, size) not in contexts:
            context = browser.new_context(
                viewport=SIZES[size],
                locale="id-ID",
                base_url=scene.stack.base_url,
                service_workers="block",
                geolocation=HERE,
                permissions=["geolocation"],
                reduced_motion="reduce",
            )
            context.set_default_timeout(20_000)
            contexts[who, size] = context
            signed_in(context.new_page(), scene, who)
        return contexts[who, size].new_page()

    yield make
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_page_is_accessible_can_be_hit_and_fits(state, size, scene, page_of, pictures):
    wrong = {}
    for language in LANGUAGES:
        page = page_of(state.who, size)
        try:
            state.open(page, scene, language)
            pictures.append(Picture.take(page, SHEET, state.name, size, language))
            wrong |= {
                f"{language} axe": violations(page, BOTH if language == "id" else BOTH[1:]),
                f"{language} too small": page.evaluate(TOO_SMALL, SMALLEST_PX),
                f"{language} cut off": page.evaluate(CUT_OFF),
            }
            if language == "id":
                page.emulate_media(color_scheme="dark")
                pictures.append(Picture.take(page, SHEET, state.name, size, "dark"))
                page.emulate_media(color_scheme="light")
            page.evaluate(LARGER_TEXT)
            wrong[f"{language} cut off at 200 %"] = page.evaluate(CUT_OFF)
        finally:
            page.context.set_offline(False)
            page.unroute_all(behavior="ignoreErrors")
            page.close()
    assert {what: found for what, found in wrong.items() if found} == {}
