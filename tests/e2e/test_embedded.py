"""The embedded servers: found when they run, started when they do not, and never left behind."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from server import embedded, leftovers
from server.config import Settings

ROOT = Path(__file__).resolve().parents[2]
# A command that has its servers, says so, and works until it is told that it is done.
COMMAND = """
import sys
from server import embedded
from server.config import from_env
with embedded.servers(from_env()) as settings:
    print(settings.database_url, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A DATA_DIR with a short path and nothing in it."""
    folder = Path(tempfile.mkdtemp(prefix="tanggap-"))
    yield Settings(data_dir=folder, secret_key="given")
    shutil.rmtree(folder)


def test_what_was_written_is_there_the_next_time(settings: Settings) -> None:
    with embedded.servers(settings) as running, psycopg.connect(running.database_url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('Sukabumi')")
    with embedded.servers(settings) as running, psycopg.connect(running.database_url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("Sukabumi",)]
    assert_nothing_left(settings)


def test_the_database_has_one_order_of_text_and_commits_to_disk(settings: Settings) -> None:
    with embedded.servers(settings) as running, psycopg.connect(running.database_url) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()
            for name in ("server_encoding", "synchronous_commit", "fsync", "listen_addresses", "timezone")
        }
        words = connection.execute("SELECT w FROM unnest(ARRAY['b', 'A', 'é', 'a']) AS w ORDER BY w").fetchall()
    assert shown == {
        "server_encoding": ("UTF8",),
        "synchronous_commit": ("on",),
        "fsync": ("on",),
        "listen_addresses": ("",),
        "timezone": ("UTC",),
    }
    assert [word for (word,) in words] == ["A", "a", "b", "é"]


def test_servers_that_are_given_are_used_as_they_are(settings: Settings, servers: Settings) -> None:
    given = settings.with_servers(servers.database_url, servers.redis_url)
    with embedded.servers(given) as running:
        assert running == given
    assert not (settings.data_dir / "postgres").exists()


def test_a_database_that_is_given_and_a_queue_of_our_own(settings: Settings, servers: Settings) -> None:
    with embedded.servers(settings.with_servers(servers.database_url, "")) as running:
        assert running.database_url == servers.database_url
        assert redis.Redis.from_url(running.redis_url).ping()
    assert not (settings.data_dir / "postgres").exists()


def test_a_second_command_uses_the_servers_of_the_first_and_they_wait_for_it(settings: Settings) -> None:
    with command(settings) as first, ExitStack() as others:
        address = say(first)
        second = others.enter_context(command(settings))
        assert say(second) == address
        # The first is done before the second, and stays for its sake.
        finish(first)
        with pytest.raises(subprocess.TimeoutExpired):
            first.wait(0.5)
        with psycopg.connect(embedded.database_url(settings)) as connection:
            connection.execute("SELECT 1")
        finish(second)
        assert first.wait(30) == second.wait(30) == 0
    assert_nothing_left(settings)


def test_after_a_kill_the_next_command_starts_anew(settings: Settings) -> None:
    with command(settings) as killed:
        say(killed)
        children = list(leftovers.processes(settings))
        assert {child.name() for child in children} >= {"postgres", "valkey-server"}
        killed.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        killed.wait()
    # As after a power cut and a reboot that gave the old pid to somebody else.
    pid_file = settings.data_dir / "postgres" / "postmaster.pid"
    if pid_file.exists():
        _, *rest = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(os.getppid()), *rest]))
    with embedded.servers(settings) as running, psycopg.connect(running.database_url) as connection:
        connection.execute("SELECT 1")
    assert_nothing_left(settings)


def test_a_long_path_works_by_way_of_a_short_one(settings: Settings) -> None:
    deep = Settings(data_dir=settings.data_dir / ("d" * 90), secret_key="given")
    with embedded.servers(deep) as running, psycopg.connect(running.database_url) as connection:
        connection.execute("SELECT 1")
    assert not deep.socket_dir.exists()


def command(settings: Settings) -> subprocess.Popen[str]:
    """A process with the embedded servers."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        cwd=ROOT,
        env={"DATA_DIR": str(settings.data_dir), "SECRET_KEY": "given", "PATH": os.defpath},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def say(process: subprocess.Popen[str]) -> str:
    """What it printed once it had its servers."""
    assert process.stdout
    return process.stdout.readline()


def finish(process: subprocess.Popen[str]) -> None:
    """Lets it come to its end."""
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def assert_nothing_left(settings: Settings) -> None:
    """No process, no socket."""
    assert list(leftovers.processes(settings)) == []
    assert [path for path in settings.data_dir.rglob("*") if path.is_socket()] == []
