"""Roles for some hours: a deputy for the night, and a wider area taken in an emergency ("break-glass").

Both begin and end by the database's clock, are audited with their reason, and are told to the area and all
above it at once. Nobody makes accounts or gives roles by them, and nobody lends on what is lent
(docs/decisions/lent-roles.md).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from server.domain import events
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from server.domain.permissions import ROLES, STAFF_ROLES, Actor, Grant, Permission, areas_for, may, require, within
from server.services import accounts
from server.services.inputs_accounts import DeputyIn, EmergencyIn
from server.store.unit_of_work import Tx

LONGEST = timedelta(hours=72)
"""A deputy's longest time; who stands in for longer is given the role."""
AHEAD = timedelta(days=14)
SHOWN_AFTER = timedelta(days=7)
"""How long what is over is still shown to those whom it concerned."""
STRONGEST = ("admin", "coordinator", "verifier", "keeper", "auditor")


def deputise(tx: Tx, actor: Actor, body: DeputyIn) -> dict[str, Any]:
    """Let somebody hold one's own role, or a part of its area, from one time to another.

    Raises Forbidden, Invalid naming `to`, `role`, `starts_at` or `ends_at`, Conflict where they hold it already.
    """
    _may_lend(tx, actor, body.role, body.area)
    user = tx.accounts.user_by_name(body.to)
    starts_at = max(body.starts_at or tx.now, tx.now)
    wrong = _wrong_times(tx, starts_at, body.ends_at)
    if body.role == "volunteer":
        wrong["role"] = Problem("not_one_of", {"choices": ", ".join(sorted(STAFF_ROLES))})
    if user is None or user["is_disabled"] or not _is_staff(tx, user["id"]):
        wrong["to"] = Problem("no_such_staff")
    if wrong or user is None:
        raise Invalid(wrong)
    what = {"role": body.role, "area": body.area, "reason": body.reason}
    return _lend(tx, actor, user, {"kind": "deputy", **what}, starts_at, body.ends_at)


def take(tx: Tx, actor: Actor, body: EmergencyIn) -> dict[str, Any]:
    """Take one's own role (the strongest, if not said) for a wider area, at once and for some hours.

    Raises Forbidden for who is no staff, Invalid naming `area` or `role`, Conflict for what one holds already.
    """
    if not areas_for(actor, Permission.BOARD_READ):
        require(actor, Permission.BOARD_READ, "")
    user_id = accounts.own_id(actor)
    own = [grant for grant in actor.grants if not grant.is_lent and grant.role in STAFF_ROLES]
    roles = [role for role in STRONGEST if any(grant.role == role for grant in own)]
    if not roles:
        raise Forbidden
    role = body.role or roles[0]
    wrong = {}
    if tx.referrals.area_name(body.area) is None:
        wrong["area"] = Problem("unknown_area", {"code": body.area})
    if role not in roles:
        wrong["role"] = Problem("not_one_of", {"choices": ", ".join(roles)})
    if wrong:
        raise Invalid(wrong)
    if any(grant.role == role and within(body.area, grant.area) for grant in actor.grants):
        raise Conflict("access_held")
    ends_at = tx.now + timedelta(hours=body.hours)
    user, what = {"id": user_id, "name": actor.name}, {"role": role, "area": body.area, "reason": body.reason}
    return _lend(tx, actor, user, {"kind": "emergency", **what}, tx.now, ends_at)


def end(tx: Tx, actor: Actor, loan_id: str) -> dict[str, Any]:
    """End it early: who holds it, who gave it, and who coordinates its area for good may.

    Raises NotFound for who may not know of it, Forbidden, Conflict when it is over.
    """
    row = tx.loans.get(loan_id)
    if row is None or not _may_know(actor, row):
        raise NotFound
    if actor.scopes is not None:
        raise Forbidden
    is_theirs = row["user_id"] == actor.user_id or row["by"] == actor.name
    if not is_theirs and not any(_answers(grant, row["area"]) for grant in actor.grants):
        require(actor, Permission.ASSIGNMENT_MANAGE, row["area"])
        raise Forbidden(permission=str(Permission.ASSIGNMENT_MANAGE), area=row["area"])
    return _end(tx, actor, row)


def end_of_disabled(tx: Tx, actor: Actor, user: Mapping[str, Any]) -> None:
    """End all that a user holds or has given who is shut out."""
    for row in tx.loans.not_over(user["id"], tx.now, by=user["name"]):
        _end(tx, actor, row)


def end_without_role(tx: Tx, actor: Actor, user: Mapping[str, Any]) -> None:
    """End what a user has given, or taken in an emergency, by a role that they no longer hold."""
    held = tuple(Grant(one["role"], one["area"]) for one in tx.accounts.grants(user["id"]))
    left = Actor(user["name"], user["id"], grants=held)
    for row in tx.loans.not_over(user["id"], tx.now, by=user["name"]):
        if row["kind"] == "emergency":
            is_theirs = any(grant.role == row["role"] for grant in held)
        else:
            is_theirs = row["by"] != user["name"] or _lends(tx, left, row["role"], row["area"])
        if not is_theirs:
            _end(tx, actor, row)


