"""What the clocks of one case must do, written from the design's page and docs/decisions/clocks.md, not from the code.

It counts the minutes that a case has waited, as a stopwatch does, and knows at how many each promise ends. It is told
what happens at which reading of the clock, and of every look at the clock in between.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

NAMES = ("answer", "offer", "settle")
TABLE = {0: (5, 10, 20), 1: (30, 60, 120), 2: (120, None, 720), 3: (24 * 60, None, 72 * 60)}
LEVEL = {1: "province", 2: "regency", 3: "district"}


def promises(tier):
    return {name: timedelta(minutes=m) for name, m in zip(NAMES, TABLE[tier], strict=True) if m is not None}


@dataclass
class Stopwatch:
    """How long a case has waited; it stands while its reporter is asked."""

    shown: timedelta
    since: datetime | None

    def at(self, reading):
        return self.shown if self.since is None else self.shown + (reading - self.since)

    def stop(self, reading):
        self.shown, self.since, self.stopped = self.at(reading), None, reading

    def go(self, reading):
        # Time that went backwards in between gives nobody more of it, nor less.
        self.since = max(reading, self.stopped)


@dataclass
class CaseModel:
    """One case: what was promised, what was kept, and whom the breaches were told to."""

    tier: int
    holder: str
    born: datetime
    run: int = 1
    done: set = field(default_factory=set)
    broken: set = field(default_factory=set)
    told: list = field(default_factory=list)
    highest: int | None = None
    once_more: timedelta | None = None
    accepted: bool = False
    met: bool = False
    turned_down: bool = False
    asked_somebody: bool = False
    wanted_tier: int | None = None

    def __post_init__(self):
        self.watch = Stopwatch(timedelta(0), self.born)
        self.ends = promises(self.tier)

    # What happens, at a reading of the clock.

    def look(self, reading):
        """Every breach up to here, in order."""
        while not self._is_settled() and self.watch.since is not None:
            waiting = [(self.ends[n], NAMES.index(n)) for n in self.ends if n not in self.done | self.broken]
            if self.once_more is not None:
                waiting.append((self.once_more, 2))
            if not waiting or self.watch.at(reading) < min(waiting)[0]:
                return
            end, which = min(waiting)
            self._break(end, NAMES[which])

    def _break(self, end, name):
        depth = min(d for d in (len(self.holder.split(".")), self.highest) if d is not None) - 1
        if depth >= 1:
            self.highest = depth
            self.told.append((self.run, LEVEL[depth], name, self.watch.since + (end - self.watch.shown)))
        self.broken.add(name)
        if name == "settle":
            self.once_more = end + promises(self.tier)["settle"] if depth > 1 else None

    def happens(self, what, reading, value=None):
        self.look(reading)
        was_settled = self._is_settled()
        getattr(self, what)(reading, value)
        if self.wanted_tier is not None and not self._is_settled():
            self._has_tier(reading)
        if was_settled and not self._is_settled():
            self._goes_on_after_all(reading)

    def _goes_on_after_all(self, reading):
        now = self.watch.at(reading)
        if "settle" not in self.broken:
            self.ends["settle"] = max(self.ends["settle"], now)
        if self.once_more is not None:
            self.once_more = max(self.once_more, now)

    def ask(self, reading, _):
        self._keep("answer")
        self.watch.stop(reading)

    def answer(self, reading, _):
        self.watch.go(reading)

    def verify(self, _reading, _):
        self._keep("answer")

    def seen(self, _reading, _):
        if self.tier == 0 and self.wanted_tier in (0, None):
            self._keep("answer")

    def reject(self, reading, _):
        self._keep("answer")
        if self.watch.since is None:
            self.watch.go(reading)
        self.turned_down = True

    cancel = reject

    def take_back(self, _reading, _):
        self.turned_down = False

    def offer(self, _reading, _):
        self.asked_somebody = True
        self._keep("offer")

    def accept(self, _reading, _):
        self.accepted = True

    def fail(self, _reading, _):
        self.accepted = False

    def confirm(self, _reading, _):
        self.met = True

    def hand_over(self, _reading, holder):
        self.holder = holder

    def reopen(self, reading, _):
        tier = self.tier if self.wanted_tier is None else self.wanted_tier
        fresh = CaseModel(tier, self.holder, reading, run=self.run + 1, told=self.told)
        del fresh.ends["answer"]
        self.__dict__.update(fresh.__dict__)

    def set_tier(self, _reading, tier):
        self.wanted_tier = tier

    def _has_tier(self, reading):
        """Another tier counts as soon as the case waits: what is settled keeps the promise by which it was."""
        tier, self.wanted_tier = self.wanted_tier, None
        if tier == self.tier:
            return
        more_urgent, now = tier < self.tier, self.watch.at(reading)
        new = promises(tier)
        for name in NAMES:
            if name in self.done or (name == "answer" and self.run > 1):
                continue
            if name not in new:
                self.ends.pop(name, None)
            elif name in self.broken:
                continue
            elif more_urgent:
                self.ends[name] = min(now + new[name], self.ends.get(name, now + new[name]))
            else:
                self.ends[name] = max(new[name], now)
        self.tier = tier
        if self.asked_somebody:
            self._keep("offer")

    def _keep(self, name):
        if name in self.ends:
            self.done.add(name)

    def _is_settled(self):
        tier = self.tier if self.wanted_tier is None else self.wanted_tier
        return self.turned_down or self.met or (tier == 0 and self.accepted)

    # What people see.

    def shown(self, reading):
        """(stage, time left, whether it stands still) of what is waited for; None when nothing is."""
        if self._is_settled():
            return None
        name = next(n for n in NAMES if n in self.ends and n not in self.done)
        return name, self.ends[name] - self.watch.at(reading), self.watch.since is None
