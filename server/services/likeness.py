"""Whether two reports may be the same thing: what speaks for it, each with its value, and the rule over what is seen.

No score: a suggestion is made for reasons that a person can check (`REASONS`), and shows all that was compared. Nothing
is merged by it. The figures are our own, set on one half of a labelled sample and measured on the other
(docs/decisions/duplicates.md, `python -m bench duplicates`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import cos, hypot, radians
from typing import Any

from server.services import wordings
from server.services.wordings import Wording

METRES_A_DEGREE = 111_195.0
DOOR_M, SPOT_M, NEAR_M, SAME_AREA_M, FAR_M = 60.0, 150.0, 300.0, 2_000.0, 5_000.0
AT_ONCE_H, DAY_H, LONGEST_H = 6.0, 24.0, 72.0
ROUGH_M = 300.0
"""A place known no better than this says which neighbourhood, and is near half of it."""
UNSAID_M = 100.0
"""What is stored for a point of which nobody said how well it is known (`services/places.py`)."""
HALF, MOST, SOME = 0.5, 0.6, 0.34
"""Shares of own words in common."""
PHOTO_BITS = 6
"""Pictures whose hashes of 64 bits differ in no more than these are one picture, saved anew, cut or smaller."""
_64_BITS = (1 << 64) - 1
ACUTE = frozenset({"collapse", "trapped", "fire", "slide"})
"""Troubles of one moment at one spot: who tells of one nearby, soon after another, mostly tells of the same."""
REASONS = ("said", "photo", "phone", "words", "spot", "danger", "names")


@dataclass(frozen=True)
class Told:
    """What a report says, as far as it is compared. Times are when it happened or was told; degrees in WGS84."""

    at: datetime
    lon: float | None
    lat: float | None
    rough: bool
    wording: Wording
    text_own: frozenset[str]
    items: frozenset[str]
    danger: frozenset[str]
    phone: bytes | None
    photos: tuple[int, ...]


@dataclass(frozen=True)
class Signals:
    """What speaks for two reports being the same thing, or against it; None where one of them does not say.

    metres apart (`rough`: a place is not known well); minutes between them; `words_share` of their own words that both
    have, 0..1, and those `words`; `troubles` and needed `items` that both name; the same `phone`; `photo_bits` of 64 in
    which their most alike photos differ; `said`: a reporter says so; `other`: they tell of other troubles, or of other
    names.
    """

    metres: int | None
    rough: bool
    minutes: int
    words_share: float
    words: tuple[str, ...]
    troubles: tuple[str, ...]
    items: tuple[str, ...]
    phone: bool | None
    photo_bits: int | None
    said: bool
    other: bool

    def shown(self) -> dict[str, Any]:
        """As the screens have it."""
        lists = {name: list(getattr(self, name)) for name in ("words", "troubles", "items")}
        return {**vars(self), **lists, "words_share": round(self.words_share, 2)}


def told(row: Mapping[str, Any], items: Collection[str], photos: Collection[int]) -> Told:
    """A report's row, with the items that it asks for and the hashes of its photos."""
    text, place = row["text"], row["place_text"]
    return Told(
        at=row["happened_at"] or row["received_at"],
        lon=row["lon"],
        lat=row["lat"],
        rough=_is_rough(row["lon"], row["lat"], row["accuracy_m"]),
        wording=wordings.heard(f"{text or ''} . {place or ''}"),
        text_own=wordings.heard(text).own,
        items=frozenset(items),
        danger=frozenset(name for name, yes in row["danger"].items() if yes),
        phone=None if row["phone_index"] is None else bytes(row["phone_index"]),
        photos=tuple(photos),
    )


def compared(one: Told, other: Told, *, said: bool = False) -> Signals:
    """The signals of two reports."""
    share, words = wordings.overlap(one.wording, other.wording)
    return Signals(
        metres=_metres(one, other),
        rough=one.rough or other.rough,
        minutes=round(abs((one.at - other.at).total_seconds()) / 60),
        words_share=share,
        words=tuple(words),
        troubles=tuple(sorted((_troubles(one)) & _troubles(other))),
        items=tuple(in_common(one.items, other.items)),
        phone=None if one.phone is None or other.phone is None else one.phone == other.phone,
        photo_bits=min((((a ^ b) & _64_BITS).bit_count() for a in one.photos for b in other.photos), default=None),
        said=said,
        other=_tells_of_another(one, other),
    )


def in_common(one: Collection[str], other: Collection[str]) -> list[str]:
    """The items that both ask for."""
    return sorted(set(one).intersection(other))


def reasons(found: Signals) -> list[str]:
    """Why the two are suggested as the same, of REASONS; nothing: they are not."""
    hours, precise, alike = found.minutes / 60, not found.rough, not found.other
    the_same = alike and bool(found.troubles or found.items)

    def within(most_m: float, most_h: float) -> bool:
        return found.metres is not None and found.metres <= most_m and hours <= most_h

    speaks = {
        "said": found.said,
        "photo": found.photo_bits is not None and found.photo_bits <= PHOTO_BITS,
        "phone": bool(found.phone) and hours <= LONGEST_H and (found.metres is None or found.metres <= SAME_AREA_M),
        "words": alike and within(NEAR_M, LONGEST_H) and _say_the_same(found),
        "spot": precise and ((the_same and within(SPOT_M, LONGEST_H)) or (alike and within(DOOR_M, DAY_H))),
        "danger": alike and precise and within(NEAR_M, AT_ONCE_H) and not ACUTE.isdisjoint(found.troubles),
        "names": the_same and within(FAR_M, LONGEST_H) and found.words_share >= MOST and len(found.words) > 1,
    }
    return [reason for reason in REASONS if speaks[reason]]


def _say_the_same(found: Signals) -> bool:
    if not (found.troubles or found.items or len(found.words) > 2):
        return False
    if found.words_share >= HALF or (found.words_share >= SOME and len(found.words) > 2):
        return True
    return not found.rough and len(found.words) > 1


def _troubles(one: Told) -> frozenset[str]:
    return one.wording.troubles | (one.danger & {"trapped"})


def _metres(one: Told, other: Told) -> int | None:
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    north = (one.lat - other.lat) * METRES_A_DEGREE
    east = (one.lon - other.lon) * METRES_A_DEGREE * cos(radians((one.lat + other.lat) / 2))
    return round(hypot(north, east))


def _is_rough(lon: float | None, lat: float | None, accuracy_m: float | None) -> bool:
    """Whether a place says no more than which neighbourhood.

    So it does when it is written to 100 m only and nobody says that it is better known: mostly it is the middle of
    what has a name.
    """
    if lon is None or lat is None:
        return False
    if accuracy_m is not None and accuracy_m > ROUGH_M:
        return True
    return (accuracy_m is None or accuracy_m >= UNSAID_M) and round(lon, 3) == lon and round(lat, 3) == lat


def _tells_of_another(one: Told, other: Told) -> bool:
    """Whether the two name troubles, kinds of places, numbers or missing people, and none of them is the other's."""
    mine, theirs = one.wording, other.wording
    for a, b in ((mine.troubles, theirs.troubles), (mine.places, theirs.places)):
        if a and b and a.isdisjoint(b):
            return True
    heads = {head for head, _ in mine.numbered} & {head for head, _ in theirs.numbered}
    if any(_numbers(mine, head).isdisjoint(_numbers(theirs, head)) for head in heads):
        return True
    return "missing" in mine.troubles & theirs.troubles and not wordings.in_common(one.text_own, other.text_own)


def _numbers(wording: Wording, head: str) -> set[str]:
    return {number for word, number in wording.numbered if word == head}
