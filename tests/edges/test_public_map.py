"""The drawn map: no value in its source that is not published, its picture, and the page that others may frame."""

import io
import itertools
import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import insert

from geo.palette import CLASSES, HELPED
from server.app import create_app
from server.bootstrap import System
from server.services import publishing
from server.store import tables
from workers import publicmap

BEGIN = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
AREAS = {"32.03.05": 12_347, "32.03.18": 3, "32.03.01": 118, "32.73.02": 41, "32.03": 63, "32.05.02": 1}
HELPED_CASE = "32.73.02"
FEWER = {"id": "kurang dari 5", "en": "fewer than 5"}


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
    """Every feature of the areas and circles in the source, with its properties."""
    for data in re.findall(r"_add\((\{.*?\})\);\n", document, re.DOTALL):
        yield from (one for one in json.loads(data)["features"] if "v1" in one["properties"])


def as_read(name, number, language):
    """A published figure as the map may say it."""
    if number is None:
        return FEWER[language] if name.startswith("people") else "–"
    return f"{number:,}".replace(",", "." if language == "id" else ",") + (" %" if name == "unmet_share" else "")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_map_holds_no_value_that_is_not_in_the_published_aggregates(app, language):
    document, known = source(app, language), published(app)
    seen = 0
    for feature in features(document):
        texts = [text for name, text in feature["properties"].items() if re.fullmatch(r"v[1-5]", name)]
        for name, text in zip(publicmap.STEPPED, texts, strict=True):
            allowed = {as_read(name, number, language) for number in known[feature["id"]][name]}
            assert text in allowed, (feature["id"], name, text)
            seen += 1
    assert seen == len(publicmap.STEPPED) * (len(AREAS) + 1)


def test_the_times_of_the_map_are_published_cuts_and_nothing_else(app):
    document, known = source(app, "id"), published(app)
    block = json.loads(re.search(r'id="figures">(.*?)</script>', document)[1])
    assert len(block["times"]) == 2
    assert set(block["values"]) == set(AREAS)
    for code, measures in block["values"].items():
        assert set(measures) == set(publicmap.STEPPED)
        for name, steps in measures.items():
            numbers = set(steps) if isinstance(steps, list) else {steps}
            # An area that nobody had reported from yet has nobody, or nothing to take a share of.
            assert numbers <= known[code][name] | {0 if name.startswith("people") else None}, (code, name)
    assert block["values"]["32.03.05"]["people_waiting"] == 12_345
    assert block["values"]["32.73.02"]["people_helped"] == [0, 40]


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
