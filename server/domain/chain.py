"""The audit trail's hash chain: h(i) = SHA-256(h(i-1) || canonical entry i), h(0) thirty-two zero bytes."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

GENESIS = b"\x00" * 32
FIELDS = ("actor", "action", "area", "subject", "details", "position")


def entry_hash(previous: bytes, row: Mapping[str, Any]) -> bytes:
    """The chained hash of one entry, over its canonical JSON."""
    canonical = json.dumps(
        {**{name: row[name] for name in FIELDS}, "at": row["at"].timestamp()},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(previous + canonical.encode()).digest()
