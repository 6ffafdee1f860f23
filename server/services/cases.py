"""Triage: what verifiers and coordinators do with a case, and what they see of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from geo.areas import Gazetteer
from server.domain import catalogue, events, lifecycle, priority, sla
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require
from server.services import askback, case_reasons, clocks, codes, contacts, places, queries, referrals, sameness, units
from server.services.inputs import CaseActionIn
from server.services.needing import open_needs
from server.store.unit_of_work import Tx

WAITING = ("received", "needs_info")
VERDICTS = ("verified", "rejected")
"""States of a report that a verdict gave it; the steps of its history bear the same names."""
SETTLES: Mapping[str, str] = {"verify": "let_in", "mark_duplicate": "let_in", "reject": "rejected"}
"""What a verdict on the board means for a T0 that is in quarantine, too."""


@dataclass(frozen=True)
class Desk:
    """What an action on a case works with."""

    tx: Tx
    actor: Actor
    case: Mapping[str, Any]
    body: CaseActionIn
    gazetteer: Gazetteer


def act(tx: Tx, actor: Actor, case_id: int, action: str, body: CaseActionIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Do one of ACTIONS to a case; the answer is the case as it is then.

    Raises NotFound for a case that the person may not know of, Forbidden, Conflict when `version` is
    given and is not the present one, Invalid for what the action lacks.
    """
    others = [*([] if body.into is None else [body.into]), *(body.take or ())]
    if others:
        _case_for(tx, actor, case_id)
        # All, in the order that all keep: none can be merged away before this is done.
        tx.cases.lock([case_id, *others])
    case = _case_for(tx, actor, case_id, lock=True)
    permission, do = ACTIONS[action]
    units.require_of_case(tx, actor, permission, case)
    if body.version is not None and body.version != case["version"]:
        raise Conflict(state=queries.case_row(tx, case_id))
    do(Desk(tx, actor, case, body, gazetteer))
    # The trail keeps for ever: neither a place nor words about people belong in it.
    given = body.model_dump(mode="json", exclude_none=True, exclude={"text", "place"})
    tx.audit(actor, f"case:{action}", case["area"], f"case:{case_id}", **given)
    return detail(tx, actor, case_id)


def _verify(desk: Desk) -> None:
    """Believe the case: its waiting reports become verified; a place, people or needs may be set right."""
    _set_place(desk)
    _set_people(desk)
    _ask_for(desk)
    moved = _move_reports(desk, "verify", ("received",), "verified")
    if not moved and desk.case["verified_at"] is None:
        raise Conflict("nothing_to_verify", state=queries.case_row(desk.tx, desk.case["id"]))
    desk.tx.cases.change(desk.case["id"], verified_at=desk.case["verified_at"] or desk.tx.now)
    _record(desk, "verify")
    _open_again(desk)


def _reject(desk: Desk) -> None:
    """Turn the waiting reports down, with a reason their reporters read; open needs are cancelled."""
    _reason_wanted(desk)
    if not _move_reports(desk, "reject", WAITING, "rejected", reason=desk.body.reason):
        raise Conflict("nothing_to_reject", state=queries.case_row(desk.tx, desk.case["id"]))
    if not any(r["state"] == "verified" for r in desk.tx.reports.of_case(desk.case["id"])):
        _cancel_needs(desk)
    _record(desk, "reject")


def _take_back(desk: Desk) -> None:
    """Undo the last verdict, while nothing was made of it: its reports wait to be looked at again.

    What a verdict set right on the way (place, people, needs) stays; needs that a rejection cancelled are open again.
    """
    tx, case_id = desk.tx, desk.case["id"]
    histories = {r["id"]: tx.reports.history(r["id"]) for r in tx.reports.of_case(case_id)}
    last = {key: steps[-1] for key, steps in histories.items() if steps}
    when = max((step["at"] for step in last.values()), default=None)
    undone = {key for key, step in last.items() if step["step"] in VERDICTS and step["at"] == when}
    if not undone or tx.assignments.ids_of_case(case_id):
        raise Conflict("nothing_to_take_back", state=queries.case_row(tx, case_id))
    was_rejected = any(last[key]["step"] == "rejected" for key in undone)
    _move_reports(desk, "take_back", VERDICTS, "taken_back", only=undone)
    if not any(r["state"] == "verified" for r in tx.reports.of_case(case_id)):
        tx.cases.change(case_id, verified_at=None)
    for need in tx.cases.needs_of(case_id) if was_rejected else ():
        if need["state"] == "cancelled":
            _set_need(desk, need, "restore")
    _record(desk, "take_back")
    _open_again(desk)


