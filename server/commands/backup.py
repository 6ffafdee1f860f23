"""`backup` and `restore`: the whole database as one pg_dump file in its custom format."""

import subprocess
from datetime import datetime
from pathlib import Path

import psycopg

from server import erasures
from server.bootstrap import System
from server.commands.migrate import migrate
from server.config import Settings
from server.embedded import postgres_binary
from server.services import own_data

KEPT = 14
"""Backups of our own making that are kept: two weeks of nights."""


class CannotRestoreError(RuntimeError):
    """Why a restore was refused, in one line; nothing was changed."""


def backup(settings: Settings, now: datetime) -> Path:
    """Dump the database to DATA_DIR/backups and drop the oldest beyond KEPT; returns the new file.

    The file has its name only once it is whole. Raises CalledProcessError.
    """
    folder = settings.data_dir / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"tanggap-{now:%Y%m%dT%H%M%SZ}.dump"
    growing = path.with_suffix(".part")
    # Closed to others from its first byte on: pg_dump writes into what is there.
    growing.unlink(missing_ok=True)
    growing.touch(mode=0o600)
    command = [postgres_binary("pg_dump"), "--format=custom", "--no-owner", f"--file={growing}"]
    subprocess.run([*command, f"--dbname={settings.database_url}"], check=True)
    growing.rename(path)
    for old in sorted(folder.glob("tanggap-*.dump"))[:-KEPT]:
        old.unlink()
    return path


def restore(settings: Settings, file: Path) -> None:
    """Put a backup in place of the database, all or nothing.

    Raises CannotRestoreError while anybody else is connected, or when the file is no backup.
    """
    readable = subprocess.run(
        [postgres_binary("pg_restore"), "--list", str(file)], capture_output=True, text=True, check=False
    )
    if readable.returncode:
        raise CannotRestoreError(f"{file} is no backup: {readable.stderr.strip().splitlines()[-1]}")
    with psycopg.connect(settings.database_url) as connection:
        others = connection.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and backend_type = 'client backend'"
        ).fetchone()
    if others and others[0]:
        raise CannotRestoreError("the system is running; stop it first")
    command = [postgres_binary("pg_restore"), "--clean", "--if-exists", "--single-transaction", "--no-owner"]
    subprocess.run([*command, "--exit-on-error", f"--dbname={settings.database_url}", str(file)], check=True)
    migrate(settings)
    _forget_again(settings)


def _forget_again(settings: Settings) -> None:
    """A backup knows people who asked to be forgotten after it was made; whose time is over, the clock forgets."""
    system = System(settings)
    try:
        with system.writing() as tx:
            for subject in erasures.noted(settings.data_dir):
                own_data.erase_again(tx, subject)
    finally:
        system.engine.dispose()
