"""Accounts: sign-in, sessions, tokens, users and their roles.

Passwords are argon2id (library defaults, RFC 9106 low-memory profile or stronger), 15 characters or
more. A session secret is 256 random bits; the database holds only its SHA-256. How guessing is held
back without shutting the owner out: docs/decisions/sign-in.md.
"""

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, Problem, TooMany
from server.domain.permissions import ROLES, Actor, Grant, Permission, require
from server.services import passwords, second_factor
from server.services.contacts import Keys
from server.services.inputs import PasswordIn, SessionIn
from server.services.inputs_accounts import TokenIn
from server.store.unit_of_work import Tx

SESSION = timedelta(hours=12)
TRIES, TRIES_WITHIN = 5, timedelta(hours=1)
TRIES_KEPT = timedelta(days=1)
"""Longer than any limit on tries looks back."""
KNOWN_FOR = timedelta(days=30)
"""How long a network from which somebody signed in stays theirs."""
DEVICE_KEPT = timedelta(days=180)
PEOPLE_OF_A_DEVICE = 8
NOBODY_YET = ""
"""The hash of an invited account's password: none fits."""
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password: it only takes the same time")
_OWN_WORK = {str(Permission.ASSIGNMENT_WORK), str(Permission.CHECKIN_OWN)}


@dataclass(frozen=True)
class SignedIn:
    """A person behind a valid session or token; `expires_at` is its end."""

    actor: Actor
    csrf: str
    by_token: bool
    must_change: bool
    expires_at: datetime
    second_factor: second_factor.Standing

    def me(self) -> dict[str, Any]:
        """What the person may know of themselves."""
        return {
            "name": self.actor.name,
            "roles": [
                {"role": g.role, "area": g.area, **({"lent": True} if g.is_lent else {})} for g in self.actor.grants
            ],
            "volunteer_id": self.actor.volunteer_id,
            "must_change_password": self.must_change,
            "second_factor": self.second_factor,
            **({} if self.actor.scopes is None else {"scopes": sorted(self.actor.scopes)}),
        }


@dataclass(frozen=True)
class Whence:
    """Where a try to sign in comes from: the device's cookie, and the network's address (either may be nothing)."""

    device: str = ""
    address: str = ""


@dataclass(frozen=True)
class Attempt:
    """A try that was counted: the user of that name, if any, and the numbers under which it is counted."""

    user: Mapping[str, Any] | None
    counted: tuple[int, ...]

    def fits(self, password: str) -> bool:
        """Whether the password is right. Takes as long for a name that nobody has."""
        return password_fits(self.user["password_hash"] if self.user else NOBODY_YET, password)


def digest(secret: str) -> bytes:
    """What the database keeps of a session secret."""
    return hashlib.sha256(secret.encode()).digest()


def actor_of(tx: Tx, user_id: str, name: str, scopes: Iterable[str] | None = None) -> Actor:
    """The user as an actor, with all roles, and for a token what it is good for."""
    limited = None if scopes is None else frozenset(scopes)
    works = limited is None or limited & _OWN_WORK
    return Actor(
        name=name,
        user_id=user_id,
        volunteer_id=tx.accounts.volunteer_of(user_id) if works else None,
        grants=tuple(map(_grant, tx.accounts.held([user_id], tx.now))),
        scopes=limited,
    )


def who_is(tx: Tx, secret: str, *, totp_required: bool = False) -> SignedIn | None:
    """The person behind a session or token secret, or None."""
    row = tx.accounts.session(digest(secret), tx.now)
    return None if row is None else _signed_in(tx, row, totp_required=totp_required)


def actors_behind(tx: Tx, hashes: Collection[bytes]) -> dict[bytes, Actor]:
    """Who is behind each of these sessions (by `digest`) that still are, in two questions to the database."""
    rows = tx.accounts.sessions_alive(hashes, tx.now) if hashes else []
    held: dict[str, list[Grant]] = {}
    for row in tx.accounts.held({row["user_id"] for row in rows}, tx.now) if rows else []:
        held.setdefault(row["user_id"], []).append(_grant(row))
    found = {}
    for row in rows:
        scopes = None if row["scopes"] is None else frozenset(row["scopes"])
        grants = tuple(held.get(row["user_id"], ()))
        found[bytes(row["id_hash"])] = Actor(row["name"], row["user_id"], grants=grants, scopes=scopes)
    return found


def _grant(row: Mapping[str, Any]) -> Grant:
    return Grant(row["role"], row["area"], row["is_lent"])