def _ask(desk: Desk) -> None:
    """Ask the reporters something in one's own words (`text`), about what decides (`about`), or both.

    Their clock pauses until they answer.
    """
    about = desk.body.about
    if not desk.body.text and about is None:
        raise Invalid({"text": Problem("required")})
    told = {"question": desk.body.text} if desk.body.text else {}
    step = "asked" if about is None or desk.body.text else f"asked_{about}"
    if not _move_reports(desk, "ask", ("received",), step, {"question": desk.body.text, "asked_about": about}, **told):
        raise Conflict("nothing_to_ask", state=queries.case_row(desk.tx, desk.case["id"]))
    _record(desk, "ask")


def _note(desk: Desk) -> None:
    """Write a note that staff read."""
    if not desk.body.text:
        raise Invalid({"text": Problem("required")})
    desk.tx.cases.add_note(
        {
            "id": desk.tx.new_id(),
            "case_id": desk.case["id"],
            "at": desk.tx.now,
            "by": desk.actor.name,
            "text": desk.body.text,
        }
    )
    _record(desk, "note")


def _set_tier(desk: Desk) -> None:
    """Override the tier, with a reason; the clocks of the case are those of the new tier (`domain/sla.py`)."""
    _reason_wanted(desk)
    if desk.body.tier is None:
        raise Invalid({"tier": Problem("required")})
    incident = desk.tx.incidents.get(desk.case["incident_id"])
    settings = incident["settings"] if incident else {}
    tier = desk.body.tier
    desk.tx.cases.change(desk.case["id"], tier=tier, tier_reason=desk.body.reason)
    for need in desk.tx.cases.needs_of(desk.case["id"]):
        if need["state"] == "open":
            due = sla.due_at(tier, need["opened_at"], settings)
            desk.tx.cases.change_need(need["id"], tier=tier, due_at=due)
    for report in desk.tx.reports.of_case(desk.case["id"]):
        desk.tx.reports.change(report["id"], tier=tier)
    _record(desk, "set_tier")
    _open_again(desk)


def _merge(desk: Desk) -> None:
    """Hang this case's reports and needs on another one (`into`), or those of others on this one (`take`).

    Every reporter stays attached and is told, those of the case that takes the others in once for all of them.
    """
    if desk.case["merged_into"] is not None:
        raise Conflict(state=queries.case_row(desk.tx, desk.case["id"]))
    if (desk.body.into is None) == (desk.body.take is None):
        raise Invalid({"into": Problem("required")})
    if desk.body.take is None:
        _join(desk, [desk.case], _other_case(desk, desk.body.into, "into"))
        return
    taken = [_other_case(desk, other, f"take.{n}") for n, other in enumerate(desk.body.take)]
    if not taken or len({case["id"] for case in taken}) < len(taken):
        raise Invalid({"take": Problem("required")})
    _join(desk, taken, desk.case)


def _other_case(desk: Desk, case_id: int | None, field: str) -> Mapping[str, Any]:
    """Another case of the incident that is open to be merged. Raises Invalid naming the field, Forbidden."""
    found = None if case_id is None else desk.tx.cases.get(case_id)
    is_known = found is not None and may(desk.actor, Permission.BOARD_READ, found["area"])
    if found is None or not is_known or found["incident_id"] != desk.case["incident_id"] or found["merged_into"]:
        raise Invalid({field: Problem("unknown_case", {"case": case_id})})
    if found["id"] == desk.case["id"]:
        raise Invalid({field: Problem("same_case")})
    require(desk.actor, Permission.CASE_VERIFY, found["area"])
    return found


def _join(desk: Desk, taken: Sequence[Mapping[str, Any]], target: Mapping[str, Any]) -> None:
    """Hang all of the cases on the target, and tell every reporter."""
    tx = desk.tx
    stay = [r["id"] for r in tx.reports.of_case(target["id"]) if r["state"] != "rejected"]
    moved = 0
    for case in taken:
        source = replace(desk, case=case)
        theirs = {need["item"] for need in tx.cases.needs_of(target["id"]) if need["state"] == "open"}
        moved += _move_reports(source, "mark_duplicate", ("received", "verified", "needs_info"), "merged")
        for need in tx.cases.needs_of(case["id"]):
            if need["state"] == "open" and need["item"] in theirs and need["covered"] == 0:
                _set_need(source, need, "cancel")
        tx.cases.merge_into(case["id"], target["id"])
        _record(source, "merge")
    for report_id in stay if moved else ():
        tx.reports.note(report_id, tx.now, "joined", reports=moved)
    sameness.compare_again(tx, [target["id"]])
    into = replace(desk, case=target)
    _record(into, "merge")
    _open_again(into)


