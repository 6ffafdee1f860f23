"""Packed boards kept for a moment, for those to whom one some seconds old will do.

A board carries its cursor, and who has it asks for what came after; so fifty consoles that come back at once
can have the same one, read once. Who does not say so gets a board of this moment.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import current_app

LONGEST_S = 60
"""How old a kept board may be at most: an assumption, some 200 events at the pace of issue 6."""
MOST = 16
"""Boards kept by one process: a province's is 3 MB packed when it has 100,000 cases."""

Key = tuple[str, ...]


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    made_at: float = float("-inf")
    body: bytes = b""


class KeptBoards:
    """The boards of one process, by what they show and to whom."""

    def __init__(self) -> None:
        self._boards: dict[Key, _Kept] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, age_s: float, make: Callable[[], bytes]) -> bytes:
        """The board of `key`, at most `age_s` seconds old; who asks while it is made waits for that one."""
        kept = self._of(key)
        with kept.lock:
            begun = time.monotonic()
            if begun - kept.made_at > min(age_s, LONGEST_S):
                kept.body, kept.made_at = make(), begun
            return kept.body

    def _of(self, key: Key) -> _Kept:
        with self._lock:
            kept = self._boards.setdefault(key, _Kept())
            if len(self._boards) > MOST:
                oldest = min(self._boards, key=lambda one: self._boards[one].made_at if one != key else float("inf"))
                del self._boards[oldest]
            return kept


def kept_boards() -> KeptBoards:
    """Those of this application."""
    found: KeptBoards = current_app.extensions["kept_boards"]
    return found
