"""What a phone must load to see the public map, at its heaviest: every district with borders, many publications.

Bytes as the gateway sends them: built files by brotli (the .br beside each), pages by its zstd.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely
import zstandard

from server.app import create_app
from server.bootstrap import System, area_from_row
from server.domain.permissions import SYSTEM
from server.services import areas, publishing
from tests import province
from tests.browser import ROOT
from workers import publicmap

FIRST_VIEW_BYTES = 170_000
FIRST_PAINT_BYTES = 20_000
"""What the first paint waits for, page and style sheets: 0.4 s at 400 kbit/s, beside round trips of 400 ms."""
HEADERS_BYTES = 700
"""Of one answer; an assumption on the safe side (measured: 350 to 600)."""
GATEWAY_LEVEL = 3
WEEK = [datetime(2026, 11, 10, tzinfo=UTC) + timedelta(hours=12 * n) for n in range(14)]


@pytest.fixture(scope="module")
def client(module_started):
    """All 627 districts with borders, and other figures in each of them at each of many publications."""
    time = [WEEK[0]]
    system = System(module_started, now=lambda: time[0])
    with system.writing() as tx:
        areas.replace(tx, SYSTEM, list(bordered([area_from_row(row) for row in tx.areas.all()])))
        for statement in province.FILL.split(";"):
            tx.conn.exec_driver_sql(statement)
    for time[0] in WEEK:
        with system.writing() as tx:
            tx.conn.exec_driver_sql(province.CHANGE)
            publishing.publish(tx, tx.now)
    publicmap.publish_now(system)
    app = create_app(module_started, system)
    yield app.test_client(use_cookies=False)
    system.engine.dispose()


def bordered(known):
    polygons = province.borders(sorted(area.code for area in known if area.level == "district"))
    for area in known:
        if (polygon := polygons.get(area.code)) is None:
            if area.code.startswith("32"):
                yield area
            continue
        middle = shapely.point_on_surface(polygon)
        yield replace(area, lon=middle.x, lat=middle.y, wkb=polygon.wkb, approximate=False)


def on_the_wire(body: bytes) -> int:
    return len(zstandard.ZstdCompressor(level=GATEWAY_LEVEL).compress(body)) + HEADERS_BYTES


def built(page: str, kinds: str) -> dict[str, int]:
    """By name, what the built files that a page loads weigh."""
    names = set(re.findall(rf'(?:src|href)="/static/([^"?]+\.(?:{kinds}))', page))
    return {name: (ROOT / "web" / "dist" / f"{name}.br").stat().st_size + HEADERS_BYTES for name in names}


def test_the_first_view_is_light_with_all_districts_and_many_publications(client):
    page = client.get("/peta")
    frame = client.get("/peta/gambar", headers={"Accept-Encoding": "zstd"})
    assert page.status_code == frame.status_code == 200
    text = zstandard.ZstdDecompressor().decompress(frame.data).decode()
    assert text.count('"type": "Polygon"') + text.count('"type": "MultiPolygon"') >= 627
    assert len(re.search(r'"times":(\[.*?\])', text)[1].split('","')) == publishing.STEPS_BEFORE + 1
    loaded = built(page.text, "js|css|svg") | built(text, "js|css")
    assert {"leaflet/leaflet.js", "publicmap.js", "base.css"} <= set(loaded)
    weight = on_the_wire(page.data) + len(frame.data) + HEADERS_BYTES + sum(loaded.values())
    assert weight <= FIRST_VIEW_BYTES, (weight, len(frame.data), on_the_wire(page.data), loaded)


def test_the_first_paint_waits_for_little(client):
    page = client.get("/peta")
    weight = on_the_wire(page.data) + sum(built(page.text, "css").values())
    assert weight <= FIRST_PAINT_BYTES


def test_every_district_is_in_the_tables_of_the_regencies(client):
    page = client.get("/peta").text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/peta\?[^"]*area=[^"#]+)#districts"', page)]
    assert len(links) == 27
    rows = [row for link in links for row in district_rows(client.get(link).text)]
    assert len(rows) == len(set(rows)) == 627
    assert len(district_rows(page)) < 50


def district_rows(page):
    table = page[page.index('id="districts"') :]
    return re.findall(r'<th scope="row">(.*?)</th>', table[: table.index("</table>")])
