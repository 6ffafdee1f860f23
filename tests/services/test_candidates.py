"""Candidates for one need: ranked, with terms and what each lacks."""

from datetime import timedelta

import pytest

from server.domain.errors import Forbidden, NotFound
from server.domain.permissions import Actor, Grant
from server.services.candidates import for_need
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
