"""What a free text means among Indonesian area names: ranked, never guessed.

Thousands of villages share a name ("Sukamaju"), people leave out or abbreviate the level
("kec. Cugenang"), join or split words ("Gunungputri"), and mistype. A text is cut into runs of
words; an area scores by the share of the text that its own name and its parents' names explain.
So "Sukamaju Cianjur" lifts the village in that regency above all its namesakes, and "Sukamaju"
alone leaves them tied.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from rapidfuzz import fuzz, process

LEVEL_WORDS: Final = {
    "provinsi": "province", "prov": "province", "propinsi": "province",
    "kabupaten": "regency", "kab": "regency", "kota": "regency", "kotamadya": "regency",
    "kecamatan": "district", "kec": "district",
    "desa": "village", "ds": "village", "kelurahan": "village", "kel": "village",
}  # fmt: skip
"""Words that say which level the following name is of."""

SMALLER_WORDS: Final = frozenset({"kampung", "kp", "dusun", "dsn", "rt", "rw", "jalan", "jl"})
"""Words for places below a village; they and plain numbers say nothing about the area."""

LEAST_SIMILAR: Final = 80.0
"""Names less alike than this (rapidfuzz ratio, 0..100) are different names, not typing errors."""

LONGEST_RUN: Final = 4
"""Words in the longest area name that is looked for."""

WRONG_LEVEL: Final = 0.8
"""What is left of a match when the text names another level than the area's."""


class Named(Protocol):
    """What the search must know of an area."""

    @property
    def code(self) -> str:
        """Its code."""
        ...

    @property
    def level(self) -> str:
        """Its level."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...


@dataclass(frozen=True, slots=True)
class Ranking:
    """Codes with their scores 0..100 (how much of the text a name explains, and how well), best
    first. `ambiguous`: another one is as good as the first and lies elsewhere, so a person has to
    choose; one that lies in the first does not count.
    """

    scored: tuple[tuple[str, float], ...]
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of words of the text that may be a name: first word, word after the last, its letters
    joined, and the level that a word before it claims.
    """

    first: int
    end: int
    letters: str
    claims: str | None


def unaccented(text: str) -> str:
    """A text in small Latin letters without accents; letters of other scripts are left out."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without accents, marks and plain numbers."""
    return [word for word in re.findall(r"[a-z0-9]+", unaccented(text)) if not word.isdigit()]


def letters_of(name: str) -> str:
    """A name as it is compared: no level word in front, no spaces or marks."""
    words = words_of(name)
    while len(words) > 1 and words[0] in LEVEL_WORDS:
        words = words[1:]
    return "".join(words)


def _claim(name: str) -> str | None:
    """'kota' or 'kab' when the name says which kind of regency it is."""
    first = words_of(name)[:1]
    return {"kota": "kota", "kabupaten": "kab"}.get(first[0]) if first else None


class NameIndex:
    """The names of all areas, ready to be searched."""

    def __init__(self, chains: Mapping[str, Sequence[Named]]) -> None:
        self._chains = chains
        self._letters = {code: letters_of(chain[-1].name) for code, chain in chains.items()}
        self._names = sorted(set(self._letters.values()))
        self._bearers: dict[str, list[str]] = {}
        for code, letters in self._letters.items():
            self._bearers.setdefault(letters, []).append(code)

    def search(self, text: str, *, parent: str | None = None, level: str | None = None, limit: int = 10) -> Ranking:
        """What a text may mean, within a parent and at a level if given; ties by level (larger
        first), then code.
        """
        runs, total = _runs(text)
        if not runs:
            return Ranking((), ambiguous=False)
        scores = self._scores(runs, self._alike(runs), total, parent, level)
        order = sorted(scores, key=lambda code: (-scores[code], code.count("."), code))
        scored = tuple((code, scores[code]) for code in order[:limit])
        return Ranking(scored, ambiguous=_ambiguous(order, scores))

    def _alike(self, runs: list[_Run]) -> list[dict[str, float]]:
        """For each run the names that are like it, with their likeness 0..1."""
        table = process.cdist(
            [run.letters for run in runs],
            self._names,
            scorer=fuzz.ratio,
            score_cutoff=LEAST_SIMILAR,
            dtype=np.float32,
        )
        alike: list[dict[str, float]] = [{} for _ in runs]
        for row, column in zip(*np.nonzero(table), strict=True):
            alike[row][self._names[column]] = round(float(table[row, column]) / 100, 4)
        return alike

    def _scores(
        self,
        runs: list[_Run],
        alike: list[dict[str, float]],
        total: int,
        parent: str | None,
        level: str | None,
    ) -> dict[str, float]:
        scores: dict[str, float] = {}
        for own, names in zip(runs, alike, strict=True):
            for name in names:
                for code in self._bearers[name]:
                    chain = self._chains[code]
                    if not _wanted(chain, parent, level):
                        continue
                    score = self._explained(own, names[name], chain, runs, alike) / total
                    scores[code] = max(scores.get(code, 0.0), round(100 * score, 1))
        return scores

    def _explained(
        self,
        own: _Run,
        likeness: float,
        chain: Sequence[Named],
        runs: list[_Run],
        alike: list[dict[str, float]],
    ) -> float:
        """Letters of the text that the area (by the run `own`) and its parents explain."""
        area, taken = chain[-1], [own]
        explained = _weight(own, area, likeness)
        for above in reversed(chain[:-1]):
            best, best_run = 0.0, None
            for run, names in zip(runs, alike, strict=True):
                similar = names.get(self._letters[above.code])
                if similar is None or any(_overlap(run, other) for other in taken):
                    continue
                weight = _weight(run, above, similar)
                if weight > best:
                    best, best_run = weight, run
            if best_run is not None:
                taken.append(best_run)
                explained += best
        return explained


def _runs(text: str) -> tuple[list[_Run], int]:
    """All runs of words that may be names, and the letters in the whole text."""
    words = words_of(text)
    telling = [w for w in words if w not in LEVEL_WORDS and w not in SMALLER_WORDS]
    runs = []
    for first in range(len(words)):
        claims = words[first - 1] if first and words[first - 1] in LEVEL_WORDS else None
        for end in range(first + 1, min(first + LONGEST_RUN, len(words)) + 1):
            if words[end - 1] in LEVEL_WORDS or words[end - 1] in SMALLER_WORDS:
                break
            runs.append(_Run(first, end, "".join(words[first:end]), claims))
    return [run for run in runs if len(run.letters) > 2], max(1, sum(map(len, telling)))


def _weight(run: _Run, area: Named, likeness: float) -> float:
    """Letters explained by a run that names the area; fewer when it claims another level or the
    other kind of regency ("kota" for a kabupaten).
    """
    if run.claims is None:
        return len(run.letters) * likeness
    right = LEVEL_WORDS[run.claims] == area.level
    if right and area.level == "regency":
        kota = run.claims in ("kota", "kotamadya")
        right = kota == (_claim(area.name) == "kota")
    return len(run.letters) * likeness * (1.0 if right else WRONG_LEVEL)


def _overlap(one: _Run, other: _Run) -> bool:
    return one.first < other.end and other.first < one.end


def _wanted(chain: Sequence[Named], parent: str | None, level: str | None) -> bool:
    if level is not None and chain[-1].level != level:
        return False
    return parent is None or any(area.code == parent for area in chain)


def _ambiguous(order: list[str], scores: dict[str, float]) -> bool:
    """Whether one that ties with the first lies elsewhere than in it."""
    if not order:
        return False
    first = order[0]
    tied = (code for code in order[1:] if scores[code] == scores[first])
    return any(not code.startswith(first + ".") for code in tied)
