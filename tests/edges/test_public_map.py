"""The drawn map: no value in its source that is not published, its picture, and the page that others may frame."""

import html
import io
import itertools
import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from PIL import Image
from sqlalchemy import insert

from geo.palette import CLASSES, HELPED, HIDDEN
from server.app import create_app
from server.bootstrap import System
from server.services import publishing
from server.store import tables
from workers import publicmap

BEGIN = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
AREAS = {"32.03.05": 12_347, "32.03.18": 3, "32.03.01": 118, "32.73.02": 41, "32.03": 63, "32.05.02": 1}
HELPED_CASE = "32.73.02"


@pytest.fixture(scope="module")
def app(module_started):
    """Reports in two cuts: half of the areas in the first, all in the second; one case was helped in between."""
    time = [BEGIN]
    system = System(module_started, now=lambda: time[0])
    app = create_app(module_started, system)
    stranger = app.test_client(use_cookies=False)
    for n, (area, people) in enumerate(AREAS.items()):
        if n == len(AREAS) // 2:
            publicmap.publish_now(system)
            time[0] += timedelta(hours=3)
        content = {"client_id": str(uuid.uuid4()), "area_code": area, "people": people, "text": "banjir"}
        sent = stranger.post("/api/reports", json={**content, "danger": {"rising": True}})
        assert sent.status_code == 201
        with system.writing() as tx:
            case_id = tx.reports.get(sent.json["id"])["case_id"]
            tx.cases.change(case_id, verified_at=tx.now)
            if area == HELPED_CASE:
                _help(tx, case_id)
    publicmap.publish_now(system)
    yield app
    system.engine.dispose()


def _help(tx, case_id):
    """A hand-over of all the water that the case asked for."""
    assignment, case = tx.new_id(), tx.cases.get(case_id)
    row = {"id": assignment, "trip_id": assignment, "case_id": case_id, "incident_id": case["incident_id"]}
    row |= {"kind": "service", "area": case["area"], "state": "confirmed", "by": "test"}
    row |= dict.fromkeys(("created_at", "changed_at", "asking_since"), tx.now)
    need = next(need for need in tx.cases.needs_of(case_id) if need["item"] == "water")
    tx.assignments.add([row], [{"assignment_id": assignment, "n": 0, "need_id": need["id"], "quantity": 77}])
    tx.conn.execute(
        insert(tables.deliveries).values(
            id=tx.new_id(), assignment_id=assignment, client_id=tx.new_id(), proof="code", by="test",
            handed_over_at=tx.now, recorded_at=tx.now,
        )
    )  # fmt: skip


def published(app):
    """By area, every number that any stored cut holds of it; what is withheld is None."""
    found = {}
    with app.extensions["tanggap"].reading() as tx:
        cuts = tx.conn.exec_driver_sql("select figures from public_cuts order by id").scalars().all()
    for figures in cuts:
        for row in figures["areas"]:
            numbers = found.setdefault(row["code"], {name: set() for name in publicmap.STEPPED})
            for name in publicmap.STEPPED:
                numbers[name].add(row[name])
    assert len(cuts) == 2
    return found


def source(app, language):
    answer = app.test_client().get(f"/peta/gambar?lang={language}")
    assert answer.status_code == 200
    return answer.text


def features(document):
    """Every area and circle in the source that carries figures or an area's code."""
    for data in re.findall(r"_add\((\{.*?\})\);\n", document, re.DOTALL):
        yield from (one for one in json.loads(data)["features"] if one["id"] in AREAS)


def waits(app, language):
    """By area, how long people wait, as the map may say it."""
    say = json.loads((publicmap.WORDS / f"{language}.json").read_text("utf-8"))["public"]["waits"]
    with app.extensions["tanggap"].reading() as tx:
        rows = publishing.latest(tx, None)["areas"]
    return {row["code"]: say[row["wait"]["median"]] if row["wait"]["median"] else "–" for row in rows}


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_shapes_of_the_map_hold_no_value_but_the_published_waits(app, language):
    known, seen = waits(app, language), []
    for feature in features(source(app, language)):
        seen.append(feature["id"])
        texts = {name: text for name, text in feature["properties"].items() if text and name != "v0"}
        assert texts in ({}, {"v6": known[feature["id"]]}), feature["id"]
    # Each area once, and a circle where people were helped.
    assert sorted(seen) == sorted([*AREAS, HELPED_CASE])


def test_the_figures_of_the_map_are_of_published_cuts_and_nothing_else(app):
    document, known = source(app, "id"), published(app)
    block = json.loads(re.search(r'id="figures">(.*?)</script>', document)[1])
    assert set(block) == {"times", "lines", "measures", "codes", "values", "colours", "words", "radius"}
    assert len(block["times"]) == 2
    assert sorted(block["codes"]) == sorted(AREAS)
    assert set(block["values"]) == set(publicmap.STEPPED)
    for name, of_each in block["values"].items():
        for code, steps in zip(block["codes"], of_each, strict=True):
            numbers = set(steps) if isinstance(steps, list) else {steps}
            # An area that nobody had reported from yet has nobody, or nothing to take a share of.
            assert numbers <= known[code][name] | {0 if name.startswith("people") else None}, (code, name)
    by_code = {name: dict(zip(block["codes"], of_each, strict=True)) for name, of_each in block["values"].items()}
    assert by_code["people_waiting"]["32.03.05"] == 12_345
    assert by_code["people_helped"]["32.73.02"] == [0, 40]


