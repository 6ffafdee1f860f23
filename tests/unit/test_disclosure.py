"""Nobody who reads what is published can tell a hidden count, whatever else they know."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.disclosure import (
    ALL,
    K_SPLIT,
    STEP,
    Amount,
    K,
    Need,
    amount_shown,
    count_shown,
    counts_by_area,
    rounded,
    split_shown,
)


def regency(area: str) -> str:
    """The regency of a dotted code; a place without one is in no group."""
    return area[:5] if len(area) >= 5 else ALL


AREAS = [f"32.{r:02}.{d:02}" for r in range(1, 4) for d in range(1, 10)] + ["32.01", "32.02", ALL]
SMALL = st.integers(0, 8)
TABLES = st.dictionaries(st.sampled_from(AREAS), st.one_of(SMALL, st.integers(0, 3000)), max_size=30)
GROUPS = st.sampled_from([K, K_SPLIT])


@pytest.mark.parametrize(
    ("people", "shown"),
    [(0, 0), (1, None), (4, None), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15), (118, 120), (120, 120), (122, 120)],
)
def test_a_count_is_hidden_or_rounded(people: int, shown: int | None) -> None:
    assert count_shown(people) == shown


def test_a_count_split_by_vulnerability_needs_ten() -> None:
    assert count_shown(9, K_SPLIT) is None
    assert count_shown(10, K_SPLIT) == 10


WATER, RICE, DIAPERS = Need(Fraction(14)), Need(Fraction(4, 5)), Need(Fraction(12), of_group=True)


@pytest.mark.parametrize(
    ("quantity", "people", "need", "shown"),
    [
        (1680, 120, WATER, 1680),
        (1652, 118, WATER, 1680),
        (42, 3, WATER, None),
        (0, 0, WATER, 0),
        (20, 120, WATER, None),
        (2, 120, Need(), None),
        (96, 120, RICE, 95),
        (108, 118, DIAPERS, None),
        (120, 118, DIAPERS, 120),
    ],
)
def test_an_amount_tells_no_more_than_the_people(quantity: int, people: int, need: Need, shown: int | None) -> None:
    assert amount_shown(Amount(quantity, people), need) == shown


@pytest.mark.parametrize("need", [WATER, RICE, Need(Fraction(5, 2)), Need(Fraction(1, 8))])
@given(st.integers(K, 3000))
def test_goods_by_the_norm_tell_of_people_by_their_rounded_number_only(need: Need, people: int) -> None:
    told = {amount_shown(Amount(ceil(need.each * n), n), need) for n in range(K, 3005) if rounded(n) == rounded(people)}
    assert len(told) == 1


@pytest.mark.parametrize(
    ("whole", "parts", "shown"),
    [
        (118, (115, 3), (120, [115, None])),
        (6, (5, 1), (5, [None, None])),
        (8, (4, 4), (10, [None, None])),
        (8, (8, 0), (10, [10, 0])),
        (26, (13, 13), (30, [15, 15])),
        (40, (13, 13), (40, [15, 15])),
        (3, (2, 1), (None, [None, None])),
    ],
)
def test_a_part_does_not_tell_of_the_other(whole: int, parts: tuple[int, int], shown: object) -> None:
    assert split_shown(whole, parts) == shown


def test_one_large_report_is_told_and_a_small_one_beside_it_cannot_be_subtracted() -> None:
    found = counts_by_area({"32.01.01": 120, "32.01.02": 3}, regency)
    assert found.cells == {"32.01.01": 120, "32.01.02": None}
    assert found.totals == {"32.01": 120, ALL: 120}
    assert found.partial == {"32.01", ALL}


def test_small_areas_are_in_no_sum() -> None:
    found = counts_by_area({f"32.01.0{n}": 3 for n in range(1, 7)} | {"32.02.01": 50}, regency)
    assert found.totals == {"32.01": None, "32.02": 50, ALL: 50}
    assert found.partial == {"32.01", ALL}


@given(TABLES, GROUPS)
def test_a_cell_is_hidden_exactly_when_it_is_small(counts: Mapping[str, int], k: int) -> None:
    found = counts_by_area(counts, regency, k)
    for area, people in counts.items():
        shown = found.cells[area]
        assert (shown is None) == (0 < people < k)
        assert shown is None or (shown % STEP == 0 and abs(shown - people) <= STEP // 2)


@given(TABLES, GROUPS)
def test_totals_are_sums_of_what_is_shown(counts: Mapping[str, int], k: int) -> None:
    found = counts_by_area(counts, regency, k)
    for group, total in found.totals.items():
        inside = [n for area, n in found.cells.items() if group in (ALL, regency(area))]
        assert (total or 0) == sum(filter(None, inside))
        assert total is not None or (group in found.partial)


@given(TABLES)
def test_a_hidden_change_shows_nowhere(counts: Mapping[str, int]) -> None:
    changed = {area: 1 if 0 < people < K else people for area, people in counts.items()}
    assert counts_by_area(changed, regency) == counts_by_area(counts, regency)


@given(st.integers(0, 10**6), st.sampled_from([5, 10, 70, 3]))
def test_rounding_is_to_the_nearest(number: int, step: int) -> None:
    assert rounded(number, step) % step == 0
    assert 2 * abs(rounded(number, step) - number) <= step
