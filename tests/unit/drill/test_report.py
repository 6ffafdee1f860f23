"""The table and its page from a few short drills."""

import json
import re

import pytest

from bench.drill import runs
from bench.drill.case import Case, random_case
from bench.drill.report import page
from bench.drill.table import table, text
from server.commands import drill

POLICIES = ("tanggap", "first_come")


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    whole = random_case(2, "scarce", "cluster")
    case = Case(
        "Latihan <uji>", whole.starts, 4, whole.villages, whole.sites, whole.stock, whole.reports[:8],
        whole.volunteers[:20],
    )  # fmt: skip
    return runs.play_all(runs.own(POLICIES, 3, 0.6, case), tmp_path_factory.mktemp("drill") / "runs.jsonl", workers=1)


def test_the_table_compares_pairs_and_says_how_sure_it_is(played):
    (row,) = table(played)
    (compared,) = row.compared
    waits = {
        name: [played[run].measures["weighted_wait_min"] for run in played if run.policy == name] for name in POLICIES
    }
    assert row.seeds == 3
    assert compared.saved.mean == pytest.approx(1 - sum(waits["tanggap"]) / sum(waits["first_come"]))
    assert compared.saved.low <= compared.saved.mean <= compared.saved.high
    assert row.bound_min <= min(row.means[name]["weighted_wait_min"] for name in POLICIES)
    assert "first_come" in text([row])


def test_a_seed_that_one_policy_lacks_is_left_out(played):
    some = {run: done for run, done in played.items() if run.seed != 3 or run.policy == "tanggap"}
    assert table(some)[0].seeds == 2


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_stands_alone_and_has_all_its_words(played, language):
    html = page(table(played), played, language, "<machine>", "now")
    assert html.count("<svg") == 5
    assert "&lt;machine&gt;" in html
    assert not re.search(r"drill\.[a-z]", html)
    assert not re.search(r'(?:src|href)="(?!#)', html)
    assert f'<html lang="{language}">' in html


def test_the_command_plays_a_team_s_own_case(tmp_path, capsys):
    whole = random_case(2, "scarce", "cluster")
    file = tmp_path / "case.json"
    file.write_text(
        runs.text_of(Case(whole.name, whole.starts, 2, whole.villages, whole.sites, (), whole.reports[:3], ()))
    )
    drill.run(file, 2, None, ("first_come", "tanggap"), tmp_path / "out", "en", 1)
    assert "first_come" in capsys.readouterr().out
    assert "<svg" in (tmp_path / "out" / "report.html").read_text()
    kept = (tmp_path / "out" / "runs.jsonl").read_text().splitlines()
    assert {json.loads(line)["done"]["measures"]["offers"] for line in kept} == {0}
