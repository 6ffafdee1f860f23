"""Areas to test on: a small made-up regency always, the real West Java where its files are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely

from geo.areas import Area, Gazetteer
from geo.boundaries import read_boundaries

REAL = Path(__file__).parents[4] / "shared" / "data" / "areas" / "jabar_kel_simpl60m.geojson"
"""Villages of West Java, beside the repository on machines that have them."""

VILLAGES = {
    "32.03.01.2001": ("Sukamaju", shapely.box(107.00, -6.80, 107.05, -6.75)),
    "32.03.01.2002": ("Sindangjaya", shapely.box(107.05, -6.80, 107.10, -6.75)),
    "32.03.02.2001": ("Sukamaju", shapely.box(107.10, -6.80, 107.15, -6.75)),
    "32.03.02.2002": ("Gunung Putri", shapely.box(107.15, -6.80, 107.20, -6.75)),
    "32.77.01.1001": ("Cimahi Utara", shapely.box(107.00, -6.85, 107.20, -6.80)),
    "32.77.01.1002": (
        "Ciroyom",  # a horseshoe: its centroid lies in the opening, outside
        shapely.Polygon(
            [(107.3, -6.9), (107.4, -6.9), (107.4, -6.8), (107.38, -6.8), (107.38, -6.88),
             (107.32, -6.88), (107.32, -6.8), (107.3, -6.8)]
        ),
    ),
}  # fmt: skip

ABOVE = {
    "32.03": "Kabupaten Cianjur", "32.03.01": "Cugenang", "32.03.02": "Pacet",
    "32.77": "Kota Cimahi", "32.77.01": "Cimahi Selatan",
}  # fmt: skip


@pytest.fixture(scope="session")
def village_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up villages as a GeoJSON file with official codes."""
    features = [
        {
            "type": "Feature",
            "properties": {"kode": code, "nama": name},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for code, (name, shape) in VILLAGES.items()
    ]
    path = tmp_path_factory.mktemp("areas") / "villages.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture(scope="session")
def small_areas(village_file: Path) -> list[Area]:
    return read_boundaries(village_file, names=ABOVE)


@pytest.fixture(scope="session")
def small(small_areas: list[Area]) -> Gazetteer:
    return Gazetteer(small_areas)


@pytest.fixture(scope="session", params=["made up", *(["West Java"] if REAL.exists() else [])])
def gazetteer(request: pytest.FixtureRequest, small: Gazetteer) -> Gazetteer:
    return small if request.param == "made up" else Gazetteer(read_boundaries(REAL))
