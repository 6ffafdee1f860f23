"""The ways of a case: from where volunteers are to sites and places, by `geo.travel`, and around what is closed."""

from functools import cache
from typing import Final

import numpy as np

from bench.drill.case import Case, Closure
from geo import travel
from geo.crs import metres

AROUND: Final = 2.0
"""How many times as long a way is that a closure lies on: an assumption of ours."""


class Ways:
    """Minutes and kilometres between the places of a case, which are numbers: volunteers, reports, sites."""

    def __init__(self, case: Case) -> None:
        self.places = [(one.lon, one.lat) for group in (case.volunteers, case.reports, case.sites) for one in group]
        self._lonlat = np.array(self.places, float).reshape(-1, 2)
        self._closures = case.closures
        self.home = list(range(len(case.volunteers)))
        self.report = [len(self.home) + n for n in range(len(case.reports))]
        self.site = [len(self.home) + len(self.report) + n for n in range(len(case.sites))]
        self._straight = cache(self._straight_to)
        self.to = cache(self._minutes_to)

    def _straight_to(self, place: int) -> list[float]:
        lon, lat = self._lonlat[:, 0], self._lonlat[:, 1]
        found: list[float] = metres(lon, lat, *self.places[place]).tolist()
        return found

    def _minutes_to(self, place: int, by: str | None) -> list[float]:
        """Minutes to a place from every other, as everybody expects them who knows of no closure."""
        found: list[float] = travel.minutes_for(self._straight(place), by).tolist()
        return found

    def trip(self, start: int, end: int, by: str | None, minute: float) -> tuple[float, float]:
        """Minutes and kilometres that a way takes which begins at that minute."""
        mover, straight = travel.vehicle(by), self._straight(end)[start]
        longer = AROUND if any(self._on_the_way(one, start, end, minute) for one in self._closures) else 1.0
        rolling = self.to(end, by)[start] - mover.start_min
        return mover.start_min + longer * rolling, longer * straight * mover.detour / 1000

    def _on_the_way(self, closure: Closure, start: int, end: int, minute: float) -> bool:
        """Whether a closure that holds at the minute touches the straight line."""
        if not closure.at_min <= minute < closure.at_min + closure.minutes:
            return False
        scale = np.array([111_320 * np.cos(np.radians(closure.lat)), 110_600])
        begin, finish = (self._lonlat[[start, end]] - (closure.lon, closure.lat)) * scale
        along = finish - begin
        length = float(along @ along)
        share = min(1.0, max(0.0, -float(begin @ along) / length)) if length else 0.0
        return float(np.hypot(*(begin + share * along))) <= closure.radius_m
