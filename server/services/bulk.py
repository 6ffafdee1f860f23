"""Many rows at once, each taken or refused by itself: what imports call."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.domain.errors import Invalid, Problem

Entry = tuple[str, Mapping[str, Any]]
"""A row's outside identity and its fields, nested as the inputs have them."""


@dataclass(frozen=True)
class RowResult:
    """What became of one row.

    state: `stored`, `known` (its identity was here before) or `rejected`, with the problems by field.
    flags: what a person should look at although the row was stored.
    """

    state: str
    problems: Mapping[str, Problem] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


KNOWN = RowResult("known")


def each(rows: Iterable[Entry], take: Callable[[str, Mapping[str, Any]], RowResult]) -> list[RowResult]:
    """What became of each row, in their order; `take` refuses a row before it stores any of it."""
    results = []
    for reference, fields in rows:
        try:
            results.append(take(reference, fields))
        except Invalid as error:
            results.append(RowResult("rejected", error.fields))
    return results
