"""From settings to a working system: transactions, clock, ids and the gazetteer.

The web application, the commands, the workers and the tests all start here. A `System` belongs to
one process; after a fork make a new one.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure
from psycopg.types.string import TextLoader
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import OperationalError

from geo.areas import Area, Gazetteer
from server import plain
from server.config import Settings
from server.domain import abuse
from server.services import areas, clocks, intake, screening
from server.services.contacts import Keys
from server.store.tables import NUMBER_BLOCK, numbers
from server.store.unit_of_work import Sources, Tx
from server.tally import Tally
from server.together import Together

GAZETTEER_FRESH_S = 2.0


def utc_now() -> datetime:
    """The time now, in UTC, to the microsecond."""
    return datetime.now(UTC)


class DatabaseClock:
    """The database's time, which is the same for every process, whatever the clock of its machine says.

    Between looks at it, a look every `FRESH_S`, time goes on as this process's steady clock does; before the first
    one the time is the machine's.
    """

    FRESH_S = 2.0

    def __init__(self) -> None:
        self._ahead, self._looked = time.time() - time.monotonic(), -self.FRESH_S

    def __call__(self) -> datetime:
        """The time now, in UTC, to the microsecond."""
        return datetime.fromtimestamp(time.monotonic() + self._ahead, UTC)

    def look(self, conn: Connection) -> None:
        """Set by the database, if the last time was long ago."""
        asked = time.monotonic()
        if asked - self._looked < self.FRESH_S:
            return
        at: datetime = conn.execute(select(func.clock_timestamp())).scalar_one()
        self._ahead, self._looked = at.timestamp() - (asked + time.monotonic()) / 2, asked


def uuid_text() -> str:
    """A random id."""
    return str(uuid.uuid4())


def database_engine(url: str, pool_size: int = 10) -> Engine:
    """An engine on psycopg 3; `url` is any postgresql:// address."""
    address = f"postgresql+psycopg://{url.partition('://')[2]}"
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        pool_recycle=600,
        pool_timeout=20,
        hide_parameters=True,
        json_serializer=plain.dumps,
        json_deserializer=plain.loads,
    )
    event.listen(engine, "connect", _ids_as_text)
    return engine


def _ids_as_text(connection: psycopg.Connection[Any], _record: object) -> None:
    """Ids are text everywhere, also in rows that came by plain SQL: events and answers are JSON."""
    connection.adapters.register_loader("uuid", TextLoader)


def number_blocks(engine: Engine) -> Iterator[int]:
    """Numbers for cases and needs, a block of `NUMBER_BLOCK` for each question to the database; safe for threads."""
    lock = threading.Lock()
    block: list[int] = []
    while True:
        with lock:
            if not block:
                with engine.begin() as conn:
                    start = conn.execute(select(numbers.next_value())).scalar_one()
                block.extend(range(start + NUMBER_BLOCK - 1, start - 1, -1))
            number = block.pop()
        yield number


class _Shared(Iterator[int]):
    """An iterator that several threads may take from."""

    def __init__(self, source: Iterator[int]) -> None:
        self._source, self._lock = source, threading.Lock()

    def __next__(self) -> int:
        with self._lock:
            return next(self._source)


def met_head_on(error: OperationalError) -> bool:
    """Whether PostgreSQL ended the transaction only because it and another waited for each other."""
    return isinstance(error.orig, DeadlockDetected | SerializationFailure)


Begin = Callable[[], AbstractContextManager[Tx]]
"""Begins a transaction."""


