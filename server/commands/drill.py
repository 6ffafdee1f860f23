"""`python -m server drill run`: cases played by several policies, and what that shows."""

import platform
from datetime import datetime
from pathlib import Path

import click

from bench.drill import case as cases
from bench.drill import report, runs
from bench.drill.policies import DEFAULT, POLICIES
from bench.drill.table import table, text
from bench.harness import machine
from server.domain.days import WIB

ACCEPTANCE = 0.2
"""Of offers that are accepted, for a team's own case when nobody says how many: an assumption of ours."""


def run(
    file: Path | None,
    seeds: int,
    acceptance: float | None,
    policies: tuple[str, ...],
    out: Path,
    language: str,
    workers: int | None,
) -> None:
    """Play what is asked for, print the table and write OUT/report.html. Raises BadCase and click.UsageError."""
    chosen = tuple(dict.fromkeys(policies)) or DEFAULT
    if unknown := [name for name in chosen if name not in POLICIES]:
        raise click.UsageError(f"no policy {', '.join(unknown)}; there are {', '.join(POLICIES)}")
    if file is None:
        wanted = runs.grid(chosen, seeds, (acceptance,) if acceptance is not None else runs.ACCEPTANCES)
    else:
        wanted = runs.own(chosen, seeds, ACCEPTANCE if acceptance is None else acceptance, cases.read(file))
    about = _about()
    print(about)
    found = runs.play_all(wanted, out / "runs.jsonl", workers)
    rows = table(found)
    print(text(rows))
    page = out / "report.html"
    page.write_text(report.page(rows, found, language, about, f"{datetime.now(WIB):%Y-%m-%d %H:%M} WIB"), "utf-8")
    print(page)


def _about() -> str:
    found = machine()
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return f"{found['cpu']}, {found['cores']} cores, {found['system']}, Python {platform.python_version()}\n{versions}"
