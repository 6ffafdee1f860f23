"""Signing in and out, one's own account, tokens."""

from typing import Any

from flask import jsonify

from server.api import identity
from server.api.contract import route, system
from server.domain.errors import NotSignedIn
from server.services import accounts
from server.services.inputs import LabelIn, PasswordIn, SessionIn


@route(
    "POST",
    "/api/session",
    guard="public",
    body=SessionIn,
    answers={200: "Signed in: me and the CSRF token", 401: "Name, password or code is wrong"},
)
def begin(body: SessionIn) -> Any:
    """Sign in with name and password."""
    secret, person = signed_in(body)
    answer = jsonify({"me": person.me(), "csrf": person.csrf})
    return identity.keep(answer, secret, int(accounts.SESSION.total_seconds()))


def signed_in(body: SessionIn) -> tuple[str, accounts.SignedIn]:
    """A new session; the failed try is counted for good. Raises NotSignedIn."""
    with system().writing() as tx:
        found = accounts.sign_in(tx, body, system().keys)
    if found is None:
        raise NotSignedIn("wrong_sign_in")
    return found


@route("DELETE", "/api/session", guard="signed_in", answers={204: "Signed out"})
def end() -> Any:
    """Sign out; the session or token is void from now on."""
    with system().writing() as tx:
        accounts.sign_out(tx, identity.secret_of_request() or "")
    return identity.forget(jsonify({})), 204


@route("GET", "/api/me", guard="signed_in", answers={200: "Name, roles, CSRF token"})
def me() -> Any:
    """Who I am here."""
    person = identity.current()
    if person is None:
        raise NotSignedIn
    return jsonify({**person.me(), "csrf": person.csrf})


@route("POST", "/api/me/password", guard="signed_in", body=PasswordIn, answers={204: "Changed; sign in again"})
def password(body: PasswordIn) -> Any:
    """Change my password; every session ends."""
    with system().writing() as tx:
        accounts.change_password(tx, identity.actor(), body)
    return "", 204


@route("POST", "/api/me/tokens", guard="signed_in", body=LabelIn, answers={201: "The token, shown once"})
def token(body: LabelIn) -> Any:
    """Make a bearer token for scripts."""
    with system().writing() as tx:
        secret = accounts.add_token(tx, identity.actor(), body.label)
    return jsonify({"token": secret}), 201
