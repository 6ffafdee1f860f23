"""Lots, the ledger and gifts. On hand, held and free are derived, never stored.

The ledger is double entry over five accounts: `outside` (where goods come from), `site`, `transit`,
`recipient` and `loss` (what a count did not find, and what was written off). The entries of one
transfer sum to nought for each lot. A move between two sites takes goods out of one lot and into
another, both against `outside`, so that what a gift brought in stays what it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from server.domain.lifecycle import HOLDS_STOCK
from server.store.rows import Row, every, first
from server.store.sites import within_any
from server.store.tables import assignment_lines, assignments, gifts, ledger, lots, sites

_on_hand = (
    select(func.coalesce(func.sum(ledger.c.quantity), 0))
    .where(ledger.c.lot_id == lots.c.id, ledger.c.account == "site")
    .correlate(lots)
    .scalar_subquery()
)
_held = (
    select(func.coalesce(func.sum(assignment_lines.c.quantity), 0))
    .join(assignments, assignments.c.id == assignment_lines.c.assignment_id)
    .where(assignment_lines.c.lot_id == lots.c.id, assignments.c.state.in_(sorted(HOLDS_STOCK)))
    .correlate(lots)
    .scalar_subquery()
)
_LOTS: Select[Any] = (
    select(
        lots,
        sites.c.incident_id,
        sites.c.area,
        sites.c.name.label("site_name"),
        sites.c.is_open.label("site_is_open"),
        sites.c.lon,
        sites.c.lat,
        _on_hand.label("on_hand"),
        _held.label("held"),
        (_on_hand - _held).label("free"),
    )
    .join(sites, sites.c.id == lots.c.site_id)
    .order_by(lots.c.item, lots.c.expiry.asc().nulls_last(), lots.c.created_at, lots.c.id)
)
_NEAREST = text(
    """
    select l.id, l.item, l.expiry, l.site_id, l.site_name, l.lon, l.lat,
           coalesce((select sum(g.quantity) from ledger g where g.lot_id = l.id and g.account = 'site'), 0)
           - coalesce((select sum(al.quantity) from assignment_lines al join assignments a on a.id = al.assignment_id
                       where al.lot_id = l.id and a.state = any(:holds)), 0) as free
    from (
      select lots.id, lots.item, lots.expiry, lots.site_id, s.name as site_name, s.lon, s.lat,
             ((s.lon - :lon) * cos(radians(:lat))) ^ 2 + (s.lat - :lat) ^ 2 as away
      from lots join sites s on s.id = lots.site_id
      where s.incident_id = any(cast(:pool as uuid[])) and lots.item = :item and s.is_open
        and (lots.expiry is null or lots.expiry >= :today)
      order by away nulls last, lots.id limit :most
    ) l
    order by l.away nulls last, l.id
    """
)
_UNBALANCED = """
select transfer_id, lot_id, sum(quantity)::bigint as off from ledger
group by transfer_id, lot_id having sum(quantity) <> 0
"""
_BELOW_ZERO = """
select lot_id, account, sum(quantity)::bigint as balance from ledger where account in ('site', 'transit', 'recipient')
group by lot_id, account having sum(quantity) < 0
"""
_GIFT_ENTRIES = """
select g.transfer_id, g.lot_id, g.account, g.reason, g.quantity, g.at, lo.item, s.area as site_area,
       case when s.is_public then s.name end as site_name, a.area as delivered_area, d.proof
