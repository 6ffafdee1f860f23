"""Who asks about a rumour: each question is kept, the same ones wait for one answer, and each is answered once."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from geo.areas import Gazetteer
from server.domain import events, lifecycle, sla
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require
from server.services import accounts, codes, contacts, intake, places
from server.services.inputs_supply import AskIn
from server.services.ledger import Done
from server.services.retellings import ALIKE, likeness, same
from server.store.unit_of_work import Tx

Row = Mapping[str, Any]
LOOKED_BACK = timedelta(days=14)
"""How old a claim may be for a question to be taken for one about it: older rumours come back as new ones. Ours."""
STANDS = timedelta(hours=24)
"""So long a verdict answers whoever asks anew: what was false last week may be true today. An assumption of ours."""
MOST, WITHIN = 1_000, timedelta(hours=1)
"""Questions from one address; loose, since thousands share one in mobile networks. An assumption of ours."""
JUDGED = frozenset(state for state in lifecycle.states("claim") if state not in ("received", "checking"))
PUBLISHED = JUDGED - {"not_checkable"}
"""Verdicts that everybody may read; of what could not be checked only who asked is told, or junk would be published."""
SIMILAR_SHOWN = 3


def ask(tx: Tx, actor: Actor, body: AskIn, address: str, *, gazetteer: Gazetteer, keys: contacts.Keys) -> Done:
    """Keep a question about a rumour; anybody may ask. The same `client_id` again is the same question.

    It joins the claim that says the same, or is a new one. Raises Invalid naming every wrong field, Conflict for
    another question of that id, TooMany.
    """
    incident, place, phone = _checked(tx, body, gazetteer)
    if (before := tx.claims.ask_by_client_id(str(body.client_id))) is not None:
        return Done(_again(tx, before, body, keys), is_new=False)
    accounts.check_tries(tx, f"ask:{address}", MOST, WITHIN)
    tx.accounts.count_try(f"ask:{address}", tx.now)
    tx.claims.hold_asking()
    claim = _same(tx, incident, place, body.text) or _new(tx, actor, incident, place, body)
    row = _row(tx, incident, claim, body, phone, keys)
    if not tx.claims.add_ask(row):
        before = tx.claims.ask_by_client_id(str(body.client_id))
        if before is None:
            raise Conflict
        return Done(_again(tx, before, body, keys), is_new=False)
    if claim["state"] in JUDGED:
        tx.claims.tell_all(claim["id"], claim["state"], tx.now)
    tx.record(
        events.ClaimChanged(
            incident_id=claim["incident_id"], area=claim["area"], claim_id=claim["id"], state=claim["state"]
        )
    )
    tx.audit(actor, "claim:ask", claim["area"], f"claim:{claim['id']}")
    return Done(_answer(tx, row, keys))


def _checked(tx: Tx, body: AskIn, gazetteer: Gazetteer) -> tuple[Mapping[str, Any], places.Resolved, str | None]:
    wrong: dict[str, Problem] = {}
    incident, place, phone = None, None, None
    try:
        incident = intake.incident_for(tx, body.incident)
        place = places.resolve(
            incident, gazetteer, place=body.place, area_code=body.area_code, place_text=body.place_text
        )
    except Invalid as error:
        wrong |= error.fields
    try:
        phone = contacts.normalise_phone(body.phone) if body.phone else None
    except Invalid as error:
        wrong |= error.fields
    if wrong or incident is None or place is None:
        raise Invalid(wrong)
    return incident, place, phone


def claim_row(tx: Tx, incident: Row, place: places.Resolved, text: str) -> dict[str, Any]:
    """A new claim; its clock runs from now."""
    return {
        "id": tx.new_id(),
        "incident_id": incident["id"],
        "area": place.area,
        "lon": place.lon,
        "lat": place.lat,
        "accuracy_m": place.accuracy_m,
        "text": text,
        "state": lifecycle.FIRST["claim"],
        "received_at": tx.now,
        "due_at": tx.now + sla.CLAIM_VERDICT,
    }


def _same(tx: Tx, incident: Row, place: places.Resolved, text: str) -> Row | None:
    """The claim that says the same and is not told of another place; held, so that its verdict waits for this."""
    for one in tx.claims.wordings(incident["id"], tx.now - LOOKED_BACK):
        if same(text, one["text"]):
            claim = tx.claims.get(one["claim_id"], lock=True)
            if claim and claim["joined_to"]:
                claim = tx.claims.get(claim["joined_to"], lock=True)
            if claim and _still_says(tx, claim) and _may_be_there(place, claim["area"]):
                return claim
    return None


def _still_says(tx: Tx, claim: Row) -> bool:
    """Whether the claim is under check, or its verdict is young enough to answer for what is heard now."""
    return claim["state"] not in JUDGED or (claim["confirmed_at"] or claim["received_at"]) > tx.now - STANDS


def _may_be_there(place: places.Resolved, area: str) -> bool:
    """Whether what is asked about a place may be a claim about an area: the area is in it, or the place is not known.

    A wider claim is joined by a person: the next one who asks may mean another part of it.
    """
    if not {"no_place", "place_unclear"}.isdisjoint(place.flags):
        return True
    return f"{area}.".startswith(f"{place.area}.")


def _new(tx: Tx, actor: Actor, incident: Row, place: places.Resolved, body: AskIn) -> Row:
    row = claim_row(tx, incident, place, body.text) | {"source_url": body.source_url}
    tx.claims.add(row)
    tx.audit(actor, "claim:add", place.area, f"claim:{row['id']}", state=row["state"])
    return row


def _row(tx: Tx, incident: Row, claim: Row, body: AskIn, phone: str | None, keys: contacts.Keys) -> dict[str, Any]:
    sealed = contacts.seal_phone(phone, keys) if phone else None
    client_id = str(body.client_id)
    return {
        "id": tx.new_id(),
        "claim_id": claim["id"],
        "incident_id": incident["id"],
        "client_id": client_id,
        "content_hash": _content_hash(body),
        "code_index": codes.index_of(_code(client_id, keys), keys),
        "text": body.text,
        "source_url": body.source_url,
        "phone_sealed": sealed.enc if sealed else None,
        "phone_last3": sealed.last3 if sealed else None,
        "asked_at": tx.now,
    }


def _code(client_id: str, keys: contacts.Keys) -> str:
    """The code of a question, derived so that the database need not hold it; never one of a report."""
    return codes.tracking_code(f"ask:{client_id}", 0, keys)


def _content_hash(body: AskIn) -> bytes:
    return hashlib.sha256(body.model_dump_json(exclude={"client_id"}, exclude_none=True).encode()).digest()


def _again(tx: Tx, before: Row, body: AskIn, keys: contacts.Keys) -> dict[str, Any]:
    if bytes(before["content_hash"]) != _content_hash(body):
        raise Conflict("client_id_taken")
    return _answer(tx, before, keys)


def _answer(tx: Tx, row: Row, keys: contacts.Keys) -> dict[str, Any]:
    code = _code(row["client_id"], keys)
    # Similar answers are looked up when the page is opened: here others who ask wait for the lock.
    return {"code": code, "url": f"/kabar/{code}", **_view(tx, row, find_similar=False)}


def follow(tx: Tx, code: str, keys: contacts.Keys) -> dict[str, Any]:
    """What became of a question, by its code: the claim's state and clock, and the verdict once there is one.

    Raises NotFound, for unknown and wrong codes alike.
    """
    plain = codes.normalised(code)
    row = tx.claims.ask_by_code_index(codes.index_of(plain or "", keys))
    if plain is None or row is None:
        raise NotFound("unknown_code")
    return {"code": plain, "url": f"/kabar/{plain}", **_view(tx, row)}


def _view(tx: Tx, row: Row, *, find_similar: bool = True) -> dict[str, Any]:
    claim, told = tx.claims.get(row["claim_id"]), tx.claims.telling(row["id"])
    if claim is None:
        raise NotFound
    return {
        "text": row["text"],
        "asked_at": row["asked_at"].isoformat(),
        "state": claim["state"],
        "due_at": claim["due_at"].isoformat(),
        "told_at": told["told_at"].isoformat() if told else None,
        "answer": answer(tx, claim) if told else None,
        "similar": _similar_answers(tx, claim) if find_similar and not told else [],
    }


def answer(tx: Tx, claim: Row) -> dict[str, Any]:
    """A verdict as everybody may read it."""
    return {
        "code": claim["code"],
        "url": f"/kabar/{claim['code']}",
        "text": claim["text"],
        "state": claim["state"],
        "verdict": claim["verdict"],
        "source_url": claim["source_url"],
        "sources": [one["source_url"] for one in tx.claims.evidence(claim["id"]) if one["source_url"]],
        "judged_at": claim["confirmed_at"].isoformat() if claim["confirmed_at"] else None,
        "received_at": claim["received_at"].isoformat(),
    }


def public_answer(tx: Tx, code: str) -> dict[str, Any]:
    """The verdict on a claim by its public code. Raises NotFound, also before there is one and for training."""
    claim = tx.claims.by_code(code)
    if claim is not None and claim["joined_to"]:
        claim = tx.claims.get(claim["joined_to"])
    incident = tx.incidents.get(claim["incident_id"]) if claim else None
    if claim is None or incident is None or incident["is_training"] or claim["state"] not in PUBLISHED:
        raise NotFound("unknown_code")
    return answer(tx, claim)


def _similar_answers(tx: Tx, claim: Row) -> list[dict[str, Any]]:
    """Verdicts on rumours that sound alike, for who waits."""
    return [answer(tx, one) for _, one in alike(tx, claim, PUBLISHED)[:SIMILAR_SHOWN]]


def alike(tx: Tx, claim: Row, states: frozenset[str] | None = None) -> list[tuple[float, Row]]:
    """Other claims (in these states) that may be the same, the most alike first, each with how alike it is at best."""
    best: dict[str, float] = {}
    for one in tx.claims.wordings(claim["incident_id"], tx.now - LOOKED_BACK, states):
        if one["claim_id"] != claim["id"] and (score := likeness(claim["text"], one["text"])) >= ALIKE:
            best[one["claim_id"]] = max(score, best.get(one["claim_id"], 0.0))
    ordered = sorted(best, key=lambda claim_id: (-best[claim_id], claim_id))
    return [(best[claim_id], other) for claim_id in ordered if (other := tx.claims.get(claim_id))]


def seen_by_staff(row: Row) -> dict[str, Any]:
    """Who asks, as staff see it: what they heard, and whether they are told; never their number."""
    return {
        "id": row["id"],
        "text": row["text"],
        "source_url": row["source_url"],
        "phone_last3": row["phone_last3"],
        "asked_at": row["asked_at"].isoformat(),
        "told_at": row["told_at"].isoformat() if row["told_at"] else None,
        "reached_at": row["reached_at"].isoformat() if row["reached_at"] else None,
        "reached_by": row["reached_by"],
    }


def reveal(tx: Tx, actor: Actor, ask_id: str, reason: str, keys: contacts.Keys) -> dict[str, Any]:
    """The phone of who asks, for who may see contacts; audited. Raises NotFound, Forbidden."""
    row = _of_staff(tx, actor, ask_id)
    tx.audit(actor, "contact:reveal", row["area"], f"ask:{ask_id}", reason=reason)
    return {"phone": contacts.open_sealed(row["phone_sealed"], keys) if row["phone_sealed"] else None}


def reached(tx: Tx, actor: Actor, ask_id: str) -> dict[str, Any]:
    """Somebody who asks was told by phone as well; once. Raises NotFound, Forbidden, Conflict."""
    row = _of_staff(tx, actor, ask_id)
    if not tx.claims.reached(ask_id, actor.name, tx.now):
        raise Conflict("not_now")
    tx.audit(actor, "claim:reached", row["area"], f"ask:{ask_id}")
    return next(seen_by_staff(one) for one in tx.claims.asks(row["claim_id"]) if one["id"] == ask_id)


def _of_staff(tx: Tx, actor: Actor, ask_id: str) -> Row:
    """The ask, for who may see contacts there. Raises NotFound, Forbidden."""
    row = tx.claims.ask(ask_id)
    if row is None or not may(actor, Permission.BOARD_READ, row["area"]):
        raise NotFound
    require(actor, Permission.CONTACT_REVEAL, row["area"])
    return row
