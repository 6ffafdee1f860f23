"""What of a count may be shown to everybody, so that nobody in a small group can be told apart.

The rules, in the order in which they are applied to counts of people by area (UU PDP 27/2022, OCHA
Data Responsibility Guidelines):
1. A count of 1 to K - 1 people is hidden; nought is shown. Groups of vulnerable people are hidden up
   to K_SPLIT - 1.
2. A shown count is rounded to STEP, an amount of goods to what STEP people need of it.
3. A total is the sum of what is shown, never of what is counted: nothing can be subtracted from it.
4. Hidden areas are told as one, "other areas", when there are at least k of them: of a regency where
   that is enough, else of all regencies together, else not at all. Whether they are told depends on
   how many are hidden, which everybody sees, and never on what they hold.
5. The count of such a pool is bounded so that each of its areas may still hold anything from 1 to
   k - 1 people for all that a reader knows.

A reader who knows these rules and every other area's true count learns nothing more of a hidden area
than that it holds 1 to k - 1 people; tests/unit/test_disclosure.py reckons as such a reader.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

K = 5
"""Fewest people that a shown count may stand for."""
K_SPLIT = 10
"""The same, when the count is split by vulnerability."""
STEP = 5
"""What shown counts are rounded to."""

ALL = ""
"""The group of everything: the pool of what no smaller pool could take, and the key of the total."""


@dataclass(frozen=True)
class Disclosed:
    """Counts as they may be shown.

    cells: by area; None is hidden. pools: the hidden areas of a group told as one. totals: by group,
    and of everything under ALL; None when nothing of the group is shown. partial: groups with hidden
    areas that are not in their total, which is then a least number.
    """

    cells: Mapping[str, int | None]
    pools: Mapping[str, int] = field(default_factory=dict)
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


def amount_shown(quantity: int, people: int, step: int) -> int | None:
    """An amount that is for so many people, rounded to `step`; None hides it.

    Hidden below K, with fewer than K people, and when it rounds to nothing although there is something.
    """
    if quantity <= 0:
        return 0
    near = rounded(quantity, step)
    return near if near and min(quantity, people) >= K else None


def counts_by_area(counts: Mapping[str, int], group_of: Callable[[str], str], k: int = K) -> Disclosed:
    """Counts of people by area under the rules; `group_of` tells the regency of an area."""
    cells = {area: count_shown(people, k) for area, people in counts.items()}
    members = pool_members(cells, group_of, k)
    pools = {group: pool_shown([counts[area] for area in areas], k) for group, areas in members.items()}
    return Disclosed(cells, pools, *_totals(cells, pools, members, group_of))


def amounts_by_area(
    amounts: Mapping[str, tuple[int, int]], group_of: Callable[[str], str], step: int
) -> Disclosed:
    """Amounts of one item by area, each with the people that it is for, under the rules.

    A pool holds at least K areas and so at least K people.
    """
    cells = {area: amount_shown(quantity, people, step) for area, (quantity, people) in amounts.items()}
    members = pool_members(cells, group_of, K)
    pools = {
        group: max(step, rounded(sum(amounts[area][0] for area in areas), step))
        for group, areas in members.items()
    }
    return Disclosed(cells, pools, *_totals(cells, pools, members, group_of))


def pool_members(
    cells: Mapping[str, int | None], group_of: Callable[[str], str], k: int
) -> dict[str, list[str]]:
    """Which hidden areas are told together: rule 4."""
    hidden: dict[str, list[str]] = {}
    for area, shown in sorted(cells.items()):
        if shown is None:
            hidden.setdefault(group_of(area), []).append(area)
    pools = {group: areas for group, areas in hidden.items() if group != ALL and len(areas) >= k}
    left = [area for group, areas in hidden.items() if group not in pools for area in areas]
    return pools | ({ALL: sorted(left)} if len(left) >= k else {})


def pool_shown(counts: Collection[int], k: int) -> int:
    """The rounded sum of at least k hidden counts, bounded by rule 5."""
    areas = len(counts)
    slack = STEP // 2
    least = -(-(areas + k - 2 - slack) // STEP) * STEP
    most = ((areas - 1) * (k - 1) + 1 + slack) // STEP * STEP
    return min(max(rounded(sum(counts)), least), most)


def _totals(
    cells: Mapping[str, int | None],
    pools: Mapping[str, int],
    members: Mapping[str, list[str]],
    group_of: Callable[[str], str],
) -> tuple[dict[str, int | None], frozenset[str]]:
    """The sums of what is shown by group, and the groups that hold more than that."""
    pooled_in = {area: pool for pool, areas in members.items() for area in areas}
    totals = dict.fromkeys([ALL, *map(group_of, cells)], 0)
    partial = set()
    for area, shown in cells.items():
        group, pool = group_of(area), pooled_in.get(area)
        if shown is not None:
            _add(totals, {group, ALL}, shown)
            continue
        if pool != group:
            partial.add(group)
        if pool is None:
            partial.add(ALL)
    for group, shown in pools.items():
        _add(totals, {group, ALL}, shown)
    return {g: None if g in partial and not n else n for g, n in totals.items()}, frozenset(partial)


def _add(totals: dict[str, int], groups: Collection[str], number: int) -> None:
    for group in groups:
        totals[group] += number
