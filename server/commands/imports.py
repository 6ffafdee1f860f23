"""`import reports`, `sites`, `stock` and `volunteers`: a file in, counts and a rejects file out."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import DataError, IntegrityError

from server.api.words import word
from server.bootstrap import System
from server.domain.errors import Problem
from server.domain.permissions import SYSTEM
from server.imports.entries import Entry, Mapped, mapped
from server.imports.mapping import load
from server.imports.readers import open_table
from server.imports.rejects import Rejects
from server.imports.rows import WHOLE_ROW
from server.services import importing, intake
from server.services.importing import Outcome
from server.store.unit_of_work import Tx

BATCH = 100
"""Rows that share a transaction: few enough to lose little at a crash, enough to be quick."""
DEFAULT_MAPPINGS = {"reports": "generic", "sites": "sites", "stock": "stock", "volunteers": "volunteers"}

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

Store = Callable[[Sequence[Entry]], list[Outcome]]
"""Stores a batch in a transaction of its own."""


@dataclass
class Tally:
    """What became of a file's rows, and where the rejected ones were written."""

    counts: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    rejects: Path | None = None

    def lines(self, unused: Sequence[str]) -> Iterator[str]:
        """The counts as a person reads them; rows in = stored + already stored + rejected."""
        known = self.counts["known"] + self.counts["changed"]
        stored, rejected = self.counts["stored"], self.counts["rejected"]
        yield (f"{self.counts.total()} rows in = {stored} stored + {known} already stored + {rejected} rejected")
        if self.counts["changed"]:
            yield f"{self.counts['changed']} of those already stored say something else now; what was stored is kept"
        if self.flags:
            yield "flagged: " + ", ".join(f"{count} {flag}" for flag, count in sorted(self.flags.items()))
        if self.rejects is not None:
            yield f"rejected rows, each with its reason, to be mended and imported again: {self.rejects}"
        if unused:
            yield f"columns that the mapping does not use: {', '.join(unused)}"


class _UndoneError(Exception):
    """Takes a dry run's transaction back."""


def prepared(kind: str, path: Path, mapping: str | None) -> Mapped:
    """The file under its mapping, before anything is stored. Raises FileProblem, Invalid."""
    return mapped(open_table(path), load(mapping or DEFAULT_MAPPINGS[kind], kind))


def import_file(
    system: System, kind: str, path: Path, file: Mapped, *, incident: str, dry_run: bool, language: str
) -> Tally:
    """Bring every row of the file in, with a bar on the terminal. Raises Invalid for an unknown incident."""
    with system.reading() as tx:
        intake.incident_for(tx, incident)
    store = _store(system, kind, incident, dry_run=dry_run)
    tally = Tally()
    folder = system.settings.data_dir / "imports"
    rejects = Rejects(folder, path.stem, file.table.columns, file.table.delimiter)
    rows = sum(1 for _ in file.table.rows()) if file.table.count is None else file.table.count
    bar: ProgressBar[int] = click.progressbar(length=rows, label=f"import {kind}", file=sys.stderr)
    with rejects, bar:
        for batch in _batches(file.entries()):
            for outcome in _stored(store, batch):
                tally.counts[outcome.state] += 1
                tally.flags.update(outcome.flags)
                if outcome.state == "rejected":
                    rejects.add(outcome.entry, reason(file, outcome, language))
            bar.update(len(batch))
    tally.rejects = rejects.path
    return tally


def reason(file: Mapped, outcome: Outcome, language: str) -> str:
    """Why a row was rejected: each wrong column with its mend, as one cell."""
    told = (_told(file, name, problem, language) for name, problem in outcome.problems.items())
    return "; ".join(dict.fromkeys(told))


def _told(file: Mapped, name: str, problem: Problem, language: str) -> str:
    sentence = word(f"errors.{problem.code}", language, **problem.params)
    if name in {"", WHOLE_ROW}:
        return sentence
    column = name if name in file.table.columns else file.column_of(name)
    return f"{column}: {sentence}"


def _store(system: System, kind: str, incident: str, *, dry_run: bool) -> Store:
    gazetteer, keys, taken = system.gazetteer(), system.keys, importing.Taken()
    import_rows = importing.IMPORTS[kind]

    def store(batch: Sequence[Entry]) -> list[Outcome]:
        with _transaction(system, dry_run=dry_run) as tx:
            outcomes = import_rows(tx, SYSTEM, batch, incident=incident, gazetteer=gazetteer, keys=keys, taken=taken)
        taken.commit()
        return outcomes

    return store


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while batch := list(islice(entries, BATCH)):
        yield batch


def _stored(store: Store, batch: Sequence[Entry]) -> list[Outcome]:
    """The batch in one transaction, or row by row when the database refuses one of its rows."""
    try:
        return store(batch)
    except (DataError, IntegrityError):
        if len(batch) == 1:
            return [Outcome(batch[0], "rejected", {"": Problem("import_unstorable")})]
        return [outcome for entry in batch for outcome in _stored(store, [entry])]


@contextmanager
def _transaction(system: System, *, dry_run: bool) -> Iterator[Tx]:
    with suppress(_UndoneError), system.writing() as tx:
        yield tx
        if dry_run:
            raise _UndoneError
