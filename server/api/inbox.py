"""Cases that go from one unit to another, and what waits for a person's units."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.services import referrals, units
from server.services.inputs import AgencyIn, AnswerIn, PassIn

INCIDENT = {"incident": "slug of the incident; the standing one without"}


@route("GET", "/api/inbox", guard="signed_in", query=INCIDENT, answers={200: "What waits for the person's units"})
def inbox() -> Any:
    """Passed to one's units, passed on by them, raised to them because a clock ran out, accepted by them."""
    with system().reading() as tx:
        return jsonify(referrals.inbox(tx, actor(), request.args.get("incident") or None))


@route("GET", "/api/cases/<int:case_id>/units", guard="signed_in", answers={200: "Units that a case may be passed to"})
def targets(case_id: int) -> Any:
    """Levels above and below, other regencies and agencies at which somebody can answer."""
    with system().reading() as tx:
        return jsonify({"units": referrals.targets(tx, actor(), case_id)})


@route("POST", "/api/cases/<int:case_id>/pass", guard="signed_in", body=PassIn, answers={201: "The referral"})
def pass_on(case_id: int, body: PassIn) -> Any:
    """Pass a case, or one need of it, to another unit, with a reason; its clock runs on."""
    with system().writing() as tx:
        return jsonify(referrals.pass_on(tx, actor(), case_id, body)), 201


def _answer(referral_id: UUID, action: str, body: AnswerIn) -> Any:
    with system().writing() as tx:
        return jsonify(referrals.answer(tx, actor(), str(referral_id), action, body))


@route("POST", "/api/referrals/<uuid:referral_id>/accept", guard="signed_in", body=AnswerIn, answers={200: "It now"})
def accept(referral_id: UUID, body: AnswerIn) -> Any:
    """Take over what was passed to one's unit."""
    return _answer(referral_id, "accept", body)


@route("POST", "/api/referrals/<uuid:referral_id>/return", guard="signed_in", body=AnswerIn, answers={200: "It now"})
def give_back(referral_id: UUID, body: AnswerIn) -> Any:
    """Give back what was passed to one's unit, with a reason."""
    return _answer(referral_id, "give_back", body)


@route("POST", "/api/referrals/<uuid:referral_id>/withdraw", guard="signed_in", body=AnswerIn, answers={200: "It now"})
def withdraw(referral_id: UUID, body: AnswerIn) -> Any:
    """Take back what one's unit passed on, as long as nobody has answered."""
    return _answer(referral_id, "withdraw", body)


@route("GET", "/api/agencies", guard="signed_in", answers={200: "Every agency"})
def agencies() -> Any:
    """The agencies: code, name, kind, area."""
    with system().reading() as tx:
        return jsonify({"agencies": units.agencies(tx, actor())})


@route("POST", "/api/agencies", guard="signed_in", body=AgencyIn, answers={201: "The agency"})
def add_agency(body: AgencyIn) -> Any:
    """A new agency."""
    with system().writing() as tx:
        return jsonify(units.add_agency(tx, actor(), body)), 201
