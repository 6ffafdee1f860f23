"""The order in which work asks for volunteers."""

from hypothesis import given
from hypothesis import strategies as st

from server.domain.offering import BESIDES_MIN, pressing

URGENCY, MINUTES = st.floats(0.01, 50), st.floats(0, 600)


def _sum_of_waits(work):
    """Weighted waits when one volunteer does all of it in this order."""
    at = total = 0.0
    for urgency, minutes in work:
        at += BESIDES_MIN + minutes
        total += urgency * at
    return total


@given(st.lists(st.tuples(URGENCY, MINUTES), min_size=2, max_size=6), st.randoms())
def test_no_other_order_makes_one_volunteer_s_weighted_waits_less(work, dice):
    ours = sorted(work, key=lambda one: pressing(2, *one))
    dice.shuffle(work)
    assert _sum_of_waits(ours) <= _sum_of_waits(work) * (1 + 1e-9)


@given(URGENCY, MINUTES, URGENCY, MINUTES)
def test_life_and_limb_comes_first(urgency, minutes, other, way):
    assert pressing(0, urgency, minutes) < pressing(1, other, way)
