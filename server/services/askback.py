"""The one question that decides: which of place, people and danger changes the tier or the plan most.

Each is tried with the rules that the answer would go through (`priority.tier_of`, `catalogue.needs_for`): by how many
tiers would the case rise, and how many needs would come, change in quantity, or could be planned at all? The tier
counts first. What a reporter has said is not asked, and danger only where their words tell of one that they did not
tick.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.domain import catalogue, priority
from server.domain.catalogue import NeedLine
from server.services import wordings

ABOUT = ("danger", "place", "people")
"""What can be asked about; of equals, the first."""
MANY = 50
"""People that a need is sized for, to see what knowing their number would change: a hamlet; any number would do."""
ROUGH_M = 1_000.0
"""A place known no better than this is asked for: nobody finds a house in a circle of two kilometres."""
_TELLS_OF = {"trapped": ("trapped", "collapse"), "medical": ("hurt",), "rising": ("fire", "slide")}
"""Dangers by the troubles that tell of them in a text."""


@dataclass(frozen=True)
class Question:
    """What to ask about, and why: what the answer can change.

    because: a word of web/i18n `ask.because`. danger: the one that the text tells of. The tier may go from `tier` to
    `tier_then`; `needs` are those that come, change, or can be planned then.
    """

    about: str
    because: str
    tier: int
    tier_then: int
    needs: int
    danger: str | None = None

    def shown(self) -> dict[str, Any]:
        """As it is told."""
        return dict(vars(self))


def decisive(case: Mapping[str, Any], report: Mapping[str, Any], needs: Sequence[Mapping[str, Any]]) -> Question | None:
    """The question whose answer changes most, or None when none would change anything.

    The case's tier, place and people; the report's text and dangers; the open needs.
    """
    found = [one for one in (_danger(case, report, needs), _place(case, needs), _people(case, report, needs)) if one]
    return max(found, key=lambda one: (one.tier - one.tier_then, one.needs, -ABOUT.index(one.about)), default=None)


def danger_asked(case: Mapping[str, Any], report: Mapping[str, Any], needs: Sequence[Mapping[str, Any]]) -> str:
    """Which danger a question is about: the one that the text tells of, else whether people are trapped."""
    found = _danger(case, report, needs)
    return found.danger if found is not None and found.danger is not None else "trapped"


def _danger(case: Mapping[str, Any], report: Mapping[str, Any], needs: Sequence[Mapping[str, Any]]) -> Question | None:
    troubles = wordings.heard(report["text"]).troubles
    told = [name for name, words in _TELLS_OF.items() if not troubles.isdisjoint(words)]
    # A danger that was asked about and denied is there with a no.
    name = next((name for name in told if name not in report["danger"]), None)
    if name is None:
        return None
    danger = {**report["danger"], name: True}
    lines = _lines(case["people"], case["vulnerable"], danger, needs)
    tier = min(case["tier"], priority.tier_of(danger, tuple(line.tier for line in lines)))
    changed = _changed(_lines(case["people"], case["vulnerable"], report["danger"], needs), lines)
    return Question("danger", "danger", case["tier"], tier, changed, name) if tier < case["tier"] else None


def _place(case: Mapping[str, Any], needs: Sequence[Mapping[str, Any]]) -> Question | None:
    tier = case["tier"]
    if case["lon"] is None:
        # Also a case without needs: nobody can go and look.
        return Question("place", "no_place", tier, tier, max(1, len(needs)))
    accuracy = case["accuracy_m"]
    if accuracy is not None and accuracy > ROUGH_M and needs:
        return Question("place", "rough_place", tier, tier, len(needs))
    return None


def _people(case: Mapping[str, Any], report: Mapping[str, Any], needs: Sequence[Mapping[str, Any]]) -> Question | None:
    if case["people"] is not None:
        return None
    now, then = (_lines(people, case["vulnerable"], report["danger"], needs) for people in (None, MANY))
    tier = min(case["tier"], priority.tier_of(report["danger"], tuple(line.tier for line in then)))
    changed = _changed(now, then)
    return Question("people", "people", case["tier"], tier, changed) if changed else None


def _lines(
    people: int | None,
    vulnerable: Mapping[str, int],
    danger: Mapping[str, bool],
    needs: Sequence[Mapping[str, Any]],
) -> list[NeedLine]:
    return catalogue.needs_for(people, vulnerable, danger, catalogue.asked_of(needs))


def _changed(now: Sequence[NeedLine], then: Sequence[NeedLine]) -> int:
    """How many needs come or get another quantity."""
    before = {line.item: line.quantity for line in now}
    return sum(before.get(line.item) != line.quantity for line in then)
