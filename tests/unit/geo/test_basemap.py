"""The base map's layers: RFC 7946, short coordinates, nothing where nothing is known."""

import json

import geopandas as gpd
import pytest
import shapely

from geo import basemap
from geo.areas import Area
from geo.roads import BadRoads, read_roads

SQUARES = {"32.03.01": (107.0, -7.0), "32.03.02": (107.1, -7.0)}


def area(code, name, level, lon=107.05, lat=-6.95, shape=None, *, own_point=True):
    wkb = None if shape is None else bytes(shapely.to_wkb(shape))
    return Area(code, level, name, code.rpartition(".")[0] or None, lon, lat, 5000.0, wkb, wkb is None, own_point)


@pytest.fixture
def areas():
    """A regency of two square districts, one of which has a village that only stands at the district's point."""
    shapes = {code: shapely.box(west, south, west + 0.1, south + 0.1) for code, (west, south) in SQUARES.items()}
    districts = [area(code, f"Kecamatan {code[-1]}", "district", shape=shape) for code, shape in shapes.items()]
    whole = shapely.union_all(list(shapes.values()))
    village = area("32.03.01.2001", "Sukamaju", "village", own_point=False)
    return [area("32.03", "Kabupaten Uji", "regency", shape=whole), *districts, village]


def test_borders_have_outer_rings_counter_clockwise_and_no_crs(areas):
    layer = basemap.areas_layer(areas, "district")
    assert "crs" not in layer
    assert [feature["id"] for feature in layer["features"]] == sorted(SQUARES)
    for feature in layer["features"]:
        assert shapely.LinearRing(feature["geometry"]["coordinates"][0]).is_ccw


def test_areas_without_borders_are_left_out(areas):
    assert basemap.areas_layer(areas, "village")["features"] == []


def test_a_name_without_a_place_of_its_own_has_no_geometry(areas):
    names = {feature["id"]: feature for feature in basemap.names_layer(areas)["features"]}
    assert names["32.03.01.2001"]["geometry"] is None
    assert names["32.03.01.2001"]["properties"] == {"name": "Sukamaju", "level": "village"}
    assert names["32.03.01"]["geometry"] == {"type": "Point", "coordinates": [107.05, -6.95]}


def test_land_is_cut_to_what_is_shown():
    land = [bytes(shapely.to_wkb(shapely.box(100, -10, 120, 0)))]
    layer = basemap.land_layer(land, (106.0, -8.0, 109.0, -5.0))
    assert layer["bbox"] == [106.0, -8.0, 109.0, -5.0]


def test_pieces_of_one_road_become_one_line():
    halves = [[(107.0, -6.9), (107.01, -6.9)], [(107.01, -6.9), (107.02, -6.9)]]
    roads = [(bytes(shapely.to_wkb(shapely.LineString(half))), "primary", "Raya Uji") for half in halves]
    (road,) = basemap.roads_layer(roads)["features"]
    assert road["properties"] == {"class": "primary", "name": "Raya Uji"}
    assert road["geometry"]["coordinates"] == [[[107.0, -6.9], [107.02, -6.9]]]


def test_roads_of_a_file_keep_what_a_map_can_show(tmp_path):
    lines = [shapely.LineString([(107.0, -6.9), (107.1, -6.9)])] * 3
    columns = {"highway": ["trunk_link", "footway", "primary"], "name": ["Simpang", "Gang", None]}
    gpd.GeoDataFrame(columns, geometry=lines, crs=4326).to_file(tmp_path / "roads.geojson")
    found = [(kind, name) for _, kind, name in read_roads(tmp_path / "roads.geojson")]
    assert found == [("trunk", "Simpang"), ("primary", "")]


def test_a_file_without_roads_says_what_it_lacks(tmp_path):
    path = tmp_path / "paths.geojson"
    line = {"type": "LineString", "coordinates": [[107.0, -6.9], [107.1, -6.9]]}
    feature = {"type": "Feature", "geometry": line, "properties": {"highway": "footway"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(BadRoads, match="no road of the classes"):
        read_roads(path)
