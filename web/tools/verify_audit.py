"""Checks an export of Tanggap's audit trail. Needs Python 3.9 or later and nothing else.

    python3 verify_audit.py EXPORT.jsonl [--heads HEADS.json ...] [--head POSITION:HASH ...]

EXPORT.jsonl is what an auditor gives you: one entry a line. HEADS.json is what you saved earlier from
/api/public/audit, or one head that you wrote down from the public page. A head is what shows that the
end was cut off or everything after some entry was written anew; without one nobody can see that.

Each entry's hash is SHA-256(hash of the entry before || the entry as JSON without `hash`: keys in order,
no blanks, UTF-8); before the first stand 32 zero bytes. Exit code 0: whole, 1: broken, 2: cannot be read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path


class BrokenError(Exception):
    """The trail is not what it was."""


def spelled(value: object) -> str:
    """The one spelling that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def next_hash(previous: bytes, line: bytes, position: int) -> bytes:
    """The hash that a line must carry and does. Raises BrokenError."""
    try:
        text = line.decode("utf-8")
        entry = json.loads(text)
        is_plain = isinstance(entry, dict) and spelled(entry) == text
    except (ValueError, RecursionError):
        is_plain = False
    if not is_plain:
        raise BrokenError(f"entry {position}: not a line that an export has")
    given = entry.pop("hash", None)
    if entry.get("position") != position:
        raise BrokenError(f"entry {position}: says that it is entry {entry.get('position')!r}")
    found = hashlib.sha256(previous + spelled(entry).encode("utf-8"))
    if given != found.hexdigest():
        raise BrokenError(f"entry {position}: its hash does not follow from it and the entry before")
    return found.digest()


def check(export: bytes, heads: dict[int, str]) -> tuple[int, str]:
    """The number of entries and the last hash (hex) of an export's bytes, past all heads. Raises BrokenError."""
    *lines, rest = export.split(b"\n")
    if rest:
        raise BrokenError(f"entry {len(lines) + 1}: the line has no end")
    found = b"\x00" * 32
    for position, line in enumerate(lines, start=1):
        found = next_hash(found, line, position)
        if heads.get(position, found.hex()) != found.hex():
            raise BrokenError(f"entry {position}: another head was published for it; it or one before was rewritten")
    beyond = [position for position in sorted(heads) if position > len(lines)]
    if beyond:
        raise BrokenError(
            f"entry {len(lines) + 1}: the export ends here, but the head of entry {beyond[-1]} was published; "
            "the end was cut off, or the export is older than that head"
        )
    return len(lines), found.hex()


def saved_heads(paths: list[str], given: list[str]) -> dict[int, str]:
    """Heads by position, of files and of POSITION:HASH. Raises ValueError."""
    pairs = [(head["position"], head["hash"]) for path in paths for head in json.loads(Path(path).read_text())["heads"]]
    pairs += [(int(position), digest) for position, _, digest in (text.partition(":") for text in given)]
    heads = {}
    for position, digest in pairs:
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValueError(f"not a head: {position}:{digest}")
        if heads.setdefault(position, digest) != digest:
            raise BrokenError(f"entry {position}: two different heads were published for it")
    return heads


def main() -> int:
    """Says whether the export is whole."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("export")
    asked.add_argument("--heads", action="append", default=[], metavar="HEADS.json")
    asked.add_argument("--head", action="append", default=[], metavar="POSITION:HASH")
    arguments = asked.parse_args()
    try:
        heads = saved_heads(arguments.heads, arguments.head)
        count, last = check(Path(arguments.export).read_bytes(), heads)
    except BrokenError as error:
        print(f"BROKEN at {error}")
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    print(f"whole: {count} entries, the last hash is {last}")
    print(f"{len(heads)} published heads fit" if heads else "no head was given: a cut at the end cannot be seen")
    return 0


if __name__ == "__main__":
    sys.exit(main())
