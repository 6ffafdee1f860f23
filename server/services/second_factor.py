"""The second factor: six digits of an authenticator (RFC 6238), and recovery codes for who has lost it.

A code is good once. The secret is sealed at rest; recovery codes are kept as HMACs under the installation's key.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyotp

from server.domain.errors import Conflict, Forbidden, Invalid, Problem
from server.domain.permissions import Actor
from server.services.contacts import Keys, open_sealed, seal_text
from server.store.unit_of_work import Tx

Standing = Literal["enrolled", "missing", "wanted", "optional"]
"""missing: the person can do nothing before enrolling; wanted: they should; optional: they may."""
ISSUER = "Tanggap"
PERIOD_S = 30
FOR = frozenset({"coordinator", "admin"})
"""Roles whose holders should have a second factor: a coordinator and up."""
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Enrolment:
    """A secret that is not in force yet, to be typed or scanned from its address."""

    secret: str = ""
    uri: str = ""


def standing(actor: Actor, *, has_totp: bool, is_required: bool) -> Standing:
    """How the person stands to the second factor."""
    if has_totp:
        return "enrolled"
    if FOR.isdisjoint(grant.role for grant in actor.grants):
        return "optional"
    return "missing" if is_required else "wanted"


def fits(tx: Tx, user: Mapping[str, Any], totp: str | None, recovery: str | None, keys: Keys) -> bool:
    """Whether the second factor is right, where the account has one; the code is spent by it."""
    if user["totp_sealed"] is None:
        return True
    if recovery:
        return tx.accounts.spend_recovery_code(user["id"], _hash(user["id"], recovery, keys))
    step = _step_of(tx, open_sealed(user["totp_sealed"], keys), totp or "")
    return step is not None and tx.accounts.spend_totp(user["id"], step)


def begin(tx: Tx, actor: Actor, keys: Keys) -> Enrolment:
    """A new secret for the person's authenticator; in force only when its first code has come. Raises Conflict."""
    user = _user(tx, actor)
    if user["totp_sealed"] is not None:
        raise Conflict("totp_enrolled")
    secret = pyotp.random_base32(32)
    tx.accounts.change_user(user["id"], totp_pending_sealed=seal_text(secret, keys))
    return Enrolment(secret, _uri(secret, user["name"]))


def pending(tx: Tx, actor: Actor, keys: Keys) -> Enrolment | None:
    """The secret whose first code has not come yet."""
    user = _user(tx, actor)
    if user["totp_pending_sealed"] is None or user["totp_sealed"] is not None:
        return None
    secret = open_sealed(user["totp_pending_sealed"], keys)
    return Enrolment(secret, _uri(secret, user["name"]))


def confirm(tx: Tx, actor: Actor, code: str, keys: Keys) -> list[str]:
    """Put the secret into force by its first code; returns the recovery codes, which are shown once.

    Raises Invalid naming `code`, Conflict when nothing was begun.
    """
    user = _user(tx, actor)
    begun = pending(tx, actor, keys)
    if begun is None:
        raise Conflict("totp_not_begun")
    step = _step_of(tx, begun.secret, code)
    if step is None:
        raise Invalid({"code": Problem("wrong_code")})
    tx.accounts.change_user(
        user["id"], totp_sealed=user["totp_pending_sealed"], totp_pending_sealed=None, totp_step=step
    )
    tx.audit(actor, "totp:enrol", "", f"user:{user['id']}")
    return new_recovery_codes(tx, actor, keys)


def new_recovery_codes(tx: Tx, actor: Actor, keys: Keys) -> list[str]:
    """Ten codes in place of those before, each good once. Raises Conflict without an authenticator."""
    user = _user(tx, actor)
    if tx.accounts.user(user["id"])["totp_sealed"] is None:  # type: ignore[index]
        raise Conflict("totp_not_begun")
    codes = [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]
    tx.accounts.put_recovery_codes(user["id"], [_hash(user["id"], code, keys) for code in codes])
    tx.audit(actor, "totp:recovery_codes", "", f"user:{user['id']}")
    return codes


def remove(tx: Tx, actor: Actor, user_id: str, area: str = "") -> None:
    """Take the second factor off an account: one's own, or that of somebody who has lost everything."""
    tx.accounts.change_user(user_id, totp_sealed=None, totp_pending_sealed=None)
    tx.accounts.put_recovery_codes(user_id, [])
    tx.audit(actor, "totp:remove", area, f"user:{user_id}")


def _user(tx: Tx, actor: Actor) -> Mapping[str, Any]:
    """The account itself. Raises Conflict without one, Forbidden for a token made for something else."""
    if actor.scopes is not None:
        raise Forbidden
    user = tx.accounts.user(actor.user_id or "")
    if user is None:
        raise Conflict("totp_not_begun")
    return user


def _uri(secret: str, name: str) -> str:
    """The address that authenticators read (`otpauth://totp/...`)."""
    return str(pyotp.TOTP(secret, name=name, issuer=ISSUER).provisioning_uri())


def _step_of(tx: Tx, secret: str, code: str) -> int | None:
    """The step of 30 s whose code this is: now's, or a neighbour's, for clocks that are off. By the database's time."""
    now, totp = int(tx.now.timestamp()) // PERIOD_S, pyotp.TOTP(secret)
    steps = (now - 1, now, now + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)), None)


def _hash(user_id: str, code: str, keys: Keys) -> bytes:
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return hmac.digest(keys.codes, f"recovery:{user_id}:{letters}".encode(), "sha256")
