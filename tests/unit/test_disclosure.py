"""Nobody who reads what is published can tell a hidden count, whatever else they know."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.disclosure import (
    ALL,
    K_SPLIT,
    STEP,
    K,
    amount_shown,
    amounts_by_area,
    count_shown,
    counts_by_area,
    pool_members,
    pool_shown,
    rounded,
)


def regency(area: str) -> str:
    """The regency of a dotted code; a place without one is in no group."""
    return area[:5] if len(area) >= 5 else ALL


AREAS = [f"32.{r:02}.{d:02}" for r in range(1, 4) for d in range(1, 10)] + ["32.01", "32.02", ALL]
SMALL = st.integers(0, 8)
TABLES = st.dictionaries(st.sampled_from(AREAS), st.one_of(SMALL, st.integers(0, 3000)), max_size=30)
SMALL_TABLES = st.dictionaries(st.sampled_from(AREAS), st.integers(1, 6), min_size=1)
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


@pytest.mark.parametrize(
    ("quantity", "people", "step", "shown"),
    [
        (1680, 120, 70, 1680),
        (1652, 118, 70, 1680),
        (42, 3, 70, None),
        (0, 0, 70, 0),
        (20, 120, 70, None),
        (2, 120, 5, None),
        (96, 120, 5, 95),
    ],
)
def test_an_amount_tells_no_more_than_the_people(quantity: int, people: int, step: int, shown: int | None) -> None:
    assert amount_shown(quantity, people, step) == shown


def test_one_large_report_is_told_and_a_small_one_beside_it_cannot_be_subtracted() -> None:
    found = counts_by_area({"32.01.01": 120, "32.01.02": 3}, regency)
    assert found.cells == {"32.01.01": 120, "32.01.02": None}
    assert found.totals == {"32.01": 120, ALL: 120}
    assert found.pools == {}
    assert found.partial == {"32.01", ALL}


def test_many_small_areas_are_told_as_one() -> None:
    found = counts_by_area({f"32.01.0{n}": 3 for n in range(1, 7)} | {"32.02.01": 50}, regency)
    assert found.pools == {"32.01": 20}
    assert found.totals == {"32.01": 20, "32.02": 50, ALL: 70}
    assert found.partial == frozenset()


def test_what_no_regency_can_pool_is_pooled_for_all() -> None:
    found = counts_by_area({f"32.0{n}.01": 3 for n in range(1, 7)}, regency)
    assert found.pools == {ALL: 20}
    assert found.total == 20
    assert found.totals["32.01"] is None
    assert found.partial == {f"32.0{n}" for n in range(1, 7)}


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
        pools = [n for pool, n in found.pools.items() if group in (ALL, pool)]
        assert (total or 0) == sum(filter(None, inside)) + sum(pools)
        assert total is not None or (group in found.partial)


@given(SMALL_TABLES | TABLES, st.data())
def test_a_hidden_cell_may_hold_anything_for_all_that_a_reader_knows(
    counts: Mapping[str, int], data: st.DataObject
) -> None:
    """For each value of a hidden cell there is a table with that value that publishes exactly the same."""
    found = counts_by_area(counts, regency)
    hidden = sorted(area for area, shown in found.cells.items() if shown is None)
    if not hidden:
        return
    area = data.draw(st.sampled_from(hidden))
    for value in range(1, K):
        assert any(counts_by_area(other, regency) == found for other in tables_with(area, value, counts)), (area, value)


def tables_with(area: str, value: int, counts: Mapping[str, int]) -> list[dict[str, int]]:
    """The tables in which that area holds the value, and those pooled with it any sum that they can."""
    pools = pool_members({a: count_shown(people) for a, people in counts.items()}, regency, K)
    pooled = next((areas for areas in pools.values() if area in areas), [area])
    others = [other for other in pooled if other != area]
    return [
        {**counts, area: value, **dict(zip(others, spread(len(others), extra, K), strict=True))}
        for extra in range(len(others) * (K - 2) + 1)
    ]


def spread(areas: int, extra: int, k: int) -> list[int]:
    """One for each area and `extra` more among them, none above k - 1."""
    counts = []
    for _ in range(areas):
        more = min(extra, k - 2)
        counts.append(1 + more)
        extra -= more
    return counts


@pytest.mark.parametrize("k", [K, K_SPLIT])
@pytest.mark.parametrize("areas", range(5, 31))
def test_a_pool_forces_no_area_to_any_value(areas: int, k: int) -> None:
    areas = max(areas, k)
    sums_told: dict[int, list[int]] = {}
    for extra in range(areas * (k - 2) + 1):
        told = pool_shown(spread(areas, extra, k), k)
        sums_told.setdefault(told, []).append(areas + extra)
    for told, sums in sums_told.items():
        for value in range(1, k):
            assert any(areas - 1 <= s - value <= (areas - 1) * (k - 1) for s in sums), (told, value)


@given(TABLES)
def test_a_hidden_change_shows_nowhere_when_nothing_is_pooled(counts: Mapping[str, int]) -> None:
    found = counts_by_area(counts, regency)
    if found.pools:
        return
    changed = {area: 1 if 0 < people < K else people for area, people in counts.items()}
    assert counts_by_area(changed, regency) == found


@given(st.dictionaries(st.sampled_from(AREAS), st.tuples(st.integers(0, 5000), st.integers(0, 300)), max_size=20))
def test_amounts_are_multiples_and_need_people(amounts: Mapping[str, tuple[int, int]]) -> None:
    found = amounts_by_area(amounts, regency, 70)
    for area, (quantity, people) in amounts.items():
        shown = found.cells[area]
        assert shown is None or shown % 70 == 0
        assert not shown or people >= K
        assert (shown == 0) == (quantity == 0)
    assert all(pool % 70 == 0 and pool > 0 for pool in found.pools.values())
    assert (found.total or 0) == sum(filter(None, found.cells.values())) + sum(found.pools.values())


@given(st.integers(0, 10**6), st.sampled_from([5, 10, 70, 3]))
def test_rounding_is_to_the_nearest(number: int, step: int) -> None:
    assert rounded(number, step) % step == 0
    assert 2 * abs(rounded(number, step) - number) <= step
