"""The Procfile's processes and the two servers, kept alive by supervisord (docs/decisions)."""

import contextlib
import http.client
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from server import attached, embedded, leftovers
from server.config import Settings, environment_for

ROOT = Path(__file__).resolve().parents[1]
ONE_SHOT = {"demo"}
"""Started on request only, and left alone when they end."""

WITHOUT_SECRETS = 'SECRET_KEY="",ADMIN_PASSWORD=""'

HEAD = """\
[supervisord]
nodaemon = true
silent = true
umask = 077
minfds = 4096
pidfile = {run}/supervisord.pid
logfile = {log}/supervisord.log
logfile_maxbytes = 5MB
logfile_backups = 2

[unix_http_server]
file = {sockets}/supervisor.sock
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

# A process that lives less than `startsecs` is tried again after 1 s, 2 s, 3 s ...; one that
# lived longer, at once. None is ever given up.
PROGRAM = """
[program:{name}]
command = {command}
directory = {directory}
environment = {environment}
priority = {priority}
autostart = {autostart}
autorestart = {autorestart}
startsecs = 1
startretries = 1000000
stopsignal = {stop_signal}
stopwaitsecs = {stop_wait_s}
killasgroup = true
redirect_stderr = true
stdout_logfile = {log}/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 3
"""


class SupervisorGone(RuntimeError):
    """supervisord ended, or does not answer."""


@dataclass(frozen=True, slots=True)
class Process:
    """What supervisord knows of one process now."""

    name: str
    up: bool
    """Running, or about to be."""
    pid: int
    """0 while it is down."""


class Processes:
    """The processes of a running system, by way of its supervisord."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def now(self) -> list[Process]:
        """All of them, by name. Raises SupervisorGone."""
        return [
            Process(
                name=info["name"],
                up=info["statename"] in ("STARTING", "RUNNING", "BACKOFF"),
                pid=info["pid"],
            )
            for info in self._ask("getAllProcessInfo")
        ]

    def start(self, *names: str) -> None:
        """Starts some without waiting for them; those that run are left alone."""
        for process in self.now():
            if process.name in names and not process.up:
                self._ask("startProcess", process.name, False)

    def stop(self, *names: str) -> None:
        """Stops some in good order, all at the same time, and waits for the last; they stay down."""
        for process in self.now():
            if process.name in names and process.up:
                self._ask("stopProcess", process.name, False)
        while any(process.name in names and (process.up or process.pid) for process in self.now()):
            time.sleep(0.05)

    def _ask(self, method: str, *arguments: object) -> Any:
        url = f"unix://{self.settings.socket_dir}/supervisor.sock"
        # supervisord's path is in the transport; the address here only satisfies xmlrpc.
        with xmlrpc.client.ServerProxy("http://localhost", transport=SupervisorTransport(None, None, url)) as proxy:
            try:
                return getattr(proxy.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                return _unless_settled(fault)
            except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
                raise SupervisorGone(str(error)) from error


class Supervisor(Processes):
    """A supervisord of our own: it lives no longer than the process that made it."""

    def __init__(self, settings: Settings) -> None:
        """The settings name the database and the queue, embedded or not."""
        super().__init__(settings)
        configuration = settings.run_dir / "supervisord.conf"
        configuration.write_text(configured(settings))
        configuration.chmod(0o600)
        self.child = subprocess.Popen(
            [
                *[sys.executable, "-I", "-S", attached.__file__, "SIGTERM", "-"],
                *[sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration)],
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment_for(settings) | {leftovers.MARK: str(settings.data_dir), "PYTHONUNBUFFERED": "1"},
            # A Ctrl-C at the terminal is for the parent, which then stops all in order.
            start_new_session=True,
            cwd=ROOT,
        )

    def alive(self) -> bool:
        """Whether supervisord itself still runs."""
        return self.child.poll() is None

    def shut_down(self, wait_s: float = 60.0) -> None:
        """Stops everything: first what uses the servers, then the servers, then supervisord."""
        # By itself supervisord stops one after the other, and takes seconds for each.
        with contextlib.suppress(SupervisorGone):
            self.stop(*application(self.settings), *ONE_SHOT)
            self.stop("valkey", "postgres")
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def _unless_settled(fault: xmlrpc.client.Fault) -> None:
    """A process that was meanwhile in the state we asked for is no error."""
    if fault.faultString.split(":")[0] not in ("ALREADY_STARTED", "NOT_RUNNING"):
        raise fault


def application(settings: Settings) -> dict[str, str]:
    """Every process of the Procfile by its name, with its command; several of one are numbered."""
    copies = {"web": settings.web_processes, "dispatcher": settings.workers}
    commands = {}
    for line in (ROOT / "Procfile").read_text().splitlines():
        name, _, command = line.partition(":")
        for number in range(copies.get(name, 1)):
            commands[f"{name}-{number}" if name in copies else name] = command.strip()
    return commands


def configured(settings: Settings) -> str:
    """supervisord's configuration for these settings."""
    places = {"run": settings.run_dir, "log": settings.log_dir, "sockets": settings.socket_dir}
    text = HEAD.format(**{name: _literal(path) for name, path in places.items()})
    for name, program in _servers(settings).items():
        text += _section(settings, name, program, own=True)
    for name, command in (application(settings) | {"demo": "python -m server demo"}).items():
        python, *arguments = shlex.split(command)
        argv = [sys.executable if python == "python" else python, *arguments]
        wrapped = [sys.executable, "-I", "-S", attached.__file__, "SIGTERM", "-", *argv]
        text += _section(settings, name, embedded.Program(wrapped, "TERM"), own=False)
    return text


def _servers(settings: Settings) -> dict[str, embedded.Program]:
    found = {}
    if settings.database_url == embedded.database_url(settings):
        found["postgres"] = embedded.prepare_postgres(settings)
    if settings.redis_url == embedded.redis_url(settings):
        found["valkey"] = embedded.prepare_valkey(settings)
    return found


def _section(settings: Settings, name: str, program: embedded.Program, *, own: bool) -> str:
    number = name.rpartition("-")[2]
    return PROGRAM.format(
        name=name,
        command=_literal(shlex.join(program.command)),
        directory=_literal("/" if own else ROOT),
        # The servers have no use for the key to contacts, nor has the database's system user.
        environment=WITHOUT_SECRETS if own else f'WEB_NUMBER="{number}"' if number.isdigit() else "",
        # supervisord stops the highest first: PostgreSQL last.
        priority={"postgres": 1, "valkey": 2}.get(name, 100),
        autostart="true" if own else "false",
        autorestart="false" if name in ONE_SHOT else "true",
        stop_signal=program.stop_signal,
        stop_wait_s=30 if own else 10,
        log=_literal(settings.log_dir),
    )


def _literal(value: object) -> str:
    """Text in supervisord's configuration, where % begins a variable."""
    return str(value).replace("%", "%%")
