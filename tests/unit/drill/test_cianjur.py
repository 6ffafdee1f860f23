"""The case of Cianjur 2022: the counts that are known, and stock short of the need."""

from collections import Counter
from pathlib import Path

import pytest

from bench.drill.case import parsed, text_of
from bench.drill.cianjur import DATA, DISPLACED, STOCK_RATIO, case, shared_out
from server.domain.catalogue import ITEMS, Kind

NOWHERE = Path("nowhere")


@pytest.mark.parametrize("data", [pytest.param(DATA, id="beside"), pytest.param(NOWHERE, id="shipped")])
def test_as_many_displaced_in_every_district(data):
    whole = case(1, data=data)
    people = Counter()
    for village in whole.villages:
        people[village.code[:8]] += village.people
    assert sum(people.values()) == DISPLACED == 61_908
    assert len(people) == 32
    assert min(people.values()) > 0
    assert sum(report.people for report in whole.reports) == DISPLACED
    # The shaking was strongest in Cugenang; the far south hardly felt it.
    if data == DATA and DATA.exists():
        assert people.most_common(1)[0][0] == "32.03.11"
    assert parsed(text_of(whole)) == whole


def test_stock_is_short_of_the_need_for_each_item():
    part = case(2, displaced=6_000, data=NOWHERE)
    asked, there = Counter(), Counter()
    for need in (need for report in part.reports for need in report.needs):
        asked[need.item] += need.quantity
    for lot in part.stock:
        there[lot.item] += lot.quantity
    goods = [item for item in asked if ITEMS[item].kind is Kind.GOODS]
    assert set(there) == set(goods)
    assert all(abs(there[item] - STOCK_RATIO * asked[item]) <= 1 for item in goods)


def test_a_seed_gives_one_case():
    assert case(1, displaced=500, data=NOWHERE) == case(1, displaced=500, data=NOWHERE)
    assert case(1, displaced=500, data=NOWHERE).reports != case(2, displaced=500, data=NOWHERE).reports


def test_parts_add_up_to_the_whole():
    assert shared_out(10, [1, 1, 1]) == [4, 3, 3]
    assert shared_out(0, [1, 2]) == [0, 0]
