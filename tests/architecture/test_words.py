"""Every code that a person can meet has a word in both languages."""

import json
import re
from pathlib import Path

import pytest

from server.domain import catalogue, errors, events, lifecycle, offering, permissions, steps
from server.services import approvals, inputs, plan_figures

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("id", "en")


def _flat(node, prefix=""):
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


WORDS = {
    language: dict(_flat(json.loads((ROOT / "web" / "i18n" / f"{language}.json").read_text("utf-8"))))
    for language in LANGUAGES
}


def _problem_codes():
    """Every code given to Problem(...) or to a refusal by name in the source."""
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "server").rglob("*.py"))
    refusals = "|".join(
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.DomainError)
    )
    yield from re.findall(r"\bProblem\(\s*\"([a-z_0-9]+)\"", source)
    yield from re.findall(rf"\b(?:{refusals})\(\s*\"([a-z_0-9]+)\"", source)
    yield from (kind.code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "code"))
    yield from inputs._CODES.values()
    yield "bad_character"


def _wanted():
    yield from (f"errors.{code}" for code in _problem_codes())
    yield from (f"states.{noun}.{state}" for noun in lifecycle.TABLES for state in lifecycle.states(noun))
    yield from (f"states.need.{lifecycle.need_fill(2, covered)}" for covered in (0, 1, 2))
    yield from (f"items.{code}" for code in catalogue.ITEMS)
    yield from (f"units.{item.unit}" for item in catalogue.ITEMS.values())
    yield from (f"skills.{skill}" for skill in catalogue.SKILLS)
    yield from (f"roles.{role}" for role in permissions.ROLES)
    yield from (f"events.{name}" for name in events.Event.REGISTRY)
    yield from (f"steps.{step}" for step in steps.STEPS)
    yield from (f"attention.{code}" for code in offering.ATTENTION)
    yield from (f"dropped.{code}" for code in approvals.DROPPED)
    yield from (f"fallen.{code}" for code in plan_figures.FALLEN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_word(language):
    missing = sorted({key for key in _wanted() if not WORDS[language].get(key)})
    assert not missing


def test_both_languages_have_the_same_words_and_gaps():
    assert set(WORDS["id"]) == set(WORDS["en"])
    for key, sentence in WORDS["id"].items():
        gaps = [set(re.findall(r"\{(\w+)\}", text)) for text in (sentence, WORDS["en"][key])]
        assert gaps[0] == gaps[1], key


def test_the_draft_language_says_nothing_that_indonesian_does_not_and_fills_the_same_gaps():
    draft = dict(_flat(json.loads((ROOT / "web" / "i18n" / "su.json").read_text("utf-8"))))
    assert set(draft) - set(WORDS["id"]) == {"app.to_review"}
    for key in set(draft) & set(WORDS["id"]):
        gaps = [set(re.findall(r"\{(\w+)\}", text)) for text in (draft[key], WORDS["id"][key])]
        assert gaps[0] == gaps[1], key


@pytest.mark.parametrize("part", ["report", "danger", "levels"])
def test_the_draft_language_says_all_that_the_report_page_says(part):
    draft = dict(_flat(json.loads((ROOT / "web" / "i18n" / "su.json").read_text("utf-8"))))
    assert sorted(key for key in WORDS["id"] if key.startswith(f"{part}.") and not draft.get(key)) == []