def test_the_map_goes_out_as_it_was_packed_and_unpacked_to_who_cannot_take_that(app):
    client = app.test_client()
    packed = client.get("/peta/gambar", headers={"Accept-Encoding": "gzip, zstd"})
    plain = client.get("/peta/gambar", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "zstd"
    assert "Content-Encoding" not in plain.headers
    assert zstandard.ZstdDecompressor().decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("path", ["/peta/gambar", "/peta/sematan", "/peta"])
def test_no_true_count_stands_anywhere_in_the_source(app, path):
    document = app.test_client().get(path).text
    without_places = re.sub(r'"coordinates": \[[^{}]*\]', "", document)
    for people in (12_347, 118, 41, 63):
        written = rf"{people}|{people:,}|{people // 1000}[.]{people % 1000:03}"
        assert not re.search(rf"(?<![\w.#-])({written})(?![\w.])", without_places), people


def test_only_the_embedded_page_may_be_framed_by_others(app):
    client = app.test_client()
    embedded, own = client.get("/peta/sematan"), client.get("/peta/gambar")
    assert "frame-ancestors *" in embedded.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded.headers
    assert embedded.text == own.text
    assert embedded.headers["Content-Security-Policy"].replace("ancestors *", "ancestors 'self'") == (
        own.headers["Content-Security-Policy"]
    )
    assert "unsafe" not in embedded.headers["Content-Security-Policy"]
    for path in ("/", "/peta", "/peta/gambar", "/donasi", "/lapor", "/peta/gambar.png", "/api/public/summary"):
        answer = client.get(path)
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN", path


def test_the_page_gives_the_code_to_embed_and_says_what_is_withheld(app):
    page = app.test_client().get("/peta").text
    assert "&lt;iframe src=&#34;" in page
    assert "/peta/sematan?incident=jabar" in page
    assert "2 dari 6 wilayah" in page


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_picture_shows_the_colours_of_the_figures(app, language):
    answer = app.test_client().get(f"/peta/gambar.png?lang={language}")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert len(answer.data) < 200_000
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.size == (1080, 1080)
        seen = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
    for wanted in (CLASSES[-1][1], CLASSES[0][1], HELPED):
        red, green, blue = bytes.fromhex(wanted[1:])
        assert any(abs(red - r) + abs(green - g) + abs(blue - b) < 24 for r, g, b in seen), wanted


def test_without_scripts_the_frame_shows_the_picture(app):
    without = re.search(r"<noscript>(.*?)</noscript>", source(app, "en"))[1]
    assert 'src="/peta/gambar.png?incident=jabar&amp;lang=en"' in without


def earlier_links(app):
    page = app.test_client().get("/peta").text
    return [html.unescape(link) for link in re.findall(r'href="(/peta\?[^"]*at=[^"]+)"', page)]


def test_an_earlier_publication_is_a_page_with_its_own_table_and_picture(app):
    client, (link,) = app.test_client(), earlier_links(app)
    now, page = client.get("/peta").text, client.get(link).text
    assert "12.345" in page
    assert "Coblong" not in page
    assert "Coblong" in now
    assert "<iframe" not in page
    assert '<option value="jabar"' not in page
    picture = client.get(html.unescape(re.search(r'src="(/peta/gambar.svg[^"]+)"', page)[1]))
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    # Three areas were known then; nobody was helped yet, so that none has a circle of the colour of help.
    assert picture.text.count("<circle") == len(AREAS) // 2
    assert HELPED not in picture.text
    assert CLASSES[-1][1] in picture.text
    assert HIDDEN in picture.text


@pytest.mark.parametrize("at", ["", "gestern", "2026-11-24T05:00:00", "1999-01-01T00:00:00+00:00"])
@pytest.mark.parametrize("path", ["/peta", "/peta/gambar.svg"])
def test_a_time_at_which_nothing_was_published_is_not_found(app, path, at):
    assert app.test_client().get(path, query_string={"at": at}).status_code == 404


def test_shares_are_reckoned_of_shown_numbers_only():
    lines = [
        {"item": "water", "asked": 1400, "unmet": 700},
        {"item": "blanket", "asked": 10, "unmet": None},
        {"item": "rice", "asked": None, "unmet": None},
    ]
    assert publishing.unmet_share(lines) == 50
    assert publishing.unmet_share(lines[1:]) is None
    assert publishing.unmet_share([]) is None
    assert publishing.helped_per_1000(20, 45) == 440
    assert publishing.helped_per_1000(None, 45) is None
    assert publishing.helped_per_1000(5, None) is None
    assert publishing.helped_per_1000(0, 0) is None
    assert publishing.helped_per_1000(50, 45) == 1000


def test_the_times_kept_are_spread_evenly():
    hours = [BEGIN + timedelta(hours=n) for n in range(200)]
    kept = publishing.spread(hours, BEGIN + timedelta(hours=200), 10)
    assert kept[0] == BEGIN
    assert {later - earlier for earlier, later in itertools.pairwise(kept)} == {timedelta(hours=20)}
    assert publishing.spread(hours[:3], BEGIN, 10) == hours[:3]
