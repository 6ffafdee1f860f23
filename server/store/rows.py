"""The two ways in which every store reads: all rows as dicts, or one or none.

Rows are held by `with_for_update(key_share=True)`: nobody changes an id, so a row that is held need
not keep others from referring to it; the stronger lock would, in whatever order foreign keys are checked.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Select, Table, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import JSONB

Row = dict[str, Any]


def every(conn: Connection, query: Executable, params: Any = None) -> list[Row]:
    """All rows, each a dict by column."""
    return [dict(row) for row in conn.execute(query, params or {}).mappings()]


def first(conn: Connection, query: Executable, params: Any = None) -> Row | None:
    """The first row as a dict, or None."""
    row = conn.execute(query, params or {}).mappings().first()
    return None if row is None else dict(row)


def from_json(table: Table, names: Sequence[str], parameter: str) -> Select[Any]:
    """These columns of rows that a parameter holds as JSON text: however many rows, it is one trip."""
    given = func.jsonb_to_recordset(cast(bindparam(parameter, type_=Text), JSONB))
    typed = [column(name, table.c[name].type) for name in names]
    return select(*typed).select_from(given.table_valued(*typed, name=parameter).render_derived(with_types=True))
