"""Who asks about a rumour: every question is kept, the same ones get one answer, and each is told exactly once."""

import os
import threading
import uuid

import pytest

from server.bootstrap import System
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.permissions import ANYONE, Actor, Grant
from server.services import asks, claims
from server.services.inputs import parse
from server.services.inputs_supply import AskIn, ClaimIn, JoinIn, VerdictIn
from server.services.retellings import ALIKE, likeness, same

VERIFIER = Actor("vina", grants=(Grant("verifier", "32"),))
SECOND = Actor("wati", grants=(Grant("verifier", "32"),))
AUDITOR = Actor("ayu", grants=(Grant("auditor", "32"),))
STRANGER = Actor("beni", grants=(Grant("verifier", "33"),))
MANY = int(os.environ.get("ASKERS", "500"))
"""All of the issue's 500 take some seconds."""
PHONE = "0812 9973 4561"


@pytest.fixture(scope="module")
def system(module_started):
    found = System(module_started)
    yield found
    found.engine.dispose()


def ask(system, text, client_id=None, **more):
    body = parse(AskIn, {"client_id": client_id or str(uuid.uuid4()), "text": text, **more})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return asks.ask(tx, ANYONE, body, "10.0.0.1", gazetteer=gazetteer, keys=system.keys)


def follow(system, code):
    with system.reading() as tx:
        return asks.follow(tx, code, system.keys)


def claim_of(system, code):
    with system.reading() as tx:
        return tx.claims.ask_by_code_index(asks.codes.index_of(code, system.keys))["claim_id"]


def act(system, claim_id, action, actor=VERIFIER, **fields):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return claims.act(tx, actor, claim_id, action, parse(VerdictIn, fields), gazetteer)


def judge(system, claim_id, finding="find_false", **fields):
    act(system, claim_id, "check")
    act(system, claim_id, finding, verdict="Petugas: tidak ada retakan.", **fields)
    return act(system, claim_id, "confirm", SECOND)


def tellings(system, claim_id):
    with system.reading() as tx:
        return [row for row in tx.claims.asks(claim_id) if row["told_at"]]


def faults(system):
    with system.reading() as tx:
        return tx.claims.over_told()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Waduk Cirata jebol malam ini", "apakah benar waduk cirata jebol malam ini??"),
        ("Cugenang bridge is down", "Is it true that the Cugenang bridge down!"),
        ("jln Cugenang longsor", "Info min, jalan Cugenang longsor ya?"),
    ],
)
def test_the_same_rumour_is_seen_through_the_words_around_it(one, other):
    assert same(one, other)
    assert likeness(one, other) == 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jembatan Cugenang putus", "Jembatan Cugenang tidak putus"),
        ("Jembatan Cugenang putus", "Jembatan Cibeber putus"),
        ("Cianjur aman Sukabumi putus", "Sukabumi aman Cianjur putus"),
        ("Desa Sukaresmi terendam", "Desa Sukaresik terendam"),
        ("Gempa susulan jam 7", "Gempa susulan jam 9"),
        ("??", "!!"),
    ],
)
def test_what_may_be_another_rumour_is_never_joined_by_itself(one, other):
    assert not same(one, other)


def test_a_mistyped_rumour_is_alike_and_a_stranger_one_is_not():
    assert ALIKE <= likeness("Jembatan Cugenang putus", "jembtan cugenang ptus") < 100
    assert likeness("Jembatan Cugenang putus", "Gudang beras desa dijarah") < ALIKE


def test_who_asks_the_same_waits_for_one_answer_and_gets_it(system):
    first = ask(system, "Waduk Cirata jebol malam ini", phone=PHONE).answer
    second = ask(system, "Apakah benar waduk cirata jebol malam ini?").answer
    other = ask(system, "Waduk Saguling jebol malam ini").answer
    assert first["code"] != second["code"]
    assert claim_of(system, first["code"]) == claim_of(system, second["code"]) != claim_of(system, other["code"])
    assert (first["state"], first["told_at"], first["answer"]) == ("received", None, None)
    assert PHONE[-4:] not in str(first)
    judged = judge(system, claim_of(system, first["code"]))
    for one in (first, second):
        told = follow(system, one["code"])
        assert (told["state"], told["answer"]["verdict"]) == ("misinformasi", "Petugas: tidak ada retakan.")
        assert told["told_at"]
    waiting = follow(system, other["code"])
    assert waiting["answer"] is None
    assert [one["code"] for one in waiting["similar"]] == [judged["code"]]
    late = ask(system, "waduk cirata jebol malam ini").answer
    assert late["answer"]["code"] == judged["code"]
    assert faults(system) == []


