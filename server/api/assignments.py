"""Assignments: made by hand, offered, and each step until the help is confirmed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.domain.errors import Invalid, Problem
from server.services import assignments, handovers, offers, overdue, reassigning
from server.services.inputs_dispatch import AssignIn, CancelIn, DeclineIn, DeliverIn, FailIn, OfferIn, StepIn
from server.services.inputs_planning import ReassignIn

NOW = {200: "The assignment now", 409: "A lost race: the present state"}


@route("POST", "/api/assignments", guard="signed_in", body=AssignIn, answers={201: "Proposed; its goods are held"})
def add(body: AssignIn) -> Any:
    """Make an assignment by hand, with the reason."""
    with system().writing() as tx:
        return jsonify(assignments.assign(tx, actor(), body)), 201


def _step(step: Callable[..., Any], assignment_id: UUID, body: StepIn) -> Any:
    with system().writing() as tx:
        return jsonify(step(tx, actor(), str(assignment_id), body))


@route("POST", "/api/assignments/<uuid:assignment_id>/offer", guard="signed_in", body=OfferIn, answers=NOW)
def offer(assignment_id: UUID, body: OfferIn) -> Any:
    """Ask a volunteer, or let the automatic round begin."""
    return _step(offers.offer, assignment_id, body)


@route("POST", "/api/assignments/<uuid:assignment_id>/accept", guard="signed_in", body=StepIn, answers=NOW)
def accept(assignment_id: UUID, body: StepIn) -> Any:
    """Take an assignment that was offered to me."""
    return _step(offers.accept, assignment_id, body)


@route(
    "POST",
    "/api/assignments/<uuid:assignment_id>/decline",
    guard="signed_in",
    body=DeclineIn,
    answers={200: "Declined", 409: "Closed already"},
)
def decline(assignment_id: UUID, body: DeclineIn) -> Any:
    """Say no to an assignment that was offered to me."""
    return _step(offers.decline, assignment_id, body)


@route(
    "POST",
    "/api/assignments/<uuid:assignment_id>/reassign",
    guard="signed_in",
    body=ReassignIn,
    answers={200: "The new assignment; the former one is cancelled"},
)
def reassign(assignment_id: UUID, body: ReassignIn) -> Any:
    """Give it to another volunteer, or take its goods from another lot, with the reason."""
    return _step(reassigning.reassign, assignment_id, body)


@route("POST", "/api/assignments/<uuid:assignment_id>/depart", guard="signed_in", body=StepIn, answers=NOW)
def depart(assignment_id: UUID, body: StepIn) -> Any:
    """Set off with the goods."""
    return _step(assignments.depart, assignment_id, body)


@route("POST", "/api/assignments/<uuid:assignment_id>/all_well", guard="signed_in", body=StepIn, answers=NOW)
def all_well(assignment_id: UUID, body: StepIn) -> Any:
    """Say that I am all right and need longer, or that I have heard so."""
    return _step(overdue.all_well, assignment_id, body)


@route(
    "POST",
    "/api/assignments/<uuid:assignment_id>/deliver",
    guard="signed_in",
    body=DeliverIn,
    answers={200: "The assignment now, also when this client_id came before", 409: "The present state"},
)
def deliver(assignment_id: UUID, body: DeliverIn) -> Any:
    """Hand over, with the recipient's code or a photo and the place."""
    with system().writing() as tx:
        handed = handovers.deliver(tx, actor(), str(assignment_id), body)
    if handed.tries_left is not None:
        raise Invalid({"code": Problem("wrong_delivery_code", {"left": handed.tries_left})})
    return jsonify(handed.assignment)


@route("POST", "/api/assignments/<uuid:assignment_id>/confirm", guard="signed_in", body=StepIn, answers=NOW)
def confirm(assignment_id: UUID, body: StepIn) -> Any:
    """Confirm that the help arrived; not by who delivered it."""
    return _step(assignments.confirm, assignment_id, body)


@route("POST", "/api/assignments/<uuid:assignment_id>/fail", guard="signed_in", body=FailIn, answers=NOW)
def fail(assignment_id: UUID, body: FailIn) -> Any:
    """Give an assignment up; its goods come back or are lost."""
    return _step(assignments.fail, assignment_id, body)


@route("POST", "/api/assignments/<uuid:assignment_id>/cancel", guard="signed_in", body=CancelIn, answers=NOW)
def cancel(assignment_id: UUID, body: CancelIn) -> Any:
    """Call an assignment off."""
    return _step(assignments.cancel, assignment_id, body)
