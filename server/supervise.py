"""`python -m server run`: the whole system in the foreground, until Ctrl-C."""

import contextlib
import http.client
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

from server import embedded, leftovers
from server.commands.migrate import migrate
from server.config import Settings
from server.first_start import FirstStart, prepare
from server.processes import ONE_SHOT, Supervisor, SupervisorGone, application

READY_WAIT_S = 120.0
LOOK_EVERY_S = 1.0


class CannotRun(RuntimeError):
    """Why the system cannot start, in one line."""


class Stop(BaseException):
    """Somebody asked us to end. Not an Exception: nothing on the way may swallow it."""


def run(settings: Settings, *, demo: bool = False) -> None:
    """Starts everything and stays until it is asked to stop. Raises CannotRun, ServerError."""
    owner = embedded.take(settings)
    if owner is None:
        raise CannotRun(
            f"process {embedded.owner_pid(settings)} already uses DATA_DIR {settings.data_dir}; "
            f"stop it first, or set DATA_DIR to another folder"
        )
    with owner, contextlib.suppress(Stop), _stoppable():
        _need_free_port(settings)
        _run_as_owner(embedded.addresses(settings), demo=demo)
    _say("Stopped.")


def _run_as_owner(settings: Settings, *, demo: bool) -> None:
    with _supervised(settings) as supervisor:
        _say("Starting the database and the queue")
        embedded.wait_until_ready(settings)
        _say("Bringing the database up to date")
        migrate(settings)
        first = prepare(settings)
        _say("Starting the application")
        supervisor.start(*application(settings))
        _wait_for_application(supervisor)
        _greet(settings, first)
        if demo:
            from server.commands.demo import prepare as prepare_demo  # noqa: PLC0415 - only a demo needs it

            _say("  Logins of the demo (name, role, one-time password):")
            for line in prepare_demo(settings):
                _say(f"    {line}")
            supervisor.start("demo")
        _watch(supervisor)
    # Only a supervisor that died brings us here.
    _say("The supervisor ended; starting everything again")
    _run_again(settings)


def _run_again(settings: Settings) -> None:
    while True:
        leftovers.clear(settings)
        embedded.make_folders(settings)
        with _supervised(settings) as supervisor:
            embedded.wait_until_ready(settings)
            supervisor.start(*application(settings))
            _watch(supervisor)


@contextlib.contextmanager
def _supervised(settings: Settings) -> Iterator[Supervisor]:
    """A supervisor that is up; at the end, however it comes, nothing of it is left."""
    supervisor = Supervisor(settings)
    try:
        _until(lambda: _answers(supervisor), supervisor, "supervisord does not start")
        yield supervisor
    finally:
        with _unstoppable():
            if supervisor.alive():
                _say("Stopping")
                supervisor.shut_down()
            leftovers.clear(settings)


class Deaths:
    """Tells on the terminal which processes ended by themselves."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._pids: dict[str, int] = {}

    def look(self) -> None:
        """Call it every second or so."""
        with contextlib.suppress(SupervisorGone):
            for process in self._supervisor.now():
                before = self._pids.get(process.name, 0)
                if before and process.pid != before and process.name not in ONE_SHOT:
                    log = self._supervisor.settings.log_dir / f"{process.name}.log"
                    _say(f"{process.name} ended and is started again; see {log}")
                self._pids[process.name] = process.pid


def _watch(supervisor: Supervisor) -> None:
    """Stays for as long as supervisord lives."""
    deaths = Deaths(supervisor)
    while supervisor.alive():
        deaths.look()
        time.sleep(LOOK_EVERY_S)


def _wait_for_application(supervisor: Supervisor) -> None:
    settings, deaths = supervisor.settings, Deaths(supervisor)

    def ready() -> bool:
        deaths.look()
        return _ready(settings)

    _until(ready, supervisor, f"the application does not become ready; see {settings.log_dir}")


def _until(reached: Callable[[], bool], supervisor: Supervisor, otherwise: str) -> None:
    deadline = time.monotonic() + READY_WAIT_S
    while not reached():
        if not supervisor.alive() or time.monotonic() > deadline:
            raise CannotRun(otherwise)
        time.sleep(0.05)


def _answers(supervisor: Supervisor) -> bool:
    try:
        return bool(supervisor.now())
    except SupervisorGone:
        return False


def _ready(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.reachable_host, settings.port, timeout=LOOK_EVERY_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def _need_free_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the gateway does it: connections that are only winding down do not hold a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotRun(
                f"cannot listen on HOST {settings.host}, PORT {settings.port}: {error.strerror}; "
                f"set PORT to a free one, for example PORT={settings.port % 65_535 + 1}"
            ) from error


def _greet(settings: Settings, first: FirstStart) -> None:
    url = settings.public_url
    _say(f"Tanggap is ready: {url}")
    _say(f"  report      {url}/lapor")
    _say(f"  public map  {url}/peta")
    _say(f"  sign in     {url}/masuk")
    if first.admin_password:
        _say(f"  The first account is admin, with the one-time password {first.admin_password}")
    _say(f"Logs are in {settings.log_dir}. Ctrl-C stops everything.")


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Within this, the ways to end a process raise Stop instead."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stop

    with _handling(stop):
        yield


@contextlib.contextmanager
def _unstoppable() -> Iterator[None]:
    """Within this, they do nothing: it is the stopping."""
    with _handling(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _say(line: str) -> None:
    print(line, flush=True)
    sys.stdout.flush()
