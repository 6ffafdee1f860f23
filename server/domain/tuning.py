"""Everything that an incident may set for itself, with what holds where it has set nothing.

Kept in `incidents.settings`, which holds an incident's own figures only: a default that changes here changes
wherever nobody chose otherwise.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from server.domain import offering, sla, solo

PLAN_SECONDS = 20.0
"""Time to work a plan out, after which the best so far is taken: an assumption of ours."""
FAIRNESS = 0.5
"""How much fairness between villages counts in a plan; 0 is not at all (docs/decisions/fairness.md)."""
SLACK_MINUTES = 30
"""How much later than by the way a volunteer is expected before the alarm: an assumption of ours."""


def effective(own: Mapping[str, Any]) -> dict[str, Any]:
    """All figures of an incident, its own where it has set them."""
    return joined(_defaults(), own)


def _defaults() -> dict[str, Any]:
    return {
        "offers": {str(tier): asdict(found) for tier, found in offering.ROUNDS.items()}
        | {
            "ask_a_person_after": offering.ASK_A_PERSON_AFTER,
            "most_per_hour": offering.MOST_PER_HOUR,
            "give_up_after_hours": offering.GIVE_UP_AFTER_HOURS,
        },
        "night": {"begins": solo.NIGHT[0], "ends": solo.NIGHT[1]},
        "overdue": {"slack_minutes": SLACK_MINUTES},
        "plan": {"seconds": PLAN_SECONDS, "fairness": FAIRNESS},
        "clocks": {str(tier): asdict(clock) for tier, clock in sla.CLOCKS.items()},
    }


def joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with what `new` sets, however deep; None in `new` takes a figure back."""
    found = dict(old)
    for name, value in new.items():
        if isinstance(value, Mapping):
            found[name] = joined(found.get(name, {}), value)
        elif value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return {name: value for name, value in found.items() if value != {}}
