"""The public figures by HTTP: JSON, GeoJSON, CSV and pages, kept until the next cut, and only what is safe."""

import csv
import io
import json
import re
import uuid
from dataclasses import replace

import pytest
from shapely.geometry import shape

from geo.areas import Area
from server.app import create_app
from server.bootstrap import System
from server.domain.permissions import SYSTEM
from server.services import areas, incidents
from server.services.inputs import IncidentIn
from workers import publicmap

CIRANJANG, SMALL, DRAWN = "32.03.05", "32.03.18", "32.03.01"
FILES = ["summary.csv", "areas.csv", "deliveries.csv", "unmet.csv"]
CALLS = ["summary", "deliveries", "unmet", "areas.geojson", "areas.geojson?level=regency", *FILES]


def square(lon, lat, half=0.05):
    """A clockwise square, as shapefiles have them."""
    from shapely import Polygon

    ring = [(lon - half, lat - half), (lon - half, lat + half), (lon + half, lat + half), (lon + half, lat - half)]
    return Polygon(ring).wkb


@pytest.fixture(scope="module")
def client(module_started):
    """A stranger, after one report of 118 people, one of 3 and one in an area with a border, and a cut."""
    system = System(module_started)
    with system.writing() as tx:
        rows = [row for row in tx.areas.all() if row["code"].startswith("32")]
        known = [Area(**{name: row[name] for name in Area.__slots__}) for row in rows]
        border = replace(next(a for a in known if a.code == DRAWN), wkb=square(107.14, -6.82), lon=107.14, lat=-6.82,
                         approximate=False)  # fmt: skip
        areas.replace(tx, SYSTEM, [border if a.code == DRAWN else a for a in known])
    with system.writing() as tx:
        incidents.add(tx, SYSTEM, IncidentIn(slug="gempa", name='<b>"Gempa"</b>'), system.gazetteer())
        incidents.add(tx, SYSTEM, IncidentIn(slug="latihan", name="Latihan", training=True), system.gazetteer())
    app = create_app(module_started)
    stranger = app.test_client(use_cookies=False)
    for area, people, incident in (
        (CIRANJANG, 118, "jabar"), (SMALL, 3, "jabar"), (DRAWN, 40, "jabar"), (CIRANJANG, 60, "gempa"),
    ):  # fmt: skip
        content = {"client_id": str(uuid.uuid4()), "area_code": area, "people": people, "incident": incident}
        answer = stranger.post("/api/reports", json={**content, "text": "banjir", "danger": {"rising": True}})
        assert answer.status_code == 201
    assert publicmap.publish_now(system) == 2
    yield stranger
    system.engine.dispose()
    app.extensions["tanggap"].engine.dispose()


def features(client, level="district", incident="jabar"):
    answer = client.get(f"/api/public/areas.geojson?level={level}&incident={incident}")
    assert answer.mimetype == "application/geo+json"
    return {feature["id"]: feature for feature in answer.json["features"]}


def table(client, name):
    """Header, tags and rows of a CSV file, the rows by header."""
    header, tags, *rows = csv.reader(io.StringIO(client.get(f"/api/public/{name}?lang=en").text))
    return tags, [dict(zip(header, row, strict=True)) for row in rows]


def test_the_summary_holds_rounded_totals_and_regencies(client):
    found = client.get("/api/public/summary").json
    assert found["incident"]["slug"] == "jabar"
    assert (found["hidden_below"], found["rounded_to"]) == (5, 5)
    assert found["total"]["people_reported"] == 160
    assert [row["code"] for row in found["regencies"]] == ["32.03"]


def test_areas_are_geojson_with_what_may_be_shown(client):
    found = features(client)
    assert set(found) == {CIRANJANG, SMALL, DRAWN}
    assert found[CIRANJANG]["properties"]["people_waiting"] == 120
    assert found[CIRANJANG]["properties"]["wait_median"] == "under_1h"
    assert found[SMALL]["properties"]["people_waiting"] is None
    assert found[CIRANJANG]["geometry"]["type"] == "Point"
    assert set(features(client, "regency")) == {"32.03"}


