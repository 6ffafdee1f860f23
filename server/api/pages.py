"""The pages that need no role: home, report, track, sign-in, and being offline."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from server.api import forms, identity
from server.api.contract import system
from server.api.errors import body_of, status_of, tell
from server.api.html import Pages, home_of_person, kept, show, show_to_anyone
from server.api.photos import keep_for_report
from server.api.reports import act_on, marked, read, received, status_of_receipt, tracked
from server.api.session import entered, signed_in
from server.api.words import word
from server.domain import catalogue, consent
from server.domain.errors import Conflict, DomainError, Invalid, NotFound, NotSignedIn, TooMany
from server.services import accounts, incidents, intake
from server.services.inputs import ReportIn, SessionIn, TrackIn, parse

pages = Pages()
install = pages.install
PHOTOS_OF_A_FORM = 5
SENT, SENT_KEPT_S = "lapor", 3600
"""The cookie with the client id and the digest of the last report from the plain form."""


@pages.route("GET", "/", guard="public")
def home() -> Any:
    """What this is, and the ways in."""
    return show("home.html", incidents=_incidents(None))


@pages.route("GET", "/offline", guard="public")
def offline() -> Any:
    """What the service worker shows when neither the network nor a kept page answers."""
    return kept(show_to_anyone("offline.html"))


@pages.route("GET", "/lapor", guard="public")
def report_form() -> Any:
    """The empty form; with `X-Shell` the one that the service worker keeps for anybody on the phone."""
    if "X-Shell" in request.headers:
        return kept(show_to_anyone("report.html", **_report_page(MultiDict(), client_id="")))
    return show("report.html", **_report_page(request.args))


@pages.route("POST", "/lapor", guard="public")
def report() -> Any:
    """Take a report from the plain form; what is wrong stands beside its field and nothing typed is lost."""
    form = request.form
    try:
        body = _same_again(read(forms.report(form)))
        receipt = received(body)
    except Invalid as error:
        wrong = forms.problems(error, form)
        return show("report.html", **_report_page(form, wrong, client_id=form.get("client_id"))), 422
    except Conflict:
        return show("report.html", **_report_page(form, message=word("report.sent_before"))), 409
    unkept = _keep_photos(str(body.client_id), receipt.answer["code"])
    page = show("received.html", answer=receipt.answer, unkept=unkept)
    return marked(_remember_sent(make_response(page, status_of_receipt(receipt)), body))


def _same_again(body: ReportIn) -> ReportIn:
    """The report under the client id that the same content had before: going back may have made a fresh form."""
    client_id, _, content = request.cookies.get(identity.page_cookie(SENT), "").partition(":")
    if content != intake.content_hash(body).hex():
        return body
    return parse(ReportIn, forms.report(request.form) | {"client_id": client_id})


def _remember_sent(answer: Response, body: ReportIn) -> Response:
    value = f"{body.client_id}:{intake.content_hash(body).hex()}"
    answer.set_cookie(
        identity.page_cookie(SENT), value, max_age=SENT_KEPT_S, httponly=True, secure=identity.is_https(),
        samesite="Lax", path="/lapor",
    )  # fmt: skip
    return answer


def _keep_photos(client_id: str, code: str) -> list[str]:
    """Keep the form's photos; the report is on disk already. Returns why, for each that could not be kept."""
    sent = [file for file in request.files.getlist("photo") if file.filename][:PHOTOS_OF_A_FORM]
    problems = []
    for n, file in enumerate(sent, 1):
        try:
            keep_for_report(client_id, code, n, file.stream.read())
        except DomainError as error:
            problems += list(body_of(error)["error"]["fields"].values()) or [body_of(error)["error"]["message"]]
    return problems


