"""Sign-in held against guessers, second factors, sessions, tokens, invitations, and roles for some hours."""

import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from server.bootstrap import System
from server.commands import people
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from server.domain.permissions import SYSTEM, Actor, Permission, areas_for, may
from server.services import accounts, lending, own_data, second_factor, staff, units
from server.services.accounts import Whence
from server.services.inputs import AgencyIn, SessionIn, parse
from server.services.inputs_accounts import DeputyIn, EmergencyIn, InviteIn, TokenIn, UserStepIn
from server.store import tables

HOME, AWAY = Whence(address="203.0.113.7"), Whence(address="198.51.100.9")
PASSWORD = "kuda lumping makan rumput"


class Clock:
    """The time as a test wants it."""

    def __init__(self):
        self.at = datetime(2026, 11, 28, 12, tzinfo=UTC)

    def __call__(self):
        return self.at

    def on(self, **more):
        self.at += timedelta(**more)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def system(started, clock):
    found = System(started, now=clock)
    yield found
    found.engine.dispose()


def added(system, name="kori", role="coordinator", area="32.03"):
    with system.writing() as tx:
        accounts.add_user(tx, SYSTEM, name, role, area, password=PASSWORD)
    return actor(system, name)


def actor(system, name, scopes=None):
    with system.reading() as tx:
        user = tx.accounts.user_by_name(name)
        return accounts.actor_of(tx, user["id"], name, scopes)


def sign_in(system, name="kori", password=PASSWORD, whence=HOME, **more):
    body = SessionIn(name=name, password=password, **more)
    with system.writing() as tx:
        tried = accounts.attempt(tx, name, whence, system.keys)
    fits = tried.fits(password)
    with system.writing() as tx:
        return accounts.sign_in(tx, tried, body, whence, system.keys, fits=fits)


def audited(system, action):
    with system.reading() as tx:
        query = select(tables.audit).where(tables.audit.c.action == action)
        return [dict(row) for row in tx.conn.execute(query).mappings()]


def enrolled(system, clock, name="kori"):
    """The authenticator of an account that has begun to use one, and its recovery codes."""
    who = actor(system, name)
    with system.writing() as tx:
        begun = second_factor.begin(tx, who, system.keys)
    totp = pyotp.TOTP(begun.secret)
    with system.writing() as tx:
        codes = second_factor.confirm(tx, who, totp.at(clock.at), system.keys)
    return totp, codes


def test_a_guesser_has_five_tries_an_hour_and_the_owner_at_a_known_place_still_gets_in(system, clock):
    added(system)
    assert sign_in(system)
    for n in range(5):
        assert sign_in(system, password=f"tebakan {n}", whence=Whence(address=f"198.51.100.{n}")) is None
        clock.on(seconds=1)
    for whence in (AWAY, Whence(address="192.0.2.44"), Whence()):
        with pytest.raises(TooMany):
            sign_in(system, whence=whence)
    assert sign_in(system, whence=HOME)
    clock.on(hours=1)
    assert sign_in(system, whence=AWAY)


def test_a_device_is_known_again_by_its_cookie_and_only_for_its_own_person(system):
    mine, other = added(system), added(system, "lain")
    cookie = accounts.device_after("", mine.user_id, system.keys)
    for n in range(5):
        assert sign_in(system, password=f"tebakan {n}", whence=AWAY) is None
        assert sign_in(system, "lain", password=f"tebakan {n}", whence=AWAY) is None
    forged = cookie.split(".")[0] + "." + "0" * 32
    for device in ("", forged, "x" * 5000, "..", cookie + ".", cookie.upper()):
        with pytest.raises(TooMany):
            sign_in(system, "lain", whence=Whence(device, AWAY.address))
    assert sign_in(system, whence=Whence(cookie, AWAY.address))
    both = accounts.device_after(cookie, other.user_id, system.keys)
    assert sign_in(system, "lain", whence=Whence(both, AWAY.address))
    assert sign_in(system, whence=Whence(both, AWAY.address))


