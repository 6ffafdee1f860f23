"""`make scan`: the scanner wapiti against a running system, as a stranger and as a coordinator, on loopback only.

A finding of medium or higher weight fails, unless `EXPLAINED` says why it is none. Reports lie in var/scan.
"""

import argparse
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from bench.lighthouse import fill
from bench.running import Running, running
from server import app

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "scan"
PASSWORD = "only this machine, and only for the scan"
MODULES = (
    "backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "ldap", "methods",
    "permanentxss", "redirect", "shellshock", "sql", "timesql", "upload", "xss",
)  # fmt: skip
"""All that need no list and no listener on the internet; spring4shell calls every refused field a finding."""
MEDIUM = 2
"""Of wapiti's weights: 1 is low, 3 high, 4 critical."""
PAGES = [page.path for page in app.pages() if page.method == "GET" and "<" not in page.path]
ENDS_THE_SCAN = ("/keluar", "/akun/sandi")
FORGED = "Cross Site Request Forgery"
EXPLAINED = (
    (FORGED, r"/(lapor|donasi|relawan|lacak/\w*)", "what anybody may do acts for nobody and needs no proof"),
    (FORGED, r"/(masuk|undangan/[\w-]+)", "nobody is signed in yet; what a browser says another site sends is refused"),
)
"""Why findings of a kind, at addresses of a form, are none."""


def main(arguments: Sequence[str]) -> int:
    """Scans twice; 1 when something of medium or higher weight was found that is not explained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1, help="for each module, at most")
    minutes = parser.parse_args(arguments).minutes
    with running(ADMIN_PASSWORD=PASSWORD, WEB_PROCESSES="2") as system:
        examples = fill(system)
        cookie, csrf = session_of_a_coordinator(system)
        signed_in = ["--cookie-value", cookie, "--header", f"X-CSRF-Token: {csrf}"]
        every_call = ["--swagger", f"{system.url}/api/openapi.json"]
        findings = {
            "stranger": scanned(system, "stranger", [*PAGES, *chain(*examples.values())], minutes, []),
            "coordinator": scanned(system, "coordinator", PAGES, minutes, [*signed_in, *every_call]),
        }
    return told(findings)


def session_of_a_coordinator(system: Running) -> tuple[str, str]:
    """Cookie and CSRF token of somebody who has just signed in."""
    once = system.command("users", "add", "koordinator", "--role", "coordinator", "--area", "32")
    cookie, csrf = begun(system, once)
    change = {"old": once, "new": PASSWORD}
    called(system, "/api/me/password", change, {"Cookie": cookie, "X-CSRF-Token": csrf})
    return begun(system, PASSWORD)


def begun(system: Running, password: str) -> tuple[str, str]:
    """Cookie and CSRF token of a new session."""
    headers, body = called(system, "/api/session", {"name": "koordinator", "password": password}, {})
    return headers["Set-Cookie"].partition(";")[0], json.loads(body)["csrf"]


def called(system: Running, path: str, body: object, headers: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
    """Headers and body of a POST that must succeed."""
    sent = {"Content-Type": "application/json", **headers}
    with urllib.request.urlopen(urllib.request.Request(system.url + path, json.dumps(body).encode(), sent)) as answer:
        return answer.headers, answer.read()


Finding = Mapping[str, str]
"""Its kind, where it is, by what request, and in words."""


def scanned(system: Running, who: str, paths: Sequence[str], minutes: float, more: Sequence[str]) -> list[Finding]:
    """What wapiti found of medium and higher weight. Raises CalledProcessError."""
    report = FOLDER / f"{who}.json"
    command = [
        *[str(FOLDER / "venv" / "bin" / "wapiti"), "--url", f"{system.url}/", "--scope", "folder"],
        *["--module", ",".join(MODULES)],
        *[part for path in paths for part in ("--start", system.url + path)],
        *[part for path in ENDS_THE_SCAN for part in ("--exclude", system.url + path)],
        *["--max-attack-time", str(minutes * 60), "--max-scan-time", str(minutes * 60), "--tasks", "8"],
        *["--flush-session", "--store-session", str(FOLDER / "sessions"), "--store-config", str(FOLDER / "config")],
        *["--no-bugreport", "--format", "json", "--output", str(report), "--verbose", "1", *more],
    ]
    subprocess.run(command, check=True)
    return list(_weighty(json.loads(report.read_text("utf-8")), system.url))


def _weighty(report: Mapping[str, Any], url: str) -> Iterator[Finding]:
    for kind, found in {**report["vulnerabilities"], **report["anomalies"]}.items():
        for one in found:
            if one["level"] >= MEDIUM:
                at = one["path"].removeprefix(url)
                yield {"kind": kind, "at": at, "by": f"{one['method']} {one['parameter']}", "words": one["info"]}


def told(findings: Mapping[str, Sequence[Finding]]) -> int:
    """Prints every finding, and whether it counts; 1 when one does."""
    is_clean = True
    for who, found in findings.items():
        for one in found:
            why = next((w for kind, at, w in EXPLAINED if kind == one["kind"] and re.fullmatch(at, one["at"])), None)
            is_clean = is_clean and why is not None
            print(f"{who}: {one['kind']}: {one['at']} ({one['by']}): {one['words']}", f"[{why}]" if why else "")
    print("Nothing of medium or higher weight." if is_clean else "Findings: see var/scan/*.json.")
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
