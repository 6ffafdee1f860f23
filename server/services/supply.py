"""Sites, and their stock by the ledger: receive, adjust, move between sites, write off.

Whatever leaves a lot is taken under the lot's lock and from what is free: what waiting assignments
hold stays until they are called off. No balance of a site ever falls below nought.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from geo.areas import Gazetteer
from geo.crs import metres
from server.domain import catalogue, events
from server.domain.days import day_of
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require, within
from server.services import bulk, contacts, gifts, intake, ledger, listing, places, queries
from server.services.bulk import RowResult
from server.services.inputs import PlaceIn, parse
from server.services.inputs_supply import (
    AdjustIn,
    BreakIn,
    GiftIn,
    ListIn,
    ReceiveIn,
    SiteChangeIn,
    SiteIn,
    TransferIn,
    WriteOffIn,
)
from server.services.ledger import Done, Goods, Row
from server.store.unit_of_work import Tx

PLACE_FLAGS = places.FLAGS | {"place_wrong", "other_area", "doubled_place"}
"""Flags that say something of a site's place, and go when it is set anew."""


def sites(tx: Tx, actor: Actor, asked: ListIn) -> dict[str, Any]:
    """Sites that serve an incident, in the area that was asked for, by name."""
    areas = listing.areas_asked(actor, Permission.SITE_READ, asked.area)
    pool = queries.pool_of(tx, intake.incident_for(tx, asked.incident))
    rows = tx.sites.page(pool, areas, str(asked.cursor) if asked.cursor else None, asked.limit + 1)
    shown = {row["id"]: row for row in queries.site_rows(tx, [row["id"] for row in rows])}
    return listing.part("sites", rows, asked.limit, lambda row: _site_view(row, shown[row["id"]]))


def site(tx: Tx, actor: Actor, site_id: str) -> dict[str, Any]:
    """One site. Raises NotFound."""
    return _site_view(_site_for(tx, actor, site_id), queries.site_rows(tx, [site_id])[0])


def _site_view(row: Row, shown: Row) -> dict[str, Any]:
    """A site as staff see it: its row on the board, and the rest."""
    return {
        **shown,
        "lon": row["lon"],
        "lat": row["lat"],
        "accuracy_m": row["accuracy_m"],
        "address": row["address"],
        "is_public": row["is_public"],
        "version": row["version"],
    }


