"""Claims: a rumour moves only by its lifecycle, a finding says what is known, and two people agree on it."""

import pytest
from sqlalchemy.exc import IntegrityError

from server.bootstrap import System
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, WrongTransition
from server.domain.permissions import SYSTEM, Actor, Grant
from server.services import claims
from server.services.inputs import parse
from server.services.inputs_supply import ClaimIn, EvidenceIn, ListIn, VerdictIn

VERIFIER = Actor("vina", grants=(Grant("verifier", "32.03"),))
SECOND = Actor("wati", grants=(Grant("verifier", "32.03"),))
ADMIN = Actor("admin", grants=(Grant("admin", ""),))
STRANGER = Actor("beni", grants=(Grant("verifier", "32.73"),))
AUDITOR = Actor("ayu", grants=(Grant("auditor", "32"),))


@pytest.fixture(scope="module")
def system(module_started):
    found = System(module_started)
    yield found
    found.engine.dispose()


def add(system, actor=VERIFIER, **more):
    fields = {"text": "Jembatan Cugenang putus", "area_code": "32.03.20", **more}
    body = parse(ClaimIn, {name: value for name, value in fields.items() if value is not None})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return claims.add(tx, actor, body, gazetteer)


def act(system, claim_id, action, actor=VERIFIER, **fields):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return claims.act(tx, actor, claim_id, action, parse(VerdictIn, fields), gazetteer)


def test_a_claim_has_three_hours_and_ends_in_a_verdict(system):
    claim = add(system, source_url="https://example.org/kabar")
    assert claim["state"] == "received"
    assert act(system, claim["id"], "check")["state"] == "checking"
    proposed = act(system, claim["id"], "find_false", verdict="Jembatan utuh, foto lama.")
    assert (proposed["state"], proposed["finding"], proposed["proposed_by"]) == ("checking", "find_false", "vina")
    found = act(system, claim["id"], "confirm", SECOND)
    assert (found["proposed_by"], found["confirmed_by"]) == ("vina", "wati")
    assert (found["state"], found["verdict"]) == ("misinformasi", "Jembatan utuh, foto lama.")
    assert found["source_url"] == "https://example.org/kabar"
    with system.reading() as tx:
        row = tx.claims.get(claim["id"])
    assert (row["due_at"] - row["received_at"]).total_seconds() == 3 * 3600


FINDINGS = {
    "find_true": "benar",
    "find_false": "misinformasi",
    "find_false_on_purpose": "disinformasi",
    "clarify": "klarifikasi",
    "give_up": "not_checkable",
}


@pytest.mark.parametrize("finding", FINDINGS)
@pytest.mark.parametrize("alone", [VERIFIER, ADMIN, SYSTEM], ids=lambda actor: actor.name)
def test_a_verdict_by_one_person_alone_is_refused(system, finding, alone):
    claim = add(system)
    act(system, claim["id"], "check", alone)
    if alone is SYSTEM:
        with pytest.raises(Forbidden):
            act(system, claim["id"], finding, alone, verdict="Sudah diperiksa.")
        act(system, claim["id"], finding, VERIFIER, verdict="Sudah diperiksa.")
    else:
        assert act(system, claim["id"], finding, alone, verdict="Sudah diperiksa.")["state"] == "checking"
        # Proposing it again, or with other words, is no second person either.
        act(system, claim["id"], finding, alone, verdict="Sudah diperiksa lagi.")
    with pytest.raises(Forbidden):
        act(system, claim["id"], "confirm", alone)
    with system.reading() as tx:
        row = tx.claims.get(claim["id"])
        assert (row["state"], row["confirmed_by"]) == ("checking", None)
        assert claim["id"] not in {one["id"] for one in tx.public_cuts.judged_claims(1000)}
    assert act(system, claim["id"], "confirm", SECOND)["state"] == FINDINGS[finding]
    with pytest.raises(Conflict):
        act(system, claim["id"], "confirm", ADMIN)


def test_the_database_itself_keeps_no_verdict_of_one(system):
    claim = add(system)
    act(system, claim["id"], "check")
    act(system, claim["id"], "find_true", verdict="Benar.")
    with pytest.raises(IntegrityError, match="two_people"), system.writing() as tx:
        tx.claims.change(claim["id"], state="benar", confirmed_by="vina", confirmed_at=tx.now)


def test_what_is_given_back_is_proposed_anew(system):
    claim = add(system)
    act(system, claim["id"], "check")
    with pytest.raises(Conflict):
        act(system, claim["id"], "confirm", SECOND)
    act(system, claim["id"], "find_true", verdict="Benar.")
    with pytest.raises(Invalid) as refused:
        act(system, claim["id"], "give_back", SECOND)
    assert set(refused.value.fields) == {"reason"}
    back = act(system, claim["id"], "give_back", SECOND, reason="Fotonya dari 2019.")
    assert (back["state"], back["finding"], back["given_back"]) == ("checking", None, "Fotonya dari 2019.")
    with pytest.raises(Conflict):
        act(system, claim["id"], "confirm", SECOND)
    # Who gave it back proposes, and the first confirms.
    act(system, claim["id"], "find_false", SECOND, verdict="Foto lama, jembatan utuh.")
    assert act(system, claim["id"], "confirm")["state"] == "misinformasi"


