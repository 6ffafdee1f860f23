"""Volunteers and their check-ins."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.services import volunteering
from server.services.inputs_supply import CheckinChangeIn, CheckinIn, VolunteerIn


@route("POST", "/api/volunteers", guard="public", body=VolunteerIn, answers={201: "Waits for a coordinator"})
def sign_up(body: VolunteerIn) -> Any:
    """Offer to help."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(volunteering.sign_up(tx, actor(), body, gazetteer, system().keys)), 201


@route(
    "GET",
    "/api/volunteers",
    guard="signed_in",
    query={"incident": "slug", "area": "area code", "state": "pending, accepted or refused"},
    answers={200: "Volunteers of the area, without contacts"},
)
def listed() -> Any:
    """Volunteers whose home is in an area."""
    args = request.args
    with system().reading() as tx:
        found = volunteering.listed(tx, actor(), args.get("incident"), args.get("area"), args.get("state"))
    return jsonify({"volunteers": found, "next": None})


@route("POST", "/api/volunteers/<uuid:volunteer_id>/accept", guard="signed_in", answers={200: "Name and password, once"})
def accept(volunteer_id: UUID) -> Any:
    """Take a volunteer on."""
    with system().writing() as tx:
        return jsonify(volunteering.accept(tx, actor(), str(volunteer_id)))


@route("POST", "/api/volunteers/<uuid:volunteer_id>/refuse", guard="signed_in", answers={200: "Turned down"})
def refuse(volunteer_id: UUID) -> Any:
    """Turn a volunteer down."""
    with system().writing() as tx:
        return jsonify(volunteering.refuse(tx, actor(), str(volunteer_id)))


@route("POST", "/api/checkins", guard="signed_in", body=CheckinIn, answers={201: "Checked in"})
def check_in(body: CheckinIn) -> Any:
    """Say where I am, until when, with which skills and vehicle."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(volunteering.check_in(tx, actor(), body, gazetteer)), 201


@route("GET", "/api/checkins/current", guard="signed_in", answers={200: "My check-in, or null"})
def current() -> Any:
    """My current check-in."""
    with system().writing() as tx:
        return jsonify({"checkin": volunteering.current(tx, actor())})


@route("PATCH", "/api/checkins/current", guard="signed_in", body=CheckinChangeIn, answers={200: "My check-in now"})
def change(body: CheckinChangeIn) -> Any:
    """Change parts of my check-in."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(volunteering.change(tx, actor(), body, gazetteer))


@route("DELETE", "/api/checkins/current", guard="signed_in", answers={204: "Checked out"})
def check_out() -> Any:
    """Check out."""
    with system().writing() as tx:
        volunteering.check_out(tx, actor())
    return "", 204