def test_a_guesser_in_the_owners_network_gets_no_second_helping_elsewhere(system):
    added(system)
    assert sign_in(system)
    for n in range(5):
        assert sign_in(system, password=f"tebakan {n}", whence=HOME) is None
    for whence in (HOME, AWAY):
        with pytest.raises(TooMany):
            sign_in(system, whence=whence)


def test_tries_at_the_same_moment_are_counted_too(system):
    added(system)
    seen, begin = [], threading.Barrier(12)

    def guess(n):
        begin.wait()
        try:
            seen.append(sign_in(system, password=f"tebakan {n}", whence=AWAY))
        except TooMany:
            seen.append("refused")

    guessers = [threading.Thread(target=guess, args=(n,)) for n in range(12)]
    for one in guessers:
        one.start()
    for one in guessers:
        one.join()
    assert sorted(map(str, seen)) == ["None"] * 5 + ["refused"] * 7


def test_who_has_signed_in_five_times_is_not_taken_for_a_guesser(system, clock):
    added(system)
    for _ in range(12):
        assert sign_in(system, whence=AWAY)
        clock.on(minutes=1)


def test_an_unknown_name_is_counted_and_checked_like_a_known_one(system):
    with system.writing() as tx:
        tried = accounts.attempt(tx, "tidak-ada", AWAY, system.keys)
    assert tried.user is None
    assert not tried.fits("nobody has this password: it only takes the same time")
    for _ in range(4):
        assert sign_in(system, "tidak-ada", whence=AWAY) is None
    with pytest.raises(TooMany):
        sign_in(system, "tidak-ada", whence=AWAY)


def test_a_code_is_good_once_and_only_in_its_time(system, clock):
    added(system)
    totp, _ = enrolled(system, clock)
    used = totp.at(clock.at)
    assert sign_in(system) is None
    assert sign_in(system, totp=used) is None, "the code of the enrolment is spent"
    clock.on(seconds=30)
    assert sign_in(system, totp=totp.at(clock.at))
    assert sign_in(system, totp=totp.at(clock.at)) is None, "replayed"
    clock.on(hours=2)
    assert sign_in(system, totp=totp.at(clock.at + timedelta(seconds=30))), "a clock that is a little ahead"
    assert sign_in(system, totp=totp.at(clock.at)) is None, "older than one that was used"
    clock.on(hours=2)
    assert sign_in(system, totp=totp.at(clock.at - timedelta(minutes=5))) is None
    assert sign_in(system, password="salah", totp=totp.at(clock.at)) is None
    assert sign_in(system, totp=totp.at(clock.at)), "a wrong password spends no code"


def test_a_code_used_twice_at_the_same_moment_opens_one_session(system, clock):
    added(system)
    totp, _ = enrolled(system, clock)
    clock.on(minutes=1)
    code, begin, opened = totp.at(clock.at), threading.Barrier(4), []

    def enter():
        begin.wait()
        opened.append(sign_in(system, totp=code))

    entering = [threading.Thread(target=enter) for _ in range(4)]
    for one in entering:
        one.start()
    for one in entering:
        one.join()
    assert [found is not None for found in opened].count(True) == 1


def test_recovery_codes_work_once_and_are_not_kept_readable(system, clock):
    added(system)
    _, codes = enrolled(system, clock)
    assert len(set(codes)) == 10
    with system.reading() as tx:
        kept = tx.conn.execute(select(tables.recovery_codes.c.code_hash)).scalars().all()
        sealed = tx.accounts.user_by_name("kori")["totp_sealed"]
    assert not any(code.encode() in bytes(row) for code in codes for row in (*kept, sealed))
    assert sign_in(system, recovery=codes[0].upper().replace("-", ""))
    assert sign_in(system, recovery=codes[0]) is None
    assert sign_in(system, recovery=codes[1])
    with system.writing() as tx:
        fresh = second_factor.new_recovery_codes(tx, actor(system, "kori"), system.keys)
    clock.on(hours=1)
    assert sign_in(system, recovery=codes[2]) is None
    assert sign_in(system, recovery=fresh[2])


