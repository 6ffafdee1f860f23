"""Volunteers: signed up once, accepted by their coordinators, and where they are while they are checked in."""

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from sqlalchemy import select

from server.bootstrap import System
from server.domain import carrying, catalogue
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from server.domain.permissions import ANYONE, SYSTEM, Actor, Grant
from server.services import accounts, contacts, incidents, queries, volunteering
from server.services.inputs import IncidentIn, SessionIn, parse
from server.services.inputs_supply import CheckinChangeIn, CheckinIn, ListIn, Skill, Vehicle, VolunteerIn
from server.store import tables

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CIANJUR = {"lon": 107.1392, "lat": -6.8221, "accuracy_m": 20}
COORDINATOR = Actor("kori", user_id=None, grants=(Grant("coordinator", "32.03"),))
STRANGER = Actor("beni", grants=(Grant("coordinator", "32.73"),))
VERIFIER = Actor("vina", grants=(Grant("verifier", "32.03"),))
PHONES = itertools.count(10_000_000)


@pytest.fixture(scope="module")
def system(module_started):
    """One system for the file, whose clock the tests move: `system.time[0]`."""
    time = [NOON]
    found = System(module_started, now=lambda: time[0])
    found.time = time
    yield found
    found.engine.dispose()


@pytest.fixture(autouse=True)
def _noon(system):
    system.time[0] = NOON


def new_phone():
    return f"0812{next(PHONES)}"


def sign_up(system, **more):
    fields = {"name": "Siti Aminah", "phone": new_phone(), "home_area": "32.03.01", "consent": True, **more}
    body = parse(VolunteerIn, fields)
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return volunteering.sign_up(tx, ANYONE, body, gazetteer, system.keys)


def signed_up(system, **more):
    """The row of somebody who signed up just now."""
    phone = more.pop("phone", None) or new_phone()
    sign_up(system, phone=phone, **more)
    index = contacts.phone_index(contacts.normalise_phone(phone), system.keys)
    with system.reading() as tx:
        return dict(
            tx.conn.execute(select(tables.volunteers).where(tables.volunteers.c.phone_index == index)).mappings().one()
        )


def volunteer(system, **more):
    """An accepted volunteer who signed up just now, as an actor."""
    row = signed_up(system, **more)
    with system.writing() as tx:
        name = volunteering.accept(tx, COORDINATOR, row["id"])["name"]
        return accounts.actor_of(tx, tx.accounts.user_by_name(name)["id"], name)


def check_in(system, actor, **more):
    fields = {"place": CIANJUR, "until": (system.now() + timedelta(hours=4)).isoformat(), **more}
    body = parse(CheckinIn, {name: value for name, value in fields.items() if value is not None})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return volunteering.check_in(tx, actor, body, gazetteer)


def change(system, actor, **fields):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return volunteering.change_checkin(tx, actor, parse(CheckinChangeIn, fields), gazetteer)


def current(system, actor):
    with system.reading() as tx:
        return volunteering.current(tx, actor)


def available(system):
    with system.reading() as tx:
        return {row["id"]: row for row in tx.volunteers.available([tx.incidents.by_slug("jabar")["id"]], tx.now)}


def told(system, volunteer_id):
    """Action, area and board row of each event about a volunteer, oldest first."""
    query = select(tables.outbox.c.area, tables.outbox.c.data).order_by(tables.outbox.c.id)
    with system.reading() as tx:
        rows = tx.conn.execute(query.where(tables.outbox.c.type == "VolunteerChanged")).all()
    mine = [row for row in rows if row.data["volunteer_id"] == volunteer_id]
    return [(row.data["action"], row.area, row.data["rows"]["volunteers"][0]) for row in mine]


def test_the_inputs_know_every_skill_and_vehicle():
    assert set(get_args(Skill)) == set(catalogue.SKILLS)
    assert set(get_args(Vehicle)) == set(carrying.CAPACITY)


def test_who_signs_up_waits_with_name_and_phone_sealed(system):
    phone = new_phone()
    row = signed_up(system, phone=phone, skills=["medical"])
    assert row["state"] == "pending"
    assert row["phone_last3"] == phone[-3:]
    stored = str({name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()})
    assert "Aminah" not in stored
    assert phone[1:] not in stored


