"""The offer loop on a whole running system in real time, with the incident's settings in seconds."""

import pytest

from tests.e2e.outsider import report, rows, until
from tests.e2e.people import admin, check_in, person, wanting, warehouse

SECONDS = 6
SLOW_S = 60
FIGURES = [
    "offers.0.size=2",
    *(f"offers.{tier}.seconds={SECONDS}" for tier in range(4)),
    "offers.ask_a_person_after=2",
    "offers.most_per_hour=100",
    "night.begins=00:00",
    "night.ends=00:00",
]


@pytest.fixture(scope="module")
def chief(stack):
    found = admin(stack)
    warehouse(found, "Gudang Putaran", {"blanket": 5000})
    return found


@pytest.fixture(scope="module")
def volunteers(stack, chief):
    """Three of them, by their ids."""
    people = [person(stack, name, "volunteer", "32.03") for name in ("satu", "dua", "tiga")]
    return {who.get("/api/me")["volunteer_id"]: who for who in people}


@pytest.fixture(scope="module", autouse=True)
def in_seconds(stack, volunteers):
    """The incident's timings, set by the command line."""
    told = stack.command("incidents", "settings", "jabar", *FIGURES)
    assert told.returncode == 0, told.stderr
    assert f"offers.2.seconds={SECONDS}" in told.stdout.splitlines()


def assigned(chief, tier):
    """An assignment by hand of that tier: the loop begins by itself."""
    answer = chief.post("/api/reports", report(**wanting({"blanket": 10})), 201)
    (case_id,) = [row["case_id"] for row in rows(chief.get("/api/board"), "reports") if row["id"] == answer["id"]]
    chief.post(f"/api/cases/{case_id}/verify")
    chief.post(f"/api/cases/{case_id}/set_tier", {"tier": tier, "reason": "uji putaran"})
    need = chief.get(f"/api/cases/{case_id}")["needs"][0]
    (site,) = [row for row in rows(chief.get("/api/board"), "sites") if row["name"] == "Gudang Putaran"]
    (lot,) = chief.get(f"/api/sites/{site['id']}/stock")["lots"]
    return chief.post("/api/assignments", {"need_id": need["id"], "lot_id": lot["id"], "reason": "uji"}, 201)["id"]


def asked(volunteers, job):
    """Who is asked for the job now."""
    every = {who: person.get("/api/me/offers")["offers"] for who, person in volunteers.items()}
    return {who for who, offers in every.items() if any(offer["assignment_id"] == job for offer in offers)}


def on_board(chief, job):
    (row,) = [row for row in rows(chief.get("/api/board"), "assignments") if row["id"] == job]
    return row


def test_a_wrong_figure_ends_with_its_name(stack):
    told = stack.command("incidents", "settings", "jabar", "offers.0.size=0", "offers.9.size=1", "colour=red")
    assert told.returncode == 1
    for name in ("offers.0.size", "offers.9", "colour"):
        assert name in told.stderr


def test_everybody_sleeps_somebody_comes_silence_goes_on_and_a_person_is_called(chief, volunteers):
    job = assigned(chief, 2)
    until(lambda: on_board(chief, job)["attention"] == "nobody", SLOW_S)
    for who in volunteers.values():
        check_in(who)
    (first,) = until(lambda: asked(volunteers, job), SLOW_S)
    (second,) = until(lambda: asked(volunteers, job) - {first}, SLOW_S)
    late = volunteers[first].call("POST", f"/api/assignments/{job}/accept")
    assert (late.status, late.body["error"]["code"]) == (409, "offer_closed")
    assert late.body["error"]["state"]["state"] == "offered"
    until(lambda: on_board(chief, job)["attention"] == "refused", SLOW_S)
    assert asked(volunteers, job) == set()
    chief.post(f"/api/assignments/{job}/offer")
    (third,) = until(lambda: asked(volunteers, job), SLOW_S)
    assert third not in {first, second}
    assert volunteers[third].post(f"/api/assignments/{job}/accept")["state"] == "accepted"
    told = volunteers[first].call("POST", f"/api/assignments/{job}/accept")
    assert (told.status, told.body["error"]["state"]["volunteer_id"]) == (409, third)
    chief.post(f"/api/assignments/{job}/cancel", {"reason": "hanya uji"})


def test_life_and_limb_asks_two_at_once_and_calls_a_person_at_once(chief, volunteers):
    job = assigned(chief, 0)
    first = until(lambda: (found if len(found := asked(volunteers, job)) == 2 else None), SLOW_S)
    assert on_board(chief, job)["attention"] == "urgent"
    (next_one,) = until(lambda: asked(volunteers, job) - first, SLOW_S)
    assert volunteers[next_one].post(f"/api/assignments/{job}/accept")["state"] == "accepted"
    assert on_board(chief, job)["attention"] is None
    assert asked(volunteers, job) == set()
