"""The clocks: by when a report of each tier must be seen, offered and settled.

Minutes, from the design's priority table; T3's 24 h is LaporGub's 1x24, a claim's 3 h is Saber Hoaks'.
An incident may set its own in `incidents.settings["clocks"]`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Clock:
    """Minutes to the first answer, to the first offer and until settled, from the report's arrival."""

    seen: int
    offer: int
    settled: int


CLOCKS: Mapping[int, Clock] = {
    0: Clock(seen=5, offer=10, settled=20),
    1: Clock(seen=30, offer=60, settled=120),
    2: Clock(seen=120, offer=360, settled=720),
    3: Clock(seen=1440, offer=2880, settled=4320),
}
CLAIM_VERDICT = timedelta(hours=3)
REOPEN_WITHIN = timedelta(days=7)


def clock_for(tier: int, settings: Mapping[str, Any] | None = None) -> Clock:
    """The clock of a tier, with the incident's own minutes where it has set them."""
    own = (settings or {}).get("clocks", {}).get(str(tier), {})
    default = CLOCKS[tier]
    return Clock(
        seen=int(own.get("seen", default.seen)),
        offer=int(own.get("offer", default.offer)),
        settled=int(own.get("settled", default.settled)),
    )


def due_at(tier: int, received_at: datetime, settings: Mapping[str, Any] | None = None) -> datetime:
    """When a need of this tier must be settled."""
    return received_at + timedelta(minutes=clock_for(tier, settings).settled)
