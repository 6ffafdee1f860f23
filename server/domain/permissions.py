"""Who may do what, in one vocabulary `resource:action`, for an area and all below it.

The rule: an actor may do a thing in an area when one of their roles lists the permission and the
role's area is that area or above it. `admin` may do everything in its area. A service's first line
is `require(actor, Permission.X, area)`; screens only hide.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from server.domain.errors import Forbidden, NotSignedIn


class Permission(StrEnum):
    """Everything that needs a right; the value is what logs, audit and API show."""

    BOARD_READ = "board:read"
    CASE_VERIFY = "case:verify"
    CASE_EDIT = "case:edit"
    CONTACT_REVEAL = "contact:reveal"
    PLAN_MAKE = "plan:make"
    PLAN_APPROVE = "plan:approve"
    ASSIGNMENT_MANAGE = "assignment:manage"
    ASSIGNMENT_WORK = "assignment:work"
    CHECKIN_OWN = "checkin:own"
    VOLUNTEER_READ = "volunteer:read"
    VOLUNTEER_ACCEPT = "volunteer:accept"
    SITE_READ = "site:read"
    SITE_EDIT = "site:edit"
    STOCK_EDIT = "stock:edit"
    GIFT_EDIT = "gift:edit"
    CLAIM_EDIT = "claim:edit"
    HAZARD_EDIT = "hazard:edit"
    PHOTO_MODERATE = "photo:moderate"
    SENDER_BLOCK = "sender:block"
    AUDIT_READ = "audit:read"
    INCIDENT_EDIT = "incident:edit"
    USER_EDIT = "user:edit"


P = Permission
_LOOK = {P.BOARD_READ, P.SITE_READ, P.VOLUNTEER_READ}

ROLES: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        "volunteer": frozenset({P.ASSIGNMENT_WORK, P.CHECKIN_OWN}),
        "keeper": frozenset({P.BOARD_READ, P.SITE_READ, P.SITE_EDIT, P.STOCK_EDIT, P.GIFT_EDIT}),
        "verifier": frozenset(
            _LOOK
            | {P.CASE_VERIFY, P.CASE_EDIT, P.CONTACT_REVEAL, P.CLAIM_EDIT, P.PHOTO_MODERATE, P.SENDER_BLOCK}
        ),
        "coordinator": frozenset(
            _LOOK
            | {
                P.CASE_VERIFY,
                P.CASE_EDIT,
                P.CONTACT_REVEAL,
                P.PLAN_MAKE,
                P.PLAN_APPROVE,
                P.ASSIGNMENT_MANAGE,
                P.VOLUNTEER_ACCEPT,
                P.SITE_EDIT,
                P.STOCK_EDIT,
                P.GIFT_EDIT,
                P.CLAIM_EDIT,
                P.HAZARD_EDIT,
                P.PHOTO_MODERATE,
                P.SENDER_BLOCK,
            }
        ),
        "auditor": frozenset(_LOOK | {P.AUDIT_READ}),
        "admin": frozenset(Permission),
    }
)
STAFF_ROLES = frozenset(ROLES) - {"volunteer"}
NEVER_LENT = frozenset({P.USER_EDIT})
"""What a role gives only to who holds it for good: whoever has it for a night makes no accounts and gives no roles."""


@dataclass(frozen=True)
class Grant:
    """A role held for an area and all below it, or for an agency (its code); the area "" is everywhere."""

    role: str
    area: str
    is_lent: bool = False
    """Held for some hours, as a deputy or in an emergency."""

    def gives(self, permission: Permission) -> bool:
        """Whether the permission comes with it."""
        return permission in ROLES[self.role] and not (self.is_lent and permission in NEVER_LENT)


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in person, the system itself, or nobody (`ANYONE`)."""

    name: str
    user_id: str | None = None
    volunteer_id: str | None = None
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[str] | None = None
    """All that the token at hand is good for; None: whatever the roles give."""

    def giving(self, permission: Permission) -> Iterator[Grant]:
        """The grants by which the actor holds the permission."""
        if self.scopes is None or permission in self.scopes:
            yield from (grant for grant in self.grants if grant.gives(permission))


ANYONE = Actor(name="anyone")
SYSTEM = Actor(name="system", grants=(Grant("admin", ""),))


def within(area: str, top: str) -> bool:
    """Whether the dotted area code is `top` or below it; everything is within ""."""
    return top in ("", area) or area.startswith(top + ".")


def may(actor: Actor, permission: Permission, area: str) -> bool:
    """Whether the actor holds the permission for the area."""
    return any(within(area, grant.area) for grant in actor.giving(permission))


def areas_for(actor: Actor, permission: Permission) -> tuple[str, ...]:
    """The top areas in which the actor holds the permission, without those inside another of them."""
    held = {grant.area for grant in actor.giving(permission)}
    return tuple(sorted(a for a in held if not any(a != b and within(a, b) for b in held)))


def require(actor: Actor, permission: Permission, area: str) -> None:
    """Refuse unless the actor holds the permission for the area.

    Raises NotSignedIn for nobody, Forbidden for somebody without the right.
    """
    if may(actor, permission, area):
        return
    if actor is ANYONE:
        raise NotSignedIn
    raise Forbidden(permission=str(permission), area=area)
