"""Intake: from what a person sends to a report, its case and its needs, in one transaction."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

from geo.areas import Gazetteer
from server.domain import catalogue, events, priority, sla
from server.domain.errors import Conflict, DomainError, Invalid, NotFound, Problem
from server.domain.lifecycle import FIRST
from server.domain.permissions import Actor
from server.services import boardrows, codes, contacts, places
from server.services.inputs import ReportIn, parse
from server.store.unit_of_work import Tx

STANDING = "jabar"
DOUBTFUL_PEOPLE = 5_000
"""A head count from here on is flagged: no village of West Java reports so many at one place."""


@dataclass(frozen=True)
class Origin:
    """Where an imported report comes from: its identity in the file, and when it was first told."""

    external_ref: str
    happened_at: datetime | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sent:
    """A report as it was sent: by whom, what, and where it was imported from, if it was."""

    actor: Actor
    body: ReportIn
    origin: Origin | None = None


@dataclass(frozen=True)
class Receipt:
    """The answer to a report; `is_new` is false when it was already here."""

    answer: Mapping[str, Any]
    is_new: bool


def receive(
    tx: Tx,
    actor: Actor,
    body: ReportIn,
    *,
    gazetteer: Gazetteer,
    keys: contacts.Keys,
    origin: Origin | None = None,
) -> Receipt:
    """Store a report with its case and needs, or give the answer again that it already got.

    Anybody may report. Raises Invalid naming every wrong field; Conflict when the client id came
    before with other content; NotFound for an unknown incident.
    """
    (found,) = receive_all(tx, [Sent(actor, body, origin)], gazetteer=gazetteer, keys=keys)
    if isinstance(found, Exception):
        raise found
    return found


def receive_all(
    tx: Tx, sent: Sequence[Sent], *, gazetteer: Gazetteer, keys: contacts.Keys
) -> list[Receipt | Exception]:
    """`receive` for several at the cost of little more than one; for each, in order, its receipt or why not."""
    find = cache(partial(incident_for, tx))
    drafts = [_draft(tx, one, find, gazetteer, keys) for one in sent]
    # In one order for all, or two rounds with the same reports could wait for each other.
    whole = sorted((draft for draft in drafts if isinstance(draft, Draft)), key=lambda draft: draft.report["client_id"])
    stored = _store(tx, whole)
    return [
        draft if isinstance(draft, Exception) else _receipt(tx, one.actor, draft, stored, keys)
        for one, draft in zip(sent, drafts, strict=True)
    ]


@dataclass(frozen=True)
class Draft:
    """A report that is in order, with its case and needs as rows, and the run of its clocks."""

    report: dict[str, Any]
    case: dict[str, Any]
    needs: list[dict[str, Any]]
    run: sla.Run
    place: places.Resolved


def _draft(
    tx: Tx, sent: Sent, find: Callable[[str | None], Mapping[str, Any]], gazetteer: Gazetteer, keys: contacts.Keys
) -> Draft | Invalid:
    incident, place, phone, wrong = _checked(find, sent.body, gazetteer)
    if wrong or incident is None or place is None:
        return Invalid(wrong)
    lines = needed(sent.body)
    tier = priority.tier_of(_danger(sent.body), tuple(line.tier for line in lines))
    report = _report_row(tx, sent.body, incident, place, phone, tier, keys, sent.origin)
    case = _case_row(tx, report)
    run = sla.begin(tier, case["area"], tx.now, sla.clock_for(tier, incident["settings"]))
    return Draft(report, case, [_need_row(tx, case, line, incident) for line in lines], run, place)


def _store(tx: Tx, drafts: Sequence[Draft]) -> set[str]:
    """Ids of the reports that were stored: those whose client id, outside identity and code are new."""
    if not drafts:
        return set()
    return tx.reports.add_whole(
        [draft.report for draft in drafts],
        [draft.case for draft in drafts],
        [need for draft in drafts for need in draft.needs],
        {draft.case["id"]: draft.run for draft in drafts},
    )


def _receipt(tx: Tx, actor: Actor, draft: Draft, stored: set[str], keys: contacts.Keys) -> Receipt | Exception:
    try:
        if draft.report["id"] not in stored and not _stored_under_next_code(tx, draft, keys):
            return _known(tx, draft.report, keys, draft.place)
    except DomainError as error:
        return error
    _tell(tx, actor, draft)
    return Receipt(_answer(draft.report, keys, draft.place), is_new=True)


def also_wrong(tx: Tx, data: object, wrong: Mapping[str, Problem], gazetteer: Gazetteer) -> dict[str, Problem]:
    """What else is wrong with what was sent, when these fields have a wrong form: all is named at once.

    The other fields have their form, but only the map, the catalogue or the incident tells the rest.
    """
    if not isinstance(data, Mapping):
        return {}
    unread = {name.partition(".")[0] for name in wrong}
    kept = {name: value for name, value in data.items() if name not in unread}
    body = parse(ReportIn, {**kept, "client_id": UUID(int=0)})
    _, _, _, found = _checked(partial(incident_for, tx), body, gazetteer)
    # What could not be read is there all the same.
    if unread & {"place", "area_code", "place_text"}:
        found.pop("place", None)
    if unread & {"text", "needs", "danger"}:
        found.pop("text", None)
    return found


def incident_for(tx: Tx, slug: str | None) -> Mapping[str, Any]:
    """The open incident of that slug, the standing one without a slug. Raises Invalid naming `incident`."""
    found = tx.incidents.by_slug(slug or STANDING)
    if found is None or not found["is_open"]:
        raise Invalid({"incident": Problem("unknown_incident", {"slug": slug or STANDING})})
    return found


def needed(body: ReportIn) -> list[catalogue.NeedLine]:
    """The report's people, dangers and wishes as needs in quantities for the first two days."""
    asked = [(wanted.item, wanted.quantity) for wanted in body.needs or []]
    return catalogue.needs_for(body.people, _vulnerable(body), _danger(body), asked)


