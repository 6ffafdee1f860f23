"""Whether a lot or a volunteer that a person named can serve a need at all."""

from collections.abc import Mapping
from typing import Any

from server.domain.catalogue import ITEMS, Kind
from server.domain.errors import Problem
from server.services import queries
from server.store.unit_of_work import Tx


def problems(tx: Tx, need: Mapping[str, Any], *, lot_id: object, volunteer_id: object) -> dict[str, Problem]:
    """What is wrong with the source of a need, by field: goods come from a lot, services from a volunteer."""
    goods = ITEMS[need["item"]].kind is Kind.GOODS
    if goods and volunteer_id is not None:
        return {"volunteer_id": Problem("goods_have_no_volunteer")}
    if not goods and lot_id is not None:
        return {"lot_id": Problem("service_has_no_lot")}
    name, source = ("lot_id", lot_id) if goods else ("volunteer_id", volunteer_id)
    if source is None:
        return {name: Problem("required")}
    problem = (lot_problem if goods else volunteer_problem)(tx, need, str(source))
    return {name: problem} if problem else {}


def id_of(value: object) -> str | None:
    """An id of a body as text, or None where there is none."""
    return None if value is None else str(value)


def lot_problem(tx: Tx, need: Mapping[str, Any], lot_id: str) -> Problem | None:
    """What is wrong with the lot for the need (`incident_id`, `item`), or None."""
    lot = tx.stock.lot(lot_id)
    if lot is None or lot["incident_id"] not in queries.pool_for(tx, need):
        return Problem("unknown_lot")
    if lot["item"] != need["item"]:
        return Problem("other_item", {"item": lot["item"], "wanted": need["item"]})
    return None


def volunteer_problem(tx: Tx, need: Mapping[str, Any], volunteer_id: str) -> Problem | None:
    """What is wrong with the volunteer for the need (`incident_id`), or None."""
    volunteer = tx.volunteers.get(volunteer_id)
    known = volunteer is not None and volunteer["incident_id"] in queries.pool_for(tx, need)
    return None if known else Problem("unknown_volunteer")