def test_the_same_phone_again_gets_the_same_answer_and_changes_nothing(system):
    phone = new_phone()
    before = signed_up(system, phone=phone)
    first = sign_up(system, phone=phone)
    again = sign_up(system, phone=f"+62 {phone[1:4]}-{phone[4:]}", skills=["medical"], vehicle="truck")
    assert first == again
    assert signed_up(system, phone=phone) == before


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"consent": False}, "consent", "consent_wanted"),
        ({"phone": "12345"}, "phone", "phone_wrong"),
        ({"home_area": "32.99.99"}, "home_area", "unknown_area"),
        ({"home_area": "Cianjur"}, "home_area", "wrong_form"),
        ({"skills": ["juggling"]}, "skills.0", "not_one_of"),
        ({"vehicle": "helicopter"}, "vehicle", "not_one_of"),
        ({"name": "S"}, "name", "too_short"),
        ({"name": "x" * 121}, "name", "too_long"),
        ({"incident": "nowhere"}, "incident", "unknown_incident"),
    ],
)
def test_a_wrong_sign_up_names_the_field_and_keeps_nothing(system, change, field, code):
    before = ids(system)
    with pytest.raises(Invalid) as refused:
        sign_up(system, **change)
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {field: code}
    assert ids(system) == before


def ids(system):
    with system.reading() as tx:
        return tx.conn.execute(select(tables.volunteers.c.id).order_by(tables.volunteers.c.id)).scalars().all()


def test_every_wrong_field_of_a_sign_up_is_named_at_once(system):
    with pytest.raises(Invalid) as refused:
        sign_up(system, consent=False, phone="1", home_area="32.99")
    assert set(refused.value.fields) == {"consent", "phone", "home_area"}


def test_coordinators_see_names_others_do_not_and_nobody_a_phone(system):
    phone = new_phone()
    row = signed_up(system, phone=phone)

    def seen_by(actor):
        with system.reading() as tx:
            listed = volunteering.listed(tx, actor, ListIn(limit=500), system.keys)["volunteers"]
        return next((found for found in listed if found["id"] == row["id"]), None)

    assert seen_by(COORDINATOR)["name"] == "Siti Aminah"
    assert seen_by(VERIFIER)["name"] is None
    assert seen_by(STRANGER) is None
    assert seen_by(COORDINATOR)["phone_last3"] == phone[-3:]
    assert phone[1:] not in str(seen_by(COORDINATOR))


def test_a_list_of_volunteers_comes_in_parts(system):
    for _ in range(3):
        system.time[0] += timedelta(seconds=1)
        sign_up(system)
    found, cursor = [], None
    while True:
        with system.reading() as tx:
            part = volunteering.listed(tx, COORDINATOR, ListIn(limit=2, cursor=cursor, state="pending"), system.keys)
        found += [row["id"] for row in part["volunteers"]]
        cursor = part["next"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) >= 3


def test_revealing_a_phone_is_a_right_and_is_written_down(system):
    phone = new_phone()
    row = signed_up(system, phone=phone)
    auditor = Actor("ayu", grants=(Grant("auditor", "32"),))
    with system.writing() as tx:
        with pytest.raises(Forbidden):
            volunteering.reveal_contact(tx, auditor, row["id"], "ingin tahu", system.keys)
        with pytest.raises(NotFound):
            volunteering.reveal_contact(tx, STRANGER, row["id"], "ingin tahu", system.keys)
    with system.writing() as tx:
        found = volunteering.reveal_contact(tx, COORDINATOR, row["id"], "menelepon relawan", system.keys)
    assert found == {"name": "Siti Aminah", "phone": "+62" + phone[1:]}
    audited = tables.audit.c
    with system.reading() as tx:
        entry = tx.conn.execute(select(tables.audit).where(audited.action == "contact:reveal")).mappings().one()
    assert (entry["actor"], entry["subject"]) == ("kori", f"volunteer:{row['id']}")
    assert entry["details"] == {"reason": "menelepon relawan"}


