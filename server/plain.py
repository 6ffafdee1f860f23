"""Plain JSON: one writer for answers, events and rows. Times are ISO 8601, bytes as PostgreSQL spells them.

The functions are called as the standard library's, so that Socket.IO and SQLAlchemy can use them.
"""

from typing import Any

import orjson

loads = orjson.loads


def dumps(value: Any, **_: Any) -> str:
    """A value as JSON text. Raises TypeError for what has no JSON."""
    return packed(value).decode()


def packed(value: Any) -> bytes:
    """A value as JSON bytes. Raises TypeError for what has no JSON."""
    return orjson.dumps(value, default=_spelled, option=orjson.OPT_NON_STR_KEYS)


def _spelled(value: Any) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"no JSON for {type(value).__name__}")
