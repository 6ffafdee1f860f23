"""WebSocket messages packed once for all who get them.

An event goes to every screen of a room. Packed for each socket by itself, as the library does, 500
screens at 200 reports a second took two thirds of all web processes' time, and a quarter of a
megabyte of each socket's own. Without a memory from message to message (`server_no_context_takeover`,
RFC 7692 section 7.1.1.1) the packed form is the same for everybody.
"""

import zlib
from functools import lru_cache

import simple_websocket.ws
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameDecoder, FrameProtocol, Opcode, RsvBits

SMALL = 256
"""Bytes up to which packing saves nothing worth the work."""


class SharedDeflate(PerMessageDeflate):
    """permessage-deflate that packs whole messages once."""

    def __init__(self) -> None:
        super().__init__(server_no_context_takeover=True)

    def frame_outbound(
        self, proto: FrameDecoder | FrameProtocol, opcode: Opcode, rsv: RsvBits, data: bytes, fin: bool  # noqa: FBT001
    ) -> tuple[RsvBits, bytes]:
        """Called by wsproto for every frame that goes out."""
        whole = fin and opcode in (Opcode.TEXT, Opcode.BINARY)
        if not whole:
            return super().frame_outbound(proto, opcode, rsv, data, fin)
        if len(data) <= SMALL:
            return rsv, data
        return RsvBits(True, rsv.rsv2, rsv.rsv3), _packed(bytes(data), self.server_max_window_bits)


@lru_cache(maxsize=64)
def _packed(data: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -bits)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def install() -> None:
    """Let every WebSocket of this process send so: the library has no setting for it."""
    simple_websocket.ws.PerMessageDeflate = SharedDeflate
