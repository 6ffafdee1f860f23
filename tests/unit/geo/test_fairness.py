from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import fairness
from geo.costs import Rules
from geo.fairness import STEPS, Cover, Villages, gini, joined, split, worst
from geo.frames import needs_frame, supplies_frame
from geo.matching import Options, Pin, plan


def need(need_id, area, quantity, tier=2, weight=1.0, lon=107.1, lat=-6.8):
    return {
        "need_id": need_id, "area": area, "kind": "goods", "item": "blanket", "quantity": quantity,
        "tier": tier, "weight": weight, "lon": lon, "lat": lat,
    }  # fmt: skip


def lot(supply_id, free, lon=107.1, lat=-6.8):
    return {"supply_id": supply_id, "kind": "goods", "item": "blanket", "quantity": free, "lon": lon, "lat": lat}


def planned(needs, lots, strength, villages=None, **rules):
    parts = split(needs, strength, villages or Villages())
    options = Options(rules=Rules(forbidden=parts.forbidden(rules.get("forbidden", ()))))
    options = Options(rules=options.rules, pins=parts.pins(rules.get("pins", ())))
    return joined(plan(needs_frame(parts.rows), supplies_frame(lots), options=options), parts)


def units(found):
    """Units that each need got."""
    got = {}
    for match in found.matches:
        got[match.need_id] = got.get(match.need_id, 0) + match.quantity
    return got


def covers(needs, found):
    got = units(found)
    villages = {}
    for row in needs:
        before = villages.get(row["area"], Cover(0, 0))
        covered = before.covered + got.get(row["need_id"], 0)
        villages[row["area"]] = Cover(before.asked + row["quantity"], covered)
    return villages


def test_gini_of_known_distributions():
    assert gini([]) == 0
    assert gini([Cover(10, 0), Cover(5, 0)]) == 0
    assert gini([Cover(10, 5), Cover(90, 45)]) == 0
    assert gini([Cover(50, 0), Cover(50, 50)]) == 0.5
    assert gini([Cover(25, 0)] * 3 + [Cover(25, 25)]) == 0.75
    assert gini([Cover(75, 0), Cover(25, 25)]) == 0.75


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), min_size=1, max_size=8))
def test_gini_is_the_mean_difference_of_all_pairs(rows):
    asked, share = (np.array(column, float) for column in zip(*rows, strict=True))
    mean = (asked * share).sum() / asked.sum()
    pairs = (asked[:, None] * asked * np.abs(share[:, None] - share)).sum()
    expected = pairs / (2 * mean * asked.sum() ** 2) if mean > 0 else 0
    assert gini(Cover(a, a * s) for a, s in rows) == pytest.approx(expected, abs=1e-5)


def test_the_worst_village_is_the_least_covered_and_of_equals_the_largest():
    assert worst({}) is None
    assert worst({"a": Cover(0, 0), "b": Cover(10, 9)}) == "b"
    assert worst({"a": Cover(10, 5), "b": Cover(20, 10), "c": Cover(20, 10), "d": Cover(5, 5)}) == "b"


def test_strength_nought_leaves_needs_as_they_are():
    needs = [need("1", "a", 100), need("2", "a", 3)]
    parts = split(needs, 0, Villages())
    assert parts.rows == needs
    assert parts.of == {"1": ["1"], "2": ["2"]}


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=6),
    st.floats(0.1, 5),
    st.integers(0, 30),
)
def test_parts_add_up_and_weigh_less_the_more_is_covered(rows, strength, covered):
    needs = [need(str(n), area, quantity, tier) for n, (area, quantity, tier) in enumerate(rows)]
    parts = split(needs, strength, Villages(covered={("a", "blanket"): covered}))
    by_id = {row["need_id"]: row for row in parts.rows}
    for row in needs:
        mine = [by_id[name] for name in parts.of[row["need_id"]]]
        assert sum(part["quantity"] for part in mine) == row["quantity"]
        assert all(part["quantity"] > 0 for part in mine)
        weights = [part["weight"] for part in mine]
        assert weights == sorted(weights, reverse=True)
        assert 1 <= weights[-1] <= weights[0] <= round(1 + strength / 2, 4)
        assert {part["tier"] for part in mine} == {row["tier"]}
    assert len(parts.rows) <= len(needs) + 2 * STEPS


def test_who_waits_longest_weighs_most():
    needs = [need("1", "a", 1), need("2", "b", 1)]

    def weights(**unserved_min):
        return [row["weight"] for row in split(needs, 1, Villages(unserved_min=unserved_min)).rows]

    assert weights(a=1500.0, b=3000.0) == [1.75, 2.0]
    assert weights(a=360.0, b=720.0) == [1.625, 1.75]


