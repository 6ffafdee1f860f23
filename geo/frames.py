"""The door of matching: needs and supplies as geopandas frames, checked once.

Every frame carries its coordinate reference system; one without is refused rather than guessed.
Rows leave sorted by id, which settles every tie the same way whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

NEED_COLUMNS: Final = ("need_id", "kind", "item", "quantity", "tier", "weight", "skills")
SUPPLY_COLUMNS: Final = (
    "supply_id", "kind", "item", "quantity", "skills", "vehicle", "expires_at", "minutes_left",
)  # fmt: skip
"""Columns besides the geometry; others are carried along.

kind: 'goods' or 'service'. item: of goods. skills: of services, those required and those that the
volunteer has. quantity: whole units asked (for a service: heads) or free (a volunteer: 1). tier:
0..3. weight: priority, 0 or more. vehicle: see `geo.travel`. expires_at: of a lot, or nothing.
minutes_left: until a volunteer's shift ends, or nothing.
"""

GREATEST_WEIGHT: Final = 1_000.0
GREATEST_QUANTITY: Final = 10_000_000


class BadFrame(ValueError):
    """A frame that cannot be matched; the message names the column and what is wrong with it."""


def needs_frame(rows: Iterable[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Needs from mappings with the columns above and `lon`, `lat`."""
    return _frame(rows, NEED_COLUMNS)


def supplies_frame(rows: Iterable[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Supplies from mappings with the columns above and `lon`, `lat`."""
    return _frame(rows, SUPPLY_COLUMNS)


def checked_needs(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The needs, sorted by id, or BadFrame."""
    checked = _checked(frame, NEED_COLUMNS, "need_id")
    if not checked["tier"].isin([0, 1, 2, 3]).all():
        raise BadFrame("tier: 0, 1, 2 or 3 is needed")
    weight = checked["weight"].astype(float)
    if not weight.between(0, GREATEST_WEIGHT).all():
        raise BadFrame(f"weight: a number from 0 to {GREATEST_WEIGHT:g} is needed")
    return checked.assign(tier=checked["tier"].astype(np.int64), weight=weight)


def checked_supplies(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The supplies, sorted by id, or BadFrame."""
    checked = _checked(frame, SUPPLY_COLUMNS, "supply_id")
    return checked.assign(
        expires_at=pd.to_datetime(checked["expires_at"], utc=True),
        minutes_left=checked["minutes_left"].astype(float),
    )


def _frame(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(list(rows), columns=None)
    for column in (*columns, "lon", "lat"):
        if column not in table:
            table[column] = None
    places = gpd.points_from_xy(table["lon"].astype(float), table["lat"].astype(float), crs=4326)
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=places)


def _checked(frame: gpd.GeoDataFrame, columns: Sequence[str], key: str) -> gpd.GeoDataFrame:
    missing = [column for column in columns if column not in frame]
    if missing:
        raise BadFrame(f"missing columns: {', '.join(missing)}")
    if frame.crs is None:
        raise BadFrame("geometry: the frame does not say its coordinate reference system")
    if frame.geometry.isna().any() or frame.geometry.is_empty.any():
        raise BadFrame("geometry: every row needs a place")
    if not (frame.geometry.geom_type == "Point").all():
        raise BadFrame("geometry: places are points")
    if frame[key].isna().any() or frame[key].duplicated().any():
        raise BadFrame(f"{key}: every row needs its own")
    if not frame["kind"].isin(["goods", "service"]).all():
        raise BadFrame("kind: 'goods' or 'service' is needed")
    quantity = pd.to_numeric(frame["quantity"], errors="coerce")
    if not (quantity.between(0, GREATEST_QUANTITY) & (quantity % 1 == 0)).all():
        raise BadFrame(f"quantity: a whole number from 0 to {GREATEST_QUANTITY:,} is needed")
    ordered = frame.assign(quantity=quantity.astype(np.int64)).sort_values(key, kind="stable")
    return ordered.reset_index(drop=True)
