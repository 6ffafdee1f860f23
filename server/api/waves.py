"""Waves: drafted for a time of departure, edited, approved as one by the plan's own call."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.services import plans, waves
from server.services.inputs_planning import WaveEditIn, WaveIn


@route("POST", "/api/waves", guard="signed_in", body=WaveIn, answers={202: "Asked for; `PlanReady` tells when it is"})
def add(body: WaveIn) -> Any:
    """Ask for a draft over all open needs, to depart at a time."""
    with system().writing() as tx:
        return jsonify(waves.draft(tx, actor(), body)), 202


@route(
    "GET",
    "/api/waves",
    guard="signed_in",
    query={"incident": "slug; the standing incident by default"},
    answers={200: "The last `waves`, the newest first, without matches"},
)
def latest() -> Any:
    """The last waves of an incident."""
    with system().reading() as tx:
        found = plans.latest(tx, actor(), request.args.get("incident"), kind="wave")
        return jsonify({"waves": found, "next": None})


@route("POST", "/api/waves/<uuid:plan_id>/edit", guard="signed_in", body=WaveEditIn, answers={200: "The draft now"})
def edit(plan_id: UUID, body: WaveEditIn) -> Any:
    """Take matches out, put them back, set quantities, with the reason."""
    with system().writing() as tx:
        return jsonify(waves.edit(tx, actor(), str(plan_id), body))