def _danger(body: ReportIn) -> dict[str, bool]:
    return {k: v for k, v in body.danger if v} if body.danger else {}


def _vulnerable(body: ReportIn) -> dict[str, int]:
    return {k: v for k, v in body.vulnerable if v} if body.vulnerable else {}


def _wrong_fields(body: ReportIn) -> dict[str, Problem]:
    wrong: dict[str, Problem] = {}
    if not (body.place or body.area_code or body.place_text):
        wrong["place"] = Problem("place_wanted")
    if not (body.text or body.needs or _danger(body)):
        wrong["text"] = Problem("text_need_or_danger_wanted")
    for n, wanted in enumerate(body.needs or []):
        if wanted.item not in catalogue.ITEMS:
            wrong[f"needs.{n}.item"] = Problem("unknown_item", {"item": wanted.item})
    for group, count in _vulnerable(body).items():
        if body.people is not None and count > body.people:
            wrong[f"vulnerable.{group}"] = Problem("more_than_people", {"people": body.people})
    return wrong


def _checked(
    find: Callable[[str | None], Mapping[str, Any]], body: ReportIn, gazetteer: Gazetteer
) -> tuple[Mapping[str, Any] | None, places.Resolved | None, str | None, dict[str, Problem]]:
    """The report's incident, place and phone as they are stored, and everything that is wrong with it."""
    wrong = _wrong_fields(body)
    incident, place, phone = None, None, None
    with _noting(wrong):
        incident = find(body.incident)
        place = places.resolve(
            incident, gazetteer, place=body.place, area_code=body.area_code, place_text=body.place_text
        )
    with _noting(wrong):
        if body.contact and body.contact.phone:
            phone = contacts.normalise_phone(body.contact.phone, name="contact.phone")
    return incident, place, phone, wrong


@contextmanager
def _noting(wrong: dict[str, Problem]) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        wrong.update(error.fields)


def content_hash(body: ReportIn) -> bytes:
    """What makes two bodies the same: all fields but the client id, in the order of the form."""
    return hashlib.sha256(body.model_dump_json(exclude={"client_id"}, exclude_none=True).encode()).digest()


def _report_row(
    tx: Tx,
    body: ReportIn,
    incident: Mapping[str, Any],
    place: places.Resolved,
    phone: str | None,
    tier: int,
    keys: contacts.Keys,
    origin: Origin | None,
) -> dict[str, Any]:
    client_id = str(body.client_id)
    sealed = contacts.seal_phone(phone, keys) if phone else None
    name = body.contact.name if body.contact and body.contact.name else None
    flags = [*place.flags, *(origin.flags if origin else ())]
    if body.people and body.people >= DOUBTFUL_PEOPLE:
        flags.append("doubtful_people")
    return {
        "id": codes.short_id(tx.new_id()),
        "client_id": client_id,
        "content_hash": content_hash(body),
        "code_salt": 0,
        "code_index": codes.index_of(codes.tracking_code(client_id, 0, keys), keys),
        "incident_id": incident["id"],
        "case_id": tx.new_number(),
        "state": FIRST["report"],
        "tier": tier,
        "text": body.text,
        "place_text": body.place_text,
        "area": place.area,
        "lon": place.lon,
        "lat": place.lat,
        "accuracy_m": place.accuracy_m,
        "people": body.people,
        "vulnerable": _vulnerable(body),
        "danger": _danger(body),
        "flags": flags,
        "channel": body.channel,
        "on_behalf": body.on_behalf,
        "same_as": _same_as(tx, body, incident, keys),
        "name_sealed": contacts.seal_text(name, keys) if name else None,
        "phone_sealed": sealed.enc if sealed else None,
        "phone_index": sealed.index if sealed else None,
        "phone_last3": sealed.last3 if sealed else None,
        "external_ref": origin.external_ref if origin else None,
        "happened_at": origin.happened_at if origin else None,
        "received_at": tx.now,
        "due_at": sla.due_at(tier, tx.now, incident["settings"]),
    }


