"""Gifts: what a donor gave becomes a lot, and its code shows the donor where it went.

A gift of kits may be opened: then its page says how many were, and where what they held went, item by item.

The public page of a gift says how much of it lies where, is on the way, or was handed over in which
district on which day. It says so on the clock of all public figures, so that nobody sees a single
hand-over happen.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from geo import waymap
from geo.areas import Gazetteer
from server.domain import events
from server.domain.days import day_of
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.permissions import Actor, Permission, require
from server.services import codes, contacts, gift_ways, intake, ledger, listing, photos, pledges, queries
from server.services.inputs_supply import GiftIn, ListIn
from server.services.ledger import Done, Goods, Row
from server.store.unit_of_work import Tx

PHOTOS_SHOWN = 24
"""Photos of hand-overs on the page of one gift, the newest."""
_NOTHING_CAME: dict[str, Any] = {"as_of": None, "delivered": [], "stored": [], "parts": [], "lots": [], "photos": []}


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
    pledge = pledges.awaited(tx, body.pledge, site["incident_id"])
    gift = register(tx, pledge["incident_id"] if pledge else incident["id"], body, keys, pledge)
    goods = Goods(body.item, body.quantity, body.expiry, gift["id"], reference=reference)
    transfer_id = tx.new_id()
    lot_id = ledger.take_in(tx, actor, site, goods, transfer_id, "gift")
    if lot_id is None:
        raise Conflict("client_id_taken")
    tell(tx, actor, gift, site)
    ledger.tell(tx, actor, "receive", transfer_id, [lot_id], gift_id=gift["id"])
    return Done({**staff_view({**gift, **_first_site(site)}), "lot_id": lot_id})


def register(
    tx: Tx, incident_id: str, body: GiftIn, keys: contacts.Keys, pledge: Row | None = None
) -> dict[str, Any]:
    """A new gift with the code of its pledge, else with one of its own; the caller takes the goods in."""
    gift = {
        "id": tx.new_id(),
        "incident_id": incident_id,
        "donor_sealed": contacts.seal_text(body.donor, keys) if body.donor else (pledge or {}).get("donor_sealed"),
        "shown_as": body.shown_as or (pledge or {}).get("shown_as"),
        "item": body.item,
        "quantity": body.quantity,
        "received_at": tx.now,
    }
    while not tx.stock.add_gift(gift | {"code": (code := pledge["code"] if pledge else codes.random_code())}):
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
        "unit": gift_ways.unit_of(gift["item"]),
        "quantity": gift["quantity"],
        "site_id": gift["site_id"],
        "site_name": gift["site_name"],
        "area": gift["area"],
        "received_at": gift["received_at"].isoformat(),
    }


def follow(tx: Tx, code: str, gazetteer: Gazetteer) -> dict[str, Any]:
    """Where a gift went, or what was pledged and has not come, as anybody with its code may know. Raises NotFound."""
    plain = codes.normalised(code) or ""
    gift, pledge = tx.stock.gift_by_code(plain), tx.pledges.by_code(plain)
    _check_public(tx, gift or pledge)
    if gift is None:
        return pledges.public_view(pledge or {}) | _NOTHING_CAME
    cut = tx.public_cuts.last(gift["incident_id"])
    until = _known_until(gift, cut)
    return {
        "code": gift["code"],
        "state": "received",
        "shown_as": gift["shown_as"],
        "item": gift["item"],
        "unit": gift_ways.unit_of(gift["item"]),
        "quantity": gift["quantity"],
        "pledged": pledge["quantity"] if pledge else None,
        "received_on": day_of(gift["received_at"]).isoformat(),
        "as_of": until.isoformat() if cut else None,
        **gift_ways.way_of(gift["item"], tx.stock.gift_entries(gift["id"], until), gazetteer),
        "photos": [_photo(row, gazetteer) for row in tx.photos.of_gift(gift["id"], until, PHOTOS_SHOWN)],
    }


def where_to_bring(tx: Tx, code: str, gazetteer: Gazetteer) -> list[dict[str, Any]]:
    """The sites that anybody may know, for a donor whose pledge of goods has not come; else none."""
    plain = codes.normalised(code) or ""
    pledge = tx.pledges.by_code(plain)
    if pledge is None or pledge["item"] is None or tx.stock.gift_by_code(plain) is not None:
        return []
    return pledges.public_sites(tx, pledge["incident_id"], gazetteer)


def drawn_way(tx: Tx, code: str, gazetteer: Gazetteer, title: str, written: Callable[[int], str]) -> str:
    """The map of a gift's way as SVG; `written` writes an amount. Raises NotFound, also while nothing can be shown."""
    gift = tx.stock.gift_by_code(codes.normalised(code) or "")
    way = follow(tx, code, gazetteer)
    stores = _by_place((lot["code"], _own(gift, lot, lot["stored"])) for lot in way["lots"])
    arrived = _by_place(
        (one["code"], _own(gift, lot, one["quantity"])) for lot in way["lots"] for one in lot["delivered"]
    )
    stops = [
        waymap.Stop(area, f"{area.name}: {written(amount)}" if amount else area.name, is_store)
        for places, is_store in ((stores, True), (arrived, False))
        for code, amount in places.items()
        if (area := gazetteer.get(code))
    ]
    if gift is None or not stops:
        raise NotFound
    pairs = {(lot["code"], one["code"]) for lot in way["lots"] for one in lot["delivered"]}
    ways = [(here, there) for a, b in sorted(pairs) if (here := gazetteer.get(a)) and (there := gazetteer.get(b))]
    below = tx.public_cuts.document(gift["incident_id"], "ground")
    return waymap.draw(below["body"] if below else "", stops, ways, title)


def _own(gift: Row | None, lot: Mapping[str, Any], amount: int) -> int:
    """An amount of what was given; of what came out of opened kits the map tells where only."""
    return amount if gift and lot["item"] == gift["item"] else 0


def _by_place(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How much is or came where, by the code of the area."""
    found: dict[str, int] = {}
    for code, amount in amounts:
        found[code] = found.get(code, 0) + amount
    return found


def photo(tx: Tx, code: str, photo_id: str, folder: Path) -> bytes:
    """A hand-over's photo that a moderator lets be seen, for who has the code of a gift in it. Raises NotFound."""
    gift = tx.stock.gift_by_code(codes.normalised(code) or "")
    _check_public(tx, gift)
    if gift is None:
        raise NotFound
    until = _known_until(gift, tx.public_cuts.last(gift["incident_id"]))
    if photo_id not in {row["id"] for row in tx.photos.of_gift(gift["id"], until, PHOTOS_SHOWN)}:
        raise NotFound
    return photos.bytes_of(folder, photo_id)


def _check_public(tx: Tx, found: Row | None) -> None:
    """Unknown, wrong and training codes look the same. Raises NotFound."""
    incident = tx.incidents.get(found["incident_id"]) if found else None
    if incident is None or incident["is_training"]:
        raise NotFound("unknown_code")


def _known_until(gift: Row, cut: Row | None) -> datetime:
    """Up to when the public knows of the gift: the last cut, but always that it came in."""
    received_at: datetime = gift["received_at"]
    return max(cut["cut_at"], received_at) if cut else received_at


def _photo(row: Row, gazetteer: Gazetteer) -> dict[str, Any]:
    district = gazetteer.get(".".join(row["area"].split(".")[: gift_ways.DISTRICT]))
    on = day_of(row["recorded_at"]).isoformat()
    return {"id": row["id"], "width": row["width"], "height": row["height"], "on": on,
            "name": district.name if district else None}  # fmt: skip
