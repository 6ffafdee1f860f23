"""What of a count may be shown to everybody, so that nobody in a small group can be told apart.

The rules, in the order in which they are applied to counts of people by area (UU PDP 27/2022, OCHA
Data Responsibility Guidelines):
1. A count of 1 to K - 1 people is hidden; nought is shown. Groups of vulnerable people are hidden up
   to K_SPLIT - 1.
2. A shown count is rounded to STEP. An amount of goods is told as it would be for the rounded number of people,
   and rounded to what STEP people need of it: no item is a finer sieve for people than their number is. What only
   infants, children or disabled people need counts as so many of them.
3. A total is the sum of what is shown, never of what is counted: nothing can be subtracted from it.
   What is hidden is told in no sum at all, because two sums at two times can be subtracted, too.
4. Of the people in an area those who wait and those who were helped are parts. Of a small whole, one hidden part
   hides the other, which would leave it too little room; and a whole is told as no less than its parts are, or it
   would tell on which side of their rounded numbers they lie.

A reader who knows these rules, every other area's true count, the norms and all earlier publications finds no hidden
count; tests/unit/test_publication_attack.py reckons as such a reader over a thousand histories.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

K = 5
"""Fewest people that a shown count may stand for."""
K_SPLIT = 10
"""The same, when the count is split by vulnerability."""
STEP = 5
"""What shown counts are rounded to."""

ALL = ""
"""The group of everything: the key of the total."""


@dataclass(frozen=True)
class Disclosed:
    """Counts as they may be shown.

    cells: by area; None is hidden. totals: by group, and of everything under ALL; None when nothing of the group
    is shown. partial: groups with hidden areas, whose total is a least number.
    """

    cells: Mapping[str, int | None]
    totals: Mapping[str, int | None] = field(default_factory=dict)
    partial: Collection[str] = frozenset()

    @property
    def total(self) -> int | None:
        """The total of everything."""
        return self.totals.get(ALL)


def rounded(number: int, step: int = STEP) -> int:
    """To the nearest multiple of the step, halves upwards."""
    return (number + step // 2) // step * step


def count_shown(people: int, k: int = K) -> int | None:
    """A count by itself: nought, a rounded number, or None for one that is hidden."""
    if 0 < people < k:
        return None
    return rounded(people)


@dataclass(frozen=True)
class Amount:
    """So much of an item for the people of so many cases; each case was given whole units, rounded up."""

    quantity: int
    people: int = 0
    cases: int = 1


@dataclass(frozen=True)
class Need:
    """What one person needs of an item (0: nobody says), and whether only people of a vulnerable group do."""

    each: Fraction = Fraction(0)
    of_group: bool = False

    @property
    def step(self) -> int:
        """What amounts are rounded to: what STEP people need, as a multiple of STEP."""
        return max(STEP, ceil(self.each) * STEP)


def amount_shown(amount: Amount, need: Need | None = None, lifted: int = 0) -> int | None:
    """An amount as it would be for the rounded number of people, rounded to what STEP of them need; None hides it.

    `lifted`: how many people more than by rounding their number is told by (rule 4). Hidden for fewer than K people
    (K_SPLIT of a vulnerable group), where it is less than K, and where it rounds to nothing.
    """
    need = need or Need()
    if amount.quantity <= 0:
        return 0
    people = _of_group(amount, need) if need.of_group else amount.people
    if people < (K_SPLIT if need.of_group else K):
        return None
    near = _for_rounded(amount, need, people, rounded(people) + lifted)
    return rounded(floor(near + Fraction(1, 2)), need.step) or None if near >= K else None


def _of_group(amount: Amount, need: Need) -> int:
    """The fewest people of a group who can have needed it, whatever else the cases are about."""
    return max(0, floor((amount.quantity - amount.cases) / need.each) + 1)


def _for_rounded(amount: Amount, need: Need, people: int, told: int) -> Fraction:
    """What was needed by the norm tells of the people by their rounded number alone, in spite of its whole units."""
    if need.of_group or 0 <= amount.quantity - need.each * people < amount.cases:
        return need.each * told
    return Fraction(amount.quantity * told, people)


def split_shown(whole: int, parts: Sequence[int]) -> tuple[int | None, list[int | None]]:
    """A count of people and its parts, in their order: rule 4. Small is a whole that two hidden parts can fill."""
    told, shown = count_shown(whole), [count_shown(part) for part in parts]
    if told is not None and told <= 2 * K and None in shown:
        return told, [part and None for part in shown]
    known = [part for part in shown if part is not None]
    return told if told is None or len(known) < len(shown) else max(told, sum(known)), shown


def counts_by_area(counts: Mapping[str, int], group_of: Callable[[str], str], k: int = K) -> Disclosed:
    """Counts of people by area under the rules; `group_of` tells the regency of an area."""
    return summed({area: count_shown(people, k) for area, people in counts.items()}, group_of)


def summed(cells: Mapping[str, int | None], group_of: Callable[[str], str]) -> Disclosed:
    """Cells with the sums of what is shown of them, by group and of all: rule 3."""
    totals = dict.fromkeys([ALL, *map(group_of, cells)], 0)
    partial = set()
    for area, shown in cells.items():
        for group in {group_of(area), ALL}:
            if shown is None:
                partial.add(group)
            else:
                totals[group] += shown
    return Disclosed(cells, {g: None if g in partial and not n else n for g, n in totals.items()}, frozenset(partial))