REACH = Rules().reach_minutes
TOWNS = [("a", 107.10), ("b", 107.25), ("c", 107.40), ("d", 107.55)]


def scarce(seed):
    """Four villages in a row with needs at random, and stock for about half of them at one end."""
    rng = np.random.default_rng(seed)
    needs = [
        need(f"{area}{n}", area, int(rng.integers(1, 60)), weight=float(rng.uniform(0.95, 1.05)), lon=lon)
        for area, lon in TOWNS
        for n in range(rng.integers(1, 5))
    ]
    return needs, [lot("near", sum(row["quantity"] for row in needs) // 2)]


@pytest.mark.parametrize("seed", range(5))
def test_the_stronger_the_term_the_evener_the_villages_at_a_price(seed):
    needs, lots = scarce(seed)
    weights = {row["need_id"]: row["weight"] for row in needs}
    plans = [planned(needs, lots, strength) for strength in (0, 0.25, 0.5, 1, 2)]
    spread = [gini(covers(needs, found).values()) for found in plans]
    # Equal but for the eighths in which villages are taken.
    assert all(later <= sooner + 0.02 for sooner, later in pairwise(spread)), spread
    assert spread[-1] < spread[0] / 2
    least = [min(one.share for one in covers(needs, found).values()) for found in plans]
    assert least[-1] > least[0]
    costs = [fairness.weighted_minutes(found, weights, REACH) for found in plans]
    assert all(cost >= costs[0] - 0.1 * lots[0]["quantity"] for cost in costs)
    assert {sum(units(found).values()) for found in plans} == {lots[0]["quantity"]}


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_tiers_stay_absolute_whatever_the_strength(seed, strength):
    rng = np.random.default_rng(seed)
    needs = [
        need(str(n), "abc"[rng.integers(3)], int(rng.integers(1, 9)), int(rng.integers(4)),
             float(rng.uniform(0.1, 2)), 107 + float(rng.uniform(0, 0.4)))
        for n in range(8)
    ]  # fmt: skip
    lots = [lot("x", int(rng.integers(20)), 107.0), lot("y", int(rng.integers(20)), 107.4)]

    def by_tier(found):
        tier = {row["need_id"]: row["tier"] for row in needs}
        return [sum(q for name, q in units(found).items() if tier[name] == one) for one in range(4)]

    assert by_tier(planned(needs, lots, strength)) == by_tier(planned(needs, lots, 0))


def test_what_a_village_was_served_before_counts():
    needs = [need("1", "a", 40), need("2", "b", 40, lon=107.3)]
    found = planned(needs, [lot("near", 40)], 2, Villages(covered={("a", "blanket"): 40}))
    got = units(found)
    shares = (40 + got["1"]) / 80, got["2"] / 40
    assert abs(shares[0] - shares[1]) <= 1 / STEPS
    assert min(shares) >= 5 / STEPS


def test_parts_of_one_need_are_one_match_with_reasons_for_all_of_it():
    needs = [need("1", "a", 80), need("2", "b", 80, lon=107.3)]
    found = planned(needs, [lot("near", 90), lot("small", 6, lon=107.2)], 1)
    pairs = [(match.need_id, match.supply_id) for match in found.matches]
    assert len(set(pairs)) == len(pairs)
    by_pair = dict(zip(pairs, found.matches, strict=True))
    first = by_pair["1", "near"]
    assert first.why["terms"]["fairness"] > 1
    (other,) = first.why["next"]
    assert {"code": "too_little", "free": 6, "wanted": first.quantity} in other["lacks"]
    left = {one.need_id: one for one in found.unmet}
    assert sum(one.quantity for one in left.values()) == 160 - 96
    for one in left.values():
        assert one.why["missing"] == one.quantity
        assert one.why["would_serve"]["units"] == one.why["would_serve"]["ahead"] + one.quantity


def test_people_s_word_holds_for_every_part():
    needs = [need("1", "a", 80), need("2", "b", 80, lon=107.3)]
    lots = [lot("near", 80), lot("far", 80, lon=108)]
    found = planned(needs, lots, 1, pins=[Pin("2", "near", 50)], forbidden=[("1", "near")])
    pinned = sum(match.quantity for match in found.matches if match.pinned)
    assert pinned == 50
    assert not [match for match in found.matches if (match.need_id, match.supply_id) == ("1", "near")]
    assert units(found)["1"] == 80
    whole = planned(needs, lots, 1, pins=[Pin("2", "near")])
    assert sum(match.quantity for match in whole.matches if match.pinned) == 80
