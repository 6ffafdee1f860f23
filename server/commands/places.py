"""`areas load`, `roads load`, `incidents add` and `incidents settings`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from geo.boundaries import merged, read_boundaries
from geo.roads import read_roads
from server.bootstrap import System, area_from_row
from server.domain.permissions import SYSTEM
from server.services import areas, basemap, incidents
from server.services.inputs import IncidentIn, parse
from server.services.inputs_settings import SettingsIn


def load_areas(system: System, path: Path, level: str | None) -> dict[str, int]:
    """Put the boundaries of a file in place of the approximate areas; returns how many of each level."""
    with system.reading() as tx:
        known = [area_from_row(row) for row in tx.areas.all()]
    loaded = read_boundaries(path, level=level, names={area.code: area.name for area in known})
    provinces = {area.code.split(".")[0] for area in loaded}
    kept = [area for area in known if area.code.split(".")[0] in provinces]
    with system.writing() as tx:
        areas.replace(tx, SYSTEM, merged(kept, loaded))
    counts: dict[str, int] = {}
    for area in loaded:
        counts[area.level] = counts.get(area.level, 0) + 1
    return counts


def load_roads(system: System, path: Path) -> int:
    """Put the roads of a file in place of those on the base map; returns how many lines that makes."""
    roads = read_roads(path)
    with system.writing() as tx:
        return basemap.replace_roads(tx, SYSTEM, roads)


def tune_incident(system: System, slug: str, figures: Sequence[str]) -> Iterator[str]:
    """Set figures given as `dotted.name=value`; yields all that hold then. Raises Invalid naming what is wrong."""
    change: dict[str, Any] = {}
    for figure in figures:
        name, _, value = figure.partition("=")
        *above, last = name.split(".")
        part = change
        for step in above:
            part = part.setdefault(step, {})
        part[last] = _figure(value)
    with system.writing() as tx:
        if change:
            incidents.change_settings(tx, SYSTEM, slug, parse(SettingsIn, change))
        found = incidents.settings(tx, SYSTEM, slug)
    yield from _flat(found["settings"])


def _figure(value: str) -> object:
    """A number or null, or else text."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _flat(part: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in part.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}={value}"


def add_incident(
    system: System, slug: str, name: str, bounds: str | None, codes: str | None, kind: str, training: bool
) -> dict[str, object]:
    """Open an incident. Raises Invalid, Conflict."""
    body = parse(
        IncidentIn,
        {
            "slug": slug,
            "name": name,
            "kind": kind,
            "training": training,
            "bounds": bounds.split(",") if bounds else None,
            "areas": codes.split(",") if codes else None,
        },
    )
    with system.writing() as tx:
        return incidents.add(tx, SYSTEM, body, system.gazetteer())


def set_open(system: System, slug: str, *, is_open: bool) -> None:
    """Close an incident or open it again. Raises NotFound, Conflict."""
    with system.writing() as tx:
        incidents.set_open(tx, SYSTEM, slug, is_open=is_open)
