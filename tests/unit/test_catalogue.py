"""The catalogue is complete, and people in trouble become the quantities that the norms say."""

from fractions import Fraction
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.catalogue import (
    ALTERNATIVES,
    DANGER_SERVICES,
    ITEMS,
    KITS,
    LARGEST_QUANTITY,
    NORMS,
    Kind,
    needs_for,
    norms_of,
    whole_quantity,
)
from server.domain.priority import DANGERS, VULNERABLE

heads = st.one_of(st.none(), st.integers(0, 2_000_000))
groups = st.dictionaries(st.sampled_from(sorted(VULNERABLE)), st.integers(0, 5_000))
dangers = st.dictionaries(st.sampled_from(DANGERS), st.booleans())
asked = st.lists(st.tuples(st.sampled_from(sorted(ITEMS)), st.none() | st.integers(1, 10_000)), max_size=6)
days = st.integers(1, 40)


def quantities(*args: object, **kwargs: object) -> dict[str, int]:
    return {line.item: line.quantity for line in needs_for(*args, **kwargs)}  # type: ignore[arg-type]


def test_120_people_in_a_flood_get_two_days_by_the_norm() -> None:
    needs = quantities(120, {}, {"rising": True}, [])
    assert (needs["water"], needs["rice"], needs["latrine"]) == (1680, 96, 6)
    assert needs["tarpaulin"] * 24 == 120 * 3


def test_from_day_four_water_is_fifteen_litres() -> None:
    assert quantities(120, {}, {}, [("water", None)], day=4, days=1) == {"water": 1800}


def test_two_phases_of_a_norm_add_up() -> None:
    assert quantities(10, {}, {}, [("water", None)], day=3, days=2) == {"water": 10 * 7 + 10 * 15}


@pytest.mark.parametrize("danger", DANGERS)
def test_a_danger_asks_for_its_services_at_tier_nought(danger: str) -> None:
    lines = needs_for(None, {}, {danger: True}, [])
    assert {line.item for line in lines} == set(DANGER_SERVICES[danger])
    assert {line.tier for line in lines} == {0}


@pytest.mark.parametrize("danger", DANGERS)
def test_a_danger_of_120_people_asks_for_water_and_rice(danger: str) -> None:
    needs = quantities(120, {}, {danger: True}, [])
    assert (needs["water"], needs["rice"]) == (1680, 96)


def test_one_sick_person_is_not_sent_rice() -> None:
    assert set(quantities(1, {}, {"medical": True}, [])) == {"medical", "ambulance"}


def test_people_or_vulnerable_alone_ask_for_nothing() -> None:
    assert needs_for(500, {"infants": 20}, {}, []) == []


def test_infants_in_a_flood_get_their_own_food() -> None:
    assert quantities(40, {"infants": 4}, {"rising": True}, [])["infant_food"] == 2


def test_an_asked_quantity_replaces_the_norm_and_keeps_the_tier() -> None:
    lines = {line.item: line for line in needs_for(120, {}, {"medical": True}, [("water", 50), ("ambulance", 3)])}
    assert (lines["water"].quantity, lines["water"].basis) == (50, "asked")
    assert (lines["ambulance"].quantity, lines["ambulance"].tier) == (3, 0)


def test_an_asked_item_without_a_head_count_says_that_it_is_assumed() -> None:
    (line,) = needs_for(None, {}, {}, [("water", None)])
    assert (line.quantity, line.basis) == (56, "assumed:bnpb")


def test_the_same_item_asked_twice_is_added_up() -> None:
    assert quantities(None, {}, {}, [("blanket", 3), ("blanket", None), ("blanket", 4)]) == {"blanket": 7}


@pytest.mark.parametrize("item", sorted(ITEMS))
def test_every_item_has_one_norm_for_every_day(item: str) -> None:
    for day in range(1, 60):
        assert len(norms_of(item, range(day, day + 1))) == 1


def test_every_norm_and_alternative_is_of_an_item_and_names_its_source() -> None:
    for norm in (*NORMS, *ALTERNATIVES):
        assert norm.item in ITEMS
        assert norm.source
        assert norm.group == "all" or norm.group in VULNERABLE
        assert "unchecked" in norm.source or norm.source == "own working figure"


def test_goods_weigh_something_and_services_need_skills_or_anybody() -> None:
    for item in ITEMS.values():
        assert (item.weight_kg > 0) == (item.volume_m3 > 0) == (item.kind is Kind.GOODS)
        assert 1 <= item.tier <= 3
        assert item.kind is Kind.SERVICE or not item.skills


@pytest.mark.parametrize(
    ("item", "number", "expected"),
    [
        ("water", 2.5, 3),
        ("water", Fraction(1, 3), 1),
        ("blanket", 2.0, 2),
        ("blanket", 2.5, "not_whole"),
        ("blanket", 0, "not_positive"),
        ("water", -1, "not_positive"),
        ("water", nan, "not_a_number"),
        ("water", float("inf"), "not_a_number"),
        ("rice", 1e12, "too_large"),
    ],
)
def test_whole_quantity(item: str, number: float, expected: object) -> None:
    assert whole_quantity(ITEMS[item], number) == expected


@given(people=heads, vulnerable=groups, danger=dangers, wanted=asked, day=days, covered=st.integers(1, 14))
def test_needs_are_whole_positive_ordered_and_once_each(
    people: int | None,
    vulnerable: dict[str, int],
    danger: dict[str, bool],
    wanted: list[tuple[str, int | None]],
    day: int,
    covered: int,
) -> None:
    lines = needs_for(people, vulnerable, danger, wanted, day, covered)
    assert lines == needs_for(people, vulnerable, danger, wanted, day, covered)
    assert len({line.item for line in lines}) == len(lines)
    assert {item for item, _ in wanted} <= {line.item for line in lines}
    assert [line.tier for line in lines] == sorted(line.tier for line in lines)
    for line in lines:
        assert isinstance(line.quantity, int)
        assert 1 <= line.quantity <= LARGEST_QUANTITY
    assert any(danger.values()) == any(line.tier == 0 for line in lines)


@given(people=st.integers(1, 100_000), more=st.integers(0, 100_000), danger=dangers, day=days)
def test_more_people_never_need_less(people: int, more: int, danger: dict[str, bool], day: int) -> None:
    few = quantities(people, {}, danger, [], day)
    many = quantities(people + more, {}, danger, [], day)
    assert all(many[item] >= quantity for item, quantity in few.items())


@given(people=st.integers(1, 10_000), first=days, split=st.integers(1, 6), covered=st.integers(7, 12))
def test_a_span_of_days_needs_what_its_days_need(people: int, first: int, split: int, covered: int) -> None:
    """Up to rounding: each part may round up once."""

    def water(day: int, days: int) -> int:
        return quantities(people, {}, {}, [("water", None)], day, days)["water"]

    assert water(first, covered) == water(first, split) + water(first + split, covered - split)


@pytest.mark.parametrize("code", KITS)
def test_a_kit_holds_goods_that_fit_into_it(code: str) -> None:
    kit, item = KITS[code], ITEMS[code]
    held = [(ITEMS[part], count) for part, count in kit.holds.items()]
    assert all(part.kind is Kind.GOODS and count > 0 for part, count in held)
    assert not kit.holds.keys() & KITS.keys()
    assert sum(part.weight_kg * count for part, count in held) <= item.weight_kg
    assert sum(part.volume_m3 * count for part, count in held) <= item.volume_m3
