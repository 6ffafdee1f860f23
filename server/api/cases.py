"""Cases: what staff see of one, and what they do with it."""

from typing import Any

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.services import cases, looking
from server.services.inputs import CaseActionIn, LookIn, ReasonIn


@route("GET", "/api/cases/<int:case_id>", guard="signed_in", answers={200: "The case, without contacts"})
def show(case_id: int) -> Any:
    """All that staff may see of a case."""
    with system().reading() as tx:
        return jsonify(cases.detail(tx, actor(), case_id))


@route("POST", "/api/cases/<int:case_id>/look", guard="signed_in", body=LookIn, answers={200: "`others` who look, too"})
def look(case_id: int, body: LookIn) -> Any:
    """Say that one looks at a case, and hear who else does; said again every few seconds."""
    with system().writing() as tx:
        return jsonify(looking.look(tx, actor(), case_id, away=body.away))


def _act(case_id: int, action: str, body: CaseActionIn) -> Any:
    gazetteer = system().gazetteer()
    with system().writing() as tx:
        return jsonify(cases.act(tx, actor(), case_id, action, body, gazetteer))


@route("POST", "/api/cases/<int:case_id>/verify", guard="signed_in", body=CaseActionIn, answers={200: "The case now"})
def verify(case_id: int, body: CaseActionIn) -> Any:
    """Believe a case, setting place, people or needs right."""
    return _act(case_id, "verify", body)


@route("POST", "/api/cases/<int:case_id>/reject", guard="signed_in", body=CaseActionIn, answers={200: "The case now"})
def reject(case_id: int, body: CaseActionIn) -> Any:
    """Turn a case down, with a reason that its reporters read."""
    return _act(case_id, "reject", body)


@route(
    "POST", "/api/cases/<int:case_id>/take_back", guard="signed_in", body=CaseActionIn, answers={200: "The case now"}
)
def take_back(case_id: int, body: CaseActionIn) -> Any:
    """Undo the last verdict (verify or reject), while nothing was made of it."""
    return _act(case_id, "take_back", body)


@route("POST", "/api/cases/<int:case_id>/merge", guard="signed_in", body=CaseActionIn, answers={200: "The case now"})
def merge(case_id: int, body: CaseActionIn) -> Any:
    """Hang a case's reports on another case (`into`), or those of others on this one (`take`)."""
    return _act(case_id, "merge", body)


@route(
    "POST", "/api/cases/<int:case_id>/keep_apart", guard="signed_in", body=CaseActionIn, answers={200: "The case now"}
)
def keep_apart(case_id: int, body: CaseActionIn) -> Any:
    """Say that another case (`into`) is not the same; it is not suggested again."""
    return _act(case_id, "keep_apart", body)


@route("POST", "/api/cases/<int:case_id>/split", guard="signed_in", body=CaseActionIn, answers={200: "The case now"})
def split(case_id: int, body: CaseActionIn) -> Any:
    """Give some of a case's reports (`report_ids`) a case of their own."""
    return _act(case_id, "split", body)


@route("POST", "/api/cases/<int:case_id>/ask", guard="signed_in", body=CaseActionIn, answers={200: "The case now"})
def ask(case_id: int, body: CaseActionIn) -> Any:
    """Ask the reporters something (`text`); their clock pauses."""
    return _act(case_id, "ask", body)


@route("POST", "/api/cases/<int:case_id>/note", guard="signed_in", body=CaseActionIn, answers={200: "The case now"})
def note(case_id: int, body: CaseActionIn) -> Any:
    """Write a note (`text`) that staff read."""
    return _act(case_id, "note", body)


@route("POST", "/api/cases/<int:case_id>/set_tier", guard="signed_in", body=CaseActionIn, answers={200: "The case now"})
def set_tier(case_id: int, body: CaseActionIn) -> Any:
    """Override the tier, with a reason."""
    return _act(case_id, "set_tier", body)


@route(
    "POST",
    "/api/reports/<report_id>/reveal",
    guard="signed_in",
    body=ReasonIn,
    answers={200: "Name and phone in clear"},
)
def reveal(report_id: str, body: ReasonIn) -> Any:
    """Show a reporter's contact, for a reason that is written down."""
    with system().writing() as tx:
        return jsonify(cases.reveal_contact(tx, actor(), report_id, body.reason, system().keys))
