"""Cases: a file's text and back, what is wrong with one, and random ones."""

import json

import pytest

from bench.drill.case import SPREADS, SUPPLIES, BadCase, parsed, random_case, read, text_of


@pytest.mark.parametrize("supply", SUPPLIES)
@pytest.mark.parametrize("spread", SPREADS)
def test_a_case_written_down_is_read_as_it_was(supply, spread):
    case = random_case(3, supply, spread)
    assert parsed(text_of(case)) == case


def test_a_seed_gives_one_case_and_another_seed_another():
    assert random_case(1, "scarce", "cluster") == random_case(1, "scarce", "cluster")
    assert random_case(1, "scarce", "cluster").reports != random_case(2, "scarce", "cluster").reports


def test_supply_changes_neither_reports_nor_places():
    scarce, ample = random_case(1, "scarce", "cluster"), random_case(1, "ample", "cluster")
    assert scarce.reports == ample.reports
    assert scarce.volunteers == ample.volunteers[: len(scarce.volunteers)]
    assert sum(lot.quantity for lot in scarce.stock) * 3 < sum(lot.quantity for lot in ample.stock)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("reports", 0, "tier", 4), "reports.0.tier: Input should be less than or equal to 3"),
        (("reports", 1, "village", 99), "reports.1.village: there are 20 villages, counted from 0"),
        (("stock", 0, "site", 8), "stock.0.site: there are 8 sites, counted from 0"),
        (("stock", 0, "item", "gold"), "stock.0.item: not in the catalogue"),
        (("volunteers", 2, "vehicle", "rocket"), "volunteers.2.vehicle: "),
        (("volunteers", 2, "from_min", 5_000), "volunteers.2.to_min: before from_min"),
        (("reports", 0, "vulnerable", {"tall": 2}), "reports.0.vulnerable.tall."),
    ],
)
def test_a_bad_file_is_told_by_the_field(change, message):
    *way, last, value = change
    content = json.loads(text_of(random_case(1, "scarce", "cluster")))
    at = content
    for step in way:
        at = at[step]
    at[last] = value
    with pytest.raises(BadCase) as refused:
        parsed(json.dumps(content))
    assert str(refused.value).startswith(message)


def test_a_file_that_is_not_there_or_no_json_is_told(tmp_path):
    with pytest.raises(BadCase, match="No such file"):
        read(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(BadCase, match="file: Invalid JSON"):
        read(tmp_path / "bad.json")
