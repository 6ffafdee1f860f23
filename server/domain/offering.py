"""The closed loop of offers: how many volunteers are asked at once, for how long, and when a person is asked.

From the design's matching page; an incident may set its own (`tuning`) in `incidents.settings["offers"]`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

ASK_A_PERSON_AFTER = 3
"""Declines and silences after which a coordinator decides."""
MOST_PER_HOUR = 6
"""Fatigue: offers that one volunteer gets in an hour; T0 may go beyond."""
GIVE_UP_AFTER_HOURS = 24
"""What nobody took for so long lets its goods go, so that they can be planned anew."""

BESIDES_MIN = 40.0
"""Minutes that an assignment takes besides the way from its beginning to its end: to its beginning, and to hand over.
An assumption of ours; 20 or 80 in its place moved the drill's waits by about 1 %, either way."""

ATTENTION = ("nobody", "refused", "urgent", "alone_hazard", "alone_night", "overdue", "not_received")
"""Why a person must look at an assignment: nobody is there who can, three refused, life and limb, only volunteers are
there who would go alone through danger or in the dark, nobody hears of who took it, a reporter says that what was
handed over is not there."""


@dataclass(frozen=True)
class Round:
    """How many volunteers consider an assignment at once, and for how many seconds each."""

    size: int
    seconds: int

    @property
    def lasts(self) -> timedelta:
        """How long an offer stays open."""
        return timedelta(seconds=self.seconds)


ROUNDS: Mapping[int, Round] = {0: Round(5, 120), 1: Round(2, 300), 2: Round(1, 900), 3: Round(1, 3600)}


@dataclass(frozen=True)
class Rules:
    """The rules of an incident for one tier."""

    round: Round
    ask_a_person_after: int
    most_per_hour: int
    tier: int

    @property
    def is_urgent(self) -> bool:
        """T0 goes on asking while a person is asked too, and heeds no fatigue cap."""
        return self.tier == 0


@dataclass(frozen=True)
class Search:
    """Which volunteers to look for.

    `within`: degrees around the place, everywhere without; `each`: how many of each vehicle, of those who go
    alone with it and of the others; `whoever`: also those who consider another offer, or got `most_per_hour` of
    them in the last hour. Who was asked for the `trip` is left out.
    """

    pool: list[str]
    lon: float | None
    lat: float | None
    vehicles: list[str]
    skills: list[str]
    trip: str | None = None
    whoever: bool = True
    most_per_hour: int = 0
    within: float | None = None
    each: int = 20


def rules_for(tier: int, settings: Mapping[str, Any] | None = None) -> Rules:
    """The rules of a tier, with the incident's own figures where it has set them."""
    own = (settings or {}).get("offers", {})
    default, mine = ROUNDS[tier], own.get(str(tier), {})
    return Rules(
        Round(int(mine.get("size", default.size)), int(mine.get("seconds", default.seconds))),
        int(own.get("ask_a_person_after", ASK_A_PERSON_AFTER)),
        int(own.get("most_per_hour", MOST_PER_HOUR)),
        tier,
    )


def next_step(rules: Rules, open_offers: int, refusals: int) -> tuple[int, bool]:
    """How many more volunteers to ask now, and whether a person must look.

    `refusals` are the declines and silences since the asking began.
    """
    person = refusals >= rules.ask_a_person_after
    more = 0 if person and not rules.is_urgent else max(0, rules.round.size - open_offers)
    return more, person or rules.is_urgent


def refused(states: Iterable[str]) -> int:
    """How many of the offers with these states were declined or met with silence."""
    return sum(state in ("declined", "expired") for state in states)


def pressing(tier: int, urgency: float, minutes: float) -> tuple[bool, float]:
    """What sorts assignments into the order in which they ask for volunteers, the first the first.

    Life and limb (T0) come first; then whatever serves the most urgency in a minute of a volunteer's time, which makes
    the sum of weighted waits least when there is more work than hands (W. E. Smith, "Various optimizers for
    single-stage production", Naval Research Logistics Quarterly 3, 1956). urgency: the weight of each need times the
    share of it that is brought, summed; minutes: from where the work begins to where it ends.
    """
    return tier > 0, -urgency / (BESIDES_MIN + minutes)
