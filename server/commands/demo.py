"""`make demo`: an incident that plays by itself, so that every screen is alive within a minute.

People of every role get logins (printed, and kept in DATA_DIR/demo-logins.txt); then the play sends
reports, verifies, plans, approves and delivers by the same HTTP calls as anybody, at speed, with the
same random numbers each time.
"""

import json
import os
import random
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from server.bootstrap import System
from server.commands import people
from server.config import Settings
from server.domain.catalogue import SKILLS
from server.domain.permissions import SYSTEM
from server.services import incidents
from server.services.inputs import IncidentIn

SLUG = "demo-gempa-cianjur"
DISTRICTS = [f"32.03.{n:02d}" for n in (1, 2, 3, 4, 8, 11, 12, 13, 14, 15)]
STAFF = {"koordinator": "coordinator", "verifikator": "verifier", "petugas": "keeper", "auditor": "auditor"}
VOLUNTEERS = [f"relawan{n}" for n in range(1, 13)]
ROUNDS, PAUSE_S = 900, 2.0
GOODS = ("water", "rice", "blanket", "tarpaulin", "hygiene_kit", "infant_formula", "medicine_kit")
STORIES = (
    "Rumah rusak berat, warga berkumpul di lapangan, butuh air dan selimut",
    "Longsor menutup jalan ke kampung, beberapa keluarga belum makan sejak kemarin",
    "Posko di balai desa penuh, ada bayi dan lansia, butuh tenda",
    "Warga tertimbun di reruntuhan sekolah, tolong segera",
    "Sumur keruh setelah gempa, anak-anak mulai diare",
)


def prepare(settings: Settings) -> list[str]:
    """Make the incident and the logins; returns the lines that tell of them."""
    kept = settings.data_dir / "demo-logins.txt"
    if not kept.exists():
        lines = list(_logins(System(settings, pool_size=1)))
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
    return kept.read_text().splitlines()


def _logins(system: System) -> Iterator[str]:
    body = IncidentIn(slug=SLUG, name="Demo: gempa Cianjur", kind="earthquake", areas=["32.03"])
    with system.writing() as tx:
        incidents.add(tx, SYSTEM, body, system.gazetteer())
    roles = {**dict.fromkeys(VOLUNTEERS, "volunteer"), **STAFF}
    for name, role in roles.items():
        once = people.add_user(system, name, role, "32" if name in STAFF else "32.03")
        yield f"{name:<12} {role:<12} {once}"
    system.engine.dispose()


@dataclass(frozen=True)
class Player:
    """One person of the play, calling by HTTP."""

    url: str
    token: str = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the answer, or None for a refusal: the play goes on."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)  # noqa: S310 - our own address
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own address
                raw = answer.read()
                return json.loads(raw) if raw else {}
        except (urllib.error.URLError, OSError, ValueError):
            return None


