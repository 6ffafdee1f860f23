"""The numbers behind a solved group, put before `geo.explain` for every match and open need."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np

from geo.costs import TravelCosts
from geo.explain import Offer, flip_of, why_match, why_open
from geo.flips import STAYS_OPEN, flips
from geo.flow import Ints, Quantities
from geo.pricing import NO_ARC
from geo.transportation import Solution

NEXT: Final = 3
"""Candidates beside the chosen one that are shown for a match."""

ROWS_AT_ONCE: Final = 256


class Reasons:
    """Looks at every match of one group from its need's side."""

    def __init__(
        self,
        supplies: gpd.GeoDataFrame,
        costs: TravelCosts,
        units: Quantities,
        solved: Solution,
    ) -> None:
        self._costs, self._solved, self._free = costs, solved, units.free
        self._supply_ids = supplies["supply_id"].tolist()
        self._weights = costs.weight.tolist()
        self._columns = np.arange(len(units.free))
        used = np.zeros(len(units.free), np.int64)
        np.add.at(used, solved.arcs.supply, solved.amount)
        self._left = units.free - used
        self._units, self._flips = units, flips(units, costs, solved)
        self._forbidden = set(zip(*(rows.tolist() for rows in costs.forbidden), strict=True))

    def of_matches(self) -> list[dict[str, object]]:
        """Why each match of the solution was made, in its order."""
        arcs = self._solved.arcs
        whys: list[dict[str, object]] = []
        every = np.unique(arcs.need)
        for start in range(0, len(every), ROWS_AT_ONCE):
            needs = every[start : start + ROWS_AT_ONCE]
            first, end = np.searchsorted(arcs.need, [needs[0], needs[-1] + 1])
            whys += self._of_needs(needs, np.arange(first, end))
        return whys

    def of_open(self, needs: Ints) -> list[dict[str, object]]:
        """Why units of these needs stay open."""
        whys = []
        for start in range(0, len(needs), ROWS_AT_ONCE):
            rows = needs[start : start + ROWS_AT_ONCE]
            seen = _Seen(self._costs, rows, self._columns)
            for row, need in enumerate(rows.tolist()):
                missing = int(self._solved.open[need])
                whys.append(self._open(seen, row, need, missing))
        return whys

    def _of_needs(self, needs: Ints, matches: Ints) -> list[dict[str, object]]:
        """Why the given matches of the given needs; the matches come need by need."""
        arcs = self._solved.arcs
        row, chosen = np.searchsorted(needs, arcs.need[matches]), arcs.supply[matches]
        seen = _Seen(self._costs, needs, self._columns)
        nearest = self._others(seen, row, chosen)
        whys = []
        for match, at, supply in zip(matches.tolist(), row.tolist(), chosen.tolist(), strict=True):
            need = int(needs[at])
            whys.append(
                why_match(
                    self._offer(seen, at, need, supply),
                    [self._offer(seen, at, need, column) for column in nearest[at]],
                    int(self._solved.amount[match]),
                    self._weights[need],
                    self._flip(match, float(seen.minutes[at, supply])),
                )
            )
        return whys

    def _flip(self, match: int, minutes: float) -> dict[str, object] | None:
        if self._flips is None:
            return None
        need, supply = int(self._solved.arcs.need[match]), int(self._solved.arcs.supply[match])
        to = int(self._flips.goes_to[match])
        goes_to = None if to == STAYS_OPEN else self._supply_ids[to]
        left = float(self._costs.limit[supply]) - minutes
        return flip_of(int(self._flips.dearer[match]), left, goes_to, self._weights[need])

    def _others(self, seen: _Seen, row: Ints, chosen: Ints) -> list[list[int]]:
        """For each need the nearest supplies that it did not get; those who lack the skills are no
        candidates.
        """
        minutes = np.where(seen.able, seen.minutes, np.inf)
        minutes[row, chosen] = np.inf
        count = min(NEXT, minutes.shape[1])
        close = np.argpartition(minutes, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(minutes, close, axis=1), axis=1, kind="stable")
        close = np.take_along_axis(close, order, axis=1)
        real = np.isfinite(np.take_along_axis(minutes, close, axis=1))
        return [columns[is_real].tolist() for columns, is_real in zip(close, real, strict=True)]

    def _ahead(self, need: int) -> int:
        """Open units of the other needs that cost no less to leave open."""
        dearer = self._units.unmet >= self._units.unmet[need]
        return int(self._solved.open[dearer].sum() - self._solved.open[need])

    def _open(self, seen: _Seen, row: int, need: int, missing: int) -> dict[str, object]:
        possible = seen.cost[row] < NO_ARC
        left = bool((possible & (self._left > 0)).any())
        candidates = possible if possible.any() else seen.able[row]
        minutes = np.where(candidates, seen.minutes[row], np.inf)
        nearest = None
        if len(minutes) and np.isfinite(minutes.min()):
            nearest = self._offer(seen, row, need, int(minutes.argmin()))
        return why_open(nearest, missing, int(self._free.sum()), self._ahead(need), left=left)

    def _offer(self, seen: _Seen, row: int, need: int, supply: int) -> Offer:
        costs, cost = self._costs, int(seen.cost[row, supply])
        lacking = int(costs.required[need] & ~costs.offered[supply])
        return Offer(
            supply_id=self._supply_ids[supply],
            minutes=float(seen.minutes[row, supply]),
            keeps_minutes=float(costs.keeps[supply]),
            cost=cost if cost < NO_ARC else None,
            free=int(self._free[supply]),
            left=int(self._left[supply]),
            price=int(self._solved.price[supply]),
            expires_in=_number(costs.expires_in[supply]),
            shift_left=_number(costs.shift_left[supply]),
            missing_skills=tuple(name for place, name in enumerate(costs.skills) if lacking >> place & 1),
            forbidden=(need, supply) in self._forbidden,
        )


class _Seen:
    """All supplies as seen from some needs: minutes, costs, and who has the skills."""

    def __init__(self, costs: TravelCosts, needs: Ints, supplies: Ints) -> None:
        self.minutes = costs.routes.table(needs, supplies)
        self.cost = costs.block(needs, supplies)
        self.able = (costs.required[needs, None] & ~costs.offered[supplies]) == 0


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
