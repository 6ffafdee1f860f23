"""The accounts of an area, by who may change them there: invitations, roles, and shutting an account.

Who has a role beyond one's own area is known there, but changed only by somebody above.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from server.domain.permissions import ROLES, STAFF_ROLES, Actor, Permission, areas_for, may, require
from server.services import accounts, lending, second_factor
from server.services.inputs_accounts import InviteIn, UserStepIn
from server.store.unit_of_work import Tx

INVITED_FOR = timedelta(hours=72)
MOST = 300
"""Accounts in one list."""


def listed(tx: Tx, actor: Actor, named: str = "") -> list[dict[str, Any]]:
    """The accounts of staff in the person's areas, at most MOST; who looks for a name finds volunteers', too."""
    areas = _areas(actor)
    agencies = [one["code"] for one in tx.referrals.agencies() if may(actor, Permission.USER_EDIT, one["area"])]
    rows = tx.accounts.users_within(areas, agencies, set(ROLES) if named else STAFF_ROLES, named, MOST)
    roles = tx.accounts.grants_of([row["id"] for row in rows])
    return [_shown(tx, row, roles.get(row["id"], [])) for row in rows]


def invite(tx: Tx, actor: Actor, body: InviteIn) -> dict[str, Any]:
    """A new account without a password, and the secret of the one link by which its owner sets it.

    Raises Forbidden, Invalid, Conflict when the name is taken.
    """
    require(actor, Permission.USER_EDIT, accounts.area_of(tx, body.area))
    if body.role == "volunteer":
        raise Invalid({"role": Problem("volunteers_sign_up")})
    user_id = accounts.enter(tx, actor, body.name, body.role, body.area, password_hash=accounts.NOBODY_YET)
    return {"id": user_id, "name": body.name, **_invitation(tx, actor, user_id)}


def invited(tx: Tx, secret: str) -> Mapping[str, Any]:
    """Whose invitation that is. Raises NotFound when it was used, replaced, or has run out."""
    found = tx.accounts.invited(accounts.digest(secret), tx.now)
    if found is None:
        raise NotFound("invitation_over")
    return found


def accept(tx: Tx, secret: str, password: str) -> str:
    """Set the invited account's password; the link is used up. Returns the account's name. Raises NotFound."""
    found = invited(tx, secret)
    if not tx.accounts.end_invitation(found["user_id"]):
        raise NotFound("invitation_over")
    accounts.set_password(tx, found["user_id"], password)
    tx.audit(Actor(found["name"], found["user_id"]), "user:accept_invitation", "", f"user:{found['user_id']}")
    return str(found["name"])


def act(tx: Tx, actor: Actor, user_id: str, action: str, body: UserStepIn) -> dict[str, Any]:
    """Do one of STEPS to an account; the account afterwards, for `invite` with the secret of a new link.

    Raises Forbidden, NotFound for an account that the person may not know of, Invalid, Conflict.
    """
    areas = _areas(actor)
    held = [accounts.area_of(tx, row["area"]) for row in tx.accounts.grants(user_id)]
    if not any(may(actor, Permission.USER_EDIT, area) for area in held):
        raise NotFound
    user = tx.accounts.user(user_id)
    if user is None or action not in STEPS:
        raise NotFound
    if action in TAKING_OVER:
        held += [accounts.area_of(tx, row["area"]) for row in tx.loans.not_over(user_id, tx.now)]
    if not all(may(actor, Permission.USER_EDIT, area) for area in held) and action not in ROLE_STEPS:
        raise Forbidden
    if user_id == actor.user_id and action in NOT_TO_ONESELF:
        raise Conflict("not_to_oneself")
    more = STEPS[action](tx, actor, user, body, areas[0]) or {}
    return {**_shown(tx, tx.accounts.user(user_id) or user, tx.accounts.grants(user_id)), **more}


def _areas(actor: Actor) -> tuple[str, ...]:
    areas = areas_for(actor, Permission.USER_EDIT)
    if not areas:
        require(actor, Permission.USER_EDIT, "")
    return areas


def _shown(tx: Tx, row: Mapping[str, Any], roles: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    until = row.get("invited_until")
    return {
        "id": row["id"],
        "name": row["name"],
        "is_disabled": row["is_disabled"],
        "roles": [{"role": one["role"], "area": one["area"]} for one in roles],
        "has_second_factor": row["has_totp"] if "has_totp" in row else row["totp_sealed"] is not None,
        "invited_until": until.isoformat() if until and until > tx.now else None,
    }


def _invitation(tx: Tx, actor: Actor, user_id: str) -> dict[str, Any]:
    secret, ends = secrets.token_urlsafe(32), tx.now + INVITED_FOR
    row = {"user_id": user_id, "secret_hash": accounts.digest(secret), "by": actor.name}
    tx.accounts.invite({**row, "created_at": tx.now, "expires_at": ends})
    return {"secret": secret, "expires_at": ends.isoformat()}


def _invite(tx: Tx, actor: Actor, user: Mapping[str, Any], _body: UserStepIn, area: str) -> dict[str, Any]:
    tx.audit(actor, "user:invite", area, f"user:{user['id']}")
    return _invitation(tx, actor, user["id"])


def _disable(tx: Tx, actor: Actor, user: Mapping[str, Any], _body: UserStepIn, area: str) -> None:
    tx.accounts.change_user(user["id"], is_disabled=True)
    tx.accounts.end_sessions_of(user["id"])
    tx.accounts.end_invitation(user["id"])
    lending.end_of_disabled(tx, actor, user)
    tx.audit(actor, "user:disable", area, f"user:{user['id']}")


def _enable(tx: Tx, actor: Actor, user: Mapping[str, Any], _body: UserStepIn, area: str) -> None:
    tx.accounts.change_user(user["id"], is_disabled=False)
    tx.audit(actor, "user:enable", area, f"user:{user['id']}")


def _end_sessions(tx: Tx, actor: Actor, user: Mapping[str, Any], _body: UserStepIn, area: str) -> None:
    tx.accounts.end_sessions_of(user["id"])
    tx.audit(actor, "user:end_sessions", area, f"user:{user['id']}")


def _reset_totp(tx: Tx, actor: Actor, user: Mapping[str, Any], _body: UserStepIn, area: str) -> None:
    second_factor.remove(tx, actor, user["id"], area)
    tx.accounts.end_sessions_of(user["id"])


def _role(tx: Tx, actor: Actor, user: Mapping[str, Any], body: UserStepIn) -> tuple[str, str]:
    """The role of the step, for an area of the person's. Raises Invalid, Forbidden."""
    wrong = {name: Problem("required") for name in ("role", "area") if getattr(body, name) is None}
    if wrong or body.role is None or body.area is None:
        raise Invalid(wrong)
    require(actor, Permission.USER_EDIT, accounts.area_of(tx, body.area))
    accounts.check_user(tx, user["name"], body.role, body.area)
    return body.role, body.area


