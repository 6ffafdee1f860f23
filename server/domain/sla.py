"""The clocks: by when a case of each tier must be answered, offered and settled, when they stand still, who is told.

Minutes are those of the design's table; T3's 24 h to the first answer is LaporGub's 1x24, a claim's 3 h is Saber
Hoaks'. T2 and T3 have no clock for the offer. An incident may set its own in `incidents.settings["clocks"]`.

A case has one run of clocks, and another each time that its reporter opens it again. What happens to a run is told by
`follow`; what its clocks do by themselves by `next_breach` and `breach`. Both are exact whenever they are called, as
long as every breach up to a moment is taken before what changed at that moment. docs/decisions/clocks.md says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

ANSWER, OFFER, SETTLE = "answer", "offer", "settle"
STAGES = (ANSWER, OFFER, SETTLE)
"""In the order in which they are due. T0 is settled once somebody has accepted to go, the others when needs are met."""
LEVELS = ("province", "regency", "district", "village")


@dataclass(frozen=True)
class Clock:
    """Minutes to the first answer, to the first offer (None: no clock for it) and until settled, from the arrival."""

    seen: int
    offer: int | None
    settled: int

    def minutes(self) -> dict[str, int]:
        """Minutes by stage, of the stages that have a clock."""
        found = {ANSWER: self.seen, OFFER: self.offer, SETTLE: self.settled}
        return {stage: minutes for stage, minutes in found.items() if minutes is not None}


CLOCKS: Mapping[int, Clock] = {
    0: Clock(seen=5, offer=10, settled=20),
    1: Clock(seen=30, offer=60, settled=120),
    2: Clock(seen=120, offer=None, settled=720),
    3: Clock(seen=1440, offer=None, settled=4320),
}
CLAIM_VERDICT = timedelta(hours=3)
REOPEN_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Run:
    """One run of a case's clocks.

    holder: the dotted area code of who has to act, "" when unknown. due: when each stage's clock is over. met: when a
    stage was. breached: stages whose clock ran out. counts_from: when the run began, and as much later as it stood
    still since. again_at: when the last clock is over once more for the next level. reached: the highest area that a
    breach was told to. paused_at: since when all stand still.
    """

    number: int
    tier: int
    holder: str
    started_at: datetime
    counts_from: datetime
    due: Mapping[str, datetime]
    met: Mapping[str, datetime] = field(default_factory=dict)
    breached: frozenset[str] = frozenset()
    again_at: datetime | None = None
    reached: str | None = None
    paused_at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """What is true of a case at a moment, as far as its clocks are concerned."""

    tier: int
    holder: str
    answered: bool = False
    offered: bool = False
    settled: bool = False
    asked: bool = False
    reopened: bool = False


def clock_for(tier: int, settings: Mapping[str, Any] | None = None) -> Clock:
    """The clock of a tier, with the incident's own minutes where it has set them."""
    own = (settings or {}).get("clocks", {}).get(str(tier), {})
    default = CLOCKS[tier]
    offer = own.get("offer", default.offer)
    return Clock(
        seen=int(own.get("seen", default.seen)),
        offer=None if offer is None else int(offer),
        settled=int(own.get("settled", default.settled)),
    )


def due_at(tier: int, received_at: datetime, settings: Mapping[str, Any] | None = None) -> datetime:
    """When a need of this tier must be settled."""
    return received_at + timedelta(minutes=clock_for(tier, settings).settled)


def begin(tier: int, holder: str, at: datetime, clock: Clock, number: int = 1) -> Run:
    """A run that begins; only the first has a clock for the first answer, which is given once."""
    due = _due(at, clock)
    if number > 1:
        del due[ANSWER]
    return Run(number, tier, holder, at, at, due)


def follow(run: Run, facts: Facts, at: datetime, clock: Clock) -> Run:
    """The run after what became true at a moment; every breach before it has been taken already."""
    if facts.reopened:
        return begin(facts.tier, facts.holder, at, clock, run.number + 1)
    if run.paused_at is not None and not facts.asked:
        run = _go_on(run, max(at - run.paused_at, timedelta(0)))
    lapsed = SETTLE in run.met and not facts.settled
    if lapsed:
        run = replace(run, met={stage: when for stage, when in run.met.items() if stage != SETTLE})
    by = run.paused_at or at
    if facts.tier != run.tier and SETTLE not in run.met:
        # What is settled keeps the promise by which it was; another tier counts once it waits again.
        run = _with_tier(run, facts.tier, by, clock)
    if lapsed:
        run = _not_before(run, by)
    run = _with_met(replace(run, holder=facts.holder), facts, at)
    if facts.asked and run.paused_at is None:
        run = replace(run, paused_at=at)
    return run


