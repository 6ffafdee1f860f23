"""From a report sent to 500 sockets hearing of it, at 200 reports a second, in each serving mode.

The same run is the intake load beside the sockets. The baseline of a mode is the other mode.
"""

import json
import subprocess
import sys
import threading
import time
from typing import Any

from bench import load
from bench.harness import Line, show
from bench.intake import body
from bench.running import NODE, ROOT, Running, running

SOCKETS, RATE, SECONDS = 500, 200, 10


def paced(system: Running, sent: dict[str, float], statuses: list[int]) -> None:
    """Send RATE reports a second for SECONDS over eight connections, noting when each was sent."""
    lanes = 8
    start = time.perf_counter() + 0.5

    def lane(k: int) -> None:
        connection = load.Connection(("127.0.0.1", system.port))
        for n in range(k, RATE * SECONDS, lanes):
            request = load.post_json("/api/reports", json.dumps(body(n)).encode())
            time.sleep(max(0.0, start + n / RATE - time.perf_counter()))
            at = time.time() * 1000
            connection.send(request)
            answer = None
            while answer is None:
                answer = connection.receive()
            statuses.append(answer[0])
            sent[json.loads(answer[1])["id"]] = at

    threads = [threading.Thread(target=lane, args=(k,)) for k in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def once(system: Running, token: str) -> dict[str, Any]:
    """Percentiles of the delay over all (report, socket) pairs, in milliseconds."""
    command = [*NODE, str(ROOT / "bench" / "sockets.mjs"), system.url, token, str(SOCKETS)]
    sockets = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert sockets.stdin is not None
    assert sockets.stdout is not None
    assert sockets.stdout.readline().strip() == "ready"
    sent: dict[str, float] = {}
    statuses: list[int] = []
    paced(system, sent, statuses)
    assert set(statuses) == {201}, set(statuses)
    time.sleep(3)
    sockets.stdin.write(json.dumps({"sent": sent}) + "\n")
    sockets.stdin.flush()
    found: dict[str, Any] = json.loads(sockets.stdout.readline())
    sockets.wait(timeout=30)
    return found


def measure(runs: int = 5, **environment: str) -> list[dict[str, Any]]:
    """The delays of several runs on one system."""
    with running(**environment) as system:
        system.command("users", "add", "bench", "--role", "coordinator", "--area", "32")
        token = system.command("users", "token", "bench")
        found = []
        for n in range(runs):
            sys.stderr.write(f"\r  {environment} run {n + 1} of {runs} ")
            found.append(once(system, token))
        sys.stderr.write("\r" + " " * 70 + "\r")
        return found


def main() -> None:
    """Print the table."""
    modes = {
        "gevent, 2 processes": {"SERVING": "gevent", "WEB_PROCESSES": "2"},
        "gevent, 1 process": {"SERVING": "gevent", "WEB_PROCESSES": "1"},
        "threads, 2 processes": {"SERVING": "threads", "WEB_PROCESSES": "2"},
    }
    results = {name: measure(5 if n == 0 else 3, **environment) for n, (name, environment) in enumerate(modes.items())}
    first = [run["p99"] for run in results["gevent, 2 processes"]]
    lines = []
    for name, runs in results.items():
        for figure in ("p50", "p99"):
            base = first if figure == "p99" and name != "gevent, 2 processes" else []
            aim = "<= 300 ms" if figure == "p99" else ""
            values = [run[figure] for run in runs]
            lines.append(Line(f"report -> socket, {name}, {figure}", "ms", values, base, "gevent, 2 processes", aim))
    missed = {name: sum(run["missed"] for run in runs) for name, runs in results.items()}
    show(f"Live: {SOCKETS} sockets, {RATE} reports/s for {SECONDS} s", lines, {"pairs missed": missed})


if __name__ == "__main__":
    main()
