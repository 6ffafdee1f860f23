"""The accounts of an area: invitations, roles, and shutting an account."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api import identity
from server.api.contract import route, system
from server.api.html import public_url
from server.services import staff
from server.services.inputs_accounts import InviteIn, UserStepIn

NAMED = "a part of the name; with it volunteers' accounts are found, too"


@route("GET", "/api/users", guard="signed_in", answers={200: "Accounts in my areas"}, query={"q": NAMED})
def listed() -> Any:
    """The accounts that I may change."""
    with system().reading() as tx:
        return jsonify({"users": staff.listed(tx, identity.actor(), request.args.get("q", "").strip())})


@route("POST", "/api/users", guard="signed_in", body=InviteIn, answers={201: "The link by which they set a password"})
def invite(body: InviteIn) -> Any:
    """Invite somebody."""
    with system().writing() as tx:
        found = staff.invite(tx, identity.actor(), body)
    return jsonify(with_link(found)), 201


@route(
    "POST",
    "/api/users/<uuid:user_id>/<action>",
    guard="signed_in",
    body=UserStepIn,
    answers={200: "The account as it is now; for `invite` with a new link"},
)
def act(user_id: UUID, action: str, body: UserStepIn) -> Any:
    """Do one of invite, disable, enable, end_sessions, reset_totp, give_role, take_role to an account."""
    with system().writing() as tx:
        found = staff.act(tx, identity.actor(), str(user_id), action, body)
    return jsonify(with_link(found))


def with_link(found: dict[str, Any]) -> dict[str, Any]:
    """The account with its invitation's secret as the address to hand over."""
    secret = found.pop("secret", None)
    return {**found, "link": public_url(f"/undangan/{secret}")} if secret else found
