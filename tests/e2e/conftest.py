"""Whole systems, as `make run` starts them, for tests that drive them from outside."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from server import embedded
from server.commands.migrate import migrate
from server.config import Settings, from_env
from server.processes import Processes, SupervisorGone
from tests.conftest import ADMIN_PASSWORD

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 90.0
GREETING = "Ctrl-C stops everything"
NOT_IN_CHILDREN = {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "FAULT", "SERVING", "TILE_URL", "HOST"}

SECRET = "the secret of all tests, which keeps nothing secret"


class Stack:
    """One running system: gateway, web processes, workers, PostgreSQL and Valkey."""

    def __init__(self, data_dir: Path, environment: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.environment = environment
        self.settings: Settings = embedded.addresses(from_env(environment))
        self.base_url = self.settings.public_url
        self.admin_name, self.admin_password = "admin", ADMIN_PASSWORD
        self.processes = Processes(self.settings)
        self._parent: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> str:
        """What the present `run` has printed so far."""
        return self._output.read_text()

    @property
    def _output(self) -> Path:
        return self.data_dir.with_name("run.out")

    def up(self) -> None:
        """Starts the system, anew if need be, and waits until it is ready."""
        if self._parent is not None:
            self._parent.wait(WAIT_S)
        with self._output.open("wb") as output:
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "server", "run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # Its word, and not an answer of /readyz, which may come from the gateway of the run before.
        self.wait_for(lambda: GREETING in self.output, "the system does not start")

    def down(self, how: signal.Signals = signal.SIGINT) -> int:
        """Asks the system to end, waits for it, and gives its exit status."""
        assert self._parent is not None
        self._parent.send_signal(how)
        return self._parent.wait(WAIT_S)

    def running(self) -> bool:
        """Whether the foreground process is there."""
        return self._parent is not None and self._parent.poll() is None

    def wait_ready(self) -> None:
        """Returns when /readyz says yes."""
        self.wait_for(lambda: self.status("/readyz") == http.client.OK, "the system does not become ready")

    def wait_for(self, reached: Callable[[], bool], otherwise: str) -> None:
        """Returns when a condition holds; fails, with the system's own words, when it never does."""
        deadline = time.monotonic() + WAIT_S
        while not reached():
            if time.monotonic() > deadline or not self.running():
                pytest.fail(f"{otherwise}; it printed:\n{self.output}\n{self._last_lines()}")
            time.sleep(0.02)

    def status(self, path: str) -> int:
        """The HTTP status of a GET, or 0 when nobody answers."""
        connection = http.client.HTTPConnection(self.settings.host, self.settings.port, timeout=15)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", path)
            return connection.getresponse().status
        return 0

    def pid(self, name: str) -> int:
        """The process of a Procfile name (`web-0`, `relay`, ...), `postgres` or `valkey`; 0 while it is down."""
        with suppress(SupervisorGone):
            return next(process.pid for process in self.processes.now() if process.name == name)
        return 0

    def kill(self, name: str) -> None:
        """`kill -9`; the supervisor brings it back."""
        os.kill(self.pid(name), signal.SIGKILL)

    def wait_back(self, name: str, before: int) -> None:
        """Returns when the process `before` of that name has a successor."""
        self.wait_for(lambda: self.pid(name) not in (0, before), f"{name} does not come back")

    def stop(self, *names: str) -> None:
        """Stops processes in good order; they stay down until `start`."""
        self.processes.stop(*names)

    def start(self, *names: str) -> None:
        """Starts processes that were stopped."""
        self.processes.start(*names)

    def freeze(self, name: str) -> None:
        """SIGSTOP, until `thaw`."""
        os.kill(self.pid(name), signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        os.kill(self.pid(name), signal.SIGCONT)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `python -m server ...` against this system."""
        return subprocess.run(
            [sys.executable, "-m", "server", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def _last_lines(self) -> str:
        logs = sorted((self.data_dir / "log").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)


NewStack = Callable[..., Stack]
"""Makes a system that is already up; keyword arguments are environment variables."""


@pytest.fixture(scope="session")
def _first_data_dir() -> Iterator[Path]:
    """A DATA_DIR after its first start, to copy from."""
    folder = Path(tempfile.mkdtemp(prefix="tanggap-"))
    try:
        environment = {"DATA_DIR": str(folder), "SECRET_KEY": SECRET, "ADMIN_PASSWORD": ADMIN_PASSWORD}
        from server.first_start import prepare

        with embedded.servers(from_env(environment)) as settings:
            migrate(settings)
            prepare(settings)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def new_stack(_first_data_dir: Path) -> Iterator[NewStack]:
    """A maker of systems; all are stopped after the file's last test."""
    with ExitStack() as stacks:

        def make(**environment: str) -> Stack:
            return stacks.enter_context(_system(_first_data_dir, environment))

        yield make


@pytest.fixture(scope="module")
def stack(new_stack: NewStack, request: pytest.FixtureRequest) -> Stack:
    """One system for the tests of a file: two web processes, and the public clock that the file's PUBLISH_EVERY_S sets.

    Without one figures are cut once: drawing them every two seconds would take a fifth of a processor.
    """
    own = getattr(request.module, "PUBLISH_EVERY_S", None)
    return new_stack(PUBLISH_EVERY_S=own) if own else new_stack()


@contextmanager
def _system(first: Path, extra: dict[str, str]) -> Iterator[Stack]:
    home = Path(tempfile.mkdtemp(prefix="tanggap-"))
    data_dir = home / "data"
    # With its owners: as root, PostgreSQL's files are another user's.
    subprocess.run(["cp", "-a", str(first), str(data_dir)], check=True)
    home.chmod(0o711)
    environment = {name: value for name, value in os.environ.items() if name not in NOT_IN_CHILDREN} | {
        "DATA_DIR": str(data_dir),
        "PORT": str(_free_port()),
        "SECRET_KEY": SECRET,
        "ADMIN_PASSWORD": ADMIN_PASSWORD,
        "WEB_PROCESSES": "2",
        "PUBLISH_EVERY_S": "3600",
        "REPORT_LIMITS": "off",
        **extra,
    }
    system = Stack(data_dir, environment)
    try:
        system.up()
        yield system
    finally:
        if system.running():
            system.down()
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
