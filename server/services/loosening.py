"""What live plans proposed and nobody was asked for yet: a new plan may take it up again and match it anew.

What was offered, accepted or made by hand stands, and so do waves: docs/decisions/stability.md.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.domain.catalogue import HOUSEHOLD
from server.domain.permissions import Actor
from server.services import moves
from server.services.moves import Row
from server.store.unit_of_work import Tx

Pair = tuple[int, str]


def source_of(row: Mapping[str, Any]) -> Pair:
    """The need and the lot or volunteer of a line, a match or a ruling."""
    return row["need_id"], row["lot_id"] or row["volunteer_id"]


def loose(tx: Tx, incident_id: str, area: str) -> list[Row]:
    """The lines that may be taken up, whole assignments only: all their needs are open, verified and placed."""
    lines = tx.assignments.loose(incident_id, area)
    needs = {need["id"]: need for need in tx.cases.needs_by_id(line["need_id"] for line in lines)}
    fixed = {line["id"] for line in lines if not _is_planned(needs.get(line["need_id"]))}
    return [line for line in lines if line["id"] not in fixed]


def _is_planned(need: Row | None) -> bool:
    return bool(need and need["state"] == "open" and need["verified_at"] and need["lon"] is not None)


def uncovered(needs: Iterable[Row], taken_up: Sequence[Row]) -> list[Row]:
    """The needs as they would be without these lines."""
    units = _units(taken_up, "need_id")
    return [{**need, "covered": need["covered"] - units[need["id"]]} for need in needs]


def freed(lots: Iterable[Row], taken_up: Sequence[Row]) -> list[Row]:
    """The lots as they would be without these lines."""
    units = _units(taken_up, "lot_id")
    return [{**lot, "free": lot["free"] + units[lot["id"]]} for lot in lots]


def unruled(rulings: Iterable[Row], taken_up: Sequence[Row]) -> list[Row]:
    """The rulings as they would be without these lines: what they brought of a pin is to be planned again."""
    units: Counter[Pair] = Counter()
    for line in taken_up:
        units[source_of(line)] += line["quantity"]
    return [{**row, "covered": row["covered"] - units[source_of(row)]} for row in rulings]


def less_covered(coverage: Iterable[Row], needs: Iterable[Row], taken_up: Sequence[Row]) -> list[Row]:
    """What is covered of each area and item as it would be without these lines."""
    by_id = {need["id"]: need for need in needs}
    units: dict[tuple[str, str], float] = defaultdict(float)
    people: dict[tuple[str, str], float] = defaultdict(float)
    for line in taken_up:
        need = by_id[line["need_id"]]
        units[need["area"], need["item"]] += line["quantity"]
        people[need["area"], need["item"]] += (need["people"] or HOUSEHOLD) * line["quantity"] / need["quantity"]
    return [
        {
            **row,
            "covered": row["covered"] - units[row["area"], row["item"]],
            "people_covered": row["people_covered"] - people[row["area"], row["item"]],
        }
        for row in coverage
    ]


def _units(lines: Iterable[Row], by: str) -> Counter[Any]:
    units: Counter[Any] = Counter()
    for line in lines:
        units[line[by]] += line["quantity"]
    return units


def let_go(tx: Tx, actor: Actor, plan_id: str, moved: Sequence[Mapping[str, Any]]) -> list[str]:
    """Withdraw those of the assignments that still are as the plan saw them, and tell of it; returns their ids.

    The caller holds their cases, needs and lots. One that was offered meanwhile stays: people come first.
    """
    gone = []
    for one in sorted(moved, key=lambda one: str(one["assignment_id"])):
        row = tx.assignments.get(one["assignment_id"], lock=True)
        if row is None or (row["state"], row["version"]) != ("proposed", one["version"]):
            continue
        if tx.assignments.offers(row["id"]):
            continue
        moves.move(tx, row, "withdraw")
        moves.told(tx, actor, row, "withdraw", back=True, plan_id=plan_id)
        gone.append(row["id"])
    return gone
