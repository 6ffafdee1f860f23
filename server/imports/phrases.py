"""Words in free text that tell what is needed: phrases found as whole words, whatever their case or accents.

A phrase may end in `*` (`diaper*`). Where several fit at one place the longest wins, so that
`baby food` is not taken for `food`; a phrase without a meaning only keeps others from its words.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

from server.imports.plain_yaml import load_yaml

LANGUAGES = ("id", "en")


def folded(text: str) -> str:
    """The text as words in small letters without accents, one blank between them."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", bare.casefold().replace("_", " ")))


def _pattern(phrase: str) -> str:
    stem = phrase.rstrip()
    words = re.escape(folded(stem.removesuffix("*"))).replace(r"\ ", " ")
    return rf"{words}\w*" if stem.endswith("*") else words


@dataclass(frozen=True)
class Meaning:
    """What a phrase stands for: items that are needed and dangers that people are in."""

    needs: tuple[str, ...] = ()
    danger: tuple[str, ...] = ()


class Phrases:
    """A set of phrases with their meanings, searched in one pass."""

    def __init__(self, meanings: Iterable[tuple[str, Meaning]]) -> None:
        known = sorted(meanings, key=lambda entry: (-len(folded(entry[0]).split()), -len(entry[0])))
        self._meanings = [meaning for _, meaning in known]
        alternatives = "|".join(f"({_pattern(phrase)})" for phrase, _ in known)
        self._regex = re.compile(rf"(?<!\S)(?:{alternatives})(?!\S)") if known else None

    def found_in(self, text: str) -> list[Meaning]:
        """The meanings of the phrases in the text, in the order in which they stand there."""
        if self._regex is None:
            return []
        return [self._meanings[(match.lastindex or 1) - 1] for match in self._regex.finditer(folded(text))]

    def any_in(self, text: str) -> bool:
        """Whether one of the phrases stands in the text."""
        return self._regex is not None and self._regex.search(folded(text)) is not None


def plain_phrases(words: Sequence[str]) -> Phrases:
    """Phrases that are only looked for."""
    return Phrases((word, Meaning()) for word in words)


@lru_cache
def _vocabulary(language: str) -> Mapping[str, Any]:
    text = files("server.imports").joinpath("keywords", f"{language}.yaml").read_text("utf-8")
    return cast("Mapping[str, Any]", load_yaml(text))


def vocabulary(language: str) -> list[tuple[str, Meaning]]:
    """Our words of one language for items, services and dangers."""
    book = _vocabulary(language)
    entries = [(word, Meaning(needs=(code,))) for code, words in book["items"].items() for word in words]
    entries += [(word, Meaning(danger=(name,))) for name, words in book["danger"].items() for word in words]
    entries += [(word, Meaning()) for word in book["ignore"]]
    return entries


@lru_cache
def item_names() -> Mapping[str, str]:
    """Every whole word or phrase that names one item, with the item's code."""
    return {
        folded(word): code
        for language in LANGUAGES
        for section in ("items", "names")
        for code, words in _vocabulary(language)[section].items()
        for word in words
        if "*" not in word
    }
