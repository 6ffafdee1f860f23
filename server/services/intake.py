"""Intake: from what a person sends to a report, its case and its needs, in one transaction."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

from geo.areas import Gazetteer
from server.domain import abuse, catalogue, consent, events, lifecycle, priority, sla
from server.domain.errors import Conflict, DomainError, Invalid, NotFound, Problem
from server.domain.lifecycle import FIRST
from server.domain.permissions import Actor
from server.services import boardrows, codes, contacts, needing, places, units
from server.services.inputs import ReportIn, parse
from server.services.screening import Sender
from server.store.unit_of_work import Tx

STANDING = "jabar"
CLOSED = "incident_closed"
"""Flag of a report to an incident that is over: those who stand by read it."""
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
    """A report as it was sent: by whom, what, and where it was imported from, if it was.

    sender: of whom nobody knows. weight: what was found when it was screened (`screening.weigh`).
    """

    actor: Actor
    body: ReportIn
    origin: Origin | None = None
    sender: Sender | None = None
    weight: abuse.Weight = abuse.LIGHT


@dataclass(frozen=True)
class Receipt:
    """The answer to a report; `is_new` is false when it was already here, `waits` says that it is in quarantine."""

    answer: Mapping[str, Any]
    is_new: bool
    waits: bool = False


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
    find = cache(partial(taker_of, tx))
    drafts = _screened(tx, sent, [_draft(tx, one, find, gazetteer, keys) for one in sent])
    # In one order for all, or two rounds with the same reports could wait for each other.
    whole = sorted((draft for draft in drafts if isinstance(draft, Draft)), key=lambda draft: draft.report["client_id"])
    stored = _store(tx, whole)
    return [
        draft if isinstance(draft, Exception) else _receipt(tx, one.actor, draft, stored, keys)
        for one, draft in zip(sent, drafts, strict=True)
    ]


@dataclass(frozen=True)
class Draft:
    """A report that is in order, with its case and needs as rows, and the run of its clocks.

    doubt: why it is in quarantine. T0 is on the board all the same; others have no case until a person lets them in.
    """

    report: dict[str, Any]
    case: dict[str, Any]
    needs: list[dict[str, Any]]
    run: sla.Run
    place: places.Resolved
    doubt: abuse.Weight | None = None

    @property
    def waits(self) -> bool:
        """Whether it is stored without a case."""
        return self.report["case_id"] is None


def _draft(
    tx: Tx, sent: Sent, find: Callable[[str | None], Mapping[str, Any]], gazetteer: Gazetteer, keys: contacts.Keys
) -> Draft | Invalid:
    incident, place, phone, wrong = _checked(find, sent.body, gazetteer)
    if wrong or incident is None or place is None:
        return Invalid(wrong)
    lines = needed(sent.body)
    tier = priority.tier_of(_danger(sent.body), tuple(line.tier for line in lines))
    report = _report_row(tx, sent, incident, place, phone, tier, keys)
    return Draft(report, *opened(tx, report, lines, incident), place)


def opened(
    tx: Tx, report: Mapping[str, Any], lines: Sequence[catalogue.NeedLine], incident: Mapping[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]], sla.Run]:
    """The case of a report, its needs, and the run of its clocks, which began when the report came."""
    case = _case_row(tx, report)
    clock = sla.clock_for(case["tier"], incident["settings"])
    run = sla.begin(case["tier"], case["area"], case["opened_at"], clock)
    needs = [needing.need_row(tx, case, line, incident["settings"], case["opened_at"]) for line in lines]
    return case, needs, run


def let_in(tx: Tx, held: Sequence[tuple[Mapping[str, Any], Sequence[catalogue.NeedLine]]]) -> None:
    """Open the cases of reports that were in quarantine, each with its needs: they are told of as if they came now."""
    incident_of = cache(tx.incidents.get)
    found = []
    for row, lines in held:
        state = lifecycle.after("report", row["state"], "let_in")
        report = {**row, "case_id": tx.new_number(), "state": state}
        found.append((report, *opened(tx, report, lines, incident_of(row["incident_id"]) or {"settings": {}})))
    if not found:
        return
    tx.reports.open_cases(
        {report["id"]: case for report, case, _, _ in found},
        [need for _, _, needs, _ in found for need in needs],
        {case["id"]: run for _, case, _, run in found},
    )
    for report, case, needs, run in found:
        tell_of_case(tx, report, case, needs, run)


def _screened(tx: Tx, sent: Sequence[Sent], drafts: Sequence[Draft | Invalid]) -> list[Draft | Invalid]:
    """The drafts, those in quarantine marked as such: over a limit, or from a sender who is blocked."""
    senders = {key for one, draft in zip(sent, drafts, strict=True) for key in _keys(one, draft)}
    blocked = {(row["kind"], bytes(row["key"])): row["id"] for row in tx.moderation.in_force(senders, tx.now)}
    return [
        draft if isinstance(draft, Invalid) else _doubted(tx, one, draft, blocked)
        for one, draft in zip(sent, drafts, strict=True)
    ]


def _keys(one: Sent, draft: Draft | Invalid) -> list[tuple[str, bytes]]:
    """What a sender may be blocked by."""
    if isinstance(draft, Invalid) or one.sender is None:
        return []
    found = [("device", one.sender.device), ("address", one.sender.address), ("phone", draft.report["phone_index"])]
    return [(kind, key) for kind, key in found if key is not None]


def _doubted(tx: Tx, one: Sent, draft: Draft, blocked: Mapping[tuple[str, bytes], str]) -> Draft:
    weight = one.weight
    if by := next((blocked[key] for key in _keys(one, draft) if key in blocked), None):
        weight = replace(weight, over=("blocked", *weight.over), group=f"blocked:{by}")
    if not weight.over:
        return draft
    phone = draft.report["phone_index"]
    if not weight.is_doubted(is_known=phone is not None and tx.moderation.was_right(phone)):
        return draft
    if draft.report["tier"] == 0:
        draft.report["flags"] = [*draft.report["flags"], "quarantined"]
    else:
        held = lifecycle.after("report", draft.report["state"], "hold")
        draft.report.update(state=held, case_id=None)
    return replace(draft, doubt=weight)


def _store(tx: Tx, drafts: Sequence[Draft]) -> set[str]:
    """Ids of the reports that were stored: those whose client id, outside identity and code are new."""
    whole, held = [one for one in drafts if not one.waits], [one for one in drafts if one.waits]
    stored: set[str] = set()
    if whole:
        stored |= tx.reports.add_whole(
            [draft.report for draft in whole],
            [draft.case for draft in whole],
            [need for draft in whole for need in draft.needs],
            {draft.case["id"]: draft.run for draft in whole},
        )
    if held:
        stored |= tx.reports.hold([draft.report for draft in held])
    if doubts := [_doubt_row(tx, one) for one in drafts if one.doubt is not None and one.report["id"] in stored]:
        tx.moderation.add(doubts)
    return stored


def _doubt_row(tx: Tx, draft: Draft) -> dict[str, Any]:
    doubt = draft.doubt or abuse.LIGHT
    needs = [{name: need[name] for name in ("item", "quantity", "tier", "basis")} for need in draft.needs]
    return {
        "report_id": draft.report["id"],
        "over": doubt.over,
        "signals": doubt.signals,
        "group": doubt.group,
        "needs": needs if draft.waits else [],
        "since_at": tx.now,
    }


def _receipt(tx: Tx, actor: Actor, draft: Draft, stored: set[str], keys: contacts.Keys) -> Receipt | Exception:
    try:
        if draft.report["id"] not in stored and not _stored_under_next_code(tx, draft, keys):
            return _known(tx, draft.report, keys, draft.place)
    except DomainError as error:
        return error
    _tell(tx, actor, draft)
    return Receipt(_answer(tx, draft.report, keys, draft.place), is_new=True, waits=draft.waits)


def also_wrong(tx: Tx, data: object, wrong: Mapping[str, Problem], gazetteer: Gazetteer) -> dict[str, Problem]:
    """What else is wrong with what was sent, when these fields have a wrong form: all is named at once.

    The other fields have their form, but only the map, the catalogue or the incident tells the rest.
    """
    if not isinstance(data, Mapping):
        return {}
    unread = {name.partition(".")[0] for name in wrong}
    kept = {name: value for name, value in data.items() if name not in unread}
    body = parse(ReportIn, {**kept, "client_id": UUID(int=0)})
    _, _, _, found = _checked(partial(taker_of, tx), body, gazetteer)
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


def taker_of(tx: Tx, slug: str | None) -> Mapping[str, Any]:
    """The incident that takes a report: that of the slug, or for a closed one the standing one, `instead_of` it.

    A report is not lost for an old link; a drill that is over takes none. Raises Invalid naming `incident`.
    """
    found = tx.incidents.by_slug(slug) if slug else None
    if found is None or found["is_open"] or found["is_training"]:
        return incident_for(tx, slug)
    return {**incident_for(tx, None), "instead_of": found["slug"]}


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
    """What makes two bodies the same: all fields but the client id and the form's version, in the form's order."""
    return hashlib.sha256(body.model_dump_json(exclude={"client_id", "consent"}, exclude_none=True).encode()).digest()


def _report_row(
    tx: Tx,
    sent: Sent,
    incident: Mapping[str, Any],
    place: places.Resolved,
    phone: str | None,
    tier: int,
    keys: contacts.Keys,
) -> dict[str, Any]:
    body, origin, sender = sent.body, sent.origin, sent.sender
    client_id = str(body.client_id)
    sealed = contacts.seal_phone(phone, keys) if phone else None
    name = body.contact.name if body.contact and body.contact.name else None
    flags = [*place.flags, *(origin.flags if origin else ())]
    if "instead_of" in incident:
        flags.append(CLOSED)
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
        "device_key": sender.device if sender else None,
        "address_key": sender.address if sender else None,
        "consent": None if origin else consent.asked_with(body.consent),
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
    # One that waits in quarantine has no case yet.
    return found["case_id"] if found and found["incident_id"] == incident["id"] else None


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
    return Receipt(_answer(tx, stored, keys, place), is_new=False)


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


def _tell(tx: Tx, actor: Actor, draft: Draft) -> None:
    report = draft.report
    if not draft.waits:
        tell_of_case(tx, report, draft.case, draft.needs, draft.run)
    doubt = {"over": draft.doubt.over, "signals": draft.doubt.signals} if draft.doubt else {}
    tx.audit(actor, "report:receive", report["area"], f"report:{report['id']}", channel=report["channel"], **doubt)


def tell_of_case(
    tx: Tx, report: Mapping[str, Any], case: Mapping[str, Any], needs: Sequence[Mapping[str, Any]], run: sla.Run
) -> None:
    """Let the board show a report with its new case."""
    rows = {
        "reports": [boardrows.report(report)],
        "cases": [boardrows.case(case, run)],
        "needs": [boardrows.need(need) for need in needs],
    }
    where = {"incident_id": report["incident_id"], "area": report["area"]}
    tx.record(
        events.ReportReceived(**where, rows=rows, report_id=report["id"], case_id=case["id"], tier=report["tier"])
    )


def _answer(tx: Tx, report: Mapping[str, Any], keys: contacts.Keys, place: places.Resolved) -> dict[str, Any]:
    code = codes.tracking_code(report["client_id"], report["code_salt"], keys)
    answer = {
        "id": report["id"],
        "code": code,
        "tracking_url": f"/lacak/{code}",
        "state": state_told(report),
        "tier": report["tier"],
        "clock": {"due_at": report["due_at"].isoformat()},
        "received_at": report["received_at"].isoformat(),
    }
    if (by := read_by(tx, report)) is not None:
        answer["read_by"] = by
    if place.candidates and report["case_id"] is not None:
        answer["place_candidates"] = list(place.candidates)
    return answer


def state_told(report: Mapping[str, Any]) -> str:
    """A report's state as its reporter hears it: in quarantine it was received, and a person reads it."""
    return "received" if report["state"] == "quarantined" else str(report["state"])


def read_by(tx: Tx, report: Mapping[str, Any]) -> str | None:
    """Who reads a report to an incident that is over: the regency's people on standby; None for any other report."""
    return units.name_of(tx, ".".join(report["area"].split(".")[:2])) if CLOSED in report["flags"] else None
