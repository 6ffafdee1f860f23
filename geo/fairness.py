"""Fairness between villages: whom scarce goods reach, not only how soon.

Least waiting in all can leave one village with nothing: its last units always lie a little farther than another
village's. So every unit of a need weighs more, the less of its village's need for the item would be covered without
it, and the longer nobody came to the village (`split`). It is a weight, so plans stay linear, exact and proven, and
tiers stay absolute. How evenly a plan covers the villages is told by `gini` and the worst of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from geo.explain import LACKS, TOO_LITTLE
from geo.matching import Earlier, Match, Pin, Plan, Unmet

STEPS: Final = 8
"""Parts of equal size that a village's need for an item is taken in; each weighs less than the one before.
An assumption of ours: eighths keep the parts few and the shares of villages within an eighth of each other."""

LONG_MIN: Final = 24 * 60.0
"""A wait that counts in full at least: before, a village that asked ten minutes sooner is not taken for neglected.
An assumption of ours."""

MOST_STRENGTH: Final = 10.0

IMPOSSIBLE: Final = frozenset(LACKS[:5])
"""What a candidate may lack that no number of units makes up for."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Villages:
    """What is known of the villages besides their open needs.

    covered: units of (village, item) that are on their way or delivered. unserved_min: minutes since somebody
    last came to a village, or since it first asked.
    """

    covered: Mapping[tuple[str, str], int] = field(default_factory=dict)
    unserved_min: Mapping[str, float] = field(default_factory=dict)

    def waited(self, village: str) -> float:
        """How long nobody came, as a share of the village that waits longest, or of a day; 0..1."""
        longest = max(LONG_MIN, max(self.unserved_min.values(), default=0.0))
        return max(0.0, self.unserved_min.get(village, 0.0)) / longest


