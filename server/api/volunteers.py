"""Volunteers: signing up, being accepted, checking in."""

from typing import Any
from uuid import UUID

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.api.listing import PART, asked
from server.services import volunteering
from server.services.inputs import ReasonIn
from server.services.inputs_supply import CheckinChangeIn, CheckinIn, VolunteerIn

STATES = {**PART, "state": "pending, accepted or refused"}


@route("POST", "/api/volunteers", guard="public", body=VolunteerIn, answers={201: "Kept until a coordinator accepts"})
def sign_up(body: VolunteerIn) -> Any:
    """Offer to help."""
    gazetteer, keys = system().gazetteer(), system().keys
    with system().writing() as tx:
        return jsonify(volunteering.sign_up(tx, actor(), body, gazetteer, keys)), 201


@route("GET", "/api/volunteers", guard="signed_in", query=STATES, answers={200: "`volunteers` and `next`"})
def listed() -> Any:
    """Volunteers at home in my area; of phones the last three digits."""
    with system().reading() as tx:
        return jsonify(volunteering.listed(tx, actor(), asked(), system().keys))


@route(
    "POST",
    "/api/volunteers/<uuid:volunteer_id>/accept",
    guard="signed_in",
    answers={200: "`name` and `one_time_password`, shown once"},
)
def accept(volunteer_id: UUID) -> Any:
    """Accept a volunteer and make their account."""
    with system().writing() as tx:
        return jsonify(volunteering.accept(tx, actor(), str(volunteer_id)))


@route("POST", "/api/volunteers/<uuid:volunteer_id>/refuse", guard="signed_in", answers={200: "`state`"})
def refuse(volunteer_id: UUID) -> Any:
    """Turn a volunteer down."""
    with system().writing() as tx:
        return jsonify(volunteering.refuse(tx, actor(), str(volunteer_id)))


@route(
    "POST",
    "/api/volunteers/<uuid:volunteer_id>/reveal",
    guard="signed_in",
    body=ReasonIn,
    answers={200: "Name and phone in clear"},
)
def reveal(volunteer_id: UUID, body: ReasonIn) -> Any:
    """Show a volunteer's contact, for a reason that is written down."""
    with system().writing() as tx:
        found = volunteering.reveal_contact(tx, actor(), str(volunteer_id), body.reason, system().keys)
    return jsonify(found)


@route("POST", "/api/checkins", guard="signed_in", body=CheckinIn, answers={201: "My check-in"})
def check_in(body: CheckinIn) -> Any:
    """I am here and help until then."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(volunteering.check_in(tx, actor(), body, gazetteer)), 201


@route("GET", "/api/checkins/current", guard="signed_in", answers={200: "`checkin`: mine, or null"})
def current() -> Any:
    """My check-in that holds now."""
    with system().reading() as tx:
        return jsonify({"checkin": volunteering.current(tx, actor())})


@route("PATCH", "/api/checkins/current", guard="signed_in", body=CheckinChangeIn, answers={200: "My check-in now"})
def change(body: CheckinChangeIn) -> Any:
    """Change where I am, until when, or with what."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(volunteering.change_checkin(tx, actor(), body, gazetteer))


@route("DELETE", "/api/checkins/current", guard="signed_in", answers={204: "Checked out"})
def check_out() -> Any:
    """I stop helping for now."""
    with system().writing() as tx:
        volunteering.check_out(tx, actor())
    return "", 204
