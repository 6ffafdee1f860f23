"""Phones and desks in a real Chromium, on a whole running system."""

import re
from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser import ROOT, chromium
from tests.e2e.conftest import Stack, _first_data_dir, new_stack, stack
from tests.e2e.outsider import Person

__all__ = ["_first_data_dir", "new_stack", "stack"]

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
SIZES = {"phone": PHONE, "desk": DESK}
ARTIFACTS = ROOT / "tests" / "artifacts"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
HERE = {"longitude": 107.1402, "latitude": -6.8168, "accuracy": 25}
"""Cianjur."""
HARMLESS = re.compile(r"^(Failed to load resource|WebSocket connection to|An unknown error occurred when fetching)")
"""The browser's own words about an answer of 4xx, or about no network."""

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def new_page(browser: Browser, stack: Stack) -> Iterator[NewPage]:
    """Makes a page in a fresh browser profile; keyword arguments are those of `new_context`.

    What a script throws, or the content security policy refuses, fails the test.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not HARMLESS.match(message.text):
            troubles.append(message.text)

    def make(**options: object) -> Page:
        options = {"viewport": PHONE, "locale": "id-ID", "base_url": stack.base_url} | options
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def phone(new_page: NewPage) -> Page:
    """A phone that knows where it is."""
    return new_page(geolocation=HERE, permissions=["geolocation"])


@pytest.fixture
def plain_phone(new_page: NewPage) -> Page:
    """A phone without scripts."""
    return new_page(java_script_enabled=False)


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Person:
    return Person(stack.base_url, stack.command("users", "token", "admin").stdout.strip())


@pytest.fixture(scope="module")
def nobody(stack: Stack) -> Person:
    return Person(stack.base_url)


def photograph(page: Page, name: str) -> None:
    """Keeps a picture of the page among the test artifacts."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


def under_service_worker(page: Page) -> None:
    """Waits until the page is one that the service worker serves."""
    page.evaluate(
        """new Promise((done) => navigator.serviceWorker.controller
             ? done() : navigator.serviceWorker.addEventListener("controllerchange", done))"""
    )


def violations(page: Page, schemes: Sequence[str] = ("dark", "light")) -> list[tuple[str, str, list[str]]]:
    """What axe finds in the page by night and by day; a frame in it is another document."""
    page.evaluate(AXE.read_text("utf-8"))
    found = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        answer = page.evaluate("rules => axe.run(document, {...rules, iframes: false})", RULES)
        found += [(scheme, one["id"], [node["html"][:200] for node in one["nodes"]]) for one in answer["violations"]]
    return found