def test_where_it_is_required_nobody_coordinates_without_a_second_factor(system, clock):
    added(system)
    added(system, "gudang", "keeper")
    secrets = {name: sign_in(system, name)[0] for name in ("kori", "gudang")}
    with system.reading() as tx:
        strict = {name: accounts.who_is(tx, secret, totp_required=True) for name, secret in secrets.items()}
        lax = accounts.who_is(tx, secrets["kori"])
    assert lax.second_factor == "wanted"
    assert may(lax.actor, Permission.BOARD_READ, "32.03")
    assert strict["kori"].second_factor == "missing"
    assert strict["kori"].actor.grants == ()
    assert strict["gudang"].second_factor == "optional"
    assert may(strict["gudang"].actor, Permission.BOARD_READ, "32.03")
    enrolled(system, clock)
    with system.reading() as tx:
        whole = accounts.who_is(tx, secrets["kori"], totp_required=True)
    assert whole.second_factor == "enrolled"
    assert may(whole.actor, Permission.BOARD_READ, "32.03")


def test_a_token_does_what_it_is_for_until_its_end_or_until_it_is_ended(system, clock):
    kori = added(system)
    with system.writing() as tx:
        secret, _ = accounts.add_token(tx, kori, TokenIn(label="peta", scopes=[Permission.BOARD_READ], days=7))
    with system.reading() as tx:
        script = accounts.who_is(tx, secret).actor
    assert may(script, Permission.BOARD_READ, "32.03.05")
    assert not may(script, Permission.CASE_EDIT, "32.03")
    assert areas_for(script, Permission.CASE_EDIT) == ()
    for step in (lambda tx: accounts.add_token(tx, script, TokenIn()), lambda tx: accounts.sessions(tx, script)):
        with system.writing() as tx, pytest.raises(Forbidden):
            step(tx)
    with system.writing() as tx, pytest.raises(Invalid) as refused:
        accounts.add_token(tx, kori, TokenIn(scopes=[Permission.USER_EDIT]))
    assert set(refused.value.fields) == {"scopes"}
    clock.on(days=7)
    with system.reading() as tx:
        assert accounts.who_is(tx, secret) is None
    with system.writing() as tx:
        secret, ends = accounts.add_token(tx, kori, TokenIn(label="dua"))
        (row,) = accounts.sessions(tx, kori)
    with system.writing() as tx:
        assert accounts.add_token(tx, kori, TokenIn(days=300), until=ends - timedelta(days=200))[1] < ends
    with system.writing() as tx:
        accounts.end_own_session(tx, added(system, "lain"), row["id"])
    with system.reading() as tx:
        assert accounts.who_is(tx, secret), "nobody ends another's"
    with system.writing() as tx:
        accounts.end_own_session(tx, kori, row["id"])
    with system.reading() as tx:
        assert accounts.who_is(tx, secret) is None


def test_a_scoped_token_of_a_volunteer_is_no_volunteer(system):
    people.add_user(system, "rela", "volunteer", "32.03")
    assert actor(system, "rela").volunteer_id
    assert actor(system, "rela", [Permission.BOARD_READ]).volunteer_id is None
    assert actor(system, "rela", [Permission.CHECKIN_OWN]).volunteer_id


def test_what_has_run_out_is_removed_and_nothing_else(system, clock):
    added(system)
    sign_in(system, password="tebakan", whence=AWAY)
    secret, _ = sign_in(system)
    clock.on(hours=11)
    with system.writing() as tx:
        accounts.forget(tx)
        assert accounts.who_is(tx, secret)
    counted = (tables.sessions, tables.tries, tables.known_networks)
    clock.on(days=31)
    with system.writing() as tx:
        assert all(tx.conn.execute(select(table)).first() for table in counted)
        accounts.forget(tx)
        assert not any(tx.conn.execute(select(table)).first() for table in counted)


ADMIN = Actor("admin-cianjur", "00000000-0000-4000-8000-000000000009", grants=(accounts.Grant("admin", "32.03"),))


def invite(system, name="neng", role="verifier", area="32.03.05", by=ADMIN):
    with system.writing() as tx:
        return staff.invite(tx, by, InviteIn(name=name, role=role, area=area))


