"""Every stated flip is applied and solved again: it flips; a little less does not."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from geo.costs import Rules, TravelCosts
from geo.frames import needs_frame, supplies_frame
from geo.matching import Options, plan

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SKILLS = ("medis", "perahu", "dapur")


def random_case(rng):
    """Goods and services, scarce or ample, several tiers, lots that expire, places that coincide."""
    spots = rng.uniform((107.0, -7.0), (107.3, -6.7), size=(8, 2)).round(3)

    def place():
        lon, lat = spots[rng.integers(len(spots))]
        return {"lon": float(lon), "lat": float(lat)}

    needs, supplies = [], []
    for n in range(rng.integers(4, 14)):
        goods = rng.random() < 0.7
        needs.append({
            "need_id": f"n{n:02}", "kind": "goods" if goods else "service", "item": "blanket" if goods else None,
            "quantity": int(rng.integers(1, 6 if goods else 3)), "tier": int(rng.integers(0, 4)),
            "weight": float(rng.choice([0.3, 1.0, 1.0, 2.5])),
            "skills": [] if goods else [str(rng.choice(SKILLS))], **place(),
        })  # fmt: skip
    for s in range(rng.integers(2, 10)):
        goods = rng.random() < 0.6
        supplies.append({
            "supply_id": f"s{s:02}", "kind": "goods" if goods else "service", "item": "blanket" if goods else None,
            "quantity": int(rng.integers(1, 9)) if goods else 1,
            "expires_at": NOW + timedelta(minutes=int(rng.integers(20, 900))) if goods and rng.random() < 0.3 else None,
            "skills": [] if goods else [str(one) for one in SKILLS if rng.random() < 0.6],
            "vehicle": None if goods else "motorcycle", "minutes_left": None if goods else 240.0, **place(),
        })  # fmt: skip
    return needs, supplies


def solved(needs, supplies, costs=TravelCosts):
    options = Options(rules=Rules(now=NOW), seconds=None, costs=costs)
    return plan(needs_frame(needs), supplies_frame(supplies), options=options)


def with_longer_way(need_id, supply_id, minutes):
    """Costs in which one way takes so many minutes longer."""

    class Longer(TravelCosts):
        def __init__(self, needs, supplies, rules):
            super().__init__(needs, supplies, rules)
            extra = np.zeros((len(needs), len(supplies)))
            extra[np.ix_(needs["need_id"] == need_id, supplies["supply_id"] == supply_id)] = minutes
            table, pairs = self.routes.table, self.routes.pairs
            self.routes.table = lambda to, origins: table(to, origins) + extra[np.ix_(to, origins)]
            self.routes.pairs = lambda to, origins: pairs(to, origins) + extra[to, origins]

    return Longer


def given(result, need_id, supply_id):
    return sum(m.quantity for m in result.matches if (m.need_id, m.supply_id) == (need_id, supply_id))


def matches_of(cases, seed):
    rng = np.random.default_rng(seed)
    for _ in range(cases):
        needs, supplies = random_case(rng)
        for match in solved(needs, supplies).matches:
            yield needs, supplies, match


def just_short(match):
    """Minutes that are not enough: two cost units less, or the last moment before time is up."""
    flip, terms = match.why["flip"], match.why["terms"]
    if flip["out_of_time"]:
        return flip["minutes_longer"] - 0.2
    return (flip["cost_longer"] - 2.5) / (60 * terms["weight"])


def some(count, seed, wanted=lambda _: True):
    found = [one for one in matches_of(300, seed) if wanted(one[2])]
    chosen = np.random.default_rng(seed).choice(len(found), count, replace=False)
    return [found[row] for row in chosen]


def test_five_hundred_stated_flips_flip():
    kinds = set()
    for needs, supplies, match in some(500, 1):
        flip = match.why["flip"]
        longer = with_longer_way(match.need_id, match.supply_id, flip["minutes_longer"])
        again = solved(needs, supplies, longer)
        assert given(again, match.need_id, match.supply_id) < match.quantity, (match, flip)
        kinds.add((flip["out_of_time"], flip["goes_to"] is None))
    assert len(kinds) == 4  # better elsewhere or open, and no time left with and without another supply


def test_a_little_less_flips_none():
    for needs, supplies, match in some(100, 2, lambda match: just_short(match) > 0):
        longer = with_longer_way(match.need_id, match.supply_id, just_short(match))
        again = solved(needs, supplies, longer)
        assert given(again, match.need_id, match.supply_id) == match.quantity, match


@pytest.mark.parametrize("seed", range(40))
def test_what_would_serve_an_open_need_serves_it(seed):
    needs, supplies = random_case(np.random.default_rng(1000 + seed))
    by_id = {need["need_id"]: need for need in needs}
    for one in solved(needs, supplies).unmet:
        remedy, need = one.why["would_serve"], by_id[one.need_id]
        more = [
            {
                "supply_id": f"more{n}", "kind": need["kind"], "item": need["item"],
                "quantity": remedy["units"] if need["kind"] == "goods" else 1, "skills": need["skills"],
                "vehicle": None if need["kind"] == "goods" else "motorcycle", "minutes_left": None,
                "lon": need["lon"], "lat": need["lat"],
            }
            for n in range(1 if need["kind"] == "goods" else remedy["units"])
        ]  # fmt: skip
        again = solved(needs, [*supplies, *more])
        assert one.need_id not in {left.need_id for left in again.unmet}