def test_geojson_is_rfc_7946(client):
    body = client.get("/api/public/areas.geojson").get_data(as_text=True)
    whole = json.loads(body)
    assert "crs" not in whole
    assert len(whole["bbox"]) == 4
    polygon = features(client)[DRAWN]["geometry"]
    assert polygon["type"] == "Polygon"
    drawn = shape(polygon)
    assert drawn.is_valid
    assert drawn.exterior.is_ccw
    for number in json.dumps(whole).replace(",", " ").replace("]", " ").replace("[", " ").split():
        assert "." not in number or len(number.rpartition(".")[2].strip('"}')) <= 3 or not number[0].isdigit()


def test_deliveries_and_unmet_are_by_item(client):
    lacking = client.get("/api/public/unmet").json
    ciranjang = next(row for row in lacking["areas"] if row["code"] == CIRANJANG)
    assert ciranjang["people_waiting"] == 120
    assert next(line for line in ciranjang["items"] if line["item"] == "water")["unmet"] == 1680
    assert client.get("/api/public/deliveries").json["areas"] == []


def test_every_form_tells_the_same_numbers_and_hides_the_same(client):
    """What one form shows and another hides, or rounds otherwise, could be told from the difference."""
    told = {}
    for name, row in numbers_told(client):
        for measure, value in row.items():
            told.setdefault((name, measure), set()).add(None if value in ("", None) else int(value))
    assert {name: values for name, values in told.items() if len(values) > 1} == {}
    assert told[SMALL, "people_waiting"] == {None}
    assert len(told) > 40


def numbers_told(client):
    """Every row of figures of a district or a district's item in every form: its name, and its numbers."""
    counts = ("people_reported", "people_waiting", "people_helped", "deliveries")
    for code, feature in features(client).items():
        yield code, {name: feature["properties"][name] for name in counts}
    columns = {"People reported": counts[0], "People waiting": counts[1], "People helped": counts[2],
               "Deliveries": counts[3], "Asked for": "asked", "Still lacking": "unmet", "Delivered": "delivered",
               "On the way": "on_the_way"}  # fmt: skip
    for file in ("areas.csv", "unmet.csv", "deliveries.csv"):
        for row in table(client, file)[1]:
            known = {columns[name]: value for name, value in row.items() if name in columns}
            people = {name: value for name, value in known.items() if name in counts}
            yield row["District code"], people
            yield (row["District code"], row.get("Item code")), {n: v for n, v in known.items() if n not in people}
    for call in ("unmet", "deliveries"):
        for row in client.get(f"/api/public/{call}").json["areas"]:
            yield row["code"], {name: row[name] for name in counts if name in row}
            for line in row["items"]:
                yield (row["code"], line["item"]), {n: v for n, v in line.items() if n not in ("item", "unit")}
    page = client.get("/peta?lang=en").text
    for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL):
        name = re.search(r"(Ciranjang|Cianjur)</", row)
        cells = re.findall(r'<td class="number[^"]*">([^<]*)</td>', row)
        if name and name[1] == "Ciranjang" and len(cells) >= 3:
            told = [None if cell.startswith(("fewer", "withheld")) else cell.replace(",", "") for cell in cells[:3]]
            yield CIRANJANG, dict(zip(("people_waiting", "people_helped", "people_reported"), told, strict=True))


@pytest.mark.parametrize("name", FILES)
def test_csv_has_a_row_of_hxl_tags(client, name):
    answer = client.get(f"/api/public/{name}")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="tanggap-jabar-')
    tags, _ = table(client, name)
    assert all(tag.startswith("#") for tag in tags)
    assert len(set(tags)) == len(tags)


def test_csv_leaves_withheld_cells_empty(client):
    _, rows = table(client, "areas.csv")
    small = next(row for row in rows if row["District code"] == SMALL)
    assert small["People reported"] == ""
    assert next(row for row in rows if row["District code"] == CIRANJANG)["People reported"] == "120"
    _, rows = table(client, "unmet.csv")
    water = next(row for row in rows if row["District code"] == CIRANJANG and row["Item code"] == "water")
    assert (water["Asked for"], water["Still lacking"], water["Unit"]) == ("1680", "1680", "L")


