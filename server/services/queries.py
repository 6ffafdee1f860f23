"""What staff see: the board, and its rows for events."""

from collections.abc import Mapping, Sequence
from typing import Any

from server.domain.errors import Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, areas_for, may, require
from server.services import units
from server.services.intake import STANDING, incident_for
from server.store.unit_of_work import Tx


def pool_of(tx: Tx, incident: Mapping[str, Any]) -> list[str]:
    """The incidents whose sites and volunteers serve this one: its own, and the standing one's unless training."""
    standing = tx.incidents.by_slug(STANDING)
    if incident["is_training"] or standing is None:
        return [incident["id"]]
    return sorted({incident["id"], standing["id"]})


def pool_for(tx: Tx, row: Mapping[str, Any]) -> list[str]:
    """The same for what belongs to an incident (`incident_id`)."""
    return pool_of(tx, tx.incidents.get(row["incident_id"]) or {})


def board(tx: Tx, actor: Actor, slug: str | None, area: str | None) -> dict[str, Any]:
    """Everything of an incident in an area, and the cursor that belongs to it (law 3).

    Without an area, the one that the person answers for. Each noun is {columns, rows}.
    """
    top = board_area(actor, area)
    incident = incident_for(tx, slug)
    pool = pool_of(tx, incident)
    answer: dict[str, Any] = {"cursor": tx.outbox.cursor(), "incident": incident["slug"], "area": top}
    for noun, columns in tx.board.COLUMNS.items():
        rows = tx.board.of_area(noun, incident["id"], pool, top, tx.now)
        answer[noun] = {"columns": columns, "rows": rows}
    if not _sees_exactly(actor, top):
        seen = answer["volunteers"]
        rough = (_roughly(dict(zip(seen["columns"], row, strict=True))) for row in seen["rows"])
        answer["volunteers"] = {**seen, "rows": [list(row.values()) for row in rough]}
    return answer


def board_key(tx: Tx, actor: Actor, slug: str | None, area: str | None) -> tuple[str, ...]:
    """What a person's board depends on: two with the same key get the same. Raises as `board` does."""
    top = board_area(actor, area)
    return incident_for(tx, slug)["id"], top, "exactly" if _sees_exactly(actor, top) else "roughly"


def _sees_exactly(actor: Actor, top: str) -> bool:
    return may(actor, Permission.ASSIGNMENT_MANAGE, top)


def board_area(actor: Actor, area: str | None) -> str:
    """The area to show: the asked one, or the only one the person has, else everything they have at its top.

    Raises NotSignedIn, Forbidden, or Invalid when the person answers for several and must choose.
    """
    if area:
        require(actor, Permission.BOARD_READ, area)
        return area
    held = areas_for(actor, Permission.BOARD_READ)
    if len(held) != 1:
        require(actor, Permission.BOARD_READ, "" if not held else held[0])
        raise Invalid({"area": Problem("choose_area", {"choices": ", ".join(held)})})
    return held[0]


def require_case(tx: Tx, actor: Actor, case_id: int) -> dict[str, Any]:
    """The case, if the person may see it. Raises NotFound, which does not tell whether there is one."""
    case = tx.cases.get(case_id)
    if case is None or not units.may_of_case(tx, actor, Permission.BOARD_READ, case):
        raise NotFound
    return case


def report_rows(tx: Tx, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Board rows of these reports."""
    return _rows(tx, "reports", ids)


def case_rows(tx: Tx, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Board rows of these cases."""
    return _rows(tx, "cases", ids)


def case_row(tx: Tx, case_id: int) -> dict[str, Any]:
    """Board row of a case that exists."""
    (row,) = case_rows(tx, [case_id])
    return row


def need_rows(tx: Tx, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Board rows of these needs."""
    return _rows(tx, "needs", ids)


def assignment_rows(tx: Tx, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Board rows of these assignments."""
    return _rows(tx, "assignments", ids)


def volunteer_rows(tx: Tx, ids: Sequence[str], *, exactly: bool = False) -> list[dict[str, Any]]:
    """Board rows of these volunteers; for events, which all staff get, the place is rough."""
    rows = _rows(tx, "volunteers", ids)
    return rows if exactly else [_roughly(row) for row in rows]


def site_rows(tx: Tx, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Board rows of these sites."""
    return _rows(tx, "sites", ids)


def _roughly(row: dict[str, Any]) -> dict[str, Any]:
    """A volunteer with the place to two decimals (about a kilometre): only coordinators see more."""
    return {**row, **{name: row[name] if row[name] is None else round(row[name], 2) for name in ("lon", "lat")}}


def _rows(tx: Tx, noun: str, ids: Sequence[Any]) -> list[dict[str, Any]]:
    return tx.board.by_ids(noun, ids, tx.now) if ids else []
