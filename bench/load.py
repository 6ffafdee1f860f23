"""A lean HTTP load: many keep-alive connections in one process, requests made beforehand.

The generator shares the machine's cores with what it measures, so it does as little as it can.
"""

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Load:
    """What came of it: seconds for each answer, and how many answers had each status."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0


class Connection:
    """One keep-alive connection."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.began = 0.0

    def send(self, request: bytes) -> None:
        """Send one request."""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body once the whole answer is here."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed the connection")
        self.buffer += piece
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        lower = head.lower()
        length = int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]) if b"content-length:" in lower else 0
        if len(body) < length:
            return None
        self.buffer = b""
        return int(head[9:12]), body


def run(address: tuple[str, int], clients: int, requests: int, request: Callable[[int], bytes]) -> Load:
    """Send `requests` requests over `clients` connections, each as soon as the last one was answered."""
    made = [request(n) for n in range(requests)]
    load, sent, done = Load(), 0, 0
    with selectors.DefaultSelector() as selector:
        connections = [Connection(address) for _ in range(min(clients, requests))]
        start = time.perf_counter()
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(made[sent])
            sent += 1
        while done < requests:
            for key, _ in selector.select(timeout=30):
                connection = key.data
                answer = connection.receive()
                if answer is None:
                    continue
                status = answer[0]
                load.seconds.append(time.perf_counter() - connection.began)
                load.statuses[status] = load.statuses.get(status, 0) + 1
                done += 1
                if sent < requests:
                    connection.send(made[sent])
                    sent += 1
        load.elapsed = time.perf_counter() - start
        for connection in connections:
            connection.socket.close()
    return load


def post_json(path: str, body: bytes, host: str = "127.0.0.1") -> bytes:
    """The bytes of a POST with a JSON body."""
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body
