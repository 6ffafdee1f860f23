"""The page on which staff take gifts in and see what was pledged; it needs no script."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from flask import redirect, request
from werkzeug.datastructures import MultiDict

from server.api import forms, identity
from server.api.contract import system
from server.api.errors import status_of
from server.api.gift_pages import GOODS
from server.api.html import Pages, denied, show, typed
from server.api.public_pages import number
from server.api.words import word
from server.domain.errors import Conflict, Invalid
from server.domain.permissions import Permission, areas_for
from server.services import gifts, pledges, supply
from server.services.inputs import ReasonIn, parse
from server.services.inputs_supply import GiftIn, ListIn

pages = Pages()
install = pages.install
MOST = 200
PREFILLED = ("pledge", "item", "quantity")
HOME = "/posko/donasi"
KEPT = frozenset({"client_id", "pledge", "item", "quantity", "site_id", "donor", "shown_as", "of", "reason"})


@pages.route("GET", "/posko/donasi", guard="signed_in")
def desk() -> Any:
    """What was pledged, a form to take a gift in, and what came in."""
    if not areas_for(identity.actor(), Permission.GIFT_EDIT):
        return denied("sites")
    values = typed() or MultiDict({name: request.args.get(name, "") for name in PREFILLED})
    return _shown(values, code=request.args.get("code", ""))


@pages.route("POST", "/posko/donasi", guard="signed_in", home=HOME, keeps=KEPT)
def receive() -> Any:
    """Take a gift in; its code is then there to be told to the donor."""
    form = request.form
    try:
        body = parse(GiftIn, forms.gift(form))
        with system().writing() as tx:
            done = gifts.receive(tx, identity.actor(), body, system().keys)
    except (Invalid, Conflict) as error:
        return _shown(**forms.refused(error, form, word("desk.sent_before"))), status_of(error)
    return redirect(f"/posko/donasi?code={done.answer['code']}", 303)


@pages.route("POST", "/posko/donasi/<uuid:pledge_id>", guard="signed_in", home=HOME, keeps=KEPT)
def reveal(pledge_id: UUID) -> Any:
    """Show whom to call about a pledge; the look is written down with its reason."""
    if not areas_for(identity.actor(), Permission.GIFT_EDIT):
        return denied("sites")
    try:
        body = parse(ReasonIn, {"reason": request.form.get("reason", "")})
        with system().writing() as tx:
            contact = pledges.reveal_contact(tx, identity.actor(), str(pledge_id), body.reason, system().keys)
    except Invalid as error:
        wrong = {f"reason-{pledge_id}": forms.problems(error, request.form)["reason"]}
        return _shown(request.form, wrong=wrong), 422
    return _shown(MultiDict(), contact={**contact, "id": str(pledge_id)})


def _shown(
    values: MultiDict[str, str],
    wrong: Mapping[str, str] | None = None,
    message: str = "",
    code: str = "",
    contact: Mapping[str, Any] | None = None,
) -> str:
    asked, actor = ListIn(limit=MOST), identity.actor()
    with system().reading() as tx:
        promised, came = pledges.listed(tx, actor, asked)["pledges"], gifts.listed(tx, actor, asked)["gifts"]
        sites = [site for site in supply.sites(tx, actor, asked)["sites"] if site["open"]]
    return show(
        "gift_desk.html", pledges=promised, gifts=came, sites=sites, goods=GOODS, values=values, wrong=wrong or {},
        message=message, code=code, contact=contact or {}, number=number,
        client_id=values.get("client_id") or str(uuid4()),
        may_reveal=bool(areas_for(actor, Permission.CONTACT_REVEAL)),
    )  # fmt: skip
