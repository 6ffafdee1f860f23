"""Candidates for one need: ranked, with terms and what each lacks."""

import random
from datetime import timedelta

import pytest

from server.domain.errors import Forbidden, NotFound
from server.domain.permissions import SYSTEM, Actor, Grant
from server.services import candidates, supply
from server.services.candidates import for_need
from server.services.inputs import parse
from server.services.inputs_supply import WriteOffIn
from tests.services.world import CIANJUR, COORDINATOR

FAR = (107.60, -6.91)


def ranked(world, need_id, actor=COORDINATOR):
    with world.system.reading() as tx:
        return for_need(tx, actor, need_id)["candidates"]


def test_lots_are_ranked_with_what_they_lack(world):
    near, far = world.site(name="Dekat"), world.site(at=FAR, name="Jauh")
    little, much = world.stock(near, "blanket", 5), world.stock(far, "blanket", 500)
    world.stock(near, "tent", 5)
    need = world.needs(world.case({"blanket": 50}))["blanket"]
    found = ranked(world, need["id"])
    assert [one["lot_id"] for one in found] == [little, much]
    assert [lack["code"] for lack in found[0]["lacks"]] == ["too_little"]
    assert found[0]["quantity"] == 5
    assert found[1]["terms"]["minutes"] > found[0]["terms"]["minutes"]
    assert found[0]["site"].startswith("Dekat")


def test_volunteers_are_ranked_and_near_misses_shown(world):
    medic = world.volunteer(skills=("medical",), at=FAR)
    cook = world.volunteer(skills=("cooking",), at=CIANJUR)
    leaving = world.volunteer(skills=("medical",), until=timedelta(minutes=20))
    need = world.needs(world.case({"medical": 1}))["medical"]
    found = ranked(world, need["id"])
    assert found[0]["volunteer_id"] == medic
    assert found[0]["possible"]
    misses = {one["volunteer_id"]: one["lacks"][0]["code"] for one in found[1:]}
    assert misses == {cook: "skills_missing", leaving: "shift_ends"}


def test_only_for_those_who_may_see_the_case(world):
    need = world.needs(world.case({"blanket": 50}))["blanket"]
    with pytest.raises(NotFound):
        ranked(world, need["id"], Actor("lain", grants=(Grant("coordinator", "32.04"),)))
    with pytest.raises(NotFound):
        ranked(world, need["id"] + 1)
    with pytest.raises(Forbidden):
        ranked(world, need["id"], Actor("gudang", grants=(Grant("keeper", "32"),)))


def test_the_best_of_many_lots_are_found_although_few_are_looked_at(world, monkeypatch):
    """The nearest hold nothing, or little: whoever looks at a few lots only must notice that better ones lie beyond."""
    order = random.Random(5)
    for n in range(60):
        far = order.uniform(0, 0.12)
        site = world.site(at=(CIANJUR[0] + far, CIANJUR[1] + order.uniform(-0.02, 0.02)))
        lot = world.stock(site, "blanket", 1 if far < 0.05 else order.randint(30, 300))
        if n % 3 == 0 and far < 0.05:
            body = parse(WriteOffIn, {"lot_id": lot, "quantity": 1, "reason": "lost"})
            with world.system.writing() as tx:
                supply.write_off(tx, SYSTEM, body)
    needs = [world.needs(world.case({"blanket": wanted}))["blanket"]["id"] for wanted in (1, 30, 200)]
    monkeypatch.setattr(candidates, "FIRST", 1_000)
    of_all = [ranked(world, need) for need in needs]
    assert all(sum(one["possible"] for one in found) == candidates.BEST for found in of_all)
    for few in (1, 7, 14, 18, 22, 30):
        monkeypatch.setattr(candidates, "FIRST", few)
        assert [ranked(world, need) for need in needs] == of_all


def test_the_best_of_many_volunteers_are_found_although_few_are_looked_at(world, monkeypatch):
    """The nearest walk: whoever looks at a few only must notice that riders from farther off are there sooner."""
    order = random.Random(6)
    for _ in range(60):
        far = order.uniform(0, 0.2)
        vehicle = "foot" if far < 0.03 else order.choice(["motorcycle", "truck", "car"])
        at = (CIANJUR[0] + far, CIANJUR[1] + order.uniform(-0.01, 0.01))
        world.volunteer(vehicle=vehicle, skills=order.choice([("medical",), ("medical", "driving"), ()]), at=at)
    need = world.needs(world.case({"medical": 1}))["medical"]["id"]
    monkeypatch.setattr(candidates, "FIRST", 1_000)
    of_all = [one for one in ranked(world, need) if one["possible"]]
    assert {one["vehicle"] for one in of_all} > {"foot"}
    for few in (1, 7, 10, 12, 14):
        monkeypatch.setattr(candidates, "FIRST", few)
        assert [one for one in ranked(world, need) if one["possible"]] == of_all
