import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.areas import Area
from geo.borders import BUDGET_BYTES, borders
from geo.roads import MAIN_ROADS, BadRoads, read_roads

JAKARTA = Path(__file__).parents[4] / "shared" / "data" / "roads" / "jakarta_roads.shp"


@pytest.fixture(params=["made up", *(["Jakarta"] if JAKARTA.exists() else [])])
def road_file(request, tmp_path):
    if request.param == "Jakarta":
        return JAKARTA
    frame = gpd.GeoDataFrame(
        {"TYPE": ["motorway", "residential", "primary_link", None], "NAME": ["Tol", None, "Raya", None]},
        geometry=[shapely.LineString([(107, -6.8), (107 + n / 10, -6.7)]) for n in (1, 2, 3, 4)],
        crs=4326,
    )
    frame.to_file(tmp_path / "roads.shp")
    return tmp_path / "roads.shp"


@pytest.mark.parametrize("level", ["regency", "district"])
def test_borders_keep_to_the_budget_and_the_standard(gazetteer, level):
    layer = borders(gazetteer, level)
    assert set(layer) == {"type", "bbox", "features"}, "RFC 7946 knows no crs"
    assert len(json.dumps(layer, separators=(",", ":"))) <= BUDGET_BYTES
    assert shapely.from_geojson(json.dumps(layer["features"][0]["geometry"])).length > 0


def test_a_shared_border_is_drawn_once(small):
    districts = [area for area in small if area.code in {"32.03.01", "32.03.02"}]
    drawn = shapely.from_geojson(json.dumps(borders(districts, "district")["features"][0]["geometry"]))
    between = shapely.LineString([(107.1, -6.8), (107.1, -6.75)])
    assert drawn.intersection(between).length == pytest.approx(0.05, abs=1e-6)
    assert drawn.length == pytest.approx(2 * 0.2 + 3 * 0.05, abs=1e-6)


def test_approximate_areas_have_no_borders():
    known = Area("32.03", "regency", "Kabupaten Cianjur", "32", 107.1, -6.8, 70_000, approximate=True)
    assert borders([known], "regency")["features"] == []


def test_main_roads_are_read_and_slip_roads_count_as_theirs(road_file):
    roads = read_roads(road_file)
    assert {kind for _, kind, _ in roads} <= set(MAIN_ROADS)
    assert {kind for _, kind, _ in roads} >= {"motorway", "primary"}
    assert all(shapely.from_wkb(line).length > 0 for line, _, _ in roads)


def test_a_road_file_without_kinds_says_so(village_file, tmp_path):
    with pytest.raises(BadRoads, match="kind of road"):
        read_roads(village_file)
    with pytest.raises(BadRoads, match="cannot be read"):
        read_roads(tmp_path / "none.shp")