def _signed_in(tx: Tx, row: Mapping[str, Any], *, totp_required: bool) -> SignedIn:
    actor, by_token = actor_of(tx, row["user_id"], row["name"], row["scopes"]), row["kind"] == "token"
    standing = second_factor.standing(actor, has_totp=row["has_totp"], is_required=totp_required and not by_token)
    if standing == "missing":
        actor = Actor(actor.name, actor.user_id)
    return SignedIn(actor, row["csrf"], by_token, row["must_change"], row["expires_at"], standing)


def check_tries(tx: Tx, key: str, most: int = TRIES, within: timedelta = TRIES_WITHIN) -> None:
    """Refuse when a key has used up its tries. Raises TooMany with the seconds to wait."""
    if tx.accounts.tried(key, tx.now - within) >= most:
        raise TooMany(retry_after_s=int(within.total_seconds()))


def attempt(tx: Tx, name: str, whence: Whence, keys: Keys) -> Attempt:
    """Count a try to sign in before its password is looked at, so that tries at the same moment are counted too.

    Strangers have five tries an hour for a name, all together; a device on which, and a network from which, its
    owner signed in has five of its own. Raises TooMany.
    """
    user = tx.accounts.user_by_name(name)
    counted, against = _counted_under(tx, user, name, whence, keys)
    tx.accounts.wait_for(against)
    check_tries(tx, against)
    return Attempt(user, tuple(tx.accounts.count_try(key, tx.now) for key in counted))


def sign_in(
    tx: Tx, tried: Attempt, body: SessionIn, whence: Whence, keys: Keys, *, fits: bool, totp_required: bool = False,
    label: str = "",
) -> tuple[str, SignedIn] | None:  # fmt: skip
    """A new session after a try whose password fits or not; None when anything was wrong. Returns secret and person."""
    user = tried.user and tx.accounts.user(tried.user["id"])
    if user is None or not fits or user["is_disabled"] or user["password_hash"] != tried.user["password_hash"]:  # type: ignore[index]
        return None
    if not second_factor.fits(tx, user, body.totp, body.recovery, keys):
        return None
    tx.accounts.take_back_tries(tried.counted)
    if network := _network(whence.address, keys):
        tx.accounts.know_network(user["id"], network, tx.now)
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    _store_session(tx, user["id"], secret, csrf, "cookie", tx.now + SESSION, label)
    tx.audit(actor_of(tx, user["id"], user["name"]), "session:begin", "", f"user:{user['id']}")
    person = who_is(tx, secret, totp_required=totp_required)
    return None if person is None else (secret, person)


def device_after(device: str, user_id: str, keys: Keys) -> str:
    """The device's cookie after this user signed in on it: it says so, and for no more than a few people."""
    number, marks = _read_device(device)
    number = number or secrets.token_hex(16)
    mark = _device_mark(number, user_id, keys)
    return ".".join([number, mark, *(one for one in marks if one != mark)][: PEOPLE_OF_A_DEVICE + 1])


def _counted_under(
    tx: Tx, user: Mapping[str, Any] | None, name: str, whence: Whence, keys: Keys
) -> tuple[list[str], str]:
    """The keys under which a try is counted, and that which must not be used up."""
    everybody = f"sign-in:{name}"
    if user is not None:
        number, marks = _read_device(whence.device)
        if number and _device_mark(number, user["id"], keys) in marks:
            own = f"{everybody}:{number}"
            return [own], own
        network = _network(whence.address, keys)
        if network and tx.accounts.knows_network(user["id"], network, tx.now - KNOWN_FOR):
            own = f"{everybody}:{network.hex()}"
            # A guesser who shares the network gets no second helping elsewhere.
            return [own, everybody], own
    return [everybody], everybody


def _read_device(device: str) -> tuple[str, list[str]]:
    number, *marks = device.split(".")
    is_ours = len(number) == 32 and number.isalnum() and number.isascii()
    return (number, marks[:PEOPLE_OF_A_DEVICE]) if is_ours else ("", [])


def _device_mark(number: str, user_id: str, keys: Keys) -> str:
    return hmac.digest(keys.codes, f"device:{number}:{user_id}".encode(), "sha256")[:16].hex()


