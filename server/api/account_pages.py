"""One's own account as pages without a script: password, second factor, sessions and tokens."""

from typing import Any
from uuid import uuid4

import segno
from flask import Response, make_response, redirect, request
from markupsafe import Markup

from server.api import forms, identity
from server.api import session as calls
from server.api.contract import system
from server.api.errors import body_of, status_of
from server.api.html import Pages, show, typed
from server.domain.errors import DomainError, Invalid
from server.domain.permissions import Permission
from server.services import accounts, second_factor
from server.services.inputs import PasswordIn, parse
from server.services.inputs_accounts import CodeIn, ProofIn, TokenIn

pages = Pages()
DAYS = (1, 7, 30, 90, 365)
"""How long a token may be good for, to choose from."""


@pages.route("GET", "/akun", guard="signed_in")
def account() -> Any:
    """One's own account."""
    return _page()


@pages.route("POST", "/akun/sandi", guard="signed_in", home="/akun")
def change_password() -> Any:
    """Change the password; every session ends, this one too."""
    try:
        body = parse(PasswordIn, {"old": request.form.get("old", ""), "new": request.form.get("new", "")})
        calls.change_password(body)
    except DomainError as error:
        return _refused(error)
    return redirect("/masuk?sandi=baru", 303)


@pages.route("POST", "/akun/token", guard="signed_in", home="/akun", keeps=frozenset({"label", "days", "scopes"}))
def add_token() -> Any:
    """Make a token for scripts and show it once; going back or pressing twice makes no other."""
    form = request.form
    try:
        fields = {"label": form.get("label", "")} | ({"days": forms.number(form, "days")} if "days" in form else {})
        body = parse(TokenIn, {**fields, "scopes": form.getlist("scopes") or None})
        asked = form.get("client_id")
        secret = accounts.token_asked_for(identity.actor(), asked, body, system().keys) if asked else ""
        token, _ = calls.made_token(body, secret)
    except DomainError as error:
        return _refused(error)
    return _page(token=token), 201


@pages.route("POST", "/akun/dua-langkah", guard="signed_in", home="/akun")
def begin_totp() -> Any:
    """Begin to use an authenticator: the picture to scan, and where its first code is typed in."""
    try:
        calls.prove(_proof("begin_password"))
        with system().writing() as tx:
            begun = second_factor.begin(tx, identity.actor(), system().keys)
    except DomainError as error:
        return _refused(error, proof="begin_password")
    return _page(begun=begun), 201


@pages.route("POST", "/akun/dua-langkah/kode", guard="signed_in", home="/akun")
def confirm_totp() -> Any:
    """Put the authenticator into force, and show the recovery codes once."""
    try:
        codes = calls.confirmed(parse(CodeIn, {"code": "".join(request.form.get("code", "").split())}).code)
    except DomainError as error:
        with system().reading() as tx:
            begun = second_factor.pending(tx, identity.actor(), system().keys)
        return _refused(error, begun=begun)
    return _page(codes=codes)


@pages.route("POST", "/akun/dua-langkah/cadangan", guard="signed_in", home="/akun")
def renew_recovery() -> Any:
    """New recovery codes, shown once."""
    try:
        codes = calls.renewed(_proof("renew_password"))
    except DomainError as error:
        return _refused(error, proof="renew_password")
    return _page(codes=codes)


@pages.route("POST", "/akun/dua-langkah/lepas", guard="signed_in", home="/akun")
def remove_totp() -> Any:
    """Stop using the authenticator."""
    actor = identity.actor()
    try:
        calls.prove(_proof("remove_password"))
        with system().writing() as tx:
            second_factor.remove(tx, actor, accounts.own_id(actor))
    except DomainError as error:
        return _refused(error, proof="remove_password")
    return redirect("/akun", 303)


@pages.route("POST", "/akun/sesi/<session_id>/akhiri", guard="signed_in", home="/akun")
def end_session(session_id: str) -> Any:
    """End one of one's own sessions or tokens."""
    with system().writing() as tx:
        accounts.end_own_session(tx, identity.actor(), session_id)
    return redirect("/akun", 303)


def _proof(field: str) -> ProofIn:
    return parse(ProofIn, {"password": request.form.get(field, "")})


def _refused(error: DomainError, *, proof: str = "", begun: second_factor.Enrolment | None = None) -> Any:
    """The page again with what is wrong beside its field; `proof` is the form's field for the password."""
    if isinstance(error, Invalid):
        wrong = forms.problems(error, request.form)
        wrong = {proof if proof and name == "password" else name: said for name, said in wrong.items()}
        return _page(wrong, begun=begun), 422
    return _page(message=str(body_of(error)["error"]["message"]), begun=begun), status_of(error)


def _page(
    wrong: dict[str, str] | None = None, *, token: str = "", message: str = "", codes: list[str] | None = None,
    begun: second_factor.Enrolment | None = None,
) -> Response:  # fmt: skip
    identity.ask_anew()
    person = calls.the_person()
    with system().reading() as tx:
        is_whole = person.actor.scopes is None
        mine = accounts.sessions(tx, person.actor, identity.secret_of_request() or "") if is_whole else []
        left = tx.accounts.recovery_codes_left(person.actor.user_id or "")
    page = show(
        "account.html",
        sessions=mine,
        wrong=wrong or {},
        message=message,
        token=token,
        codes=codes,
        codes_left=left,
        begun=begun,
        picture=_picture(begun.uri) if begun else "",
        values=request.form if wrong or message else typed(),
        client_id=str(uuid4()),
        days=DAYS,
        scopes=[right for right in Permission if any(person.actor.giving(right))],
        standing=person.second_factor,
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _picture(uri: str) -> Markup:
    """The address as a QR code to scan, dark on light whatever the page's colours are."""
    drawn = segno.make(uri, micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr")
    return Markup(drawn)  # noqa: S704 - drawn by us: paths of squares, nothing of the address in letters
