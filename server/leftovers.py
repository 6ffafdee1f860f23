"""What an earlier run of the same DATA_DIR left behind after a `kill -9` or a power cut."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

from server.config import Settings

MARK = "TANGGAP_RUN"
"""Each supervised process carries this environment variable, with its DATA_DIR."""
DATABASE_FILES, QUEUE_FILES = "postgres", "valkey"
"""Folders under DATA_DIR; each server's working folder, by which we know it as ours."""
STOP_WAIT_S = 15.0
NOBODY = 99_999_999
"""Above every pid that a system gives out."""


def clear(settings: Settings) -> None:
    """Stops processes and removes sockets and pid files of a run that is no more.

    Only whoever holds the owner's lock (embedded.py) may call it.
    """
    _stop(list(processes(settings)))
    _disown(settings.data_dir / DATABASE_FILES / "postmaster.pid")
    database_sockets = settings.socket_dir / "pg"
    for folder in (settings.run_dir, settings.socket_dir, database_sockets):
        for path in folder.glob("*"):
            if folder == database_sockets or path.is_socket() or ".sock" in path.name or path.suffix == ".pid":
                path.unlink(missing_ok=True)
    if settings.socket_dir != settings.run_dir and settings.socket_dir.is_dir():
        with contextlib.suppress(OSError):
            (settings.socket_dir / "pg").rmdir()
            settings.socket_dir.rmdir()


def processes(settings: Settings) -> Iterator[psutil.Process]:
    """Every process of this DATA_DIR, except the one that asks and its parents."""
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid not in mine and _is_ours(process, settings):
                yield process


def _disown(pid_file: Path) -> None:
    """Makes PostgreSQL's pid file name nobody: a pid that is now somebody else's keeps it from starting.

    The file stays, because it tells PostgreSQL which shared memory to clear away.
    """
    if pid_file.exists():
        _, _, rest = pid_file.read_text().partition("\n")
        pid_file.write_text(f"{NOBODY}\n{rest}")


def _is_ours(process: psutil.Process, settings: Settings) -> bool:
    # The two servers overwrite their environment with their title.
    match process.name():
        case "postgres":
            return process.cwd() == str(settings.data_dir / DATABASE_FILES)
        case "valkey-server":
            return process.cwd() == str(settings.data_dir / QUEUE_FILES)
        case _:
            return process.environ().get(MARK) == str(settings.data_dir)


def _stop(found: list[psutil.Process]) -> None:
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            # For PostgreSQL an interrupt is the quick stop in good order.
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, stubborn = psutil.wait_procs(found, timeout=STOP_WAIT_S)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=STOP_WAIT_S)
