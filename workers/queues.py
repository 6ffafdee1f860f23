"""The queues and the jobs on them: the only file that names RQ.

A job is a function of `workers/jobs.py` and takes only ids. While a job waits to be begun, the same
job with the same ids is not put in again: it would do the same. The mark that says so goes when the
job begins, before it reads anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from rq import Queue, Retry
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

QUEUES = ("planning", "dispatch", "default")
RETRY = 2
WAITS_AT_MOST_S = 60
"""After so long a mark that a dead worker left no longer keeps the job out."""
FAILED_KEPT_S = 24 * 3600


@dataclass(frozen=True)
class Work:
    """Where a job goes and how many seconds it may take."""

    queue: str
    timeout_s: int = 60


JOBS: Mapping[str, Work] = {
    "make_plan": Work("planning", 600),
    "replan": Work("planning"),
    "replan_served": Work("planning"),
    "make_offers": Work("dispatch"),
    "offer_waiting": Work("default"),
    "compare_cases": Work("default"),
}


@dataclass(frozen=True, order=True)
class Job:
    """A job to be done: a function of `workers/jobs.py` and the ids it takes."""

    name: str
    ids: tuple[str, ...]


class Jobs:
    """Puts jobs into the queues."""

    def __init__(self, connection: redis.Redis) -> None:
        self.connection = connection
        self.queues = {name: Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES}

    def put(self, job: Job) -> bool:
        """Queue a job; False when the same one waits already. Raises redis.RedisError when the queue is away."""
        mark, work = _mark(_path(job.name), job.ids), JOBS[job.name]
        if self.connection.exists(mark):
            return False
        with self.connection.pipeline() as together:
            self.queues[work.queue].enqueue_call(
                _path(job.name),
                args=job.ids,
                timeout=work.timeout_s,
                result_ttl=0,
                failure_ttl=FAILED_KEPT_S,
                retry=Retry(max=RETRY),
                pipeline=together,
            )
            # Both or neither: after the job, because RQ opens the transaction.
            together.set(mark, 1, ex=WAITS_AT_MOST_S)
            together.execute()
        return True


def _path(name: str) -> str:
    return f"workers.jobs.{name}"


def _mark(path: str, ids: Sequence[str]) -> str:
    return f"tanggap:waiting:{path}:{':'.join(ids)}"


class InProcessWorker(SimpleWorker):
    """Does jobs in its own process: a fork for each would cost more than most of them take."""

    def perform_job(self, job: Any, queue: Any, execution: Any) -> bool:
        """Called by RQ for each job."""
        self.connection.delete(_mark(job.func_name, job.args))
        return bool(super().perform_job(job, queue, execution))


def work(names: Sequence[str], connection: redis.Redis, *, until_empty: bool = False) -> None:
    """Do the jobs of these queues, the first named first; `until_empty` returns when there are none."""
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in names]
    worker = InProcessWorker(queues, connection=connection, serializer=JSONSerializer, log_job_description=False)
    worker.work(burst=until_empty, logging_level="WARNING")


def connect(url: str) -> redis.Redis:
    """The queue's connection."""
    return redis.Redis.from_url(url, socket_connect_timeout=2)
