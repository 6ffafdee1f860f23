"""Gifts: what a donor gave becomes a lot, and its code shows the donor where it went.

A gift of kits may be opened: then its page says how many were, and where what they held went, item by item.

The public page of a gift says how much of it lies where, is on the way, or was handed over in which
district on which day. It says so on the clock of all public figures, so that nobody sees a single
hand-over happen.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from geo.areas import Gazetteer
from server.domain import events
from server.domain.catalogue import ITEMS
from server.domain.days import day_of
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.permissions import Actor, Permission, require
from server.services import codes, contacts, intake, ledger, listing, queries
from server.services.inputs_supply import GiftIn, ListIn
from server.services.ledger import Done, Goods, Row
from server.store.unit_of_work import Tx

REGENCY, DISTRICT = 2, 3
"""Parts of a dotted area code."""


def receive(tx: Tx, actor: Actor, body: GiftIn, keys: contacts.Keys) -> Done:
    """Take a gift in at a site; it is stock of the site from now on. Raises Invalid, NotFound, Forbidden."""
    site = ledger.site_for_stock(tx, actor, str(body.site_id))
    require(actor, Permission.GIFT_EDIT, site["area"])
    incident = intake.incident_for(tx, body.incident) if body.incident else {"id": site["incident_id"]}
    wrong = ledger.wrong_goods(body.item, body.expiry, day_of(tx.now))
    if wrong:
        raise Invalid(wrong)
    reference = f"client:{body.client_id}" if body.client_id else None
    if reference and (lot := tx.stock.lot_by_external_ref(site["id"], reference)):
        return _received_before(tx, lot, body)
    gift = register(tx, incident["id"], body, keys)
    goods = Goods(body.item, body.quantity, body.expiry, gift["id"], reference=reference)
    transfer_id = tx.new_id()
    lot_id = ledger.take_in(tx, actor, site, goods, transfer_id, "gift")
    if lot_id is None:
        raise Conflict("client_id_taken")
    tell(tx, actor, gift, site)
    ledger.tell(tx, actor, "receive", transfer_id, [lot_id], gift_id=gift["id"])
    return Done({**staff_view({**gift, **_first_site(site)}), "lot_id": lot_id})


def register(tx: Tx, incident_id: str, body: GiftIn, keys: contacts.Keys) -> dict[str, Any]:
    """A new gift with a code of its own; the caller takes the goods in."""
    gift = {
        "id": tx.new_id(),
        "incident_id": incident_id,
        "donor_sealed": contacts.seal_text(body.donor, keys) if body.donor else None,
        "shown_as": body.shown_as,
        "item": body.item,
        "quantity": body.quantity,
        "received_at": tx.now,
    }
    while not tx.stock.add_gift(gift | {"code": (code := codes.random_code())}):
        continue
    return gift | {"code": code}


def _received_before(tx: Tx, lot: Row, body: GiftIn) -> Done:
    gift = tx.stock.gift(lot["gift_id"]) if lot["gift_id"] else None
    if gift is None or (gift["item"], gift["quantity"], lot["expiry"]) != (body.item, body.quantity, body.expiry):
        raise Conflict("client_id_taken")
    site = tx.sites.get(lot["site_id"]) or {}
    return Done({**staff_view({**gift, **_first_site(site)}), "lot_id": lot["id"]}, is_new=False)


def tell(tx: Tx, actor: Actor, gift: Row, site: Row) -> None:
    """Record and audit a gift that came to a site."""
    where = {"incident_id": gift["incident_id"], "area": site["area"]}
    tx.record(events.GiftReceived(**where, gift_id=gift["id"]))
    tx.audit(actor, "gift:receive", site["area"], f"gift:{gift['id']}", item=gift["item"], quantity=gift["quantity"])


def _first_site(site: Row) -> dict[str, Any]:
    return {"site_id": site["id"], "site_name": site["name"], "area": site["area"]}


def listed(tx: Tx, actor: Actor, asked: ListIn) -> dict[str, Any]:
    """Gifts that came to sites in the area, the newest first; donors' names stay sealed."""
    areas = listing.areas_asked(actor, Permission.SITE_READ, asked.area)
    pool = queries.pool_of(tx, intake.incident_for(tx, asked.incident))
    after = str(asked.cursor) if asked.cursor else None
    return listing.part("gifts", tx.stock.gifts_page(pool, areas, after, asked.limit + 1), asked.limit, staff_view)


