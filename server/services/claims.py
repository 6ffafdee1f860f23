"""Claims: rumours, checked step by step until two people agree on a verdict that everybody can read.

One person proposes a finding, another one confirms it or gives it back; nobody alone, whoever they are, judges a claim.
With the verdict all who asked are told, and a true one that a road is cut closes it: docs/decisions/claims.md.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from geo.areas import Gazetteer
from server.domain import events, lifecycle
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, Problem, WrongTransition
from server.domain.permissions import SYSTEM, Actor, Permission, areas_for, may, require
from server.services import asks, blocked, contacts, hazards, intake, listing, places
from server.services.inputs_supply import ClaimIn, EvidenceIn, JoinIn, ListIn, VerdictIn
from server.store.unit_of_work import Tx

Row = Mapping[str, Any]
CHECK, CONFIRM, GIVE_BACK = "check", "confirm", "give_back"
FINDINGS = frozenset(action for _, action in lifecycle.CLAIM) - {CHECK}
"""The steps that two people take together: one proposes them, another confirms."""
ACTIONS = FINDINGS | {CHECK, CONFIRM, GIVE_BACK}
WITHOUT_VERDICT = frozenset({"give_up"})
RADIUS_M, MOST_DOUBT_M = 300, 1_000
"""Closed around a place unless somebody says otherwise; how well the place must be known. Assumptions of ours."""
SIMILAR_SHOWN = 5
NOTHING_PROPOSED: Mapping[str, Any] = {"finding": None, "proposed_by": None, "proposed_at": None, "closing": {}}


def add(tx: Tx, actor: Actor, body: ClaimIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Take a claim down; its clock runs from now. Raises Invalid naming what is wrong with its place."""
    incident = intake.incident_for(tx, body.incident)
    if body.place is None and body.area_code is None:
        raise Invalid({"place": Problem("place_wanted")})
    place = places.resolve(incident, gazetteer, place=body.place, area_code=body.area_code, place_text=None)
    require(actor, Permission.CLAIM_EDIT, place.area)
    row = asks.claim_row(tx, incident, place, body.text) | {"source_url": body.source_url, "kind": body.kind}
    tx.claims.add(row)
    return _told(tx, actor, row["id"], "add")


def listed(tx: Tx, actor: Actor, asked: ListIn) -> dict[str, Any]:
    """Claims of an incident in the area, the newest first."""
    if asked.state is not None and asked.state not in lifecycle.states("claim"):
        choices = ", ".join(sorted(lifecycle.states("claim")))
        raise Invalid({"state": Problem("not_one_of", {"choices": choices})})
    areas = listing.areas_asked(actor, Permission.BOARD_READ, asked.area)
    incident = intake.incident_for(tx, asked.incident)
    after = str(asked.cursor) if asked.cursor else None
    rows = tx.claims.page(incident["id"], areas, asked.state, after, asked.limit + 1)
    return listing.part("claims", rows, asked.limit, lambda row: {**shown(row), "asks": row["asks"]})


