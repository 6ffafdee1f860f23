"""Borders as lines that neighbours share, drawn once: half the bytes of their polygons.

The simplification grows until the layer fits its budget. RFC 7946.
"""

import json
from collections.abc import Iterable
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.areas import Area
from geo.outlines import GAP_DEGREES, SNAP_DEGREES, Geometry, collection

BUDGET_BYTES: Final = 200_000
"""Of the layer's JSON before it is compressed; all districts of West Java take 50 kB on the wire then."""

DECIMALS: Final = 4
"""About 11 m, one pixel at zoom 13."""

FINEST_DEGREES: Final = 0.0005
COARSER: Final = 1.5
COARSEST_DEGREES: Final = 0.1
"""Simplification starts with the finest and grows by this factor until the layer fits."""


def borders(areas: Iterable[Area], level: str, budget: int = BUDGET_BYTES) -> Geometry:
    """The borders of a level's polygons as one MultiLineString feature, within a budget of bytes.

    Areas without a polygon have no borders; without any polygon the collection is empty.
    """
    drawn = [area for area in areas if area.level == level and area.wkb is not None]
    if not drawn:
        return collection([])
    clean = shapely.coverage_clean(
        shapely.from_wkb([area.wkb for area in drawn]), snapping_distance=SNAP_DEGREES, gap_width=GAP_DEGREES
    )
    tolerance = FINEST_DEGREES
    while True:
        layer = collection([(level, _lines(_mesh(clean, tolerance)), {"level": level})])
        if len(json.dumps(layer, separators=(",", ":"))) <= budget or tolerance > COARSEST_DEGREES:
            return layer
        tolerance *= COARSER


def _mesh(clean: np.ndarray, tolerance: float) -> BaseGeometry:
    """All rings, simplified together, each stretch once and joined into long lines."""
    rings = shapely.get_rings(shapely.get_parts(shapely.coverage_simplify(clean, tolerance)))
    rounded = shapely.transform(rings, lambda corners: np.round(corners, DECIMALS))
    return shapely.line_merge(shapely.union_all(rounded))


def _lines(shape: BaseGeometry) -> Geometry:
    parts = [np.round(shapely.get_coordinates(part), DECIMALS).tolist() for part in shapely.get_parts(shape)]
    return {"type": "MultiLineString", "coordinates": parts}
