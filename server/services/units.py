"""Units: who a case can be passed to. An area, by its dotted code, or an agency, by its own.

An agency (BPBD, a dinas, PMI, an NGO) answers for an area; its people hold their roles as everybody does.
docs/decisions/handing-over.md says why.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import ANYONE, ROLES, Actor, Permission, areas_for, may, require
from server.services.inputs import AgencyIn
from server.store.unit_of_work import Tx

ANSWERING = frozenset(role for role, rights in ROLES.items() if Permission.CASE_VERIFY in rights)
"""Roles of people who can take a case over."""


def is_area(unit: str) -> bool:
    """Whether a unit is an area; else it is an agency."""
    return unit[:1].isdigit()


def answers_for(tx: Tx, actor: Actor, unit: str, permission: Permission) -> bool:
    """Whether the person holds a right as one of the unit."""
    if is_area(unit):
        return may(actor, permission, unit)
    if any(grant.area == unit for grant in actor.giving(permission)):
        return True
    return unit in _joined(tx, actor) and bool(areas_for(actor, permission))


def own_agencies(tx: Tx, actor: Actor) -> list[str]:
    """The agencies that the person is in, or has a role for, be it lent."""
    granted = {grant.area for grant in actor.grants if grant.area and not is_area(grant.area)}
    return sorted(granted.union(_joined(tx, actor)))


def _joined(tx: Tx, actor: Actor) -> Sequence[str]:
    return tx.referrals.agencies_of(actor.user_id) if actor.user_id else ()


def may_of_case(tx: Tx, actor: Actor, permission: Permission, case: Mapping[str, Any]) -> bool:
    """Whether the person holds a right over a case: where it lies, or as one of the unit that accepted it."""
    if may(actor, permission, case["area"]):
        return True
    return case["holder"] is not None and answers_for(tx, actor, case["holder"], permission)


def require_of_case(tx: Tx, actor: Actor, permission: Permission, case: Mapping[str, Any]) -> None:
    """Refuse unless the person holds a right over a case. Raises NotSignedIn, Forbidden."""
    if actor is ANYONE or not may_of_case(tx, actor, permission, case):
        require(actor, permission, case["area"])


def holder_of(case: Mapping[str, Any]) -> str:
    """The unit that has to act on a case."""
    return str(case["holder"] or case["area"])


def name_of(tx: Tx, unit: str) -> str:
    """What people call a unit."""
    if is_area(unit):
        return tx.referrals.area_name(unit) or unit
    found = tx.referrals.agency(unit)
    return str(found["name"]) if found else unit


def check_target(tx: Tx, unit: str, holder: str) -> None:
    """Refuse a target that is nowhere: unknown, the present holder, or one where nobody can answer.

    Raises Invalid naming `to`.
    """
    known = tx.referrals.area_name(unit) if is_area(unit) else tx.referrals.agency(unit)
    if known is None:
        raise Invalid({"to": Problem("unknown_unit", {"unit": unit})})
    if unit == holder:
        raise Invalid({"to": Problem("same_unit")})
    if not tx.referrals.somebody_at(unit, ANSWERING):
        raise Invalid({"to": Problem("nobody_there", {"unit": name_of(tx, unit)})})


def agencies(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    """Every agency, for staff."""
    require(actor, Permission.BOARD_READ, next(iter(areas_for(actor, Permission.BOARD_READ)), ""))
    return [{name: row[name] for name in ("code", "name", "kind", "area")} for row in tx.referrals.agencies()]


def add_agency(tx: Tx, actor: Actor, body: AgencyIn) -> dict[str, Any]:
    """A new agency. Raises Invalid for an unknown area, Conflict when the code is taken."""
    require(actor, Permission.USER_EDIT, body.area)
    if tx.referrals.area_name(body.area) is None:
        raise Invalid({"area": Problem("unknown_area", {"code": body.area})})
    if tx.referrals.agency(body.code) is not None:
        raise Conflict("name_taken", name=body.code)
    tx.referrals.add_agency({**body.model_dump(), "created_at": tx.now})
    tx.audit(actor, "agency:add", body.area, f"agency:{body.code}", name=body.name, kind=body.kind)
    return body.model_dump()


def join_agency(tx: Tx, actor: Actor, code: str, name: str) -> None:
    """Put an account into an agency; who is in it already stays. Raises NotFound for an unknown agency or account."""
    agency, user = tx.referrals.agency(code), tx.accounts.user_by_name(name)
    require(actor, Permission.USER_EDIT, agency["area"] if agency else "")
    if agency is None or user is None:
        raise NotFound
    if code not in tx.referrals.agencies_of(user["id"]):
        tx.referrals.join(user["id"], code)
        tx.audit(actor, "agency:join", agency["area"], f"agency:{code}", name=name)
