"""Accounts: sign-in, sessions, tokens, users and their roles.

Passwords are argon2id (library defaults, RFC 9106 low-memory profile or stronger), 15 characters or
more. A session secret is 256 random bits; the database holds only its SHA-256.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.domain.errors import Conflict, Invalid, NotFound, Problem, TooMany
from server.domain.permissions import ROLES, Actor, Grant, Permission, require
from server.services.contacts import Keys, open_sealed
from server.services.inputs import PasswordIn, SessionIn
from server.store.unit_of_work import Tx

SESSION = timedelta(hours=12)
TOKEN = timedelta(days=365)
TRIES, TRIES_WITHIN = 10, timedelta(minutes=15)
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password: it only takes the same time")


@dataclass(frozen=True)
class SignedIn:
    """A person behind a valid session or token."""

    actor: Actor
    csrf: str
    by_token: bool
    must_change: bool

    def me(self) -> dict[str, Any]:
        """What the person may know of themselves."""
        return {
            "name": self.actor.name,
            "roles": [{"role": g.role, "area": g.area} for g in self.actor.grants],
            "volunteer_id": self.actor.volunteer_id,
            "must_change_password": self.must_change,
        }


def digest(secret: str) -> bytes:
    """What the database keeps of a session secret."""
    return hashlib.sha256(secret.encode()).digest()


def actor_of(tx: Tx, user_id: str, name: str) -> Actor:
    """The user as an actor, with all roles."""
    return Actor(
        name=name,
        user_id=user_id,
        volunteer_id=tx.accounts.volunteer_of(user_id),
        grants=tuple(Grant(row["role"], row["area"]) for row in tx.accounts.grants(user_id)),
    )


def who_is(tx: Tx, secret: str) -> SignedIn | None:
    """The person behind a session or token secret, or None."""
    row = tx.accounts.session(digest(secret), tx.now)
    if row is None:
        return None
    actor = actor_of(tx, row["user_id"], row["name"])
    return SignedIn(actor, row["csrf"], row["kind"] == "token", row["must_change"])


def check_tries(tx: Tx, key: str, most: int = TRIES, within: timedelta = TRIES_WITHIN) -> None:
    """Refuse when a key has used up its tries. Raises TooMany with the seconds to wait."""
    if tx.accounts.tried(key, tx.now - within) >= most:
        raise TooMany(retry_after_s=int(within.total_seconds()))


def sign_in(tx: Tx, body: SessionIn, keys: Keys) -> tuple[str, SignedIn] | None:
    """A new session for name and password, or None (and one try counted) when they do not fit.

    Returns the secret and the person. Unknown names take as long as wrong passwords.
    """
    check_tries(tx, f"sign-in:{body.name}")
    user = tx.accounts.user_by_name(body.name)
    fits = _password_fits(user["password_hash"] if user else _NOBODY, body.password)
    if user is None or not fits or user["is_disabled"] or not _totp_fits(user, body.totp, keys):
        tx.accounts.count_try(f"sign-in:{body.name}", tx.now)
        return None
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    _store_session(tx, user["id"], secret, csrf, "cookie", SESSION)
    actor = actor_of(tx, user["id"], user["name"])
    tx.audit(actor, "session:begin", "", f"user:{user['id']}")
    return secret, SignedIn(actor, csrf, by_token=False, must_change=user["must_change"])


def sign_out(tx: Tx, secret: str) -> None:
    """End the session of that secret."""
    tx.accounts.end_session(digest(secret))


def change_password(tx: Tx, actor: Actor, body: PasswordIn) -> None:
    """Set one's own new password; every session and token of the person ends."""
    if actor.user_id is None:
        raise NotFound
    user = tx.accounts.user(actor.user_id)
    if user is None or not _password_fits(user["password_hash"], body.old):
        raise Invalid({"old": Problem("wrong_password")})
    tx.accounts.change_user(user["id"], password_hash=_hasher.hash(body.new), must_change=False)
    tx.accounts.end_sessions_of(user["id"])
    tx.audit(actor, "user:change_password", "", f"user:{user['id']}")


def add_user(tx: Tx, actor: Actor, name: str, role: str, area: str, password: str | None = None) -> str:
    """A new user holding a role for an area; returns the password to hand over once.

    A volunteer's account is tied to a volunteer by the caller (`volunteering`).
    Raises Invalid naming name, role or area; Conflict when the name is taken.
    """
    require(actor, Permission.VOLUNTEER_ACCEPT if role == "volunteer" else Permission.USER_EDIT, area)
    _check_user(name, role, area)
    if tx.accounts.user_by_name(name) is not None:
        raise Conflict("name_taken", name=name)
    once = password or one_time_password()
    user_id = tx.new_id()
    tx.accounts.add_user(
        {
            "id": user_id,
            "name": name,
            "password_hash": _hasher.hash(once),
            "must_change": password is None,
            "created_at": tx.now,
        }
    )
    tx.accounts.grant(user_id, role, area)
    tx.audit(actor, "user:add", area, f"user:{user_id}", name=name, role=role)
    return once


def add_token(tx: Tx, actor: Actor, label: str, secret: str = "") -> str:
    """A bearer token for scripts with the rights of the person; shown once. The same secret again makes no other."""
    if actor.user_id is None:
        raise NotFound
    secret = secret or "tgp_" + secrets.token_urlsafe(32)
    if _store_session(tx, actor.user_id, secret, "", "token", TOKEN, label):
        tx.audit(actor, "token:add", "", f"user:{actor.user_id}", label=label)
    return secret


def token_asked_for(actor: Actor, client_id: str, keys: Keys) -> str:
    """The token's secret that a form under this id asks for: pressed twice, it makes one, and both answers show it."""
    asked = f"token:{actor.user_id}:{client_id}".encode()
    return "tgp_" + base64.urlsafe_b64encode(hmac.digest(keys.codes, asked, "sha256")).decode().rstrip("=")


def tokens(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    """One's own tokens, without their secrets."""
    if actor.user_id is None:
        raise NotFound
    return tx.accounts.tokens(actor.user_id)


def token_for(tx: Tx, name: str) -> str:
    """A token for the named user, for the command line. Raises NotFound."""
    user = tx.accounts.user_by_name(name)
    if user is None:
        raise NotFound("unknown_user", name=name)
    return add_token(tx, actor_of(tx, user["id"], name), "command line")


def one_time_password() -> str:
    """Twenty letters and digits in groups of five, about 100 bits, without look-alikes."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def _check_user(name: str, role: str, area: str) -> None:
    wrong: dict[str, Problem] = {}
    if not 2 <= len(name) <= 60 or name != name.strip():
        wrong["name"] = Problem("wrong_form")
    if role not in ROLES:
        wrong["role"] = Problem("not_one_of", {"choices": ", ".join(sorted(ROLES))})
    if area and not all(part.isdigit() for part in area.split(".")):
        wrong["area"] = Problem("unknown_area", {"code": area})
    if wrong:
        raise Invalid(wrong)


def _store_session(tx: Tx, user_id: str, secret: str, csrf: str, kind: str, lasts: timedelta, label: str = "") -> bool:
    return tx.accounts.add_session(
        {
            "id_hash": digest(secret),
            "user_id": user_id,
            "kind": kind,
            "label": label,
            "csrf": csrf,
            "created_at": tx.now,
            "expires_at": tx.now + lasts,
        }
    )


def _password_fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _totp_fits(user: dict[str, Any], given: str | None, keys: Keys) -> bool:
    if user["totp_sealed"] is None:
        return True
    return given is not None and pyotp.TOTP(open_sealed(user["totp_sealed"], keys)).verify(given, valid_window=1)
