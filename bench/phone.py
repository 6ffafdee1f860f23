"""/lapor in a real Chromium on a bad network: bytes over the wire, seconds until it is usable and a report is in.

The network is that of the devtools: 50 kbit/s down, 20 up, 800 ms. They hold back the page, not its service worker,
which begins when the page can be used. The last line plays 20 s with and 40 s without a network while people report.
"""

import json
import time
import urllib.request
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from bench.harness import Line, repeated, show
from bench.running import Running, running
from bench.wire import Wire, wire
from tests.browser import NOISY_PHOTO, chromium

EDGE = {"offline": False, "latency": 800, "downloadThroughput": 50_000 / 8, "uploadThroughput": 20_000 / 8}
"""After a quake people are left with EDGE (docs: standards, section 6, profile C)."""
ON_S, OFF_S, REPORTS = 20, 40, 20
FLAPPING = "Sinyal hilang timbul"
TEXT = "Rumah roboh kena gempa, 30 orang di lapangan, belum ada tenda"
WORKER_READY = "navigator.serviceWorker.ready.then(() => true)"
SHOWN_MS = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
USABLE_MS = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def main() -> None:
    """Print the table."""
    with running() as system, wire(system.port) as relay, chromium() as browser:
        found = repeated(lambda: once(browser, relay))
        stored, doubled = flapping(browser, system)
    aims = {
        "first visit, all that is kept too": ("kB", "<= 50 kB"),
        "repeat visit": ("kB", "<= 2 kB"),
        "first paint": ("s", ""),
        "usable": ("s", "<= 10 s"),
        "text report, click to DITERIMA": ("s", "<= 3 s"),
        "photo of nothing but noise": ("kB", "<= 100 kB"),
        "photo follows in": ("s", ""),
    }
    lines = [Line(name, unit, found[name], aim=aim) for name, (unit, aim) in aims.items()]
    lines += [
        Line(f"stored of {REPORTS} at {ON_S} s on, {OFF_S} s off", "reports", [stored], aim=f"{REPORTS}"),
        Line("doubled", "reports", [doubled], aim="0"),
    ]
    show("Phone: /lapor on EDGE (50/20 kbit/s, 800 ms)", lines)


def once(browser: Browser, relay: Wire) -> dict[str, float]:
    """A phone that never was here before: the visit, the report, its photo, the next visit."""
    context = _phone(browser)
    page = context.new_page()
    network = _network(page, EDGE)
    relay.reset()
    page.goto(f"{relay.url}/lapor")
    shown, usable = page.evaluate(SHOWN_MS), page.evaluate(USABLE_MS)
    page.evaluate(WORKER_READY)
    page.wait_for_load_state("networkidle")
    found = {"first visit, all that is kept too": relay.down / 1000}
    found |= {"first paint": shown / 1000, "usable": usable / 1000}
    found |= _report(page, relay)
    network.send("Network.emulateNetworkConditions", {**EDGE, "latency": 0, "downloadThroughput": -1})
    relay.reset()
    page.goto(f"{relay.url}/lapor")
    page.wait_for_load_state("networkidle")
    context.close()
    return found | {"repeat visit": relay.down / 1000}


def _report(page: Page, relay: Wire) -> dict[str, float]:
    page.fill("#place_text", "Kecamatan Cugenang, Kabupaten Cianjur")
    page.fill("#text", TEXT)
    page.evaluate(NOISY_PHOTO)
    page.wait_for_selector("#photos img")
    page.wait_for_load_state("networkidle")
    begun = time.perf_counter()
    page.click("text=Kirim laporan")
    page.wait_for_selector(".receipt")
    received = time.perf_counter()
    relay.reset()
    page.wait_for_selector("#queue", state="hidden", timeout=180_000)
    return {
        "text report, click to DITERIMA": received - begun,
        "photo follows in": time.perf_counter() - received,
        "photo of nothing but noise": relay.up / 1000,
    }


def flapping(browser: Browser, system: Running) -> tuple[float, float]:
    """Reports stored, and stored more than once, of people who report while the network comes and goes."""
    context = _phone(browser)
    page = context.new_page()
    page.goto(f"{system.url}/lapor")
    page.evaluate(WORKER_READY)
    page.reload()
    texts = [f"{FLAPPING} {n:02}" for n in range(REPORTS)]
    begun, was_on = time.monotonic(), True
    while texts or page.is_visible("#queue"):
        is_on = (time.monotonic() - begun) % (ON_S + OFF_S) < ON_S
        if is_on != was_on:
            context.set_offline(not is_on)
        was_on = is_on
        if texts:
            _write(page, f"{system.url}/lapor", texts.pop())
        page.wait_for_timeout(1_000)
    context.close()
    return _stored(system)


def _write(page: Page, url: str, text: str) -> None:
    page.goto(url)
    page.fill("#place_text", "Kecamatan Cugenang, Kabupaten Cianjur")
    page.fill("#text", text)
    page.click("text=Kirim laporan")
    page.wait_for_selector("form#report", state="hidden")


def _stored(system: Running) -> tuple[float, float]:
    token = system.command("users", "token", "admin")
    board = _get(system, "/api/board?incident=jabar", token)["reports"]
    cases = {row[board["columns"].index("case_id")] for row in board["rows"]}
    reports = [report for case in cases for report in _get(system, f"/api/cases/{case}", token)["reports"]]
    texts = [report["text"] for report in reports if report["text"].startswith(FLAPPING)]
    return float(len(set(texts))), float(len(texts) - len(set(texts)))


def _get(system: Running, path: str, token: str) -> Any:
    request = urllib.request.Request(f"{system.url}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _phone(browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="id-ID")
    context.set_default_timeout(90_000)
    return context


def _network(page: Page, conditions: dict[str, Any]) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", conditions)
    return session


if __name__ == "__main__":
    main()
