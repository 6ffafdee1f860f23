"""Large answers, packed by ourselves: libzstd makes a board smaller than the gateway does, in a tenth of the time.

The public map comes packed, from when it was drawn.
"""

from typing import Any

import zstandard
from flask import Response, request

from server import plain

LEVEL = 1
"""Rows of numbers pack no better at levels up to 12 (the bench's board: 1.17 MB here, 1.42 MB at the default 3)."""


def packed_json(value: Any) -> Response:
    """The value as JSON, by zstd for who takes it; for others the gateway packs it as it packs everything."""
    if takes_zstd():
        return zstd_answer(zstd(value))
    answer = Response(plain.packed(value), mimetype="application/json")
    answer.vary.add("Accept-Encoding")
    return answer


def ready_packed(packed: bytes, mimetype: str) -> Response:
    """What was packed by zstd before, as it is for who takes it, and unpacked for others."""
    if takes_zstd():
        return zstd_answer(packed, mimetype)
    answer = Response(zstandard.ZstdDecompressor().decompress(packed), mimetype=mimetype)
    answer.vary.add("Accept-Encoding")
    return answer


def takes_zstd() -> bool:
    """Whether the browser unpacks zstd."""
    return request.accept_encodings["zstd"] > 0


def zstd(value: Any) -> bytes:
    """The value as packed JSON."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(plain.packed(value))


def zstd_answer(body: bytes, mimetype: str = "application/json") -> Response:
    """An answer that is packed by zstd, JSON if nothing else is said."""
    answer = Response(body, mimetype=mimetype, headers={"Content-Encoding": "zstd"})
    answer.vary.add("Accept-Encoding")
    return answer
