"""`areas load`, `roads load` and `incidents add`."""

from pathlib import Path

from geo.boundaries import merged, read_boundaries
from geo.roads import read_roads
from server.bootstrap import System, area_from_row
from server.domain.permissions import SYSTEM
from server.services import areas, basemap, incidents
from server.services.inputs import IncidentIn, parse


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
