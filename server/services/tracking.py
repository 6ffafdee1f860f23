"""What a reporter sees of their own report, and what they may add to it, by its tracking code.

The code is the key to it: whoever has it reported, or was told it by who did. Anyone's contact is
never shown. Unknown and wrong codes look the same, and tries are counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from geo.areas import Gazetteer
from server.domain import catalogue, events, lifecycle, priority, sla
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.lifecycle import UNDER_WAY
from server.domain.permissions import Actor
from server.services import (
    accounts,
    askback,
    assignments,
    clocks,
    codes,
    contacts,
    intake,
    needing,
    places,
    queries,
)
from server.services.inputs import TrackIn
from server.store.unit_of_work import Tx

REPORTER = "reporter"
"""Who wrote a note that came by the tracking code."""
WAITING = ("received", "needs_info", "verified", "duplicate")
"""States of a report whose clock runs until its case is settled."""
WRONG_CODES, WRONG_WITHIN = 60, timedelta(hours=1)
"""Wrong codes per address an hour: thousands share one address in Indonesian mobile networks, and a
40-bit code is not found by sixty tries."""


@dataclass(frozen=True)
class _Desk:
    """What a reporter's action works with."""

    tx: Tx
    actor: Actor
    report: Mapping[str, Any]
    case: Mapping[str, Any]
    body: TrackIn
    gazetteer: Gazetteer


def track(tx: Tx, code: str, keys: contacts.Keys) -> dict[str, Any]:
    """The report behind a tracking code, in its reporter's view. Raises NotFound."""
    report = _report_of(tx, code, keys)
    if report["case_id"] is None:
        return _held(tx, report, codes.normalised(code))
    case = tx.cases.get(report["case_id"])
    needs = tx.cases.needs_of(report["case_id"])
    coming = tx.assignments.of_case(report["case_id"])
    waiting = report["state"] in WAITING and not _settled(needs)
    answer = {
        "code": codes.normalised(code),
        "state": report["state"],
        "tier": report["tier"],
        "received_at": report["received_at"].isoformat(),
        "clock": _clock(tx, report),
        "escalations": clocks.told(tx, report["case_id"]),
        "position": _position(tx, report, needs) if waiting else None,
        "question": report["question"] if report["state"] == "needs_info" else None,
        "ask": _asked(tx, report, case, needs),
        "needs": [_need(need) for need in needs if need["state"] != "cancelled"],
        "history": [
            {"at": report["received_at"].isoformat(), "step": "received", "params": {}},
            *(
                {"at": step["at"].isoformat(), "step": step["step"], "params": step["params"]}
                for step in tx.reports.history(report["id"])
            ),
        ],
        "done": _settled(needs) and any(need["state"] == "closed" for need in needs),
        "can": _can(tx, report, coming),
        "rating": report["rating"],
        "block": _block(tx, report),
        "read_by": intake.read_by(tx, report),
    }
    answer["next"] = _next(answer, coming, waiting=waiting)
    if case and any(job["state"] in ("accepted", "en_route") for job in coming):
        answer["delivery_code"] = case["delivery_code"]
    return answer


def act(tx: Tx, actor: Actor, code: str, body: TrackIn, *, gazetteer: Gazetteer, keys: contacts.Keys) -> None:
    """Do what the reporter asks: add_info, answer, confirm, not_yet, reopen, rate or cancel; pressed twice, once.

    Raises NotFound for a wrong code, Conflict when the report is not at that point, Invalid naming what lacks.
    """
    report = _report_of(tx, code, keys)
    if body.action == "appeal":
        return _appeal(tx, actor, report, body)
    if report["case_id"] is None:
        return _act_on_held(tx, actor, report, body, gazetteer)
    case = tx.cases.get(report["case_id"], lock=True)
    if case is None:
        raise NotFound
    report = tx.reports.get(report["id"], lock=True) or report
    coming = tx.assignments.of_case(case["id"])
    if _is_done(tx, report, coming, body):
        return None
    if body.action not in _can(tx, report, coming):
        raise Conflict("not_now", state={"state": report["state"]})
    _ACTIONS[body.action](_Desk(tx, actor, report, case, body, gazetteer))
    tx.audit(actor, f"report:{body.action}", report["area"], f"report:{report['id']}")
    return None


