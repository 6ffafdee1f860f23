"""What every change of stock shares: goods of the catalogue, a new lot, and telling of what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.domain import events
from server.domain.catalogue import ITEMS, Item, Kind
from server.domain.days import day_of
from server.domain.errors import Conflict, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require
from server.services import queries
from server.store.unit_of_work import Tx

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """A change of stock as it is answered; `is_new` is false when it was made before."""

    answer: Mapping[str, Any]
    is_new: bool = True


@dataclass(frozen=True)
class Goods:
    """So much of an item that comes in; `gift_id` when it was given, `reference` its identity outside."""

    item: str
    quantity: int
    expiry: date | None = None
    gift_id: str | None = None
    note: str | None = None
    reference: str | None = None


def site_for_stock(tx: Tx, actor: Actor, site_id: str) -> Row:
    """The site whose stock the actor is about to change. Raises NotFound, Forbidden."""
    site = tx.sites.get(site_id)
    if site is None or not may(actor, Permission.SITE_READ, site["area"]):
        raise NotFound
    require(actor, Permission.STOCK_EDIT, site["area"])
    return site


def wrong_goods(item: str, expiry: date | None, today: date) -> dict[str, Problem]:
    """What is wrong with goods that are to come in, by field."""
    wrong = wrong_item(item)
    if expiry is not None and expiry < today:
        wrong["expiry"] = Problem("expiry_past", {"today": today.isoformat()})
    return wrong


def wrong_item(item: str) -> dict[str, Problem]:
    """What is wrong with the item of goods, by field."""
    known: Item | None = ITEMS.get(item)
    if known is None:
        return {"item": Problem("unknown_item", {"item": item})}
    return {} if known.kind is Kind.GOODS else {"item": Problem("item_is_service", {"item": item})}


def take_in(tx: Tx, actor: Actor, site: Row, goods: Goods, transfer_id: str, reason: str = "receive") -> str | None:
    """Put checked goods into a new lot of the site; returns its id, or None when its identity is known there."""
    lot_id = tx.new_id()
    lot = {
        "id": lot_id,
        "site_id": site["id"],
        "item": goods.item,
        "expiry": goods.expiry,
        "gift_id": goods.gift_id,
        "external_ref": goods.reference,
        "created_at": tx.now,
    }
    if not tx.stock.add_lot(lot):
        return None
    quantity, note = goods.quantity, goods.note
    move(tx, actor, lot_id, quantity, "outside", "site", transfer_id=transfer_id, reason=reason, note=note)
    return lot_id


def move(
    tx: Tx,
    actor: Actor,
    lot_id: str,
    quantity: int,
    source: str,
    target: str,
    *,
    transfer_id: str,
    reason: str,
    note: str | None = None,
) -> None:
    """Two ledger rows: some of a lot from one account to another."""
    tx.stock.transfer(
        lot_id=lot_id,
        quantity=quantity,
        source=source,
        target=target,
        reason=reason,
        note=note,
        by=actor.name,
        at=tx.now,
        transfer_id=transfer_id,
    )


def tell(tx: Tx, actor: Actor, action: str, transfer_id: str, lot_ids: Sequence[str], **details: Any) -> Done:
    """Audit a change, tell the boards of each site, and answer with the lots as they are now."""
    lots = [lot for lot_id in lot_ids if (lot := tx.stock.lot(lot_id)) is not None]
    for site_id in dict.fromkeys(lot["site_id"] for lot in lots):
        mine = [lot for lot in lots if lot["site_id"] == site_id]
        tx.record(
            events.StockChanged(
                incident_id=mine[0]["incident_id"],
                area=mine[0]["area"],
                rows={"sites": queries.site_rows(tx, [site_id])},
                site_id=site_id,
                lot_ids=[lot["id"] for lot in mine],
            )
        )
        tx.audit(actor, f"stock:{action}", mine[0]["area"], f"lot:{mine[0]['id']}", transfer_id=transfer_id, **details)
    return Done(_answer(tx, transfer_id, lots))


def done_before(tx: Tx, transfer_id: str, expected: Sequence[tuple[str, int]]) -> Done | None:
    """The answer to a change that was made before under this id, or None when there was none.

    expected: (account, quantity) of its rows in their order. Raises Conflict when it was another change.
    """
    rows = tx.stock.entries_of(transfer_id)
    if not rows:
        return None
    if [(row["account"], row["quantity"]) for row in rows] != list(expected):
        raise Conflict("client_id_taken")
    ids = dict.fromkeys(row["lot_id"] for row in rows)
    lots = [lot for lot_id in ids if (lot := tx.stock.lot(lot_id)) is not None]
    return Done(_answer(tx, transfer_id, lots), is_new=False)


def _answer(tx: Tx, transfer_id: str, lots: Sequence[Row]) -> dict[str, Any]:
    return {"transfer_id": transfer_id, "lots": [shown(lot, day_of(tx.now)) for lot in lots]}


def shown(lot: Row, today: date) -> dict[str, Any]:
    """A lot as its keepers see it."""
    return {
        "id": lot["id"],
        "site_id": lot["site_id"],
        "item": lot["item"],
        "unit": ITEMS[lot["item"]].unit if lot["item"] in ITEMS else "",
        "expiry": lot["expiry"].isoformat() if lot["expiry"] else None,
        "is_expired": lot["expiry"] is not None and lot["expiry"] < today,
        "gift_id": lot["gift_id"],
        "on_hand": lot["on_hand"],
        "held": lot["held"],
        "free": lot["free"],
        "received_at": lot["created_at"].isoformat(),
    }
