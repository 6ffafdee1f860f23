"""Kits to open: those that no need asks for whole and that hold what a plan leaves open, and what that would serve.

For workers only, as `planning`. Nothing is opened here: docs/decisions/kits.md.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from geo import matching
from server.domain.catalogue import KITS
from server.services.moves import Row
from server.services.situations import Problem, lot_row

Again = Callable[[Problem], matching.Plan | None]
"""Solves another problem, if there is time left for it."""


@dataclass(frozen=True)
class Opening:
    """How many kits of each lot to open, by the item that is wanted of them; and by need, how many more of its units
    the next plan serves when all the kits for its item are opened.
    """

    kits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    serves: Mapping[str, int] = field(default_factory=dict)


NOTHING = Opening()


def found(problem: Problem, plan: matching.Plan, kits: Sequence[Row], again: Again) -> Opening:
    """What to open for what the plan leaves open; nothing when there are no such kits, or no time to tell.

    The plan stands: only open units are matched with what is in the kits that it leaves. What that would serve is
    told by solving again with the contents of these kits on hand, all needs of the items competing for them.
    """
    missing = {one.need_id: one.quantity for one in plan.unmet}
    still_open = [{**row, "quantity": missing[row["need_id"]]} for row in problem.needs if row["need_id"] in missing]
    left = _left(kits, plan)
    inside = list(_inside(kits, {row["item"] for row in still_open}, lambda lot_id, _: left[lot_id]))
    wanted = {row["item"] for row in inside}
    asked = [row for row in still_open if row["item"] in wanted]
    first = again(replace(problem, needs=asked, supplies=inside, rulings=(), kept=())) if inside else None
    counts = _counts(first, kits) if first else {}
    opened = list(_inside(kits, counts, lambda lot_id, item: counts[item].get(lot_id, 0)))
    then = again(_with(problem, counts, opened)) if opened else None
    return Opening(counts, _gains(plan, then)) if then else NOTHING


def _left(kits: Sequence[Row], plan: matching.Plan) -> dict[str, int]:
    """How many kits of each lot the plan gives to nobody."""
    used = _units(plan, "supply_id")
    return {lot["id"]: lot["free"] - used[lot["id"]] for lot in kits}


def _inside(kits: Sequence[Row], items: Collection[str], count: Callable[[str, str], int]) -> Iterator[dict[str, Any]]:
    """What so many kits of each lot hold of these items, as supplies of their own."""
    for lot in kits:
        for item, each in KITS[lot["item"]].holds.items():
            if item in items and (quantity := each * count(lot["id"], item)) > 0:
                yield lot_row({**lot, "id": f"{lot['id']}/{item}", "item": item, "free": quantity})


def _counts(first: matching.Plan, kits: Sequence[Row]) -> dict[str, dict[str, int]]:
    """How many kits of each lot hold what the matches take, by item."""
    units = _units(first, "supply_id")
    counts: dict[str, dict[str, int]] = {}
    for lot in kits:
        for item, each in KITS[lot["item"]].holds.items():
            if taken := units[f"{lot['id']}/{item}"]:
                counts.setdefault(item, {})[lot["id"]] = -(-taken // each)
    return counts


def _with(problem: Problem, items: Collection[str], opened: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of these items alone, with what was opened on hand: items do not compete with each other."""
    needs = [row for row in problem.needs if row["item"] in items]
    return replace(problem, needs=needs, supplies=[*(r for r in problem.supplies if r.get("item") in items), *opened])


def _gains(before: matching.Plan, after: matching.Plan) -> dict[str, int]:
    was, now = _units(before, "need_id"), _units(after, "need_id")
    return {need_id: now[need_id] - was[need_id] for need_id in sorted(now) if now[need_id] > was[need_id]}


def _units(plan: matching.Plan, side: Literal["need_id", "supply_id"]) -> Counter[str]:
    """What each need gets, or what is taken of each supply."""
    units = Counter[str]()
    for match in plan.matches:
        units[getattr(match, side)] += match.quantity
    return units