def add_site(tx: Tx, actor: Actor, body: SiteIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """A new site. Raises Invalid naming what is wrong with its place, Forbidden."""
    incident = intake.incident_for(tx, body.incident)
    if body.place is None and body.area_code is None:
        raise Invalid({"place": Problem("place_wanted")})
    place = _placed(incident, gazetteer, body.place, body.area_code, body.declared_area)
    row = _new_site(tx, actor, incident["id"], body, place)
    if row is None:
        raise Conflict
    return site(tx, actor, row["id"])


def change_site(tx: Tx, actor: Actor, site_id: str, body: SiteChangeIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Set what the body names. Raises Conflict when the site has changed since it was looked at."""
    row = _site_for(tx, actor, site_id, lock=True)
    require(actor, Permission.SITE_EDIT, row["area"])
    if body.version is not None and body.version != row["version"]:
        raise Conflict(state=site(tx, actor, site_id))
    values = body.model_dump(exclude={"version", "place", "area_code"}, exclude_none=True)
    if body.place is not None or body.area_code is not None:
        incident = tx.incidents.get(row["incident_id"]) or {}
        place = _placed(incident, gazetteer, body.place, body.area_code, None)
        require(actor, Permission.SITE_EDIT, place.area)
        kept = [flag for flag in row["flags"] if flag not in PLACE_FLAGS]
        values |= {"area": place.area, "lon": place.lon, "lat": place.lat, "accuracy_m": place.accuracy_m}
        values["flags"] = [*kept, *place.flags]
    tx.sites.change(site_id, **values)
    tx.audit(actor, "site:change", row["area"], f"site:{site_id}", changed=sorted(values))
    _tell_site(tx, row["incident_id"], {row["area"], str(values.get("area", row["area"]))}, site_id)
    return site(tx, actor, site_id)


def add_sites(
    tx: Tx, actor: Actor, incident: Mapping[str, Any], rows: Sequence[bulk.Entry], gazetteer: Gazetteer
) -> list[RowResult]:
    """Many sites, each with its identity outside; a doubtful place is flagged, never left out.

    Rows have the fields of `SiteIn`. A place that cannot be gives way to the row's own area, flagged.
    """

    def take(reference: str, fields: Mapping[str, Any]) -> RowResult:
        body = parse(SiteIn, fields)
        if body.place is None and body.area_code is None and body.declared_area is None:
            raise Invalid({"place": Problem("place_wanted")})
        place = _placed_somehow(incident, gazetteer, body)
        row = _new_site(tx, actor, incident["id"], body, place, reference)
        return RowResult("stored", flags=tuple(row["flags"])) if row else bulk.KNOWN

    return bulk.each(rows, take)


def _placed(
    incident: Mapping[str, Any],
    gazetteer: Gazetteer,
    place: PlaceIn | None,
    area_code: str | None,
    declared: str | None,
) -> places.Resolved:
    """Where a site lies, flagged when that is elsewhere than declared."""
    found = places.resolve(incident, gazetteer, place=place, area_code=area_code, place_text=None)
    if place is None or declared is None or within(found.area, declared):
        return found
    if _lies_elsewhere(gazetteer, place, declared):
        return places.Resolved(found.area, found.lon, found.lat, found.accuracy_m, (*found.flags, "other_area"))
    return places.Resolved(declared, found.lon, found.lat, found.accuracy_m, found.flags)


def _lies_elsewhere(gazetteer: Gazetteer, place: PlaceIn, declared: str) -> bool:
    """Whether the place is not in the declared area; without boundaries only what is far from it is."""
    if gazetteer.locate(place.lon, place.lat).exact:
        return True
    point = gazetteer.point(declared)
    return point is None or float(metres(point[0], point[1], place.lon, place.lat)) > point[2]


def _placed_somehow(incident: Mapping[str, Any], gazetteer: Gazetteer, body: SiteIn) -> places.Resolved:
    """Where an imported site lies: a place that cannot be is passed over for the area that it is said to be in."""
    area = body.area_code or body.declared_area
    try:
        return _placed(incident, gazetteer, body.place, area, body.declared_area)
    except Invalid:
        if body.place is None or area is None:
            raise
    found = _placed(incident, gazetteer, None, area, None)
    return places.Resolved(found.area, found.lon, found.lat, found.accuracy_m, (*found.flags, "place_wrong"))


def _new_site(
    tx: Tx, actor: Actor, incident_id: str, body: SiteIn, place: places.Resolved, reference: str | None = None
) -> dict[str, Any] | None:
    """Store a site and flag it, and those that it doubles; None when its identity is known."""
    require(actor, Permission.SITE_EDIT, place.area)
    row: dict[str, Any] = {
        "id": tx.new_id(),
        "incident_id": incident_id,
        "name": body.name,
        "kind": body.kind,
        "area": place.area,
        "lon": place.lon,
        "lat": place.lat,
        "accuracy_m": place.accuracy_m,
        "address": body.address,
        "is_public": body.is_public,
        "is_open": True,
        "flags": list(place.flags),
        "external_ref": reference,
        "created_at": tx.now,
        "version": 1,
    }
    if not tx.sites.add(row):
        return None
    same = _at_same_place(tx, row)
    if same:
        tx.sites.flag([row["id"], *same], "doubled_place")
        row |= {"flags": [*row["flags"], "doubled_place"], "version": 2}
    tx.audit(actor, "site:add", place.area, f"site:{row['id']}", name=body.name, flags=row["flags"])
    rows = queries.site_rows(tx, [row["id"], *same])
    where = {"incident_id": incident_id, "area": place.area}
    tx.record(events.SiteChanged(**where, rows={"sites": rows}, site_id=row["id"]))
    return row


def _at_same_place(tx: Tx, row: Row) -> list[str]:
    """Ids of other sites at the very point; a point that only stands for an area says nothing of one place."""
    if row["lon"] is None or "place_from_area" in row["flags"]:
        return []
    found = tx.sites.at_place(row["incident_id"], row["lon"], row["lat"])
    return [other["id"] for other in found if other["id"] != row["id"]]


def _tell_site(tx: Tx, incident_id: str, areas: set[str], site_id: str) -> None:
    """Tell every area concerned: the one that a site left, too."""
    rows = {"sites": queries.site_rows(tx, [site_id])}
    for area in sorted(areas):
        tx.record(events.SiteChanged(incident_id=incident_id, area=area, rows=rows, site_id=site_id))


def _site_for(tx: Tx, actor: Actor, site_id: str, *, lock: bool = False) -> Row:
    row = tx.sites.get(site_id, lock=lock)
    if row is None or not may(actor, Permission.SITE_READ, row["area"]):
        raise NotFound
    return row


def stock_of(tx: Tx, actor: Actor, site_id: str) -> dict[str, Any]:
    """The lots of a site that hold something, each with what is on hand, held and free. Raises NotFound."""
    row = _site_for(tx, actor, site_id)
    today = day_of(tx.now)
    lots = [ledger.shown(lot, today) for lot in tx.stock.lots_of_site(site_id)]
    return {"site": _site_view(row, queries.site_rows(tx, [site_id])[0]), "lots": lots}


def history(tx: Tx, actor: Actor, site_id: str, before: int | None, limit: int) -> dict[str, Any]:
    """What changed a site's stock, the newest first; `next` is the row to go on below, or None."""
    _site_for(tx, actor, site_id)
    rows = tx.stock.history(site_id, before, limit + 1)
    names = ("id", "transfer_id", "lot_id", "item", "quantity", "reason", "note", "assignment_id", "by")
    shown = [{**{name: row[name] for name in names}, "at": row["at"].isoformat()} for row in rows[:limit]]
    return {"entries": shown, "next": rows[limit - 1]["id"] if len(rows) > limit else None}


def receive(tx: Tx, actor: Actor, body: ReceiveIn) -> Done:
    """Goods come to a site as a new lot. Raises Invalid naming item or expiry, NotFound, Forbidden."""
    here = ledger.site_for_stock(tx, actor, str(body.site_id))
    if wrong := ledger.wrong_goods(body.item, body.expiry, day_of(tx.now)):
        raise Invalid(wrong)
    transfer_id = _transfer_id(tx, body.client_id)
    if body.client_id and (before := _received_before(tx, here, body)):
        return before
    reference = f"client:{body.client_id}" if body.client_id else None
    goods = Goods(body.item, body.quantity, body.expiry, note=body.note, reference=reference)
    lot_id = ledger.take_in(tx, actor, here, goods, transfer_id)
    if lot_id is None:
        return _received_before(tx, here, body) or _taken()
    return ledger.tell(tx, actor, "receive", transfer_id, [lot_id], quantity=body.quantity)


def _received_before(tx: Tx, here: Row, body: ReceiveIn) -> Done | None:
    done = ledger.done_before(tx, str(body.client_id), [("outside", -body.quantity), ("site", body.quantity)])
    if done is None:
        return None
    lot = done.answer["lots"][0]
    expiry = body.expiry.isoformat() if body.expiry else None
    return done if (lot["site_id"], lot["item"], lot["expiry"]) == (here["id"], body.item, expiry) else _taken()


def _taken() -> Done:
    raise Conflict("client_id_taken")


def _transfer_id(tx: Tx, client_id: object) -> str:
    return str(client_id) if client_id else tx.new_id()


def adjust(tx: Tx, actor: Actor, body: AdjustIn) -> Done:
    """A lot was counted: the difference is found, or lost. Raises Invalid naming `counted` with what is held."""
    lot = _lot_for(tx, actor, str(body.lot_id))
    transfer_id = _transfer_id(tx, body.client_id)
    if body.client_id and (before := _counted_before(tx, lot, body)):
        return before
    difference = body.counted - (lot["on_hand"] if body.on_hand is None else body.on_hand)
    if lot["on_hand"] + difference < lot["held"]:
        raise Invalid({"counted": Problem("less_than_held", {"held": lot["held"]})})
    if difference:
        source, target = ("loss", "site") if difference > 0 else ("site", "loss")
        why = {"transfer_id": transfer_id, "reason": "count", "note": body.reason}
        ledger.move(tx, actor, lot["id"], abs(difference), source, target, **why)
    return ledger.tell(tx, actor, "adjust", transfer_id, [lot["id"]], difference=difference, reason=body.reason)


def _counted_before(tx: Tx, lot: Row, body: AdjustIn) -> Done | None:
    rows = tx.stock.entries_of(str(body.client_id))
    if not rows:
        return None
    same = {(row["lot_id"], row["reason"], row["note"]) for row in rows} == {(lot["id"], "count", body.reason)}
    written = [(row["account"], row["quantity"]) for row in rows]
    return ledger.done_before(tx, str(body.client_id), written) if same else _taken()


def write_off(tx: Tx, actor: Actor, body: WriteOffIn) -> Done:
    """Goods are expired, damaged or lost; only what is free. Raises Invalid naming `quantity` with what is free."""
    lot = _lot_for(tx, actor, str(body.lot_id))
    transfer_id = _transfer_id(tx, body.client_id)
    if before := _done_before(tx, lot, body.client_id, [("site", -body.quantity), ("loss", body.quantity)]):
        return before
    _check_free(lot, body.quantity)
    reason, note = body.reason, body.note
    ledger.move(tx, actor, lot["id"], body.quantity, "site", "loss", transfer_id=transfer_id, reason=reason, note=note)
    return ledger.tell(tx, actor, "write_off", transfer_id, [lot["id"]], quantity=body.quantity, reason=reason)


def transfer(tx: Tx, actor: Actor, body: TransferIn) -> Done:
    """Goods go from a lot at one site to a new lot at another, under one transfer id.

    Raises Invalid naming `quantity` with what is free, or `to_site_id`; NotFound; Forbidden.
    """
    there = ledger.site_for_stock(tx, actor, str(body.to_site_id))
    lot = _lot_for(tx, actor, str(body.lot_id))
    quantity = body.quantity
    out, in_ = [("site", -quantity), ("outside", quantity)], [("outside", -quantity), ("site", quantity)]
    transfer_id = _transfer_id(tx, body.client_id)
    if before := _done_before(tx, lot, body.client_id, [*out, *in_]):
        return before
    if there["id"] == lot["site_id"]:
        raise Invalid({"to_site_id": Problem("same_site")})
    if _is_training(tx, there["incident_id"]) != _is_training(tx, lot["incident_id"]):
        raise Invalid({"to_site_id": Problem("training_apart")})
    _check_free(lot, quantity)
    note = body.note
    ledger.move(tx, actor, lot["id"], quantity, "site", "outside", transfer_id=transfer_id, reason="move", note=note)
    goods = Goods(lot["item"], quantity, lot["expiry"], lot["gift_id"], note=note)
    new_id = ledger.take_in(tx, actor, there, goods, transfer_id, "move")
    return ledger.tell(tx, actor, "transfer", transfer_id, [lot["id"], new_id or ""], quantity=quantity)


def break_kit(tx: Tx, actor: Actor, body: BreakIn) -> Done:
    """Kits of a lot are opened: what they hold comes into new lots of the same site, under one transfer id.

    The new lots keep the kit's expiry, because nobody says which part of it expires, and its gift. Only what is free.
    Raises Invalid naming `lot_id` when it is no kit, or `quantity` with what is free; NotFound; Forbidden.
    """
    lot = _lot_for(tx, actor, str(body.lot_id))
    kit = catalogue.KITS.get(lot["item"])
    if kit is None:
        raise Invalid({"lot_id": Problem("not_a_kit", {"item": lot["item"]})})
    parts = {item: each * body.quantity for item, each in kit.holds.items()}
    transfer_id = _transfer_id(tx, body.client_id)
    rows = [("site", -body.quantity), ("outside", body.quantity)]
    rows += [row for units in parts.values() for row in (("outside", -units), ("site", units))]
    if before := _done_before(tx, lot, body.client_id, rows):
        return before
    _check_free(lot, body.quantity)
    if max(parts.values()) > catalogue.LARGEST_QUANTITY:
        most = catalogue.LARGEST_QUANTITY // max(kit.holds.values())
        raise Invalid({"quantity": Problem("too_large", {"most": most})})
    why = {"transfer_id": transfer_id, "reason": "open_kit", "note": body.reason}
    ledger.move(tx, actor, lot["id"], body.quantity, "site", "outside", **why)
    here, told = {"id": lot["site_id"]}, {"quantity": body.quantity, "reason": body.reason}
    opened = [Goods(item, units, lot["expiry"], lot["gift_id"], body.reason) for item, units in parts.items()]
    made = [ledger.take_in(tx, actor, here, goods, transfer_id, "open_kit") or "" for goods in opened]
    return ledger.tell(tx, actor, "break_kit", transfer_id, [lot["id"], *made], **told)


def _is_training(tx: Tx, incident_id: str) -> bool:
    return bool((tx.incidents.get(incident_id) or {}).get("is_training"))


def _lot_for(tx: Tx, actor: Actor, lot_id: str) -> Row:
    """The lot, held until the transaction ends. Raises NotFound, Forbidden."""
    lot = tx.stock.lock_lots([lot_id]).get(lot_id)
    if lot is None or not may(actor, Permission.SITE_READ, lot["area"]):
        raise NotFound
    require(actor, Permission.STOCK_EDIT, lot["area"])
    return lot


def _done_before(tx: Tx, lot: Row, client_id: object, expected: Sequence[tuple[str, int]]) -> Done | None:
    done = ledger.done_before(tx, str(client_id), expected) if client_id else None
    return done if done is None or done.answer["lots"][0]["id"] == lot["id"] else _taken()


def _check_free(lot: Row, quantity: int) -> None:
    if quantity > lot["free"]:
        raise Invalid({"quantity": Problem("more_than_free", {"free": max(0, lot["free"]), "held": lot["held"]})})


def receive_many(
    tx: Tx, actor: Actor, incident: Mapping[str, Any], rows: Sequence[bulk.Entry], keys: contacts.Keys
) -> list[RowResult]:
    """Many lots, each with its identity outside; one with a donor becomes a gift.

    Rows have site (name or identity of one), item, quantity, expiry, donor and note.
    """
    pool = queries.pool_of(tx, incident)

    def take(reference: str, fields: Mapping[str, Any]) -> RowResult:
        here = _site_named(tx, pool, fields.get("site"))
        require(actor, Permission.STOCK_EDIT, here["area"])
        if tx.stock.lot_by_external_ref(here["id"], reference) is not None:
            return bulk.KNOWN
        body = _received_row(here["id"], fields)
        if wrong := ledger.wrong_goods(body.item, body.expiry, day_of(tx.now)):
            raise Invalid(wrong)
        gift_id = _gift_of(tx, actor, here, body, fields.get("donor"), keys)
        goods = Goods(body.item, body.quantity, body.expiry, gift_id, body.note, reference)
        transfer_id = tx.new_id()
        lot_id = ledger.take_in(tx, actor, here, goods, transfer_id)
        if lot_id is not None:
            ledger.tell(tx, actor, "receive", transfer_id, [lot_id], quantity=body.quantity)
        return RowResult("stored")

    return bulk.each(rows, take)


def _site_named(tx: Tx, pool: Sequence[str], name: object) -> Row:
    found = tx.sites.called(pool, str(name).strip()) if name else []
    if len(found) != 1:
        code = "required" if not name else "unknown_site" if not found else "site_ambiguous"
        raise Invalid({"site": Problem(code, {"name": str(name)[:60]} if name else {})})
    return found[0]


def _received_row(site_id: str, fields: Mapping[str, Any]) -> ReceiveIn:
    """A row as goods that came to the site; an amount may be a fraction of what is weighed or poured."""
    given = {name: fields[name] for name in ("item", "quantity", "expiry", "note") if fields.get(name) is not None}
    item = catalogue.ITEMS.get(str(given.get("item")))
    if item is not None and isinstance(given.get("quantity"), float):
        whole = catalogue.whole_quantity(item, given["quantity"])
        if isinstance(whole, str):
            params = {"value": given["quantity"], "item": item.code, "unit": item.unit}
            raise Invalid({"quantity": Problem(f"quantity_{whole}", params)})
        given["quantity"] = whole
    return parse(ReceiveIn, {**given, "site_id": site_id})


def _gift_of(tx: Tx, actor: Actor, here: Row, body: ReceiveIn, donor: object, keys: contacts.Keys) -> str | None:
    """The gift that a row with a donor stands for."""
    if not donor:
        return None
    named = {"donor": donor, "item": body.item, "quantity": body.quantity, "site_id": body.site_id}
    gift = gifts.register(tx, here["incident_id"], parse(GiftIn, named), keys)
    gifts.tell(tx, actor, gift, here)
    return str(gift["id"])
