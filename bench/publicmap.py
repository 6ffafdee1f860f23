"""The public map as a slow phone loads it: bytes on the wire, and seconds until the first paint and until the map.

Every district of West Java has reports, and half of them deliveries: as heavy as the page gets.
"""

import time

import psycopg
from playwright.sync_api import Browser, Page

from bench.harness import Line, repeated, show
from bench.running import Running, running
from server import embedded
from server.config import from_env
from tests.browser import chromium

SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
"""Profile B of the design's mobile budget: 400 kbit/s and 400 ms."""
CUTS = 6
PUBLISH_EVERY_S = 5
_FILL = """
insert into cases (id, incident_id, area, lon, lat, accuracy_m, people, tier, opened_at, delivery_code, verified_at)
select 1000000 + n, i.id, a.code, a.lon, a.lat, 50, 4 + n * 7919 %% 900, n %% 4, now() - n * interval '1 minute',
       '0000', now()
from (select row_number() over (order by code) as n, code, lon, lat from areas
      where level = 'district' and code like '32.%%') a, incidents i where i.slug = 'jabar';
insert into reports (id, client_id, content_hash, code_index, incident_id, case_id, state, tier, area, channel,
                     received_at, due_at)
select substr(replace(upper(gen_random_uuid()::text), '-', ''), 1, 12), gen_random_uuid(), 'x',
       sha256(c.id::text::bytea), c.incident_id, c.id, 'verified', c.tier, c.area, 'web', c.opened_at, c.opened_at
from cases c;
insert into needs (id, incident_id, case_id, item, quantity, tier, basis, state, opened_at, due_at)
select 10000000 + 3 * c.id + k, c.incident_id, c.id, (array['water', 'rice', 'blanket'])[k + 1], c.people * (k + 1),
       c.tier, 'bench', 'open', c.opened_at, c.opened_at
from cases c, generate_series(0, 2) k;
insert into assignments (id, trip_id, incident_id, case_id, kind, area, state, "by", created_at, changed_at,
                         asking_since, why)
select t.id, t.id, c.incident_id, c.id, 'service', c.area, 'confirmed', 'bench', now(), now(), now(), '{}'
from (select gen_random_uuid() as id, id as case_id from cases where id %% 2 = 0) t join cases c on c.id = t.case_id;
insert into assignment_lines (assignment_id, n, need_id, quantity)
select a.id, 0, n.id, n.quantity from assignments a join needs n on n.case_id = a.case_id and n.item = 'water';
insert into deliveries (id, assignment_id, client_id, proof, "by", handed_over_at, recorded_at)
select gen_random_uuid(), a.id, gen_random_uuid(), 'code', 'bench', now(), now() from assignments a
"""


def fill(system: Running) -> None:
    """Reports in every district, and deliveries in half of them, over some cuts."""
    with psycopg.connect(embedded.database_url(from_env(dict(system.environment)))) as connection:
        for statement in _FILL.split(";"):
            connection.execute(statement, {})
    time.sleep(CUTS * PUBLISH_EVERY_S)


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
        {"profile": "400 kbit/s, 400 ms, one machine for browser and system"},
    )


if __name__ == "__main__":
    main()