def next_breach(run: Run) -> tuple[datetime, str] | None:
    """When the next clock runs out if nothing happens before, and whose; None when none runs."""
    if run.paused_at is not None or SETTLE in run.met:
        return None
    running = [(run.due[s], s) for s in STAGES if s in run.due and s not in run.met and s not in run.breached]
    if run.again_at is not None:
        running.append((run.again_at, SETTLE))
    return min(running, key=lambda one: (one[0], STAGES.index(one[1])), default=None)


def breach(run: Run, clock: Clock) -> tuple[Run, str | None]:
    """The run after its next breach, and the area code of the level that is told; None when all have been.

    The last clock starts anew for the level that was told, so that nobody is forgotten below the province.
    """
    at, stage = next_breach(run) or (run.started_at, SETTLE)
    told = level_above(run.holder, run.reached)
    reached = told or run.reached
    again_at = run.again_at
    if stage == SETTLE:
        more = level_above(run.holder, reached) is not None
        again_at = at + timedelta(minutes=clock.settled) if more else None
    return replace(run, breached=run.breached | {stage}, again_at=again_at, reached=reached), told


def level_above(holder: str, reached: str | None) -> str | None:
    """The area one level above whoever has been told last, in the holder's branch; None above the province."""
    depths = [len(code.split(".")) for code in (holder, reached) if code]
    depth = min(depths, default=0) - 1
    return ".".join(holder.split(".")[:depth]) if holder and depth >= 1 else None


def level_of(area: str) -> str:
    """The level of a dotted area code."""
    return LEVELS[min(len(area.split(".")), len(LEVELS)) - 1]


def running_stage(run: Run) -> str | None:
    """The stage that everybody waits for now; None when all is done."""
    if SETTLE in run.met:
        return None
    return next(stage for stage in STAGES if stage in run.due and stage not in run.met)


def _due(at: datetime, clock: Clock) -> dict[str, datetime]:
    return {stage: at + timedelta(minutes=minutes) for stage, minutes in clock.minutes().items()}


def _go_on(run: Run, stood: timedelta) -> Run:
    due = {stage: at if stage in run.met else at + stood for stage, at in run.due.items()}
    again_at = None if run.again_at is None else run.again_at + stood
    return replace(run, due=due, again_at=again_at, counts_from=run.counts_from + stood, paused_at=None)


def _with_tier(run: Run, tier: int, at: datetime, clock: Clock) -> Run:
    """More urgent: counted from now, and never later than it was. Less urgent: counted from when it came in."""
    is_raised = tier < run.tier
    due = dict(run.due)
    for stage, when in _due(at if is_raised else run.counts_from, clock).items():
        if stage in run.met or stage in run.breached or (stage == ANSWER and run.number > 1):
            continue
        if is_raised:
            due[stage] = min(when, due.get(stage, when))
        else:
            due[stage] = max(when, at)
    unwanted = set(due) - set(clock.minutes()) - set(run.met)
    return replace(run, tier=tier, due={stage: when for stage, when in due.items() if stage not in unwanted})


def _with_met(run: Run, facts: Facts, at: datetime) -> Run:
    now_true = {ANSWER: facts.answered, OFFER: facts.offered, SETTLE: facts.settled}
    newly = {stage: at for stage, is_so in now_true.items() if is_so and stage not in run.met and stage in run.due}
    return replace(run, met={**run.met, **newly}) if newly else run


def _not_before(run: Run, at: datetime) -> Run:
    """What was settled is not after all (a delivery failed): its clock goes on, or runs out now if its time is over."""
    due = dict(run.due)
    if SETTLE not in run.breached:
        due[SETTLE] = max(due[SETTLE], at)
    return replace(run, due=due, again_at=None if run.again_at is None else max(run.again_at, at))
