"""The board with 100,000 open needs: bytes on the wire and seconds until the last one."""

import time
import urllib.request

from bench.crowd import fill
from bench.harness import Line, repeated, show
from bench.running import Running, running

NEEDS = 100_000


def fetch(system: Running, token: str) -> dict[str, float]:
    """One board as a browser asks for it."""
    request = urllib.request.Request(f"{system.url}/api/board?area=32")
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Accept-Encoding", "gzip, br, zstd")
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        data = answer.read()
    return {"seconds": time.perf_counter() - start, "megabytes": len(data) / 1e6}


def plain(system: Running, token: str) -> dict[str, float]:
    """The same without compression."""
    request = urllib.request.Request(f"{system.url}/api/board?area=32")
    request.add_header("Authorization", f"Bearer {token}")
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        data = answer.read()
    return {"plain_seconds": time.perf_counter() - start, "plain_megabytes": len(data) / 1e6}


def main() -> None:
    """Print the table."""
    with running() as system:
        system.command("users", "add", "bench", "--role", "coordinator", "--area", "32")
        token = system.command("users", "token", "bench")
        fill(system, cases=NEEDS // 3 + 1, each=3)
        found = repeated(lambda: {**fetch(system, token), **plain(system, token)})
    show(
        f"Board: {NEEDS:,} open needs with their cases and reports",
        [
            Line("board, bytes", "MB", found["megabytes"], found["plain_megabytes"], "uncompressed", "<= 1.5 MB"),
            Line("board, time", "s", found["seconds"], found["plain_seconds"], "uncompressed", "<= 1 s"),
        ],
    )


if __name__ == "__main__":
    main()