@dataclass
class System:
    """One process's way to the database and to what it needs besides."""

    settings: Settings
    now: Callable[[], datetime] = field(default_factory=DatabaseClock)
    new_id: Callable[[], str] = uuid_text
    pool_size: int = 10
    _gazetteer: tuple[Any, Gazetteer] | None = field(default=None, init=False)
    _gazetteer_checked: float = field(default=0.0, init=False)
    _gazetteer_lock: Any = field(default_factory=threading.Lock, init=False)

    @cached_property
    def engine(self) -> Engine:
        """The pool of connections."""
        return database_engine(self.settings.database_url or "", self.pool_size)

    @cached_property
    def keys(self) -> Keys:
        """Keys for sealing contacts and for codes."""
        return Keys.from_secret(self.settings.secret_key)

    @cached_property
    def tally(self) -> screening.Count:
        """Counts what comes in; without a queue nothing is counted, and so nothing limited."""
        if not self.settings.redis_url:
            return lambda _asks: None
        return Tally(self.settings.redis_url, self.settings.channel, abuse.WINDOW_S).count

    @cached_property
    def sources(self) -> Sources:
        """Clock, ids and numbers."""
        return Sources(now=self.now, new_id=self.new_id, numbers=_Shared(number_blocks(self.engine)))

    @cached_property
    def reports(self) -> Together[intake.Sent, intake.Receipt]:
        """Where reports of people come in: those that arrive at the same time share a transaction."""

        def receive(sent: Sequence[intake.Sent]) -> list[intake.Receipt | Exception]:
            gazetteer = self.gazetteer()
            told = [(one.actor, one.body, one.sender) for one in sent]
            # Counted with no transaction open.
            weights = screening.weigh(told, self.tally, abuse.Limits(**self.settings.report_limits), self.keys)
            weighed = [replace(one, weight=weight) for one, weight in zip(sent, weights, strict=True)]
            with self.writing() as tx:
                return intake.receive_all(tx, weighed, gazetteer=gazetteer, keys=self.keys)

        return Together(receive)

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """A transaction that commits at the end, with its events and audit rows, or not at all."""
        with self.engine.connect() as conn:
            with conn.begin():
                tx = self._begun(conn)
                yield tx
                clocks.follow(tx)
                tx.flush()
            tx.settle()

    def _begun(self, conn: Connection) -> Tx:
        if isinstance(self.now, DatabaseClock):
            self.now.look(conn)
        return Tx(conn, self.sources)

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A read-only transaction that sees one moment throughout."""
        with self.engine.connect() as conn:
            still = conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield self._begun(still)

    @contextmanager
    def alone(self) -> Iterator[Begin]:
        """A connection of one's own, for claims that last as long as it does; yields how to begin a transaction."""
        with self.engine.connect() as conn:
            # Never back into the pool: the claims would go on there.
            conn.detach()

            @contextmanager
            def transaction() -> Iterator[Tx]:
                with conn.begin():
                    tx = self._begun(conn)
                    yield tx
                    clocks.follow(tx)
                    tx.flush()
                tx.settle()

            yield transaction

    def gazetteer(self) -> Gazetteer:
        """The areas; within GAZETTEER_FRESH_S of an `areas load` everybody has the new ones."""
        if self._gazetteer is not None and time.monotonic() - self._gazetteer_checked < GAZETTEER_FRESH_S:
            return self._gazetteer[1]
        with self._gazetteer_lock, self.reading() as tx:
            version = tx.settings.get(areas.VERSION)
            if self._gazetteer is None or self._gazetteer[0] != version:
                known = [area_from_row(row) for row in tx.areas.all()]
                self._gazetteer = (version, Gazetteer(known, tx.areas.land()))
            self._gazetteer_checked = time.monotonic()
            return self._gazetteer[1]

    def database_up(self) -> bool:
        """Whether the database answers."""
        try:
            with self.engine.connect() as conn:
                conn.execute(select(1))
        except OperationalError:
            return False
        return True


def area_from_row(row: dict[str, Any]) -> Area:
    """An area as the gazetteer wants it."""
    wkb = row["wkb"]
    return Area(
        code=row["code"],
        level=row["level"],
        name=row["name"],
        parent=row["parent"],
        lon=row["lon"],
        lat=row["lat"],
        accuracy_m=row["accuracy_m"],
        wkb=None if wkb is None else bytes(wkb),
        approximate=row["approximate"],
        own_point=row["own_point"],
    )
