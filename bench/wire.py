"""What crosses the wire between a browser and a system: a relay between them counts every byte, headers and all."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 64 * 1024


@dataclass
class Wire:
    """A relay on a port of this machine: bytes sent up to the system and down to the browser since `reset`."""

    port: int
    up: int = 0
    down: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """The address that a browser opens instead of the system's."""
        return f"http://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Counts from nought again."""
        with self.lock:
            self.up = self.down = 0

    def count(self, *, up: int = 0, down: int = 0) -> None:
        """Adds bytes."""
        with self.lock:
            self.up, self.down = self.up + up, self.down + down


@contextmanager
def wire(to_port: int) -> Iterator[Wire]:
    """A relay to a port of this machine, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        relay = Wire(door.getsockname()[1])
        serving = threading.Thread(target=_serve, args=(door, to_port, relay))
        serving.start()
        try:
            yield relay
        finally:
            # Wakes the thread that waits for the next connection.
            door.shutdown(socket.SHUT_RDWR)
            serving.join()


def _serve(door: socket.socket, to_port: int, relay: Wire) -> None:
    with ExitStack() as open_ends, suppress(OSError):
        while True:
            near = open_ends.enter_context(door.accept()[0])
            far = open_ends.enter_context(socket.create_connection(("127.0.0.1", to_port)))
            for one, other, way in ((near, far, "up"), (far, near, "down")):
                pump = threading.Thread(target=_pump, args=(one, other, relay, way))
                pump.start()
                # In the opposite order: both ends are hung up, then both pumps are waited for, then closed.
                open_ends.callback(pump.join)
            open_ends.callback(_hang_up, near, far)


def _pump(one: socket.socket, other: socket.socket, relay: Wire, way: str) -> None:
    with suppress(OSError):
        while data := one.recv(CHUNK):
            relay.count(**{way: len(data)})
            other.sendall(data)
    _hang_up(one, other)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
