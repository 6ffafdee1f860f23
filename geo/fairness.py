"""Whether villages are served alike, and how much more one that is not weighs.

Least waiting in all can leave one village with nothing for as long as there is somebody nearer; a
term for inequality costs little (Gutjahr and Fischer, "Equity and deprivation costs in humanitarian
logistics", European Journal of Operational Research 270, 2018).
"""

from __future__ import annotations

from collections.abc import Sequence


def gini(shares: Sequence[float]) -> float:
    """Gini's coefficient of shares that are not negative: 0 when all are alike, towards 1 when one has all.

    Where nobody has anything all are alike.
    """
    ordered, count, total = sorted(shares), len(shares), sum(shares)
    if total <= 0:
        return 0.0
    ranked = sum(rank * share for rank, share in enumerate(ordered, 1))
    return max(0.0, 2 * ranked / (count * total) - (count + 1) / count)


def boost(strength: float, served: float, waited: float) -> float:
    """How many times its own weight a need counts: 1 where its village has all or has just asked,
    1 + `strength` where it has nothing (`served` 0..1) and its oldest need's clock is over (`waited` 0..1).
    """
    return 1 + strength * (1 - min(1.0, max(0.0, served))) * min(1.0, max(0.0, waited))