def test_an_invitation_sets_a_password_once_and_runs_out(system, clock):
    first = invite(system)
    assert sign_in(system, "neng", password="") is None
    with system.writing() as tx:
        assert staff.accept(tx, first["secret"], PASSWORD) == "neng"
    assert sign_in(system, "neng")
    with system.writing() as tx, pytest.raises(NotFound):
        staff.accept(tx, first["secret"], "a password of somebody else")
    late = invite(system, "lambat")
    clock.on(hours=72)
    with system.writing() as tx, pytest.raises(NotFound):
        staff.accept(tx, late["secret"], PASSWORD)
    with system.writing() as tx:
        again = staff.act(tx, ADMIN, late["id"], "invite", UserStepIn())
    with system.writing() as tx:
        staff.accept(tx, again["secret"], PASSWORD)
    assert sign_in(system, "lambat")
    with system.reading() as tx:
        kept = tx.conn.execute(select(tables.audit)).mappings().all()
    assert not any(secret in str(kept) for secret in (first["secret"], again["secret"]))


def test_a_new_link_voids_the_one_before_and_ends_what_was_open(system):
    first = invite(system)
    with system.writing() as tx:
        second = staff.act(tx, ADMIN, first["id"], "invite", UserStepIn())
    with system.writing() as tx, pytest.raises(NotFound):
        staff.accept(tx, first["secret"], PASSWORD)
    with system.writing() as tx:
        staff.accept(tx, second["secret"], PASSWORD)
    secret, _ = sign_in(system, "neng")
    with system.writing() as tx:
        third = staff.act(tx, ADMIN, first["id"], "invite", UserStepIn())
    with system.writing() as tx:
        staff.accept(tx, third["secret"], PASSWORD + " baru")
    with system.reading() as tx:
        assert accounts.who_is(tx, secret) is None


def test_accounts_are_changed_by_who_may_there_and_by_nobody_else(system):
    neng = invite(system)
    province = added(system, "prov", "admin", "32")
    bandung = added(system, "bandung", "admin", "32.04")
    coordinator = added(system)
    with system.writing() as tx, pytest.raises(NotFound):
        staff.act(tx, bandung, neng["id"], "disable", UserStepIn())
    with system.writing() as tx, pytest.raises(Forbidden):
        staff.act(tx, coordinator, neng["id"], "disable", UserStepIn())
    for role, area in (("admin", ""), ("keeper", "32.04"), ("admin", "32")):
        with system.writing() as tx, pytest.raises(Forbidden):
            staff.act(tx, ADMIN, neng["id"], "give_role", UserStepIn(role=role, area=area))
        with system.writing() as tx, pytest.raises(Forbidden):
            staff.invite(tx, ADMIN, InviteIn(name="baru", role=role, area=area))
    with system.writing() as tx:
        staff.act(tx, province, neng["id"], "give_role", UserStepIn(role="keeper", area="32.04"))
    with system.writing() as tx, pytest.raises(Forbidden):
        staff.act(tx, ADMIN, neng["id"], "disable", UserStepIn())
    with system.writing() as tx:
        staff.act(tx, province, neng["id"], "take_role", UserStepIn(role="keeper", area="32.04"))
    with system.writing() as tx, pytest.raises(Conflict):
        staff.act(tx, ADMIN, neng["id"], "take_role", UserStepIn(role="verifier", area="32.03.05"))
    with system.writing() as tx, pytest.raises(Conflict):
        staff.act(tx, province, province.user_id, "disable", UserStepIn())
    with system.reading() as tx:
        assert {one["name"] for one in staff.listed(tx, ADMIN)} == {"neng", "kori"}
        assert [one["name"] for one in staff.listed(tx, ADMIN, "RI")] == ["kori"]
        assert staff.listed(tx, ADMIN, "%") == []
        assert {"neng", "kori", "prov", "bandung"} <= {one["name"] for one in staff.listed(tx, province)}


def test_a_shut_account_is_out_at_once(system):
    added(system)
    secret, _ = sign_in(system)
    kori = actor(system, "kori")
    with system.writing() as tx:
        token, _ = accounts.add_token(tx, kori, TokenIn())
        staff.act(tx, ADMIN, kori.user_id, "disable", UserStepIn())
    with system.reading() as tx:
        assert accounts.who_is(tx, secret) is None
        assert accounts.who_is(tx, token) is None
        assert accounts.actors_behind(tx, [accounts.digest(secret), accounts.digest(token)]) == {}
    assert sign_in(system) is None


