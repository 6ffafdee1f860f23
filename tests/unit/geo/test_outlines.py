"""Light outlines: RFC 7946, at most 3 decimals, neighbours that still meet."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from geo.areas import Area
from geo.outlines import around, as_geojson, collection, corners, land_within, outlines, point, rectangle


def area(code, wkb=None, lon=107.123456, lat=-6.987654):
    return Area(code, "district", code, code[:5], lon, lat, 1000.0, wkb, approximate=wkb is None)


@pytest.fixture
def neighbours():
    """Two squares that share a jagged border, which one of them has drawn a few metres off."""
    border = [(108 + 0.0004 * (n % 2), n / 400) for n in range(401)]
    off = [(lon + 0.00008, lat) for lon, lat in border]
    west = shapely.Polygon([(107, 0), *border, (107, 1)])
    east = shapely.Polygon([(109, 0), (109, 1), *reversed(off)])
    return [area("32.01.01", west.wkb), area("32.01.02", east.wkb)]


def test_neighbours_still_meet_and_are_light(neighbours):
    found = outlines(neighbours, "district")
    west, east = shape(found["32.01.01"]), shape(found["32.01.02"])
    assert west.is_valid
    assert east.is_valid
    assert west.intersection(east).area == 0
    assert shapely.union(west, east).geom_type == "Polygon"
    assert len(corners(found["32.01.01"])) < 20


def test_an_area_without_a_polygon_is_a_point_and_other_levels_are_left_out(neighbours):
    found = outlines([*neighbours, area("32.01.03"), Area("32", "province", "x", None, 107.0, -7.0, 1.0)], "district")
    assert found["32.01.03"] == {"type": "Point", "coordinates": [107.123, -6.988]}
    assert set(found) == {"32.01.01", "32.01.02", "32.01.03"}


@st.composite
def blobs(draw):
    """Polygons around a point, some with a hole, some turned clockwise."""
    count = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(0.02, 0.9), min_size=count, max_size=count))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = [(107 + r * np.cos(a), -7 + r * np.sin(a)) for r, a in zip(radii, angles, strict=True)]
    return shapely.Polygon(ring[::-1] if draw(st.booleans()) else ring)


@given(blobs())
def test_every_shape_comes_out_valid_rounded_and_turned(blob):
    found = as_geojson(shapely.make_valid(blob))
    if found is None:
        return
    drawn = shape(found)
    assert drawn.is_valid
    assert all(part.exterior.is_ccw for part in shapely.get_parts(drawn))
    assert all(not hole.is_ccw for part in shapely.get_parts(drawn) for hole in part.interiors)
    assert all(len(str(number).partition(".")[2]) <= 3 for place in corners(found) for number in place)
    assert drawn.symmetric_difference(blob).area < 0.001 * blob.length + 1e-5


def test_holes_stay_and_several_parts_are_a_multipolygon():
    ring = shapely.box(107, -7, 108, -6).difference(shapely.box(107.4, -6.6, 107.6, -6.4))
    assert len(as_geojson(ring)["coordinates"]) == 2
    both = as_geojson(shapely.union(ring, shapely.box(109, -7, 109.5, -6.5)))
    assert both["type"] == "MultiPolygon"


def test_what_is_too_small_to_draw_is_nothing():
    assert as_geojson(shapely.box(107, -7, 107.0001, -6.9999)) is None


def test_land_is_cut_to_what_is_shown_and_drawn_in_one_piece():
    tiles = [shapely.box(105, -10, 110, -5).wkb, shapely.box(110, -10, 115, -5).wkb, shapely.box(0, 0, 5, 5).wkb]
    (found,) = land_within(tiles, (108, -8, 112, -6))
    assert found["type"] == "Polygon"
    assert shape(found).equals(shapely.box(108, -8, 112, -6))
    assert land_within(tiles, (50, 50, 51, 51)) == []


def test_a_collection_has_its_box_and_no_crs():
    box = rectangle((106, -8, 107.5, -6))
    found = collection([("a", point(107.0, -7.0), {"n": 1}), ("b", box, {}), ("c", None, {})])
    assert found["bbox"] == [106, -8, 107.5, -6]
    assert set(found) == {"type", "bbox", "features"}
    assert found["features"][2]["geometry"] is None
    assert json.loads(json.dumps(found)) == found
    assert "bbox" not in collection([("c", None, {})])
    assert around([(1.0, 2.0), (3.0, -4.0)]) == (1.0, -4.0, 3.0, 2.0)
