"""The score of a case: bounded, monotone in each term, and the sum of the terms it shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import priority, sla

counts = st.integers(0, 100_000)
vulnerable = st.dictionaries(st.sampled_from(sorted(priority.VULNERABLE)), counts, max_size=5)
cases = st.fixed_dictionaries(
    {
        "severity": st.integers(1, 5),
        "gap": st.floats(0, 1),
        "vulnerable": vulnerable,
        "people": counts,
        "waited_min": st.floats(0, 1e6),
        "clock_min": st.sampled_from([clock.settled for clock in sla.CLOCKS.values()]),
    }
)


@given(cases)
def test_score_is_bounded_and_is_the_sum_of_its_terms(case):
    found = priority.score(**case)
    assert 0 <= found.total <= 100
    assert found.total == pytest.approx(sum(found.terms.values()), abs=1e-3)
    assert found == priority.score(**case)


@given(cases, st.sampled_from(["severity", "gap", "waited_min"]), st.floats(0, 10))
def test_more_of_a_term_is_never_less_urgent(case, name, more):
    higher = {**case, name: case[name] + (int(more) if name == "severity" else more)}
    assert priority.score(**higher).total >= priority.score(**case).total


@given(cases)
def test_a_finite_wait_fills_the_waiting_term(case):
    waited = priority.score(**{**case, "waited_min": case["clock_min"]})
    assert waited.terms["W"] == pytest.approx(100 * priority.WEIGHTS["W"])


def test_any_danger_is_tier_nought_whatever_else_is_asked():
    for danger in priority.DANGERS:
        assert priority.tier_of({danger: True}, (3,)) == 0
    assert priority.tier_of({}, (2, 1)) == 1
    assert priority.tier_of({}) == 3


def test_zero_people_is_safe():
    assert priority.vulnerable_share({"infants": 3}, 0) == 0
