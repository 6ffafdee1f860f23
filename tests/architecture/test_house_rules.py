"""The house rules that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.store.tables import metadata

ROOT = Path(__file__).resolve().parents[2]
CODE = [path for part in ("server", "geo", "workers") for path in sorted((ROOT / part).rglob("*.py"))]
DOMAIN = sorted((ROOT / "server" / "domain").glob("*.py"))
TOP_LEVEL = {
    *("server", "geo", "workers", "web", "tests", "docs", "bench", ".ci"),
    *("README.md", "Procfile", "Makefile", "pyproject.toml", "tsconfig.json", "package.json", "package-lock.json"),
    *("requirements.txt", "requirements.in", "requirements-dev.txt", "requirements-dev.in"),
    "requirements-scan.txt",
    *(".npmrc", ".gitignore", ".gitattributes", "LICENSE"),
}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
LONGEST_FILE = 800
QUANTITIES = {"needs", "rulings", "ledger", "matches", "assignment_lines", "gifts", "pledges"}
NOT_WRITTEN_BY_HAND = {"package-lock.json", "id.json", "en.json"}
# Spelt apart, so that this file keeps its own rule.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
ABSOLUTE = re.compile(r"(?<![\w.}~/])/(home|Users|root|work|opt|mnt)/[\w.-]+/")


def tracked() -> list[Path]:
    """Every file of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    """Every file that holds text."""
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8")


def imported(path: Path) -> set[str]:
    """The top-level modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def having(pattern: str) -> set[str]:
    """The files of ours in which a pattern occurs."""
    return {path.relative_to(ROOT).as_posix() for path in CODE if re.search(pattern, path.read_text())}


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.name)
def test_the_domain_stands_on_the_standard_library(path: Path) -> None:
    assert imported(path) <= sys.stdlib_module_names | {"server"}


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.name)
def test_the_domain_has_no_clock_no_chance_and_no_door(path: Path) -> None:
    assert not imported(path) & {"time", "random", "secrets", "os", "socket", "subprocess", "pathlib"}
    assert not re.search(r"\b(datetime\.now|datetime\.today|date\.today|uuid4|open)\(", path.read_text())


def test_one_file_reads_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix() for path in CODE if re.search(r"os\.(environ|getenv)", path.read_text())
    }
    assert readers == {"server/config.py"}


def test_one_file_makes_the_web_application() -> None:
    assert having(r"\b(Flask|SocketIO)\(") == {"server/app.py"}


def test_only_the_relay_speaks_into_rooms() -> None:
    """Law 1; that it does not enqueue either is a contract of the import linter."""
    assert having(r"\bemit\(|import .*\bemit\b|socketio.*\bsend\(") == set()
    assert having(r"\bRedisManager\b") == {"server/live.py", "workers/relay.py"}


def test_one_file_reads_what_waits_in_the_outbox() -> None:
    """Law 2."""
    assert having(r"outbox\.(unsent|number|mark_sent)\(") == {"workers/relay.py"}


def test_what_is_on_hand_held_or_covered_is_stored_nowhere() -> None:
    """Law 7: quantities are asked, moved or promised; all else is reckoned from these."""
    named = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    assert not {name for name in named if re.search("on_hand|^held|^free|covered|delivered$|^fill|stock", name[1])}
    assert {table for table, column in named if column == "quantity"} == QUANTITIES


def test_package_files_are_empty() -> None:
    assert not [path for path in CODE if path.name == "__init__.py" and path.read_text()]


def test_the_top_level_is_what_everybody_expects() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_names_say_something() -> None:
    for path in tracked():
        assert not {part.partition(".")[0] for part in path.relative_to(ROOT).parts} & NAMES_THAT_SAY_NOTHING, path


def test_no_file_grows_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): text.count("\n")
        for path, text in texts()
        if path.name not in NOT_WRITTEN_BY_HAND and text.count("\n") > LONGEST_FILE
    }
    assert not long


def test_nothing_is_left_for_later() -> None:
    assert not [str(path) for path, text in texts() if UNFINISHED.search(text)]


def test_no_test_is_passed_over() -> None:
    passed_over = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b")
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path != Path(__file__):
            assert not passed_over.search(path.read_text()), path


def test_nothing_comes_from_one_machine() -> None:
    assert not [str(path) for path, text in texts() if ABSOLUTE.search(text)]


def test_pages_load_nothing_from_elsewhere() -> None:
    loads = re.compile(
        r"""(src|href|url\()\s*=?\s*["']?(https?:)?//(?!www\.w3\.org)[^"']+\.(js|mjs|css|woff2?|png|svg)"""
    )
    for path, text in texts():
        if path.suffix in {".html", ".css", ".ts", ".tsx"}:
            assert not loads.search(text), path