def _network(address: str, keys: Keys) -> bytes | None:
    """The network that an address is of (/24, or /56 of IPv6), unreadable without the key."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    net = ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False)
    return hmac.digest(keys.codes, f"network:{net}".encode(), "sha256")[:16]


def forget(tx: Tx) -> None:
    """Remove what has run out: sessions, tokens, invitations, tries, and networks of long ago."""
    tx.accounts.forget_sessions(tx.now)
    tx.accounts.forget_tries(tx.now - TRIES_KEPT)
    tx.accounts.forget_networks(tx.now - KNOWN_FOR)


def sign_out(tx: Tx, secret: str) -> None:
    """End the session of that secret."""
    tx.accounts.end_session(digest(secret))


def sessions(tx: Tx, actor: Actor, secret: str = "") -> list[dict[str, Any]]:
    """One's own sessions and tokens without their secrets; `is_this` marks the one that asks."""
    this = digest(secret)
    shown = ("id", "kind", "label", "scopes", "created_at", "expires_at")
    rows = tx.accounts.sessions_of(own_id(actor), tx.now)
    return [{**{name: row[name] for name in shown}, "is_this": bytes(row["id_hash"]) == this} for row in rows]


def end_own_session(tx: Tx, actor: Actor, called: str) -> None:
    """End one of one's own sessions or tokens; one that is over already stays so."""
    gone = tx.accounts.end_session_called(own_id(actor), called)
    if gone:
        tx.audit(actor, f"{gone['kind']}:end", "", f"user:{actor.user_id}", label=gone["label"])


def end_other_sessions(tx: Tx, actor: Actor, secret: str) -> None:
    """End all of one's own sessions but the one at hand; tokens go on."""
    for one in sessions(tx, actor, secret):
        if one["kind"] == "cookie" and not one["is_this"]:
            end_own_session(tx, actor, one["id"])


def change_password(tx: Tx, actor: Actor, body: PasswordIn) -> bool:
    """Set one's own new password; every session and token of the person ends. False: the old one is wrong."""
    if not proves(tx, actor, body.old):
        return False
    set_password(tx, own_id(actor), body.new)
    tx.audit(actor, "user:change_password", "", f"user:{actor.user_id}")
    return True


def set_password(tx: Tx, user_id: str, password: str) -> None:
    """The user's password from now on; what was open under the old one ends. Raises Invalid naming `new`."""
    user = tx.accounts.user(user_id)
    passwords.refuse_guessable(password, user["name"] if user else "", "new")
    tx.accounts.change_user(user_id, password_hash=_hasher.hash(password), must_change=False)
    tx.accounts.end_sessions_of(user_id)


def proves(tx: Tx, actor: Actor, password: str) -> bool:
    """Whether that is the person's own password; a wrong one is counted. Raises TooMany."""
    key = f"password:{own_id(actor)}"
    tx.accounts.wait_for(key)
    check_tries(tx, key)
    user = tx.accounts.user(own_id(actor))
    fits = user is not None and password_fits(user["password_hash"], password)
    if not fits:
        tx.accounts.count_try(key, tx.now)
    return fits


def own_id(actor: Actor) -> str:
    """The account that acts on itself. Raises NotFound without one, Forbidden for a token made for something else."""
    if actor.user_id is None:
        raise NotFound
    if actor.scopes is not None:
        raise Forbidden
    return actor.user_id


def add_user(tx: Tx, actor: Actor, name: str, role: str, area: str, password: str | None = None) -> str:
    """A new user holding a role for an area or an agency; returns the password to hand over once.

    A volunteer's account is tied to a volunteer by the caller (`volunteering`).
    Raises Invalid naming name, role or area; Conflict when the name is taken.
    """
    once = password or one_time_password()
    enter(tx, actor, name, role, area, password_hash=_hasher.hash(once), must_change=password is None)
    return once


def enter(
    tx: Tx, actor: Actor, name: str, role: str, area: str, *, password_hash: str, must_change: bool = False
) -> str:
    """A new account with its first role; returns its id. Raises as `add_user` does."""
    right = Permission.VOLUNTEER_ACCEPT if role == "volunteer" else Permission.USER_EDIT
    require(actor, right, area_of(tx, area))
    check_user(tx, name, role, area)
    if tx.accounts.user_by_name(name) is not None:
        raise Conflict("name_taken", name=name)
    user_id = tx.new_id()
    row = {"id": user_id, "name": name, "password_hash": password_hash, "must_change": must_change}
    tx.accounts.add_user({**row, "created_at": tx.now})
    give(tx, user_id, role, area)
    tx.audit(actor, "user:add", area, f"user:{user_id}", name=name, role=role)
    return user_id


