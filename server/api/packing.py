"""Large answers, packed by ourselves: libzstd makes a board smaller than the gateway does, in a tenth of the time."""

from typing import Any

import zstandard
from flask import Response, request

from server import plain

LEVEL = 1
"""Rows of numbers pack no better at levels up to 12 (the bench's board: 1.17 MB here, 1.42 MB at the default 3)."""


def packed_json(value: Any) -> Response:
    """The value as JSON, by zstd for who takes it; for others the gateway packs it as it packs everything."""
    body = plain.packed(value)
    answer = Response(body, mimetype="application/json")
    answer.vary.add("Accept-Encoding")
    if request.accept_encodings["zstd"] > 0:
        answer.set_data(zstandard.ZstdCompressor(level=LEVEL).compress(body))
        answer.headers["Content-Encoding"] = "zstd"
    return answer
