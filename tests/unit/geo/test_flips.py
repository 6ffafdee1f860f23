"""Every stated change is applied and solved again: it turns the match over; a little less does not.

A match is turned over when every optimal plan gives less of that supply to that need. Whether one still gives as
much is asked of the solver too: with the match pinned the plan must cost more, or just as much.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import geo.flips
from geo.costs import LEAST_WEIGHT, Rules, TravelCosts
from geo.frames import needs_frame, supplies_frame
from geo.matching import Options, Pin, plan

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SKILLS = ("medis", "perahu", "dapur")
TENTH = 0.1


def random_case(rng, needs_at_most=14, supplies_at_most=10):
    """Goods and services, scarce or ample, several tiers, lots that expire, places that coincide, pairs that a
    person has forbidden.
    """
    spots = rng.uniform((107.0, -7.0), (107.3, -6.7), size=(8, 2)).round(3)

    def place():
        lon, lat = spots[rng.integers(len(spots))] + rng.choice([0, 0.01]) * rng.normal(size=2).round(2)
        return {"lon": float(lon), "lat": float(lat)}

    needs, supplies = [], []
    for n in range(rng.integers(4, needs_at_most)):
        goods = rng.random() < 0.6
        needs.append({
            "need_id": f"n{n:03}", "kind": "goods" if goods else "service", "item": "blanket" if goods else None,
            "quantity": int(rng.integers(1, 6 if goods else 3)), "tier": int(rng.integers(0, 4)),
            "weight": float(rng.choice([0, 0.3, 1.0, 1.0, 2.5])),
            "skills": [] if goods else [str(rng.choice(SKILLS))], **place(),
        })  # fmt: skip
    for s in range(rng.integers(2, supplies_at_most)):
        goods = rng.random() < 0.5
        supplies.append({
            "supply_id": f"s{s:03}", "kind": "goods" if goods else "service", "item": "blanket" if goods else None,
            "quantity": int(rng.integers(0, 9)) if goods else 1,
            "expires_at": NOW + timedelta(minutes=int(rng.integers(20, 900))) if goods and rng.random() < 0.3 else None,
            "skills": [] if goods else [str(one) for one in SKILLS if rng.random() < 0.6],
            "vehicle": None if goods else str(rng.choice(["motorcycle", "foot"])),
            "minutes_left": None if goods else float(rng.choice([60, 240])), **place(),
        })  # fmt: skip
    pairs = [(need["need_id"], supply["supply_id"]) for need in needs for supply in supplies]
    forbidden = frozenset(pair for pair in pairs if rng.random() < 0.15)
    return needs, supplies, forbidden


def solved(case, *, ways=None, pins=()):
    """The plan of a case, with reasons unless `ways` says by how many minutes the way of a pair changes."""
    needs, supplies, forbidden = case

    class Changed(TravelCosts):
        def __init__(self, needs, supplies, rules):
            super().__init__(needs, supplies, rules)
            extra = np.zeros((len(needs), len(supplies)))
            for (need_id, supply_id), minutes in (ways or {}).items():
                extra[np.ix_(needs["need_id"] == need_id, supplies["supply_id"] == supply_id)] = minutes
            self.need_alike = np.arange(len(needs)) if ways else self.need_alike
            table, pairs = self.routes.table, self.routes.pairs
            self.routes.table = lambda to, origins: table(to, origins) + extra[np.ix_(to, origins)]
            self.routes.pairs = lambda to, origins: pairs(to, origins) + extra[to, origins]

    rules = Rules(now=NOW, forbidden=forbidden)
    options = Options(rules=rules, seconds=None, costs=Changed, pins=pins, explain=ways is None)
    return plan(needs_frame(needs), supplies_frame(supplies), options=options)


def given(result, need_id, supply_id):
    return sum(m.quantity for m in result.matches if (m.need_id, m.supply_id) == (need_id, supply_id))


def worth(case, result):
    """What makes one plan better than another: open units tier by tier, then weighted time."""
    needs = {need["need_id"]: need for need in case[0]}
    open_by_tier, cost = [0, 0, 0, 0], sum(match.cost for match in result.matches)
    for one in result.unmet:
        need = needs[one.need_id]
        open_by_tier[need["tier"]] += one.quantity
        cost += one.quantity * round(max(need["weight"], LEAST_WEIGHT) * 60 * 24 * 60)
    return (*open_by_tier, cost)


def is_kept(case, match, ways, best):
    """Whether some plan as good as the best still gives this need as much of this supply."""
    pinned = solved(case, ways=ways, pins=(Pin(match.need_id, match.supply_id, match.quantity),))
    return worth(case, pinned) == worth(case, best)


def changes_of(case, match):
    """Every stated change of a match: what it is, the case with it and the ways with it, and these a little short."""
    needs, supplies, forbidden = case
    flip, rival = match.why["flip"], match.why.get("rival")
    own = (match.need_id, match.supply_id)
    longer = flip["minutes_longer"]
    yield ("late" if flip["out_of_time"] else "longer"), case, {own: longer}, {own: longer - TENTH}
    if rival and rival.get("allowed"):
        allowed = forbidden - {(match.need_id, rival["supply_id"])}
        yield "allowed", (needs, supplies, allowed), {}, None
    shown = {one["supply_id"]: one for one in [*match.why["next"], *([rival] if rival else [])]}
    for one in shown.values():
        if "minutes_nearer" in one:
            other, nearer = (match.need_id, one["supply_id"]), one["minutes_nearer"]
            yield "rival" if one is rival else "next", case, {other: -nearer}, {other: TENTH - nearer}


def some_matches(count, seed):
    """A case and one of its matches, again and again, no case twice."""
    rng = np.random.default_rng(seed)
    while count:
        case = random_case(rng)
        matches = solved(case).matches
        if matches:
            count -= 1
            yield case, matches[rng.integers(len(matches))]


def test_five_hundred_stated_changes_turn_the_match_over():
    kinds = []
    for case, match in some_matches(500, 1):
        for kind, changed, ways, _ in changes_of(case, match):
            again = solved(changed, ways=ways)
            assert given(again, match.need_id, match.supply_id) < match.quantity, (kind, match)
            if kind != "late":  # a way that takes too long is in no plan
                assert not is_kept(changed, match, ways, again), (kind, match)
            kinds.append(kind)
    assert {kind for kind in kinds if kinds.count(kind) >= 10} == {"longer", "late", "allowed", "rival", "next"}


def test_a_little_less_turns_none_over():
    for case, match in some_matches(150, 2):
        for kind, changed, _, short in changes_of(case, match):
            if short is not None:
                assert is_kept(changed, match, short, solved(changed, ways=short)), (kind, match)


def test_the_rival_that_is_named_gets_it():
    for case, match in some_matches(100, 3):
        for one in match.why["next"]:
            if "minutes_nearer" in one:
                again = solved(case, ways={(match.need_id, one["supply_id"]): -one["minutes_nearer"]})
                assert given(again, match.need_id, one["supply_id"]) > 0


def test_matches_looked_at_by_themselves_turn_over_as_soon(monkeypatch):
    cases = [random_case(np.random.default_rng(seed), 80, 50) for seed in range(12)]
    together = [match.why["flip"]["minutes_longer"] for case in cases for match in solved(case).matches]
    monkeypatch.setattr(geo.flips, "MOST_FOR_RIVALS", 0)
    alone = [match.why["flip"]["minutes_longer"] for case in cases for match in solved(case).matches]
    assert alone == together
    assert len(alone) > 100


@pytest.mark.parametrize("seed", range(60))
def test_what_would_serve_an_open_need_serves_it(seed):
    needs, supplies, _ = random_case(np.random.default_rng(1000 + seed), 24)
    case = (needs, supplies, frozenset())
    by_id = {need["need_id"]: need for need in needs}
    for one in solved(case).unmet:
        remedy, need = one.why["would_serve"], by_id[one.need_id]
        goods = need["kind"] == "goods"
        more = [
            {
                "supply_id": f"more{n}", "kind": need["kind"], "item": need["item"],
                "quantity": remedy["units"] if goods else 1, "skills": need["skills"],
                "vehicle": None if goods else "motorcycle", "minutes_left": remedy.get("minutes"),
                "lon": need["lon"], "lat": need["lat"],
            }
            for n in range(1 if goods else remedy["units"])
        ]  # fmt: skip
        again = solved((needs, [*supplies, *more], frozenset()))
        assert one.need_id not in {left.need_id for left in again.unmet}