def deputise(system, by, to="wakil", role="coordinator", area="32.03", **more):
    times = {"ends_at": system.now() + timedelta(hours=10), **more}
    with system.writing() as tx:
        return lending.deputise(tx, by, DeputyIn(to=to, role=role, area=area, reason="jaga malam", **times))


def test_a_deputy_holds_the_role_from_when_to_when_it_was_lent(system, clock):
    kori = added(system)
    added(system, "wakil", "keeper", "32.03.05")
    secret, _ = sign_in(system, "wakil")
    lent = deputise(system, kori, starts_at=clock.at + timedelta(hours=2))
    assert lent["state"] == "coming"

    def now():
        with system.reading() as tx:
            behind = accounts.actors_behind(tx, [accounts.digest(secret)])[accounts.digest(secret)]
            assert accounts.who_is(tx, secret).actor.grants == behind.grants
            return behind

    assert not may(now(), Permission.CASE_EDIT, "32.03")
    clock.on(hours=2)
    assert may(now(), Permission.CASE_EDIT, "32.03")
    clock.on(hours=7, minutes=59, seconds=59)
    assert may(now(), Permission.CASE_EDIT, "32.03")
    clock.on(seconds=1)
    assert not may(now(), Permission.CASE_EDIT, "32.03")
    assert may(now(), Permission.STOCK_EDIT, "32.03.05")
    (entry,) = audited(system, "access:deputise")
    assert (entry["actor"], entry["area"], entry["details"]["to"]) == ("kori", "32.03", "wakil")
    assert entry["details"]["reason"] == "jaga malam"


def test_nobody_lends_what_they_do_not_hold_for_good(system, clock):
    kori, wakil = added(system), added(system, "wakil", "keeper", "32.03.05")
    added(system, "rela", "volunteer", "32.03")
    for by, more in ((kori, {"area": "32"}), (kori, {"role": "admin"}), (wakil, {}), (kori, {"area": "32.04"})):
        with pytest.raises(Forbidden):
            deputise(system, by, **more)
    for to in ("tidak-ada", "rela"):
        with pytest.raises(Invalid):
            deputise(system, kori, to=to)
    for wrong in ({"ends_at": clock.at}, {"ends_at": clock.at + timedelta(hours=73)},
                  {"starts_at": clock.at + timedelta(days=15), "ends_at": clock.at + timedelta(days=16)}):  # fmt: skip
        with pytest.raises(Invalid):
            deputise(system, kori, **wrong)
    deputise(system, kori, area="32.03.05")
    with pytest.raises(Conflict):
        deputise(system, kori, area="32.03.05")
    with pytest.raises(Forbidden):
        deputise(system, actor(system, "wakil"), to="kori", area="32.03.05")
    with pytest.raises(Forbidden):
        deputise(system, actor(system, "kori", [Permission.BOARD_READ]))


def test_a_lent_admin_makes_no_accounts(system):
    admin = added(system, "prov", "admin", "32")
    added(system, "wakil", "keeper", "32.03.05")
    deputise(system, admin, role="admin", area="32")
    wakil = actor(system, "wakil")
    assert may(wakil, Permission.PLAN_APPROVE, "32")
    assert not may(wakil, Permission.USER_EDIT, "32.03.05")
    with pytest.raises(Forbidden):
        invite(system, by=wakil)


def done(system, by, who, action, **body):
    with system.writing() as tx:
        return staff.act(tx, by, who.user_id, action, UserStepIn(**body))


def states(system):
    with system.reading() as tx:
        return {(one["to"], one["role"]): one["state"] for one in lending.listed(tx, SYSTEM)}


