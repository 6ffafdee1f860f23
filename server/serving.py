"""`python -m server web`: one web process, gunicorn with one worker on a UNIX socket."""

import ctypes
import gc
import signal
import sys
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from server.attached import PR_SET_PDEATHSIG
from server.config import Settings
from server.gateway import web_socket

if TYPE_CHECKING:
    from flask import Flask

SOCKETS_PER_PROCESS = 10_000
# In threads mode each websocket holds a thread for as long as it is open.
THREADS_PER_PROCESS = 1_000
# How long requests may go on after the process was asked to end.
GRACE_S = 5


class WebProcess(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The gunicorn master and its one worker, which alone loads the application."""

    def __init__(self, settings: Settings) -> None:
        """Of the settings, `web_number` says which process this one is."""
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        options: dict[str, Any] = {
            "bind": f"unix:{web_socket(self.settings, self.settings.web_number)}",
            "umask": 0o077,
            "workers": 1,
            "timeout": 120,
            "graceful_timeout": GRACE_S,
            "keepalive": 75,
            "loglevel": "warning",
            "proc_name": f"web-{self.settings.web_number}",
            "post_fork": lambda _master, _worker: _end_with_the_master(),
            "control_socket_disable": True,
        }
        match self.settings.serving:
            case "gevent":
                options |= {"worker_class": "gevent", "worker_connections": SOCKETS_PER_PROCESS}
            case "threads":
                options |= {
                    "worker_class": "gthread",
                    "threads": THREADS_PER_PROCESS,
                    "worker_connections": SOCKETS_PER_PROCESS,
                }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> "Flask":
        """Called by gunicorn in the worker, after gevent has replaced what blocks."""
        from server import live  # noqa: PLC0415 - see above
        from server.app import create_app  # noqa: PLC0415

        app = create_app(self.settings)
        live.watch(app)
        # What is here stays, and what a request makes goes by itself: looking for garbage less often
        # gives 800 instead of 720 reports a second, and fewer that wait.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        return app


def serve(settings: Settings) -> None:
    """Does not return before the process is asked to end."""
    WebProcess(settings).run()


def _end_with_the_master() -> None:
    """A worker whose master was killed would otherwise hold its clients for a while."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM.value)