def _report_page(
    values: MultiDict[str, str], wrong: dict[str, str] | None = None, message: str = "", client_id: str | None = None
) -> dict[str, Any]:
    """What the form's template needs; a client id of its own makes a second sending harmless."""
    wrong = wrong or {}
    other = [item for item in forms.OTHER_ITEMS if item in values.getlist("need")]
    return {
        "values": values,
        "wrong": wrong,
        "message": message,
        "consent": consent.VERSION,
        "client_id": str(uuid4()) if client_id is None else client_id,
        "incidents": _incidents(values.get("incident")),
        "over": _over(values.get("incident")),
        "dangers": forms.DANGERS,
        "groups": forms.GROUPS,
        "common_items": forms.COMMON_ITEMS,
        "other_items": forms.OTHER_ITEMS,
        "units": {item.code: item.unit for item in catalogue.ITEMS.values()},
        "other_open": bool(other),
        "groups_open": any(values.get(group) or group in wrong for group in forms.GROUPS),
    }


def _incidents(asked: str | None) -> list[dict[str, Any]]:
    """Open incidents; one for training only when its own link asks for it."""
    with system().reading() as tx:
        return [found for found in incidents.listed(tx) if not found["training"] or found["slug"] == asked]


def _over(asked: str | None) -> str | None:
    """The name of the incident that the link is of, when it is over."""
    with system().reading() as tx:
        return incidents.over(tx, asked)


@pages.route("GET", "/lacak", guard="public")
def find() -> Any:
    """Where a tracking code is typed in."""
    code = request.args.get("code", "").strip()
    if code:
        return redirect(f"/lacak/{quote(code, safe='')}", 303)
    return show("track_find.html", wrong={"code": word("errors.required")} if "code" in request.args else {})


@pages.route("GET", "/lacak/<code>", guard="public")
def track(code: str) -> Any:
    """What became of a report."""
    return _track_page(code)


@pages.route("POST", "/lacak/<code>", guard="public")
def track_action(code: str) -> Any:
    """Add to, answer, confirm, reopen, rate or cancel one's own report, from a plain form."""
    form = request.form
    try:
        act_on(code, parse(TrackIn, forms.tracked_action(form, system().gazetteer())))
    except Invalid as error:
        return _track_page(code, forms.problems(error, form), status=422)
    except Conflict as error:
        return _track_page(code, message=body_of(error)["error"]["message"], status=409)
    except (NotFound, TooMany):
        return _track_page(code)
    return redirect(f"/lacak/{quote(code, safe='')}?terkirim={form['action']}", 303)


def _track_page(code: str, wrong: dict[str, str] | None = None, message: str = "", status: int = 200) -> Any:
    try:
        report = tracked(code)
    except (NotFound, TooMany) as error:
        problem = body_of(error)["error"]["message"]
        return show("track_find.html", code=code, wrong={"code": problem}), status_of(error)
    page = show("track.html", report=report, values=request.form, wrong=wrong or {}, message=message)
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.route("GET", "/masuk", guard="public")
def sign_in_form() -> Any:
    """Sign in; who is signed in already goes on."""
    person = identity.current()
    if person is None:
        return show("signin.html", values=MultiDict({"next": _next()}), wrong={})
    stays = person.must_change or person.second_factor == "missing"
    return redirect("/akun" if stays else _next() or home_of_person(), 303)


@pages.route("POST", "/masuk", guard="public")
def sign_in() -> Any:
    """Begin a session from the plain form."""
    try:
        secret, person = signed_in(parse(SessionIn, forms.session(request.form)))
    except Invalid as error:
        return show("signin.html", values=request.form, wrong=forms.problems(error, request.form)), 422
    except (NotSignedIn, TooMany) as error:
        tell(error)
        message = body_of(error)["error"]["message"]
        return show("signin.html", values=request.form, wrong={"password": message}), status_of(error)
    answer = redirect(f"/masuk?next={quote(_next())}", 303)
    return entered(make_response(answer), secret, person)


def _next() -> str:
    r"""The page that was asked for before signing in, if it is one of ours.

    Browsers read `/\host` as `//host`, and leave out tabs and line ends wherever they stand.
    """
    path = request.values.get("next", "")
    is_ours = path.startswith("/") and path.isprintable() and not path.startswith(("//", "/masuk")) and "\\" not in path
    return path if is_ours else ""


@pages.route("POST", "/keluar", guard="signed_in", home="/akun")
def sign_out() -> Any:
    """End the session."""
    with system().writing() as tx:
        accounts.sign_out(tx, identity.secret_of_request() or "")
    return identity.forget(make_response(redirect("/", 303)))
