"""A volunteer's work without scripts: every step of a job as a plain form. The pages belong to `pages.pages`.

A step that was taken leads back to the page, so that going back or pressing twice takes none again; one that was
refused shows the page anew, with what was typed and what is wrong beside it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

from flask import redirect, request
from werkzeug.datastructures import MultiDict

from server.api import forms, identity
from server.api.contract import system
from server.api.errors import body_of, status_of
from server.api.html import denied, show, typed
from server.api.pages import pages
from server.domain import catalogue
from server.domain.errors import DomainError, Invalid, NotFound, Problem
from server.domain.permissions import Actor
from server.services import areas, assignments, distress, handovers, my_work, offers, overdue, volunteering
from server.services.inputs import Input, parse
from server.services.inputs_dispatch import DeclineIn, DeliverIn, DistressIn, FailIn, StepIn
from server.services.inputs_supply import CheckinIn, Vehicle
from server.services.places import SURE_SCORE

HOME = "/relawan/tugas"
KEPT = frozenset({"at", "code", "reason", "place_text", "hours", "vehicle", "note"})
"""What somebody typed is still there after they had to sign in in the middle of a form."""
VEHICLES: tuple[str, ...] = get_args(Vehicle)
Form = MultiDict[str, str]
Step = tuple[Callable[..., Any], type[Input], tuple[str, ...]]
STEPS: Mapping[str, Step] = {
    "accept": (offers.accept, StepIn, ()),
    "decline": (offers.decline, DeclineIn, ()),
    "depart": (assignments.depart, StepIn, ()),
    "all_well": (overdue.all_well, StepIn, ()),
    "deliver": (handovers.deliver, DeliverIn, ("client_id", "code")),
    "fail": (assignments.fail, FailIn, ("reason",)),
}
"""What a form asks for: the service, what it accepts, and the fields of the form that go into it."""


def work_page(wrong: Mapping[str, str] | None = None, problem: str = "", at: str = "") -> dict[str, Any]:
    """What the page without scripts shows: check-in, offers and jobs; `wrong` by field is about the thing `at`."""
    values = request.form if request.method == "POST" else typed()
    choices = {"skills": catalogue.SKILLS, "vehicles": VEHICLES}
    told = {"values": values, "wrong": wrong or {}, "problem": problem, "at": at, "new_id": str(uuid4())}
    return {"plain": _read(identity.actor()), **choices, **told}


def _read(actor: Actor) -> dict[str, Any]:
    with system().reading() as tx:
        plain: dict[str, Any] = {
            "offers": my_work.offered(tx, actor),
            "jobs": my_work.taken(tx, actor),
            "checkin": volunteering.current(tx, actor),
            "call": distress.mine(tx, actor),
        }
    codes = {one["area"] for one in [*plain["offers"], *plain["jobs"], *filter(None, [plain["checkin"]])]}
    return plain | {"areas": {code: _name(code) for code in codes}}


def _name(code: str) -> str:
    try:
        found = areas.one(system().gazetteer(), code)
    except NotFound:
        return code
    return ", ".join([found["name"], *(area["name"] for area in reversed(found["parents"]))][:3])


@pages.route("POST", "/relawan/tugas/<uuid:assignment_id>/<action>", guard="signed_in", home=HOME, keeps=KEPT)
def step(assignment_id: UUID, action: str) -> Any:
    """Accept, decline, depart, deliver, all_well or fail, from a plain form."""
    try:
        _take(str(assignment_id), action)
    except DomainError as error:
        return _refused(error, str(assignment_id))
    return redirect(HOME, 303)


def _take(assignment_id: str, action: str) -> None:
    if action not in STEPS:
        raise NotFound
    service, accepted, names = STEPS[action]
    body = parse(accepted, {name: request.form[name].strip() for name in names if request.form.get(name)})
    with system().writing() as tx:
        done = service(tx, identity.actor(), assignment_id, body)
    if isinstance(done, handovers.HandOver) and done.tries_left is not None:
        raise Invalid({"code": Problem("wrong_delivery_code", {"left": done.tries_left})})


@pages.route("POST", "/relawan/lapor-diri", guard="signed_in", home=HOME, keeps=KEPT)
def check_in() -> Any:
    """I am here and help until then; a place that several areas may be is asked about."""
    form = request.form
    found = _place(form)
    fields = {"until": _until(form), "vehicle": form.get("vehicle") or None, "team": _team(form), **found}
    try:
        body = parse(CheckinIn, {name: value for name, value in fields.items() if value is not None})
        with system().writing() as tx:
            volunteering.check_in(tx, identity.actor(), body, system().gazetteer())
    except DomainError as error:
        return _refused(error, "check-in")
    return redirect(HOME, 303)


def _place(form: Form) -> dict[str, Any]:
    found = areas.search(system().gazetteer(), form.get("place_text", "").strip()[:200], None, None, 1)["areas"]
    return {"area_code": str(found[0]["code"])} if found and found[0]["score"] >= SURE_SCORE else {}


def _until(form: Form) -> str:
    hours = form.get("hours", "")
    return (system().now() + timedelta(hours=int(hours) if hours.isdecimal() and len(hours) < 5 else 0)).isoformat()


def _team(form: Form) -> int | None:
    team = form.get("team", "")
    return int(team) if team.isdecimal() and len(team) < 9 else None


@pages.route("POST", "/relawan/pulang", guard="signed_in", home=HOME, keeps=KEPT)
def check_out() -> Any:
    """I stop helping for now."""
    try:
        with system().writing() as tx:
            volunteering.check_out(tx, identity.actor())
    except DomainError as error:
        return _refused(error, "check-in")
    return redirect(HOME, 303)


@pages.route("POST", "/relawan/tolong", guard="signed_in", home=HOME, keeps=KEPT)
def call_for_help() -> Any:
    """I need help."""
    given = {name: request.form[name].strip() for name in ("client_id", "note") if request.form.get(name)}
    try:
        with system().writing() as tx:
            distress.call(tx, identity.actor(), parse(DistressIn, given))
    except DomainError as error:
        return _refused(error, "distress")
    return redirect(HOME, 303)


def _refused(error: DomainError, at: str) -> Any:
    if not identity.actor().volunteer_id:
        return denied("jobs")
    wrong = forms.problems(error, request.form) if isinstance(error, Invalid) else {}
    problem = "" if wrong else body_of(error)["error"]["message"]
    return show("volunteer_home.html", **work_page(wrong, problem, at)), status_of(error)
