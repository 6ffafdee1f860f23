"""Something unique is planted wherever people's data go; then a stranger looks everywhere and must not find it."""

import base64
import io
import json
import re
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
import structlog
from PIL import ExifTags, Image
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from server.app import create_app
from server.domain.events import from_data
from server.domain.rooms import PUBLIC
from server.services import contacts, hearing
from server.store import claim_tables, desk_tables, tables
from workers import clock, publicmap
from workers.relay import Relay

PHONE = "+6281299734561"
NAME = "Zulaikha Wirapraja"
LON, LAT = 107.13579, -6.82468
TEXT = "Rumah ungu dekat pohon kapuk kembar"
NOTE = "Kunci ada di tetangga sebelah barat"
HIDDEN_CLAIM = "Gudang beras desa dijarah semalam"
STRANGER_PATHS = [
    "/",
    "/tidak/ada",
    "/api/tidak-ada",
    "/static/../config",
    "/peta/gambar/x",
    "/api/public/gifts/ABC",
    "/backups",
    "/backups/",
    "/var/backups",
    "/photos/",
    "/static/",
    "/socket.io/",
    "/sw.js",
    "/.git/config",
    "/feed",
]
QUERIES = ["", "?lang=en", "?incident=jabar&level=regency", "?q=kapuk&parent=32", "?incident=zzz", "?level=zzz&limit=x"]
SUFFIXES = ["", ".csv", ".geojson", ".json"]


@pytest.fixture(scope="module")
def planted(module_started):
    """The application with the canaries in it, a cut made after, and words that stand for ids in paths."""
    app = create_app(module_started)
    system = app.extensions["tanggap"]
    stranger = app.test_client(use_cookies=False)
    report = {
        "client_id": str(uuid.uuid4()),
        "text": TEXT,
        "place": {"lon": LON, "lat": LAT, "accuracy_m": 8},
        "people": 118,
        "danger": {"rising": True},
        "contact": {"name": NAME, "phone": PHONE},
    }
    answer = stranger.post("/api/reports", json=report)
    assert answer.status_code == 201
    photo = stranger.put(
        f"/api/reports/{report['client_id']}/photos/1",
        data=photo_with_place(),
        headers={"X-Tracking-Code": answer.json["code"], "Content-Type": "image/jpeg"},
    )
    assert photo.status_code == 201
    volunteer = {"name": NAME, "phone": PHONE, "home_area": "32.03", "skills": [], "consent": True}
    assert stranger.post("/api/volunteers", json=volunteer).status_code == 201
    pledge = {"client_id": str(uuid.uuid4()), "kind": "goods", "item": "rice", "quantity": 5, "donor": NAME}
    pledged = stranger.post("/api/pledges", json=pledge | {"phone": PHONE})
    assert pledged.status_code == 201
    with system.writing() as tx:
        case_id = tx.reports.get(answer.json["id"])["case_id"]
        jabar = tx.incidents.by_slug("jabar")["id"]
        sealed = contacts.seal_text(NAME, system.keys)
        tx.cases.add_note({"id": tx.new_id(), "case_id": case_id, "at": tx.now, "by": NAME, "text": NOTE})
        _add(tx, tables.sites, incident_id=jabar, name=f"Rumah {NAME}", kind="post", area="32.03", lon=LON, lat=LAT,
             address=TEXT, created_at=tx.now)  # fmt: skip
        _add(tx, claim_tables.claims, incident_id=jabar, area="32.03", text=HIDDEN_CLAIM, state="checking",
             received_at=tx.now, due_at=tx.now)  # fmt: skip
        _add(tx, tables.gifts, incident_id=jabar, code="AAAAAAAAA", donor_sealed=sealed, item="rice", quantity=500,
             received_at=tx.now)  # fmt: skip
        _deliver(tx, case_id, jabar)
        _check_in(tx, jabar)
    clock.publish_audit_head(system)
    publicmap.publish_now(system)
    with system.reading() as tx:
        ids = [case_id, answer.json["id"], report["client_id"]]
        ids += [one for table in (tables.sites, tables.photos) for one in tx.conn.execute(select(table.c.id)).scalars()]
    yield app, [str(one) for one in [*ids, "32.03.05", "AAAAAAAAA", "ABCD-EFGH", pledged.json["code"], 1]]
    system.engine.dispose()


def photo_with_place():
    """A JPEG that says in its EXIF where it was taken, and what it shows."""
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = TEXT
    exif[ExifTags.IFD.GPSInfo] = {
        ExifTags.GPS.GPSLatitudeRef: "S",
        ExifTags.GPS.GPSLatitude: (6.0, 49.0, 28.8),
        ExifTags.GPS.GPSLongitudeRef: "E",
        ExifTags.GPS.GPSLongitude: (107.0, 8.0, 8.8),
    }
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "purple").save(out, "JPEG", exif=exif)
    return out.getvalue()


