"""Lists in parts: in which areas the person may look, and the part with the cursor to go on from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from server.domain.permissions import Actor, Permission, areas_for, require

Row = Mapping[str, Any]


def areas_asked(actor: Actor, permission: Permission, area: str | None) -> list[str]:
    """The asked area, or all that the person holds the permission for. Raises NotSignedIn, Forbidden."""
    if area is not None:
        require(actor, permission, area)
        return [area]
    held = areas_for(actor, permission)
    if not held:
        require(actor, permission, "")
    return list(held)


def part(noun: str, rows: Sequence[Row], limit: int, shape: Callable[[Row], Mapping[str, Any]]) -> dict[str, Any]:
    """`limit` rows under the noun's name; `next` is the cursor beyond them, or None.

    `rows` holds one more when there are more.
    """
    shown = rows[:limit]
    more = len(rows) > limit
    return {noun: [shape(row) for row in shown], "next": shown[-1]["id"] if more else None}
