"""Urgency: the tier first, then a score with visible terms.

score = 100 (0.35 S + 0.20 G + 0.15 V + 0.10 N + 0.20 W), version 1 (design: priority-and-sla).
S severity, G need gap, V vulnerable share, N people (log), W waiting as a share of the tier's clock;
each term is within 0..1, so the score is within 0..100. Verification is not in it: it gates automation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Any

from server.domain import sla

VERSION = 1
WEIGHTS: Mapping[str, float] = {"S": 0.35, "G": 0.20, "V": 0.15, "N": 0.10, "W": 0.20}
DANGERS = ("trapped", "medical", "rising", "vital")
VULNERABLE: Mapping[str, float] = {"infants": 1.5, "pregnant": 1.5, "disabled": 1.5, "elderly": 1.0, "children": 0.5}
"""Weights of UU 24/2007 art. 55 groups in V."""

SEVERITY = {0: 5, 1: 4, 2: 3, 3: 2}
"""Severity 1..5 that a tier stands for until a verifier says otherwise."""


@dataclass(frozen=True)
class Score:
    """A score and the weighted terms that sum to it."""

    total: float
    terms: Mapping[str, float]
    version: int = VERSION


def tier_of(danger: Mapping[str, bool], need_tiers: tuple[int, ...] = ()) -> int:
    """T0 when any of the four dangers is a yes; else the most urgent need; else T3."""
    if any(danger.get(name) for name in DANGERS):
        return 0
    return min(need_tiers, default=3)


def vulnerable_share(vulnerable: Mapping[str, int], people: int) -> float:
    """V: weighted count of vulnerable people over all, at most 1; 0 for zero people."""
    weighted = sum(weight * vulnerable.get(group, 0) for group, weight in VULNERABLE.items())
    return min(1.0, weighted / people) if people > 0 else 0.0


def score(
    *,
    severity: int,
    gap: float,
    vulnerable: Mapping[str, int],
    people: int,
    waited_min: float,
    clock_min: float,
) -> Score:
    """The score of a case.

    severity 1..5; gap 0..1 (share not yet delivered or committed); people >= 0; waited and clock in minutes.
    Values outside are taken to the nearest end.
    """
    parts = {
        "S": (min(5, max(1, severity)) - 1) / 4,
        "G": min(1.0, max(0.0, gap)),
        "V": vulnerable_share(vulnerable, people),
        "N": min(1.0, log(1 + max(0, people)) / log(501)),
        "W": min(1.0, max(0.0, waited_min) / clock_min) if clock_min > 0 else 1.0,
    }
    terms = {name: round(100 * WEIGHTS[name] * value, 4) for name, value in parts.items()}
    return Score(total=round(sum(terms.values()), 4), terms=terms)


def weight(need: Mapping[str, Any], now: datetime, settings: Mapping[str, Any]) -> float:
    """How much a minute of a need's waiting counts: the score of its case, 50 being one.

    need: its `tier`, `quantity` and what is `covered`, and of its case `people`, `vulnerable`, `case_opened_at`.
    """
    found = score(
        severity=SEVERITY[need["tier"]],
        gap=1 - need["covered"] / need["quantity"],
        vulnerable=need["vulnerable"],
        people=need["people"] or 0,
        waited_min=(now - need["case_opened_at"]).total_seconds() / 60,
        clock_min=sla.clock_for(need["tier"], settings).settled,
    )
    return round(found.total / 50, 4)
