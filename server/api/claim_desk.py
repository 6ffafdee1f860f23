"""The desk on which staff check rumours; it needs no script."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import redirect, request
from werkzeug.datastructures import MultiDict

from server.api import forms, identity
from server.api.contract import system
from server.api.errors import body_of, status_of
from server.api.html import Pages, denied, show, typed
from server.api.words import word
from server.domain.errors import DomainError, Forbidden, Invalid, NotFound, NotSignedIn, Problem
from server.domain.permissions import Permission, areas_for, may
from server.services import asks, claims, units
from server.services.inputs import ReasonIn, parse
from server.services.inputs_supply import ClaimIn, EvidenceIn, JoinIn, VerdictIn

pages = Pages()
install = pages.install
HOME = "/konsol/kabar"
ONE = "/konsol/kabar/{claim_id}"
MOST = 200
KEPT = frozenset(
    {"text", "place_text", "source_url", "kind", "finding", "verdict", "radius_m", "hours", "reason", "found"}
)
STEPS = {"periksa": "check", "sahkan": "confirm", "kembalikan": "give_back"}
"""What a form's address says, and the step that it takes; `usul` proposes the finding that is chosen in it."""


@pages.route("GET", HOME, guard="signed_in")
def desk() -> Any:
    """Rumours that wait for a verdict, those whose time is up first, and those that have one."""
    if not areas_for(identity.actor(), Permission.CLAIM_EDIT):
        return denied("claims")
    return _desk(typed())


@pages.route("POST", HOME, guard="signed_in", home=HOME, keeps=KEPT)
def add() -> Any:
    """Take a rumour down, from a plain form."""
    if not areas_for(identity.actor(), Permission.CLAIM_EDIT):
        return denied("claims")
    form, gazetteer = request.form, system().gazetteer()
    try:
        body = parse(ClaimIn, forms.claim(form, gazetteer))
        with system().writing() as tx:
            found = claims.add(tx, identity.actor(), body, gazetteer)
    except DomainError as error:
        return _desk(form, **_refusal(error)), status_of(error)
    return redirect(ONE.format(claim_id=found["id"]), 303)


@pages.route("GET", "/konsol/kabar/<uuid:claim_id>", guard="signed_in")
def one(claim_id: UUID) -> Any:
    """One rumour with all that is known of it, and the steps that are open."""
    return _one(claim_id, typed())


@pages.route(
    "POST", "/konsol/kabar/<uuid:claim_id>/langkah/<action>", guard="signed_in", home=ONE, keeps=KEPT
)
def step(claim_id: UUID, action: str) -> Any:
    """Take a step of the check, from a plain form."""
    form, gazetteer = request.form, system().gazetteer()

    def taken(tx: Any) -> None:
        name = form.get("finding", "") if action == "usul" else STEPS.get(action, action)
        if action == "usul" and name not in claims.FINDINGS:
            _look(tx, claim_id)
            raise Invalid({"finding": Problem("required")})
        claims.act(tx, identity.actor(), str(claim_id), name, parse(VerdictIn, forms.verdict(form)), gazetteer)

    return _done(claim_id, taken)


@pages.route("POST", "/konsol/kabar/<uuid:claim_id>/bukti", guard="signed_in", home=ONE, keeps=KEPT)
def add_evidence(claim_id: UUID) -> Any:
    """Keep what was found, from a plain form."""

    def taken(tx: Any) -> None:
        claims.add_evidence(tx, identity.actor(), str(claim_id), parse(EvidenceIn, forms.evidence(request.form)))

    return _done(claim_id, taken)


@pages.route("POST", "/konsol/kabar/<uuid:claim_id>/gabung", guard="signed_in", home=ONE)
def join(claim_id: UUID) -> Any:
    """Say that this rumour is another one, which is shown then."""
    into = request.form.get("into", "")

    def taken(tx: Any) -> None:
        claims.join(tx, identity.actor(), str(claim_id), parse(JoinIn, {"into": into}))

    return _done(claim_id, taken, where=into)


@pages.route("POST", "/konsol/kabar/<uuid:claim_id>/nomor/<uuid:ask_id>", guard="signed_in", home=ONE)
def reveal(claim_id: UUID, ask_id: UUID) -> Any:
    """Show the number of who asks; the look is written down."""
    body = parse(ReasonIn, {"reason": word("claims.desk.to_tell")})
    try:
        with system().writing() as tx:
            _look(tx, claim_id)
            found = asks.reveal(tx, identity.actor(), str(ask_id), body.reason, system().keys)
    except (NotFound, NotSignedIn):
        raise
    except DomainError as error:
        return _one(claim_id, request.form, **_refusal(error)), status_of(error)
    return _one(claim_id, MultiDict(), phone={"ask": str(ask_id), **found})


@pages.route("POST", "/konsol/kabar/<uuid:claim_id>/dikabari/<uuid:ask_id>", guard="signed_in", home=ONE)
def reached(claim_id: UUID, ask_id: UUID) -> Any:
    """Say that somebody who asks was told by phone."""

    def taken(tx: Any) -> None:
        _look(tx, claim_id)
        asks.reached(tx, identity.actor(), str(ask_id))

    return _done(claim_id, taken)


def _look(tx: Any, claim_id: UUID) -> None:
    """Refuse who may not work on the claim, as the steps do. Raises NotFound, Forbidden."""
    claims.require_editor(tx, identity.actor(), str(claim_id))


def _done(claim_id: UUID, taken: Callable[[Any], None], where: str = "") -> Any:
    """To the page of the rumour after a step; what is wrong stands beside its field and nothing typed is lost."""
    try:
        with system().writing() as tx:
            taken(tx)
    except (NotFound, NotSignedIn, Forbidden) as error:
        if isinstance(error, Forbidden) and error.code == "own_finding":
            return _one(claim_id, request.form, **_refusal(error)), status_of(error)
        raise
    except DomainError as error:
        return _one(claim_id, request.form, **_refusal(error)), status_of(error)
    return redirect(ONE.format(claim_id=where or claim_id), 303)


def _refusal(error: DomainError) -> dict[str, Any]:
    if isinstance(error, Invalid):
        return {"wrong": forms.problems(error, request.form)}
    return {"message": str(body_of(error)["error"]["message"])}


def _desk(values: Mapping[str, str], wrong: Mapping[str, str] | None = None, message: str = "") -> str:
    actor = identity.actor()
    with system().reading() as tx:
        waiting, judged = claims.on_desk(tx, actor, MOST)
        names = {area: units.name_of(tx, area) for area in {one["area"] for one in waiting + judged}}
    return show("claim_desk.html", waiting=waiting, judged=judged, names=names, values=values, wrong=wrong or {},
                message=message)  # fmt: skip


def _one(
    claim_id: UUID,
    values: Mapping[str, str],
    wrong: Mapping[str, str] | None = None,
    message: str = "",
    phone: Mapping[str, Any] | None = None,
) -> str:
    actor = identity.actor()
    with system().reading() as tx:
        claim = claims.show(tx, actor, str(claim_id))
        places = {claim["area"], *(one["area"] for one in [*claim["used"]["assignments"], *claim["similar"]])}
        names = {area: units.name_of(tx, area) for area in places}
        closure = tx.hazards.get(claim["closure_id"]) if claim["closure_id"] else None
    may_call = may(actor, Permission.CONTACT_REVEAL, claim["area"])
    return show("claim_check.html", claim=claim, names=names, closure=closure, values=values, wrong=wrong or {},
                message=message, phone=phone or {}, may_call=may_call, me_name=actor.name,
                findings=sorted(claims.FINDINGS))  # fmt: skip
