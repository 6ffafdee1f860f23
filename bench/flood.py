"""A flood of junk with true reports in it, through shared addresses, against a running system.

`python -m bench flood`: 10,000 junk and 50 true reports (5 of them T0) in 10 minutes through 40 addresses.
FLOOD_JUNK, FLOOD_TRUE, FLOOD_TRUE_T0 and FLOOD_SECONDS make it smaller. What is in it: bench/flood_made.py.
"""

import json
import os
import random
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench.crowd import connected
from bench.flood_made import KINDS, Sending, play
from bench.harness import Line, percentile, show
from bench.running import Running, running

SENDERS = 24
LOOKS_EVERY_S = 5.0
TRUE = ("true", "true_t0")


@dataclass
class Seen:
    """What was seen of the flood; times by the steady clock, in seconds."""

    sent_at: dict[str, float] = field(default_factory=dict)
    answers: list[tuple[str, int, float]] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    heard_at: dict[str, float] = field(default_factory=dict)
    looks: dict[str, list[float]] = field(default_factory=dict)


def sized() -> tuple[int, int, int, float]:
    """How much junk, how many true reports and T0 among them, in how many seconds."""
    names = {"FLOOD_JUNK": 10_000, "FLOOD_TRUE": 50, "FLOOD_TRUE_T0": 5, "FLOOD_SECONDS": 600}
    junk, true, true_t0, seconds = (int(os.environ.get(name) or value) for name, value in names.items())
    return junk, true, true_t0, float(seconds)


def _ask(system: Running, path: str, token: str) -> Any:
    request = urllib.request.Request(system.url + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if path.startswith("/api/") else text


def _send(system: Running, one: Sending, seen: Seen) -> None:
    headers = {"Content-Type": "application/json", "X-Forwarded-For": one.address}
    data = json.dumps(one.body).encode()
    request = urllib.request.Request(f"{system.url}/api/reports", data=data, headers=headers)
    start = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as answer:
        told, status = json.loads(answer.read()), answer.status
    seen.answers.append((one.kind, status, time.monotonic() - start))
    seen.ids[told["id"]] = one.kind
    seen.sent_at[told["id"]] = start


def _listen(system: Running, token: str, cursor: int, seen: Seen, over: threading.Event) -> None:
    """Hear what a console hears: every event, as soon as it can be had."""
    while True:
        was_over = over.is_set()
        found = _ask(system, f"/api/events?after={cursor}", token)
        now = time.monotonic()
        for event in found["events"]:
            if event["type"] == "ReportReceived":
                seen.heard_at.setdefault(event["data"]["report_id"], now)
            cursor = max(cursor, event["id"])
        if was_over and not found["events"]:
            return
        time.sleep(0.1 if found["events"] else 0.25)


def _look(system: Running, token: str, seen: Seen, over: threading.Event) -> None:
    """What staff open meanwhile: the board, the moderation queue, a case."""
    while not over.wait(LOOKS_EVERY_S):
        for path in ("/api/board", "/konsol/moderasi"):
            start = time.monotonic()
            _ask(system, path, token)
            seen.looks.setdefault(path, []).append(time.monotonic() - start)


def run(system: Running, sendings: list[Sending], seconds: float) -> Seen:
    """Play the flood evenly over the time; returns when all is sent and heard."""
    system.command("users", "add", "banjir", "--role", "coordinator", "--area", "32")
    token = system.command("users", "token", "banjir")
    seen, over = Seen(), threading.Event()
    cursor = _ask(system, "/api/board", token)["cursor"]
    watchers = [
        threading.Thread(target=_listen, args=(system, token, cursor, seen, over)),
        threading.Thread(target=_look, args=(system, token, seen, over)),
    ]
    for watcher in watchers:
        watcher.start()
    begin = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        tasks = []
        for n, one in enumerate(sendings):
            time.sleep(max(0.0, begin + seconds * n / len(sendings) - time.monotonic()))
            tasks.append(pool.submit(_send, system, one, seen))
        for task in tasks:
            task.result()
    over.set()
    for watcher in watchers:
        watcher.join()
    return seen


def _stored(system: Running) -> dict[str, str]:
    """The state of every report by id, as the database has it."""
    with connected(system) as connection:
        return dict(connection.execute("select id, state from reports").fetchall())


def told(system: Running, seen: Seen) -> tuple[list[Line], dict[str, Any]]:
    """The table of a flood."""
    stored, on_board = _stored(system), set(seen.heard_at)
    kinds = Counter(seen.ids.values())
    held = Counter(kind for report_id, kind in seen.ids.items() if stored.get(report_id) == "quarantined")
    kept = Counter(kind for report_id, kind in seen.ids.items() if report_id in stored)
    shown = Counter(kind for report_id, kind in seen.ids.items() if report_id in on_board)
    late = {kind: [seen.heard_at[i] - seen.sent_at[i] for i in on_board if seen.ids.get(i) == kind] for kind in TRUE}
    true, junk = sum(kinds[kind] for kind in TRUE), sum(kinds[kind] for kind in KINDS)
    waits = [seconds for _, _, seconds in seen.answers]
    lines = [
        Line("true reports sent", "", [true]),
        Line("true reports stored", "", [sum(kept[kind] for kind in TRUE)], aim="all"),
        Line("true reports on the board", "", [sum(shown[kind] for kind in TRUE)], aim="all"),
        Line("true reports in quarantine", "", [sum(held[kind] for kind in TRUE)], aim="0"),
        Line("true T0 on the board after, longest", "s", [max(late["true_t0"], default=0.0)], aim="<= 5 s"),
        Line("other true on the board after, longest", "s", [max(late["true"], default=0.0)]),
        Line("junk sent", "", [junk]),
        Line("junk stored", "", [sum(kept[kind] for kind in KINDS)], aim="all"),
        Line("junk in quarantine", "%", [100 * sum(held[kind] for kind in KINDS) / max(junk, 1)]),
        *(
            Line(f"  {kind}: {held[kind]} of {kinds[kind]}", "%", [100 * held[kind] / kinds[kind]])
            for kind in KINDS
            if kinds[kind]
        ),
        Line("answer to a report, median", "ms", [1000 * percentile(waits, 0.5)]),
        Line("answer to a report, p99", "ms", [1000 * percentile(waits, 0.99)]),
        *(Line(f"{path}, longest of {len(found)}", "s", [max(found)]) for path, found in seen.looks.items()),
    ]
    return lines, {"statuses": dict(Counter(str(status) for _, status, _ in seen.answers))}


def main() -> None:
    """Print the table; a true report that is not stored or not on the board ends it with an error."""
    junk, true, true_t0, seconds = sized()
    sendings = play(random.Random(7), junk, true, true_t0)
    with running(PROXY_HOPS="1", TRUSTED_PROXIES="127.0.0.1/32", REPORT_LIMITS="") as system:
        seen = run(system, sendings, seconds)
        lines, notes = told(system, seen)
    show(f"Flood: {junk} junk and {true} true reports in {seconds:.0f} s through 40 addresses", lines, notes)
    values = {line.name: line.values[0] for line in lines}
    assert values["true reports stored"] == values["true reports on the board"] == true, values
    assert values["junk stored"] == junk, values


if __name__ == "__main__":
    main()
