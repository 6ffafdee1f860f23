"""The disaster of the soak: one valley, too few goods and too few hands, so that everybody wants the same."""

import json
import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from server.bootstrap import System
from server.domain.permissions import SYSTEM, Actor, Grant
from server.services import cases, contacts, intake, supply, volunteering
from server.services.inputs import CaseActionIn, ReportIn, parse
from server.services.inputs_supply import CheckinIn, ReceiveIn, SiteIn

CIANJUR = (107.139, -6.822)
GOODS = ("blanket", "family_kit", "rice")
SERVICES = ("medical", "evacuation")
SITES, VOLUNTEERS, CASES = 4, 16, 10
COORDINATOR = Actor(name="koordinator", grants=(Grant("coordinator", "32"),))
SETTINGS = {
    "offers": {str(tier): {"size": 5 - tier, "seconds": 2} for tier in range(4)}
    | {"most_per_hour": 1_000_000, "ask_a_person_after": 6, "give_up_after_hours": 20 / 3600},
    # At any hour of the day the same.
    "night": {"begins": "00:00", "ends": "00:00"},
    "overdue": {"slack_minutes": 0},
    "plan": {"seconds": 0.4, "fairness": 0.5},
}


def volunteer_actor(volunteer_id: str) -> Actor:
    """The volunteer of that id as somebody who acts."""
    return Actor(name=f"relawan-{volunteer_id[:4]}", volunteer_id=volunteer_id, grants=(Grant("volunteer", "32.03"),))


def set_up(system: System, seed: int) -> None:
    """Sites with stock, volunteers who are there and the first cases, on a database after the first start."""
    rng, phones = random.Random(seed), count(1)
    with system.writing() as tx:
        tx.incidents.change(tx.incidents.by_slug("jabar")["id"], settings=SETTINGS)
    for n in range(SITES):
        body = parse(SiteIn, {"name": f"Posko {n}", "kind": "warehouse", "place": near(rng)})
        with system.writing() as tx:
            site_id = supply.add_site(tx, SYSTEM, body, system.gazetteer())["id"]
        for item in GOODS:
            receive(system, rng, site_id, item)
    for _ in range(VOLUNTEERS):
        check_in(system, rng, _volunteer(system, next(phones)))
    for _ in range(CASES):
        report(system, rng)


def near(rng: random.Random) -> dict[str, float]:
    """A place within some kilometres."""
    lon, lat = (value + rng.uniform(-0.05, 0.05) for value in CIANJUR)
    return {"lon": lon, "lat": lat, "accuracy_m": 30}


def receive(system: System, rng: random.Random, site_id: str, item: str) -> None:
    """A little of an item comes to a site, told twice under one client id, as phones do."""
    body = parse(
        ReceiveIn,
        {"site_id": site_id, "item": item, "quantity": rng.randint(5, 30), "client_id": str(uuid.uuid4())},
    )
    for _ in range(2):
        with system.writing() as tx:
            supply.receive(tx, COORDINATOR, body)


def report(system: System, rng: random.Random) -> None:
    """Somebody asks for goods, or for hands, and is believed."""
    wanted: dict[str, int] = {item: rng.randint(2, 14) for item in rng.sample(GOODS, rng.randint(1, 3))}
    if rng.random() < 0.5:
        wanted[rng.choice(SERVICES)] = rng.randint(1, 2)
    needs = [{"item": item, "quantity": quantity} for item, quantity in wanted.items()]
    body = {"client_id": str(uuid.uuid4()), "text": "Butuh bantuan", "place": near(rng), "needs": needs}
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        receipt = intake.receive(tx, SYSTEM, parse(ReportIn, body), gazetteer=gazetteer, keys=system.keys)
        case_id = tx.reports.get(receipt.answer["id"])["case_id"]
    act(system, case_id, "verify")
    if rng.random() < 0.5:
        act(system, case_id, "set_tier", tier=rng.randint(0, 3), reason="uji")


def act(system: System, case_id: int, action: str, **fields: Any) -> None:
    """One of the actions on a case."""
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        cases.act(tx, SYSTEM, case_id, action, parse(CaseActionIn, fields), gazetteer)


def _volunteer(system: System, number: int) -> str:
    """An accepted volunteer; signing up and an account are no part of what is soaked."""
    keys = system.keys
    sealed = contacts.seal_phone(f"+62813{number:08d}", keys)
    with system.writing() as tx:
        row = {
            "id": tx.new_id(),
            "incident_id": tx.incidents.by_slug("jabar")["id"],
            "state": "accepted",
            "name_sealed": contacts.seal_text("Budi", keys),
            "alias": f"Budi {number}",
            "phone_sealed": sealed.enc,
            "phone_index": sealed.index,
            "phone_last3": sealed.last3,
            "home_area": "32.03",
            "skills": ["medical", "evacuation", "search_and_rescue"],
            "vehicle": "truck",
            "consent_at": tx.now,
            "created_at": tx.now,
        }
        tx.volunteers.add(row)
    return str(row["id"])


def check_in(system: System, rng: random.Random, volunteer_id: str) -> None:
    """The volunteer is here for some hours."""
    until = (system.now() + timedelta(hours=8)).isoformat()
    body = parse(CheckinIn, {"place": near(rng), "until": until, "vehicle": rng.choice(["truck", "pickup"]), "team": 2})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        volunteering.check_in(tx, volunteer_actor(volunteer_id), body, gazetteer)


def as_json(value: Any, default: Callable[[Any], str] = str) -> str:
    """One line of JSON, whatever the database gave."""
    return json.dumps(value, default=default)
