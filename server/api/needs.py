"""Needs: who or what can serve one."""

from typing import Any

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.services.candidates import for_need


@route(
    "GET",
    "/api/needs/<int:need_id>/candidates",
    guard="signed_in",
    answers={200: "The best candidates, each with its terms and what it lacks"},
)
def candidates(need_id: int) -> Any:
    """Lots or volunteers for a need, ranked at once."""
    with system().reading() as tx:
        return jsonify(for_need(tx, actor(), need_id))
