"""Pledges: what a donor says they will give, goods or money, with a code to follow it by.

Nothing is paid here. A pledge of goods has come when a gift with its code was taken in at a site (`gifts.receive`);
whoever pledged money is called by staff.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from geo.areas import Gazetteer
from server.domain import consent, events
from server.domain.catalogue import ITEMS
from server.domain.days import day_of
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, areas_for, require
from server.services import accounts, codes, contacts, intake, ledger, listing, queries
from server.services.inputs_supply import ListIn, PledgeIn
from server.services.ledger import Done
from server.services.places import home_area
from server.store.unit_of_work import Tx

MOST, WITHIN = 60, timedelta(hours=1)
"""Pledges from one address; loose, since thousands share one in mobile networks. An assumption of ours."""
SITES_SHOWN = 30
CONTENT = ("item", "quantity", "rupiah", "shown_as")

Row = Mapping[str, Any]


def promise(tx: Tx, actor: Actor, body: PledgeIn, address: str, keys: contacts.Keys) -> Done:
    """Keep what somebody will give; anybody may. The same `client_id` again is the same pledge.

    Raises Invalid naming every wrong field, Conflict for another pledge of that id, TooMany.
    """
    incident = intake.incident_for(tx, body.incident)
    row = _row(tx, incident["id"], body, _checked_phone(body), keys)
    if (before := tx.pledges.by_client_id(str(body.client_id))) is not None:
        return Done(public_view(_same(before, row)), is_new=False)
    accounts.check_tries(tx, f"pledge:{address}", MOST, WITHIN)
    tx.accounts.count_try(f"pledge:{address}", tx.now)
    while not tx.pledges.add(row | {"code": (code := codes.random_code())}):
        if tx.pledges.by_client_id(str(body.client_id)) is not None:
            return promise(tx, actor, body, address, keys)
    area = home_area(incident)
    tx.record(events.GiftPledged(incident_id=incident["id"], area=area, pledge_id=row["id"]))
    told = {name: row[name] for name in ("item", "quantity", "rupiah") if row[name] is not None}
    tx.audit(actor, "pledge:promise", area, f"pledge:{row['id']}", **told)
    return Done(public_view(row | {"code": code}))


def _row(tx: Tx, incident_id: str, body: PledgeIn, phone: str | None, keys: contacts.Keys) -> dict[str, Any]:
    sealed = contacts.seal_phone(phone, keys) if phone else None
    is_goods = body.kind == "goods"
    return {
        "id": tx.new_id(),
        "incident_id": incident_id,
        "client_id": str(body.client_id),
        "item": body.item if is_goods else None,
        "quantity": body.quantity if is_goods else None,
        "rupiah": None if is_goods else body.rupiah,
        "donor_sealed": contacts.seal_text(body.donor, keys) if body.donor else None,
        "phone_sealed": sealed.enc if sealed else None,
        "phone_last3": sealed.last3 if sealed else None,
        "shown_as": body.shown_as or None,
        "pledged_at": tx.now,
        "consent": consent.VERSION,
    }


def _checked_phone(body: PledgeIn) -> str | None:
    """The phone in one spelling, after everything else was looked at. Raises Invalid naming every wrong field."""
    wanted = ("item", "quantity") if body.kind == "goods" else ("rupiah", "phone")
    wrong = {name: Problem("required") for name in wanted if not getattr(body, name)}
    if body.kind == "goods" and body.item:
        wrong |= ledger.wrong_item(body.item)
    phone = None
    try:
        phone = contacts.normalise_phone(body.phone) if body.phone else None
    except Invalid as error:
        wrong |= error.fields
    if wrong:
        raise Invalid(wrong)
    return phone


def _same(before: Row, row: Row) -> Row:
    if any(before[name] != row[name] for name in (*CONTENT, "incident_id")):
        raise Conflict("client_id_taken")
    return before


def public_view(pledge: Row) -> dict[str, Any]:
    """A pledge as anybody with its code may know it."""
    item = pledge["item"]
    return {
        "code": pledge["code"],
        "url": f"/donasi/{pledge['code']}",
        "state": "pledged",
        "shown_as": pledge["shown_as"],
        "item": item,
        "unit": ITEMS[item].unit if item in ITEMS else None,
        "quantity": pledge["quantity"],
        "rupiah": pledge["rupiah"],
        "pledged_on": day_of(pledge["pledged_at"]).isoformat(),
    }


def public_sites(tx: Tx, incident_id: str, gazetteer: Gazetteer) -> list[dict[str, Any]]:
    """Where goods can be brought: open sites that agreed to be known, by name, with their district."""
    incident = tx.incidents.get(incident_id)
    rows = tx.sites.known_to_all(queries.pool_of(tx, incident), SITES_SHOWN) if incident else []
    return [{name: row[name] for name in ("name", "kind", "address")} | _where(row, gazetteer) for row in rows]


def _where(site: Row, gazetteer: Gazetteer) -> dict[str, Any]:
    """The names of a site's district and regency."""
    chain = gazetteer.chain(".".join(site["area"].split(".")[:3]))
    return {"areas": [area.name for area in chain[:0:-1]]}


def awaited(tx: Tx, code: str | None, site_incident_id: str) -> Row | None:
    """The pledge of goods that a gift which comes in at a site now was promised under; None without a code.

    Raises Invalid naming `pledge`, also for one of an incident that the site does not serve.
    """
    if not code:
        return None
    pledge = tx.pledges.by_code(codes.normalised(code) or "", lock=True)
    incident = tx.incidents.get(pledge["incident_id"]) if pledge else None
    serves = incident is not None and site_incident_id in queries.pool_of(tx, incident)
    if pledge is None or pledge["item"] is None or not serves:
        raise Invalid({"pledge": Problem("unknown_pledge")})
    if tx.stock.gift_by_code(pledge["code"]) is not None:
        raise Invalid({"pledge": Problem("pledge_came")})
    return pledge


def listed(tx: Tx, actor: Actor, asked: ListIn) -> dict[str, Any]:
    """Pledges that have not come, the newest first, for who takes gifts in; names and phones stay sealed."""
    listing.areas_asked(actor, Permission.GIFT_EDIT, asked.area)
    incident = intake.incident_for(tx, asked.incident)
    after = str(asked.cursor) if asked.cursor else None
    rows = tx.pledges.page(queries.pool_of(tx, incident), after, asked.limit + 1)
    return listing.part("pledges", rows, asked.limit, staff_view)


def staff_view(pledge: Row) -> dict[str, Any]:
    """A pledge as staff see it."""
    return {
        **public_view(pledge),
        "id": pledge["id"],
        "phone_last3": pledge["phone_last3"],
        "pledged_at": pledge["pledged_at"].isoformat(),
    }


def reveal_contact(tx: Tx, actor: Actor, pledge_id: str, reason: str, keys: contacts.Keys) -> dict[str, Any]:
    """Name and phone of a donor who pledged, for who may see contacts; audited. Raises NotFound, Forbidden."""
    if not areas_for(actor, Permission.CONTACT_REVEAL):
        require(actor, Permission.CONTACT_REVEAL, "")
    pledge = tx.pledges.get(pledge_id)
    if pledge is None:
        raise NotFound
    tx.audit(actor, "contact:reveal", "", f"pledge:{pledge_id}", reason=reason)
    sealed = {"name": pledge["donor_sealed"], "phone": pledge["phone_sealed"]}
    return {name: contacts.open_sealed(enc, keys) if enc else None for name, enc in sealed.items()}
