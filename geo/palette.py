"""The colours of the public map. web/css/parts/tokens.css repeats them for the legend, which may hold no inline
style.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

CLASSES: Final = (
    (5, "#fff3b8"),
    (25, "#fdd27a"),
    (100, "#f7974e"),
    (500, "#dc5a3a"),
    (2000, "#9c1f3f"),
)
"""From how many people waiting a place has which colour: pale to dark, so that it can be read without hues."""
NOBODY: Final = "#ffffff"
HIDDEN: Final = "#d5dde1"
HELPED: Final = "#14633a"


MEASURES: Final = {
    "people_waiting": CLASSES,
    "unmet_share": ((5, "#fff3b8"), (25, "#fdd27a"), (50, "#f7974e"), (70, "#dc5a3a"), (90, "#9c1f3f")),
    "helped_per_1000": ((10, "#dff0e5"), (250, "#aed8bd"), (500, "#74b98d"), (750, "#3b8c5d"), (900, "#14633a")),
}
"""What the map can show, each with its classes: people, per cent, and people of a thousand."""
LEAST_RADIUS, MOST_RADIUS, GROWTH = 3.0, 9.0, 0.25


def colour(number: int | None, classes: Sequence[tuple[int, str]] = CLASSES) -> str:
    """The fill of a place by a measure, people waiting there if nothing else is said; None is withheld."""
    if number is None:
        return HIDDEN
    return next((fill for least, fill in reversed(classes) if number >= least), NOBODY)


def radius(helped: int) -> float:
    """The circle of people helped, in pixels: its area grows with their number, within reason."""
    return round(min(MOST_RADIUS, max(LEAST_RADIUS, GROWTH * sqrt(helped))), 1)