from ledger g join lots lo on lo.id = g.lot_id join sites s on s.id = lo.site_id
left join assignments a on a.id = g.assignment_id left join deliveries d on d.assignment_id = a.id
where lo.gift_id = :gift and g.at <= :until
order by g.id
"""


class Stock:
    """Reads and writes lots, ledger and gifts."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add_lot(self, row: Mapping[str, Any]) -> bool:
        """Store a new lot, still empty; False, and nothing stored, when its outside identity is known at the site."""
        new = upsert(lots).values(**row).on_conflict_do_nothing().returning(lots.c.id)
        return self.conn.execute(new).first() is not None

    def lot(self, lot_id: str) -> Row | None:
        """The lot of that id with its site and what is on hand, held and free."""
        return first(self.conn, _LOTS.where(lots.c.id == lot_id))

    def lot_by_external_ref(self, site_id: str, ref: str) -> Row | None:
        """The lot that came to the site under this outside identity."""
        return first(self.conn, _LOTS.where(lots.c.site_id == site_id, lots.c.external_ref == ref))

    def lock_lots(self, lot_ids: Iterable[str]) -> dict[str, Row]:
        """The lots, held until the transaction ends (in id order), each with what is on hand, held and free."""
        ids = sorted(set(lot_ids))
        if not ids:
            return {}
        held = select(lots.c.id).where(lots.c.id.in_(ids)).order_by(lots.c.id)
        self.conn.execute(held.with_for_update(key_share=True))
        return {row["id"]: row for row in every(self.conn, _LOTS.where(lots.c.id.in_(ids)))}

    def free(self, lot_ids: Iterable[str]) -> dict[str, int]:
        """What is free of each lot: on hand less what waiting assignments hold."""
        ids = sorted(set(lot_ids))
        query = select(lots.c.id, (_on_hand - _held).label("free")).where(lots.c.id.in_(ids))
        return {row["id"]: int(row["free"]) for row in every(self.conn, query)} if ids else {}

    def sites_of(self, lot_ids: Iterable[str]) -> dict[str, Row]:
        """Where each of the lots lies: site_id and the site's name."""
        query = select(lots.c.id, lots.c.site_id, sites.c.name).join(sites, sites.c.id == lots.c.site_id)
        found = every(self.conn, query.where(lots.c.id.in_(sorted(set(lot_ids)))))
        return {row["id"]: {"site_id": row["site_id"], "name": row["name"]} for row in found}

    def lots_of_site(self, site_id: str) -> list[Row]:
        """The lots of a site that still hold something, by item, what expires first before the rest."""
        return every(self.conn, _LOTS.where(lots.c.site_id == site_id, _on_hand != 0))

    def free_lots(
        self,
        incident_ids: Sequence[str],
        items: Sequence[str],
        today: date,
        besides: Sequence[str] = (),
    ) -> list[Row]:
        """Lots of these items at open sites of these incidents with something free that has not expired by `today`.

        `besides`: lots that are wanted although nothing of them is free.
        """
        query = _LOTS.where(
            sites.c.incident_id.in_(incident_ids),
            lots.c.item.in_(items),
            sites.c.is_open,
            or_(lots.c.expiry.is_(None), lots.c.expiry >= today),
            or_(_on_hand > _held, lots.c.id.in_(list(besides))),
        )
        return every(self.conn, query)

    def nearest(
        self, incident_ids: Sequence[str], item: str, today: date, place: tuple[float, float], most: int
    ) -> list[Row]:
        """The lots of an item at open sites of these incidents that have not expired by `today`, the nearest first.

        As the crow flies from the place (lon, lat), at most so many: id, item, expiry, site_id, site_name, lon, lat and
        what is `free`, which may be nothing.
        """
        lon, lat = place
        values = {"pool": list(incident_ids), "item": item, "today": today, "lon": lon, "lat": lat, "most": most}
        return every(self.conn, _NEAREST, {**values, "holds": sorted(HOLDS_STOCK)})

    def post(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write ledger rows; those of one transfer sum to nought for each lot."""
        self.conn.execute(insert(ledger), list(entries))

    def transfer(
        self,
        *,
        lot_id: str,
        quantity: int,
        source: str,
        target: str,
        reason: str,
        by: str,
        at: datetime,
        transfer_id: str,
        note: str | None = None,
        assignment_id: str | None = None,
    ) -> None:
        """Move some of a lot from one account to another: two ledger rows."""
        shared = {
            "transfer_id": transfer_id,
            "lot_id": lot_id,
            "reason": reason,
            "note": note,
            "assignment_id": assignment_id,
            "by": by,
            "at": at,
        }
        given = {**shared, "account": source, "quantity": -quantity}
        self.post([given, {**shared, "account": target, "quantity": quantity}])

    def entries_of(self, transfer_id: str) -> list[Row]:
        """The ledger rows of a transfer, in the order in which they were written."""
        return every(self.conn, select(ledger).where(ledger.c.transfer_id == transfer_id).order_by(ledger.c.id))

    def history(self, site_id: str, before: int | None, limit: int) -> list[Row]:
        """What changed a site's stock, the newest first: rows of the account `site`, below the row `before`."""
        query = (
            select(ledger, lots.c.item)
            .join(lots, lots.c.id == ledger.c.lot_id)
            .where(lots.c.site_id == site_id, ledger.c.account == "site")
        )
        if before is not None:
            query = query.where(ledger.c.id < before)
        return every(self.conn, query.order_by(ledger.c.id.desc()).limit(limit))

    def unbalanced(self) -> list[Row]:
        """Transfers whose entries do not sum to nought for each lot."""
        return every(self.conn, text(_UNBALANCED))

    def below_zero(self) -> list[Row]:
        """Lots of which some account holds less than nothing."""
        return every(self.conn, text(_BELOW_ZERO))

    def add_gift(self, row: Mapping[str, Any]) -> bool:
        """Store a new gift; False, and nothing stored, when its code is taken."""
        new = upsert(gifts).values(**row).on_conflict_do_nothing(index_elements=["code"]).returning(gifts.c.id)
        return self.conn.execute(new).first() is not None

    def gift(self, gift_id: str) -> Row | None:
        """The gift of that id."""
        return first(self.conn, select(gifts).where(gifts.c.id == gift_id))

    def gift_by_code(self, code: str) -> Row | None:
        """The gift with that code."""
        return first(self.conn, select(gifts).where(gifts.c.code == code))

    def gifts_page(self, incident_ids: Sequence[str], areas: Sequence[str], after: str | None, limit: int) -> list[Row]:
        """Gifts that came to sites in these areas, with that site, the newest first, beyond the gift `after`."""
        came = (
            select(lots.c.gift_id, lots.c.site_id, sites.c.name.label("site_name"), sites.c.area)
            .ext(distinct_on(lots.c.gift_id))
            .join(sites, sites.c.id == lots.c.site_id)
            .where(lots.c.gift_id.is_not(None))
            .order_by(lots.c.gift_id, lots.c.created_at, lots.c.id)
            .subquery()
        )
        query = (
            select(gifts, came.c.site_id, came.c.site_name, came.c.area)
            .join(came, came.c.gift_id == gifts.c.id)
            .where(gifts.c.incident_id.in_(incident_ids), within_any(came.c.area, areas))
        )
        if after is not None:
            last = select(gifts.c.received_at).where(gifts.c.id == after).scalar_subquery()
            query = query.where(or_(gifts.c.received_at < last, (gifts.c.received_at == last) & (gifts.c.id < after)))
        return every(self.conn, query.order_by(gifts.c.received_at.desc(), gifts.c.id.desc()).limit(limit))

    def gift_entries(self, gift_id: str, until: datetime) -> list[Row]:
        """The ledger rows of a gift's lots until a moment, as written, each with its lot's item, site and hand-over."""
        return every(self.conn, text(_GIFT_ENTRIES), {"gift": gift_id, "until": until})
