"""Administrative areas: the rows that a Gazetteer is built from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from server.store.rows import Row, every
from server.store.tables import areas, land


class Areas:
    """Reads and replaces areas."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def all(self) -> list[Row]:
        """Every area, by code."""
        return every(self.conn, select(areas).order_by(areas.c.code))

    def land(self) -> list[bytes]:
        """The land polygons, as WKB."""
        return [bytes(wkb) for wkb in self.conn.execute(select(land.c.wkb).order_by(land.c.n)).scalars()]

    def put_land(self, polygons: Sequence[bytes]) -> None:
        """Put these polygons in place of all land."""
        self.conn.execute(delete(land))
        self.conn.execute(insert(land), [{"n": n, "wkb": wkb} for n, wkb in enumerate(polygons)])

    def replace_province(self, province: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put these rows in place of all areas of the province."""
        self.conn.execute(delete(areas).where((areas.c.code == province) | areas.c.code.like(province + ".%")))
        self.conn.execute(insert(areas), [dict(row) for row in rows])

    def update(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put these rows in place of those with the same code, keeping the others."""
        rows = [dict(row) for row in rows]
        self.conn.execute(delete(areas).where(areas.c.code.in_([row["code"] for row in rows])))
        self.conn.execute(insert(areas), rows)
