"""The moderation queue for scripts: what waits, letting in and turning down, blocks and appeals."""

from typing import Any
from uuid import UUID

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.services import moderation
from server.services.inputs import ReasonIn
from server.services.inputs_moderation import AppealAnswerIn, BlockIn, ChoiceIn


@route("GET", "/api/moderation", guard="signed_in", answers={200: "Groups of reports, photos, blocks"})
def queue() -> Any:
    """What waits for a person's eyes in one's areas."""
    with system().reading() as tx:
        return jsonify(moderation.queue(tx, actor()))


@route("POST", "/api/moderation/let_in", guard="signed_in", body=ChoiceIn, answers={200: "How many, and how many wait"})
def let_in(body: ChoiceIn) -> Any:
    """Let reports in quarantine go to the board."""
    with system().writing() as tx:
        return jsonify(moderation.let_in(tx, actor(), body))


@route("POST", "/api/moderation/reject", guard="signed_in", body=ChoiceIn, answers={200: "How many, and how many wait"})
def reject(body: ChoiceIn) -> Any:
    """Turn reports in quarantine down, with a reason that their reporters read."""
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(moderation.reject(tx, actor(), body, gazetteer))


@route("POST", "/api/reports/<report_id>/block", guard="signed_in", body=BlockIn, answers={201: "The block"})
def block(report_id: str, body: BlockIn) -> Any:
    """Let the reports of who sent this one wait in quarantine, for a time."""
    with system().writing() as tx:
        return jsonify(moderation.block(tx, actor(), report_id, body)), 201


@route("POST", "/api/blocks/<uuid:block_id>/end", guard="signed_in", body=ReasonIn, answers={200: "The block now"})
def end(block_id: UUID, body: ReasonIn) -> Any:
    """Take a block back before its time."""
    with system().writing() as tx:
        return jsonify(moderation.end_block(tx, actor(), str(block_id), body.reason))


@route(
    "POST", "/api/blocks/<uuid:block_id>/appeal", guard="signed_in", body=AppealAnswerIn, answers={200: "The block now"}
)
def appeal(block_id: UUID, body: AppealAnswerIn) -> Any:
    """Answer a blocked sender's objection; another person than who blocked."""
    with system().writing() as tx:
        return jsonify(moderation.answer_appeal(tx, actor(), str(block_id), body))
