"""A clock that the tests move, for the processes and for the database alike, and the workers' loop by that clock.

PostgreSQL looks its own functions up first, unless a search path says otherwise: this one puts a function of the
tests' before them, so that the product's own SQL reads the moved time. The code that is tested is whole: the jobs
that `workers/routes.py` asks for are done by `workers/jobs.py`, the duties by `workers/clock.py`, both in order.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg

from server.bootstrap import System
from server.config import Settings
from server.domain import events
from workers import clock, jobs, routes

MOVED = """
    create schema moved;
    create table moved.present (at timestamptz not null);
    create function moved.clock_timestamp() returns timestamptz language sql volatile
      as 'select at from moved.present';
"""


class MovingClock:
    """The time as the tests want it."""

    def __init__(self, settings: Settings, begins: datetime) -> None:
        self.connection = psycopg.connect(settings.database_url or "", autocommit=True)
        self.begins = self.at = begins
        self.connection.execute(MOVED)
        self.connection.execute("insert into moved.present values (%s)", [begins])
        name = self.connection.info.dbname
        self.connection.execute(f"alter database {name} set search_path = moved, pg_catalog, public")

    def now(self) -> datetime:
        """What every process believes."""
        return self.at

    def move_to(self, moment: datetime) -> None:
        """The time is later now."""
        assert moment >= self.at
        self.at = moment
        self.connection.execute("update moved.present set at = %s", [moment])


@dataclass
class Workers:
    """Relay, workers and clock in one: what they would do, one after the other, at moments of the moved clock."""

    system: System
    clock: MovingClock
    seen: int = 0
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        jobs.use(self.system)

    def work(self, without: Collection[str] = ()) -> None:
        """End what is due and do all jobs that follow, until nothing follows any more."""
        clock.end_silent_offers(self.system)
        clock.raise_alarms(self.system)
        while batch := self._heard():
            for job in routes.jobs_for(batch):
                if job.name not in without:
                    self.done.append(job.name)
                    getattr(jobs, job.name)(*job.ids)

    def until(self, moment: datetime) -> None:
        """Let the time pass: at every deadline on the way, and a second before, there is work to do or not."""
        while (due := self._next_deadline()) and due <= moment:
            for at in (due - timedelta(seconds=1), due):
                self.clock.move_to(max(at, self.clock.at))
                self.work()
        self.clock.move_to(moment)
        self.work()

    def _heard(self) -> list[events.Event]:
        query = "select id, type, incident_id, area, data from outbox where id > %(seen)s order by id"
        with self.system.reading() as tx:
            rows = list(tx.conn.exec_driver_sql(query, {"seen": self.seen}).mappings())
        self.seen = rows[-1]["id"] if rows else self.seen
        return [events.from_data(row["type"], row["incident_id"], row["area"], row["data"]) for row in rows]

    def _next_deadline(self) -> datetime | None:
        with self.system.reading() as tx:
            query = "select min(deadline_at) from offers where state = 'open'"
            found: datetime | None = tx.conn.exec_driver_sql(query).scalar()
        return found