@dataclass(frozen=True)
class Parts:
    """Needs in parts of one weight each. `of` gives the parts of every need, the first to be served first, and
    `factor` by how much the weight of each part is raised.
    """

    rows: list[dict[str, Any]]
    of: Mapping[str, Sequence[str]]
    factor: Mapping[str, float]

    def pins(self, pins: Iterable[Pin]) -> tuple[Pin, ...]:
        """Pins of needs as pins of their parts, in the order of the parts, as many units in all."""
        asked = {row["need_id"]: row["quantity"] for row in self.rows}
        found: list[Pin] = []
        for pin in pins:
            left = pin.quantity
            for part in self.of.get(pin.need_id, ()):
                quantity = None if left is None else min(left, asked[part])
                left = None if left is None or quantity is None else left - quantity
                if quantity != 0:
                    found.append(Pin(part, pin.supply_id, quantity))
        return tuple(found)

    def forbidden(self, pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Forbidden pairs of needs as forbidden pairs of their parts."""
        return frozenset(self._pairs(pairs))

    def earlier(self, plan: Earlier) -> Earlier:
        """A plan of whole needs as one of their parts, any of which may have got what the need got."""
        left_open = [part for need in plan.open for part in self.of.get(need, ())]
        return Earlier(list(self._pairs(plan.pairs)), left_open, plan.prices)

    def _pairs(self, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        return ((part, supply) for need, supply in pairs for part in self.of.get(need, ()))


def split(needs: Sequence[Row], strength: float, villages: Villages) -> Parts:
    """Needs (`need_id`, `area`, `item`, `quantity`, `tier`, `weight` and what else a frame takes) in parts.

    In each village the units of an item stand in a row: what is covered first, then its needs, the most urgent
    first. A unit that stands k eighths into it weighs (1 + strength (1 - k/8) (1 + waited) / 2) times as much. A
    need that lies across eighths is cut there. Strength 0 leaves every need as it is.
    """
    strength = min(MOST_STRENGTH, max(0.0, strength))
    if not strength:
        ids = [row["need_id"] for row in needs]
        return Parts([dict(row) for row in needs], {name: [name] for name in ids}, dict.fromkeys(ids, 1.0))
    rows: list[dict[str, Any]] = []
    of: dict[str, list[str]] = {}
    factor: dict[str, float] = {}
    for (village, item), members in _in_line(needs).items():
        at = villages.covered.get((village, item), 0)
        total = at + sum(row["quantity"] for row in members)
        raised = strength * (1 + villages.waited(village)) / 2
        for row in members:
            pieces = _pieces(at, row["quantity"], total)
            of[row["need_id"]] = names = _names(row["need_id"], len(pieces))
            for name, (step, quantity) in zip(names, pieces, strict=True):
                factor[name] = round(1 + raised * (1 - step / STEPS), 4)
                weight = round(row["weight"] * factor[name], 4)
                rows.append({**row, "need_id": name, "quantity": quantity, "weight": weight})
            at += row["quantity"]
    return Parts(rows, of, factor)


def _in_line(needs: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """The needs of each village and item, the most urgent first."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(needs, key=lambda row: (row["tier"], -row["weight"], row["need_id"])):
        groups[row["area"], row["item"]].append(row)
    return groups


def _pieces(begin: int, quantity: int, total: int) -> list[tuple[int, int]]:
    """The step of each piece of a row of units that begins at `begin` of `total`, and how many units it is."""
    found: list[tuple[int, int]] = []
    at, end = begin, begin + quantity
    while at < end:
        step = at * STEPS // total
        until = min(end, -(-(step + 1) * total // STEPS))
        found.append((step, until - at))
        at = until
    return found or [(0, 0)]


def _names(need_id: str, count: int) -> list[str]:
    return [need_id] if count == 1 else [f"{need_id}~{n}" for n in range(count)]


def joined(plan: Plan, parts: Parts) -> Plan:
    """The plan for whole needs again: what several parts of a need got of one supply is one match."""
    need_of = {part: need for need, names in parts.of.items() for part in names}
    matches: dict[Hashable, list[Match]] = defaultdict(list)
    for match in plan.matches:
        matches[need_of[match.need_id], match.supply_id, match.pinned].append(_with_factor(match, parts))
    unmet: dict[str, list[Unmet]] = defaultdict(list)
    for one in plan.unmet:
        unmet[need_of[one.need_id]].append(one)
    one_each = [_one_match(need_of[group[0].need_id], group) for group in matches.values()]
    return replace(
        plan,
        matches=tuple(sorted(one_each, key=lambda match: (match.need_id, match.supply_id, match.pinned))),
        unmet=tuple(_one_unmet(need_id, group) for need_id, group in sorted(unmet.items())),
    )


def _with_factor(match: Match, parts: Parts) -> Match:
    """The match with its factor among the terms of its cost, when it has reasons and one."""
    terms, factor = match.why.get("terms"), parts.factor[match.need_id]
    if not isinstance(terms, Mapping) or factor == 1:
        return match
    return replace(match, why={**match.why, "terms": {**terms, "fairness": factor}})


def _one_match(need_id: str, group: Sequence[Match]) -> Match:
    """The reasons are those of the part that would turn first; they hold for all of it from there on."""
    quantity = sum(match.quantity for match in group)
    first = min(group, key=_turns_after)
    why = first.why if len(group) == 1 else _of_all(first.why, quantity)
    cost = sum(match.cost for match in group)
    return replace(first, need_id=need_id, quantity=quantity, cost=cost, why=why)


def _turns_after(match: Match) -> float:
    flip = match.why.get("flip")
    return float(flip["minutes_longer"]) if isinstance(flip, Mapping) else float("inf")


def _of_all(why: Mapping[str, Any], quantity: int) -> dict[str, Any]:
    """Reasons of a part as reasons of the whole: whether a candidate has enough is another matter for more units."""
    return {**why, "next": [_enough(other, quantity) for other in why["next"]]} if "next" in why else dict(why)


def _enough(other: Mapping[str, Any], quantity: int) -> dict[str, Any]:
    lacks = [lack for lack in other["lacks"] if lack["code"] != TOO_LITTLE]
    if other["free"] < quantity and not _is_impossible(lacks):
        lacks.insert(0, {"code": TOO_LITTLE, "free": other["free"], "wanted": quantity})
    return {**other, "lacks": lacks}


def _is_impossible(lacks: Sequence[Mapping[str, Any]]) -> bool:
    return any(lack["code"] in IMPOSSIBLE for lack in lacks)


def _one_unmet(need_id: str, group: Sequence[Unmet]) -> Unmet:
    """All open units of a need: the reasons of the part that would be served last, which waits for the others too."""
    quantity = sum(one.quantity for one in group)
    last = max(group, key=_units_to_serve)
    why = dict(last.why)
    if len(group) > 1 and "would_serve" in why:
        why["missing"], why["would_serve"] = quantity, _to_serve_all(_units_to_serve(last), quantity)
    return Unmet(need_id, quantity, why)


def _units_to_serve(one: Unmet) -> int:
    serve = one.why.get("would_serve")
    return int(serve["units"]) if isinstance(serve, Mapping) else 0


def _to_serve_all(units: int, quantity: int) -> dict[str, int]:
    return {"units": max(units, quantity), "ahead": max(0, units - quantity)}


@dataclass(frozen=True)
class Cover:
    """What a village asked for and what of it is covered, in any one unit (people, for needs of several items)."""

    asked: float
    covered: float

    @property
    def share(self) -> float:
        """0..1; a village that asked for nothing is covered."""
        return min(1.0, self.covered / self.asked) if self.asked > 0 else 1.0


def gini(villages: Iterable[Cover]) -> float:
    """The Gini coefficient of the villages' shares, each counted by what it asked for: 0 when all are covered
    alike (or not at all), towards 1 when few have everything.
    """
    known = sorted((one for one in villages if one.asked > 0), key=lambda one: one.share)
    asked = sum(one.asked for one in known)
    covered = sum(one.asked * one.share for one in known)
    if covered <= 0:
        return 0.0
    below = twice_area = 0.0
    for one in known:
        part = one.asked * one.share
        twice_area += one.asked * (2 * below + part)
        below += part
    return max(0.0, round(1 - twice_area / (asked * covered), 6))


def worst(villages: Mapping[str, Cover]) -> str | None:
    """The village with the smallest share; of several the one that asked for the most, then by name."""
    asked = {name: one for name, one in villages.items() if one.asked > 0}
    return min(asked, key=lambda name: (asked[name].share, -asked[name].asked, name), default=None)


def weighted_minutes(plan: Plan, weights: Mapping[str, float], open_minutes: float) -> float:
    """What a plan strives to make small, without the term of fairness and what only ranks the tiers: the minutes on
    the way of every unit, each times the weight of its need; an open unit counts as `open_minutes`.
    """
    ways = sum(match.quantity * (match.minutes or 0.0) * weights[match.need_id] for match in plan.matches)
    return ways + sum(one.quantity * open_minutes * weights[one.need_id] for one in plan.unmet)
