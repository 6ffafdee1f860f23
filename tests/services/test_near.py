"""What everybody may know of cases like one's own, and what becomes of a report that says it is the same."""

import json
import uuid
from datetime import UTC, datetime

import pytest

from server.domain.permissions import ANYONE, SYSTEM
from server.services import cases, intake, near, publishing
from server.services.inputs import CaseActionIn, ReportIn, parse
from tests.services.world import World

CUGENANG, PACET = "32.03.11", "32.03.08"


@pytest.fixture
def world(system):
    return World(system)


def send(world, **more):
    """A report in Cugenang; returns its answer."""
    body = {"client_id": str(uuid.uuid4()), "area_code": CUGENANG, "needs": [{"item": "water"}], "people": 40} | more
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        return intake.receive(tx, ANYONE, parse(ReportIn, body), gazetteer=gazetteer, keys=world.system.keys).answer


def case_of(world, answer):
    with world.system.reading() as tx:
        return tx.reports.get(answer["id"])["case_id"]


def act(world, answer, action, **body):
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        return cases.act(tx, SYSTEM, case_of(world, answer), action, parse(CaseActionIn, body), gazetteer)


def verified(world, **more):
    answer = send(world, **more)
    act(world, answer, "verify")
    return answer


def cut(world):
    """The public clock strikes."""
    with world.system.writing() as tx:
        publishing.publish(tx, datetime.now(UTC))


def like(world, area=CUGENANG, items=("water",)):
    gazetteer = world.system.gazetteer()
    with world.system.reading() as tx:
        return near.like_yours(tx, gazetteer, None, place=None, area_code=area, place_text=None, items=items)


def test_a_case_like_it_is_told_once_it_is_verified_and_the_clock_has_struck(world):
    answer = send(world)
    cut(world)
    assert like(world)["cases"] == []
    act(world, answer, "verify")
    assert like(world)["cases"] == []
    cut(world)
    (found,) = like(world)["cases"]
    assert found["id"] == answer["id"]
    assert found["people_from"] == 25
    assert "water" in found["items"]
    assert found["waiting"] == "under_1h"
    assert like(world)["people_waiting"] == 40


def test_small_groups_other_districts_and_other_wants_are_not_told(world):
    verified(world, people=4)
    cut(world)
    assert like(world)["cases"] == []
    seven = verified(world, people=7)
    cut(world)
    (found,) = like(world)["cases"]
    assert (found["id"], found["people_from"], found["items"]) == (seven["id"], 5, [])
    assert like(world, area=PACET)["cases"] == []
    assert like(world, items=("wheelchair",))["cases"] == []


def test_every_village_of_a_district_gets_the_same_answer(world):
    verified(world, area_code=f"{CUGENANG}.2001")
    verified(world, area_code=f"{CUGENANG}.2002", people=60)
    cut(world)
    whole = like(world)
    assert len(whole["cases"]) == 2
    assert like(world, area=f"{CUGENANG}.2001") == like(world, area=f"{CUGENANG}.2002") == whole


def test_nothing_precise_is_told(world):
    secret = "di belakang rumah Bu Imas"
    at = {"lon": 107.0912, "lat": -6.7713, "accuracy_m": 5}
    first = verified(world, text=secret, contact={"name": "Imas", "phone": "081298765432"}, place_text=secret)
    verified(world, place=at, people=33, area_code=None)
    cut(world)
    told = json.dumps(like(world))
    assert first["id"] in told
    for word in ("Imas", "81298765432", "107.09", "6.77", first["code"], secret):
        assert word not in told
    assert all(set(case) == {"id", "people_from", "items", "waiting"} for case in like(world)["cases"])


@pytest.mark.parametrize("key", ["id", "code"])
def test_a_report_that_says_it_is_the_same_is_kept_whole_and_offered_for_merging(world, key):
    first = verified(world)
    second = send(world, same_as=first[key], client_id=str(uuid.uuid4()), area_code=PACET)
    theirs = act(world, first, "note", text="lihat")["possible_duplicates"]
    assert [(twin["case_id"], twin["said"]) for twin in theirs] == [(case_of(world, second), True)]
    mine = act(world, second, "note", text="lihat")["possible_duplicates"]
    assert [(twin["case_id"], twin["said"]) for twin in mine] == [(case_of(world, first), True)]
    assert world.needs(case_of(world, second))["water"]["state"] == "open"
    act(world, second, "merge", into=case_of(world, first))
    assert act(world, first, "note", text="lihat")["possible_duplicates"] == []


def test_an_unknown_case_is_passed_over_and_tells_nothing(world):
    first, second = send(world, same_as="TIDAKADA0"), send(world)
    assert set(first) == set(second)
    with world.system.reading() as tx:
        assert tx.reports.get(first["id"])["same_as"] is None