def test_regencies_as_csv_by_either_name(client):
    assert client.get("/api/public/areas.csv?level=regency").text == client.get("/api/public/summary.csv").text


@pytest.mark.parametrize("call", CALLS)
def test_an_answer_may_be_kept_until_the_next_cut(client, call):
    answer = client.get(f"/api/public/{call}")
    directives = answer.headers["Cache-Control"]
    assert "public" in directives
    assert 5 <= int(directives.split("max-age=")[1]) <= 900
    again = client.get(f"/api/public/{call}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    other = client.get(f"/api/public/{call}", headers={"If-None-Match": answer.headers["ETag"], "Cookie": "lang=en"})
    assert other.status_code == 200


@pytest.mark.parametrize("incident", ["latihan", "tidak-ada", "%00", "x" * 3000])
@pytest.mark.parametrize("call", CALLS)
def test_training_and_unknown_incidents_look_the_same(client, call, incident):
    joint = "&" if "?" in call else "?"
    answer = client.get(f"/api/public/{call}{joint}incident={incident}")
    assert answer.status_code in (404, 422)
    assert answer.json["error"]["code"] in ("not_found", "invalid")
    assert "atihan" not in answer.text


def test_an_unknown_level_is_named(client):
    answer = client.get("/api/public/areas.geojson?level=village")
    assert answer.status_code == 422
    assert "district, regency" in answer.json["error"]["fields"]["level"]


def test_the_map_page_shows_rounded_figures_without_a_script(client):
    page = client.get("/peta").text
    assert "Ciranjang" in page
    assert '<td class="number">120</td>' in page
    assert "kurang dari 5" in page
    assert "118" not in page
    assert "Latihan" not in page
    english = client.get("/peta?lang=en").text
    assert "fewer than 5" in english


@pytest.mark.parametrize("path", ["/peta", "/donasi", "/kabar", "/peta?incident=gempa", "/donasi?incident=gempa"])
def test_pages_answer_and_escape(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "<b>&#34;Gempa" not in answer.text.replace("&lt;b&gt;", "")
    assert '<b>"Gempa"</b>' not in answer.text


def test_the_map_runs_only_its_own_scripts_and_loads_nothing_from_elsewhere(client):
    answer = client.get("/peta/gambar")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "//cdn" not in answer.text
    assert "https://" not in answer.text
    assert 'src="/static/leaflet/leaflet.js"' in answer.text
    assert '<html lang="id">' in answer.text
    assert '<html lang="en">' in client.get("/peta/gambar?lang=en").text


def test_the_map_escapes_what_people_wrote(client):
    document = client.get("/peta/gambar?incident=gempa").text
    assert '<b>"Gempa' not in document
    assert "<b>&#" not in document


def test_a_map_that_is_not_drawn_is_not_found(client):
    assert client.get("/peta/gambar?incident=latihan").status_code == 404


def test_a_gift_code_finds_its_page_or_says_that_it_is_unknown(client):
    assert client.get("/donasi?code=+AB/CD+").headers["Location"] == "/donasi/ABCD"
    for page in ("/donasi", "/kabar"):
        for line_end in ("\n", "\r", "\r\n"):
            header = client.get(page, query_string={"code": f"AB{line_end}Set-Cookie: x=1"}).headers
            assert header["Location"].startswith(f"{page}/AB%0")
            assert "Set-Cookie" not in header
    answer = client.get("/donasi/NOPE")
    assert answer.status_code == 404
    assert "tidak kami kenal" in answer.text


def test_before_the_first_cut_pages_say_so(app):
    stranger = app.test_client(use_cookies=False)
    assert "Belum ada angka" in stranger.get("/peta").text
    assert stranger.get("/donasi").status_code == 200
    assert stranger.get("/api/public/areas.geojson").json == {"type": "FeatureCollection", "features": []}
    found = stranger.get("/api/public/summary")
    assert found.json["cut_at"] is None
    assert "max-age=5" in found.headers["Cache-Control"]
