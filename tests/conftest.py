"""What most tests start from: real servers, a fresh database, and no way out of this machine."""

import ipaddress
import itertools
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis

from server import embedded
from server.commands.migrate import migrate
from server.config import REPORT_LIMITS, Settings

ADMIN_PASSWORD = "the one password of all tests"
QUEUES = itertools.count()
MIGRATED, STARTED = "template_migrated", "template_started"

NewDatabase = Callable[[str], str]
"""From a template's name to the libpq URL of a fresh copy."""


class ReachedOutsideError(AssertionError):
    """A test tried to reach something beyond loopback."""


def pytest_configure() -> None:
    """Watches every connection and every name that Python code looks up."""
    sys.addaudithook(_loopback_only)


def _loopback_only(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        # A UNIX socket's address is a path.
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if host not in (None, "", "localhost", b"localhost") and not _is_loopback(host):
        raise ReachedOutsideError(f"tests reach loopback only, not {host!r}")


def _is_loopback(host: str | bytes) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    # Listening on every address looks up the unspecified one.
    return address.is_loopback or address.is_unspecified


@pytest.fixture(scope="session")
def servers() -> Iterator[Settings]:
    """One PostgreSQL and one Valkey for the whole run, in a folder of their own."""
    # Not pytest's folder, whose path may be too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="tanggap-"))
    settings = Settings(
        data_dir=folder.resolve(),
        secret_key="the secret of all tests, which keeps nothing secret",
        admin_password=ADMIN_PASSWORD,
        # Tests send what no people send; those of the limits turn them on.
        report_limits={**REPORT_LIMITS, "everyone": 0},
    )
    try:
        with embedded.servers(settings) as running:
            with psycopg.connect(running.database_url, autocommit=True) as connection:
                # A crash of the machine may lose the tests' data.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(servers: Settings) -> NewDatabase:
    """Makes a fresh database from one of the two templates."""
    ready: set[str] = set()

    def make(template: str) -> str:
        if template not in ready:
            _fill_template(servers, template)
            ready.add(template)
        return _create_database(servers, f"test_{uuid4().hex}", template)

    return make


@pytest.fixture
def settings(servers: Settings, new_database: NewDatabase, tmp_path: Path) -> Iterator[Settings]:
    """A fresh database with empty tables, an empty queue and a DATA_DIR for files."""
    with _fresh(servers, new_database(MIGRATED), tmp_path) as fresh:
        yield fresh


@pytest.fixture
def started(servers: Settings, new_database: NewDatabase, tmp_path: Path) -> Iterator[Settings]:
    """Like `settings`, after the first start: areas, the standing incident, the admin's account."""
    with _fresh(servers, new_database(STARTED), tmp_path) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_settings(
    servers: Settings, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Like `settings`, shared by the tests of one file."""
    with _fresh(servers, new_database(MIGRATED), tmp_path_factory.mktemp("data")) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_started(
    servers: Settings, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Like `started`, shared by the tests of one file."""
    with _fresh(servers, new_database(STARTED), tmp_path_factory.mktemp("data")) as fresh:
        yield fresh


@contextmanager
def _fresh(servers: Settings, url: str, data_dir: Path) -> Iterator[Settings]:
    """Settings on one database and an empty queue; the database goes at the end, whoever still uses it."""
    # Valkey has 16 numbered databases; the next tests take the next one.
    queue = f"{servers.redis_url}?db={next(QUEUES) % 16}"
    with closing(redis.Redis.from_url(queue)) as client:
        client.flushdb()
    yield replace(servers, database_url=url, redis_url=queue, data_dir=data_dir)
    name = url.split("/")[3].partition("?")[0]
    _administer(servers, f"DROP DATABASE {name} WITH (FORCE)")


def _fill_template(servers: Settings, template: str) -> None:
    # Late: a unit test of one small part must not need the whole application.
    from server.first_start import prepare

    url = _create_database(servers, template, "template0" if template == MIGRATED else "template1")
    settings = replace(servers, database_url=url)
    migrate(settings)
    if template == STARTED:
        prepare(settings)


def _create_database(servers: Settings, name: str, template: str) -> str:
    _administer(servers, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return servers.database_url.replace(f"/{embedded.DATABASE}?", f"/{name}?")


def _administer(servers: Settings, statement: str) -> None:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(statement)
