"""The numbers behind a solved group, put before `geo.explain` for every match and open need."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np

from geo.ahead import Ahead
from geo.costs import TravelCosts
from geo.explain import Lacking, Offer, Turns, why_match, why_open
from geo.flips import STAYS_OPEN, Flip, Flips
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
        tiers: Ints,
    ) -> None:
        self._costs, self._solved, self._free = costs, solved, units.free
        self._supply_ids = supplies["supply_id"].tolist()
        self._weights = costs.weight.tolist()
        self._columns = np.arange(len(units.free))
        used = np.zeros(len(units.free), np.int64)
        np.add.at(used, solved.arcs.supply, solved.amount)
        self._left = units.free - used
        self._flips = Flips(units, costs, solved)
        self._tiers = tiers
        ranks = costs.unmet(tiers)[1]
        self._rank = int(ranks[0] // (4 - tiers[0]))
        self._ahead = Ahead(units, costs, solved, ranks)

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
        turns = self._turns(seen, row, matches, nearest)
        whys = []
        for n, (match, at, supply) in enumerate(zip(matches.tolist(), row.tolist(), chosen.tolist(), strict=True)):
            need = int(needs[at])
            whys.append(
                why_match(
                    self._offer(seen, at, need, supply),
                    [self._offer(seen, at, need, column) for column in nearest[at]],
                    int(self._solved.amount[match]),
                    turns[n],
                )
            )
        return whys

    def _turns(self, seen: _Seen, row: Ints, matches: Ints, nearest: list[list[int]]) -> list[Turns]:
        """What would turn each of these matches over."""
        needs = self._solved.arcs.need[matches].tolist()
        if not self._flips.told:
            return [Turns(self._weights[need], self._rank) for need in needs]
        flip = self._flips.of(matches)
        rivals = self._rivals(seen, row, flip)
        found = []
        for n, (need, at, to, rival) in enumerate(zip(needs, row.tolist(), flip.goes_to.tolist(), rivals, strict=True)):
            shown = nearest[at] if rival is None else [*nearest[at], rival]
            found.append(
                Turns(
                    self._weights[need],
                    self._rank,
                    int(flip.dearer[n]),
                    None if to == STAYS_OPEN else self._supply_ids[to],
                    {self._supply_ids[column]: int(flip.wins_at[n, column]) for column in shown},
                    None if rival is None else self._offer(seen, at, need, rival),
                )
            )
        return found

    def _rivals(self, seen: _Seen, row: Ints, flip: Flip) -> list[int | None]:
        """For each match the supply that would have to come the fewest minutes nearer, or be allowed, to win."""
        weight = self._costs.weight[seen.needs[row], None]
        enough = (flip.wins_at + 0.5) / (60 * weight) - self._costs.keeps
        enough = np.fmin(enough, self._costs.limit)
        gap = seen.minutes[row] - enough
        gap = np.where(seen.forbidden[row], np.where(gap <= 0, 0, np.inf), gap)
        gap = np.where(seen.able[row] & (flip.wins_at >= 0) & (enough >= 0), gap, np.inf)
        best = gap.argmin(axis=1)
        return [int(at) if np.isfinite(gap[n, at]) else None for n, at in enumerate(best.tolist())]

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

    def _open(self, seen: _Seen, row: int, need: int, missing: int) -> dict[str, object]:
        possible, able = seen.cost[row] < NO_ARC, seen.able[row]
        left = bool((possible & (self._left > 0)).any())
        candidates = possible if possible.any() else able if able.any() else ~possible
        minutes = np.where(candidates, seen.minutes[row], np.inf)
        nearest, taken = None, {}
        if len(minutes) and np.isfinite(minutes.min()):
            at = int(minutes.argmin())
            nearest, taken = self._offer(seen, row, need, at), self._taken(at)
        required, is_goods = int(self._costs.required[need]), self._costs.is_goods
        short = Lacking(
            quantity=missing,
            free=int(self._free.sum()),
            left=left,
            ahead=self._ahead.of(need),
            skills=self._named(required),
            minutes=None if is_goods else self._costs.minutes_beside(),
            taken=taken if is_goods and not left else {},
        )
        return why_open(nearest, short)

    def _taken(self, supply: int) -> dict[int, int]:
        """How many units a supply gives to each tier."""
        rows = np.flatnonzero(self._solved.arcs.supply == supply)
        given = np.bincount(self._tiers[self._solved.arcs.need[rows]], self._solved.amount[rows], 4)
        return {tier: int(units) for tier, units in enumerate(given.tolist()) if units}

    def _named(self, bits: int) -> tuple[str, ...]:
        return tuple(name for place, name in enumerate(self._costs.skills) if bits >> place & 1)

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
            missing_skills=self._named(lacking),
            forbidden=bool(seen.forbidden[row, supply]),
            limit=float(costs.limit[supply]),
            around=float(seen.around[row, supply]),
        )


class _Seen:
    """All supplies as seen from some needs: minutes, costs, and who has the skills."""

    def __init__(self, costs: TravelCosts, needs: Ints, supplies: Ints) -> None:
        self.needs = needs
        self.minutes = costs.routes.table(needs, supplies)
        self.around = costs.routes.around(needs, supplies)
        self.cost = costs.block(needs, supplies)
        self.forbidden = costs.are_forbidden(needs, supplies)
        self.able = (costs.required[needs, None] & ~costs.offered[supplies]) == 0


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