def _give_role(tx: Tx, actor: Actor, user: Mapping[str, Any], body: UserStepIn, _area: str) -> None:
    role, area = _role(tx, actor, user, body)
    if any((one["role"], one["area"]) == (role, area) for one in tx.accounts.grants(user["id"])):
        raise Conflict("role_held")
    accounts.give(tx, user["id"], role, area)
    tx.audit(actor, "user:give_role", area, f"user:{user['id']}", role=role)


def _take_role(tx: Tx, actor: Actor, user: Mapping[str, Any], body: UserStepIn, _area: str) -> None:
    role, area = _role(tx, actor, user, body)
    if len(tx.accounts.grants(user["id"])) == 1:
        raise Conflict("last_role")
    if not tx.accounts.take_grant(user["id"], role, area):
        raise Conflict("role_not_held")
    if accounts.is_agency(area) and all(one["area"] != area for one in tx.accounts.grants(user["id"])):
        tx.referrals.leave(user["id"], area)
    lending.end_without_role(tx, actor, user)
    tx.audit(actor, "user:take_role", area, f"user:{user['id']}", role=role)


STEPS: Mapping[str, Callable[[Tx, Actor, Mapping[str, Any], UserStepIn, str], dict[str, Any] | None]] = {
    "invite": _invite,
    "disable": _disable,
    "enable": _enable,
    "end_sessions": _end_sessions,
    "reset_totp": _reset_totp,
    "give_role": _give_role,
    "take_role": _take_role,
}
"""What can be done to an account."""
ROLE_STEPS = frozenset({"give_role", "take_role"})
TAKING_OVER = frozenset({"invite", "reset_totp"})
"""By these somebody may come to act as the account: also with what is lent to it, now or soon."""
NOT_TO_ONESELF = frozenset({"invite", "disable", "reset_totp", "take_role"})
