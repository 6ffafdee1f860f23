"""The volunteers' pages: signing up, and one's own jobs. They belong to `pages.pages`, which binds them."""

from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from server.api import forms, identity, plain_work
from server.api.contract import system
from server.api.html import denied, show
from server.api.pages import pages
from server.domain import catalogue
from server.domain.errors import Invalid
from server.services import areas, volunteering
from server.services.inputs import parse
from server.services.inputs_supply import VolunteerIn
from server.services.places import SURE_SCORE

CHOICES = 8
"""How many areas of one name a person chooses from."""


@pages.route("GET", "/relawan", guard="public")
def sign_up_form() -> Any:
    """Offer to help."""
    return show("volunteer_signup.html", **_sign_up_page(MultiDict()))


@pages.route("POST", "/relawan", guard="public")
def sign_up() -> Any:
    """Sign up from the plain form; a home that several areas may be is asked about."""
    form = request.form
    home, choices = _home(form)
    try:
        body = parse(VolunteerIn, forms.volunteer(form, home))
        with system().writing() as tx:
            volunteering.sign_up(tx, identity.actor(), body, system().gazetteer(), system().keys)
    except Invalid as error:
        wrong = forms.problems(error, form)
        return show("volunteer_signup.html", **_sign_up_page(form, wrong, choices)), 422
    return show("volunteer_signup.html", **_sign_up_page(MultiDict()), is_done=True), 201


def _home(form: MultiDict[str, str]) -> tuple[str | None, list[dict[str, Any]]]:
    """The code of the home that the form names, or the areas to choose from."""
    if form.get("home_area"):
        return form["home_area"], []
    found = areas.search(system().gazetteer(), form.get("home_text", "").strip()[:200], None, None, CHOICES)
    choices = found["areas"]
    if choices and not found["ambiguous"] and choices[0]["score"] >= SURE_SCORE:
        return str(choices[0]["code"]), []
    return None, choices


def _sign_up_page(
    values: MultiDict[str, str], wrong: dict[str, str] | None = None, choices: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "values": values,
        "wrong": wrong or {},
        "choices": choices or [],
        "skills": catalogue.SKILLS,
        "vehicles": plain_work.VEHICLES,
    }


@pages.route("GET", "/relawan/tugas", guard="signed_in")
def jobs() -> Any:
    """A volunteer's check-in, offers and jobs; the page's script fills it, also from what it kept."""
    if not identity.actor().volunteer_id:
        return denied("jobs")
    return show("volunteer_home.html", **plain_work.work_page())