def _keep_apart(desk: Desk) -> None:
    """Say that another case (`into`) is not the same: the two are not suggested to be merged again."""
    other = _other_case(desk, desk.body.into, "into")
    desk.tx.sameness.keep_apart(desk.case["id"], other["id"], desk.actor.name, desk.tx.now)
    sameness.compare_again(desk.tx, [desk.case["id"], other["id"]])


def _split(desk: Desk) -> None:
    """Give some reports a case of their own: they tell of other people or other trouble."""
    ids = set(desk.body.report_ids or ())
    reports = [r for r in desk.tx.reports.of_case(desk.case["id"]) if r["id"] in ids]
    if not reports or len(reports) != len(ids):
        raise Invalid({"report_ids": Problem("unknown_reports")})
    first = reports[0]
    case = {**desk.case, "id": desk.tx.new_number(), "opened_at": first["received_at"], "version": 1}
    for name in ("area", "lon", "lat", "accuracy_m", "people", "vulnerable"):
        case[name] = first[name]
    case |= {"tier": min(report["tier"] for report in reports), "verified_at": None, "merged_into": None}
    desk.tx.cases.add(case)
    clocks.branch(desk.tx, desk.case["id"], case["id"])
    # Who parts them has looked: they are not to be suggested as the same at once.
    desk.tx.sameness.keep_apart(desk.case["id"], case["id"], desk.actor.name, desk.tx.now)
    for report in reports:
        state = "received" if report["state"] == "duplicate" else report["state"]
        desk.tx.reports.change(report["id"], case_id=case["id"], state=state)
        desk.tx.reports.note(report["id"], desk.tx.now, "split")
    new = Desk(desk.tx, desk.actor, case, CaseActionIn(needs=desk.body.needs), desk.gazetteer)
    open_needs(desk.tx, case, _own_needs(reports))
    _ask_for(new)
    sameness.compare_again(desk.tx, [desk.case["id"], case["id"]])
    _record(desk, "split")
    _record(new, "split")


def _own_needs(reports: Sequence[Mapping[str, Any]]) -> list[catalogue.NeedLine]:
    """What reports ask for by the people and dangers that they tell of: what was merged away comes back with them.

    Items that were asked for by name stay with the case that they were split from, where somebody sees to them.
    """
    danger = {name: True for report in reports for name, yes in report["danger"].items() if yes}
    first = next((r for r in reports if r["people"]), reports[0])
    return catalogue.needs_for(first["people"], first["vulnerable"], danger, [])


ACTIONS: Mapping[str, tuple[Permission, Callable[[Desk], None]]] = {
    "verify": (Permission.CASE_VERIFY, _verify),
    "reject": (Permission.CASE_VERIFY, _reject),
    "take_back": (Permission.CASE_VERIFY, _take_back),
    "merge": (Permission.CASE_VERIFY, _merge),
    "split": (Permission.CASE_VERIFY, _split),
    "keep_apart": (Permission.CASE_VERIFY, _keep_apart),
    "ask": (Permission.CASE_VERIFY, _ask),
    "note": (Permission.CASE_EDIT, _note),
    "set_tier": (Permission.CASE_EDIT, _set_tier),
}


