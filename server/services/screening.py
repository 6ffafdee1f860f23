"""Screening: who sends a report, as far as we know, and which limits it is over. The rule is `domain/abuse.py`."""

import hmac
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from server.domain import abuse
from server.domain.errors import Invalid
from server.domain.permissions import ANYONE, Actor
from server.imports.phrases import LANGUAGES, Meaning, Phrases, vocabulary
from server.services import contacts
from server.services.inputs import ReportIn

DEVICE_BYTES = 16
IPV6_SITE = 64
"""Bits of an IPv6 address that one household or phone has for itself."""
CRIES = (
    "tolong", "bantu*", "butuh*", "perlu*", "mohon", "darurat", "banjir*", "gempa*", "longsor*", "roboh", "ambruk",
    "rubuh", "rusak*", "terendam", "kebanjiran", "mengungsi", "pengungsi*", "korban", "terisolir", "terputus", "luka*",
    "hilang", "hanyut", "lapar", "haus", "sakit", "retak*", "bayi", "lansia", "hamil", "keluarga", "warga", "jiwa",
    "takut", "kedinginan", "kehabisan", "habis", "putus", "minta", "kurang", "help", "need*", "flood*", "urgent",
    "injured", "peryogi", "kabanjiran",
)  # fmt: skip
"""Besides the words for items and dangers (`imports/keywords`): what a cry for help says."""
Count = Callable[[Sequence[tuple[str, Sequence[str]]]], list[list[int]] | None]
"""`server/tally.py` counts."""


@dataclass(frozen=True)
class Sender:
    """Where a report comes from, as digests that say nothing to whoever lacks the key.

    is_new: whether the device's mark was made with this very report.
    """

    device: bytes
    address: bytes
    is_new: bool


@dataclass(frozen=True)
class Mark:
    """What a browser carries so that its reports are known to come from one device: nothing about the person."""

    text: str
    is_new: bool


def mark_of(given: str | None, keys: contacts.Keys) -> Mark:
    """The device's mark as it was given, or a new one when there is none of ours."""
    device, _, proof = (given or "").partition(".")
    if given and hmac.compare_digest(proof.encode(), _proof(device, keys).encode()):
        return Mark(given, is_new=False)
    device = secrets.token_hex(DEVICE_BYTES)
    return Mark(f"{device}.{_proof(device, keys)}", is_new=True)


def _proof(device: str, keys: contacts.Keys) -> str:
    return hmac.new(keys.senders, f"mark:{device}".encode(), sha256).hexdigest()[:32]


def sender_of(address: str, mark: Mark, keys: contacts.Keys) -> Sender:
    """The sender behind a network address and a device's mark."""
    return Sender(_digest("device", mark.text, keys), _digest("address", _network(address), keys), mark.is_new)


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, IPV6_SITE), strict=False))
    return str(found)


def _digest(kind: str, text: str, keys: contacts.Keys) -> bytes:
    return hmac.new(keys.senders, f"{kind}:{text}".encode(), sha256).digest()


def weigh(
    told: Sequence[tuple[Actor, ReportIn, Sender | None]], count: Count, limits: abuse.Limits, keys: contacts.Keys
) -> list[abuse.Weight]:
    """For each report what it shows and which limits it is over; nothing for staff's, imports and when all is off."""
    asked = [
        (n, _Asked.of(body, sender, keys))
        for n, (actor, body, sender) in enumerate(told)
        if sender is not None and actor is ANYONE and not limits.is_off
    ]
    found = [abuse.LIGHT] * len(told)
    counted = count([(one.once, one.keys) for _, one in asked]) if asked else None
    for (n, one), counts in zip(asked, counted or (), strict=counted is not None):
        found[n] = one.weight(counts, limits)
    return found


@dataclass(frozen=True)
class _Asked:
    """A report as it is counted."""

    once: str
    names: tuple[str, ...]
    keys: tuple[str, ...]
    seen: abuse.Look
    sender: str

    @classmethod
    def of(cls, body: ReportIn, sender: Sender, keys: contacts.Keys) -> "_Asked":
        phone = _phone(body, keys)
        device = "" if sender.is_new else sender.device.hex()[:24]
        address = sender.address.hex()[:24]
        reachable = bool(phone or device or body.place)
        is_full = bool(body.needs) and bool(body.place or body.area_code) and bool(phone or device)
        seen = abuse.look(body.text or "", _told(body), asks=_asks(body), reachable=reachable, is_full=is_full)
        counted = {"device": f"d:{device}" if device else "", "phone": f"p:{phone}" if phone else ""}
        counted |= {"address": f"a:{address}", "everyone": "e"}
        counted |= {"doubtful_here": f"q:{address}", "doubtful": "q"} if seen.is_doubtful else {}
        named = {name: key for name, key in counted.items() if key}
        used = tuple(f"w:{one}" for one in (*seen.words, *seen.pairs))
        return cls(str(body.client_id), tuple(named), (*named.values(), *used), seen, phone or device)

    def weight(self, counts: Sequence[int], limits: abuse.Limits) -> abuse.Weight:
        known = len(self.names)
        by_name = dict(zip(self.names, counts[:known], strict=True))
        return abuse.weigh(self.seen, by_name, counts[known:], limits, self.sender)


def _phone(body: ReportIn, keys: contacts.Keys) -> str:
    if body.contact is None or not body.contact.phone:
        return ""
    try:
        return contacts.phone_index(contacts.normalise_phone(body.contact.phone), keys).hex()[:24]
    except Invalid:
        return ""


def _told(body: ReportIn) -> list[str]:
    """What the form tells, the place to about a kilometre: a report without a text is known by it."""
    needs = sorted(wanted.item for wanted in body.needs or [])
    place = f"{body.place.lon:.2f},{body.place.lat:.2f}" if body.place else (body.area_code or body.place_text or "")
    return [*needs, str(body.people or ""), place]


def _asks(body: ReportIn) -> bool:
    is_danger = body.danger is not None and any(value for _, value in body.danger)
    return bool(body.needs) or is_danger or _cries().any_in(body.text or "")


@cache
def _cries() -> Phrases:
    known = [entry for language in LANGUAGES for entry in vocabulary(language)]
    return Phrases([*known, *((word, Meaning()) for word in CRIES)])
