"""The colours of the public map. web/css/parts/tokens.css repeats them for the legend, which may hold no inline
style.
"""

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


def colour(waiting: int | None) -> str:
    """The fill of a place by how many people wait there; None is withheld."""
    if waiting is None:
        return HIDDEN
    return next((fill for least, fill in reversed(CLASSES) if waiting >= least), NOBODY)


def radius(helped: int) -> float:
    """The circle of people helped, in pixels: its area grows with their number, within reason."""
    return round(min(9.0, max(3.0, 0.25 * sqrt(helped))), 1)