def _add(tx, table, **values):
    tx.conn.execute(insert(table).values(id=tx.new_id(), **values))


def _deliver(tx, case_id, incident_id):
    """A hand-over with its place, at the case."""
    assignment, now = tx.new_id(), tx.now
    row = {"id": assignment, "incident_id": incident_id, "case_id": case_id, "kind": "service", "area": "32.03"}
    row |= {"trip_id": assignment, "state": "confirmed", "by": NAME, "reason": NOTE}
    row |= dict.fromkeys(("created_at", "changed_at", "asking_since"), now)
    needs = tx.cases.needs_of(case_id)
    lines = [{"need_id": need["id"], "quantity": need["quantity"]} for need in needs]
    tx.assignments.add([row], [{"assignment_id": assignment, "n": n, **line} for n, line in enumerate(lines)])
    _add(tx, tables.deliveries, assignment_id=assignment, client_id=tx.new_id(), proof="code", by=NAME, lon=LON,
         lat=LAT, handed_over_at=now, recorded_at=now)  # fmt: skip


def _check_in(tx, incident_id):
    """The volunteer is at the place, and calls for help there."""
    volunteer_id = tx.conn.execute(select(tables.volunteers.c.id)).scalar()
    where = {"volunteer_id": volunteer_id, "incident_id": incident_id, "area": "32.03", "lon": LON, "lat": LAT}
    _add(tx, tables.checkins, **where, accuracy_m=5, skills=[], started_at=tx.now, until=tx.now + timedelta(hours=8))
    calls = {"accuracy_m": 5, "note": NOTE, "state": "open", "called_at": tx.now, "recorded_at": tx.now}
    _add(tx, desk_tables.distress_calls, **where, **calls)


def paths_of(app, words):
    """Every address that a stranger can ask for, each variable filled with each of the words."""
    found = set(STRANGER_PATHS)
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        blanks = re.findall(r"<(?:\w+:)?\w+>", rule.rule)
        filled = [rule.rule]
        for blank in blanks:
            filled = [path.replace(blank, word, 1) for path in filled for word in words]
        found.update(filled)
    return sorted(found)


def leaks(text):
    """Which canaries the text holds, in any spelling."""
    read = unquote_plus(unescape(text)).lower()
    found = [words for words in (NAME, TEXT, NOTE, HIDDEN_CLAIM) if words.lower() in read]
    found += [part for part in (*NAME.split(), "kapuk kembar") if part.lower() in read]
    found += [f"{words} in hex" for words in (NAME, TEXT, PHONE) if words.encode().hex() in read]
    digits = re.sub(r"[\s().+\-–\u00a0]|%20|&#43;|&nbsp;|\\u002b|\\u00a0", "", text)
    if PHONE.removeprefix("+62") in digits:
        found.append("phone")
    found += ["place" for _ in near_place(text)]
    found += ["place in degrees" for degrees in DEGREES if re.search(degrees, text)]
    return found + [f"{canary} in base64" for hidden in unwrapped(text) for canary in leaks(hidden)]


DEGREES = (r"\b6(\.0)?\D{1,10}49(\.0)?\D{1,10}28\.8", r"\b107(\.0)?\D{1,10}0?8(\.0)?\D{1,10}0?8\.8")
"""The place in degrees, minutes and seconds, as a photo's EXIF has it."""
WRAPPED = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


def unwrapped(text):
    """What runs of base64 in the text say, where that is text."""
    for run in WRAPPED.findall(text):
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            found = base64.b64decode(plain + "=" * (-len(plain) % 4)).decode()
        except ValueError:
            continue
        if found.isprintable() and found != run:
            yield found


def near_place(text):
    """Numbers of 4 and more decimals at the place, and pairs of 3 at it, whichever of the two comes first."""
    numbers = [float(number) for number in re.findall(r"-?\d{1,3}\.\d{4,}", text)]
    yield from (n for n in numbers if min(abs(n - LON), abs(n - LAT), abs(n + LAT)) < 0.0006)
    for one, other in re.findall(r"(-?\d{1,3}\.\d{3,})[^0-9\-]{1,12}(-?\d{1,3}\.\d{3,})", text):
        for lon, lat in ((float(one), float(other)), (float(other), float(one))):
            if abs(lon - LON) < 0.0006 and abs(abs(lat) - abs(LAT)) < 0.0006:
                yield one


