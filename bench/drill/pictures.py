"""The plan page on Cianjur 2022 in a real Chromium: pictures for the README, and how long each step takes.

`python -m bench.drill.pictures [FOLDER]` starts a system of its own, loads the case and asks the page the three
questions of a coordinator: why this one, what if, and who goes without and why. Takes some minutes.
"""

import io
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, ViewportSize

from bench.drill.cianjur import DATA
from bench.running import ROOT, Running, running
from server.api.words import word
from tests.browser import chromium

SIZES: dict[str, ViewportSize] = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 360, "height": 740}}
PATIENCE_MS = 180_000
SETTLES_MS = 1_500
"""Until the map has moved and drawn."""
QUALITY = 80
SLUG = "latihan-cianjur-2022"


@dataclass
class Session:
    """A person at a screen of one size, with a folder for pictures of it."""

    page: Page
    size: str
    folder: Path
    took: dict[str, float] = field(default_factory=dict)

    def timed(self, step: str, do: Callable[[], Any], until: Callable[[], Locator]) -> None:
        """Do something, wait until something is seen, and keep the seconds."""
        begun = time.perf_counter()
        do()
        until().first.wait_for()
        self.took[step] = time.perf_counter() - begun
        print(f"{self.size:<6} {step:<40} {self.took[step]:6.2f} s", flush=True)

    def come(self) -> None:
        """To the plan page."""
        self.page.goto(f"/konsol/rencana?incident={SLUG}", wait_until="commit")

    def picture(self, name: str) -> None:
        """Keep what is on the screen as a WebP file."""
        self.page.wait_for_timeout(SETTLES_MS)
        picture = Image.open(io.BytesIO(self.page.screenshot()))
        picture.convert("RGB").save(self.folder / f"plan-{name}-{self.size}.webp", quality=QUALITY, method=6)

    def find(self, selector: str) -> Locator:
        """The elements of a selector."""
        return self.page.locator(selector)

    def button(self, key: str) -> Locator:
        """The button of a word."""
        return self.page.get_by_role("button", name=word(key), exact=True)

    def tab(self, name: str) -> None:
        """Another table."""
        self.find(f"#tab-{name}").click()


def look(session: Session) -> None:
    """The three questions, each in as few steps as a person needs."""
    row = ".long-table .lt-place .lt-main"
    session.timed("plan page usable", session.come, lambda: session.find(row))
    if session.size == "desk":
        session.timed("map drawn", lambda: None, lambda: session.find(".plan-map .maplibregl-canvas"))
        session.page.get_by_text(word("console.map.loading")).wait_for(state="hidden")
    session.timed("why this one", session.find(row).nth(2).click, lambda: session.find(".why"))
    session.picture("why")
    session.timed("villages", lambda: session.tab("villages"), lambda: session.find(row))
    session.picture("villages")
    session.tab("unmet")
    session.find(".lacking .chip").first.click()
    session.timed("who goes without and why", session.find(row).nth(1).click, lambda: session.find(".why-unmet"))
    session.picture("unmet")
    session.button("plan.try_more").click()
    ask = session.button("plan.what_if.ask")
    session.timed("what if: the answer of a re-solve", ask.click, lambda: session.find(".before-after"))
    session.picture("what-if")


def signed_in(browser: Browser, system: Running, size: str, password: str) -> Page:
    """A page of the admin's at one of SIZES."""
    context = browser.new_context(viewport=SIZES[size], locale="id-ID", base_url=system.url)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    if not page.request.post("/api/session", data={"name": "admin", "password": password}).ok:
        raise RuntimeError("the admin cannot sign in")
    return page


def loaded(system: Running) -> None:
    """The case in the system, on real boundaries where there are any, and planned."""
    boundaries = DATA / "areas" / "jabar_kel_simpl60m.geojson"
    if boundaries.exists():
        print(system.command("areas", "load", str(boundaries)), flush=True)
    begun = time.perf_counter()
    print(system.command("drill", "load", "cianjur"), flush=True)
    print(f"loaded in {time.perf_counter() - begun:.0f} s", flush=True)


def planned(page: Page) -> None:
    """Ask for a plan and wait for it."""
    csrf = {"X-CSRF-Token": page.request.get("/api/me").json()["csrf"]}
    plan = page.request.post("/api/plans", data={"incident": SLUG}, headers=csrf).json()
    while (found := page.request.get(f"/api/plans/{plan['id']}").json())["state"] == "requested":
        page.wait_for_timeout(500)
    print(
        f"plan of {found['needs']} needs: {len(found['matches'])} matches, {len(found['unmet'])} needs stay open, "
        f"gap {found['gap']:.4%}, solved in {found['seconds']:.1f} s",
        flush=True,
    )


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(24)
    with running(ADMIN_PASSWORD=password) as system, chromium() as browser:
        loaded(system)
        planned(signed_in(browser, system, "desk", password))
        for size in SIZES:
            look(Session(signed_in(browser, system, size, password), size, folder))


if __name__ == "__main__":
    main()
