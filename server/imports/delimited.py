"""CSV in the ways that it is really written: commas, semicolons or tabs, UTF-8 or Windows-1252."""

import csv
import io
from collections.abc import Iterator
from itertools import islice

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

DELIMITERS = ",;\t|"
SAMPLE_CHARACTERS = 65_536
SAMPLE_RECORDS = 20


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16 with or without its mark, or else in Windows-1252."""
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if is_utf16 else ["utf-8-sig", "cp1252"]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileProblem("import_encoding")


def read_delimited(content: bytes) -> Table:
    """The table that a CSV file holds. Raises FileProblem for one that is broken."""
    text = decoded(content)
    text, delimiter = _declared_delimiter(text)
    delimiter = delimiter or _likely_delimiter(text)
    names, count = _survey(text, delimiter)
    columns = checked_header(names)

    def rows() -> Iterator[Row]:
        header_seen = False
        for number, cells in enumerate(_records(text, delimiter), start=1):
            if all(is_blank(cell) for cell in cells):
                continue
            if header_seen:
                yield _row(number, columns, cells)
            header_seen = True

    return Table(columns, count, rows, delimiter)


def _row(number: int, columns: tuple[str, ...], cells: list[str]) -> Row:
    values = dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))
    problems = problems_of_text(values)
    if any(cell.strip() for cell in cells[len(columns) :]):
        problems[WHOLE_ROW] = Problem("import_too_many_cells", {"cells": len(cells), "columns": len(columns)})
    return Row(number, values, problems)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _declared_delimiter(text: str) -> tuple[str, str | None]:
    """Excel's own first line `sep=;`, taken off."""
    first, _, rest = text.partition("\n")
    first = first.strip().strip('"')
    if len(first) == len("sep=;") and first.lower().startswith("sep="):
        return rest, first[-1]
    return text, None


def _likely_delimiter(text: str) -> str:
    """The sign that cuts the first records into the most columns of equal number."""
    sample = text[:SAMPLE_CHARACTERS]

    def fit(delimiter: str) -> tuple[float, int]:
        try:
            records = [record for record in islice(_records(sample, delimiter), SAMPLE_RECORDS + 1) if record]
        except csv.Error:
            return (0.0, 0)
        if len(text) > SAMPLE_CHARACTERS and len(records) <= SAMPLE_RECORDS:
            records = records[:-1]
        width = len(records[0]) if records else 0
        alike = sum(len(record) == width for record in records) / max(1, len(records))
        return (alike if width > 1 else 0.0, width)

    return max(DELIMITERS, key=fit)


def _survey(text: str, delimiter: str) -> tuple[list[str], int]:
    """The header and the number of rows; every record is looked at once so that nothing breaks half-way."""
    header: list[str] | None = None
    number, count = 0, 0
    last_lines: list[str] = []
    lines = _watched(text, last_lines)
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            number += 1
            finished = last_lines.copy()
            last_lines.clear()
            if all(is_blank(cell) for cell in cells):
                continue
            if header is None:
                header = cells
            else:
                count += 1
            if count > MOST_ROWS:
                raise FileProblem("import_too_many_rows", most=MOST_ROWS)
    except csv.Error as error:
        raise FileProblem("import_broken_csv", row=number + 1) from error
    if header is None:
        raise FileProblem("import_empty")
    _refuse_open_quote(finished, delimiter, number)
    return header, count


def _watched(text: str, seen: list[str]) -> Iterator[str]:
    """The lines of the text; each is put into `seen` as it is taken."""
    for line in io.StringIO(text, newline=""):
        seen.append(line)
        yield line


def _refuse_open_quote(record_lines: list[str], delimiter: str, number: int) -> None:
    """A quote that is opened and never closed swallows all rows after it: only the last record can have one."""
    try:
        list(csv.reader(record_lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise FileProblem("import_open_quote", row=number) from error
