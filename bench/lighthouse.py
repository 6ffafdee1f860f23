"""Every public page as Lighthouse sees it on a phone: performance, accessibility, best practices.

`make lighthouse`: not among those of `make bench`, as it needs 170 MB of packages of its own (bench/npm) and some
minutes. Lighthouse's own phone: a screen of 412 x 823, 150 ms and 1.6 Mbit/s, a processor four times slower than
this one, all reckoned by its simulation.
"""

import json
import os
import subprocess
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.harness import RUNS, Line, show
from bench.running import ROOT, Running, running
from server import app
from tests.browser import FLAGS, browser_environment, node, unpacked

NO_PAGES = (
    *("/peta/gambar.png", "/peta/gambar.svg", "/donasi/<code>/peta.svg", "/donasi/<code>/foto/<uuid:photo_id>"),
    *("/kabar/<code>/kartu.svg", "/kabar/<code>/kartu.png", "/jejak/umpan.xml", "/jejak/verify_audit.py"),
)
"""Public addresses of images and files."""
CATEGORIES = ("performance", "accessibility", "best-practices")
AIM = 95
VISITS = int(os.environ.get("VISITS", RUNS))
COMMAND = ROOT / "bench" / "npm" / "node_modules" / "lighthouse" / "cli" / "index.js"
DANGER = {"rising": True}
CIANJUR = [f"32.03.{n:02d}" for n in range(1, 33)]


def public_pages(examples: Mapping[str, Sequence[str]]) -> list[str]:
    """Addresses of every public page, from the application's own list; KeyError where one with a gap has no example."""
    patterns = [page.path for page in app.pages() if (page.method, page.guard) == ("GET", "public")]
    return [one for path in patterns if path not in NO_PAGES for one in (examples[path] if "<" in path else (path,))]


def fill(system: Running) -> dict[str, Sequence[str]]:
    """Reports, a pledge, a gift, rumours, an invitation; by pattern, the addresses at which they can be looked at."""
    system.command("users", "add", "gudang", "--role", "coordinator", "--area", "32")
    staff = {"Authorization": f"Bearer {system.command('users', 'token', 'gudang')}"}
    site = posted(system, "/api/sites", {"name": "Gudang", "kind": "warehouse", "area_code": "32.03.01"}, staff)["id"]
    gift = posted(system, "/api/gifts", {"site_id": site, "item": "blanket", "quantity": 100}, staff)["code"]
    promised = {"client_id": str(uuid.uuid4()), "kind": "goods", "item": "blanket", "quantity": 40}
    pledge = posted(system, "/api/pledges", promised)["code"]
    codes = send_reports(system)
    admin = {"Authorization": f"Bearer {system.command('users', 'token', 'admin')}"}
    invited = posted(system, "/api/users", {"name": "tamu", "role": "keeper", "area": "32.03"}, admin)["link"]
    asked = posted(system, "/api/asks", {"client_id": str(uuid.uuid4()), "text": "Apakah jembatan putus?"})["code"]
    return {
        "/kabar/<code>": [f"/kabar/{asked}", f"/kabar/{judged(system, staff, admin)}"],
        "/lacak/<code>": [f"/lacak/{codes[0]}"],
        "/lacak/<code>/data": [f"/lacak/{codes[0]}/data"],
        "/donasi/<code>": [f"/donasi/{gift}", f"/donasi/{pledge}"],
        "/undangan/<secret>": [urlsplit(invited).path],
    }


def judged(system: Running, one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """The code of a rumour that two people found to be false."""
    claim = posted(system, "/api/claims", {"text": "Kabarnya waduk jebol malam ini", "area_code": "32.03"}, one)
    step = f"/api/claims/{claim['id']}"
    posted(system, f"{step}/check", {}, one)
    posted(system, f"{step}/find_false", {"verdict": "Petugas bendungan: tinggi air biasa."}, one)
    posted(system, f"{step}/confirm", {}, other)
    return str(claim["code"])


def send_reports(system: Running) -> list[str]:
    """Something in each district of Cianjur, so that the map has what to show; returns their codes."""
    contents = (
        {"client_id": str(uuid.uuid4()), "text": "Banjir", "area_code": area, "people": 20 + 7 * n, "danger": DANGER}
        for n, area in enumerate(CIANJUR)
    )
    return [posted(system, "/api/reports", content)["code"] for content in contents]


def posted(system: Running, path: str, body: object, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON that a call answers."""
    sent = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(system.url + path, json.dumps(body).encode(), sent)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))


def wait_for_figures(system: Running, within_s: float = 60) -> None:
    """Returns when the public map shows a district."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{system.url}/api/public/areas.geojson?level=district", timeout=30) as answer:
            if json.load(answer)["features"]:
                return
        time.sleep(0.5)
    raise TimeoutError("no figures were cut")


def examined(url: str, folder: Path) -> dict[str, Any]:
    """Lighthouse's report of one visit with an empty cache."""
    path = folder / "report.json"
    subprocess.run(
        [
            node(),
            str(COMMAND),
            url,
            "--quiet",
            "--no-enable-error-reporting",
            f"--only-categories={','.join(CATEGORIES)}",
            "--output=json",
            f"--output-path={path}",
            f"--chrome-flags={' '.join(flag if ' ' not in flag else json.dumps(flag) for flag in FLAGS)}",
        ],
        check=True,
        cwd=ROOT,
        env=os.environ | browser_environment() | {"CHROME_PATH": str(unpacked() / "chromium")},
    )
    return json.loads(path.read_text("utf-8"))


def missed(report: dict[str, Any]) -> list[str]:
    """What took away from the scores, by Lighthouse's names."""
    weighed = {one["id"] for name in CATEGORIES for one in report["categories"][name]["auditRefs"] if one["weight"]}
    audits = report["audits"]
    return sorted(name for name in weighed if audits[name]["score"] is not None and audits[name]["score"] < 0.9)


def main() -> None:
    """Print the table."""
    lines, lost = [], {}
    with running(PUBLISH_EVERY_S="2") as system, tempfile.TemporaryDirectory() as folder:
        examples = fill(system)
        wait_for_figures(system)
        for page in public_pages(examples):
            reports = [examined(system.url + page, Path(folder)) for _ in range(VISITS)]
            for name in CATEGORIES:
                scores = [100 * report["categories"][name]["score"] for report in reports]
                lines.append(Line(f"{page} {name}", "of 100", scores, aim=f">= {AIM}"))
            lost[page] = sorted({name for report in reports for name in missed(report)})
    show("Lighthouse: public pages, phone", lines, {page: names for page, names in lost.items() if names})
    assert all(line.median >= AIM for line in lines)


if __name__ == "__main__":
    main()
