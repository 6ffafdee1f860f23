"""Earlier publications: which there are to look back at, and the map of one, as they stood."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from geo import pastmap
from geo.areas import Gazetteer
from geo.outlines import Geometry, point
from server.domain.errors import NotFound
from server.services import publishing
from server.services.publishing import Figures
from server.store.unit_of_work import Tx


def figures(tx: Tx, slug: str | None, at: datetime | None) -> Figures:
    """The figures that were cut at that very time, the last without one. Raises NotFound."""
    if at is None:
        return publishing.latest(tx, slug)
    found = tx.public_cuts.at_times(publishing.public_incident(tx, slug)["id"], [at])
    if not found:
        raise NotFound
    return found[-1]


def times(tx: Tx, slug: str | None) -> list[datetime]:
    """Of which earlier publications there is something to look at, the newest first: those of the map's own times."""
    incident = publishing.public_incident(tx, slug)
    last = tx.public_cuts.last(incident["id"])
    return publishing.history_times(tx, incident["id"], last["cut_at"])[::-1] if last else []


def drawn(tx: Tx, slug: str | None, at: datetime, gazetteer: Gazetteer, title: str) -> str:
    """The map of an earlier publication as SVG, on the borders of now. Raises NotFound."""
    rows = figures(tx, slug, at)["areas"]
    below = publishing.document(tx, slug, "ground")["body"]
    shapes = _shapes(publishing.document(tx, slug, "areas.district")["body"])
    return pastmap.draw(below, _places(rows, shapes, gazetteer), title)


def _shapes(body: str) -> dict[str, Geometry]:
    return {one["id"]: one["geometry"] for one in json.loads(body)["features"] if one["geometry"]}


def _places(rows: list[dict[str, Any]], shapes: dict[str, Geometry], gazetteer: Gazetteer) -> Iterator[pastmap.Past]:
    """Where each row is drawn; one whose place is not known is in the table only."""
    for row in rows:
        area = gazetteer.get(row["code"]) if row["code"] else None
        if area is not None:
            shape = shapes.get(area.code) or point(area.lon, area.lat)
            yield pastmap.Past(shape, area.lon, area.lat, row["people_waiting"], row["people_helped"])
