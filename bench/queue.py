"""Jobs of the queue with geopandas loaded: offers a second and the delay until a job begins.

Baseline: the same jobs by RQ's default worker, which forks for each.
"""

import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from bench.harness import Line, percentile, repeated, show
from server import embedded
from server.bootstrap import System
from server.commands.migrate import migrate
from server.config import from_env
from server.first_start import prepare
from workers import jobs, queues

JOBS, PACED, EVERY_S = 300, 60, 0.05
STARTED = "bench:started"


def offer_round(assignment_id: str) -> None:
    """What `make_offers` does for an assignment that is gone: look at the state in the database, and end."""
    jobs.make_offers(assignment_id)
    queues_connection().incr(STARTED)


def began(sent_at: str) -> None:
    """Note the delay since the job was put into the queue."""
    queues_connection().rpush("bench:delays", time.time() - float(sent_at))


def queues_connection() -> Any:
    """The queue, from the environment of the worker."""
    return queues.connect(embedded.addresses(from_env()).redis_url)


def work(kind: str) -> None:
    """A worker of one kind, until it is ended."""
    settings = embedded.addresses(from_env())
    jobs.use(System(settings, pool_size=2))
    connection = queues.connect(settings.redis_url)
    worker_class = queues.InProcessWorker if kind == "in-process" else Worker
    worker = worker_class([Queue("bench", connection=connection, serializer=JSONSerializer)], connection=connection)
    worker.serializer = JSONSerializer
    worker.work(logging_level="ERROR")


def once(kind: str, connection: redis.Redis, environment: dict[str, str]) -> dict[str, float]:
    """Jobs a second, and the 95th percentile of the delay at twenty jobs a second, in milliseconds."""
    connection.flushdb()
    queue = Queue("bench", connection=connection, serializer=JSONSerializer)
    worker = subprocess.Popen([sys.executable, "-m", "bench.queue", kind], env=environment)
    try:
        queue.enqueue("bench.queue.offer_round", str(uuid.uuid4()), result_ttl=0)
        _until(lambda: int(connection.get(STARTED) or 0) == 1)
        for _ in range(JOBS):
            queue.enqueue("bench.queue.offer_round", str(uuid.uuid4()), result_ttl=0)
        start, done = time.perf_counter(), int(connection.get(STARTED) or 0)
        _until(lambda: int(connection.get(STARTED) or 0) == JOBS + 1)
        rate = (JOBS + 1 - done) / (time.perf_counter() - start)
        for _ in range(PACED):
            queue.enqueue("bench.queue.began", str(time.time()), result_ttl=0)
            time.sleep(EVERY_S)
        _until(lambda: connection.llen("bench:delays") == PACED)
        delays = [float(value) for value in connection.lrange("bench:delays", 0, -1)]
        return {f"{kind} rate": rate, f"{kind} p95": 1000 * percentile(delays, 0.95)}
    finally:
        worker.terminate()
        worker.wait(timeout=30)


def _until(reached: Any) -> None:
    end = time.monotonic() + 120
    while not reached():
        if time.monotonic() > end:
            raise RuntimeError("the worker does not keep up")
        time.sleep(0.005)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="tanggap-bench-") as folder:
        Path(folder).chmod(0o711)
        environment = {**os.environ, "DATA_DIR": folder, "DATABASE_URL": "", "REDIS_URL": ""}
        with embedded.servers(from_env(environment)) as settings:
            migrate(settings)
            prepare(settings)
            connection = queues.connect(settings.redis_url)
            found = repeated(
                lambda: {**once("in-process", connection, environment), **once("forking", connection, environment)}
            )
    rate, delay = found["in-process rate"], found["in-process p95"]
    show(
        "Queue: jobs with geopandas loaded, one worker",
        [
            Line("offer rounds", "/s", rate, found["forking rate"], "RQ's forking worker", ">= 100/s"),
            Line("start delay at 20/s, p95", "ms", delay, found["forking p95"], "RQ's forking worker", "<= 50 ms"),
        ],
    )


if __name__ == "__main__":
    work(sys.argv[1]) if len(sys.argv) > 1 else main()