def on_desk(tx: Tx, actor: Actor, most: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Claims of every open incident: those to be judged, the least time left first, and the newest verdicts."""
    areas = areas_for(actor, Permission.CLAIM_EDIT)
    still_open = lifecycle.states("claim") - asks.JUDGED
    waiting = tx.claims.desk(areas, still_open, most, by_time_left=True)
    judged = tx.claims.desk(areas, asks.JUDGED, most, by_time_left=False)
    told = [[{**shown(row), "asks": row["asks"]} for row in rows] for rows in (waiting, judged)]
    return told[0], told[1]


def show(tx: Tx, actor: Actor, claim_id: str) -> dict[str, Any]:
    """A claim with what was found, who asks (never their numbers), and claims that may be the same. Raises NotFound."""
    row = _known(tx, actor, claim_id)
    found = [{**one, "at": one["at"].isoformat()} for one in tx.claims.evidence(claim_id)]
    return {
        **shown(row),
        "used": blocked.seen_by(row["used"], lambda area: may(actor, Permission.BOARD_READ, area)),
        "evidence": [{name: one[name] for name in ("found", "source_url", "by", "at")} for one in found],
        "asks": [asks.seen_by_staff(one) for one in tx.claims.asks(claim_id)],
        "similar": [] if row["joined_to"] else _similar(tx, actor, row),
        "can": [action for action in sorted(ACTIONS) if _may_take(actor, row, action)],
    }


def _may_take(actor: Actor, row: Row, action: str) -> bool:
    """Whether a step is open to somebody, as the page offers it; `act` decides."""
    if row["joined_to"] or not may(actor, Permission.CLAIM_EDIT, row["area"]):
        return False
    if action in (CONFIRM, GIVE_BACK):
        return row["finding"] is not None and row["confirmed_by"] is None and _is_another(actor, row)
    return (row["state"], action) in lifecycle.CLAIM


def _is_another(actor: Actor, row: Row) -> bool:
    """Whether it is a person, and not the one who proposed the finding."""
    return actor.name not in (SYSTEM.name, row["proposed_by"])


def act(tx: Tx, actor: Actor, claim_id: str, action: str, body: VerdictIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Take a step of the check. A finding is proposed with its verdict in words, and stands when another confirms it.

    Raises NotFound, Forbidden, Conflict with the present state, Invalid naming what lacks.
    """
    seen = tx.claims.get(claim_id)
    # Nothing is held for who may not know of it: it costs what does not exist.
    if seen is None or action not in ACTIONS or not may(actor, Permission.BOARD_READ, seen["area"]):
        raise NotFound
    require(actor, Permission.CLAIM_EDIT, seen["area"])
    row = tx.claims.get(claim_id, lock=True) or seen
    if row["joined_to"] or body.version not in (None, row["version"]):
        raise Conflict(state=shown(row))
    if action == CONFIRM:
        return _confirm(tx, actor, row)
    if action == GIVE_BACK:
        return _give_back(tx, actor, row, body)
    state = _after(row, action)
    if action in FINDINGS:
        return _propose(tx, actor, row, action, body, gazetteer)
    tx.claims.change(claim_id, state=state, source_url=body.source_url or row["source_url"])
    return _told(tx, actor, claim_id, action)


def _after(row: Row, action: str) -> str:
    try:
        return lifecycle.after("claim", row["state"], action)
    except WrongTransition as error:
        raise WrongTransition(state=shown(row), **error.params) from None


def _propose(tx: Tx, actor: Actor, row: Row, action: str, body: VerdictIn, gazetteer: Gazetteer) -> dict[str, Any]:
    if actor.name == SYSTEM.name:
        raise Forbidden("verdict_by_people")
    wording = body.text or row["text"]
    wrong = {"verdict": Problem("required")} if action not in WITHOUT_VERDICT and not body.verdict else {}
    if contacts.names_a_phone(wording):
        wrong["text"] = Problem("phone_in_text")
    kind = body.kind if "kind" in body.model_fields_set else row["kind"]
    closing: dict[str, Any] = {}
    place: dict[str, Any] = {}
    if action == "find_true" and kind is not None:
        closing, place, lacking = _closing(tx, actor, row, body, gazetteer)
        wrong |= lacking
    if wrong:
        raise Invalid(wrong)
    tx.claims.change(
        row["id"],
        text=wording,
        verdict=body.verdict or None,
        source_url=body.source_url or row["source_url"],
        kind=kind,
        finding=action,
        proposed_by=actor.name,
        proposed_at=tx.now,
        given_back=None,
        closing=closing,
        **place,
    )
    return _told(tx, actor, row["id"], "propose", finding=action)


def _closing(
    tx: Tx, actor: Actor, row: Row, body: VerdictIn, gazetteer: Gazetteer
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Problem]]:
    """What a true claim closes, the place if a new one is given, and what lacks for it."""
    lacking = {} if body.hours else {"hours": Problem("required")}
    place: dict[str, Any] = {}
    if body.place is not None:
        incident = tx.incidents.get(row["incident_id"]) or {}
        found = places.resolve(incident, gazetteer, place=body.place, area_code=None, place_text=None)
        require(actor, Permission.CLAIM_EDIT, found.area)
        place = {"lon": found.lon, "lat": found.lat, "accuracy_m": found.accuracy_m, "area": found.area}
    known = place or row
    if known["lon"] is None or known["accuracy_m"] is None or known["accuracy_m"] > MOST_DOUBT_M:
        lacking["place"] = Problem("exact_place_wanted")
    return {"radius_m": body.radius_m or RADIUS_M, "hours": body.hours}, place, lacking


def _confirm(tx: Tx, actor: Actor, row: Row) -> dict[str, Any]:
    """The verdict stands: the road is closed if that is what is true, and everyone who asked is told."""
    if row["finding"] is None or row["confirmed_by"] is not None:
        raise Conflict("nothing_proposed", state=shown(row))
    if not _is_another(actor, row):
        raise Forbidden("own_finding")
    state = _after(row, row["finding"])
    values: dict[str, Any] = {"state": state, "confirmed_by": actor.name, "confirmed_at": tx.now}
    if row["finding"] == "find_true" and row["closing"]:
        closure = _close(tx, actor, row)
        values |= {"hazard_id": closure["id"], "used": blocked.taken_back(tx, actor, closure)}
    tx.claims.change(row["id"], **values)
    told = tx.claims.tell_all(row["id"], state, tx.now)
    return _told(tx, actor, row["id"], CONFIRM, finding=row["finding"], proposed_by=row["proposed_by"], told=told)


def _close(tx: Tx, actor: Actor, row: Row) -> Row:
    return hazards.close_around(
        tx,
        actor,
        incident_id=row["incident_id"],
        area=row["area"],
        place=(row["lon"], row["lat"]),
        radius_m=row["closing"]["radius_m"],
        note=row["text"][:400],
        ends_at=tx.now + timedelta(hours=row["closing"]["hours"]),
    )


def _give_back(tx: Tx, actor: Actor, row: Row, body: VerdictIn) -> dict[str, Any]:
    if row["finding"] is None or row["confirmed_by"] is not None:
        raise Conflict("nothing_proposed", state=shown(row))
    if not body.reason:
        raise Invalid({"reason": Problem("required")})
    tx.claims.change(row["id"], given_back=body.reason, **NOTHING_PROPOSED)
    return _told(tx, actor, row["id"], GIVE_BACK, reason=body.reason)


