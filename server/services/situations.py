"""What a plan is made of, and how it is put before `geo.matching`.

For workers only: this loads geopandas.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from geo import fairness, matching
from geo.closures import NONE_CLOSED, Closures
from geo.costs import Rules
from geo.frames import needs_frame, supplies_frame
from server.domain import priority, tuning
from server.domain.catalogue import ITEMS, Kind
from server.services.candidates import end_of
from server.services.loosening import source_of
from server.services.moves import Row


@dataclass(frozen=True)
class Situation:
    """All that a plan is made of, as it was at `now`.

    coverage: of each area and item what was asked for and what is covered, in units and in people, over all
    verified needs. reached_at: when somebody last handed something over in an area. rulings: what people decided.
    sites: those that a what-if names. loose: lines of proposed assignments that are taken up again: needs, lots and
    all else are as they would be without them. earlier: the plan that waits for a decision, to begin with.
    driving: volunteers whom earlier plans have in mind for trips that wait.
    kits: lots of kits that hold what needs ask for. closures: roads that are closed.
    """

    plan: Row
    incident: Row
    needs: list[Row]
    lots: list[Row]
    volunteers: list[Row]
    now: datetime
    waiting_for_verification: int
    waiting_for_place: int
    coverage: list[Row]
    reached_at: Mapping[str, datetime]
    rulings: list[Row]
    sites: Mapping[str, Row]
    loose: Sequence[Row] = ()
    driving: frozenset[str] = frozenset()
    kits: Sequence[Row] = ()
    earlier: matching.Earlier | None = None
    closures: Closures = NONE_CLOSED

    @property
    def settings(self) -> Mapping[str, Any]:
        """The incident's figures for planning (`tuning`)."""
        found: Mapping[str, Any] = tuning.effective(self.incident["settings"])["plan"]
        return found

    @property
    def strength(self) -> float:
        """How much fairness between villages counts; 0 is not at all."""
        return float(self.settings["fairness"])


@dataclass(frozen=True)
class Problem:
    """A situation as rows for the solver, worked out once and solved several times."""

    needs: list[dict[str, Any]]
    supplies: Sequence[Mapping[str, Any]]
    villages: fairness.Villages
    rulings: Sequence[Row]
    now: datetime
    closures: Closures = NONE_CLOSED
    kept: tuple[matching.Pin, ...] = ()

    @property
    def weights(self) -> dict[str, float]:
        """How much a minute of each need counts, without the term of fairness."""
        return {row["need_id"]: row["weight"] for row in self.needs}

    def solve(
        self, strength: float, seconds: float, *, explain: bool, earlier: matching.Earlier | None = None
    ) -> matching.Plan:
        """The plan for the whole needs, fairness counting that much; sooner with one for nearly the same."""
        parts = fairness.split(self.needs, strength, self.villages)
        forbidden = (pair_of(row) for row in self.rulings if row["kind"] == "forbid")
        options = matching.Options(
            rules=Rules(now=self.now, forbidden=parts.forbidden(forbidden), closures=self.closures),
            pins=parts.pins([*self.kept, *_pins(self.rulings, self.kept)]),
            earlier=earlier and parts.earlier(earlier),
            seconds=seconds,
            explain=explain,
        )
        plan = matching.plan(needs_frame(parts.rows), supplies_frame(self.supplies), options=options)
        return fairness.joined(plan, parts)

    def without(self, ruling_id: str) -> "Problem":
        """The same without one of the rulings."""
        return replace(self, rulings=[row for row in self.rulings if row["id"] != ruling_id])

    def keeping(self, lines: Sequence[Row]) -> "Problem":
        """The same with these lines of assignments as they are."""
        return replace(self, kept=tuple(matching.Pin(*pair_of(line), line["quantity"]) for line in lines))


def pair_of(row: Row) -> tuple[str, str]:
    """The need and the source that a ruling or a line is about, by their names for the solver."""
    need_id, source = source_of(row)
    return str(need_id), source


def _pins(rulings: Sequence[Row], kept: Sequence[matching.Pin]) -> Iterator[matching.Pin]:
    """The pins, each for what assignments do not bring of it already."""
    bring = Counter[tuple[str, str]]()
    for pin in kept:
        bring[pin.need_id, pin.supply_id] += pin.quantity or 0
    for row in rulings:
        left = None if row["quantity"] is None else row["quantity"] - row["covered"] - bring[pair_of(row)]
        if row["kind"] == "pin" and (left is None or left > 0):
            yield matching.Pin(*pair_of(row), left)


def problem_of(situation: Situation) -> Problem:
    """The situation for the solver."""
    lots = [lot_row(lot) for lot in situation.lots]
    people = [_volunteer(row, situation.now) for row in situation.volunteers]
    covered = {(row["area"], row["item"]): int(row["covered"]) for row in situation.coverage}
    return Problem(
        [_need(need, situation) for need in situation.needs],
        [*lots, *people],
        fairness.Villages(covered, unserved_min(situation)),
        situation.rulings,
        situation.now,
        situation.closures,
    )


def unserved_min(situation: Situation) -> dict[str, float]:
    """Minutes since somebody last came to each area with open needs, or since the oldest of them was reported."""
    since: dict[str, datetime] = {}
    for need in situation.needs:
        since[need["area"]] = min(since.get(need["area"], need["case_opened_at"]), need["case_opened_at"])
    last = {area: max(at, situation.reached_at.get(area, at)) for area, at in since.items()}
    return {area: max(0.0, (situation.now - at).total_seconds() / 60) for area, at in last.items()}


def _need(need: Row, situation: Situation) -> dict[str, Any]:
    item = ITEMS[need["item"]]
    return {
        "need_id": str(need["id"]),
        "area": need["area"],
        "kind": item.kind.value,
        "item": need["item"],
        "quantity": need["quantity"] - need["covered"],
        "tier": need["tier"],
        "weight": priority.weight(need, situation.now, situation.incident["settings"]),
        "skills": sorted(item.skills),
        "lon": need["lon"],
        "lat": need["lat"],
    }


def lot_row(lot: Row) -> dict[str, Any]:
    """A lot for the solver: all that is free of it."""
    return {
        "supply_id": lot["id"],
        "kind": Kind.GOODS.value,
        "item": lot["item"],
        "quantity": lot["free"],
        "expires_at": end_of(lot["expiry"]) if lot["expiry"] else None,
        "lon": lot["lon"],
        "lat": lot["lat"],
    }


def _volunteer(row: Row, now: datetime) -> dict[str, Any]:
    return {
        "supply_id": row["id"],
        "kind": Kind.SERVICE.value,
        "quantity": 1,
        "skills": sorted(row["skills"]),
        "vehicle": row["vehicle"],
        "minutes_left": (row["until"] - now).total_seconds() / 60,
        "lon": row["lon"],
        "lat": row["lat"],
    }