def listed(tx: Tx, actor: Actor, area: str | None = None) -> list[dict[str, Any]]:
    """What runs, will run or ran lately in the person's areas (or in one of them), and what they hold themselves."""
    areas = areas_for(actor, Permission.BOARD_READ)
    if area is not None:
        require(actor, Permission.BOARD_READ, area)
        areas = (area,)
    elif not areas:
        require(actor, Permission.BOARD_READ, "")
    rows = tx.loans.seen_from(areas, actor.user_id or "", tx.now - SHOWN_AFTER)
    return [shown(tx, row) for row in rows]


def lendable(actor: Actor) -> list[dict[str, str]]:
    """The roles that the person may have a deputy for."""
    held = {(g.role, g.area) for g in actor.grants if not g.is_lent and g.role in STAFF_ROLES}
    return [{"role": role, "area": area} for role, area in sorted(held)]


def shown(tx: Tx, row: Mapping[str, Any]) -> dict[str, Any]:
    """One as those see it whom it concerns; `state` by the database's clock."""
    over = row["ended_at"] is not None or row["ends_at"] <= tx.now
    kept = ("id", "kind", "role", "area", "reason", "by", "to", "ended_by")
    times = ("at", "starts_at", "ends_at", "ended_at")
    return {
        **{name: row[name] for name in kept},
        **{name: row[name] and row[name].isoformat() for name in times},
        "state": "over" if over else "running" if row["starts_at"] <= tx.now else "coming",
        "area_name": (tx.referrals.area_name(row["area"]) or row["area"]) if row["area"] else "",
    }


def _lend(
    tx: Tx, actor: Actor, user: Mapping[str, Any], what: Mapping[str, str], starts_at: datetime, ends_at: datetime
) -> dict[str, Any]:
    """Store, audit and tell of it; `what` has kind, role, area and reason. Raises Conflict for what overlaps."""
    tx.accounts.wait_for(f"loan:{user['id']}")
    if tx.loans.overlapping(user["id"], what["role"], what["area"], starts_at, ends_at):
        raise Conflict("access_held")
    row = {"id": tx.new_id(), "user_id": user["id"], **what, "by": actor.name, "at": tx.now}
    row |= {"starts_at": starts_at, "ends_at": ends_at}
    tx.loans.add(row)
    lent = {**row, "to": user["name"], "ended_at": None, "ended_by": None}
    told = {"role": what["role"], "reason": what["reason"], "from": starts_at.isoformat(), "until": ends_at.isoformat()}
    action = "access:deputise" if what["kind"] == "deputy" else "access:take"
    tx.audit(actor, action, what["area"], f"user:{user['id']}", loan=row["id"], to=user["name"], **told)
    _tell(tx, lent, is_over=False)
    return shown(tx, lent)


def _tell(tx: Tx, row: Mapping[str, Any], *, is_over: bool) -> None:
    """Those of the area and above hear of it at once, on whatever incident's board: access knows no incidents."""
    area = accounts.area_of(tx, row["area"])
    told = {"area": area, "loan_id": row["id"], "kind": row["kind"], "is_over": is_over}
    for incident in tx.incidents.open():
        tx.record(events.AccessLent(incident_id=incident["id"], **told))


def _end(tx: Tx, actor: Actor, row: Mapping[str, Any]) -> dict[str, Any]:
    """End it, audit and tell of it. Raises Conflict when it is over."""
    if not tx.loans.end(row["id"], tx.now, actor.name):
        raise Conflict("access_over", state=shown(tx, row))
    ended = {**row, "ended_at": tx.now, "ended_by": actor.name}
    tx.audit(actor, "access:end", row["area"], f"user:{row['user_id']}", loan=row["id"], to=row["to"])
    _tell(tx, ended, is_over=True)
    return shown(tx, ended)


def _may_lend(tx: Tx, actor: Actor, role: str, area: str) -> None:
    if not _lends(tx, actor, role, area):
        require(actor, Permission.USER_EDIT, accounts.area_of(tx, area))


def _lends(tx: Tx, actor: Actor, role: str, area: str) -> bool:
    """Who holds the role for good may, and who gives roles there."""
    holds = any(not g.is_lent and g.role == role and within(area, g.area) for g in actor.grants)
    return (actor.scopes is None and holds) or may(actor, Permission.USER_EDIT, accounts.area_of(tx, area))


def _wrong_times(tx: Tx, starts_at: datetime, ends_at: datetime) -> dict[str, Problem]:
    if ends_at <= starts_at:
        return {"ends_at": Problem("ends_before_begin")}
    if ends_at - starts_at > LONGEST:
        return {"ends_at": Problem("time_too_far", {"hours": int(LONGEST.total_seconds() // 3600)})}
    if starts_at > tx.now + AHEAD:
        return {"starts_at": Problem("time_too_far", {"hours": int(AHEAD.total_seconds() // 3600)})}
    return {}


def _is_staff(tx: Tx, user_id: str) -> bool:
    return any(row["role"] in STAFF_ROLES for row in tx.accounts.grants(user_id))


def _may_know(actor: Actor, row: Mapping[str, Any]) -> bool:
    return row["user_id"] == actor.user_id or may(actor, Permission.BOARD_READ, row["area"])


def _answers(grant: Grant, area: str) -> bool:
    return not grant.is_lent and Permission.ASSIGNMENT_MANAGE in ROLES[grant.role] and within(area, grant.area)