@pytest.mark.parametrize(
    "text",
    ["0812-9973-4561", "+62 812 9973 4561", "62812.9973.4561", "(0812) 99734561", NAME.upper(), "lat=-6.8247,x",
     "[107.136, -6.825]", base64.b64encode(PHONE.encode()).decode(), "%2B62%20812%209973%204561",
     base64.b64encode(f"{{'n': '{NAME}'}}".encode()).decode(),
     base64.urlsafe_b64encode(b"at -6.82468 107.13579").decode(),
     "-6.825, 107.136", '"lat": -6.825, "lon": 107.136', HIDDEN_CLAIM, "6\u00b049'28.8\"S 107\u00b008'08.8\"E",
     "[6.0, 49.0, 28.8]", json.dumps({"phone": "\u002b62 812-9973-4561"}), "&#43;62&nbsp;812&nbsp;9973&nbsp;4561",
     NAME.encode().hex(), PHONE.encode().hex(), quote(NAME), NAME.replace(" ", "+")],
)  # fmt: skip
def test_a_canary_would_be_seen(text):
    assert leaks(f"<p>{text}</p>")


def test_what_is_public_on_purpose_is_no_canary():
    assert leaks('{"coordinates":[107.139,-6.82]} 0812 9999 0000, 107.1, -6.8') == []


def test_a_stranger_finds_nothing_anywhere(planted):
    app, words = planted
    stranger = app.test_client(use_cookies=False)
    seen, answered = [], 0
    for path in paths_of(app, words):
        for address in addresses(path):
            answer = stranger.get(address)
            answered += answer.status_code == 200
            told = f"{answer.headers} {answer.get_data().decode(errors='replace')}"
            assert b"Exif" not in answer.get_data() or not answer.mimetype.startswith("image/"), address
            seen += [(address, canary) for canary in leaks(told)]
            assert answer.status_code < 500 or path == "/readyz", address
    assert seen == []
    assert answered > 40


def addresses(path):
    """A path with every ending and, for the public ones, every query."""
    if not path.startswith(("/api/public", "/peta", "/donasi", "/kabar", "/api/areas", "/api/incidents")):
        return [path]
    return [path + suffix + query for suffix in SUFFIXES for query in QUERIES]


def test_a_stranger_s_wrong_calls_tell_nothing(planted):
    app, words = planted
    stranger = app.test_client(use_cookies=False)
    for path in paths_of(app, words):
        for method in ("POST", "DELETE", "OPTIONS", "HEAD"):
            answer = stranger.open(path, method=method)
            assert leaks(f"{answer.headers} {answer.get_data().decode(errors='replace')}") == [], (method, path)


def test_no_event_tells_strangers_anything_but_the_time_of_a_cut(planted):
    app, _ = planted
    with app.extensions["tanggap"].reading() as tx:
        rows = tx.conn.execute(select(tables.outbox)).all()
    assert {row.type for row in rows} >= {"ReportReceived", "VolunteerChanged", "FiguresPublished"}
    for row in rows:
        told = from_data(row.type, row.incident_id, row.area, row.data).public()
        assert told is None or (row.type == "FiguresPublished" and set(told) == {"cut_at"})


def test_the_relay_says_nothing_to_strangers_and_no_name_phone_or_word_to_anybody(planted):
    app, _ = planted
    said = said_by_the_relay(app.extensions["tanggap"])
    assert {message["type"] for message in said[PUBLIC]} == {"FiguresPublished"}
    assert leaks(json.dumps(said[PUBLIC])) == []
    others = {room: messages for room, messages in said.items() if room != PUBLIC}
    assert len(others) >= 4
    # Staff see where a case is, and a volunteer by first name and initial.
    assert set(leaks(json.dumps(others))) - {"place", NAME.split(maxsplit=1)[0]} == set()


def test_a_leak_in_what_strangers_hear_would_be_found(planted, monkeypatch):
    app, _ = planted
    monkeypatch.setattr(hearing, "public_message", lambda row: hearing.as_message(row, {"name": quote(NAME)}))
    assert leaks(json.dumps(said_by_the_relay(app.extensions["tanggap"])[PUBLIC]))


def said_by_the_relay(system):
    """Every event through the relay itself, again: what each room is told."""
    said = {}

    class Rooms:
        def tell(self, room, messages):
            said.setdefault(room, []).extend(messages)

        def ears(self):
            return 0

    class NoJobs:
        def put(self, job):
            assert leaks(str(job)) == []

    with system.writing() as tx:
        tx.conn.execute(update(tables.outbox).values(sent_at=None))
    relay = Relay(system, Rooms(), NoJobs())
    while relay.step(system.writing):
        continue
    return said


