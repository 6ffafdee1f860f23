"""Every problem of a file, a mapping or a quantity has its sentence in both languages, with the gaps it fills."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from server.domain.catalogue import QuantityProblem

ROOT = Path(__file__).parents[3]
SOURCE = "\n".join(path.read_text("utf-8") for path in (ROOT / "server" / "imports").rglob("*.py"))
CODES = {
    *re.findall(r'"((?:import|mapping)_[a-z_]+)"', SOURCE),
    *(f"quantity_{code}" for code in get_args(QuantityProblem)),
}


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_problem_has_a_sentence(language: str) -> None:
    words = json.loads((ROOT / "web" / "i18n" / f"{language}.json").read_text("utf-8"))["errors"]
    assert {code for code in CODES if not words.get(code)} == set()


def test_both_languages_fill_the_same_gaps() -> None:
    id_words, en_words = (
        json.loads((ROOT / "web" / "i18n" / f"{language}.json").read_text("utf-8"))["errors"]
        for language in ("id", "en")
    )
    for code in CODES:
        assert set(re.findall(r"\{\w+\}", id_words[code])) == set(re.findall(r"\{\w+\}", en_words[code])), code
