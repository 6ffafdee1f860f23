import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.fairness import boost, gini

shares = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@pytest.mark.parametrize(("found", "expected"), [([0.5, 0.5], 0), ([0, 1], 0.5), ([0, 0, 0, 1], 0.75), ([0, 0], 0)])
def test_gini_by_hand(found, expected):
    assert gini(found) == pytest.approx(expected)


@given(shares)
def test_gini_is_half_the_mean_difference_over_the_mean(found):
    mean, count = sum(found) / len(found), len(found)
    apart = sum(abs(a - b) for a in found for b in found) / count**2
    assert gini(found) == pytest.approx(apart / (2 * mean) if mean else 0, abs=1e-9)


@given(st.floats(0, 5), st.floats(0, 1), st.floats(0, 3))
def test_a_boost_lies_between_one_and_one_more_than_the_strength(strength, served, waited):
    assert 1 <= boost(strength, served, waited) <= 1 + strength
    assert boost(strength, 1, waited) == boost(strength, served, 0) == 1
    assert boost(strength, 0, 1) == 1 + strength
