"""The log tells who tried what they may not and where an accident was, and nothing that anybody sent."""

import pytest
import structlog

from server.app import create_app
from server.commands import people

SECRET_WORD = "Neneng0812"


@pytest.fixture
def told(module_app):
    """A caller; what it returns is the lines that the log got."""

    def call(method, path, **sent):
        with structlog.testing.capture_logs() as lines:
            module_app.test_client().open(path, method=method, **sent)
        assert SECRET_WORD not in str(lines)
        return [line for line in lines if line["event"] in ("refused", "accident")]

    return call


@pytest.fixture(scope="module")
def keeper(module_app):
    """The header of somebody with few rights."""
    system = module_app.extensions["tanggap"]
    people.add_user(system, "kiper", "keeper", "32.03")
    return {"Authorization": f"Bearer {people.token(system, 'kiper')}"}


def test_a_stranger_at_a_door_is_told_of(told):
    line = {"event": "refused", "log_level": "warning", "code": "not_signed_in", "user": None}
    assert told("GET", f"/api/board?area={SECRET_WORD}") == [line | {"call": "GET /api/board"}]


def test_who_may_not_is_told_of_by_their_id(told, keeper):
    (line,) = told("GET", f"/api/audit?area={SECRET_WORD}", headers=keeper)
    assert (line["code"], line["call"]) == ("forbidden", "GET /api/audit")
    assert len(line["user"]) == 36


def test_a_wrong_password_is_told_of_without_the_name(told):
    wrong = {"name": SECRET_WORD, "password": SECRET_WORD}
    by_page, by_call = told("POST", "/masuk", data=wrong), told("POST", "/api/session", json=wrong)
    assert [line["code"] for line in (*by_page, *by_call)] == ["wrong_sign_in"] * 2


def test_what_is_only_wrong_or_not_there_is_not(told, keeper):
    assert told("POST", "/api/reports", json={"text": SECRET_WORD}) == []
    assert told("GET", f"/lacak/{SECRET_WORD}") == []


def test_an_accident_is_told_by_its_place_alone(module_started):
    app = create_app(module_started)

    def broken(word):
        raise ValueError(word)

    app.add_url_rule("/pecah/<word>", "broken", broken)
    with structlog.testing.capture_logs() as lines:
        assert app.test_client().get(f"/pecah/{SECRET_WORD}").status_code == 500
    (line,) = lines
    assert (line["event"], line["kind"], line["call"]) == ("accident", "ValueError", "GET /pecah/<word>")
    assert "in broken" in line["where"]
    assert SECRET_WORD not in str(line)
    app.extensions["tanggap"].engine.dispose()
