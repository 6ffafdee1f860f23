"""Assignments put straight into the tables, to hold stock or to be carried from there."""

from sqlalchemy import insert

from server.store import tables


def hold(system, need_id, lot_id, quantity, *, state="accepted", area=None):
    """An assignment for a need that holds some of a lot, in that state; returns its id."""
    with system.writing() as tx:
        case = tx.cases.get(tx.cases.need(need_id)["case_id"])
        row = {"id": tx.new_id(), "incident_id": case["incident_id"], "case_id": case["id"], "kind": "goods"}
        row |= {"site_id": tx.stock.lot(lot_id)["site_id"], "state": state, "area": area or case["area"], "by": "test"}
        row |= dict.fromkeys(("created_at", "changed_at", "asking_since"), tx.now)
        row["trip_id"] = row["id"]
        line = {"assignment_id": row["id"], "n": 0, "need_id": need_id, "lot_id": lot_id, "quantity": quantity}
        tx.conn.execute(insert(tables.assignments).values(why={}, **row))
        tx.conn.execute(insert(tables.assignment_lines).values(**line))
    return row["id"]
