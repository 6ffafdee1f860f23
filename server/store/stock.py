"""Lots and the double-entry ledger. What is on hand, held and free is derived, never stored.

on hand = the ledger's balance of the lot's account `site`; held = lines of assignments that hold
stock; free = on hand - held.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, text

from server.domain.lifecycle import HOLDS_STOCK
from server.store.rows import Row, every, first
from server.store.tables import gifts, ledger, lots

_LOTS = """
select lo.id, lo.site_id, lo.item, lo.expiry, lo.gift_id, lo.created_at, lo.external_ref,
       s.incident_id, s.area, s.lon, s.lat, s.accuracy_m, s.is_open, s.name as site_name,
       coalesce(h.on_hand, 0)::int as on_hand, coalesce(k.held, 0)::int as held,
       (coalesce(h.on_hand, 0) - coalesce(k.held, 0))::int as free
from lots lo join sites s on s.id = lo.site_id
left join (select lot_id, sum(quantity) as on_hand from ledger where account = 'site' {ledger} group by lot_id) h
  on h.lot_id = lo.id
left join (select al.lot_id, sum(al.quantity) as held
           from assignment_lines al join assignments a on a.id = al.assignment_id
           where a.state = any(:holding) and al.lot_id is not null {lines} group by al.lot_id) k on k.lot_id = lo.id
where {where} order by lo.item, lo.expiry nulls last, lo.id
"""


class Stock:
    """Reads and writes lots, ledger entries and gifts."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add_lot(self, row: Mapping[str, Any]) -> None:
        """Store a new, empty lot."""
        self.conn.execute(insert(lots), dict(row))

    def post(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write the entries of one transfer; the caller has made them sum to nought per lot."""
        self.conn.execute(insert(ledger), [dict(entry) for entry in entries])

    def lot_by_ref(self, site_id: str, ref: str) -> Row | None:
        """The lot that an import stored under this identity."""
        return first(self.conn, select(lots).where(lots.c.site_id == site_id, lots.c.external_ref == ref))

    def lock_lots(self, lot_ids: Iterable[str]) -> dict[str, Row]:
        """The lots with what is free of each, held until the transaction ends; locked in id order."""
        ids = sorted(set(lot_ids))
        if not ids:
            return {}
        self.conn.execute(select(lots.c.id).where(lots.c.id.in_(ids)).order_by(lots.c.id).with_for_update())
        return {row["id"]: row for row in self._lots("lo.id = any(cast(:ids as uuid[]))", {"ids": ids}, by_lot=True)}

    def of_site(self, site_id: str) -> list[Row]:
        """Every lot of a site that holds or held anything."""
        return self._lots("lo.site_id = cast(:site as uuid)", {"site": site_id})

    def free_lots(self, pool: Sequence[str], items: Sequence[str] | None, today: Any) -> list[Row]:
        """Lots of open sites of these incidents with something free that has not expired; all items, or these."""
        rows = self._lots(
            "s.incident_id = any(cast(:pool as uuid[])) and s.is_open and (lo.expiry is null or lo.expiry >= :today)"
            " and coalesce(h.on_hand, 0) - coalesce(k.held, 0) > 0"
            " and (:every or lo.item = any(:items))",
            {"pool": list(pool), "today": today, "every": items is None, "items": list(items or ())},
        )
        return rows

    def entries(self, lot_id: str) -> list[Row]:
        """The ledger of a lot, the oldest entry first."""
        return every(self.conn, select(ledger).where(ledger.c.lot_id == lot_id).order_by(ledger.c.id))

    def faults(self) -> list[Row]:
        """What must never be: transfers that do not balance, sites below nought, holds above what is on hand."""
        return every(
            self.conn,
            text(
                """
                select 'unbalanced' as fault, transfer_id::text as subject from ledger
                group by transfer_id, lot_id having sum(quantity) <> 0
                union all
                select 'negative', lot_id::text from ledger where account in ('site', 'transit')
                group by lot_id, account having sum(quantity) < 0
                union all
                select 'over_promised', al.lot_id::text
                from assignment_lines al join assignments a on a.id = al.assignment_id
                where a.state = any(:holding) and al.lot_id is not null
                group by al.lot_id
                having sum(al.quantity) > coalesce((select sum(quantity) from ledger g
                                                    where g.lot_id = al.lot_id and g.account = 'site'), 0)
                """
            ).bindparams(bindparam("holding", sorted(HOLDS_STOCK))),
        )

    def add_gift(self, row: Mapping[str, Any]) -> None:
        """Store a gift."""
        self.conn.execute(insert(gifts), dict(row))

    def gift_by_code(self, code: str) -> Row | None:
        """The gift of that code."""
        return first(self.conn, select(gifts).where(gifts.c.code == code))

    def gifts(self, incident_id: str) -> list[Row]:
        """Gifts of an incident, the newest first."""
        return every(
            self.conn, select(gifts).where(gifts.c.incident_id == incident_id).order_by(gifts.c.received_at.desc())
        )

    def _lots(self, where: str, params: dict[str, Any], *, by_lot: bool = False) -> list[Row]:
        only = "and lot_id = any(cast(:ids as uuid[]))" if by_lot else ""
        held = "and al.lot_id = any(cast(:ids as uuid[]))" if by_lot else ""
        query = _LOTS.format(where=where, ledger=only, lines=held)
        return every(self.conn, text(query), {**params, "holding": sorted(HOLDS_STOCK)})