def give(tx: Tx, user_id: str, role: str, area: str) -> None:
    """Let a user hold a role; who holds one for an agency is in it."""
    tx.accounts.grant(user_id, role, area)
    if is_agency(area) and area not in tx.referrals.agencies_of(user_id):
        tx.referrals.join(user_id, area)


def is_agency(unit: str) -> bool:
    """Whether a role's area is an agency's code."""
    return unit[:1].isalpha()


def area_of(tx: Tx, unit: str) -> str:
    """The area that decides who may give roles for it: an agency's is the one that it answers for."""
    agency = tx.referrals.agency(unit) if is_agency(unit) else None
    return str(agency["area"]) if agency else "" if is_agency(unit) else unit


def add_token(
    tx: Tx, actor: Actor, body: TokenIn, *, secret: str = "", until: datetime | None = None
) -> tuple[str, datetime]:
    """A bearer token for scripts, shown once, and its end; with the rights of the person or the fewer asked for.

    The same secret again makes no other. One that is asked for by a token ends no later than that (`until`).
    Raises Invalid naming scopes that the person does not hold, Conflict for a secret whose token is over.
    """
    user_id, ends = own_id(actor), tx.now + timedelta(days=body.days)
    missing = [scope for scope in body.scopes or () if not any(actor.giving(scope))]
    if missing:
        raise Invalid({"scopes": Problem("not_yours", {"scopes": ", ".join(missing)})})
    ends, secret = min(ends, until or ends), secret or "tgp_" + secrets.token_urlsafe(32)
    scopes = None if body.scopes is None else sorted(set(map(str, body.scopes)))
    # Ended tokens leave no row; the trail knows that they were made.
    subject, made = f"user:{user_id}", {"token": digest(secret).hex()[:32]}
    if tx.audit_log.knows("token:add", subject, made) and tx.accounts.session(digest(secret), tx.now) is None:
        raise Conflict("token_over")
    if _store_session(tx, user_id, secret, "", "token", ends, body.label, scopes):
        tx.audit(actor, "token:add", "", subject, label=body.label, scopes=scopes, days=body.days, **made)
    return secret, ends


def token_asked_for(actor: Actor, client_id: str, body: TokenIn, keys: Keys) -> str:
    """The token's secret that a form under this id asks for: pressed twice, it makes one, and both answers show it."""
    asked = f"token:{actor.user_id}:{client_id}:{body.model_dump_json()}".encode()
    return "tgp_" + base64.urlsafe_b64encode(hmac.digest(keys.codes, asked, "sha256")).decode().rstrip("=")


def token_for(tx: Tx, name: str) -> str:
    """A token for the named user, for the command line. Raises NotFound."""
    user = tx.accounts.user_by_name(name)
    if user is None:
        raise NotFound("unknown_user", name=name)
    return add_token(tx, actor_of(tx, user["id"], name), TokenIn(label="command line"))[0]


def one_time_password() -> str:
    """Twenty letters and digits in groups of five, about 100 bits, without look-alikes."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def check_user(tx: Tx, name: str, role: str, area: str) -> None:
    """Raises Invalid naming a name, role or area that no account can have."""
    wrong: dict[str, Problem] = {}
    if not 2 <= len(name) <= 60 or name != name.strip():
        wrong["name"] = Problem("wrong_form")
    if role not in ROLES:
        wrong["role"] = Problem("not_one_of", {"choices": ", ".join(sorted(ROLES))})
    is_known = tx.referrals.agency(area) is not None if is_agency(area) else not area or _is_code(area)
    if not is_known:
        wrong["area"] = Problem("unknown_area", {"code": area})
    if wrong:
        raise Invalid(wrong)


def _is_code(area: str) -> bool:
    return all(part.isdigit() for part in area.split("."))


def _store_session(
    tx: Tx, user_id: str, secret: str, csrf: str, kind: str, expires_at: datetime, label: str,
    scopes: list[str] | None = None,
) -> bool:  # fmt: skip
    return tx.accounts.add_session(
        {
            "id_hash": digest(secret),
            "user_id": user_id,
            "kind": kind,
            "label": label,
            "csrf": csrf,
            "scopes": scopes,
            "created_at": tx.now,
            "expires_at": expires_at,
        }
    )


def password_fits(password_hash: str, password: str) -> bool:
    """Whether the password is the one of that hash; it takes as long where there is none."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash != NOBODY_YET
    except (VerificationError, InvalidHashError):
        return False