def add_evidence(tx: Tx, actor: Actor, claim_id: str, body: EvidenceIn) -> dict[str, Any]:
    """Keep what somebody found, as long as nothing is decided. Raises NotFound, Forbidden, Conflict."""
    row = _editable(tx, actor, claim_id)
    if row["confirmed_by"] is not None:
        raise Conflict(state=shown(row))
    kept = {"id": tx.new_id(), "claim_id": claim_id, "by": actor.name, "at": tx.now}
    tx.claims.add_evidence(kept | {"found": body.found, "source_url": body.source_url})
    return _told(tx, actor, claim_id, "evidence")


def join(tx: Tx, actor: Actor, claim_id: str, body: JoinIn) -> dict[str, Any]:
    """Two claims are one: who asks about this one waits for the other's verdict, or is told it now.

    Answers the other. Raises NotFound, Forbidden, Conflict when this one is judged, Invalid naming `into`.
    """
    row = _editable(tx, actor, claim_id, besides=str(body.into))
    into = tx.claims.get(str(body.into))
    if into is None or not may(actor, Permission.BOARD_READ, into["area"]):
        raise Invalid({"into": Problem("unknown_claim")})
    require(actor, Permission.CLAIM_EDIT, into["area"])
    if into["id"] == row["id"] or into["joined_to"] or into["incident_id"] != row["incident_id"]:
        raise Invalid({"into": Problem("unknown_claim")})
    if row["state"] in asks.JUDGED:
        raise Conflict(state=shown(row))
    tx.claims.move_to(claim_id, into["id"])
    tx.claims.change(claim_id, joined_to=into["id"], **NOTHING_PROPOSED)
    if into["state"] in asks.JUDGED:
        tx.claims.tell_all(into["id"], into["state"], tx.now)
    _told(tx, actor, claim_id, "join", into=into["id"])
    return _told(tx, actor, into["id"], "joined")


def require_editor(tx: Tx, actor: Actor, claim_id: str) -> None:
    """Refuse who may not work on the claim. Raises NotFound, Forbidden."""
    require(actor, Permission.CLAIM_EDIT, _known(tx, actor, claim_id)["area"])


def _known(tx: Tx, actor: Actor, claim_id: str) -> Row:
    row = tx.claims.get(claim_id)
    if row is None or not may(actor, Permission.BOARD_READ, row["area"]):
        raise NotFound
    return row


def _editable(tx: Tx, actor: Actor, claim_id: str, besides: str | None = None) -> Row:
    """The claim, held, and before it or after it, in one order for all, the one `besides` it."""
    require(actor, Permission.CLAIM_EDIT, _known(tx, actor, claim_id)["area"])
    for one in sorted({claim_id, besides or claim_id}):
        tx.claims.get(one, lock=True)
    row = tx.claims.get(claim_id)
    if row is None:
        raise NotFound
    if row["joined_to"]:
        raise Conflict(state=shown(row))
    return row


def _similar(tx: Tx, actor: Actor, row: Row) -> list[dict[str, Any]]:
    """Claims that may be the same and may be known, the most alike first, each with how alike it is."""
    known = [pair for pair in asks.alike(tx, row) if may(actor, Permission.BOARD_READ, pair[1]["area"])]
    return [{**shown(one), "alike": round(score)} for score, one in known[:SIMILAR_SHOWN]]


def shown(row: Row) -> dict[str, Any]:
    """A claim as staff see it; `verdict` is a proposal as long as nobody has confirmed it."""
    return {
        "id": row["id"],
        "code": row["code"],
        "url": f"/kabar/{row['code']}",
        "area": row["area"],
        "place": {"lon": row["lon"], "lat": row["lat"], "accuracy_m": row["accuracy_m"]} if row["lon"] else None,
        "text": row["text"],
        "kind": row["kind"],
        "state": row["state"],
        "verdict": row["verdict"],
        "source_url": row["source_url"],
        "finding": row["finding"],
        "proposed_by": row["proposed_by"],
        "proposed_at": _iso(row["proposed_at"]),
        "given_back": row["given_back"],
        "confirmed_by": row["confirmed_by"],
        "confirmed_at": _iso(row["confirmed_at"]),
        "closing": row["closing"] or None,
        "closure_id": row["hazard_id"],
        "joined_to": row["joined_to"],
        "received_at": row["received_at"].isoformat(),
        "due_at": row["due_at"].isoformat(),
        "version": row["version"],
    }


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None


def _told(tx: Tx, actor: Actor, claim_id: str, action: str, **details: Any) -> dict[str, Any]:
    row = tx.claims.get(claim_id)
    if row is None:
        raise NotFound
    tx.record(
        events.ClaimChanged(incident_id=row["incident_id"], area=row["area"], claim_id=claim_id, state=row["state"])
    )
    tx.audit(actor, f"claim:{action}", row["area"], f"claim:{claim_id}", state=row["state"], **details)
    return shown(row)
