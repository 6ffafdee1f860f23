"""Why this match, why not the next ones, why nothing: codes and numbers, no words.

The words of both languages are made from these codes on the screens. Everything is computed from
the plan itself: its prices, what it used, and the times on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any, Final

FORBIDDEN: Final = "forbidden"
SKILLS_MISSING: Final = "skills_missing"
EXPIRES_FIRST: Final = "expires_first"
SHIFT_ENDS: Final = "shift_ends"
OUT_OF_REACH: Final = "out_of_reach"
TOO_LITTLE: Final = "too_little"
FARTHER: Final = "farther"
NEEDED_ELSEWHERE: Final = "needed_elsewhere"
KEEPS_LONGER: Final = "keeps_longer"
ROAD_CLOSED: Final = "road_closed"
AS_GOOD: Final = "as_good"

NO_STOCK: Final = "no_stock"
NOBODY_ABLE: Final = "nobody_able"
NONE_POSSIBLE: Final = "none_possible"
ALL_TAKEN: Final = "all_taken"
NOT_WORTH_IT: Final = "not_worth_it"

LACKS: Final = (
    FORBIDDEN, SKILLS_MISSING, EXPIRES_FIRST, SHIFT_ENDS, OUT_OF_REACH, TOO_LITTLE,
    ROAD_CLOSED, FARTHER, NEEDED_ELSEWHERE, KEEPS_LONGER, AS_GOOD,
)  # fmt: skip
"""What a supply that was not chosen may lack; the first five make the pair impossible."""

UNMET: Final = (NO_STOCK, NOBODY_ABLE, NONE_POSSIBLE, ALL_TAKEN, NOT_WORTH_IT)
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
    leaves of `free`. `price` is what one more unit of it would save elsewhere, in the same seconds. The way may
    take no more than `limit` minutes; `around` of its `minutes` are for going around closed roads.
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
    limit: float = float("inf")
    around: float = 0.0


def lacks(offer: Offer, chosen: Offer, quantity: int) -> list[Lack]:
    """What an offer lacked against the chosen one, the decisive thing first."""
    if offer.cost is None:
        return impossible(offer)
    found = []
    if offer.free < quantity:
        found.append(Lack(TOO_LITTLE, {"free": offer.free, "wanted": quantity}))
    slower = offer.minutes - chosen.minutes
    found += closed(offer.around)
    if slower > 0:
        found.append(Lack(FARTHER, {"minutes": round(slower, 1)}))
    if offer.left == 0 and offer.price > 0:
        found.append(Lack(NEEDED_ELSEWHERE, {"free": offer.free}))
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
    return [*(found or [Lack(OUT_OF_REACH, {"minutes": round(offer.minutes, 1)})]), *closed(offer.around)]


def closed(around: float) -> list[Lack]:
    """That so many minutes of the way are for going around closed roads; nothing when none are."""
    return [Lack(ROAD_CLOSED, {"minutes": round(around, 1)})] if around else []


@dataclass(frozen=True, slots=True)
class Turns:
    """What would turn a match over (`geo.flips.Flip`), in costs: `dearer` is what a unit may rise by, `goes_to`
    where it goes beyond that (None: it stays open), `wins_at` the greatest cost at which each other supply wins.
    `weight` is the need's; `rank` what one tier is dearer to leave open than the next.
    """

    weight: float
    rank: int
    dearer: int | None = None
    goes_to: str | None = None
    wins_at: Mapping[str, int] = field(default_factory=dict)
    rival: Offer | None = None

    def longer(self, chosen: Offer) -> dict[str, object]:
        """When the way takes `minutes_longer` more minutes a unit goes elsewhere or stays open: because that is
        then the better plan, or because the lot has expired, the shift ended or the place is out of reach
        (`out_of_time`). The first tenth of a minute that suffices.
        """
        dearest = (chosen.cost or 0) + (self.dearer or 0)

        def is_dear(tenths: int) -> bool:
            return self._cost(chosen, tenths / 10) > dearest

        def is_late(tenths: int) -> bool:
            return chosen.minutes + tenths / 10 > chosen.limit

        enough = (dearest + 0.5) / (60 * self.weight) - chosen.keeps_minutes
        tenths = max(1, floor(10 * (min(enough, chosen.limit) - chosen.minutes)))
        tenths = _first(tenths, lambda tenths: is_dear(tenths) or is_late(tenths))
        return {
            "minutes_longer": tenths / 10,
            "goes_to": self.goes_to,
            "out_of_time": not is_dear(tenths),
        }

    def nearer(self, other: Offer) -> dict[str, object]:
        """How many minutes nearer another supply has to be to win, and in time; nothing where that cannot be told
        or it could not be near enough.
        """
        wins_at = self.wins_at.get(other.supply_id, -1)
        if wins_at < 0 or other.missing_skills or other.forbidden:
            return {}
        tenths = self.tenths_nearer(other, wins_at)
        return {} if tenths is None else {"minutes_nearer": tenths / 10}

    def tenths_nearer(self, other: Offer, wins_at: int) -> int | None:
        """The first tenth of a minute by which another supply is near enough; None when the way is not so long."""
        enough = (wins_at + 0.5) / (60 * self.weight) - other.keeps_minutes
        tenths = _first(
            max(0, floor(10 * (other.minutes - min(enough, other.limit)))),
            lambda tenths: (
                self._cost(other, -tenths / 10) <= wins_at and other.minutes - tenths / 10 <= other.limit
            ),
        )
        return tenths if tenths / 10 <= other.minutes else None

    def rival_of(self) -> dict[str, object]:
        """The change at the best rival."""
        rival = self.rival
        if rival is None:
            return {}
        if rival.forbidden:
            return {"supply_id": rival.supply_id, "allowed": True}
        return {"supply_id": rival.supply_id, **self.nearer(rival)}

    def price(self, price: int) -> dict[str, object]:
        """What one more unit would do: serve a unit of a tier that stays open now, or save weighted minutes."""
        steps = round(price / self.rank)
        return {"serves_tier": 4 - steps} if steps else {"saves_minutes": round(price / 60, 1)}

    def _cost(self, offer: Offer, more_minutes: float) -> int:
        """As in `geo.costs`, with another way."""
        return round(self.weight * 60 * (offer.minutes + more_minutes + offer.keeps_minutes))


def _first(about: int, holds: Callable[[int], bool]) -> int:
    """The first number from which on a condition holds, which lies about here and not below nought."""
    while not holds(about):
        about += 1
    while about > 0 and holds(about - 1):
        about -= 1
    return about


def why_match(chosen: Offer, others: Sequence[Offer], quantity: int, turns: Turns) -> dict[str, object]:
    """The reasons of one match: the terms of its cost, what one more unit of the supply would save, the next
    candidates with what each lacked, and the changes that would turn it over, where those could be told:
    `flip`, that the way takes longer, and `rival`, that another supply is nearer, or allowed.
    """
    why: dict[str, object] = {
        "terms": {
            "minutes": round(chosen.minutes, 1),
            "around_minutes": round(chosen.around, 1),
            "keeps_minutes": round(chosen.keeps_minutes, 1),
            "weight": round(turns.weight, 4),
            "cost": chosen.cost,
        },
        "next": [_next(other, chosen, quantity) | turns.nearer(other) for other in others],
    }
    if chosen.price:
        why["price"] = turns.price(chosen.price)
    if turns.dearer is not None:
        why["flip"] = turns.longer(chosen)
    if turns.rival is not None:
        why["rival"] = turns.rival_of()
    return why


def _next(other: Offer, chosen: Offer, quantity: int) -> dict[str, object]:
    return {
        "supply_id": other.supply_id,
        "minutes": round(other.minutes, 1),
        "free": other.free,
        "left": other.left,
        "lacks": [{"code": lack.code, **lack.numbers} for lack in lacks(other, chosen, quantity)],
    }


@dataclass(frozen=True, slots=True)
class Lacking:
    """What units that stay open are short of. `free` is all there was before the plan; `left`, whether the plan
    leaves some that would be possible. With `ahead` units and these more beside the place it is sure to be served
    (None: that could not be told). `skills` are those that a volunteer needs, who has so many `minutes` left;
    `taken`, what the nearest supply gives to each tier.
    """

    quantity: int
    free: int
    left: bool
    ahead: int | None
    skills: tuple[str, ...] = ()
    minutes: float | None = None
    taken: Mapping[int, int] = field(default_factory=dict)


def why_open(nearest: Offer | None, short: Lacking) -> dict[str, Any]:
    """The reasons that units stay open: what is missing, where the nearest of it is and what that lacks, and what
    would serve it. `nearest` is the nearest possible supply, or the nearest of all when none is possible.
    """
    why: dict[str, Any] = {"code": _open_code(nearest, short), "missing": short.quantity, "free": short.free}
    if short.skills:
        why["skills"] = ", ".join(short.skills)
    if short.ahead is not None:
        why["would_serve"] = {"units": short.ahead + short.quantity, "ahead": short.ahead}
        if short.minutes is not None:
            why["would_serve"] |= {"skills": ", ".join(short.skills), "minutes": ceil(short.minutes)}
    if nearest is not None:
        lacking = impossible(nearest) if nearest.cost is None else []
        why["nearest"] = {
            "supply_id": nearest.supply_id,
            "minutes": round(nearest.minutes, 1),
            "free": nearest.free,
            "left": nearest.left,
            "lacks": [{"code": lack.code, **lack.numbers} for lack in lacking],
        }
        if short.taken:
            why["nearest"] |= {"taken": {str(tier): units for tier, units in sorted(short.taken.items())}}
    return why


def _open_code(nearest: Offer | None, short: Lacking) -> str:
    if nearest is None or not short.free:
        return NO_STOCK
    if nearest.missing_skills:
        return NOBODY_ABLE
    if nearest.cost is None:
        return NONE_POSSIBLE
    return NOT_WORTH_IT if short.left else ALL_TAKEN