def test_who_is_shut_out_lends_and_holds_nothing_more(system, clock):
    kori, lain = added(system), added(system, "lain", "verifier")
    added(system, "wakil", "keeper", "32.03.05")
    deputise(system, kori)
    deputise(system, lain, "kori", "verifier", starts_at=clock.at + timedelta(hours=1))
    deputise(system, added(system, "jauh", "keeper"), role="keeper")
    done(system, ADMIN, kori, "disable")
    assert states(system) == {
        ("wakil", "coordinator"): "over", ("kori", "verifier"): "over", ("wakil", "keeper"): "running",
    }  # fmt: skip
    assert not may(actor(system, "wakil"), Permission.CASE_EDIT, "32.03")
    assert len(audited(system, "access:end")) == 2


def test_what_was_lent_or_taken_by_a_role_ends_with_it_and_nothing_else_does(system):
    kori, province = added(system), added(system, "prov", "admin", "32")
    added(system, "wakil", "keeper", "32.03.05")
    done(system, province, kori, "give_role", role="verifier", area="32.03")
    kori = actor(system, "kori")
    deputise(system, kori)
    deputise(system, kori, role="verifier")
    take(system, kori)
    done(system, province, kori, "take_role", role="coordinator", area="32.03")
    assert states(system) == {
        ("wakil", "coordinator"): "over", ("wakil", "verifier"): "running", ("kori", "coordinator"): "over",
    }  # fmt: skip
    assert not may(actor(system, "kori"), Permission.CASE_EDIT, "32.04")


def test_an_admin_takes_over_no_account_that_holds_more_for_some_hours(system, clock):
    province, neng = added(system, "prov", "admin", "32"), added(system, "neng", "verifier", "32.03.05")
    deputise(system, province, "neng", "coordinator", "32", starts_at=clock.at + timedelta(hours=1))
    for passed in (timedelta(0), timedelta(hours=2)):
        clock.on(seconds=passed.total_seconds())
        for action in ("invite", "reset_totp"):
            with pytest.raises(Forbidden):
                done(system, ADMIN, neng, action)
    clock.on(hours=9)
    assert done(system, ADMIN, neng, "invite")["secret"]
    with pytest.raises(Conflict):
        done(system, province, province, "invite")


def test_a_token_made_for_something_else_ends_no_lent_role_and_reads_nothing_of_its_person(system, clock):
    kori = added(system)
    added(system, "wakil", "keeper", "32.03.05")
    lent = deputise(system, kori)
    script = actor(system, "kori", [Permission.BOARD_READ])
    with system.writing() as tx:
        second_factor.begin(tx, kori, system.keys)
    for step in (
        lambda tx: lending.end(tx, script, lent["id"]),
        lambda tx: own_data.of_account(tx, script, system.keys),
        lambda tx: second_factor.pending(tx, script, system.keys),
    ):
        with system.writing() as tx, pytest.raises(Forbidden):
            step(tx)


def take(system, by, area="32.04", hours=2, **more):
    with system.writing() as tx:
        return lending.take(tx, by, EmergencyIn(area=area, hours=hours, reason="longsor, posko Bandung putus", **more))


def test_an_emergency_opens_another_area_for_some_hours_and_is_told_there_at_once(system, clock):
    kori = added(system)
    taken = take(system, kori)
    assert (taken["kind"], taken["role"], taken["state"]) == ("emergency", "coordinator", "running")
    assert may(actor(system, "kori"), Permission.CASE_EDIT, "32.04.01")
    (entry,) = audited(system, "access:take")
    assert (entry["actor"], entry["area"]) == ("kori", "32.04")
    assert entry["details"]["reason"] == "longsor, posko Bandung putus"
    with system.reading() as tx:
        told = tx.conn.execute(select(tables.outbox).where(tables.outbox.c.type == "AccessLent")).mappings().all()
        assert {row["area"] for row in told} == {"32.04"}
        for area, sees in (("32.04", True), ("32", True), ("32.05", False)):
            there = Actor("di sana", grants=(accounts.Grant("coordinator", area),))
            assert bool(lending.listed(tx, there)) is sees, area
    with pytest.raises(Conflict):
        take(system, actor(system, "kori"))
    clock.on(hours=2)
    assert not may(actor(system, "kori"), Permission.CASE_EDIT, "32.04.01")


