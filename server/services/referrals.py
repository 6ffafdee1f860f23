"""Passing a case, or one need of it, up, down or sideways, with its clock running.

Until the other unit accepts, who passed it on still holds it: it is never with nobody.
"""

from collections.abc import Mapping
from typing import Any

from server.domain import events, lifecycle
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import ANYONE, Actor, Permission, areas_for, require
from server.services import queries, units
from server.services.inputs import AnswerIn, PassIn
from server.services.intake import incident_for
from server.store.unit_of_work import Tx

RAISED_SHOWN = 200
ANSWERS = {"accept": "accepted", "give_back": "returned", "withdraw": "withdrawn"}


def pass_on(tx: Tx, actor: Actor, case_id: int, body: PassIn) -> dict[str, Any]:
    """Ask another unit to take a case or a need over; the answer is the referral.

    Raises NotFound, Forbidden, Invalid naming `to` or `need_id`, Conflict while the last one is not answered.
    """
    case = tx.cases.get(case_id, lock=True)
    if case is None or not units.may_of_case(tx, actor, Permission.BOARD_READ, case):
        raise NotFound
    units.require_of_case(tx, actor, Permission.CASE_EDIT, case)
    if case["merged_into"] is not None:
        raise Conflict(state=queries.case_row(tx, case_id))
    need = _need(tx, case, body.need_id)
    holder = need["holder"] if need and need["holder"] else units.holder_of(case)
    units.check_target(tx, body.to, holder)
    if tx.referrals.open_of(case_id, body.need_id) is not None:
        raise Conflict("passed_already", state=queries.case_row(tx, case_id))
    row = {
        "id": tx.new_id(),
        "incident_id": case["incident_id"],
        "case_id": case_id,
        "need_id": body.need_id,
        "from_unit": holder,
        "to_unit": body.to,
        "reason": body.reason,
        "by": actor.name,
        "at": tx.now,
        "state": lifecycle.FIRST["referral"],
    }
    tx.referrals.add(row)
    _told(tx, actor, case, row, "pass", reason=body.reason)
    return shown(tx, row)


def answer(tx: Tx, actor: Actor, referral_id: str, action: str, body: AnswerIn) -> dict[str, Any]:
    """Accept a referral, give it back with a reason, or withdraw one's own; the answer is the referral.

    Raises NotFound, Forbidden, WrongTransition when it is answered already.
    """
    if actor is ANYONE:
        require(actor, Permission.CASE_EDIT, "")
    seen = tx.referrals.get(referral_id)
    # Nothing is held for who may not know of it: it costs what does not exist.
    if seen is None or not _concerns(tx, actor, seen):
        raise NotFound
    case = tx.cases.get(seen["case_id"], lock=True)
    row = tx.referrals.get(referral_id, lock=True)
    if row is None or case is None:
        raise NotFound
    side = row["from_unit" if action == "withdraw" else "to_unit"]
    if not units.answers_for(tx, actor, side, Permission.CASE_EDIT):
        require(actor, Permission.CASE_EDIT, "")
    if action == "give_back" and not body.reason:
        raise Invalid({"reason": Problem("required")})
    state = lifecycle.after("referral", row["state"], action)
    answered = {"state": state, "answer": body.reason, "answered_by": actor.name, "answered_at": tx.now}
    tx.referrals.change(referral_id, **answered)
    if action == "accept":
        _take(tx, case, row)
    _told(tx, actor, case, {**row, **answered}, action, reason=body.reason)
    return shown(tx, {**row, **answered})


def inbox(tx: Tx, actor: Actor, slug: str | None) -> dict[str, Any]:
    """What waits for the person's units: passed to them, passed on by them, raised to them, accepted by them."""
    areas = areas_for(actor, Permission.CASE_EDIT)
    if not areas:
        require(actor, Permission.CASE_EDIT, "")
    incident, own = incident_for(tx, slug), units.own_agencies(tx, actor)
    to_us = tx.referrals.open_between(incident["id"], "to_unit", areas, own)
    from_us = tx.referrals.open_between(incident["id"], "from_unit", areas, own)
    return {
        "incident": incident["slug"],
        "units": [{"unit": unit, "name": units.name_of(tx, unit) if unit else ""} for unit in (*areas, *own)],
        "waiting": [shown(tx, row) for row in to_us],
        "passed_on": [shown(tx, row) for row in from_us],
        "raised": [_plain(row) for row in tx.referrals.raised(incident["id"], areas, RAISED_SHOWN)],
        "held": [_plain(row) for row in tx.referrals.held(incident["id"], areas, own)],
    }


def targets(tx: Tx, actor: Actor, case_id: int) -> list[dict[str, str]]:
    """Where a case may well go: the levels above and below that somebody answers for, other regencies, agencies."""
    case = queries.require_case(tx, actor, case_id)
    parts, holder = str(case["area"]).split("."), units.holder_of(case)
    codes = [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    found = dict.fromkeys([*codes, *tx.referrals.answered_areas(parts[0], units.ANSWERING)])
    found |= dict.fromkeys(row["code"] for row in tx.referrals.agencies())
    at = [unit for unit in found if unit != holder and tx.referrals.somebody_at(unit, units.ANSWERING)]
    return [{"unit": unit, "name": units.name_of(tx, unit)} for unit in at]


def shown(tx: Tx, row: Mapping[str, Any]) -> dict[str, Any]:
    """A referral as its two sides see it: no contact, no text of a report."""
    names = {f"{side}_name": units.name_of(tx, row[f"{side}_unit"]) for side in ("from", "to")}
    return _plain({**row, **names})


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


def _need(tx: Tx, case: Mapping[str, Any], need_id: int | None) -> Mapping[str, Any] | None:
    if need_id is None:
        return None
    found = next((need for need in tx.cases.needs_of(case["id"]) if need["id"] == need_id), None)
    if found is None or found["state"] != "open":
        raise Invalid({"need_id": Problem("unknown_need")})
    return found


def _concerns(tx: Tx, actor: Actor, row: Mapping[str, Any]) -> bool:
    return any(
        units.answers_for(tx, actor, row[side], Permission.BOARD_READ) for side in ("from_unit", "to_unit")
    )


def _take(tx: Tx, case: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """The other unit holds it from now on; its reporters are told."""
    if row["need_id"] is None:
        tx.cases.change(case["id"], holder=None if row["to_unit"] == case["area"] else row["to_unit"])
    else:
        tx.cases.change_need(row["need_id"], holder=row["to_unit"])
    tx.reports.note_case(case["id"], tx.now, "handed_over", unit=units.name_of(tx, row["to_unit"]))


def _told(
    tx: Tx, actor: Actor, case: Mapping[str, Any], row: Mapping[str, Any], action: str, reason: str | None
) -> None:
    both = {"from_unit": row["from_unit"], "to_unit": row["to_unit"], "need_id": row["need_id"], "reason": reason}
    tx.audit(actor, f"referral:{action}", case["area"], f"case:{case['id']}", referral=row["id"], **both)
    tx.record(
        events.CaseReferred(
            incident_id=case["incident_id"],
            area=case["area"],
            rows={"cases": queries.case_rows(tx, [case["id"]])},
            case_id=case["id"],
            referral_id=row["id"],
            to_unit=row["to_unit"],
            state=row["state"],
        )
    )
