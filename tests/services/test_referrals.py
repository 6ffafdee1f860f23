"""Cases and needs that go from one unit to another: up, down and sideways, and never to nowhere."""

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn, WrongTransition
from server.domain.permissions import ANYONE, SYSTEM, Actor, Grant
from server.services import cases, clocks, referrals, units
from server.services.inputs import AgencyIn, AnswerIn, PassIn, parse

PLACE = (107.139, -6.822)


@pytest.fixture
def people(system, world):
    """Staff of a province, two regencies and a district, and of two agencies, by unit."""
    found = {}
    with system.writing() as tx:
        for code, kind in (("pmi-cianjur", "pmi"), ("dinsos", "dinas")):
            agency = {"code": code, "name": code.upper(), "kind": kind, "area": "32.03"}
            units.add_agency(tx, SYSTEM, parse(AgencyIn, agency))
        places = {"32": "32", "32.03": "32.03", "32.04": "32.04", "pmi-cianjur": "32.03.11", "dinsos": "32.03.11"}
        for unit, area in places.items():
            name = f"orang-{unit}"
            row = {"id": tx.new_id(), "name": name, "password_hash": "", "created_at": tx.now}
            tx.accounts.add_user(row)
            tx.accounts.grant(row["id"], "coordinator", area)
            if not units.is_area(unit):
                units.join_agency(tx, SYSTEM, unit, name)
            found[unit] = Actor(name=name, user_id=row["id"], grants=(Grant("coordinator", area),))
    return found


@pytest.fixture
def case_id(world):
    return world.case({"water": 10}, at=PLACE)


def pass_on(system, who, case_id, to, **more):
    with system.writing() as tx:
        return referrals.pass_on(tx, who, case_id, PassIn(to=to, reason="bukan wewenang kami", **more))


def answer(system, who, referral, action, reason=None):
    with system.writing() as tx:
        return referrals.answer(tx, who, referral["id"], action, AnswerIn(reason=reason))


def inbox(system, who):
    with system.reading() as tx:
        return referrals.inbox(tx, who, None)


def held(system, case_id):
    with system.reading() as tx:
        return tx.cases.get(case_id)["holder"], clocks.shown(tx, case_id)


@pytest.mark.parametrize(
    ("to", "who"), [("32", "32"), ("32.03.11", "dinsos"), ("32.04", "32.04"), ("pmi-cianjur", "pmi-cianjur")]
)
def test_what_is_accepted_is_held_with_its_clock_running(system, people, case_id, to, who):
    """Up, down, to a neighbour, to an agency."""
    before, clock = held(system, case_id)
    referral = pass_on(system, people["32.03"], case_id, to)
    assert held(system, case_id) == (before, clock), "until it is accepted it stays where it was"
    (waiting,) = inbox(system, people[who])["waiting"]
    assert (waiting["id"], waiting["reason"]) == (referral["id"], "bukan wewenang kami")
    assert waiting["stage_due_at"] == clock["stage_due_at"]
    assert answer(system, people[who], referral, "accept")["state"] == "accepted"
    assert held(system, case_id) == (to, clock)
    assert [row["case_id"] for row in inbox(system, people[who])["held"]] == [case_id]
    with system.reading() as tx:
        (report,) = tx.reports.of_case(case_id)
        told = tx.reports.history(report["id"])[-1]
        assert (told["step"], told["params"]) == ("handed_over", {"unit": units.name_of(tx, to)})


def test_one_agency_passes_it_to_another(system, people, case_id):
    answer(system, people["dinsos"], pass_on(system, people["32.03"], case_id, "dinsos"), "accept")
    referral = pass_on(system, people["dinsos"], case_id, "pmi-cianjur")
    assert referral["from_unit"] == "dinsos"
    answer(system, people["pmi-cianjur"], referral, "accept")
    assert held(system, case_id)[0] == "pmi-cianjur"