def staff_view(gift: Row) -> dict[str, Any]:
    """A gift as staff see it, with the code to tell the donor."""
    return {
        "id": gift["id"],
        "code": gift["code"],
        "url": f"/donasi/{gift['code']}",
        "shown_as": gift["shown_as"],
        "item": gift["item"],
        "unit": _unit(gift["item"]),
        "quantity": gift["quantity"],
        "site_id": gift["site_id"],
        "site_name": gift["site_name"],
        "area": gift["area"],
        "received_at": gift["received_at"].isoformat(),
    }


def follow(tx: Tx, code: str, gazetteer: Gazetteer) -> dict[str, Any]:
    """Where a gift went, as anybody with its code may know. Raises NotFound."""
    plain = codes.normalised(code)
    gift = tx.stock.gift_by_code(plain) if plain else None
    incident = tx.incidents.get(gift["incident_id"]) if gift else None
    if gift is None or incident is None or incident["is_training"]:
        raise NotFound("unknown_code")
    cut = tx.public_cuts.last(gift["incident_id"])
    until = max(cut["cut_at"], gift["received_at"]) if cut else gift["received_at"]
    flow = tx.stock.gift_flow(gift["id"], until)
    names = _Names(gazetteer)
    own = [row for row in flow if row["item"] == gift["item"]]
    return {
        "code": gift["code"],
        "shown_as": gift["shown_as"],
        "item": gift["item"],
        "unit": _unit(gift["item"]),
        "quantity": gift["quantity"],
        "received_on": day_of(gift["received_at"]).isoformat(),
        "as_of": until.isoformat() if cut else None,
        **_went(own, names),
        "opened": gift["quantity"] + sum(row["quantity"] for row in own if row["account"] == "outside"),
        "parts": [
            {"item": item, "unit": _unit(item), **_went([row for row in flow if row["item"] == item], names)}
            for item in sorted({row["item"] for row in flow} - {gift["item"]})
        ],
    }


def _unit(item: str) -> str:
    return ITEMS[item].unit if item in ITEMS else ""


def _went(flow: list[dict[str, Any]], names: "_Names") -> dict[str, Any]:
    """Where the goods of one item are, and where and when they were handed over."""
    return {
        "stored": [
            {**names.of(area), "quantity": quantity} for area, quantity in _sums(flow, "site", "site_area", REGENCY)
        ],
        "on_the_way": sum(row["quantity"] for row in flow if row["account"] == "transit"),
        "lost": sum(row["quantity"] for row in flow if row["account"] == "loss"),
        "delivered": [
            {**names.of(area), "on": day, "quantity": quantity} for (area, day), quantity in _handed_over(flow)
        ],
    }


def _sums(flow: list[dict[str, Any]], account: str, column: str, depth: int) -> list[tuple[str, int]]:
    found: Counter[str] = Counter()
    for row in flow:
        if row["account"] == account:
            found[_at_depth(row[column], depth)] += row["quantity"]
    return sorted((area, quantity) for area, quantity in found.items() if quantity)


def _handed_over(flow: list[dict[str, Any]]) -> list[tuple[tuple[str, str], int]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in flow:
        if row["account"] == "recipient":
            found[_at_depth(row["delivered_area"], DISTRICT), _day(row["at"])] += row["quantity"]
    return sorted(((key, quantity) for key, quantity in found.items() if quantity), key=lambda kept: kept[0][::-1])


def _at_depth(area: str | None, depth: int) -> str:
    return ".".join((area or "").split(".")[:depth])


def _day(moment: datetime) -> str:
    return day_of(moment).isoformat()


class _Names:
    """Names of areas for a page without a gazetteer of its own."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer

    def of(self, code: str) -> Mapping[str, Any]:
        """The code with its name and those above it, nearest first."""
        chain = self._gazetteer.chain(code)
        return {"code": code, "name": chain[-1].name if chain else code, "parents": [a.name for a in chain[-2::-1]]}
