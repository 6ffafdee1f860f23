"""How alike two tellings of a rumour are: one place, so that a better measure has one place to go.

What is the `same` waits for one answer by itself; of what is merely alike (`likeness`) a person decides.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from rapidfuzz import fuzz

from geo.names import unaccented

WHOLE: Final = 100.0
MISTYPED: Final = 0.95
"""What is left of a word that fits but for a slip: Sukaresmi and Sukaresik are two places, so a person decides."""
ALIKE: Final = 50.0
"""From here on a person is asked whether the two are one. An assumption of ours."""
TYPO: Final = 80.0
"""Words at least this alike (rapidfuzz ratio, 0..100) are one word, mistyped."""
LEAST_LETTERS: Final = 5
"""A shorter word is mistyped into another one too easily: it must be the same."""

_ASKING: Final = """
a ada admin aja apa apakah ataukah bahwa benar benarkah beneran berita betul betulkah bgt bu buat cek dan dari dengar
dengan denger di dong dpt dr enya gan gosip hoaks hoax info infonya ini itu ka kabar kabarnya kah kak katanya kata ke
kok konon ko lg lagi mas masa masak min minta mohon nih oleh pa pak pada para pd saya sih sudah sdh si tadi tanya tau
tdi tentang tolong udah wa ya yah yang yg
about any are been did does has have hear heard here hi is it of on please really said say says that the there they
this to true was what
"""
"""Words with which people ask or tell, in Indonesian and English, that say nothing about what is told."""
_DENYING: Final = "tidak tdk tak nggak ngga enggak gak ga bukan bkn belum blm jangan no not never isnt"
_SPELLED: Final = {"jln": "jalan", "jl": "jalan", "jbtn": "jembatan", "jmbtn": "jembatan"}
_FILLERS: Final = frozenset(_ASKING.split()) | {"kec", "kab", "ds"}
_DENIALS: Final = frozenset(_DENYING.split())


def same(one: str, other: str) -> bool:
    """Whether the two are word for word the same, in the same order, but for fillers."""
    first, second = _words(one), _words(other)
    return first == second if first else one.strip().casefold() == other.strip().casefold()


def likeness(one: str, other: str) -> float:
    """0..100: how much of what the two say has its like in the other, less when only one of them denies it."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return WHOLE if same(one, other) else 0.0
    letters = sum(map(len, (*first, *second)))
    found = sum(len(word) * _fits(second, word) for word in first)
    found += sum(len(word) * _fits(first, word) for word in second)
    score = WHOLE * found / letters
    is_denied_by_one = bool(_DENIALS.intersection(first)) != bool(_DENIALS.intersection(second))
    return min(score, ALIKE) if is_denied_by_one else score


@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    """The words that say something, in order, each once; a word said twice in a row is one."""
    bare = re.sub(r"https?://\S+", " ", unaccented(text))
    said = [_SPELLED.get(word, word) for word in re.findall(r"[a-z]+|\d+", bare)]
    kept = [word for word in said if word not in _FILLERS]
    return tuple(kept[:1] + [word for before, word in pairwise(kept) if word != before])


def _fits(words: Sequence[str], word: str) -> float:
    """1 for a word that is among them, MISTYPED for one that may be, 0 for others; numbers are never mistyped."""
    if word in words:
        return 1.0
    if len(word) < LEAST_LETTERS or word.isdecimal():
        return 0.0
    long = (one for one in words if len(one) >= LEAST_LETTERS and not one.isdecimal())
    return MISTYPED if any(fuzz.ratio(word, one) >= TYPO for one in long) else 0.0
