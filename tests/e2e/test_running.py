"""`python -m server run`: what dies comes back, what ends leaves nothing, what cannot work says so."""

import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from server import embedded, leftovers
from server.config import Settings
from tests.conftest import STARTED, NewDatabase
from tests.e2e.conftest import ROOT, SECRET, NewStack, Stack

PROCESSES = ["gateway", "web-0", "web-1", "relay", "clock", "planner", "dispatcher-0", "postgres", "valkey"]


def test_the_procfile_runs_with_its_servers(stack: Stack) -> None:
    assert sorted(process.name for process in stack.processes.now() if process.up) == sorted(PROCESSES)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_comes_back(stack: Stack, name: str) -> None:
    before = stack.pid(name)
    stack.kill(name)
    stack.wait_back(name, before)
    stack.wait_ready()


@pytest.mark.parametrize("name", ["gateway", "postgres", "valkey"])
def test_only_our_own_processes_have_the_key(stack: Stack, name: str) -> None:
    assert SECRET in psutil.Process(stack.pid("web-0")).environ()["SECRET_KEY"]
    family = psutil.Process(stack.pid(name))
    for process in (family, *family.children(recursive=True)):
        assert SECRET not in str(process.environ())


def test_nobody_else_can_read_a_file(stack: Stack) -> None:
    """Locks and the gateway's configuration aside: as root, the database's user must get through their folder."""
    assert stack.command("backup").returncode == 0
    for path in stack.data_dir.rglob("*"):
        if path.is_file() and stack.settings.run_dir not in path.parents:
            above = [parent for parent in path.parents if parent.is_relative_to(stack.data_dir)]
            assert not path.stat().st_mode & 0o077 or any(not one.stat().st_mode & 0o077 for one in above), path


def test_a_killed_supervisor_is_replaced_with_all_it_had(stack: Stack) -> None:
    supervisor = supervisor_of(stack)
    before = stack.pid("web-0")
    supervisor.kill()
    supervisor.wait()
    stack.wait_for(lambda: supervisor_up(stack), "supervisord does not come back")
    stack.wait_back("web-0", before)
    stack.wait_ready()


def test_a_command_uses_the_running_servers(stack: Stack) -> None:
    before = stack.pid("postgres")
    result = stack.command("migrate")
    assert (result.returncode, result.stderr) == (0, "")
    assert stack.pid("postgres") == before


def test_a_second_run_of_the_same_data_dir_is_refused(stack: Stack) -> None:
    result = stack.command("run")
    assert result.returncode != 0
    assert result.stderr.count("\n") == 1
    assert "DATA_DIR" in result.stderr
    stack.wait_ready()


def test_a_taken_port_is_named(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = stack.environment | {"DATA_DIR": str(tmp_path_factory.mktemp("data"))}
    result = subprocess.run(
        [sys.executable, "-m", "server", "run"], cwd=ROOT, env=elsewhere, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert result.stderr.count("\n") == 1
    assert "PORT" in result.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_end_leaves_nothing_and_the_next_start_works(new_stack: NewStack, how: signal.Signals) -> None:
    system = new_stack()
    assert system.down(how) == 0
    assert_nothing_left(system)
    system.up()
    assert system.down() == 0


def test_after_a_kill_of_everything_the_next_start_works(new_stack: NewStack) -> None:
    system = new_stack()
    supervisor = supervisor_of(system)
    for process in [supervisor.parent(), supervisor, *supervisor.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    system.up()
    assert system.down() == 0
    assert_nothing_left(system)


def test_a_killed_parent_takes_all_with_it(new_stack: NewStack) -> None:
    system = new_stack()
    system.down(signal.SIGKILL)
    system.up()
    assert system.down() == 0
    assert_nothing_left(system)


def test_servers_from_outside_are_used_as_they_are(
    new_stack: NewStack, servers: Settings, new_database: NewDatabase
) -> None:
    system = new_stack(DATABASE_URL=new_database(STARTED), REDIS_URL=f"{servers.redis_url}?db=15")
    names = {process.name for process in system.processes.now()}
    assert not names & {"postgres", "valkey"}
    assert system.down() == 0


def supervisor_of(system: Stack) -> psutil.Process:
    """The system's supervisord."""
    return next(p for p in leftovers.processes(system.settings) if "supervisor.supervisord" in p.cmdline())


def supervisor_up(system: Stack) -> bool:
    """Whether there is one now."""
    return any("supervisor.supervisord" in p.cmdline() for p in leftovers.processes(system.settings))


def assert_nothing_left(system: Stack) -> None:
    """No process, no socket, and nobody in possession of DATA_DIR."""
    assert list(leftovers.processes(system.settings)) == []
    assert [path for path in system.data_dir.rglob("*") if path.is_socket()] == []
    owner = embedded.take(system.settings)
    assert owner is not None
    owner.close()
