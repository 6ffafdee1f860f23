"""`python -m workers relay | clock | work QUEUE...`: the processes of the outside world."""

# ruff: noqa: PLC0415 - the relay need not load what the planner works with

import os

import click

from server import logs
from server.bootstrap import System
from server.config import SettingError, from_env
from workers import queues

POOL = 4
"""Connections of one worker: its own, and one for each duty of the clock that works at once."""
BEHIND = {"clock": 5, "dispatch": 5, "planning": 10}
"""How nice a process is to those that people wait for: under load a report is taken in and shown first.

Linux gives about a third of the processor's time at 5, a tenth at 10 (sched(7)).
"""


@click.group()
def cli() -> None:
    """Processes that carry events and do jobs."""


def begin(process: str, behind: int = 0) -> System:
    """The system of this process, so nice to others, or an end with one clear line."""
    logs.begin(process)
    os.nice(behind)
    try:
        return System(from_env(), pool_size=POOL)
    except SettingError as error:
        raise click.ClickException(str(error)) from error


@cli.command()
def relay() -> None:
    """Carry events from the outbox to the rooms and the queues."""
    from workers.relay import Emitter, Relay

    system = begin("relay")
    jobs = queues.Jobs(queues.connect(system.settings.redis_url))
    Relay(system, Emitter(system.settings), jobs).run()


@cli.command()
def clock() -> None:
    """Do what happens by the clock."""
    from workers import clock as duties

    duties.run(begin("clock", BEHIND["clock"]))


@cli.command()
@click.argument("names", metavar="QUEUE...", nargs=-1, required=True, type=click.Choice(queues.QUEUES))
def work(names: tuple[str, ...]) -> None:
    """Do the jobs of the queues, the first named first."""
    from geo.simplex import compile_now
    from workers import jobs

    system = begin(f"worker-{names[0]}", BEHIND.get(names[0], 0))
    jobs.use(system)
    if "planning" in names:
        compile_now()
    queues.work(names, queues.connect(system.settings.redis_url))


if __name__ == "__main__":
    cli()
