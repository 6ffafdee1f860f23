"""A reader of everything public who reckons back to the states of an area that would have published the same.

The reader knows every rule of `server/domain/disclosure.py` and the norms, but uses none of that code: the rules are
written here anew. For each publication all states (people reported, helped, settled without help) are held that fit,
forwards and backwards in time, since nobody who was reported, helped or settled becomes unreported, unhelped or
unsettled. What is hidden is found out when one value only is left.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations

import numpy as np

MOST = 28
"""People in an area at most: the reader holds every state up to it."""
NORMS = {"water": Fraction(14), "rice": Fraction(4, 5), "soap": Fraction(5, 2), "tarpaulin": Fraction(3, 24)}
"""What a person asks for, some of it in grids that lie athwart the one of people."""


@dataclass
class Area:
    """What is true of one area."""

    waiting: int = 0
    helped: int = 0
    settled: int = 0
    deliveries: int = 0

    @property
    def reported(self) -> int:
        return self.waiting + self.helped + self.settled


def needed(item: str, people: int) -> int:
    """What so many people ask for by the norm, in whole units."""
    return -int(-NORMS[item] * people // 1)


R, H, S = np.ogrid[: MOST + 1, : MOST + 1, : MOST + 1]
W = R - H - S
POSSIBLE = W >= 0


@dataclass(frozen=True)
class Rules:
    """The rules that the reader knows the publisher to follow."""

    parts_hide_together: bool = True
    amounts_by_rounded_people: bool = True


def shown_of(people):
    """For each count what is shown of it; -1 is hidden."""
    return np.where((people > 0) & (people < 5), -1, (people + 2) // 5 * 5)


@cache
def published_of(rules: Rules) -> dict:
    """What is published of an area (-1: hidden), for every state that it can be in."""
    reported, waiting, helped = (shown_of(number + 0 * W) for number in (R, W, H))
    if rules.parts_hide_together:
        small = (reported > 0) & (reported <= 10) & ((waiting == -1) | (helped == -1))
        waiting = np.where(small & (waiting > 0), -1, waiting)
        helped = np.where(small & (helped > 0), -1, helped)
        lifts = (reported > 0) & (waiting >= 0) & (helped >= 0)
        reported = np.where(lifts, np.maximum(reported, waiting + helped), reported)
    found = {"people_reported": reported, "people_waiting": waiting, "people_helped": helped}
    for item in NORMS:
        for stage, people, told_by in (("asked", R, reported), ("delivered", H, helped)):
            amount = amounts_of(item, rules)[people, np.maximum(told_by, 0) // 5]
            found[item, stage] = np.where(told_by == -1, -1, amount)
    return found


def fits(row: dict, rules: Rules):
    """The states that would have published this row of an area; without its `items`, as far as people go."""
    seen = {name: row[name] for name in MEASURES}
    lines = {line["item"]: line for line in row.get("items", ())}
    for item in NORMS if "items" in row else ():
        seen |= {(item, stage): lines.get(item, NOTHING)[stage] for stage in NOTHING}
    found = POSSIBLE.copy()
    for name, values in ((name, published_of(rules)[name]) for name in seen):
        found &= values == (-1 if seen[name] is None else seen[name])
    return found


NOTHING = {"asked": 0, "delivered": 0}


@cache
def amounts_of(item: str, rules: Rules):
    """What is told of an amount (-1: hidden) for so many people (first) who are told as five times so many (second)."""
    found = np.zeros((MOST + 1, MOST // 5 + 3), int)
    step = max(5, 5 * -int(-NORMS[item] // 1))
    for people in range(1, MOST + 1):
        for fives in range(found.shape[1]):
            exact = NORMS[item] * fives * 5 if rules.amounts_by_rounded_people else Fraction(needed(item, people))
            told = (int((exact + Fraction(1, 2)) // 1) + step // 2) // step * step
            found[people, fives] = -1 if people < 5 or exact < 5 or not told else told
    return found


def reckoned(rows: list[dict], rules: Rules, *, knows_none_settled: bool) -> list[np.ndarray]:
    """For each publication the states of an area that are possible in the light of all of them."""
    here = [fits(row, rules) & ((S == 0) | (not knows_none_settled)) for row in rows]
    forth = [here[0]]
    for now in here[1:]:
        forth.append(now & _no_less_than(forth[-1]))
    back = [here[-1]]
    for now in here[-2::-1]:
        back.append(now & _no_more_than(back[-1]))
    return [one & other for one, other in zip(forth, back[::-1], strict=True)]


def _no_less_than(states):
    for axis in range(3):
        states = np.logical_or.accumulate(states, axis=axis)
    return states


def _no_more_than(states):
    return _no_less_than(states[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]


MEASURES = {"people_reported": "reported", "people_waiting": "waiting", "people_helped": "helped"}
NOBODY = {**dict.fromkeys(MEASURES, 0), "items": []}
COUNTS = {"people_reported": R + 0 * W, "people_waiting": W, "people_helped": H + 0 * W, "settled": S + 0 * W}


def told(rows, states, truths):
    """Hidden counts of which one value is left, and changes of 1 to 4 people that can only be that many."""
    for n, (row, possible, true) in enumerate(zip(rows, states, truths, strict=True)):
        assert possible[true.reported, true.helped, true.settled], "the reader's rules are not the publisher's"
        for name, count in MEASURES.items():
            if row[name] is None and len(counts_of(name, possible)) == 1:
                yield n, name, getattr(true, count)
        settled = counts_of("settled", possible)
        if len(settled) == 1 and 0 < settled[0] < 5:
            yield n, "settled", int(settled[0])
    for (n, one), (m, other) in combinations(enumerate(states), 2):
        for name in MEASURES:
            before, after = counts_of(name, one), counts_of(name, other)
            least, most = int(after[0] - before[-1]), int(after[-1] - before[0])
            if least == most and 0 < abs(least) < 5:
                yield n, m, f"change of {name}", least


def counts_of(name, states):
    """The values of a measure in these states, ascending."""
    return np.unique(COUNTS[name][states])


def margins(figures):
    """Sums of hidden counts that a total gives away: whatever it holds beyond the areas that are shown."""
    for total in (figures["total"], *figures["regencies"]):
        own = [row for row in figures["areas"] if total.get("code") in (None, row["regency"])]
        for name in (*MEASURES, "deliveries"):
            beyond = (total[name] or 0) - sum(row[name] or 0 for row in own)
            if beyond:
                yield total.get("code"), name, beyond
