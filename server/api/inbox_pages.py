"""The inbox of a person's units as a page, and the page on which a case is passed on; both need no script."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import redirect, request

from server.api import forms, identity
from server.api.contract import system
from server.api.errors import body_of, status_of
from server.api.html import Pages, denied, show, typed
from server.domain.errors import DomainError, Invalid, NotFound
from server.domain.permissions import Permission, areas_for
from server.services import promises, queries, referrals, units
from server.services.inputs import AnswerIn, PassIn, parse

pages = Pages()
HOME = "/konsol/masuk"
ANSWERS = {"terima": "accept", "kembalikan": "give_back", "tarik": "withdraw"}
"""What a form's address says, and the step of the referral that it takes."""


@pages.route("GET", HOME, guard="signed_in")
def inbox() -> Any:
    """What was passed to one's units, raised to them and accepted by them; who will breach; the table."""
    if not areas_for(identity.actor(), Permission.CASE_EDIT):
        return denied("inbox")
    return _inbox(values=typed())


@pages.route(
    "POST",
    "/konsol/masuk/<uuid:referral_id>/<action>",
    guard="signed_in",
    home=HOME,
    keeps=frozenset({"of", "reason"}),
)
def answer(referral_id: UUID, action: str) -> Any:
    """Accept, give back or withdraw, from a plain form."""
    try:
        if action not in ANSWERS:
            raise NotFound
        body = parse(AnswerIn, {"reason": request.form.get("reason", "").strip() or None})
        with system().writing() as tx:
            referrals.answer(tx, identity.actor(), str(referral_id), ANSWERS[action], body)
    except Invalid as error:
        wrong = {str(referral_id): next(iter(forms.problems(error, request.form).values()))}
        return _inbox(request.form, wrong), 422
    except DomainError as error:
        return _inbox(request.form, message=str(body_of(error)["error"]["message"])), status_of(error)
    return redirect(HOME, 303)


@pages.route("GET", "/konsol/kasus/<int:case_id>/oper", guard="signed_in")
def choose(case_id: int) -> Any:
    """Where to pass a case, and why."""
    if not areas_for(identity.actor(), Permission.CASE_EDIT):
        return denied("inbox")
    return _choice(case_id, typed())


@pages.route(
    "POST",
    "/konsol/kasus/<int:case_id>/oper",
    guard="signed_in",
    home="/konsol/kasus/{case_id}/oper",
    keeps=frozenset({"to", "need_id", "reason"}),
)
def pass_on(case_id: int) -> Any:
    """Pass a case on, from a plain form."""
    form = request.form
    try:
        fields = {"to": form.get("to", ""), "reason": form.get("reason", "").strip()}
        need = form.get("need_id", "")
        body = parse(PassIn, fields | ({"need_id": int(need)} if need.isdecimal() and len(need) < 19 else {}))
        with system().writing() as tx:
            referrals.pass_on(tx, identity.actor(), case_id, body)
    except Invalid as error:
        return _choice(case_id, form, wrong=forms.problems(error, form)), 422
    except NotFound:
        raise
    except DomainError as error:
        return _choice(case_id, form, message=str(body_of(error)["error"]["message"])), status_of(error)
    return redirect(HOME, 303)


def _inbox(values: Mapping[str, str], wrong: Mapping[str, str] | None = None, message: str = "") -> str:
    actor, slug = identity.actor(), request.args.get("incident") or None
    with system().reading() as tx:
        found = referrals.inbox(tx, actor, slug)
        tops = areas_for(actor, Permission.BOARD_READ)
        ahead = [promises.breaches(tx, actor, slug, top) for top in tops if top] or [
            promises.breaches(tx, actor, slug, None)
        ]
        tables = [promises.league(tx, actor, slug, top or None, _level(top)) for top in tops[:1]]
        listed = [*found["waiting"], *found["passed_on"], *found["raised"], *found["held"]]
        codes = {one["area"] for one in [*listed, *(one for part in ahead for one in part["breaches"])]}
        names = {code: units.name_of(tx, code) for code in codes}
    breaches = sorted((one for part in ahead for one in part["breaches"]), key=lambda one: one["due_at"])
    return show(
        "inbox.html",
        inbox=found,
        breaches=breaches,
        tables=tables,
        names=names,
        values=values,
        wrong=wrong or {},
        message=message,
    )


def _level(top: str) -> str:
    return "district" if "." in top else "regency"


def _choice(
    case_id: int, values: Mapping[str, str], wrong: Mapping[str, str] | None = None, message: str = ""
) -> str:
    with system().reading() as tx:
        case = queries.require_case(tx, identity.actor(), case_id)
        targets = referrals.targets(tx, identity.actor(), case_id)
        needs = [need for need in tx.cases.needs_of(case_id) if need["state"] == "open"]
    return show(
        "pass_on.html", case=case, targets=targets, needs=needs, values=values, wrong=wrong or {}, message=message
    )
