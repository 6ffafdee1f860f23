"""Why this match, why not the next ones, why nothing: codes and numbers, no words.

The words of both languages are made from these codes on the screens. Everything is computed from
the plan itself: its prices, what it used, and the times on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Final

FORBIDDEN: Final = "forbidden"
SKILLS_MISSING: Final = "skills_missing"
EXPIRES_FIRST: Final = "expires_first"
SHIFT_ENDS: Final = "shift_ends"
OUT_OF_REACH: Final = "out_of_reach"
TOO_LITTLE: Final = "too_little"
FARTHER: Final = "farther"
NEEDED_ELSEWHERE: Final = "needed_elsewhere"
KEEPS_LONGER: Final = "keeps_longer"
AS_GOOD: Final = "as_good"

NO_STOCK: Final = "no_stock"
NONE_POSSIBLE: Final = "none_possible"
ALL_TAKEN: Final = "all_taken"
NOT_WORTH_IT: Final = "not_worth_it"

LACKS: Final = (
    FORBIDDEN, SKILLS_MISSING, EXPIRES_FIRST, SHIFT_ENDS, OUT_OF_REACH, TOO_LITTLE,
    FARTHER, NEEDED_ELSEWHERE, KEEPS_LONGER, AS_GOOD,
)  # fmt: skip
"""What a supply that was not chosen may lack; the first five make the pair impossible."""

UNMET: Final = (NO_STOCK, NONE_POSSIBLE, ALL_TAKEN, NOT_WORTH_IT)
"""Why a need stays open."""

Number = float | int | str
Numbers = Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that a supply lacked, with the numbers behind it."""

    code: str
    numbers: Numbers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """One supply as seen from one need, with what it takes to judge it.

    `cost` (weighted seconds for a unit) is None when the pair is impossible. `left` is what the plan
    leaves of `free`. `price` is what one more unit of it would save elsewhere, in the same seconds.
    """

    supply_id: str
    minutes: float
    keeps_minutes: float
    cost: int | None
    free: int
    left: int
    price: int
    expires_in: float | None = None
    shift_left: float | None = None
    missing_skills: tuple[str, ...] = ()
    forbidden: bool = False

    @property
    def full_cost(self) -> float:
        """Cost with the price of the unit; what offers are compared by."""
        return float("inf") if self.cost is None else self.cost + self.price


def lacks(offer: Offer, chosen: Offer, quantity: int) -> list[Lack]:
    """What an offer lacked against the chosen one, the decisive thing first."""
    if offer.cost is None:
        return impossible(offer)
    found = []
    if offer.free < quantity:
        found.append(Lack(TOO_LITTLE, {"free": offer.free, "wanted": quantity}))
    slower = offer.minutes - chosen.minutes
    if slower > 0:
        found.append(Lack(FARTHER, {"minutes": round(slower, 1)}))
    if offer.left == 0 and offer.price > 0:
        found.append(Lack(NEEDED_ELSEWHERE, {"free": offer.free, "price": offer.price}))
    keeps = offer.keeps_minutes - chosen.keeps_minutes
    if keeps > 0:
        found.append(Lack(KEEPS_LONGER, {"minutes": round(keeps, 1)}))
    return found or [Lack(AS_GOOD)]


def impossible(offer: Offer) -> list[Lack]:
    """What makes a pair impossible."""
    found = []
    if offer.forbidden:
        found.append(Lack(FORBIDDEN))
    if offer.missing_skills:
        found.append(Lack(SKILLS_MISSING, {"skills": ", ".join(offer.missing_skills)}))
    for code, limit in ((EXPIRES_FIRST, offer.expires_in), (SHIFT_ENDS, offer.shift_left)):
        if limit is not None and offer.minutes > limit:
            numbers = {"minutes": round(offer.minutes, 1), "minutes_left": round(limit, 1)}
            found.append(Lack(code, numbers))
    return found or [Lack(OUT_OF_REACH, {"minutes": round(offer.minutes, 1)})]


def why_match(
    chosen: Offer, others: Sequence[Offer], quantity: int, weight: float, flip: Mapping[str, object] | None
) -> dict[str, object]:
    """The reasons of one match: the terms of its cost, the next candidates with what each lacked,
    and the smallest change that would turn it over (`flip_of`), where that could be told.
    """
    why: dict[str, object] = {
        "terms": {
            "minutes": round(chosen.minutes, 1),
            "keeps_minutes": round(chosen.keeps_minutes, 1),
            "weight": round(weight, 4),
            "cost": chosen.cost,
        },
        "price": chosen.price,
        "next": [_next(other, chosen, quantity) for other in others],
    }
    if flip is not None:
        why["flip"] = dict(flip)
    return why


def flip_of(dearer: int, left: float, goes_to: str | None, weight: float) -> dict[str, object]:
    """When the way takes `minutes_longer` more minutes a unit goes to another supply, or stays open
    (`goes_to` None): because that is then the better plan, or because `left`, the minutes that may
    pass until the lot expires, the shift ends or it is out of reach, are over (`out_of_time`).
    Minutes are rounded up to tenths, so that they suffice; `cost_longer` is the first cost that does.
    """
    minutes = min((dearer + 1) / (60 * weight), left)
    return {
        "minutes_longer": floor(minutes * 10 + 1) / 10,
        "cost_longer": dearer + 1,
        "goes_to": goes_to,
        "out_of_time": left < (dearer + 1) / (60 * weight),
    }


def _next(other: Offer, chosen: Offer, quantity: int) -> dict[str, object]:
    return {
        "supply_id": other.supply_id,
        "minutes": round(other.minutes, 1),
        "free": other.free,
        "left": other.left,
        "lacks": [{"code": lack.code, **lack.numbers} for lack in lacks(other, chosen, quantity)],
    }


def why_open(
    nearest: Offer | None, quantity: int, free: int, ahead: int, *, left: bool
) -> dict[str, object]:
    """The reasons that units stay open: what is missing and where the nearest of it is.

    `nearest` is the nearest possible supply, or the nearest of all when none is possible. `free` is
    all there was before the plan; `left`, whether the plan leaves some that would be possible. `ahead`
    are the open units that would be served before these, so that with so many and these more at the
    place it is sure to be served.
    """
    if nearest is None or not free:
        code = NO_STOCK
    elif nearest.cost is None:
        code = NONE_POSSIBLE
    else:
        code = NOT_WORTH_IT if left else ALL_TAKEN
    why: dict[str, object] = {"code": code, "missing": quantity, "free": free}
    why["would_serve"] = {"units": ahead + quantity, "ahead": ahead}
    if nearest is not None:
        lacking = impossible(nearest) if nearest.cost is None else []
        why["nearest"] = {
            "supply_id": nearest.supply_id,
            "minutes": round(nearest.minutes, 1),
            "free": nearest.free,
            "left": nearest.left,
            "lacks": [{"code": lack.code, **lack.numbers} for lack in lacking],
        }
    return why