class Play:
    """The whole cast and what it does each round."""

    def __init__(self, settings: Settings) -> None:
        self.random = random.Random(2022)  # noqa: S311 - a play needs no secrets
        self.url = f"http://{settings.reachable_host}:{settings.port}"
        system = System(settings, pool_size=1)
        self.anyone = Player(self.url)
        self.coordinator = self._player(system, "koordinator")
        self.keeper = self._player(system, "petugas")
        self.volunteers = [self._player(system, name) for name in VOLUNTEERS]
        self.codes: dict[str, str] = {}
        """Tracking codes by report id: what the reporters of the play hold in their hands."""
        system.engine.dispose()

    def _player(self, system: System, name: str) -> Player:
        return Player(self.url, people.token(system, name))

    def set_the_scene(self) -> None:
        """Warehouses with stock, and volunteers who have checked in."""
        for n, district in enumerate(DISTRICTS[:5]):
            site = {"name": f"Gudang demo {n + 1}", "kind": "warehouse", "area_code": district, "incident": SLUG}
            made = self.keeper.call("POST", "/api/sites", site) or {}
            for item in GOODS:
                amount = self.random.randint(20, 60) * (20 if item in ("water", "rice") else 1)
                goods = {"site_id": made.get("id"), "item": item, "quantity": amount}
                self.keeper.call("POST", "/api/stock/receive", goods)
        until = (datetime.now(UTC) + timedelta(hours=12)).isoformat()
        for volunteer in self.volunteers:
            where = {"area_code": self.random.choice(DISTRICTS), "incident": SLUG, "until": until}
            able = {"vehicle": self.random.choice(["motorcycle", "car", "pickup", "truck"]), "skills": list(SKILLS)}
            volunteer.call("POST", "/api/checkins", {**where, **able})

    def round(self, n: int) -> None:
        """One beat: somebody reports, someone verifies, plans are approved, volunteers work."""
        if n < 40 or n % 5 == 0:
            self._report()
        if n % 2:
            self._verify()
        if n % 6 == 5:
            self._approve()
        for volunteer in self.random.sample(self.volunteers, 4):
            self._work(volunteer)

    def _report(self) -> None:
        people_here = self.random.randint(8, 260)
        body = {
            "client_id": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "incident": SLUG,
            "text": self.random.choice(STORIES),
            "area_code": self.random.choice(DISTRICTS),
            "people": people_here,
            "vulnerable": {"infants": people_here // 12, "elderly": people_here // 9},
            "danger": {"trapped": self.random.random() < 0.1, "rising": self.random.random() < 0.4},
            "needs": [{"item": self.random.choice(GOODS)}],
        }
        answer = self.anyone.call("POST", "/api/reports", body)
        if answer:
            self.codes[answer["id"]] = answer["code"]

    def _verify(self) -> None:
        for case in self._waiting()[:2]:
            self.coordinator.call("POST", f"/api/cases/{case}/verify", {})

    def _waiting(self) -> list[int]:
        cases = self._board().get("cases", [])
        return [case["id"] for case in sorted(cases, key=lambda c: (c["tier"], c["opened_at"])) if not case["verified"]]

    def _approve(self) -> None:
        plans = self.coordinator.call("GET", f"/api/plans?incident={SLUG}") or {}
        ready = [plan for plan in plans.get("plans", []) if plan["state"] == "ready"]
        if ready:
            self.coordinator.call("POST", f"/api/plans/{ready[0]['id']}/approve", {})

    def _work(self, volunteer: Player) -> None:
        mine = (volunteer.call("GET", "/api/me/assignments") or {}).get("assignments", [])
        for job in mine:
            if job["state"] == "accepted":
                volunteer.call("POST", f"/api/assignments/{job['id']}/depart", {})
                return
            if job["state"] == "en_route":
                self._hand_over(volunteer, job)
                return
        offers = (volunteer.call("GET", "/api/me/offers") or {}).get("offers", [])
        if offers:
            verb = "accept" if self.random.random() < 0.8 else "decline"
            volunteer.call("POST", f"/api/assignments/{offers[0]['assignment_id']}/{verb}", {})

    def _hand_over(self, volunteer: Player, job: dict[str, Any]) -> None:
        """The recipient tells the volunteer the code that their tracking page shows, and confirms later."""
        board = self._board()
        case = next((row["case_id"] for row in board.get("assignments", []) if row["id"] == job["id"]), None)
        for report in board.get("reports", []):
            code = self.codes.get(report["id"])
            if report["case_id"] != case or code is None:
                continue
            seen = self.anyone.call("GET", f"/api/track/{code}") or {}
            body = {"client_id": str(uuid.uuid4()), "code": seen.get("delivery_code")}
            if volunteer.call("POST", f"/api/assignments/{job['id']}/deliver", body):
                self.anyone.call("POST", f"/api/track/{code}", {"action": "confirm"})
            return

    def _board(self) -> dict[str, list[dict[str, Any]]]:
        """The coordinator's board, each noun as rows by column."""
        board = self.coordinator.call("GET", f"/api/board?incident={SLUG}&area=32") or {}
        return {
            noun: [dict(zip(part["columns"], row, strict=True)) for row in part["rows"]]
            for noun, part in board.items()
            if isinstance(part, dict)
        }


def play(settings: Settings) -> None:
    """Play until the rounds are over."""
    cast = Play(settings)
    cast.set_the_scene()
    for n in range(ROUNDS):
        cast.round(n)
        time.sleep(PAUSE_S)
