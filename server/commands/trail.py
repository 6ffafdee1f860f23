"""`audit verify` and `audit export`."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import click

from server.bootstrap import System
from server.services import audit

WRONG = {
    "position": "an entry is missing, added or out of place",
    "hash": "the entry, or the one before it, is not what it was",
    "head": "another head was published for it: it or something before it was rewritten",
    "cut": "the trail ends here, but a head beyond it was published: the end was cut off",
}


def verified(system: System, files: Sequence[Path], given: Sequence[str]) -> str:
    """That the trail is whole, in a sentence. Raises ClickException naming the first entry that is not."""
    known = _known(files, given)
    with system.reading() as tx:
        length, broken = audit.verify(tx, known)
    if broken:
        raise click.ClickException(f"the audit trail is broken at entry {broken.position}: {WRONG[broken.what]}")
    return f"the audit trail is whole: {length} entries"


def export(system: System, path: Path) -> int:
    """Write the whole trail; returns how many entries."""
    with system.reading() as tx, path.open("w", encoding="utf-8", newline="\n") as file:
        path.chmod(0o600)
        return sum(file.write(line) > 0 for line in audit.lines(tx))


def _known(files: Sequence[Path], given: Sequence[str]) -> dict[int, bytes]:
    """Heads that somebody kept outside of the database."""
    known = {}
    try:
        saved = [head for path in files for head in json.loads(path.read_text("utf-8"))["heads"]]
        texts = [f"{head['position']}:{head['hash']}" for head in saved]
    except (ValueError, KeyError, TypeError) as error:
        raise click.ClickException("a file of heads is not what /api/public/audit answers") from error
    for text in (*texts, *given):
        if not re.fullmatch(r"\d{1,18}:[0-9a-f]{64}", text):
            raise click.ClickException(f"not a head (POSITION:HASH): {text}")
        position, _, digest = text.partition(":")
        known[int(position)] = bytes.fromhex(digest)
    return known
