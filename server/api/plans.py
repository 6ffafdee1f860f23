"""Plans: ask for one, look at it, approve it."""

from typing import Any
from uuid import UUID

from flask import jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.services import approvals, plans, what_if
from server.services.inputs_dispatch import ApproveIn, PlanIn
from server.services.inputs_planning import WhatIfIn


@route("POST", "/api/plans", guard="signed_in", body=PlanIn, answers={202: "Asked for; `PlanReady` tells when it is"})
def add(body: PlanIn) -> Any:
    """Ask for a plan over all open needs of an incident in an area."""
    with system().writing() as tx:
        return jsonify(plans.request(tx, actor(), body)), 202


@route(
    "POST",
    "/api/plans/what-if",
    guard="signed_in",
    body=WhatIfIn,
    answers={202: "Asked; `PlanReady` tells when the plan of this id answers it, for an hour"},
)
def ask_what_if(body: WhatIfIn) -> Any:
    """Ask what the plan would be if some things were otherwise; it can never be approved."""
    with system().writing() as tx:
        return jsonify(what_if.ask(tx, actor(), body)), 202


@route(
    "GET",
    "/api/plans",
    guard="signed_in",
    query={"incident": "slug; the standing incident by default"},
    answers={200: "The last plans, the newest first, without matches"},
)
def latest() -> Any:
    """The last plans of an incident."""
    with system().reading() as tx:
        return jsonify({"plans": plans.latest(tx, actor(), request.args.get("incident")), "next": None})


@route("GET", "/api/plans/<uuid:plan_id>", guard="signed_in", answers={200: "Matches, cost, bound, gap, unmet needs"})
def show(plan_id: UUID) -> Any:
    """A plan with the reasons for every match and every need that stays open."""
    with system().reading() as tx:
        return jsonify(plans.show(tx, actor(), str(plan_id)))


@route(
    "POST",
    "/api/plans/<uuid:plan_id>/approve",
    guard="signed_in",
    body=ApproveIn,
    answers={200: "Ids of the assignments made, and what did not hold any more, with why"},
)
def approve(plan_id: UUID, body: ApproveIn) -> Any:
    """Make assignments of what is still free and still wanted of a plan."""
    with system().writing() as tx:
        return jsonify(approvals.approve(tx, actor(), str(plan_id), body))
