"""Accounts of an area, roles for some hours, and invitations, as pages without a script."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import make_response, redirect, request

from server.api import forms, identity
from server.api.contract import system
from server.api.errors import body_of, status_of
from server.api.html import WIB, Pages, denied, now, show, typed
from server.api.users import with_link
from server.domain.errors import DomainError, Invalid, NotFound
from server.domain.permissions import STAFF_ROLES, Permission, areas_for
from server.services import lending, staff
from server.services.inputs import parse
from server.services.inputs_accounts import DeputyIn, EmergencyIn, InviteIn, NewPasswordIn, UserStepIn

pages = Pages()
USERS, ACCESS = "/petugas", "/akses"
STEPS = {
    "undang": "invite",
    "tutup": "disable",
    "buka": "enable",
    "keluarkan": "end_sessions",
    "lepas-kode": "reset_totp",
    "beri-peran": "give_role",
    "cabut-peran": "take_role",
}
"""What a form's address says, and the step that it takes."""
HOURS = (1, 2, 4, 8, 12)
"""How long an emergency may last, to choose from."""


@pages.route("GET", USERS, guard="signed_in")
def users() -> Any:
    """The accounts with a role in one's areas, and an invitation for a new one."""
    if not areas_for(identity.actor(), Permission.USER_EDIT):
        return denied("users")
    return _users(typed())


@pages.route("POST", USERS, guard="signed_in", home=USERS, keeps=frozenset({"name", "role", "area"}))
def invite() -> Any:
    """Invite somebody; the link is shown once."""
    form = request.form
    try:
        body = parse(InviteIn, {name: form.get(name, "").strip() for name in ("name", "role", "area")})
        with system().writing() as tx:
            found = staff.invite(tx, identity.actor(), body)
    except Invalid as error:
        return _users(form, forms.problems(error, form)), 422
    except DomainError as error:
        return _users(form, message=_said(error)), status_of(error)
    return _users({}, link=with_link(found)), 201


@pages.route("POST", "/petugas/<uuid:user_id>/<action>", guard="signed_in", home=USERS)
def act(user_id: UUID, action: str) -> Any:
    """Do something to an account."""
    form = request.form
    try:
        # An area that is left empty is everywhere; a button that gives no role names none.
        fields = {name: form[name].strip() for name in ("role", "area") if name in form}
        with system().writing() as tx:
            step = STEPS.get(action, "")
            found = staff.act(tx, identity.actor(), str(user_id), step, parse(UserStepIn, fields))
    except Invalid as error:
        wrong = next(iter(forms.problems(error, form).values()))
        return _users({}, wrong={str(user_id): wrong}), 422
    except NotFound:
        raise
    except DomainError as error:
        if not areas_for(identity.actor(), Permission.USER_EDIT):
            raise
        return _users({}, message=_said(error)), status_of(error)
    return _users({}, link=with_link(found)) if "secret" in found else redirect(USERS, 303)


@pages.route("GET", "/undangan/<secret>", guard="public")
def invitation(secret: str) -> Any:
    """Where an invited person sets their password."""
    return _invitation(secret)


@pages.route("POST", "/undangan/<secret>", guard="public")
def accept(secret: str) -> Any:
    """Set the password; the link is used up."""
    identity.refuse_other_sites()
    form = request.form
    try:
        with system().reading() as tx:
            staff.invited(tx, secret)
        body = parse(NewPasswordIn, {"new": form.get("new", "")})
        with system().writing() as tx:
            staff.accept(tx, secret, body.new)
    except Invalid as error:
        return _invitation(secret, forms.problems(error, form)), 422
    return redirect("/masuk?sandi=baru", 303)


@pages.route("GET", ACCESS, guard="signed_in")
def access() -> Any:
    """Who holds a role for some hours; a deputy for oneself; a wider area in an emergency."""
    if not areas_for(identity.actor(), Permission.BOARD_READ):
        return denied("access")
    return _access(typed())


@pages.route(
    "POST", "/akses/wakil", guard="signed_in", home=ACCESS,
    keeps=frozenset({"to", "held", "starts_at", "ends_at", "reason"}),
)  # fmt: skip
def deputise() -> Any:
    """Let somebody stand in, from a plain form; its times are those of West Java."""
    form = request.form
    role, _, area = form.get("held", "").partition("@")
    fields = {"to": form.get("to", ""), "role": role, "area": area, "reason": form.get("reason", "")}
    times = {name: _time(form[name]) for name in ("starts_at", "ends_at") if form.get(name)}
    try:
        body = parse(DeputyIn, {**fields, **times})
        with system().writing() as tx:
            lending.deputise(tx, identity.actor(), body)
    except DomainError as error:
        return _access_refused(error, {"role": "held", "area": "held"})
    return redirect(ACCESS, 303)


@pages.route(
    "POST", "/akses/darurat", guard="signed_in", home=ACCESS, keeps=frozenset({"area", "hours", "why"})
)
def take() -> Any:
    """Take a wider area in an emergency, from a plain form."""
    form = request.form
    fields = {"area": form.get("area", "").strip(), "hours": forms.number(form, "hours")}
    try:
        body = parse(EmergencyIn, {**fields, "reason": form.get("why", "")})
        with system().writing() as tx:
            lending.take(tx, identity.actor(), body)
    except DomainError as error:
        return _access_refused(error, {"reason": "why"})
    return redirect(ACCESS, 303)


@pages.route("POST", "/akses/<uuid:loan_id>/akhiri", guard="signed_in", home=ACCESS)
def end(loan_id: UUID) -> Any:
    """End it before its time."""
    try:
        with system().writing() as tx:
            lending.end(tx, identity.actor(), str(loan_id))
    except NotFound:
        raise
    except DomainError as error:
        return _access_refused(error, {})
    return redirect(ACCESS, 303)


def _time(text: str) -> datetime | str:
    """A time of West Java as a form's field has it; what is none stays a text, to be named as wrong."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=WIB)
    except ValueError:
        return text


def _said(error: DomainError) -> str:
    return str(body_of(error)["error"]["message"])


def _users(
    values: Mapping[str, str], wrong: Mapping[str, str] | None = None, message: str = "",
    link: Mapping[str, Any] | None = None,
) -> Any:  # fmt: skip
    with system().reading() as tx:
        found = staff.listed(tx, identity.actor(), request.args.get("q", "").strip())
    page = show(
        "users.html", users=found, values=values, wrong=wrong or {}, message=message, link=link,
        roles=sorted(STAFF_ROLES),
    )  # fmt: skip
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _invitation(secret: str, wrong: Mapping[str, str] | None = None) -> Any:
    with system().reading() as tx:
        name = staff.invited(tx, secret)["name"]
    answer = make_response(show("invitation.html", name=name, secret=secret, wrong=wrong or {}))
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _access_refused(error: DomainError, named: Mapping[str, str]) -> Any:
    """The page again; `named` maps a field of the input to the form's."""
    if not areas_for(identity.actor(), Permission.BOARD_READ):
        raise error
    if isinstance(error, Invalid):
        wrong = {named.get(name, name): said for name, said in forms.problems(error, request.form).items()}
        return _access(request.form, wrong), 422
    return _access(request.form, message=_said(error)), status_of(error)


def _access(values: Mapping[str, str], wrong: Mapping[str, str] | None = None, message: str = "") -> Any:
    actor = identity.actor()
    with system().reading() as tx:
        found = lending.listed(tx, actor)
    return show(
        "access.html", found=found, lendable=lending.lendable(actor), hours=HOURS, values=values, wrong=wrong or {},
        message=message, now=now().astimezone(WIB),
    )  # fmt: skip
