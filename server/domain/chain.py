"""The audit trail's hash chain: h(i) = SHA-256(h(i-1) || canonical entry i), h(0) thirty-two zero bytes.

The canonical entry is JSON of FIELDS and `at` (seconds since 1970 UTC): keys in order, no blanks, UTF-8.
`web/tools/verify_audit.py` says the same a second time, so that no fault of ours vouches for itself.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

GENESIS = b"\x00" * 32
FIELDS = ("actor", "action", "area", "subject", "details", "position")


@dataclass(frozen=True)
class Break:
    """Where a trail stops being what it was, and what is wrong there."""

    position: int
    what: str


def plainly(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as the chain and its export hold it."""
    return {**{name: row[name] for name in FIELDS}, "at": row["at"].timestamp()}


def canonical(value: Mapping[str, Any]) -> str:
    """A value in the one spelling that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(previous: bytes, row: Mapping[str, Any]) -> bytes:
    """The chained hash of one entry."""
    return hashlib.sha256(previous + canonical(plainly(row)).encode()).digest()


def exported(row: Mapping[str, Any]) -> str:
    """A sealed entry as one line of an export."""
    return canonical({**plainly(row), "hash": bytes(row["hash"]).hex()})


def settled(value: Any) -> Any:
    """A JSON value as the database gives it back: a whole number has no decimals, whoever wrote it."""
    if isinstance(value, dict):
        return {name: settled(part) for name, part in value.items()}
    if isinstance(value, list):
        return [settled(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def broken(rows: Iterable[Mapping[str, Any]], heads: Mapping[int, bytes]) -> Break | None:
    """The first break of a trail, walked from its first entry, or None; `heads` are hashes known by position."""
    previous, last = GENESIS, 0
    for last, row in enumerate(rows, start=1):
        if row["position"] != last:
            return Break(last, "position")
        if entry_hash(previous, row) != bytes(row["hash"]):
            return Break(last, "hash")
        previous = bytes(row["hash"])
        if heads.get(last, previous) != previous:
            return Break(last, "head")
    beyond = [position for position in heads if position > last]
    return Break(last + 1, "cut") if beyond else None