def test_the_figures_for_operators_are_numbers_alone(planted):
    app, _ = planted
    answer = app.test_client(use_cookies=False).get("/metrics")
    assert answer.status_code == 200
    lines = answer.text.splitlines()
    assert len(lines) > 5
    assert all(re.fullmatch(r'tanggap_[a-z0-9_]+(\{state="[a-z_]+"\})? [0-9.e+-]+', line) for line in lines)
    assert leaks(answer.text) == []
    far = app.test_client(use_cookies=False).get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert far.status_code == 403
    assert leaks(far.text) == []


def test_a_stranger_s_socket_hears_nothing_of_its_own_asking(planted, module_started):
    # Flask-SocketIO's test client works without a queue only.
    app = create_app(replace(module_started, redis_url=""))
    socket = app.extensions["socketio"].test_client(app)
    refused = socket.emit("subscribe", {"incident": "jabar", "area": "32.03"}, callback=True)
    assert "error" in refused
    assert leaks(f"{refused} {socket.get_received()}") == []
    app.extensions["tanggap"].engine.dispose()


def test_a_kept_photo_says_nothing_of_its_place(planted):
    app, _ = planted
    kept = [path for path in app.extensions["tanggap"].settings.photo_dir.rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        assert TEXT.encode() not in path.read_bytes()
        with Image.open(path) as image:
            assert not image.getexif()


def test_no_line_of_the_log_tells_of_anybody(planted, servers, caplog, capfd):
    """Ours, those of the libraries, what is printed, and what the database writes down when a statement fails."""
    app, _ = planted
    caplog.set_level("DEBUG")
    stranger = app.test_client(use_cookies=False)
    wrong = {"client_id": "x", "text": TEXT, "place": {"lon": LON, "lat": LAT}}
    wrong["contact"] = {"name": NAME, "phone": PHONE}
    with structlog.testing.capture_logs() as lines:
        for path in ("/api/reports", "/api/volunteers", "/api/pledges", "/lapor", "/relawan", "/donasi", "/masuk"):
            for sent in ({"json": wrong}, {"data": {"text": TEXT, "name": NAME, "phone": PHONE}}, {"data": TEXT}):
                answer = stranger.post(path, **sent)
                assert answer.status_code < 500
        good = {**wrong, "client_id": str(uuid.uuid4())}
        assert stranger.post("/api/reports", json=good).status_code == 201
        assert stranger.get(f"/api/track/{PHONE}?q={NAME}").status_code in (404, 429)
        for duty in clock.duties_of(app.extensions["tanggap"].settings):
            duty.do(app.extensions["tanggap"])
        with app.extensions["tanggap"].writing() as tx, suppress(DBAPIError), tx.conn.begin_nested():
            wrong_row = text("insert into case_notes (id, text) values (:name, :text)")
            tx.conn.execute(wrong_row, {"name": NAME, "text": TEXT})
    assert leaks(json.dumps(lines, default=str)) == []
    assert leaks(caplog.text) == []
    printed = capfd.readouterr()
    assert leaks(printed.out + printed.err) == []
    written = {path.name: path.read_text("utf-8", "replace") for path in servers.log_dir.glob("*.log")}
    assert "ready to accept connections" in written["postgres.log"]
    assert {name: leaks(told) for name, told in written.items() if leaks(told)} == {}


def test_names_of_backups_and_built_files_tell_nothing(planted):
    app, _ = planted
    clock.back_up(app.extensions["tanggap"])
    listed = [str(path) for path in (app.extensions["tanggap"].settings.data_dir / "backups").iterdir()]
    built = [path for path in (Path(__file__).resolve().parents[2] / "web" / "dist").rglob("*") if path.is_file()]
    assert listed
    assert leaks(" ".join([*listed, *map(str, built)])) == []
    texts = [path for path in built if path.suffix in {".js", ".css", ".html", ".json", ".svg", ".webmanifest"}]
    assert [path.name for path in texts if leaks(path.read_text("utf-8", "replace"))] == []


def test_a_leak_in_any_new_route_would_be_found(planted, module_started):
    app = create_app(module_started)
    app.add_url_rule("/api/public/baru/<code>", "new", lambda code: {code: base64.b64encode(NAME.encode()).decode()})
    assert "/api/public/baru/1" in paths_of(app, ["1"])
    found = leaks(app.test_client().get("/api/public/baru/1").text)
    assert found == [f"{part} in base64" for part in (NAME, *NAME.split())]
    app.extensions["tanggap"].engine.dispose()


def test_the_case_is_public_only_as_a_rounded_number(planted):
    app, _ = planted
    found = app.test_client().get("/api/public/summary").json
    assert found["total"]["people_reported"] == 120
    assert found["total"]["people_helped"] == 120
