"""Everybody at once on a real PostgreSQL, while processes are killed; a checker reads all of it.

    python -m bench.soak --seconds 60 --connections 16 --seed S [--broken no_lock|no_recheck|double_release|all]

prints what the checker found, with the history of each finding, and one line of JSON. It exits 1 when the intact build
is found wrong, or a build that is broken on purpose is not. The order in which transactions meet differs from run to
run; the seed fixes the disaster, and what each thread would do next.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import psycopg

from bench.soak import broken, scene
from bench.soak.run import Soak, soak
from server import embedded
from server.commands.migrate import migrate
from server.config import Settings, from_env
from server.first_start import prepare

TOLD = 5


def main() -> int:
    """Run what was asked for."""
    asked = _arguments()
    builds: list[str | None] = [None]
    if asked.broken:
        builds = list(broken.BUILDS) if asked.broken == "all" else [asked.broken]
    with tempfile.TemporaryDirectory(prefix="tanggap-soak-") as folder:
        Path(folder).chmod(0o711)
        environment = {"DATA_DIR": folder, "ADMIN_PASSWORD": "of no use to anybody"}
        with embedded.servers(from_env(environment)) as settings:
            migrate(settings)
            prepare(settings)
            done = [_one(settings, Path(folder), build, asked) for build in builds]
    for one in done:
        _tell(one)
    return 0 if all(one.is_as_it_should_be for one in done) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broken", choices=[*broken.BUILDS, "all"])
    return parser.parse_args()


def _one(settings: Settings, folder: Path, build: str | None, asked: argparse.Namespace) -> Soak:
    """One soak on a database and in a folder of its own."""
    name = f"soak_{build or 'intact'}"
    logs = folder / name
    logs.mkdir()
    with psycopg.connect(settings.database_url.replace(f"/{embedded.DATABASE}?", "/postgres?"), autocommit=True) as c:
        c.execute(f"create database {name} template {embedded.DATABASE}".encode())
    own = replace(settings, database_url=settings.database_url.replace(f"/{embedded.DATABASE}?", f"/{name}?"))
    return soak(own, logs, asked.seconds, connections=asked.connections, seed=asked.seed, build=build)


def _tell(done: Soak) -> None:
    if done.build:
        print(f"\nBroken on purpose: {broken.BUILDS[done.build].says}")
    for finding in done.findings[:TOLD]:
        print(finding.explained())
    for surprise in done.surprises[:TOLD]:
        print(f"surprise in {surprise['act']}: {surprise['error']}\n{surprise['trace']}")
    print(scene.as_json(done.summary()))


if __name__ == "__main__":
    sys.exit(main())