def test_a_unit_that_accepted_works_on_the_case_and_others_of_its_level_do_not(system, people, case_id):
    neighbour = people["32.04"]
    with system.reading() as tx, pytest.raises(NotFound):
        cases.detail(tx, neighbour, case_id)
    answer(system, neighbour, pass_on(system, people["32.03"], case_id, "32.04"), "accept")
    with system.reading() as tx:
        assert cases.detail(tx, neighbour, case_id)["holder"] == "32.04"
    answer(system, people["32.03"], pass_on(system, neighbour, case_id, "32.03"), "accept")
    with system.reading() as tx, pytest.raises(NotFound):
        cases.detail(tx, neighbour, case_id)


def test_it_comes_back_with_a_reason(system, people, case_id):
    referral = pass_on(system, people["32.03"], case_id, "dinsos")
    with pytest.raises(Invalid):
        answer(system, people["dinsos"], referral, "give_back")
    back = answer(system, people["dinsos"], referral, "give_back", "gudang kami kosong")
    assert (back["state"], back["answer"], back["answered_by"]) == ("returned", "gudang kami kosong", "orang-dinsos")
    assert held(system, case_id)[0] is None
    assert inbox(system, people["dinsos"])["waiting"] == []
    with pytest.raises(WrongTransition):
        answer(system, people["dinsos"], referral, "accept")


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("32.99", "unknown_unit"),
        ("palang-merah", "unknown_unit"),
        ("32.05", "nobody_there"),
        ("32.03.11", "nobody_there"),
    ],
)
def test_nobody_passes_it_to_nowhere(system, people, case_id, to, code):
    with system.writing() as tx:
        tx.conn.exec_driver_sql("delete from grants where area = '32.03.11'")
    with pytest.raises(Invalid) as refused:
        pass_on(system, people["32"], case_id, to)
    assert refused.value.fields["to"].code == code


def test_not_to_a_unit_whose_only_person_is_disabled_nor_to_where_it_is(system, people, case_id):
    with system.writing() as tx:
        tx.accounts.change_user(people["32.04"].user_id, is_disabled=True)
    with pytest.raises(Invalid):
        pass_on(system, people["32.03"], case_id, "32.04")
    with system.reading() as tx:
        own = tx.cases.get(case_id)["area"]
        assert own not in [one["unit"] for one in referrals.targets(tx, people["32"], case_id)]
    with pytest.raises(Invalid) as refused:
        pass_on(system, people["32"], case_id, own)
    assert refused.value.fields["to"].code == "same_unit"


def test_one_referral_at_a_time_and_its_sender_may_withdraw_it(system, people, case_id):
    referral = pass_on(system, people["32.03"], case_id, "32")
    with pytest.raises(Conflict):
        pass_on(system, people["32.03"], case_id, "dinsos")
    with pytest.raises(NotFound):
        answer(system, people["32.04"], referral, "accept")
    with pytest.raises(Forbidden):
        answer(system, people["32.03"], referral, "accept")
    assert [row["id"] for row in inbox(system, people["32.03"])["passed_on"]] == [referral["id"]]
    answer(system, people["32.03"], referral, "withdraw")
    pass_on(system, people["32.03"], case_id, "dinsos")


def test_one_need_goes_alone(system, world, people):
    case_id = world.case({"water": 10, "blanket": 5}, at=PLACE)
    needs = world.needs(case_id)
    referral = pass_on(system, people["32.03"], case_id, "dinsos", need_id=needs["blanket"]["id"])
    pass_on(system, people["32.03"], case_id, "pmi-cianjur", need_id=needs["water"]["id"])
    answer(system, people["dinsos"], referral, "accept")
    now = world.needs(case_id)
    assert (now["blanket"]["holder"], now["water"]["holder"]) == ("dinsos", None)
    assert held(system, case_id)[0] is None
    with pytest.raises(Invalid):
        pass_on(system, people["32.03"], case_id, "32", need_id=1)


def test_strangers_and_volunteers_pass_nothing(system, people, case_id):
    helper = Actor(name="relawan", volunteer_id="x", grants=(Grant("volunteer", "32.03"),))
    with pytest.raises(NotFound):
        pass_on(system, helper, case_id, "32")
    with pytest.raises(NotFound):
        pass_on(system, people["32.04"], case_id, "32")
    referral = pass_on(system, people["32.03"], case_id, "32")
    with pytest.raises(NotSignedIn):
        answer(system, ANYONE, referral, "accept")
    with pytest.raises(Forbidden):
        inbox(system, helper)
