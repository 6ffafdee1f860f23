"""The relay: the only reader of the outbox. Number, emit, queue jobs, mark (law 2).

One relay works at a time, by a claim that lasts as long as its connection. Dying anywhere is safe:
what was not marked goes out again, and clients drop what they have seen. While the queue is away
events go on being numbered, so that catch-up has them, and wait to be sent.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from socketio import RedisManager
from sqlalchemy.exc import DBAPIError

from server import plain
from server.bootstrap import Begin, System
from server.config import Settings
from server.domain import events
from server.domain.events import Event
from server.faults import fault
from server.services import hearing
from workers import routes
from workers.queues import Jobs

log = structlog.get_logger()
LOOK_EVERY_S = 0.03
PACE_S = 0.05
"""Least time from one emission to the next: under load events go out together."""
BATCH = 500
EARS_BACK_S = 6.0
"""How long to wait for web processes that listened before: what is published meanwhile, their sockets miss."""
EARS_PAUSE_S = 1.0
"""How long to wait after the queue was away in any case: who came just before that was not yet counted."""
WAIT_AT_MOST_S = 2.0

Row = Mapping[str, Any]


class Emitter(RedisManager):  # type: ignore[misc]  # socketio has no types
    """Speaks into the rooms of all web processes by way of the queue; raises when it is away."""

    def __init__(self, settings: Settings) -> None:
        # Without tries of its own: that the queue was away has to be noticed.
        never = {"retry": Retry(NoBackoff(), 0)}
        super().__init__(settings.redis_url, channel=settings.channel, write_only=True, redis_options=never, json=plain)
        self.connected = False

    def ears(self) -> int:
        """How many web processes listen now. Raises redis.RedisError."""
        ((_, count),) = self._asked(lambda: self.redis.pubsub_numsub(self.channel))
        return int(count)

    def tell(self, room: str, messages: Sequence[Mapping[str, Any]]) -> None:
        """Say `events` in a room. Raises redis.RedisError.

        What the library's `emit` publishes, without looking through every value for bytes first.
        """
        self._publish(
            {
                "method": "emit",
                "event": "events",
                "data": [messages],
                "binary": False,
                "namespace": "/",
                "room": room,
                "skip_sid": None,
                "callback": None,
                "host_id": self.host_id,
            }
        )

    def _publish(self, data: Any) -> Any:
        # The library's own only logs what it could not publish, and the event would be lost.
        return self._asked(lambda: self.redis.publish(self.channel, self.json.dumps(data)))

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            if not self.connected:
                self._redis_connect()
            return ask()
        except redis.RedisError:
            self.connected = False
            raise


class Relay:
    """Takes events from the outbox to the rooms and the queues."""

    def __init__(self, system: System, emitter: Emitter, jobs: Jobs) -> None:
        self.system, self.emitter, self.jobs = system, emitter, jobs
        self.behind = True
        """Whether numbered events may wait besides those that are numbered next."""
        self.ears = 0
        """How many web processes listened at the last batch."""
        self.was_away = False
        """Whether the queue was away since then."""

    def run(self) -> None:
        """Does not return; another relay's turn and a database that is away are waited for."""
        while True:
            try:
                with self.system.alone() as begin:
                    self._work(begin)
            except DBAPIError as error:
                log.warning("relay_without_database", kind=type(error).__name__)
                time.sleep(1)

    def _work(self, begin: Begin) -> None:
        while not _claimed(begin):
            time.sleep(1)
        log.info("relay_begins")
        wait_s = LOOK_EVERY_S
        while True:
            try:
                sent = self.step(begin)
                wait_s = PACE_S if sent else LOOK_EVERY_S
            except redis.RedisError as error:
                self.behind = self.was_away = True
                wait_s = min(WAIT_AT_MOST_S, max(0.1, wait_s * 2))
                log.warning("relay_without_queue", kind=type(error).__name__, wait_s=wait_s)
            time.sleep(wait_s)

    def step(self, begin: Begin) -> int:
        """Take one batch of events out; returns how many. Raises redis.RedisError, having marked nothing."""
        with begin() as tx:
            numbered = tx.outbox.number()
        fault(self.system.settings, "relay:after_number")
        if not numbered and not self.behind:
            return 0
        with begin() as tx:
            rows = tx.outbox.unsent(BATCH)
            asides = hearing.asides(tx, rows)
        self._wait_for_ears()
        self._send(rows, asides)
        fault(self.system.settings, "relay:before_mark")
        with begin() as tx:
            tx.outbox.mark_sent([row["id"] for row in rows], tx.now)
        self.behind = len(rows) == BATCH
        return len(rows)

    def _wait_for_ears(self) -> None:
        """A queue that was away comes back without listeners: give them a moment, but never wait for the dead."""
        if self.was_away:
            # Raises while the queue is still away.
            self.emitter.ears()
            time.sleep(EARS_PAUSE_S)
        deadline = time.monotonic() + EARS_BACK_S
        while (ears := self.emitter.ears()) < self.ears and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
        self.ears, self.was_away = ears, False

    def _send(self, rows: Sequence[Row], asides: Sequence[Mapping[str, hearing.Rows]]) -> None:
        fault(self.system.settings, "relay:before_emit")
        batch = [_event(row) for row in rows]
        for room, messages in messages_by_room(rows, batch, asides).items():
            self.emitter.tell(room, messages)
        fault(self.system.settings, "relay:after_emit")
        for job in routes.jobs_for(batch):
            self.jobs.put(job)


def messages_by_room(
    rows: Sequence[Row], batch: Sequence[Event], asides: Sequence[Mapping[str, hearing.Rows]]
) -> dict[str, list[dict[str, Any]]]:
    """Each room with what is said in it, in order: staff's rooms first, then the volunteers', then everybody's.

    Who listens in two rooms gets the fuller form first and drops the other.
    """
    staff, own, public = (defaultdict[str, list[dict[str, Any]]](list) for _ in range(3))
    for row, event, aside in zip(rows, batch, asides, strict=True):
        message = hearing.as_message(row)
        for room in routes.staff_rooms(event):
            staff[room].append(message)
        for room, told in aside.items():
            staff[room].append(hearing.as_message(row, {"rows": told}))
        if mine := routes.own_room(event):
            own[mine].append({**message, "data": {k: v for k, v in message["data"].items() if k != "rows"}})
        if (everybody := routes.public_room(event)) and (shown := hearing.public_message(row)):
            public[everybody].append(shown)
    return {**staff, **own, **public}


def _event(row: Row) -> Event:
    return events.from_data(row["type"], row["incident_id"], row["area"], row["data"])


def _claimed(begin: Begin) -> bool:
    with begin() as tx:
        return tx.outbox.claim_relay()
