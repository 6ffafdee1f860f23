"""The public map as a slow phone loads it: bytes on the wire, and seconds until the first paint and until the map.

Every district of West Java has borders and reports, half of them deliveries, and all other figures at each of many
publications: as heavy as the page gets. `BORDERS=FILE,FILE` takes real borders.
"""

import json
import os
import time
from pathlib import Path

import psycopg
from playwright.sync_api import Browser, Page
from shapely.geometry import mapping

from bench.harness import Line, repeated, show
from bench.running import Running, running
from server import embedded
from server.config import from_env
from tests import province
from tests.browser import chromium

SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
"""Profile B of the design's mobile budget: 400 kbit/s and 400 ms."""
CUTS = 14
PUBLISH_EVERY_S = 10
BORDERS = os.environ.get("BORDERS", "")
"""Files of real borders for `areas load`, parted by commas; without, made-up ones that weigh as much."""


def fill(system: Running) -> None:
    """Borders of all districts, reports in each, deliveries in half of them, other figures at each of many cuts."""
    for path in BORDERS.split(",") if BORDERS else [str(_made_up(system))]:
        system.command("areas", "load", path)
    with psycopg.connect(embedded.database_url(from_env(dict(system.environment))), autocommit=True) as connection:
        for statement in province.FILL.split(";"):
            connection.execute(statement)
        for _ in range(CUTS):
            connection.execute(province.CHANGE)
            _wait_for_a_cut(connection)


def _made_up(system: Running) -> Path:
    """A file of borders that nobody has."""
    with psycopg.connect(embedded.database_url(from_env(dict(system.environment)))) as connection:
        names = dict(connection.execute("select code, name from areas where starts_with(code, '32.')").fetchall())
    polygons = province.borders(sorted(code for code in names if code.count(".") == 2))
    features = [
        {"type": "Feature", "properties": {"code": code, "name": names[code]}, "geometry": mapping(polygon)}
        for code, polygon in polygons.items()
    ]
    path = system.data_dir / "borders.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def _wait_for_a_cut(connection: psycopg.Connection, within_s: float = 300) -> None:
    count = "select count(*) from public_cuts"
    before, end = connection.execute(count).fetchone(), time.monotonic() + within_s
    while connection.execute(count).fetchone() == before:
        if time.monotonic() > end:
            raise TimeoutError("no figures were cut")
        time.sleep(0.2)


def visit(browser: Browser, system: Running) -> dict[str, float]:
    """One first visit of a phone with nothing kept."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="id-ID", base_url=system.url)
    page = context.new_page()
    sizes: list[float] = []
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW)
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    began = time.perf_counter()
    page.goto("/peta")
    page.frame_locator("iframe").locator("path.leaflet-interactive").first.wait_for()
    found = {"map": time.perf_counter() - began, "paint": _first_paint_s(page), "kilobytes": sum(sizes) / 1000}
    context.close()
    return found


def _first_paint_s(page: Page) -> float:
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    return float(page.evaluate(paint)) / 1000


def main() -> None:
    """Print the table."""
    with running(PUBLISH_EVERY_S=str(PUBLISH_EVERY_S)) as system, chromium() as browser:
        fill(system)
        found = repeated(lambda: visit(browser, system))
    show(
        "Public map: first view of /peta at 400 kbit/s and 400 ms, all districts",
        [
            Line("on the wire", "kB", found["kilobytes"], aim="<= 170 kB"),
            Line("first paint", "s", found["paint"], aim="<= 2 s"),
            Line("map drawn in its frame", "s", found["map"]),
        ],
        {"profile": "400 kbit/s, 400 ms, one machine for browser and system", "borders": BORDERS or "made up"},
    )


if __name__ == "__main__":
    main()