def test_an_accepted_volunteer_signs_in_with_the_password_that_is_shown_once(system):
    row = signed_up(system)
    with system.writing() as tx:
        given = volunteering.accept(tx, COORDINATOR, row["id"])
    body = SessionIn(name=given["name"], password=given["one_time_password"])
    with system.writing() as tx:
        tried = accounts.attempt(tx, body.name, accounts.Whence(), system.keys)
        fits = tried.fits(body.password)
        _, person = accounts.sign_in(tx, tried, body, accounts.Whence(), system.keys, fits=fits)
    assert person.must_change
    assert person.actor.volunteer_id == row["id"]
    assert person.actor.grants == (Grant("volunteer", "32.03.01"),)


def test_two_of_one_name_get_accounts_of_their_own(system):
    first, second = volunteer(system), volunteer(system)
    assert first.name != second.name
    assert {first.volunteer_id, second.volunteer_id}.isdisjoint({None})


def test_only_coordinators_of_the_home_area_decide_and_only_once(system):
    row = signed_up(system)
    for actor, refusal in ((STRANGER, NotFound), (VERIFIER, Forbidden), (ANYONE, NotFound)):
        with system.writing() as tx, pytest.raises(refusal):
            volunteering.accept(tx, actor, row["id"])
    with system.writing() as tx:
        assert volunteering.refuse(tx, COORDINATOR, row["id"]) == {"state": "refused"}
    with system.writing() as tx, pytest.raises(Conflict) as late:
        volunteering.refuse(tx, COORDINATOR, row["id"])
    assert late.value.state == {"state": "refused"}
    with system.writing() as tx:
        volunteering.accept(tx, COORDINATOR, row["id"])
    with system.writing() as tx, pytest.raises(Conflict):
        volunteering.accept(tx, COORDINATOR, row["id"])


def test_a_check_in_holds_until_its_time_and_counts_as_ended_after_it(system):
    actor = volunteer(system, skills=["driving", "medical"], vehicle="pickup")
    found = check_in(system, actor)
    assert found["skills"] == ["driving", "medical"]
    assert found["vehicle"] == "pickup"
    assert found["place"] == CIANJUR
    assert current(system, actor) == found
    assert available(system)[actor.volunteer_id]["vehicle"] == "pickup"
    system.time[0] += timedelta(hours=4)
    assert current(system, actor) is None
    assert actor.volunteer_id not in available(system)
    with pytest.raises(NotFound):
        change(system, actor, vehicle="car")


def test_there_is_one_check_in_at_a_time(system):
    actor = volunteer(system)
    check_in(system, actor)
    threads = [threading.Thread(target=check_in, args=(system, actor)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mine = tables.checkins.c.volunteer_id == actor.volunteer_id
    with system.reading() as tx:
        rows = tx.conn.execute(select(tables.checkins.c.ended_at).where(mine)).scalars().all()
    assert len(rows) == 7
    assert rows.count(None) == 1


def test_a_check_in_changes_and_ends(system):
    actor = volunteer(system)
    check_in(system, actor)
    until = system.now() + timedelta(hours=9)
    found = change(system, actor, vehicle="boat", until=until.isoformat(), place={"lon": 107.14, "lat": -6.83})
    assert (found["vehicle"], found["until"], found["place"]["lon"]) == ("boat", until.isoformat(), 107.14)
    assert current(system, actor) == found
    with system.writing() as tx:
        volunteering.check_out(tx, actor)
    assert current(system, actor) is None
    with system.writing() as tx, pytest.raises(NotFound):
        volunteering.check_out(tx, actor)
    assert [action for action, _, _ in told(system, actor.volunteer_id)[-3:]] == [
        "check_in",
        "change_checkin",
        "check_out",
    ]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"until": "2026-11-24T11:59:59+00:00"}, "until", "time_past"),
        ({"until": "2026-11-26T12:00:00+00:00"}, "until", "time_too_far"),
        ({"until": "2026-11-24T16:00:00"}, "until", "time_offset_wanted"),
        ({"until": "later"}, "until", "time_wanted"),
        ({"place": {"lon": -6.8, "lat": 107.1}}, "place.lat", "swapped_lat_lon"),
        ({"place": None}, "place", "place_wanted"),
        ({"place": None, "area_code": "32.99"}, "area_code", "unknown_area"),
        ({"vehicle": "bicycle"}, "vehicle", "not_one_of"),
    ],
)
def test_a_wrong_check_in_names_the_field(system, change, field, code):
    actor = volunteer(system)
    with pytest.raises(Invalid) as refused:
        check_in(system, actor, **change)
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {field: code}
    assert current(system, actor) is None


