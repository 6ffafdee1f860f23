"""What services accept about accounts: tokens, second factors, invitations, roles, and roles for some hours."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from server.domain.permissions import Permission
from server.services.inputs import UNIT, Input, Line, Password, Six, clean

Role = Literal["volunteer", "keeper", "verifier", "coordinator", "auditor", "admin"]
Unit = Annotated[str, Field(pattern=r"^$|" + UNIT)]


class TokenIn(Input):
    """A token: a name to know it by later, what it is good for (all that one may do, if not said) and for how long."""

    label: Annotated[str, AfterValidator(clean), Field(max_length=60)] = ""
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))] | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=365)] = 365


class ProofIn(Input):
    """One's own password once more, before what protects the account is changed."""

    password: Annotated[str, Field(max_length=500)]


class CodeIn(Input):
    """The six digits that an authenticator shows now."""

    code: Six


class NewPasswordIn(Input):
    """The first password of an invited account, or a new one in place of a lost one."""

    new: Password


class RoleIn(Input):
    """A role for an area (its official code, nothing for everywhere) or for an agency (its code)."""

    role: Role
    area: Unit


class InviteIn(RoleIn):
    """A new account with its first role."""

    name: Annotated[str, AfterValidator(clean), Field(min_length=2, max_length=60)]


class UserStepIn(Input):
    """What is done to an account; the role where one is given or taken."""

    role: Role | None = None
    area: Unit | None = None


class DeputyIn(RoleIn):
    """Who stands in for the holder of a role, from when (now, if not said) until when, and why."""

    to: Line
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime
    reason: Annotated[Line, Field(min_length=3)]


class EmergencyIn(Input):
    """A wider area taken by oneself in an emergency, for how many hours, and why."""

    area: Annotated[str, Field(pattern=r"^\d{2}(\.\d{2}){0,2}$")]
    hours: Annotated[int, Field(strict=True, ge=1, le=12)]
    reason: Annotated[str, AfterValidator(clean), Field(min_length=10, max_length=400)]
    role: Literal["keeper", "verifier", "coordinator", "auditor", "admin"] | None = None
