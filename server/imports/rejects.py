"""The rejects file: the rows that were not taken, each with its reason, to be mended and imported again.

It holds the columns of the first file unchanged, and `_row` and `_reason` before them, which a reader
leaves out again. Cells that a spreadsheet would take for a formula get an apostrophe, which a reader
takes off again. It may hold phone numbers, so only its owner can read it.
"""

import csv
import os
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

from server.imports.entries import Entry
from server.imports.rows import OWN_COLUMNS, harmless, plain


class Rejects:
    """Rejected rows, written as they come; without any, no file is made."""

    def __init__(self, folder: Path, stem: str, columns: Sequence[str], delimiter: str = ",") -> None:
        self._folder, self._stem = folder, stem.removesuffix("-rejects")
        self._columns, self._delimiter = tuple(columns), delimiter
        self._file: TextIOWrapper | None = None
        self.path: Path | None = None
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, entry: Entry, reason: str) -> None:
        """Write one row with the reason why it was not taken."""
        if self._file is None:
            self._file = self._open()
            self._write(self._file, [*OWN_COLUMNS, *self._columns])
        cells = [plain(entry.original.get(column)) for column in self._columns]
        self._write(self._file, [str(entry.number), reason, *cells])
        self.count += 1

    def _write(self, file: TextIOWrapper, cells: Sequence[str]) -> None:
        writer = csv.writer(file, delimiter=self._delimiter, lineterminator="\r\n")
        writer.writerow([harmless(cell) for cell in cells])

    def _open(self) -> TextIOWrapper:
        """A new file under a name that is free: one that a person is mending is never written over."""
        self._folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            mark = "" if number == 1 else f"-{number}"
            self.path = self._folder / f"{self._stem}-rejects{mark}.csv"
            try:
                handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                number += 1
                continue
            return os.fdopen(handle, "w", encoding="utf-8-sig", newline="", errors="replace")
