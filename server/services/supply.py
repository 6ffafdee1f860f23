"""Sites and their stock. Every change of stock is a transfer in the ledger that sums to nought per lot."""

from collections.abc import Mapping
from typing import Any

from geo.areas import Gazetteer
from server.domain import catalogue, events
from server.domain.errors import Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require
from server.services import places, queries
from server.services.inputs import PlaceIn
from server.services.inputs_supply import AdjustIn, ReceiveIn, SiteIn, TransferIn, WriteOffIn
from server.services.intake import incident_for
from server.store.unit_of_work import Tx

MOST = 10_000
"""Sites in one list."""


def add_site(
    tx: Tx,
    actor: Actor,
    body: SiteIn,
    gazetteer: Gazetteer,
    *,
    external_ref: str | None = None,
    flags: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A new site; doubtful places (outside, doubled) are flagged, never hidden.

    Raises Invalid naming place or area_code.
    """
    incident = incident_for(tx, body.incident)
    place = site_place(incident, gazetteer, body.place, body.area_code)
    require(actor, Permission.SITE_EDIT, place.area)
    doubled = place.lon is not None and _doubled(tx, incident["id"], place)
    row = {
        "id": tx.new_id(),
        "incident_id": incident["id"],
        "name": body.name,
        "kind": body.kind,
        "area": place.area,
        "lon": place.lon,
        "lat": place.lat,
        "accuracy_m": place.accuracy_m,
        "address": body.address,
        "is_public": body.public,
        "flags": sorted({*place.flags, *flags, *(("doubled_place",) if doubled else ())}),
        "external_ref": external_ref,
        "created_at": tx.now,
    }
    tx.sites.add(row)
    _site_changed(tx, row)
    tx.audit(actor, "site:add", place.area, f"site:{row['id']}", name=body.name)
    return queries.site_rows(tx, [row["id"]])[0]


def site_place(
    incident: Mapping[str, Any], gazetteer: Gazetteer, place: PlaceIn | None, area_code: str | None
) -> places.Resolved:
    """Where a site or a volunteer is. Raises Invalid naming `place` when neither is given."""
    if place is None and area_code is None:
        raise Invalid({"place": Problem("place_wanted")})
    return places.resolve(incident, gazetteer, place=place, area_code=area_code, place_text=None)


def sites(tx: Tx, actor: Actor, slug: str | None, area: str | None) -> list[dict[str, Any]]:
    """Sites of an incident in an area, with what is free of each item."""
    top = queries.board_area(actor, area)
    require(actor, Permission.SITE_READ, top)
    found = tx.sites.page(queries.pool_of(tx, incident_for(tx, slug)), [top], None, MOST)
    return queries.site_rows(tx, [row["id"] for row in found])


def stock(tx: Tx, actor: Actor, site_id: str) -> dict[str, Any]:
    """The lots of a site: on hand, held, free, expiry."""
    site = _site_for(tx, actor, site_id, Permission.SITE_READ)
    lots = [
        {
            "id": lot["id"],
            "item": lot["item"],
            "unit": catalogue.ITEMS[lot["item"]].unit,
            "expiry": lot["expiry"].isoformat() if lot["expiry"] else None,
            "on_hand": lot["on_hand"],
            "held": lot["held"],
            "free": lot["free"],
        }
        for lot in tx.stock.lots_of_site(site_id)
    ]
    return {"site": queries.site_rows(tx, [site["id"]])[0], "lots": lots}


def receive(
    tx: Tx, actor: Actor, body: ReceiveIn, *, gift_id: str | None = None, external_ref: str | None = None
) -> dict[str, Any]:
    """Goods arrive: a lot is opened and filled. Raises Invalid naming item or expiry."""
    site = _site_for(tx, actor, str(body.site_id), Permission.STOCK_EDIT)
    _check_goods(tx, body)
    lot_id = tx.new_id()
    tx.stock.add_lot(
        {
            "id": lot_id,
            "site_id": site["id"],
            "item": body.item,
            "expiry": body.expiry,
            "gift_id": gift_id,
            "external_ref": external_ref,
            "created_at": tx.now,
        }
    )
    post(tx, actor, {lot_id: body.quantity}, "outside", "site", "received", note=body.note)
    _stock_changed(tx, actor, site, [lot_id], "stock:receive", item=body.item, quantity=body.quantity)
    return lot(tx, lot_id)


def adjust(tx: Tx, actor: Actor, body: AdjustIn) -> dict[str, Any]:
    """The lot was counted: the difference goes to or comes from outside the books, with its reason.

    Raises Invalid naming `counted` when less is there than assignments hold.
    """
    found, site = _lot_for(tx, actor, str(body.lot_id))
    if body.counted < found["held"]:
        raise Invalid({"counted": Problem("less_than_held", {"held": found["held"]})})
    difference = body.counted - found["on_hand"]
    if difference:
        post(tx, actor, {found["id"]: difference}, "outside", "site", "counted", note=body.reason)
    _stock_changed(tx, actor, site, [found["id"]], "stock:adjust", difference=difference, reason=body.reason)
    return lot(tx, found["id"])


def transfer(tx: Tx, actor: Actor, body: TransferIn) -> dict[str, Any]:
    """Goods go to another site, where they become a lot of the same expiry and gift.

    Raises Invalid naming quantity (with what is free) or to_site_id.
    """
    found, site = _lot_for(tx, actor, str(body.lot_id))
    target = tx.sites.get(str(body.to_site_id))
    if target is None or target["id"] == site["id"]:
        raise Invalid({"to_site_id": Problem("unknown_site")})
    require(actor, Permission.STOCK_EDIT, target["area"])
    _check_free(found, body.quantity)
    new_lot = tx.new_id()
    row = {name: found[name] for name in ("item", "expiry", "gift_id")}
    tx.stock.add_lot({**row, "id": new_lot, "site_id": target["id"], "external_ref": None, "created_at": tx.now})
    move = tx.new_id()
    post(tx, actor, {found["id"]: body.quantity}, "site", "outside", "sent", note=body.note, transfer_id=move)
    post(tx, actor, {new_lot: body.quantity}, "outside", "site", "arrived", note=body.note, transfer_id=move)
    _stock_changed(tx, actor, site, [found["id"]], "stock:transfer", to=target["id"], quantity=body.quantity)
    _stock_changed(tx, actor, target, [new_lot], "stock:arrive", quantity=body.quantity)
    return lot(tx, new_lot)


def write_off(tx: Tx, actor: Actor, body: WriteOffIn) -> dict[str, Any]:
    """Goods that can no longer be given leave the books as a loss. Raises Invalid naming quantity."""
    found, site = _lot_for(tx, actor, str(body.lot_id))
    _check_free(found, body.quantity)
    post(tx, actor, {found["id"]: body.quantity}, "site", "loss", body.reason, note=body.note)
    _stock_changed(tx, actor, site, [found["id"]], "stock:write_off", quantity=body.quantity, reason=body.reason)
    return lot(tx, found["id"])


def post(
    tx: Tx,
    actor: Actor,
    quantities: Mapping[str, int],
    source: str,
    target: str,
    reason: str,
    *,
    note: str | None = None,
    assignment_id: str | None = None,
    transfer_id: str | None = None,
) -> None:
    """Move quantities (by lot id) from one account to another: two entries for each lot, one transfer."""
    transfer_id = transfer_id or tx.new_id()
    both = {
        "transfer_id": transfer_id,
        "reason": reason,
        "note": note,
        "assignment_id": assignment_id,
        "by": actor.name,
        "at": tx.now,
    }
    entries = [
        {**both, "lot_id": lot_id, "account": account, "quantity": sign * quantity}
        for lot_id, quantity in sorted(quantities.items())
        if quantity
        for account, sign in ((source, -1), (target, 1))
    ]
    if entries:
        tx.stock.post(entries)


def lot(tx: Tx, lot_id: str) -> dict[str, Any]:
    """A lot as the API shows it."""
    row = tx.stock.lock_lots([lot_id])[lot_id]
    return {
        "lot_id": lot_id,
        "site_id": row["site_id"],
        "item": row["item"],
        "expiry": row["expiry"].isoformat() if row["expiry"] else None,
        "on_hand": row["on_hand"],
        "held": row["held"],
        "free": row["free"],
    }


def _check_goods(tx: Tx, body: ReceiveIn) -> None:
    wrong: dict[str, Problem] = {}
    item = catalogue.ITEMS.get(body.item)
    if item is None:
        wrong["item"] = Problem("unknown_item", {"item": body.item})
    elif item.kind is not catalogue.Kind.GOODS:
        wrong["item"] = Problem("not_goods", {"item": body.item})
    if body.expiry is not None and body.expiry < tx.now.date():
        wrong["expiry"] = Problem("expired", {"expiry": body.expiry.isoformat()})
    if wrong:
        raise Invalid(wrong)


def _check_free(found: Mapping[str, Any], quantity: int) -> None:
    if quantity > found["free"]:
        raise Invalid({"quantity": Problem("more_than_free", {"free": found["free"]})})


def _site_for(tx: Tx, actor: Actor, site_id: str, permission: Permission) -> dict[str, Any]:
    site = tx.sites.get(site_id)
    if site is None or not may(actor, Permission.SITE_READ, site["area"]):
        raise NotFound
    require(actor, permission, site["area"])
    return site


def _lot_for(tx: Tx, actor: Actor, lot_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    found = tx.stock.lock_lots([lot_id]).get(lot_id)
    if found is None:
        raise Invalid({"lot_id": Problem("unknown_lot")})
    return found, _site_for(tx, actor, found["site_id"], Permission.STOCK_EDIT)


def _doubled(tx: Tx, incident_id: str, place: places.Resolved) -> bool:
    assert place.lon is not None
    assert place.lat is not None
    return bool(tx.sites.at_place(incident_id, place.lon, place.lat))


def _site_changed(tx: Tx, site: Mapping[str, Any]) -> None:
    rows = {"sites": queries.site_rows(tx, [site["id"]])}
    where = {"incident_id": site["incident_id"], "area": site["area"]}
    tx.record(events.SiteChanged(**where, rows=rows, site_id=site["id"]))


def _stock_changed(
    tx: Tx, actor: Actor, site: Mapping[str, Any], lot_ids: list[str], action: str, **details: Any
) -> None:
    rows = {"sites": queries.site_rows(tx, [site["id"]])}
    where = {"incident_id": site["incident_id"], "area": site["area"]}
    tx.record(events.StockChanged(**where, rows=rows, site_id=site["id"], lot_ids=lot_ids))
    tx.audit(actor, action, site["area"], f"site:{site['id']}", lots=lot_ids, **details)