def _held(tx: Tx, report: Mapping[str, Any], code: str | None) -> dict[str, Any]:
    """A report that has no case: in quarantine, which tells no more than that a person reads it, or turned down."""
    waits = report["state"] == "quarantined"
    history = [{"at": report["received_at"].isoformat(), "step": "received", "params": {}}]
    steps = tx.reports.history(report["id"])
    return {
        "code": code,
        "state": intake.state_told(report),
        "tier": report["tier"],
        "received_at": report["received_at"].isoformat(),
        "clock": {
            "due_at": report["due_at"].isoformat(),
            "overdue": waits and report["due_at"] < tx.now,
            "paused": False,
            "running": False,
            "stage": None,
            "stages": [],
        },
        "escalations": [],
        "position": None,
        "question": None,
        "ask": None,
        "needs": [],
        "history": history + [{"at": s["at"].isoformat(), "step": s["step"], "params": s["params"]} for s in steps],
        "done": False,
        "can": ["cancel"] if waits else [],
        "rating": None,
        "block": _block(tx, report),
        "read_by": intake.read_by(tx, report),
        "next": "read_first" if waits else None,
    }


def _act_on_held(
    tx: Tx, actor: Actor, report: Mapping[str, Any], body: TrackIn, gazetteer: Gazetteer
) -> None:
    """A report in quarantine can be taken back; what else one wants to tell waits until it is read."""
    report = tx.reports.get(report["id"], lock=True) or report
    if body.action == "cancel" and report["state"] == "rejected":
        return None
    if body.action == "add_info" and report["state"] == "quarantined" and any((body.danger or {}).values()):
        return _heard_at_once(tx, actor, report, body, gazetteer)
    if body.action != "cancel" or report["state"] != "quarantined":
        raise Conflict("not_now", state={"state": intake.state_told(report)})
    tx.reports.change(report["id"], state=lifecycle.after("report", report["state"], "reject"))
    tx.reports.note(report["id"], tx.now, "cancelled_by_reporter")
    tx.moderation.settle(report["id"], "rejected", REPORTER, tx.now)
    tx.audit(actor, "report:cancel", report["area"], f"report:{report['id']}")
    return None


def _heard_at_once(
    tx: Tx, actor: Actor, report: Mapping[str, Any], body: TrackIn, gazetteer: Gazetteer
) -> None:
    """Whose report is in quarantine is in danger now: T0 never waits. It stays in the queue, as any T0 over a limit."""
    danger = {**report["danger"], **(body.danger or {})}
    why = tx.moderation.why(report["id"]) or {"needs": []}
    asked = catalogue.asked_of(why["needs"])
    lines = catalogue.needs_for(body.people or report["people"], report["vulnerable"], danger, asked)
    told = {"danger": danger, "people": body.people or report["people"], "tier": 0}
    told["flags"] = [*report["flags"], "quarantined"]
    incident = tx.incidents.get(report["incident_id"]) or {"settings": {}}
    told["due_at"] = sla.due_at(0, report["received_at"], incident["settings"])
    tx.reports.change(report["id"], **told)
    tx.reports.note(report["id"], tx.now, "info_added", about="danger")
    intake.let_in(tx, [({**report, **told}, lines)])
    rest = body.model_copy(update={"danger": None, "people": None})
    now = tx.reports.get(report["id"]) or report
    case = tx.cases.get(now["case_id"], lock=True)
    if case is not None and any((rest.text, rest.place, rest.area_code, rest.place_text)):
        _add_info(_Desk(tx, actor, now, case, rest, gazetteer))
    tx.audit(actor, "report:add_info", report["area"], f"report:{report['id']}")


def _blocks(tx: Tx, report: Mapping[str, Any]) -> list[dict[str, Any]]:
    kinds = {"device": "device_key", "phone": "phone_index", "address": "address_key"}
    keys = [(kind, bytes(report[name])) for kind, name in kinds.items() if report[name] is not None]
    return tx.moderation.in_force(keys, tx.now)


