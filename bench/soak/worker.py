"""One process of the soak: threads that act at random until it is time, or until it is killed.

What was begun and how it ended goes into a file at once, so that a killed process leaves its history.
"""

import os
import random
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from bench.soak import broken, scene
from bench.soak.acts import OFTEN, Acts, NothingToDo
from server.api.contract import DEADLOCKS
from server.bootstrap import System, met_head_on
from server.config import Settings
from server.domain.errors import DomainError


def loaded() -> None:
    """Nothing: a process that does it has loaded this module and all that it needs."""


def work(settings: Settings, seed: str, threads: int, until: float, log: Path, build: str | None) -> None:
    """Act with so many threads, each with a connection of its own, until that time; with `build`, broken on purpose."""
    often = dict(OFTEN)
    if build:
        broken.BUILDS[build].patch()
        often |= broken.BUILDS[build].often
    system = System(settings, pool_size=threads)
    # Before the threads, so that none of them needs a second connection for it.
    system.gazetteer()
    next(system.sources.numbers)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    each = [
        threading.Thread(target=_act_until, args=(system, f"{seed}/{n}", often, until, file), daemon=True)
        for n in range(threads)
    ]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    system.engine.dispose()


def _act_until(system: System, seed: str, often: Mapping[str, float], until: float, file: int) -> None:
    rng = random.Random(seed)
    acts, names, weights = Acts(system, rng), list(often), list(often.values())
    while time.time() < until:
        (name,) = rng.choices(names, weights)
        _note(file, act=name, by=seed)
        began = time.perf_counter()
        _note(file, act=name, by=seed, **_done(acts, name), s=round(time.perf_counter() - began, 4))


def _done(acts: Acts, name: str) -> dict[str, Any]:
    """How an act ended; of two transactions that met head-on the one that was ended is done again, as by the product.

    A job that fails is put into the queue again, and the clock comes round: three times more for each of them here.
    """
    for again in range(DEADLOCKS):
        try:
            getattr(acts, name)()
            return {"end": "done", "again": again}
        except NothingToDo:
            return {"end": "nothing to do", "again": again}
        except DomainError as error:
            return {"end": error.code, "again": again}
        except OperationalError as error:
            if met_head_on(error) and again < DEADLOCKS - 1:
                continue
            return {"end": "surprise", "error": repr(error.orig), "trace": traceback.format_exc()}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            return {"end": "surprise", "error": repr(error), "trace": traceback.format_exc()}
    raise AssertionError("unreachable")


def _note(file: int, **what: Any) -> None:
    # One write for each line: whole, or not there.
    os.write(file, (scene.as_json(what) + "\n").encode())
