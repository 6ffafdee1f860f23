"""CSV for people's spreadsheets: a header that people read, a row of HXL tags, then the data.

A cell that a spreadsheet would run as a formula gets an apostrophe in front (CWE-1236); the row of
tags does not, since programs read it.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_file(name: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> Response:
    """The file; `columns` are header and HXL tag, None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(header) for header, _ in columns])
    writer.writerow([tag for _, tag in columns])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    answer = Response(out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def safe(cell: Any) -> Any:
    """A cell that no spreadsheet runs."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell
