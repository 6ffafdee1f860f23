"""When a report waits in quarantine until a person has looked at it; docs/decisions/abuse.md says why so.

A rule in the open, no score: what a report shows (`signals`) and what is over its limit (`over`) are told to whoever
moderates, word by word. Nothing here loses a report, and T0 never waits.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from itertools import pairwise

WINDOW_S = 600
"""Seconds in which the limits count, from the first report that is counted."""
WORN_WORDS, WORN_PAIRS = 0.8, 0.4
"""Of a report's words, and of its pairs of neighbouring words, the share that is over the limit in repeated text."""
MOST_WORDS = 24
"""Words, and pairs, of a report that are looked at: a long text is known by its beginning."""
FEW_WORDS = 8
"""A longer text of one's own is not held for naming no need: no list of words knows all that people may need."""
DOUBTFUL = ("link", "gibberish", "no_need")
"""Signals that make a report doubtful. A few such reports are shown to all staff; a flood of them waits."""
_LINK = re.compile(
    r"(?:https?://|www\.)([^\s/?#:]+)|\b((?:[a-z0-9-]+\.)+(?:com|net|org|info|xyz|site|online|top|id))\b/?",
    re.IGNORECASE,
)
_MAPS = re.compile(
    r"(^|\.)(goo\.gl|google\.[a-z.]+|waze\.com|openstreetmap\.org|osm\.org|what3words\.com|petabencana\.id|go\.id|wa\.me)$",
    re.IGNORECASE,
)
"""Where people show a place, and public offices: no sign of junk."""
_SAME = re.compile(r"(.)\1{7,}")
_MASHED = re.compile(r"asdf|sdfg|dfgh|fghj|qwer|zxcv|hjkl")
_NEIGHBOURS = frozenset(
    re.findall(
        "..",
        "bbbdbjblbrbsccchckclcrctdddjdkdldndrdsdwdyffflfrftggghglgngrgshkhlhmhnhrhthwkhkkklkmknkrksktkwkyldlf"
        "lglhlklllmlnlplsltlvlymbmmmpmsmyncndnfngnhnjnknlnnnrnsntnvnwnynzphplppprpsptpyrbrcrdrfrgrhrjrkrlrmrn"
        "rprrrsrtrvrwryrzscshsjskslsmsnspsrssstswsythtltmtrtstttwtywhwrxpxt",
    )
)
"""Consonants that stand side by side in Indonesian, Sundanese and English words."""
_WORD = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)


@dataclass(frozen=True)
class Limits:
    """How many reports in ten minutes; 0 of `everyone` turns all of them off.

    device, phone: of one. words: that use the same word, or pair of words. address: of one network address, loose,
    since thousands share one in mobile networks. everyone: of all. doubtful_here, doubtful: with a doubtful signal, of
    one address and of all.
    """

    device: int
    phone: int
    words: int
    address: int
    everyone: int
    doubtful_here: int
    doubtful: int

    @property
    def is_off(self) -> bool:
        """Whether nothing is limited."""
        return self.everyone == 0


NAMES = tuple(field.name for field in fields(Limits))


@dataclass(frozen=True)
class Look:
    """What a report shows by itself: its signals, its words and pairs of words, the host of its link.

    is_full: whether its form is filled in as people in need do, by a need or danger, a place and a way to ask back.
    """

    signals: tuple[str, ...]
    words: tuple[str, ...]
    pairs: tuple[str, ...]
    host: str = ""
    is_full: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Whether one of its signals is a doubtful one."""
        return any(signal in DOUBTFUL for signal in self.signals)


@dataclass(frozen=True)
class Weight:
    """A report's signals, which limits it is over, and what is like it (`group`), for the moderation queue."""

    signals: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    group: str = ""

    def is_doubted(self, *, is_known: bool) -> bool:
        """Whether a person looks first; who was right before (`is_known`) only has limits of device and phone."""
        return bool(self.over) and (not is_known or any(name in ("blocked", "device", "phone") for name in self.over))


LIGHT = Weight()
"""A report with nothing against it, and one that is not counted."""


def look(text: str, told: Sequence[str], *, asks: bool, reachable: bool, is_full: bool = False) -> Look:
    """What a report shows.

    text: its words. told: what its form tells besides (needs, people, place), the only words of one without a text.
    asks: whether it asks for something or names a danger. reachable: whether it has a phone, a device that came before
    or a point on the map. is_full: as in `Look`.
    """
    host = _link(text)
    words, pairs = _words(text, told)
    found = [
        ("link", bool(host)),
        ("gibberish", is_gibberish(text)),
        ("no_need", not asks and len(words) < FEW_WORDS),
        ("unreachable", not reachable),
    ]
    return Look(tuple(name for name, holds in found if holds), words, pairs, host, is_full)


def _words(text: str, told: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Digests of a text's words and of its neighbouring ones, without what is cheap to vary: numbers, links, case."""
    row = ["#" if word.isdigit() else word.casefold() for word in _WORD.findall(_LINK.sub(" ", text))]
    words, pairs = [word for word in row if word != "#"], [f"{one} {two}" for one, two in pairwise(row)]
    if not words:
        words = pairs = ["|".join(told)] if any(told) else []
    return _digests(words), _digests(pairs or words)


def is_gibberish(text: str) -> bool:
    """Whether most of a text's words cannot be read: keys hit at random, one letter again and again, no letters."""
    words = re.findall(r"[^\W\d_]{5,}", text)
    if not words:
        return bool(text.strip()) and len(re.findall(r"\w", text)) < len(text.strip()) / 3
    unread = [word for word in words if _is_unreadable(word)]
    return 2 * len(unread) > len(words) and sum(map(len, unread)) >= 6


def _is_unreadable(word: str) -> bool:
    """One letter again and again, a row of keys, or consonants side by side that no language here has.

    Short words are not looked at: people leave the vowels out (`tlg bnjr`). Nor are other scripts.
    """
    plain = word.casefold()
    if not plain.isascii():
        return False
    if _SAME.fullmatch(plain) or _MASHED.search(plain):
        return True
    pairs = [one + two for one, two in pairwise(plain)]
    odd = [pair for pair in pairs if not set(pair) & set("aeiouy") and pair not in _NEIGHBOURS]
    return 4 * len(odd) >= len(pairs)


def _link(text: str) -> str:
    """The host of the first link that shows no place; "" without one."""
    hosts = [(match[1] or match[2] or "").casefold() for match in _LINK.finditer(text)]
    return next((host for host in hosts if host and not _MAPS.search(host)), "")


def weigh(seen: Look, counts: Mapping[str, int], used: Sequence[int], limits: Limits, sender: str = "") -> Weight:
    """What a report's counts mean.

    counts: how many came in the window by the names of `Limits` but `words`, this one with them; those without a
    device, say, have no such count. used: the same for each of its words and then its pairs. sender: a name for its
    device or phone.
    """
    full = {name for name in NAMES if counts.get(name, 0) > getattr(limits, name)}
    over: list[str] = [name for name in ("device", "phone") if name in full]
    signals, worn = list(seen.signals), _worn(seen, used, limits)
    if worn:
        over.append("words")
        signals.append("repeated")
    over += [name for name in ("doubtful_here", "doubtful") if name in full and seen.is_doubtful]
    weak = seen.is_doubtful or "unreachable" in signals
    over += [name for name in ("address", "everyone") if name in full and weak]
    return Weight(tuple(signals), tuple(over), _group(seen, over, worn, sender))


def _worn(seen: Look, used: Sequence[int], limits: Limits) -> list[str]:
    """The words that are over the limit, when the text is repeated; else none.

    Its words alone tell it, of one whose form is full its pairs as well: people in need use the same few words.
    """
    by_word = dict(zip(seen.words, used[: len(seen.words)], strict=True))
    worn = [word for word, n in by_word.items() if n > limits.words]
    pairs = sum(n > limits.words for n in used[len(seen.words) :])
    is_worn = len(worn) >= WORN_WORDS * len(seen.words) and bool(worn)
    return worn if is_worn and (not seen.is_full or pairs >= WORN_PAIRS * len(seen.pairs)) else []


def _group(seen: Look, over: Sequence[str], worn: Sequence[str], sender: str) -> str:
    """What is junk for one reason is looked at together; repeated texts by a word that they share."""
    if worn:
        return f"words:{min(worn)}"
    if seen.host:
        return f"link:{seen.host[:80]}"
    if "device" in over or "phone" in over:
        return f"sender:{sender}"
    return next((name for name in ("gibberish", "no_need") if name in seen.signals), "other")


def _digests(texts: Sequence[str]) -> tuple[str, ...]:
    known = list(dict.fromkeys(texts))[:MOST_WORDS]
    return tuple(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12] for text in known)
