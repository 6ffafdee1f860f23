"""Any file that reports, sites, stock or volunteers may come in, as one table of rows."""

from pathlib import Path

from server.imports.delimited import read_delimited
from server.imports.rows import MOST_BYTES, FileProblem, Table, without_own_columns
from server.imports.spreadsheet import read_spreadsheet
from server.imports.structured import read_structured

_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "import_old_excel",
    b"%PDF": "import_wrong_kind",
    b"\x89PNG": "import_wrong_kind",
    b"\xff\xd8\xff": "import_wrong_kind",
    b"GIF8": "import_wrong_kind",
    b"\x1f\x8b": "import_packed",
    b"Rar!": "import_packed",
    b"7z\xbc\xaf": "import_packed",
}
"""First bytes of files that people send instead, and what to tell them."""


def open_table(path: Path) -> Table:
    """The table in a file, told by its content rather than by its name.

    Raises FileProblem, with the mend in its sentence, for a file that is missing, empty, too large,
    broken or of a kind that holds no table.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileProblem("import_too_large", most_mb=MOST_BYTES // 2**20)
        content = path.read_bytes()
    except OSError as error:
        raise FileProblem("import_no_file", path=str(path)) from error
    return without_own_columns(read_table(content, path.suffix.lower()))


def read_table(content: bytes, suffix: str = "") -> Table:
    """The table in the content of a file; the suffix only sharpens what is said of a broken one."""
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise FileProblem("import_empty")
    for signature, code in _FOREIGN.items():
        if content.startswith(signature):
            raise FileProblem(code)
    if content.startswith(b"PK"):
        return read_spreadsheet(content)
    if suffix in {".xlsx", ".xlsm"}:
        raise FileProblem("import_broken_xlsx")
    if b"\x00" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileProblem("import_wrong_kind")
    is_json = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}
    return read_structured(content) if is_json or suffix in {".json", ".geojson", ".jsonl"} else read_delimited(content)