def test_an_emergency_is_for_staff_with_a_reason_and_ends_by_the_word_of_who_coordinates_there(system):
    kori, away = added(system), added(system, "bandung", "coordinator", "32.04")
    rela = added(system, "rela", "volunteer", "32.03")
    with pytest.raises(Forbidden):
        take(system, rela)
    for wrong in ({"area": "99"}, {"role": "admin"}):
        with pytest.raises(Invalid):
            take(system, kori, **wrong)
    for wrong in ({"hours": 13}, {"hours": 0}, {"reason": "perlu"}, {"area": ""}):
        with pytest.raises(Invalid):
            parse(EmergencyIn, {"area": "32.04", "hours": 2, "reason": "longsor di Bandung", **wrong})
    taken = take(system, kori)
    keeper = added(system, "gudang", "keeper", "32.04")
    for other, refusal in ((keeper, Forbidden), (added(system, "jauh", "coordinator", "32.05"), NotFound)):
        with system.writing() as tx, pytest.raises(refusal):
            lending.end(tx, other, taken["id"])
    with system.writing() as tx:
        assert lending.end(tx, away, taken["id"])["ended_by"] == "bandung"
    assert not may(actor(system, "kori"), Permission.CASE_EDIT, "32.04")
    with system.writing() as tx, pytest.raises(Conflict):
        lending.end(tx, away, taken["id"])


def test_who_has_a_role_for_an_agency_sees_nothing_by_area(system):
    with system.writing() as tx:
        agency = {"code": "pmi-jabar", "name": "PMI Jawa Barat", "kind": "pmi", "area": "32"}
        units.add_agency(tx, SYSTEM, parse(AgencyIn, agency))
    pmi = added(system, "pmi", "coordinator", "pmi-jabar")
    assert not may(pmi, Permission.BOARD_READ, "32")
    assert not may(pmi, Permission.BOARD_READ, "")
    with system.reading() as tx:
        assert units.own_agencies(tx, pmi) == ["pmi-jabar"]
        assert units.answers_for(tx, pmi, "pmi-jabar", Permission.CASE_EDIT)
        assert tx.referrals.somebody_at("pmi-jabar", units.ANSWERING)
    with system.writing() as tx, pytest.raises(Invalid):
        accounts.add_user(tx, SYSTEM, "x2", "coordinator", "tidak-ada")


def agency_of(system):
    with system.writing() as tx:
        agency = {"code": "pmi-jabar", "name": "PMI Jawa Barat", "kind": "pmi", "area": "32"}
        units.add_agency(tx, SYSTEM, parse(AgencyIn, agency))
    return added(system, "pmi", "coordinator", "pmi-jabar")


def test_who_has_no_role_for_an_agency_any_more_is_no_longer_in_it(system):
    pmi = agency_of(system)
    for role, area in (("keeper", "pmi-jabar"), ("verifier", "32.03")):
        done(system, SYSTEM, pmi, "give_role", role=role, area=area)
    done(system, SYSTEM, pmi, "take_role", role="coordinator", area="pmi-jabar")
    with system.reading() as tx:
        assert units.own_agencies(tx, pmi) == ["pmi-jabar"]
    done(system, SYSTEM, pmi, "take_role", role="keeper", area="pmi-jabar")
    left = actor(system, "pmi")
    with system.reading() as tx:
        assert units.own_agencies(tx, left) == []
        assert not units.answers_for(tx, left, "pmi-jabar", Permission.CASE_VERIFY)


def test_a_deputy_for_an_agency_answers_for_it_by_that_role_only(system, clock):
    pmi, _ = agency_of(system), added(system, "wakil", "coordinator", "32.03")
    done(system, SYSTEM, pmi, "give_role", role="verifier", area="pmi-jabar")
    pmi = actor(system, "pmi")
    deputise(system, pmi, role="verifier", area="pmi-jabar")

    def answers(permission):
        wakil = actor(system, "wakil")
        with system.reading() as tx:
            return "pmi-jabar" in units.own_agencies(tx, wakil), units.answers_for(tx, wakil, "pmi-jabar", permission)

    assert answers(Permission.CASE_VERIFY) == (True, True)
    assert answers(Permission.ASSIGNMENT_MANAGE) == (True, False)
    clock.on(hours=10)
    assert answers(Permission.CASE_VERIFY) == (False, False)
