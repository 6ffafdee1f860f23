"""A reader who knows every rule, the norms and all earlier publications reckons back; no count under five comes out.

Histories are played at random: reports come, help arrives, cases are settled. After each stretch of time the figures
are published by the product's own code, and `tests/public_reader.py` reads them.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from server.domain import disclosure
from server.services import publishing
from tests.public_reader import (
    MEASURES,
    MOST,
    NOBODY,
    NORMS,
    POSSIBLE,
    Area,
    Rules,
    counts_of,
    fits,
    margins,
    needed,
    reckoned,
    told,
)

HISTORIES = int(os.environ.get("HISTORIES", "1000"))
AREAS = ("32.01.01", "32.01.02", "32.02.01", "")
NO_NORM = disclosure.Need()
INCIDENT = {"slug": "x", "name": "X", "kind": "flood"}


def history(seed: int) -> Iterator[dict[str, Area]]:
    """Some states of all areas, each later than the one before; in every second history nobody is settled unhelped."""
    draw = random.Random(seed)
    areas = {code: Area() for code in AREAS}
    for _ in range(draw.randint(2, 7)):
        for _ in range(draw.randint(0, 5)):
            _happens(draw, areas[draw.choice(AREAS)], settles=seed % 2 == 0)
        yield {code: replace(area) for code, area in areas.items()}


def _happens(draw: random.Random, area: Area, *, settles: bool) -> None:
    kind = draw.choice(("report", "report", "help", "help", "settle"))
    some = draw.choice((1, 1, 2, 3, 4, 5, 6, 9, 14))
    if kind == "report":
        area.waiting += min(some, MOST - area.reported)
    elif some <= area.waiting and (kind == "help" or settles):
        area.waiting -= some
        if kind == "help":
            area.helped, area.deliveries = area.helped + some, area.deliveries + 1
        else:
            area.settled += some


def published(areas: dict[str, Area]) -> publishing.Figures:
    """What the product lets through of that state."""
    people = [
        {"area": code, "standing": standing, "band": 1, "people": getattr(area, standing),
         "deliveries": area.deliveries if standing == "helped" else 0}
        for code, area in areas.items()
        for standing in ("waiting", "helped", "settled")
        if getattr(area, standing)
    ]  # fmt: skip
    items = [
        {"area": code, "item": item, "asked": needed(item, area.reported), "asked_people": area.reported,
         "on_the_way": 0, "on_the_way_people": 0, "delivered": needed(item, area.helped),
         "delivered_people": area.helped, **dict.fromkeys(("asked_cases", "on_the_way_cases", "delivered_cases"), 1)}
        for code, area in areas.items()
        for item in NORMS
        if area.reported
    ]  # fmt: skip
    return publishing.let_through(INCIDENT, people, items, {}, {}, {})


def found_out(seed: int, publish=published, rules: Rules | None = None) -> list[tuple]:
    """Every count under five that the reader can tell: of a publication, of the change between two, of a margin."""
    rules = rules or Rules()
    truths = list(history(seed))
    figures = [publish(areas) for areas in truths]
    found = [("margin", seed, *leak) for one in figures for leak in margins(one)]
    for code in AREAS:
        rows = [next((row for row in one["areas"] if (row["code"] or "") == code), NOBODY) for one in figures]
        for knows_none_settled in (False, True) if seed % 2 else (False,):
            states = reckoned(rows, rules, knows_none_settled=knows_none_settled)
            found += [(seed, code, *leak) for leak in told(rows, states, [areas[code] for areas in truths])]
    return found


def test_no_count_under_five_can_be_told_over_all_histories():
    found = [leak for seed in range(HISTORIES) for leak in found_out(seed)]
    assert found == []


def test_most_histories_hide_something():
    hides = [any(row[name] is None for areas in history(seed) for row in published(areas)["areas"] for name in MEASURES)
             for seed in range(100)]  # fmt: skip
    assert sum(hides) > 80


def test_the_reader_finds_what_a_true_total_gives_away():
    def with_true_total(areas):
        figures = published(areas)
        figures["total"]["people_reported"] = sum(area.reported for area in areas.values())
        return figures

    assert any(found_out(seed, with_true_total) for seed in range(20))


def test_the_reader_finds_what_goods_rounded_by_themselves_give_away(monkeypatch):
    def by_itself(amount, need=NO_NORM, lifted=0):
        shown = disclosure.rounded(amount.quantity, need.step)
        return 0 if not amount.quantity else shown or None if min(amount.people, amount.quantity) >= 5 else None

    monkeypatch.setattr(publishing, "amount_shown", by_itself)
    monkeypatch.setattr(publishing, "split_shown", each_by_itself)
    rules = Rules(parts_hide_together=False, amounts_by_rounded_people=False)
    assert any(found_out(seed, rules=rules) for seed in range(HISTORIES))


def test_the_reader_finds_what_a_part_without_its_twin_gives_away(monkeypatch):
    """Two of these three lines of figures and the third's range: how narrow a hidden part is left without rule 4."""
    monkeypatch.setattr(publishing, "split_shown", each_by_itself)
    narrow = narrowest(Rules(parts_hide_together=False))
    monkeypatch.undo()
    assert narrow < narrowest(Rules())


def each_by_itself(whole, parts):
    return disclosure.count_shown(whole), [disclosure.count_shown(part) for part in parts]


def narrowest(rules: Rules) -> int:
    """How many values a hidden part of one publication has left at least, over small areas."""
    left = []
    for waiting in range(12):
        for helped in range(12):
            row = published({"32.01.01": Area(waiting, helped)})["areas"]
            states = fits(row[0], rules) if row else POSSIBLE
            left += [len(counts_of(name, states)) for name in MEASURES if row and row[0][name] is None]
    return min(left)


@pytest.mark.parametrize("seed", range(5))
def test_a_history_only_grows(seed):
    for before, after in pairwise(history(seed)):
        assert all(after[code].reported >= before[code].reported for code in AREAS)
