"""What every reader yields: a table of rows, each with the number that a person finds it by."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from server.domain.errors import DomainError, Problem

MOST_BYTES = 64 * 2**20
MOST_ROWS = 200_000
MOST_COLUMNS = 500
OWN_COLUMNS = ("_row", "_reason")
"""The columns that a rejects file adds; a mended one is read without them."""
WHOLE_ROW = "*"
"""The name under which a problem of the row itself, not of one column, is kept."""

_FORMULA_SIGN = re.compile(r"^'*[=+\-@\t\r＝＋－＠]")
_QUOTED_SIGN = re.compile(r"^'+[=+\-@\t\r＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"^[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?$")


class FileProblem(DomainError):
    """The file as a whole cannot be read; the code's sentence says how to mend it."""

    code = "import_unreadable"


@dataclass(frozen=True)
class Row:
    """One row as it stands in the file.

    number: what a spreadsheet shows beside it (the header being row 1), or its place in a JSON list from 1.
    values: by column; text in CSV, and in other files whatever the cell holds. A blank cell is "" or None.
    problems: by column, cells that cannot be read; WHOLE_ROW for the row itself.
    """

    number: int
    values: Mapping[str, Any]
    problems: Mapping[str, Problem] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A file that can be read: its columns, how many rows it has if that is known, and the rows one by one."""

    columns: tuple[str, ...]
    count: int | None
    rows: Callable[[], Iterator[Row]]
    delimiter: str = ","


def is_blank(value: object) -> bool:
    """Whether a cell says nothing."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def plain(value: object) -> str:
    """A cell as the text that a CSV file would hold, the same for the same value from every kind of file."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return repr(value)
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def harmless(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula; plain numbers stay as they are."""
    return f"'{text}" if _FORMULA_SIGN.match(text) and not _PLAIN_NUMBER.match(text) else text


def _as_it_was(value: object) -> object:
    return value[1:] if isinstance(value, str) and _QUOTED_SIGN.match(value) else value


def without_own_columns(table: Table) -> Table:
    """The table as the first file had it, when it is a mended rejects file; else unchanged."""
    if not set(OWN_COLUMNS) <= set(table.columns):
        return table

    def rows() -> Iterator[Row]:
        for row in table.rows():
            values = {name: _as_it_was(value) for name, value in row.values.items() if name not in OWN_COLUMNS}
            problems = {name: problem for name, problem in row.problems.items() if name not in OWN_COLUMNS}
            yield Row(row.number, values, problems)

    columns = tuple(name for name in table.columns if name not in OWN_COLUMNS)
    return Table(columns, table.count, rows, table.delimiter)


def checked_header(names: list[str]) -> tuple[str, ...]:
    """The header as column names. Raises FileProblem for a name that stands there twice.

    Nameless columns after the last name are dropped; one between others is called `column_3` by its place.
    """
    while names and not names[-1].strip():
        names = names[:-1]
    header = [" ".join(name.split()) or f"column_{place}" for place, name in enumerate(names, start=1)]
    if len(header) > MOST_COLUMNS:
        raise FileProblem("import_too_many_columns", most=MOST_COLUMNS)
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise FileProblem("import_column_twice", columns=", ".join(twice))
    return tuple(header)


def problems_of_text(values: Mapping[str, Any]) -> dict[str, Problem]:
    """The cells that hold a character which no text may have."""
    return {
        name: Problem("import_unprintable")
        for name, value in values.items()
        if isinstance(value, str) and "\x00" in value
    }
