"""Claims: a rumour moves only by its lifecycle, and a finding says what is known."""

import pytest

from server.bootstrap import System
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, WrongTransition
from server.domain.permissions import SYSTEM, Actor, Grant
from server.services import claims
from server.services.inputs import parse
from server.services.inputs_supply import ClaimIn, ListIn, VerdictIn

VERIFIER = Actor("vina", grants=(Grant("verifier", "32.03"),))
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
    with system.writing() as tx:
        return claims.act(tx, actor, claim_id, action, parse(VerdictIn, fields))


def test_a_claim_has_three_hours_and_ends_in_a_verdict(system):
    claim = add(system, source_url="https://example.org/kabar")
    assert claim["state"] == "received"
    assert act(system, claim["id"], "check")["state"] == "checking"
    found = act(system, claim["id"], "find_false", verdict="Jembatan utuh, foto lama.")
    assert (found["state"], found["verdict"]) == ("misinformasi", "Jembatan utuh, foto lama.")
    assert found["source_url"] == "https://example.org/kabar"
    with system.reading() as tx:
        row = tx.claims.get(claim["id"])
    assert (row["due_at"] - row["received_at"]).total_seconds() == 3 * 3600


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
