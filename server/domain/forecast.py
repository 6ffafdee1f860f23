"""Who will breach: the queue of each stage worked off at the present pace, the most urgent first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

AHEAD = timedelta(hours=2)
"""How far the forecast looks, as the design says."""
PACE_OVER = timedelta(hours=2)
"""Over how long the present pace is taken: as long as the forecast looks ahead; an assumption of ours."""


@dataclass(frozen=True)
class Waiting:
    """A case whose clock runs: what it waits for and by when."""

    case_id: int
    tier: int
    stage: str
    due_at: datetime


@dataclass(frozen=True)
class Breach:
    """A case that is not reached in time; `expected_at` is when it is, None when nobody works on such cases."""

    case_id: int
    stage: str
    due_at: datetime
    expected_at: datetime | None


def will_breach(
    waiting: Iterable[Waiting], per_hour: Mapping[str, float], now: datetime, ahead: timedelta = AHEAD
) -> list[Breach]:
    """The cases whose clock runs out within `ahead` before their turn comes, the first to run out first.

    Each stage has its own queue: by tier, then by when it is due. What is late already stands in it, too.
    """
    queues: dict[str, list[Waiting]] = {}
    for one in waiting:
        queues.setdefault(one.stage, []).append(one)
    found = []
    for stage, queue in queues.items():
        pace = per_hour.get(stage, 0.0)
        for place, one in enumerate(sorted(queue, key=lambda w: (w.tier, w.due_at, w.case_id)), 1):
            expected = now + timedelta(hours=place / pace) if pace > 0 else None
            if now < one.due_at <= now + ahead and (expected is None or expected > one.due_at):
                found.append(Breach(one.case_id, stage, one.due_at, expected))
    return sorted(found, key=lambda breach: (breach.due_at, breach.case_id))
