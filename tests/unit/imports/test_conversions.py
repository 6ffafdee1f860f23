"""Cells become values as Indonesians and spreadsheets write them, or a problem that names the cell's content."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.imports import conversions
from server.imports.conversions import Unreadable
from server.imports.phrases import item_names

WIB = conversions.zone("+07:00")


def problem(convert: Callable[..., Any], *args: Any) -> str:
    with pytest.raises(Unreadable) as caught:
        convert(*args)
    return caught.value.problem.code


@pytest.mark.parametrize(
    ("cell", "value"),
    [("-6.9", -6.9), ("-6,9", -6.9), ("−6.9", -6.9), (" 107 ", 107.0), (3, 3.0), ("1e3", 1000.0), (".5", 0.5)],
)
def test_numbers(cell: object, value: float) -> None:
    assert conversions.number(cell) == value


@pytest.mark.parametrize("cell", ["", "x", "1.2.3", "nan", "inf", "12 orang", True, "1;2"])
def test_no_numbers(cell: object) -> None:
    assert problem(conversions.number, cell) == "import_not_number"


@pytest.mark.parametrize(
    ("cell", "value"), [("1.200", 1200), ("15,000", 15000), ("12.0", 12), (12.0, 12), ("1 200", 1200), ("-3", -3)]
)
def test_whole_numbers(cell: object, value: int) -> None:
    assert conversions.integer(cell) == value


@pytest.mark.parametrize("cell", ["2,5", 2.5, "dua", "120 orang", ""])
def test_no_whole_numbers(cell: object) -> None:
    assert problem(conversions.integer, cell) == "import_not_whole"


@pytest.mark.parametrize(
    ("sentence", "people"),
    [
        ("350 people in field", 350),
        ("FOOD NEEDED in STREET #18 (350 people)", 350),
        ("15,000 people with four days of food", 15_000),
        ("650 Families need food", 2_600),
        ("30 KK mengungsi", 120),
        ("100 Children, 500 people total", 500),
        ("30 children, 12 adults", 42),
        ("120 jiwa mengungsi, 5 bayi", 120),
        ("Delmas 33, Rue 75", None),
        ("12.5 people", None),
        ("", None),
    ],
)
def test_head_counts_in_sentences(sentence: str, people: int | None) -> None:
    assert conversions.headcount(sentence) == people


@pytest.mark.parametrize(("cell", "value"), [("ya", True), ("TIDAK", False), (True, True), (0, False), ("x", True)])
def test_yes_and_no(cell: object, value: bool) -> None:
    assert conversions.yes_no(cell) is value


def test_neither_yes_nor_no() -> None:
    assert problem(conversions.yes_no, "mungkin") == "import_not_yes_no"


def test_times_get_the_zone_of_the_file_unless_they_have_their_own() -> None:
    read = conversions.moment
    assert read("05/02/2010 21:00", ["%d/%m/%Y %H:%M"], WIB).isoformat() == "2010-02-05T21:00:00+07:00"
    assert read("2017-02-20T12:32:06.47", [], WIB).isoformat() == "2017-02-20T12:32:06.470000+07:00"
    assert read("2017-02-20T12:32:06Z", [], WIB).astimezone(UTC).hour == 12
    assert read(dt.datetime(2026, 1, 2, 3), [], WIB).isoformat() == "2026-01-02T03:00:00+07:00"
    assert problem(read, "31/31/2010", ["%d/%m/%Y"], WIB) == "import_not_time"


def test_dates() -> None:
    assert conversions.day("31/12/2026", ["%d/%m/%Y"]) == dt.date(2026, 12, 31)
    assert conversions.day(dt.datetime(2026, 1, 2, 3), []) == dt.date(2026, 1, 2)
    assert conversions.day(dt.date(2026, 1, 2), []) == dt.date(2026, 1, 2)


@pytest.mark.parametrize("name", ["+7", "Mars/Base", ""])
def test_an_unknown_time_zone(name: str) -> None:
    with pytest.raises(ValueError, match=r"^" + name.replace("+", r"\+")):
        conversions.zone(name)


def test_places_in_one_cell() -> None:
    assert conversions.pair("-6.9, 107.6", "lat,lon") == {"lat": -6.9, "lon": 107.6}
    assert conversions.pair("(107.6 -6.9)", "lon,lat") == {"lat": -6.9, "lon": 107.6}
    assert conversions.pair([107.6, -6.9], "lon,lat") == {"lat": -6.9, "lon": 107.6}
    assert problem(conversions.pair, "Bandung", "lat,lon") == "import_not_place"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("32.03.05", "32.03.05"),
        ("320305", "32.03.05"),
        (3203, "32.03"),
        ("3203052001", "32.03.05.2001"),
        ("abc", "abc"),
    ],
)
def test_area_codes_get_their_dots(cell: object, code: str) -> None:
    assert conversions.area_code(cell) == code


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("water:120; selimut 40", [("water", 120), ("blanket", 40)]),
        ("air 50 liter, beras 1.200 kg", [("water", 50), ("rice", 1200)]),
        ("40 selimut\n3 tenda", [("blanket", 40), ("tent", 3)]),
        ("hygiene_kit=5 | Popok", [("hygiene_kit", 5), ("diapers", None)]),
        ("blanket x 3", [("blanket", 3)]),
        ("water: 2,5", [("water", 3)]),
        ([{"item": "water", "quantity": 7}, "rice"], [("water", 7), ("rice", None)]),
    ],
)
def test_lists_of_items(cell: object, expected: list[tuple[str, int | None]]) -> None:
    assert [(need["item"], need.get("quantity")) for need in conversions.items(cell, item_names())] == expected


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("unicorn: 3", "import_unknown_item"),
        ("selimut 2,5", "quantity_not_whole"),
        ("water: 0", "quantity_not_positive"),
        ("beras 2 ton", "import_wrong_unit"),
        ([{"quantity": 3}], "import_unknown_item"),
    ],
)
def test_wrong_lists_of_items(cell: object, code: str) -> None:
    assert problem(conversions.items, cell, item_names()) == code


@given(st.text())
def test_no_text_does_worse_than_a_problem(text: str) -> None:
    for convert in (conversions.number, conversions.integer, conversions.yes_no, conversions.headcount):
        with suppress(Unreadable):
            convert(text)
    for read in (lambda: conversions.moment(text, ["%d/%m/%Y"], WIB), lambda: conversions.items(text, item_names())):
        with suppress(Unreadable):
            read()


def test_a_long_cell_is_shown_short() -> None:
    with pytest.raises(Unreadable) as caught:
        conversions.number("x" * 20_000)
    assert len(caught.value.problem.params["value"]) == conversions.SHOWN_CHARACTERS + 1