def test_a_verdict_that_changed_since_it_was_looked_at_is_not_confirmed(system):
    claim = add(system)
    act(system, claim["id"], "check")
    seen = act(system, claim["id"], "find_true", verdict="Benar.")
    act(system, claim["id"], "find_false", verdict="Salah.")
    with pytest.raises(Conflict):
        act(system, claim["id"], "confirm", SECOND, version=seen["version"])


def test_a_claim_is_published_without_anybody_s_number(system):
    claim = add(system, text="Kata Pak Ujang 0812-9973-4561 jembatan putus")
    act(system, claim["id"], "check")
    with pytest.raises(Invalid) as refused:
        act(system, claim["id"], "find_false", verdict="Jembatan utuh.")
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {"text": "phone_in_text"}
    found = act(system, claim["id"], "find_false", verdict="Jembatan utuh.", text="Jembatan Cugenang putus")
    assert found["text"] == "Jembatan Cugenang putus"


def test_what_was_found_says_by_whom_when_and_where(system):
    claim = add(system)
    body = parse(EvidenceIn, {"found": "Foto yang sama beredar 2019", "source_url": "https://example.org/arsip"})
    with system.writing() as tx:
        claims.add_evidence(tx, SECOND, claim["id"], body)
    with system.reading() as tx:
        (found,) = claims.show(tx, AUDITOR, claim["id"])["evidence"]
    assert (found["found"], found["by"]) == ("Foto yang sama beredar 2019", "wati")
    assert found["source_url"] == "https://example.org/arsip"
    assert found["at"]
    for actor, refusal in ((STRANGER, NotFound), (AUDITOR, Forbidden)):
        with pytest.raises(refusal), system.writing() as tx:
            claims.add_evidence(tx, actor, claim["id"], body)


def test_a_finding_without_a_word_is_refused(system):
    claim = add(system)
    act(system, claim["id"], "check")
    with pytest.raises(Invalid) as refused:
        act(system, claim["id"], "find_true")
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {"verdict": "required"}


def test_no_step_is_skipped(system):
    claim = add(system)
    with pytest.raises(WrongTransition) as refused:
        act(system, claim["id"], "find_true", verdict="Benar.")
    assert refused.value.state["state"] == "received"
    with pytest.raises(NotFound):
        act(system, claim["id"], "believe")
    with pytest.raises(Conflict):
        act(system, claim["id"], "check", version=7)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"text": "abc"}, "text", "too_short"),
        ({"area_code": None}, "place", "place_wanted"),
        ({"area_code": "32.99"}, "area_code", "unknown_area"),
        ({"source_url": "javascript:alert(1)"}, "source_url", "wrong_form"),
        ({"source_url": "https://x y"}, "source_url", "wrong_form"),
    ],
)
def test_a_wrong_claim_names_the_field(system, change, field, code):
    with pytest.raises(Invalid) as refused:
        add(system, **change)
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {field: code}


def test_claims_are_for_the_staff_of_their_area(system):
    claim = add(system)
    with pytest.raises(Forbidden):
        add(system, STRANGER)
    with pytest.raises(NotFound):
        act(system, claim["id"], "check", STRANGER)
    with pytest.raises(Forbidden):
        act(system, claim["id"], "check", AUDITOR)

    def seen(actor, **asked):
        with system.reading() as tx:
            return [row["id"] for row in claims.listed(tx, actor, ListIn(**asked))["claims"]]

    assert claim["id"] in seen(AUDITOR, state="received")
    assert claim["id"] in seen(VERIFIER)
    assert claim["id"] not in seen(STRANGER)
    with pytest.raises(Invalid):
        seen(VERIFIER, state="believed")


def test_a_step_is_told_and_audited(system):
    claim = add(system)
    with system.reading() as tx:
        told = tx.conn.exec_driver_sql("select type, area, data from outbox order by id desc limit 1").mappings().one()
        audited = tx.conn.exec_driver_sql("select action, subject from audit order by id desc limit 1").one()
    assert (told["type"], told["area"], told["data"]["claim_id"]) == ("ClaimChanged", "32.03.20", claim["id"])
    assert "Cugenang" not in str(told["data"])
    assert tuple(audited) == ("claim:add", f"claim:{claim['id']}")


def test_the_system_itself_may_take_a_claim_down(system):
    assert add(system, SYSTEM)["state"] == "received"
