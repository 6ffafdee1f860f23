"""What the audit chain costs intake: reports by two processes with 16 senders each, with the chain and without it.

Each sender is a thread that puts a report into its process's `System.reports`, as a web process does after
the HTTP part, which is left out: so the share that the chain takes is the largest that it can be. Without the
chain, entries get place and hash from nowhere, and no lock is taken.
"""

import itertools
import multiprocessing
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.harness import Line, percentile, repeated, show
from bench.intake import body
from server import embedded
from server.bootstrap import System
from server.commands.migrate import migrate
from server.config import Settings, from_env
from server.domain.permissions import ANYONE
from server.first_start import prepare
from server.services import audit
from server.services.inputs import ReportIn, parse
from server.services.intake import Sent
from server.store.audit import Audit

PROCESSES, SENDERS, EACH, RUNS = 2, 16, 25, 15
NUMBERS, TURNS = itertools.count(1), itertools.count()
CHAINED = Audit.chained


def unchained(_: Audit, entries: Any) -> list[dict[str, Any]]:
    """Entries with places below nought, which the chain never looks at, and an empty hash."""
    return [{**entry, "position": -os.getpid() * 10**9 - next(NUMBERS), "hash": bytes(32)} for entry in entries]


def send(settings: Settings, begin: Any, took: Any) -> None:
    """One process: its senders send what they have, one after the other."""
    system = System(settings)
    system.gazetteer()
    wanted = [[parse(ReportIn, body(n)) for n in range(EACH)] for _ in range(SENDERS)]
    waits: list[float] = []

    def sender(mine: list[ReportIn]) -> None:
        for one in mine:
            start = time.perf_counter()
            system.reports.do(Sent(ANYONE, one))
            waits.append(time.perf_counter() - start)

    threads = [threading.Thread(target=sender, args=(mine,)) for mine in wanted]
    begin.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.put((time.perf_counter() - start, waits))
    system.engine.dispose()


def sent(settings: Settings) -> tuple[float, float]:
    """Reports a second, by the slowest process, and their p99 in ms."""
    context = multiprocessing.get_context("fork")
    begin, took = context.Barrier(PROCESSES), context.Queue()
    senders = [context.Process(target=send, args=(settings, begin, took)) for _ in range(PROCESSES)]
    for one in senders:
        one.start()
    found = [took.get() for _ in senders]
    for one in senders:
        one.join()
    seconds, waits = max(took for took, _ in found), [wait for _, waits in found for wait in waits]
    return PROCESSES * SENDERS * EACH / seconds, 1000 * percentile(waits, 0.99)


def both(settings: Settings) -> dict[str, float]:
    """With the chain and without it, by turns first."""
    found: dict[str, float] = {}
    turn = next(TURNS)
    for name, way in (("", CHAINED), ("bare_", unchained))[:: 1 - 2 * (turn % 2)]:
        Audit.chained = way  # type: ignore[method-assign]
        found[f"{name}rate"], found[f"{name}p99"] = sent(settings)
    Audit.chained = CHAINED  # type: ignore[method-assign]
    return found


def checked(settings: Settings) -> float:
    """Entries a second that `audit verify` walks; they must be whole."""
    system = System(settings)
    with system.writing() as tx:
        tx.conn.exec_driver_sql("set local session_replication_role = replica")
        tx.conn.exec_driver_sql("delete from audit where position < 0")
    with system.reading() as tx:
        start = time.perf_counter()
        length, broken = audit.verify(tx, {})
        took = time.perf_counter() - start
    assert broken is None, broken
    system.engine.dispose()
    return length / took


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="tanggap-bench-") as folder:
        settings = from_env({"DATA_DIR": str(Path(folder).resolve()), "SECRET_KEY": "x" * 64})
        with embedded.servers(settings) as filled:
            migrate(filled)
            prepare(filled)
            sent(filled)
            found = repeated(lambda: both(filled), RUNS)
            walked = checked(filled)
    cost = [100 * (1 - rate / bare) for rate, bare in zip(found["rate"], found["bare_rate"], strict=True)]
    lines = [
        Line("reports with the audit chain", "/s", found["rate"], found["bare_rate"], "no chain"),
        Line("reports with the audit chain, p99", "ms", found["p99"], found["bare_p99"], "no chain"),
        Line("what the chain costs intake", "%", cost, aim="<= 15 %"),
        Line("entries that `audit verify` walks", "/s", [walked]),
    ]
    show("Audit: what the chain costs intake", lines)


if __name__ == "__main__":
    main()
