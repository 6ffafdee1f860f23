"""The board with 100,000 open needs: bytes on the wire and seconds until the last one."""

import time
import urllib.request

import psycopg

from bench.harness import Line, repeated, show
from bench.running import Running, running
from server import embedded
from server.config import from_env

NEEDS = 100_000
_FILL = """
insert into cases (id, incident_id, area, lon, lat, accuracy_m, people, tier, opened_at, delivery_code, verified_at)
select 1000000 + n, i.id, '32.03.' || lpad((1 + n %% 32)::text, 2, '0'),
       107.0 + (n * 7919 %% 100000) / 200000.0, -7.0 + (n * 10473 %% 100000) / 250000.0, 50,
       5 + n %% 300, n %% 4, now() - n * interval '1 second', lpad((n %% 10000)::text, 4, '0'),
       case when n %% 3 = 0 then now() end
from generate_series(1, %(cases)s) n, incidents i where i.slug = 'jabar';
insert into reports (id, client_id, content_hash, code_index, incident_id, case_id, state, tier, area, channel,
                     received_at, due_at)
select substr(replace(upper(gen_random_uuid()::text), '-', ''), 1, 12), gen_random_uuid(), 'x', sha256(n::text::bytea),
       i.id, 1000000 + n, case when n %% 3 = 0 then 'verified' else 'received' end, n %% 4, '32.03', 'web',
       now() - n * interval '1 second', now() + n * interval '1 second'
from generate_series(1, %(cases)s) n, incidents i where i.slug = 'jabar';
insert into needs (id, incident_id, case_id, item, quantity, tier, basis, state, opened_at, due_at)
select 10000000 + 3 * n + k, i.id, 1000000 + n, (array['water', 'rice', 'blanket'])[k + 1],
       (1 + n * 31 %% 700) * (k + 1), n %% 4, 'bench', 'open', now(),
       date_trunc('second', now()) + (n %% 4) * interval '1 hour'
from generate_series(1, %(cases)s) n, generate_series(0, 2) k, incidents i where i.slug = 'jabar'
"""


def fetch(system: Running, token: str) -> dict[str, float]:
    """One board as a browser asks for it."""
    request = urllib.request.Request(f"{system.url}/api/board?area=32")
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Accept-Encoding", "gzip, br, zstd")
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        data = answer.read()
    return {"seconds": time.perf_counter() - start, "megabytes": len(data) / 1e6}


def plain(system: Running, token: str) -> dict[str, float]:
    """The same without compression."""
    request = urllib.request.Request(f"{system.url}/api/board?area=32")
    request.add_header("Authorization", f"Bearer {token}")
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        data = answer.read()
    return {"plain_seconds": time.perf_counter() - start, "plain_megabytes": len(data) / 1e6}


def main() -> None:
    """Print the table."""
    with running() as system:
        system.command("users", "add", "bench", "--role", "coordinator", "--area", "32")
        token = system.command("users", "token", "bench")
        with psycopg.connect(embedded.database_url(from_env(dict(system.environment)))) as connection:
            for statement in _FILL.split(";"):
                connection.execute(statement, {"cases": NEEDS // 3 + 1})
        found = repeated(lambda: {**fetch(system, token), **plain(system, token)})
    show(
        f"Board: {NEEDS:,} open needs with their cases and reports",
        [
            Line("board, bytes", "MB", found["megabytes"], found["plain_megabytes"], "uncompressed", "<= 1.5 MB"),
            Line("board, time", "s", found["seconds"], found["plain_seconds"], "uncompressed", "<= 1 s"),
        ],
    )


if __name__ == "__main__":
    main()
