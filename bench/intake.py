"""Durable intake by HTTP at 1, 8 and 32 clients, against the same rows by bare psycopg transactions."""

import json
import threading
import time
import uuid
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench import load
from bench.harness import Line, percentile, repeated, show
from bench.running import Running, running
from server import embedded
from server.config import from_env

CLIENTS = (1, 8, 32)
SECONDS_WORTH = {1: 400, 8: 1600, 32: 3200}
PLACE = {"lon": 107.6191, "lat": -6.9175, "accuracy_m": 30}


def body(n: int) -> dict[str, Any]:
    """A report as the page sends it, with a contact and a danger; n only varies the text."""
    return {
        "client_id": str(uuid.uuid4()),
        "text": f"Air naik di RW {n % 20}, warga butuh air minum dan selimut",
        "place": PLACE,
        "people": 120,
        "danger": {"rising": True},
        "contact": {"name": "Siti", "phone": "0812-3456-7890"},
    }


def by_http(system: Running, clients: int) -> dict[str, float]:
    """Rate and p99 of answers 201."""
    requests = SECONDS_WORTH[clients]
    done = load.run(
        ("127.0.0.1", system.port),
        clients,
        requests,
        lambda n: load.post_json("/api/reports", json.dumps(body(n)).encode()),
    )
    assert done.statuses == {201: requests}, done.statuses
    return {"rate": done.rate, "p99_ms": 1000 * percentile(done.seconds, 0.99)}


class Bare:
    """The rows of one report, read from the database, written again as psycopg transactions."""

    TABLES = ("cases", "reports", "needs", "outbox", "audit")

    def __init__(self, url: str) -> None:
        self.url = url
        with psycopg.connect(url) as connection:
            report = self._row(connection, "select * from reports limit 1")
            self.rows = {
                "cases": [self._row(connection, f"select * from cases where id = {report['case_id']}")],
                "reports": [report],
                "needs": self._rows(connection, f"select * from needs where case_id = {report['case_id']}"),
                "outbox": [self._row(connection, "select * from outbox limit 1")],
                "audit": [self._row(connection, "select * from audit limit 1")],
            }
        self.number = 10**12
        self.lock = threading.Lock()

    @staticmethod
    def _rows(connection: psycopg.Connection[Any], query: str) -> list[dict[str, Any]]:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        return cursor.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]

    def _row(self, connection: psycopg.Connection[Any], query: str) -> dict[str, Any]:
        return self._rows(connection, query)[0]

    def _fresh(self) -> list[tuple[str, list[dict[str, Any]]]]:
        with self.lock:
            self.number += 20
            number = self.number
        changes: dict[str, dict[str, Any]] = {
            "cases": {"id": number},
            "reports": {
                "id": uuid.uuid4().hex[:12],
                "client_id": str(uuid.uuid4()),
                "code_index": uuid.uuid4().bytes,
                "case_id": number,
            },
            "needs": {"case_id": number},
            "outbox": {"position": None},
            "audit": {"position": number},
        }
        made = []
        for table in self.TABLES:
            rows = [{**row, **changes[table]} for row in self.rows[table]]
            for k, row in enumerate(rows):
                if table in ("outbox", "audit"):
                    row.pop("id", None)
                if table == "needs":
                    row["id"] = number + 1 + k
            made.append((table, [{k: Jsonb(v) if isinstance(v, dict) else v for k, v in r.items()} for r in rows]))
        return made

    def write(self, connection: psycopg.Connection[Any]) -> None:
        """One transaction."""
        with connection.transaction():
            for table, rows in self._fresh():
                for row in rows:
                    names = ", ".join(f'"{name}"' for name in row)
                    gaps = ", ".join(["%s"] * len(row))
                    connection.execute(f"insert into {table} ({names}) values ({gaps})", list(row.values()))

    def rate(self, clients: int) -> float:
        """Transactions a second by as many threads."""
        each = SECONDS_WORTH[clients] // clients

        def work() -> None:
            with psycopg.connect(self.url, autocommit=True) as connection:
                for _ in range(each):
                    self.write(connection)

        threads = [threading.Thread(target=work) for _ in range(clients)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return each * clients / (time.perf_counter() - start)


def main() -> None:
    """Print the table."""
    lines: list[Line] = []
    with running() as system:
        by_http(system, 1)
        bare = Bare(embedded.database_url(from_env(dict(system.environment))))
        for clients in CLIENTS:
            found = repeated(
                lambda clients=clients: {**by_http(system, clients), "bare": bare.rate(clients)}  # type: ignore[misc]
            )
            aim = ">= 800/s" if clients == 32 else ""
            lines.append(
                Line(f"durable intake, {clients} clients", "/s", found["rate"], found["bare"], "bare psycopg", aim)
            )
            aim = "<= 100 ms" if clients == 32 else ""
            lines.append(Line(f"durable intake, {clients} clients, p99", "ms", found["p99_ms"], aim=aim))
    show("Intake: POST /api/reports until 201, rows on disk", lines)


if __name__ == "__main__":
    main()
