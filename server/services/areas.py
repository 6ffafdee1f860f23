"""Loading areas, and answering which one a text or a code means."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from geo.areas import Area, Gazetteer
from geo.outlines import DECIMALS, outlines
from server.domain.errors import NotFound
from server.domain.permissions import Actor, Permission, require
from server.services.places import candidates
from server.store.unit_of_work import Tx

VERSION = "areas_version"
"""The setting that tells every process when its gazetteer is out of date."""


def replace(tx: Tx, actor: Actor, areas: Iterable[Area]) -> int:
    """Put these areas in place of all areas of their provinces; returns how many."""
    rows = [asdict(area) for area in areas]
    provinces = {row["code"].split(".")[0] for row in rows}
    for province in sorted(provinces):
        require(actor, Permission.INCIDENT_EDIT, province)
        tx.areas.replace_province(province, [row for row in rows if row["code"].split(".")[0] == province])
    tx.settings.put(VERSION, tx.new_id())
    tx.audit(actor, "areas:replace", ",".join(sorted(provinces)), "areas", count=len(rows))
    return len(rows)


def search(gazetteer: Gazetteer, text: str, parent: str | None, level: str | None, limit: int) -> dict[str, Any]:
    """Areas that a text may mean, best first; `ambiguous` when nobody may choose for the person."""
    found = gazetteer.search(text, parent=parent, level=level, limit=limit)
    return {"areas": list(candidates(found)), "ambiguous": found.ambiguous}


def children(gazetteer: Gazetteer, parent: str | None, level: str | None) -> dict[str, Any]:
    """The areas directly below one, by name."""
    found = [
        {"code": area.code, "name": area.name, "level": area.level}
        for area in gazetteer
        if area.parent == parent and level in (None, area.level)
    ]
    return {"areas": sorted(found, key=lambda area: (area["name"], area["code"])), "ambiguous": False}


def map_of(gazetteer: Gazetteer, code: str) -> dict[str, Any]:
    """What lies directly in an area, to be tapped on: outlines where borders are known, names where a point is.

    Raises NotFound. Light on purpose: `geo.outlines` keeps 3 decimals, about 110 m.
    """
    if gazetteer.get(code) is None:
        raise NotFound("unknown_area", code=code)
    inside = [area for area in gazetteer if area.parent == code]
    shapes = outlines(inside, inside[0].level) if inside else {}
    return {
        "code": code,
        "areas": [
            {"code": area.code, "name": area.name, "lon": round(area.lon, DECIMALS), "lat": round(area.lat, DECIMALS)}
            for area in inside
            if area.wkb is not None or area.own_point
        ],
        "shapes": {code: shape for code, shape in shapes.items() if shape["type"] != "Point"},
    }


def one(gazetteer: Gazetteer, code: str) -> dict[str, Any]:
    """An area with its point, accuracy and all above it. Raises NotFound."""
    area = gazetteer.get(code)
    if area is None:
        raise NotFound("unknown_area", code=code)
    return {
        "code": area.code,
        "name": area.name,
        "level": area.level,
        "approximate": area.approximate,
        "place": {"lon": area.lon, "lat": area.lat, "accuracy_m": area.accuracy_m},
        "parents": [{"code": a.code, "name": a.name, "level": a.level} for a in gazetteer.chain(code)[:-1]],
    }
