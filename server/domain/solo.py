"""Nobody is asked to go alone at night or into danger: who counts as alone, and when it is night.

Why these hours and crews: docs/decisions/solo.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from server.domain.days import WIB, day_of

NIGHT = ("18:00", "05:30")
"""Night in WIB, about from dusk to dawn all year: civil twilight ends between 17:56 and 18:41 in West Java and
begins between 04:54 and 05:45 (NOAA's solar equations, 106.4-108.8 E)."""
CREWS: Mapping[str, int] = {"boat": 2, "pickup": 2, "truck": 2}
"""How many go with a vehicle when the check-in does not say: an assumption of ours, as one person does not lift what
these carry (400 kg and more). Any other volunteer who says nothing goes alone."""
MOST_TOGETHER = 50


def team_of(checkin: Mapping[str, Any]) -> int:
    """How many go together, by what the check-in says or else by its vehicle."""
    return int(checkin["team"] or CREWS.get(checkin["vehicle"] or "foot", 1))


@dataclass(frozen=True)
class Night:
    """From `begins` to `ends`, times of the day in WIB; the same twice: there is no night."""

    begins: time
    ends: time

    def touches(self, since: datetime, until: datetime) -> bool:
        """Whether any moment between the two lies in a night."""
        return any(since < dawn and until > dusk for dusk, dawn in self._nights(since, until))

    def _nights(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = day_of(since) - timedelta(days=1)
        while day <= day_of(until) and self.begins != self.ends:
            morning = day + timedelta(days=1) if self.ends < self.begins else day
            yield datetime.combine(day, self.begins, WIB), datetime.combine(morning, self.ends, WIB)
            day += timedelta(days=1)


def night_of(settings: Mapping[str, Any] | None = None) -> Night:
    """The night of an incident, by its own hours where it has set them."""
    own = (settings or {}).get("night", {})
    begins, ends = own.get("begins", NIGHT[0]), own.get("ends", NIGHT[1])
    return Night(time.fromisoformat(begins), time.fromisoformat(ends))
