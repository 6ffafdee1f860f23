"""What a drill is judged by, and how sure a difference is.

Each need counts as its priority score when it was reported. Its wait is the mean over its units, from the report to
the hand-over; what nobody brought waits until the end of the drill.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from bench.drill.simulate import Played
from bench.drill.world import Need
from geo import fairness
from geo.crs import Floats

RESAMPLES: Final = 2_000
CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Measures:
    """One run in figures. Shares are 0..1; `p95` is over needs; `in_clock`: the share of needs' units that came
    before the clock of the tier ran out, of those whose clock
    ran out during the drill; `unserved`: that nobody brought; `gini` and `worst` are of the villages'
    coverage in people at the end.
    """

    weighted_wait_min: float
    p95_wait_min: float
    in_clock: float
    unserved: float
    gini: float
    worst_village: float
    km: float
    offers: int
    calls: int
    plans: int
    solve_s: float


BETTER_WHEN_LESS: Final[Mapping[str, bool]] = {
    "weighted_wait_min": True,
    "p95_wait_min": True,
    "in_clock": False,
    "unserved": True,
    "gini": True,
    "worst_village": False,
    "km": True,
    "offers": True,
    "calls": True,
    "plans": True,
    "solve_s": True,
}


def measured(played: Played) -> Measures:
    """The figures of a run."""
    end = played.case.minutes
    waits = np.array([wait_min(need, end) for need in played.needs])
    weights = np.array([need.weight(need.opened_at) for need in played.needs])
    covers = coverage(played.needs)
    worst = fairness.worst(covers)
    return Measures(
        weighted_wait_min=round(float(waits @ weights / weights.sum()), 4),
        p95_wait_min=round(float(np.percentile(waits, 95)), 4),
        in_clock=round(_in_clock(played), 6),
        unserved=round(float(np.mean([1 - share_by(need, end) for need in played.needs])), 6),
        gini=fairness.gini(covers.values()),
        worst_village=round(covers[worst].share, 6) if worst else 1.0,
        km=round(played.km, 3),
        offers=played.offers,
        calls=played.calls,
        plans=played.plans,
        solve_s=round(played.solve_s, 4),
    )


def _in_clock(played: Played) -> float:
    """Of the needs whose clock ran out during the drill, the share of units that came before it did."""
    due = {need.id: need.at_min + need.clock_min for need in played.needs}
    shares = [share_by(need, due[need.id]) for need in played.needs if due[need.id] <= played.case.minutes]
    return float(np.mean(shares)) if shares else 1.0


def wait_min(need: Need, end_min: float) -> float:
    """Minutes that a unit of the need waits, on average; no longer than to the end."""
    came = sum((min(minute, end_min) - need.at_min) * quantity for minute, quantity in need.handed_over)
    missing = need.quantity - sum(quantity for _, quantity in need.handed_over)
    return (came + missing * (end_min - need.at_min)) / need.quantity


def share_by(need: Need, minute: float) -> float:
    """How much of the need was handed over by then."""
    return sum(quantity for at, quantity in need.handed_over if at <= minute) / need.quantity


def coverage(needs: Iterable[Need]) -> dict[str, fairness.Cover]:
    """Of each village what was asked and handed over, in people, as the product's plans count it."""
    asked: dict[str, float] = defaultdict(float)
    covered: dict[str, float] = defaultdict(float)
    for need in needs:
        asked[need.village] += need.people
        covered[need.village] += need.people * share_by(need, float("inf"))
    return {village: fairness.Cover(asked[village], covered[village]) for village in sorted(asked)}


def curve(needs: Sequence[Need], minutes: Sequence[float]) -> list[float]:
    """The share of all needs' units, each need counting alike, that were handed over by each of the minutes."""
    return [round(float(np.mean([share_by(need, minute) for need in needs])), 5) for minute in minutes]


@dataclass(frozen=True)
class Difference:
    """A mean with its interval."""

    mean: float
    low: float
    high: float


def interval(values: Sequence[float]) -> Difference:
    """The mean of paired differences with its bootstrap interval (percentiles, always the same resamples)."""
    found = np.asarray(values, float)
    rows = np.random.default_rng(20221121).integers(0, len(found), (RESAMPLES, len(found)))
    low, high = np.percentile(found[rows].mean(axis=1), _ends())
    return Difference(float(found.mean()), float(low), float(high))


def saved_share(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """By what share ours is less than theirs in all, with the interval over resampled pairs."""
    mine, other = np.asarray(ours, float), np.asarray(theirs, float)
    rows = np.random.default_rng(20221121).integers(0, len(mine), (RESAMPLES, len(mine)))
    shares = 1 - mine[rows].sum(axis=1) / other[rows].sum(axis=1)
    low, high = np.percentile(shares, _ends())
    return Difference(float(1 - mine.sum() / other.sum()), float(low), float(high))


def _ends() -> Floats:
    rest = 50 * (1 - CONFIDENCE)
    return np.array([rest, 100 - rest])


def as_row(found: Measures) -> dict[str, float]:
    """The figures by name."""
    return asdict(found)
