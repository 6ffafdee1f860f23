"""Builds that are broken on purpose, to see that the checker sees: patches of the soak's own worker processes.

Nothing in the product knows of them, and no other process than those workers ever has them.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.sql.selectable import GenerativeSelect

from server.services import approvals
from server.store.stock import Stock


@dataclass(frozen=True)
class Build:
    """What is broken, how, which of the checks must see it, which acts lead there and are done more often, and which
    constraints of the scratch database go, so that they do not help.
    """

    says: str
    patch: Callable[[], None]
    seen_by: frozenset[str]
    often: Mapping[str, float]
    drops: tuple[str, ...] = ()


def _without_locks() -> None:
    def unlocked(query: Any, **_how: Any) -> Any:
        return query

    GenerativeSelect.with_for_update = unlocked


def _without_looking_again() -> None:
    def take(_desk: Any, match: dict[str, Any]) -> dict[str, Any]:
        return match

    approvals._take = take  # noqa: SLF001 - that very step is what is broken


def _releasing_twice() -> None:
    once = Stock.transfer

    def twice(stock: Stock, **how: Any) -> None:
        once(stock, **how)
        if how["reason"] == "return":
            once(stock, **{**how, "transfer_id": str(uuid.uuid4())})

    Stock.transfer = twice


BUILDS = {
    "no_lock": Build(
        "no row is held while it is looked at and changed; the constraint against two jobs at once is gone",
        _without_locks,
        frozenset({"over_promised", "below_zero", "double_booked", "two_winners", "steps"}),
        {},
        ("alter table assignments drop constraint if exists one_trip_at_a_time",),
    ),
    "no_recheck": Build(
        "an approval takes every match as the plan has it, without looking what is still free and wanted",
        _without_looking_again,
        frozenset({"over_promised", "over_covered"}),
        {"plan": 6, "approve": 20, "assign": 20},
    ),
    "double_release": Build(
        "what comes back to its site is booked there twice",
        _releasing_twice,
        frozenset({"below_zero", "carried"}),
        {"accept": 30, "depart": 20, "fail": 20, "assign": 20, "ask_next": 20},
    ),
}
