"""docs/security.md leaves out no point of the standard, and names only files and tests that exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
POINTS = (
    "1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 "
    "5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 "
    "8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 "
    "11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 "
    "16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2"
)
"""Sections of ASVS 5.0.0, and how many of their points are of level 1 or 2: in each these come first."""
ROW = re.compile(r"^\| ([\d. -]+) \| (yes|part|no|-) \| (.*) \| ?(.*) \|$", re.MULTILINE)
ROWS = ROW.findall(TEXT)
NAMED = sorted(set(re.findall(r"`((?:server|tests|web|workers|geo|docs|bench)/[\w./-]+(?:::\w+)?)`", TEXT)))


def points(said):
    """`6.2.2-3 7.1.1` as 6.2.2, 6.2.3 and 7.1.1."""
    for part in said.split():
        section, _, numbers = part.rpartition(".")
        first, _, last = numbers.partition("-")
        yield from (f"{section}.{number}" for number in range(int(first), int(last or first) + 1))


def test_every_point_of_levels_1_and_2_has_its_row():
    wanted = {
        f"{section}.{number}"
        for section, count in (part.split(":") for part in POINTS.split())
        for number in range(1, int(count) + 1)
    }
    assert len(wanted) == 253
    told = Counter(point for said, *_ in ROWS for point in points(said))
    assert set(told) == wanted
    assert max(told.values()) == 1


def test_what_is_met_says_how_and_what_is_not_says_why():
    unmet = set(points(" ".join(re.findall(r"^\| ([\d., -]+) \| [^|]+ \|$", TEXT, re.MULTILINE)).replace(",", "")))
    for said, met, how, _ in ROWS:
        assert how.strip(), said
        assert met != "no" or "see above" not in how or set(points(said)) <= unmet, said


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_exists(name):
    path, _, test = name.partition("::")
    assert (ROOT / path).exists()
    assert not test or f"def {test}(" in (ROOT / path).read_text("utf-8")