def test_a_question_sent_twice_is_one(system):
    client_id = str(uuid.uuid4())
    first = ask(system, "Ada tanggul bocor di Majalaya", client_id)
    again = ask(system, "Ada tanggul bocor di Majalaya", client_id)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.answer["code"] == again.answer["code"]
    assert len(asked(system, first)) == 1
    with pytest.raises(Conflict):
        ask(system, "Ada tanggul bocor di Ciparay", client_id)


def asked(system, done):
    with system.reading() as tx:
        return tx.claims.asks(claim_of(system, done.answer["code"]))


def test_everyone_who_asked_is_told_exactly_once(system):
    """Many ask, eight at a time, while two people judge it; some ask before the verdict and some after."""
    text, codes, lock = f"Gudang beras dijarah {uuid.uuid4().hex[:6]}", [], threading.Lock()
    first = ask(system, text).answer["code"]
    claim_id = claim_of(system, first)

    def many(n):
        for _ in range(n):
            code = ask(system, f"apa benar {text}?", phone=PHONE).answer["code"]
            with lock:
                codes.append(code)

    shares = [MANY // 8 + (n < (MANY - 1) % 8) for n in range(8)]
    threads = [threading.Thread(target=many, args=(n,)) for n in shares]
    for thread in threads:
        thread.start()
    while len(codes) < MANY // 2:
        threads[0].join(0.01)
    judge(system, claim_id)
    for thread in threads:
        thread.join()
    every = [first, *codes]
    assert len(set(every)) == len(every) >= MANY
    assert {claim_of(system, code) for code in every} == {claim_id}
    told = tellings(system, claim_id)
    assert len({row["id"] for row in told}) == len(told) == len(every)
    assert all(follow(system, code)["answer"]["state"] == "misinformasi" for code in every)
    with system.writing() as tx:
        assert tx.claims.tell_all(claim_id, "benar", tx.now) == 0
    assert {row["told_state"] for row in tellings(system, claim_id)} == {"misinformasi"}
    assert faults(system) == []


def test_two_claims_that_staff_join_have_one_answer(system):
    one = ask(system, "Jalan raya Puncak amblas total").answer
    other = ask(system, "Jalan Puncak amblas, mobil tidak lewat").answer
    ids = [claim_of(system, found["code"]) for found in (one, other)]
    with system.reading() as tx:
        assert [found["id"] for found in claims.show(tx, VERIFIER, ids[1])["similar"]] == ids[:1]
    with system.writing() as tx:
        claims.join(tx, VERIFIER, ids[1], JoinIn(into=ids[0]))
    with pytest.raises(Conflict):
        act(system, ids[1], "check")
    judge(system, ids[0], "find_true")
    assert {follow(system, found["code"])["state"] for found in (one, other)} == {"benar"}
    assert len(tellings(system, ids[0])) == 2
    third = ask(system, "Jalan Puncak amblas, mobil tidak lewat!").answer
    assert third["answer"]["state"] == "benar"
    late = ask(system, "Puncak amblas dan longsor").answer
    with system.writing() as tx:
        claims.join(tx, VERIFIER, claim_of(system, late["code"]), JoinIn(into=ids[0]))
    assert follow(system, late["code"])["answer"]["state"] == "benar"
    assert faults(system) == []


def test_a_claim_is_joined_only_with_one_that_may_be_known(system):
    claim_id = claim_of(system, ask(system, "Listrik padam seminggu di Garut").answer["code"])
    for into in (claim_id, str(uuid.uuid4())):
        with pytest.raises(Invalid) as refused, system.writing() as tx:
            claims.join(tx, VERIFIER, claim_id, JoinIn(into=into))
        assert refused.value.fields["into"].code == "unknown_claim"
    for actor, refusal in ((STRANGER, NotFound), (AUDITOR, Forbidden)):
        with pytest.raises(refusal), system.writing() as tx:
            claims.join(tx, actor, claim_id, JoinIn(into=str(uuid.uuid4())))


def test_the_same_words_about_another_place_are_another_claim(system):
    there = ask(system, "Jembatan desa putus total", area_code="32.03.20").answer
    elsewhere = ask(system, "Jembatan desa putus total", area_code="32.05").answer
    anywhere = ask(system, "Jembatan desa putus total").answer
    ids = [claim_of(system, one["code"]) for one in (there, elsewhere, anywhere)]
    assert ids[0] != ids[1]
    assert ids[2] in ids[:2]


def test_a_question_without_a_place_does_not_draw_in_those_of_two_places(system):
    wide = ask(system, "Jembatan gantung putus tadi").answer
    near = ask(system, "Jembatan gantung putus tadi", area_code="32.03.20").answer
    far = ask(system, "Jembatan gantung putus tadi", area_code="32.05").answer
    assert len({claim_of(system, one["code"]) for one in (wide, near, far)}) == 3


def test_an_old_verdict_does_not_answer_what_is_heard_today(system):
    first = claim_of(system, ask(system, "Tanggul Citarum retak besar").answer["code"])
    judge(system, first)
    assert claim_of(system, ask(system, "Tanggul Citarum retak besar").answer["code"]) == first
    with system.writing() as tx:
        tx.claims.change(first, confirmed_at=tx.now - asks.STANDS)
    again = ask(system, "Tanggul Citarum retak besar").answer
    assert claim_of(system, again["code"]) != first
    assert again["told_at"] is None
    assert [one["state"] for one in follow(system, again["code"])["similar"]] == ["misinformasi"]


def test_the_rumour_whose_time_ends_first_is_on_the_desk_however_many_came_later(system):
    old = claim_of(system, ask(system, "Gudang bulog dijarah semalam").answer["code"])
    with system.writing() as tx:
        claim = tx.claims.get(old)
        tx.claims.change(old, due_at=claim["due_at"] - asks.LOOKED_BACK)
    for n in range(4):
        ask(system, f"Kabar lain nomor {n * 1111}")
    with system.reading() as tx:
        waiting, _ = claims.on_desk(tx, VERIFIER, 2)
        assert [one["id"] for one in waiting][:1] == [old]
        assert claims.on_desk(tx, STRANGER, 2) == ([], [])


def test_before_the_verdict_nobody_reads_the_claim_and_junk_is_never_published(system):
    code = ask(system, "Air ledeng diracun orang").answer["code"]
    claim_id = claim_of(system, code)
    with system.reading() as tx:
        public = tx.claims.get(claim_id)["code"]
    with pytest.raises(NotFound), system.reading() as tx:
        asks.public_answer(tx, public)
    act(system, claim_id, "give_up")
    act(system, claim_id, "confirm", SECOND)
    with pytest.raises(NotFound), system.reading() as tx:
        asks.public_answer(tx, public)
    assert follow(system, code)["state"] == "not_checkable"
    other = claim_of(system, ask(system, "Harga gas naik besok").answer["code"])
    judge(system, other)
    with system.reading() as tx:
        assert asks.public_answer(tx, tx.claims.get(other)["code"])["state"] == "misinformasi"


def test_wrong_and_unknown_codes_look_the_same(system):
    for code in ("SALAH", "000000000", ""):
        with pytest.raises(NotFound) as refused:
            follow(system, code)
        assert refused.value.code == "unknown_code"


def test_a_phone_is_sealed_shown_by_permission_and_noted_once(system):
    code = ask(system, "Bendungan Jatigede retak", phone=PHONE).answer["code"]
    claim_id = claim_of(system, code)
    with system.reading() as tx:
        (row,) = tx.claims.asks(claim_id)
        assert b"9973" not in bytes(row["phone_sealed"])
        assert "9973" not in str(claims.show(tx, VERIFIER, claim_id))
    with pytest.raises(Conflict), system.writing() as tx:
        asks.reached(tx, VERIFIER, row["id"])
    judge(system, claim_id)
    with system.writing() as tx:
        assert asks.reveal(tx, VERIFIER, row["id"], "menyampaikan hasil", system.keys) == {"phone": "+6281299734561"}
        assert asks.reached(tx, VERIFIER, row["id"])["reached_by"] == "vina"
    with system.reading() as tx:
        audited = tx.conn.exec_driver_sql("select action from audit order by id desc limit 2").scalars().all()
    assert set(audited) == {"contact:reveal", "claim:reached"}
    with pytest.raises(Conflict), system.writing() as tx:
        asks.reached(tx, SECOND, row["id"])
    for actor, refusal in ((STRANGER, NotFound), (AUDITOR, Forbidden)):
        with pytest.raises(refusal), system.writing() as tx:
            asks.reveal(tx, actor, row["id"], "ingin tahu", system.keys)


def test_every_wrong_field_is_named_at_once(system):
    with pytest.raises(Invalid) as refused:
        ask(system, "Banjir besar besok", phone="12", area_code="32.99")
    assert set(refused.value.fields) == {"phone", "area_code"}


def test_the_desk_may_take_a_rumour_down_that_others_ask_about_later(system):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        body = parse(ClaimIn, {"text": "Tsunami di Pangandaran nanti malam", "area_code": "32.18"})
        claim = claims.add(tx, VERIFIER, body, gazetteer)
    code = ask(system, "benarkah tsunami di Pangandaran nanti malam").answer["code"]
    assert claim_of(system, code) == claim["id"]
