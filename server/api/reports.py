"""Reports in, and tracking, without an account."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Response, g, jsonify, request

from server.api import identity
from server.api.contract import route, system
from server.api.identity import actor
from server.domain.errors import Invalid, NotFound
from server.domain.permissions import ANYONE
from server.services import intake, screening, tracking
from server.services.inputs import ReportIn, TrackIn, parse


def read(data: object) -> ReportIn:
    """What was sent, as a report. Raises Invalid naming every wrong field at once."""
    try:
        return parse(ReportIn, data)
    except Invalid as error:
        gazetteer = system().gazetteer()
        with system().reading() as tx:
            more = intake.also_wrong(tx, data, error.fields, gazetteer)
        raise Invalid({**more, **error.fields}) from None


@route(
    "POST",
    "/api/reports",
    guard="public",
    body=ReportIn,
    read=read,
    answers={
        201: "Stored, for good",
        202: "Stored, for good, and read by a person before it goes to the board: over a limit",
        200: "This client_id and content was stored before: the same answer",
    },
)
def add(body: ReportIn) -> Any:
    """Report a need; 201 and 202 mean on disk."""
    receipt = received(body)
    return marked(jsonify(receipt.answer)), status_of_receipt(receipt)


@route("GET", "/api/track/<code>", guard="public", answers={200: "State, clock, history in steps"})
def show(code: str) -> Any:
    """What became of a report."""
    return jsonify(tracked(code))


@route("POST", "/api/track/<code>", guard="public", body=TrackIn, answers={200: "The report as it is now"})
def act(code: str, body: TrackIn) -> Any:
    """Add to, confirm, reopen, rate or cancel one's own report."""
    act_on(code, body)
    return jsonify(tracked(code))


def received(body: ReportIn) -> intake.Receipt:
    """Store a report. Raises as `intake.receive`."""
    keys = system().keys
    g.mark = screening.mark_of(identity.sender(), keys)
    who = actor()
    # Staff enter the reports of many at one desk, scripts on the machine itself those of a drill or of another system.
    is_counted = who is ANYONE and not identity.is_own_machine()
    sender = screening.sender_of(request.remote_addr or "unknown", g.mark, keys) if is_counted else None
    return system().reports.do(intake.Sent(who, body, sender=sender))


def status_of_receipt(receipt: intake.Receipt) -> int:
    """200 for what was here before, 202 for what waits for a person, else 201."""
    return 200 if not receipt.is_new else 202 if receipt.waits else 201


def marked(answer: Response) -> Response:
    """The answer, with the mark by which the device's next report is known, if it had none."""
    mark = g.mark
    return identity.mark_sender(answer, mark.text) if mark.is_new else answer


def tracked(code: str) -> dict[str, Any]:
    """The tracking view. Raises as `found_by_code`."""
    return found_by_code(lambda tx: tracking.track(tx, code, system().keys))


def found_by_code(read: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """What a code leads to, with wrong codes counted per address. Raises NotFound, TooMany."""
    address = request.remote_addr or "unknown"
    with system().reading() as tx, suppress(NotFound):
        tracking.limit_wrong_codes(tx, address)
        return read(tx)
    with system().writing() as tx:
        tracking.count_wrong_code(tx, address)
    raise NotFound("unknown_code")


def act_on(code: str, body: TrackIn) -> None:
    """Do what the reporter asks, under the same limit. Raises as `tracking.act`."""
    tracked(code)
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        tracking.act(tx, actor(), code, body, gazetteer=gazetteer, keys=system().keys)