def _same_as(tx: Tx, body: ReportIn, incident: Mapping[str, Any], keys: contacts.Keys) -> int | None:
    """The case that the reporter takes for the same, told by a report's code or public id.

    What nobody knows is passed over: a report is not lost for it, and the answer tells nothing of codes.
    """
    if body.same_as is None:
        return None
    code = codes.normalised(body.same_as)
    found = tx.reports.by_code_index(codes.index_of(code, keys)) if code else tx.reports.get(body.same_as)
    return int(found["case_id"]) if found and found["incident_id"] == incident["id"] else None


def _stored_under_next_code(tx: Tx, draft: Draft, keys: contacts.Keys) -> bool:
    """Store a report whose code is taken under another; False when its client id or outside identity is known."""
    report = draft.report
    for salt in range(1, 10):
        if tx.reports.by_code_index(report["code_index"]) is None or tx.reports.by_client_id(report["client_id"]):
            return False
        code = codes.tracking_code(report["client_id"], salt, keys)
        report |= {"code_salt": salt, "code_index": codes.index_of(code, keys)}
        if _store(tx, [draft]):
            return True
    raise AssertionError("ten tracking codes in a row were taken")


def _known(tx: Tx, report: dict[str, Any], keys: contacts.Keys, place: places.Resolved) -> Receipt:
    stored = tx.reports.by_client_id(report["client_id"])
    if stored is None:
        stored = tx.reports.by_external_ref(report["incident_id"], report["external_ref"])
    elif bytes(stored["content_hash"]) != report["content_hash"]:
        raise Conflict("client_id_taken", state={"received_at": stored["received_at"].isoformat()})
    if stored is None:
        raise NotFound
    return Receipt(_answer(stored, keys, place), is_new=False)


def _case_row(tx: Tx, report: Mapping[str, Any]) -> dict[str, Any]:
    code = int(tx.new_id().replace("-", "")[:8], 16) % 10_000
    return {
        "id": report["case_id"],
        "incident_id": report["incident_id"],
        "area": report["area"],
        "lon": report["lon"],
        "lat": report["lat"],
        "accuracy_m": report["accuracy_m"],
        "people": report["people"],
        "vulnerable": report["vulnerable"],
        "tier": report["tier"],
        "opened_at": report["received_at"],
        "delivery_code": f"{code:04d}",
        "version": 1,
        "verified_at": None,
    }


def _need_row(tx: Tx, case: Mapping[str, Any], line: catalogue.NeedLine, incident: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": tx.new_number(),
        "incident_id": case["incident_id"],
        "case_id": case["id"],
        "item": line.item,
        "quantity": line.quantity,
        "tier": line.tier,
        "basis": line.basis,
        "state": FIRST["need"],
        "opened_at": tx.now,
        "due_at": sla.due_at(line.tier, tx.now, incident["settings"]),
        "version": 1,
    }


def _tell(tx: Tx, actor: Actor, draft: Draft) -> None:
    report, case = draft.report, draft.case
    where = {"incident_id": report["incident_id"], "area": report["area"]}
    rows = {
        "reports": [boardrows.report(report)],
        "cases": [boardrows.case(case, draft.run)],
        "needs": [boardrows.need(need) for need in draft.needs],
    }
    tx.record(
        events.ReportReceived(**where, rows=rows, report_id=report["id"], case_id=case["id"], tier=report["tier"])
    )
    tx.audit(actor, "report:receive", report["area"], f"report:{report['id']}", channel=report["channel"])


def _answer(report: Mapping[str, Any], keys: contacts.Keys, place: places.Resolved) -> dict[str, Any]:
    code = codes.tracking_code(report["client_id"], report["code_salt"], keys)
    answer = {
        "id": report["id"],
        "code": code,
        "tracking_url": f"/lacak/{code}",
        "state": report["state"],
        "tier": report["tier"],
        "clock": {"due_at": report["due_at"].isoformat()},
        "received_at": report["received_at"].isoformat(),
    }
    if place.candidates:
        answer["place_candidates"] = list(place.candidates)
    return answer