def detail(tx: Tx, actor: Actor, case_id: int) -> dict[str, Any]:
    """All that staff may see of a case; contacts only as the phone's last three digits."""
    case = _case_for(tx, actor, case_id)
    reports = tx.reports.of_case(case_id)
    incident = tx.incidents.get(case["incident_id"])
    needs = tx.cases.needs_of(case_id)
    shown = {row["id"]: row for row in queries.report_rows(tx, [row["id"] for row in reports])}
    return {
        **queries.case_row(tx, case_id),
        "clock": clocks.shown(tx, case_id),
        "referrals": [referrals.shown(tx, row) for row in tx.referrals.of_case(case_id)],
        "escalations": clocks.told(tx, case_id),
        "lon": case["lon"],
        "lat": case["lat"],
        "incident": incident["slug"] if incident else None,
        "vulnerable": case["vulnerable"],
        "tier_reason": case["tier_reason"],
        "score": _score(tx, case, needs, incident["settings"] if incident else {}),
        "reports": [_report_detail(tx, row, shown[row["id"]]) | _asked(case, row, needs) for row in reports],
        "needs": [
            {**row, "basis": need["basis"]}
            for row, need in zip(queries.need_rows(tx, [need["id"] for need in needs]), needs, strict=True)
        ],
        "assignments": queries.assignment_rows(tx, tx.assignments.ids_of_case(case_id)),
        "notes": [{**note, "at": note["at"].isoformat()} for note in tx.cases.notes(case_id)],
        "ask_back": _ask_back(case, reports, needs),
        "possible_duplicates": sameness.suggestions(tx, actor, reports),
        "photos": tx.photos.of_case(case_id),
        **case_reasons.of_case(tx, actor, case, needs),
    }


def reveal_contact(tx: Tx, actor: Actor, report_id: str, reason: str, keys: contacts.Keys) -> dict[str, Any]:
    """A reporter's name and phone in clear, for a reason that is written down.

    While a question waits for them, also the `path` of their tracking page, to be sent to them with it.
    """
    report = tx.reports.get(report_id)
    if report is None or not may(actor, Permission.BOARD_READ, report["area"]):
        raise NotFound
    require(actor, Permission.CONTACT_REVEAL, report["area"])
    if not reason.strip():
        raise Invalid({"reason": Problem("required")})
    tx.audit(actor, "contact:reveal", report["area"], f"report:{report_id}", reason=reason)
    return {
        "name": contacts.open_sealed(report["name_sealed"], keys) if report["name_sealed"] else None,
        "phone": contacts.open_sealed(report["phone_sealed"], keys) if report["phone_sealed"] else None,
        "path": f"/lacak/{_code_of(report, keys)}" if report["state"] == "needs_info" else None,
    }


def _code_of(report: Mapping[str, Any], keys: contacts.Keys) -> str:
    return codes.tracking_code(report["client_id"], report["code_salt"], keys)


def _case_for(tx: Tx, actor: Actor, case_id: int, *, lock: bool = False) -> Mapping[str, Any]:
    case = tx.cases.get(case_id, lock=lock)
    if case is None or not units.may_of_case(tx, actor, Permission.BOARD_READ, case):
        raise NotFound
    return case


def _report_detail(tx: Tx, row: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **shown,
        "text": row["text"],
        "place_text": row["place_text"],
        "people": row["people"],
        "vulnerable": row["vulnerable"],
        "danger": row["danger"],
        "on_behalf": row["on_behalf"],
        "phone_last3": row["phone_last3"],
        "question": row["question"],
        "happened_at": row["happened_at"].isoformat() if row["happened_at"] else None,
        "history": [
            {"at": step["at"].isoformat(), "step": step["step"], "params": step["params"]}
            for step in tx.reports.history(row["id"])
        ],
    }