def _block(tx: Tx, report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Until when the sender's reports are read first, why, and what became of the objection to it; by no name."""
    found = _blocks(tx, report)
    if not found:
        return None
    row = found[0]
    return {
        "kind": row["kind"],
        "reason": row["reason"],
        "until": row["until"].isoformat(),
        "appealed": row["appealed_at"] is not None,
        "answer": row["answer"],
    }


def _appeal(tx: Tx, actor: Actor, report: Mapping[str, Any], body: TrackIn) -> None:
    """Object to the block on who sent the report; another person than who blocked answers."""
    if not body.text:
        raise Invalid({"text": Problem("required")})
    for row in _blocks(tx, report):
        if row["appeal"] == body.text:
            return
        if row["appealed_at"] is None:
            tx.moderation.change_block(row["id"], appeal=body.text, appealed_at=tx.now)
            tx.audit(actor, "report:appeal", row["area"], f"block:{row['id']}", report=report["id"])
            return
    raise Conflict("not_now", state={"state": intake.state_told(report)})


def _is_done(tx: Tx, report: Mapping[str, Any], coming: list[dict[str, Any]], body: TrackIn) -> bool:
    """Whether this very step was taken: of two presses, or after going back, one counts."""
    said = [note["text"] for note in tx.cases.notes(report["case_id"]) if note["by"] == REPORTER]
    same = body.text is not None and said[-1:] == [body.text]
    if body.action in ("add_info", "answer"):
        return report["state"] != "needs_info" and _is_told(report, body, said)
    if body.action == "reopen":
        return same and not _closed(tx.cases.needs_of(report["case_id"]))
    if body.action == "rate":
        return body.rating is not None and body.rating == report["rating"]
    if body.action == "cancel":
        return any(step["step"] == "cancelled_by_reporter" for step in tx.reports.history(report["id"]))
    wanted = ("confirmed", None) if body.action == "confirm" else ("delivered", assignments.NOT_RECEIVED)
    still_open = any(job["state"] == "delivered" and job["attention"] != wanted[1] for job in coming)
    return not still_open and any((job["state"], job["attention"]) == wanted for job in coming)


def _is_told(report: Mapping[str, Any], body: TrackIn, said: list[str]) -> bool:
    """Whether all that is told now was told before; a place that is set anew is always news."""
    if body.place is not None or body.area_code is not None:
        return False
    words = [text for text in (body.place_text, body.text) if text is not None]
    facts = {"people": body.people, "danger": body.danger and {**report["danger"], **body.danger}}
    given = {name: value for name, value in facts.items() if value}
    is_known = all(report[name] == value for name, value in given.items())
    return bool(words or given) and is_known and said[len(said) - len(words) :] == words


def limit_wrong_codes(tx: Tx, address: str) -> None:
    """Refuse an address that has tried too many wrong codes. Raises TooMany."""
    accounts.check_tries(tx, f"track:{address}", WRONG_CODES, WRONG_WITHIN)


def count_wrong_code(tx: Tx, address: str) -> None:
    """Count a wrong code from an address."""
    tx.accounts.count_try(f"track:{address}", tx.now)


def _report_of(tx: Tx, code: str, keys: contacts.Keys) -> dict[str, Any]:
    plain = codes.normalised(code)
    found = tx.reports.by_code_index(codes.index_of(plain or "", keys))
    if plain is None or found is None:
        raise NotFound("unknown_code")
    return found


def _under_way(needs: list[dict[str, Any]]) -> bool:
    """Whether somebody is to bring everything that was asked for, so that nobody stands before it any more."""
    return bool(needs) and all(need["covered"] >= need["quantity"] for need in needs if need["state"] == "open")


def _position(tx: Tx, report: Mapping[str, Any], needs: list[dict[str, Any]]) -> int | None:
    """The report's place in the queue of its district; what was joined to another waits in that one's place."""
    if report["state"] == "duplicate" or _under_way(needs):
        return None
    return tx.reports.ahead_of(report) + 1


def _next(shown: Mapping[str, Any], coming: list[dict[str, Any]], *, waiting: bool) -> str | None:
    """What happens next, a key of web/i18n `track.next.*`; None when nothing does."""
    states = {job["state"] for job in coming}
    if shown["state"] == "needs_info":
        return "answer"
    if "confirm" in shown["can"]:
        return "confirm" if "not_yet" in shown["can"] else "look_into"
    if not waiting:
        return None
    for found, step in ((UNDER_WAY, "come"), (("proposed", "offered"), "find")):
        if states.intersection(found):
            return step
    return "check" if shown["state"] == "received" else "match"


def _asked(
    tx: Tx, report: Mapping[str, Any], case: Mapping[str, Any] | None, needs: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """What the reporter is asked about: by staff, or else what would decide while nobody has looked.

    Only staff's question stops the clock. What was answered once is not asked again by itself.
    """
    waits = report["state"] == "received" and case is not None and case["verified_at"] is None
    if case is None or not (waits or (report["state"] == "needs_info" and report["asked_about"])):
        return None
    still_open = [need for need in needs if need["state"] == "open"]
    found = askback.decisive(case, report, still_open)
    if not waits:
        same = found is not None and found.about == report["asked_about"]
        danger = askback.danger_asked(case, report, still_open)
        plain = {"about": report["asked_about"], "because": None, "danger": danger}
        return {**plain, **(found.shown() if found is not None and same else {}), "action": "answer"}
    answered = {step["params"].get("about") for step in tx.reports.history(report["id"])}
    return None if found is None or found.about in answered else {**found.shown(), "action": "add_info"}


def _settled(needs: list[dict[str, Any]]) -> bool:
    return bool(needs) and all(need["state"] != "open" for need in needs)


def _clock(tx: Tx, report: Mapping[str, Any]) -> dict[str, Any]:
    """The clock of its case; a report that was turned down waits for nothing."""
    shown = clocks.shown(tx, report["case_id"])
    if report["state"] in WAITING:
        return shown
    return {**shown, "overdue": False, "paused": False, "running": False, "stage": None}


def _need(need: Mapping[str, Any]) -> dict[str, Any]:
    item = catalogue.ITEMS.get(need["item"])
    return {
        "item": need["item"],
        "quantity": need["quantity"],
        "unit": item.unit if item else "",
        "fill": lifecycle.need_fill(need["quantity"], need["covered"]),
        "delivered": need["delivered"],
    }


def _can(tx: Tx, report: Mapping[str, Any], coming: list[dict[str, Any]]) -> list[str]:
    states = {job["state"] for job in coming}
    found = []
    if report["state"] in ("received", "verified", "duplicate"):
        found.append("add_info")
    if report["state"] == "needs_info":
        found.append("answer")
    if "delivered" in states:
        found.append("confirm")
    if any(job["state"] == "delivered" and job["attention"] != assignments.NOT_RECEIVED for job in coming):
        found.append("not_yet")
    if states & {"delivered", "confirmed"}:
        found.append("rate")
    if "confirmed" in states and tx.now - report["received_at"] < sla.REOPEN_WITHIN + timedelta(days=3):
        found.append("reopen")
    if report["state"] in ("received", "needs_info"):
        found.append("cancel")
    return found


def _add_info(desk: _Desk) -> None:
    body, about = desk.body, {}
    if body.place is not None or body.area_code is not None:
        _set_place(desk)
        about = {"about": "place"}
    elif body.place_text is not None:
        if not body.place_text:
            raise Invalid({"place_text": Problem("required")})
        _try_place(desk, body.place_text)
        about = {"about": "place"}
    if body.people is not None or body.danger:
        _set_facts(desk)
        about = {"about": "danger" if body.danger else "people"}
    if body.text and not (body.place or body.area_code):
        _note(desk)
    elif not about:
        raise Invalid({"text": Problem("required")})
    desk.tx.reports.note(desk.report["id"], desk.tx.now, "info_added", **about)
    tell_changed(desk.tx, desk.report, "add_info")


def _answer(desk: _Desk) -> None:
    _add_info(desk)
    state = lifecycle.after("report", desk.report["state"], "answer")
    desk.tx.reports.change(desk.report["id"], state=state, question=None, asked_about=None)
    tell_changed(desk.tx, desk.report, "answer")


def _set_facts(desk: _Desk) -> None:
    """How many people there are, and which dangers: the case becomes as urgent as that is, never less.

    While nobody has checked it, it also asks for what its people then need; afterwards a person sees to that.
    """
    tx, report, case = desk.tx, desk.report, desk.case
    danger = {**report["danger"], **(desk.body.danger or {})}
    people = desk.body.people or report["people"]
    tx.reports.change(report["id"], people=people, danger=danger)
    alone = len(tx.reports.of_case(case["id"])) == 1
    if alone and case["verified_at"] is None and people != case["people"]:
        tx.cases.change(case["id"], people=people)
    now = tx.cases.get(case["id"]) or case
    needs = [need for need in tx.cases.needs_of(case["id"]) if need["state"] == "open"]
    asked = catalogue.asked_of(needs)
    lines = catalogue.needs_for(now["people"], now["vulnerable"], danger, asked)
    if case["verified_at"] is None:
        covered = {need["item"] for need in needs if need["covered"]}
        needing.open_needs(tx, now, [line for line in lines if line.item not in covered])
        ids = [need["id"] for need in tx.cases.needs_of(case["id"]) if need["state"] == "open"]
        where = {"incident_id": case["incident_id"], "area": case["area"]}
        tx.record(events.NeedsOpened(**where, case_id=case["id"], need_ids=ids))
    tier = priority.tier_of(danger, tuple(line.tier for line in lines))
    if tier < case["tier"]:
        tx.cases.change(case["id"], tier=tier)
        for one in tx.reports.of_case(case["id"]):
            tx.reports.change(one["id"], tier=tier)


def _try_place(desk: _Desk, text: str) -> None:
    """Where it is in the reporter's words: a place that is surely meant becomes the report's; staff read the words."""
    incident = desk.tx.incidents.get(desk.case["incident_id"]) or {}
    found = places.resolve(incident, desk.gazetteer, place=None, area_code=None, place_text=text)
    desk.tx.reports.change(desk.report["id"], place_text=text)
    if found.lon is not None and _is_better(found, desk.report):
        _put(desk, found)
    _write(desk, text)


def _is_better(found: places.Resolved, report: Mapping[str, Any]) -> bool:
    """Whether a place tells more of where it is than what is known."""
    rough = report["accuracy_m"]
    return report["lon"] is None or (rough is not None and found.accuracy_m is not None and found.accuracy_m < rough)


def _confirm(desk: _Desk) -> None:
    assignments.confirm_by_recipient(desk.tx, desk.actor, desk.case["id"])


def _not_yet(desk: _Desk) -> None:
    if desk.body.text:
        _note(desk)
    assignments.deny_by_recipient(desk.tx, desk.actor, desk.case["id"])
    desk.tx.reports.note(desk.report["id"], desk.tx.now, "not_received")
    tell_changed(desk.tx, desk.report, "not_yet")


def _reopen(desk: _Desk) -> None:
    _note(desk)
    tx = desk.tx
    tx.reports.note(desk.report["id"], tx.now, "reopened")
    incident = tx.incidents.get(desk.case["incident_id"]) or {}
    ids = []
    for need in _closed(tx.cases.needs_of(desk.case["id"])):
        again = {name: need[name] for name in ("incident_id", "case_id", "item", "quantity", "tier", "basis")}
        due = sla.due_at(need["tier"], tx.now, incident.get("settings"))
        ids.append(tx.new_number())
        tx.cases.add_needs([{**again, "id": ids[-1], "state": "open", "opened_at": tx.now, "due_at": due}])
    tell_changed(tx, desk.report, "reopen")
    if ids:
        where = {"incident_id": desk.case["incident_id"], "area": desk.case["area"]}
        tx.record(events.NeedsOpened(**where, case_id=desk.case["id"], need_ids=ids))


def _closed(needs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last closed need of each item that is not wanted again already."""
    still_open = {need["item"] for need in needs if need["state"] == "open"}
    last = {need["item"]: need for need in needs if need["state"] == "closed"}
    return [need for item, need in last.items() if item not in still_open]


def _rate(desk: _Desk) -> None:
    if desk.body.rating is None:
        raise Invalid({"rating": Problem("required")})
    desk.tx.reports.change(desk.report["id"], rating=desk.body.rating)
    desk.tx.reports.note(desk.report["id"], desk.tx.now, "rated", rating=desk.body.rating)
    tell_changed(desk.tx, desk.report, "rate")


def _cancel(desk: _Desk) -> None:
    tx, case_id = desk.tx, desk.case["id"]
    tx.reports.change(desk.report["id"], state=lifecycle.after("report", desk.report["state"], "reject"))
    tx.reports.note(desk.report["id"], tx.now, "cancelled_by_reporter")
    tx.moderation.settle(desk.report["id"], "rejected", REPORTER, tx.now)
    if all(r["state"] in ("rejected", "duplicate") for r in tx.reports.of_case(case_id)):
        for need in tx.cases.needs_of(case_id):
            if need["state"] == "open" and need["covered"] == 0:
                tx.cases.change_need(need["id"], state=lifecycle.after("need", need["state"], "cancel"))
    tell_changed(tx, desk.report, "cancel")


def _set_place(desk: _Desk) -> None:
    """The reporter says where it is."""
    incident = desk.tx.incidents.get(desk.case["incident_id"]) or {}
    _put(
        desk,
        places.resolve(incident, desk.gazetteer, place=desk.body.place, area_code=desk.body.area_code, place_text=None),
    )
    if desk.body.text:
        _note(desk)


def _put(desk: _Desk, found: places.Resolved) -> None:
    """The report is there; the case goes along until staff have settled its place by verifying it."""
    tx, case = desk.tx, desk.case
    where = {"area": found.area, "lon": found.lon, "lat": found.lat, "accuracy_m": found.accuracy_m}
    tx.reports.change(desk.report["id"], **where, flags=[*places.other_flags(desk.report["flags"]), *found.flags])
    if case["verified_at"] is None and len(tx.reports.of_case(case["id"])) == 1:
        tx.cases.change(case["id"], **where)


def _note(desk: _Desk) -> None:
    """The reporter's words as a note on the case. Raises Invalid naming `text` when there are none."""
    if not desk.body.text:
        raise Invalid({"text": Problem("required")})
    _write(desk, desk.body.text)


def _write(desk: _Desk, text: str) -> None:
    tx = desk.tx
    note = {"id": tx.new_id(), "case_id": desk.case["id"], "at": tx.now, "by": REPORTER, "text": text}
    tx.cases.add_note(note | {"report_id": desk.report["id"]})


_ACTIONS: Mapping[str, Callable[[_Desk], None]] = {
    "add_info": _add_info,
    "answer": _answer,
    "confirm": _confirm,
    "not_yet": _not_yet,
    "reopen": _reopen,
    "rate": _rate,
    "cancel": _cancel,
}


def tell_changed(tx: Tx, report: Mapping[str, Any], action: str) -> None:
    """Record that a report is another now, with the rows that show it."""
    case_id = report["case_id"]
    now = tx.reports.get(report["id"]) or report
    rows = {
        "cases": queries.case_rows(tx, [case_id]),
        "reports": queries.report_rows(tx, [report["id"]]),
        "needs": queries.need_rows(tx, [need["id"] for need in tx.cases.needs_of(case_id)]),
    }
    # Who watches the area that a report left hears of it, too.
    for area in sorted({report["area"], now["area"]}):
        tx.record(
            events.ReportChanged(
                incident_id=report["incident_id"],
                area=area,
                rows=rows,
                report_id=report["id"],
                case_id=case_id,
                action=action,
            )
        )
