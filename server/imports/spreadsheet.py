"""XLSX: the first sheet with anything on it. Formulas are never run; only the value saved with them counts."""

import io
import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from server.domain.errors import Problem
from server.imports.rows import (
    MOST_ROWS,
    WHOLE_ROW,
    FileProblem,
    Row,
    Table,
    checked_header,
    is_blank,
    problems_of_text,
)

MOST_UNPACKED_BYTES = 256 * 2**20
MOST_PARTS = 2_000
MOST_TIMES_SMALLER = 300
"""How many times smaller than its content an honest workbook of any size gets when packed."""
SUSPICIOUS_FROM_BYTES = 4 * 2**20

_BROKEN = (
    zipfile.BadZipFile,
    InvalidFileException,
    DefusedXmlException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
)
"""What openpyxl and zipfile raise on files that only look like a workbook."""

Cells = list[tuple[Any, str]]


def read_spreadsheet(content: bytes) -> Table:
    """The table of a workbook's first sheet that holds anything. Raises FileProblem for a broken one."""
    _refuse_bomb(content)
    _refuse_entities(content)
    records = _records(content)
    header = next(records, None)
    records.close()
    if header is None:
        raise FileProblem("import_empty")
    names = ["" if value is None else str(value) for value, _ in header[1]]
    columns = checked_header(names)

    def rows() -> Generator[Row, None, None]:
        for count, (number, cells) in enumerate(_records(content)):
            if count > MOST_ROWS:
                raise FileProblem("import_too_many_rows", most=MOST_ROWS)
            if count:
                yield _row(number, columns, cells)

    return Table(columns, None, rows)


def _row(number: int, columns: tuple[str, ...], cells: Cells) -> Row:
    blanks: Cells = [(None, "n")] * max(0, len(columns) - len(cells))
    values: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for column, (value, kind) in zip(columns, cells + blanks, strict=False):
        values[column] = None if kind in {"formula", "e"} else _tidy(value)
        if kind == "formula":
            problems[column] = Problem("import_formula")
        elif kind == "e":
            problems[column] = Problem("import_cell_error", {"value": str(value)})
    problems.update(problems_of_text(values))
    if any(not is_blank(value) for value, _ in cells[len(columns) :]):
        problems[WHOLE_ROW] = Problem("import_too_many_cells", {"cells": len(cells), "columns": len(columns)})
    return Row(number, values, problems)


def _tidy(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _refuse_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except _BROKEN as error:
        raise FileProblem("import_broken_xlsx") from error
    unpacked = sum(part.file_size for part in parts)
    is_bomb = unpacked > SUSPICIOUS_FROM_BYTES and unpacked > MOST_TIMES_SMALLER * len(content)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED_BYTES or is_bomb:
        raise FileProblem("import_too_large_unpacked", most_mb=MOST_UNPACKED_BYTES // 2**20)


def _refuse_entities(content: bytes) -> None:
    """Refuse parts that declare entities: where lxml is installed openpyxl reads with it, and it expands them."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                if name.endswith((".xml", ".rels")):
                    with packed.open(name) as part, suppress(ParseError):
                        # Declarations stand before the first element.
                        next(iter(iterparse(part, events=("start",))), None)
    except _BROKEN as error:
        raise FileProblem("import_broken_xlsx") from error


def _records(content: bytes) -> Generator[tuple[int, Cells], None, None]:
    """The rows with anything on them, with their row number.

    A cell is its value and openpyxl's type of it, or `formula` when the file holds the formula but no value of it.
    """
    opened = []
    try:
        opened.append(_workbook(content, values=True))
        opened.append(_workbook(content, values=False))
        for shown, written in zip(opened[0].worksheets, opened[1].worksheets, strict=True):
            found = False
            for number, record in enumerate(_sheet(shown, written), start=1):
                if any(not is_blank(value) for value, _ in record):
                    found = True
                    yield number, record
            if found:
                return
    except _BROKEN as error:
        raise FileProblem("import_broken_xlsx") from error
    finally:
        for workbook in opened:
            workbook.close()


def _workbook(content: bytes, *, values: bool) -> Any:
    """The workbook with the values of its formulas, or with the formulas themselves."""
    with warnings.catch_warnings():
        # What openpyxl cannot keep (validation, drawings) is nothing to us.
        warnings.simplefilter("ignore")
        return load_workbook(io.BytesIO(content), read_only=True, data_only=values, keep_links=False)


def _sheet(shown: Any, written: Any) -> Iterator[Cells]:
    """Every row of a sheet; what the file says of its size may be wrong and is not believed."""
    shown.reset_dimensions()
    written.reset_dimensions()
    for cells, sources in zip(shown.iter_rows(), written.iter_rows(), strict=True):
        yield [_cell(*pair) for pair in zip(cells, sources, strict=True)]


def _cell(cell: Any, source: Any) -> tuple[Any, str]:
    if source.data_type == "f" and cell.value is None:
        return str(source.value), "formula"
    return cell.value, str(cell.data_type)