def _ask_back(
    case: Mapping[str, Any], reports: Sequence[Mapping[str, Any]], needs: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """The question that decides, while somebody is there to be asked."""
    asked = next((report for report in reports if report["state"] == "received"), None)
    found = None if asked is None else askback.decisive(case, asked, _still_open(needs))
    return None if found is None else found.shown()


def _asked(
    case: Mapping[str, Any], report: Mapping[str, Any], needs: Sequence[Mapping[str, Any]]
) -> dict[str, str | None]:
    """What a reporter is asked about, as their tracking page asks it."""
    about = report["asked_about"]
    return {
        "asked_about": about,
        "asked_danger": askback.danger_asked(case, report, _still_open(needs)) if about == "danger" else None,
    }


def _still_open(needs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [need for need in needs if need["state"] == "open"]


def _score(tx: Tx, case: Mapping[str, Any], needs: list[dict[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
    still_open = [need for need in needs if need["state"] == "open"]
    gap = max((1 - need["covered"] / need["quantity"] for need in still_open), default=0.0)
    found = priority.score(
        severity=priority.SEVERITY[case["tier"]],
        gap=gap,
        vulnerable=case["vulnerable"],
        people=case["people"] or 0,
        waited_min=(tx.now - case["opened_at"]).total_seconds() / 60,
        clock_min=sla.clock_for(case["tier"], settings).settled,
    )
    return {"total": found.total, "terms": dict(found.terms), "version": found.version}


def _move_reports(
    desk: Desk,
    action: str,
    states: tuple[str, ...],
    step: str,
    values: Mapping[str, Any] | None = None,
    only: Collection[str] | None = None,
    **params: Any,
) -> int:
    """Move the reports in these states, or those of them named in `only`, and set `values`; returns how many."""
    here = [r for r in desk.tx.reports.of_case(desk.case["id"]) if r["state"] in states]
    moved = here if only is None else [r for r in here if r["id"] in only]
    for report in moved:
        state = lifecycle.after("report", report["state"], action)
        desk.tx.reports.change(report["id"], state=state, **(values or {}))
        desk.tx.reports.note(report["id"], desk.tx.now, step, **params)
        if "quarantined" in report["flags"] and action in SETTLES:
            desk.tx.moderation.settle(report["id"], SETTLES[action], desk.actor.name, desk.tx.now)
    return len(moved)


def _set_place(desk: Desk) -> None:
    if desk.body.place is None and desk.body.area_code is None:
        return
    incident = desk.tx.incidents.get(desk.case["incident_id"])
    if incident is None:
        raise NotFound
    found = places.resolve(
        incident, desk.gazetteer, place=desk.body.place, area_code=desk.body.area_code, place_text=None
    )
    desk.tx.cases.change(desk.case["id"], area=found.area, lon=found.lon, lat=found.lat, accuracy_m=found.accuracy_m)
    for report in desk.tx.reports.of_case(desk.case["id"]):
        # Somebody has looked: what made the reported place doubtful is settled.
        kept = places.other_flags(report["flags"])
        if kept != report["flags"]:
            desk.tx.reports.change(report["id"], flags=kept)


def _set_people(desk: Desk) -> None:
    if desk.body.people is not None:
        desk.tx.cases.change(desk.case["id"], people=desk.body.people)


def _ask_for(desk: Desk) -> None:
    """Open the needs that a person adds; an item that is open already gets the new quantity."""
    wanted = desk.body.needs or []
    unknown = {
        f"needs.{n}.item": Problem("unknown_item", {"item": w.item})
        for n, w in enumerate(wanted)
        if w.item not in catalogue.ITEMS
    }
    if unknown:
        raise Invalid(unknown)
    case = desk.tx.cases.get(desk.case["id"]) or desk.case
    asked = [(w.item, w.quantity) for w in wanted]
    lines = catalogue.needs_for(case["people"], case["vulnerable"], {}, asked) if asked else []
    open_needs(desk.tx, case, lines)


def _cancel_needs(desk: Desk) -> None:
    for need in desk.tx.cases.needs_of(desk.case["id"]):
        if need["state"] == "open" and need["covered"] == 0:
            _set_need(desk, need, "cancel")


def _set_need(desk: Desk, need: Mapping[str, Any], action: str) -> None:
    desk.tx.cases.change_need(need["id"], state=lifecycle.after("need", need["state"], action))


def _reason_wanted(desk: Desk) -> None:
    if not desk.body.reason:
        raise Invalid({"reason": Problem("required")})


def _record(desk: Desk, action: str) -> None:
    """One CaseChanged with the present rows of the case, its reports and needs."""
    tx, case_id = desk.tx, desk.case["id"]
    case = tx.cases.get(case_id) or desk.case
    rows = {
        "cases": queries.case_rows(tx, [case_id]),
        "reports": queries.report_rows(tx, [row["id"] for row in tx.reports.of_case(case_id)]),
        "needs": queries.need_rows(tx, [need["id"] for need in tx.cases.needs_of(case_id)]),
    }
    # Who watches the area that a case left hears of it, too.
    for area in sorted({desk.case["area"], case["area"]}):
        tx.record(
            events.CaseChanged(incident_id=case["incident_id"], area=area, rows=rows, case_id=case_id, action=action)
        )


def _open_again(desk: Desk) -> None:
    """Tell planners that the needs of the case changed."""
    case = desk.tx.cases.get(desk.case["id"]) or desk.case
    ids = [need["id"] for need in desk.tx.cases.needs_of(case["id"]) if need["state"] == "open"]
    if ids:
        desk.tx.record(
            events.NeedsOpened(incident_id=case["incident_id"], area=case["area"], case_id=case["id"], need_ids=ids)
        )
