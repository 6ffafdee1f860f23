"""Signing in and out, one's own account: password, second factor, sessions and tokens."""

from typing import Any

from flask import Response, jsonify

from server.api import identity
from server.api.contract import route, system
from server.domain.errors import Forbidden, Invalid, NotSignedIn, Problem
from server.services import accounts, second_factor
from server.services.inputs import PasswordIn, SessionIn
from server.services.inputs_accounts import CodeIn, ProofIn, TokenIn


@route(
    "POST",
    "/api/session",
    guard="public",
    body=SessionIn,
    answers={200: "Signed in: me and the CSRF token", 401: "Name, password or code is wrong"},
)
def begin(body: SessionIn) -> Any:
    """Sign in with name and password, and the code of an authenticator where the account has one."""
    secret, person = signed_in(body)
    return entered(jsonify({"me": person.me(), "csrf": person.csrf}), secret, person)


def signed_in(body: SessionIn) -> tuple[str, accounts.SignedIn]:
    """A new session in place of the one at hand; the failed try is counted for good. Raises NotSignedIn, TooMany."""
    identity.refuse_other_sites()
    whence, keys = identity.whence(), system().keys
    with system().writing() as tx:
        tried = accounts.attempt(tx, body.name, whence, keys)
    # The slow part, with no transaction open: guessers hold up nobody.
    fits = tried.fits(body.password)
    with system().writing() as tx:
        found = accounts.sign_in(
            tx, tried, body, whence, keys, fits=fits, totp_required=system().settings.require_totp,
            label=identity.device_words(),
        )  # fmt: skip
        if found is not None:
            accounts.sign_out(tx, identity.secret_of_browser() or "")
    if found is None:
        raise NotSignedIn("wrong_sign_in")
    return found


def entered(answer: Response, secret: str, person: accounts.SignedIn) -> Response:
    """An answer that keeps the new session and lets the device be known again."""
    answer = identity.keep(answer, secret, int(accounts.SESSION.total_seconds()))
    return identity.know_device(answer, person.actor.user_id or "")


@route("DELETE", "/api/session", guard="signed_in", answers={204: "Signed out"})
def end() -> Any:
    """Sign out; the session or token is void from now on."""
    with system().writing() as tx:
        accounts.sign_out(tx, identity.secret_of_request() or "")
    return identity.forget(jsonify({})), 204


@route("GET", "/api/me", guard="signed_in", answers={200: "Name, roles, CSRF token"})
def me() -> Any:
    """Who I am here."""
    person = the_person()
    return jsonify({**person.me(), "csrf": person.csrf})


def the_person() -> accounts.SignedIn:
    """Who is signed in. Raises NotSignedIn."""
    person = identity.current()
    if person is None:
        raise NotSignedIn
    return person


@route("POST", "/api/me/password", guard="signed_in", body=PasswordIn, answers={204: "Changed; sign in again"})
def password(body: PasswordIn) -> Any:
    """Change my password; every session ends."""
    change_password(body)
    return "", 204


def change_password(body: PasswordIn) -> None:
    """Change it; a wrong old one is counted for good. Raises Invalid naming `old`, TooMany."""
    with system().writing() as tx:
        is_done = accounts.change_password(tx, identity.actor(), body)
    if not is_done:
        raise Invalid({"old": Problem("wrong_password")})


def prove(body: ProofIn) -> None:
    """The person's own password once more; a wrong one is counted for good. Raises Invalid naming `password`."""
    with system().writing() as tx:
        is_right = accounts.proves(tx, identity.actor(), body.password)
    if not is_right:
        raise Invalid({"password": Problem("not_your_password")})


@route(
    "POST",
    "/api/me/totp",
    guard="signed_in",
    body=ProofIn,
    answers={201: "The secret, as text and as otpauth address; in force when its first code is confirmed"},
)
def begin_totp(body: ProofIn) -> Any:
    """Begin to use an authenticator."""
    prove(body)
    with system().writing() as tx:
        begun = second_factor.begin(tx, identity.actor(), system().keys)
    return jsonify({"secret": begun.secret, "uri": begun.uri}), 201


@route(
    "POST",
    "/api/me/totp/confirm",
    guard="signed_in",
    body=CodeIn,
    answers={200: "In force; the recovery codes, shown once"},
)
def confirm_totp(body: CodeIn) -> Any:
    """Put the authenticator into force by its first code; my other sessions end."""
    return jsonify({"recovery_codes": confirmed(body.code)})


def confirmed(code: str) -> list[str]:
    """The recovery codes of an authenticator that is in force from now on."""
    with system().writing() as tx:
        accounts.own_id(identity.actor())
        codes = second_factor.confirm(tx, identity.actor(), code, system().keys)
        accounts.end_other_sessions(tx, identity.actor(), identity.secret_of_request() or "")
    return codes


@route("POST", "/api/me/recovery", guard="signed_in", body=ProofIn, answers={200: "Ten new codes, shown once"})
def recovery(body: ProofIn) -> Any:
    """New recovery codes in place of mine."""
    return jsonify({"recovery_codes": renewed(body)})


def renewed(body: ProofIn) -> list[str]:
    """New recovery codes, for who knows the password."""
    prove(body)
    with system().writing() as tx:
        return second_factor.new_recovery_codes(tx, identity.actor(), system().keys)


@route("DELETE", "/api/me/totp", guard="signed_in", body=ProofIn, answers={204: "The account has a password only"})
def remove_totp(body: ProofIn) -> Any:
    """Stop using the authenticator."""
    prove(body)
    actor = identity.actor()
    with system().writing() as tx:
        second_factor.remove(tx, actor, accounts.own_id(actor))
    return "", 204


@route("GET", "/api/me/sessions", guard="signed_in", answers={200: "My sessions and tokens, without their secrets"})
def sessions() -> Any:
    """Where I am signed in, and my tokens."""
    with system().reading() as tx:
        found = accounts.sessions(tx, identity.actor(), identity.secret_of_request() or "")
    times = ("created_at", "expires_at")
    return jsonify({"sessions": [{**one, **{name: one[name].isoformat() for name in times}} for one in found]})


@route("DELETE", "/api/me/sessions/<session_id>", guard="signed_in", answers={204: "It is over"})
def end_session(session_id: str) -> Any:
    """End one of my sessions or tokens."""
    with system().writing() as tx:
        accounts.end_own_session(tx, identity.actor(), session_id)
    return "", 204


@route("POST", "/api/me/tokens", guard="signed_in", body=TokenIn, answers={201: "The token, shown once"})
def token(body: TokenIn) -> Any:
    """Make a bearer token for scripts, for all that I may do or for less, and for how long."""
    secret, expires_at = made_token(body)
    return jsonify({"token": secret, "expires_at": expires_at.isoformat(), "scopes": body.scopes}), 201


def made_token(body: TokenIn, secret: str = "") -> tuple[str, Any]:
    """A token and its end; one that a token asks for lasts no longer than that. Raises Forbidden, Invalid."""
    person = the_person()
    if person.second_factor == "missing":
        raise Forbidden("totp_missing")
    until = person.expires_at if person.by_token else None
    with system().writing() as tx:
        return accounts.add_token(tx, person.actor, body, secret=secret, until=until)