def test_a_check_in_24_hours_ahead_is_the_longest(system):
    actor = volunteer(system)
    check_in(system, actor, until=(system.now() + timedelta(hours=24)).isoformat())


def test_only_accepted_volunteers_check_in(system):
    actor = volunteer(system)
    staff = Actor("kori", user_id="x", grants=(Grant("coordinator", "32"),))
    for who, refusal in ((ANYONE, NotSignedIn), (staff, Forbidden), (replace(actor, grants=()), Forbidden)):
        with pytest.raises(refusal):
            check_in(system, who)
    with system.writing() as tx:
        tx.volunteers.change(actor.volunteer_id, state="refused")
    with pytest.raises(Conflict):
        check_in(system, actor)


def test_helping_away_from_home_is_told_at_both_places(system):
    actor = volunteer(system)
    check_in(system, actor, place=None, area_code="32.03.01")
    check_in(system, actor, place=None, area_code="32.73.01")
    assert [(action, area) for action, area, _ in told(system, actor.volunteer_id)[-2:]] == [
        ("check_in", "32.03.01"),
        ("check_in", "32.73.01"),
    ]


def test_exact_places_are_for_coordinators_of_the_area_alone(system):
    actor = volunteer(system)
    check_in(system, actor)
    exact, rough = (107.1392, -6.8221), (107.14, -6.82)

    def place_for(who):
        with system.reading() as tx:
            found = queries.board(tx, who, None, "32.03")["volunteers"]
        rows = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
        return next((row["lon"], row["lat"]) for row in rows if row["id"] == actor.volunteer_id)

    assert place_for(COORDINATOR) == exact
    assert place_for(VERIFIER) == rough
    told_row = told(system, actor.volunteer_id)[-1][2]
    assert (told_row["lon"], told_row["lat"]) == rough


def test_a_drill_has_volunteers_of_its_own(system):
    gazetteer = system.gazetteer()
    body = parse(IncidentIn, {"slug": "latihan", "name": "Latihan", "training": True})
    with system.writing() as tx:
        incidents.add(tx, SYSTEM, body, gazetteer)
    actor = volunteer(system)
    with pytest.raises(Invalid) as refused:
        check_in(system, actor, incident="latihan")
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {"incident": "not_of_incident"}


def test_many_volunteers_come_in_once_each_row_by_itself(system):
    gazetteer, phone = system.gazetteer(), new_phone()
    good = {"name": "Rina", "phone": phone, "home_area": "32.03.01", "skills": ["cooking"], "consent": True}
    rows = [
        ("sheet:1", good),
        ("sheet:2", {**good, "phone": new_phone(), "consent": False}),
        ("sheet:3", {**good, "phone": "07"}),
        ("sheet:4", good),
    ]

    def bring_in():
        with system.writing() as tx:
            incident = tx.incidents.by_slug("jabar")
            return volunteering.add_many(tx, SYSTEM, incident, rows, gazetteer, system.keys)

    first, second = bring_in(), bring_in()
    assert [row.state for row in first] == ["stored", "rejected", "rejected", "known"]
    assert [set(row.problems) for row in first[1:3]] == [{"consent"}, {"phone"}]
    assert [row.state for row in second] == ["known", "rejected", "rejected", "known"]


def test_an_account_of_the_command_line_is_a_volunteer(system):
    with system.writing() as tx:
        accounts.add_user(tx, SYSTEM, "rela", "volunteer", "32.03")
        volunteer_id = volunteering.record_for_user(tx, SYSTEM, "rela", "32.03", system.keys)
    with system.reading() as tx:
        user = tx.accounts.user_by_name("rela")
        actor = accounts.actor_of(tx, user["id"], "rela")
    assert actor.volunteer_id == volunteer_id
    assert check_in(system, actor)["area"].startswith("32.03")
