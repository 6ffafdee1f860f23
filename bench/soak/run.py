"""The soak itself: processes that act at random, one that kills them, and the checker beside them."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psycopg

from bench.soak import broken, checker, scene, worker
from bench.soak.checker import Finding
from server.bootstrap import System
from server.config import Settings

PROCESSES = 4
LOOK_EVERY_S = 1.0
KILL_EVERY_S = 1.2
FORKS = multiprocessing.get_context("forkserver")
"""Processes start as forks of one that has loaded everything and holds nothing, or each would take seconds."""
FORKS.set_forkserver_preload([worker.__name__])


@dataclass
class Soak:
    """What came of it: acts by how they ended, what the checker found and when, what nobody expected."""

    seed: int
    build: str | None
    seconds: float = 0.0
    kills: int = 0
    looks: int = 0
    connections: int = 0
    """The most at any look; those of a killed process count until PostgreSQL notices that nobody is there."""
    first_found_s: float | None = None
    findings: list[Finding] = field(default_factory=list)
    acts: dict[str, Counter[str]] = field(default_factory=dict)
    took_s: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    surprises: list[dict[str, Any]] = field(default_factory=list)
    database: dict[str, int] = field(default_factory=dict)

    @property
    def seen_by(self) -> set[str]:
        """Which checks found something."""
        return {one.check for one in self.findings}

    @property
    def is_as_it_should_be(self) -> bool:
        """Nothing found in the intact build; in a broken one, what it must be seen by."""
        if self.build is None:
            return not self.findings and not self.surprises
        return bool(self.seen_by & broken.BUILDS[self.build].seen_by)

    def summary(self) -> dict[str, Any]:
        """All figures, for one line of JSON."""
        return {
            "build": self.build or "intact",
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "connections": self.connections,
            "kills": self.kills,
            "cut_in_the_middle": self.cut,
            "acts": sum(sum(ends.values()) for ends in self.acts.values()),
            "done": sum(ends["done"] for ends in self.acts.values()),
            "done_again_after_deadlock": dict(self.again),
            "looks": self.looks,
            "findings": dict(Counter(one.check for one in self.findings)),
            "first_found_s": self.first_found_s,
            "surprises": len(self.surprises),
            **self.database,
            "mean_ms": {
                name: round(1000 * took / sum(self.acts[name].values()), 1) for name, took in self.took_s.most_common()
            },
            "by_act": {name: dict(ends.most_common()) for name, ends in sorted(self.acts.items())},
        }


def soak(
    settings: Settings,
    folder: Path,
    seconds: float,
    *,
    connections: int,
    seed: int,
    build: str | None = None,
    enough: Mapping[str, int] | None = None,
) -> Soak:
    """Soak a database after its first start for so many seconds at most.

    `build` names what is broken on purpose: it ends when that was seen. `enough`: it ends when the product has done
    each of these acts so often.
    """
    _make(settings, seed, build)
    _load()
    found, began = Soak(seed, build), time.monotonic()
    with _crew(settings, folder, connections, seed, began + seconds, build) as crew:
        _watch(settings, crew, found, began, enough)
    found.seconds, found.kills = time.monotonic() - began, crew.kills
    _look(settings, found, began)
    _read_logs(folder, found)
    found.database = _counted(settings)
    return found


def _load() -> None:
    """Have the process from which all others fork load everything, before the time begins to run."""
    first = FORKS.Process(target=worker.loaded)
    first.start()
    first.join()


def _make(settings: Settings, seed: int, build: str | None) -> None:
    system = System(settings, pool_size=1)
    scene.set_up(system, seed)
    system.engine.dispose()
    with psycopg.connect(settings.database_url) as connection:
        for statement in broken.BUILDS[build].drops if build else ():
            connection.execute(statement.encode())


@dataclass
class Crew:
    """The processes, each replaced as soon as it is killed."""

    settings: Settings
    folder: Path
    threads: list[int]
    seed: int
    ends: float
    build: str | None
    rng: random.Random
    kills: int = 0
    processes: list[BaseProcess] = field(default_factory=list)

    def start(self, place: int, life: int) -> BaseProcess:
        """A process in that place; its log is named after both."""
        name = f"{self.seed}/{place}/{life}"
        until, log = time.time() + self.ends - time.monotonic(), self.folder / f"{place}-{life}.jsonl"
        how = (self.settings, name, self.threads[place], until, log, self.build)
        process = FORKS.Process(target=worker.work, args=how, daemon=True)
        process.start()
        return process

    def kill_one(self) -> None:
        """End one of them without warning, and put another into its place."""
        place = self.rng.randrange(len(self.processes))
        _kill(self.processes[place])
        self.kills += 1
        self.processes[place] = self.start(place, self.kills)

    def end(self) -> None:
        """End all of them."""
        for process in self.processes:
            _kill(process)


def _kill(process: BaseProcess) -> None:
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()


@contextmanager
def _crew(
    settings: Settings, folder: Path, connections: int, seed: int, ends: float, build: str | None
) -> Iterator[Crew]:
    shares = [connections // PROCESSES + (n < connections % PROCESSES) for n in range(min(PROCESSES, connections))]
    crew = Crew(settings, folder, shares, seed, ends, build, random.Random(seed))
    try:
        crew.processes = [crew.start(place, 0) for place in range(len(shares))]
        yield crew
        for process in crew.processes:
            process.join(30)
    finally:
        crew.end()


def _watch(settings: Settings, crew: Crew, found: Soak, began: float, enough: Mapping[str, int] | None) -> None:
    """Kill and look until it is time, or until there is no more to see."""
    look_at, kill_at = began + LOOK_EVERY_S, began + LOOK_EVERY_S
    while (now := time.monotonic()) < crew.ends:
        if now >= kill_at:
            crew.kill_one()
            kill_at = now + crew.rng.expovariate(1 / KILL_EVERY_S)
        if now >= look_at:
            _look(settings, found, began)
            if (found.build and found.is_as_it_should_be) or (enough and _is_done(crew, enough)):
                crew.end()
                return
            look_at = time.monotonic() + LOOK_EVERY_S
        time.sleep(0.02)


def _is_done(crew: Crew, enough: Mapping[str, int]) -> bool:
    so_far = Soak(crew.seed, crew.build)
    _read_logs(crew.folder, so_far)
    return crew.kills > 0 and all(so_far.acts.get(name, Counter())["done"] >= times for name, times in enough.items())


def _look(settings: Settings, found: Soak, began: float) -> None:
    """Check all there is, while the others go on; what was found before is not told again."""
    known = {one.about for one in found.findings}
    new = [one for one in checker.check(settings.database_url) if one.about not in known]
    if new and found.first_found_s is None:
        found.first_found_s = round(time.monotonic() - began, 1)
    found.findings += new
    found.looks += 1
    with psycopg.connect(settings.database_url) as connection:
        query = """
        select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and backend_type = 'client backend'
        """
        found.connections = max(found.connections, *connection.execute(query).fetchone() or (0,))


def _read_logs(folder: Path, found: Soak) -> None:
    """How the acts ended; one that was begun and never ended was cut in the middle by a kill."""
    for log in folder.glob("*.jsonl"):
        begun: Counter[str] = Counter()
        for text in log.read_text().splitlines():
            line = json.loads(text)
            if "end" not in line:
                begun[line["by"]] += 1
                continue
            begun[line["by"]] -= 1
            found.acts.setdefault(line["act"], Counter())[line["end"]] += 1
            found.took_s[line["act"]] += line["s"]
            if line.get("again"):
                found.again[line["act"]] += line["again"]
            if line["end"] == "surprise":
                found.surprises.append(line)
        found.cut += begun.total()


def _counted(settings: Settings) -> dict[str, int]:
    """What the database itself counted, and how much was made."""
    with psycopg.connect(settings.database_url) as connection:
        time.sleep(0.1)
        counted = "select deadlocks, sessions_abandoned from pg_stat_database where datname = current_database()"
        deadlocks, abandoned = connection.execute(counted).fetchone() or (0, 0)
        made = {}
        for table in ("needs", "lots", "plans", "assignments", "offers", "ledger", "audit", "outbox"):
            made[table] = int((connection.execute(f"select count(*) from {table}".encode()).fetchone() or (0,))[0])
    return {"deadlocks": deadlocks, "sessions_abandoned": abandoned, **made}
