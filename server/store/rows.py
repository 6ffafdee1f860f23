"""The two ways in which every store reads: all rows as dicts, or one or none.

Rows are held by `with_for_update(key_share=True)`: nobody changes an id, so a row that is held need
not keep others from referring to it; the stronger lock would, in whatever order foreign keys are checked.
"""

from typing import Any

from sqlalchemy import Connection, Executable

Row = dict[str, Any]


def every(conn: Connection, query: Executable, params: Any = None) -> list[Row]:
    """All rows, each a dict by column."""
    return [dict(row) for row in conn.execute(query, params or {}).mappings()]


def first(conn: Connection, query: Executable, params: Any = None) -> Row | None:
    """The first row as a dict, or None."""
    row = conn.execute(query, params or {}).mappings().first()
    return None if row is None else dict(row)
