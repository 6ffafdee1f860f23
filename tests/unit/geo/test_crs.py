import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import crs


@given(
    lon=st.floats(-180, 180), lat=st.floats(-89, 89),
    bearing=st.floats(0, 360), distance=st.floats(10, 1_000_000),
)  # fmt: skip
def test_distances_are_the_geodesic_anywhere(lon, lat, bearing, distance):
    to_lon, to_lat, _ = pyproj.Geod(ellps="WGS84").fwd(lon, lat, bearing, distance)
    assert crs.metres(lon, lat, to_lon, to_lat) == pytest.approx(distance, rel=1e-4)


def test_distances_broadcast_one_to_many():
    away = crs.metres(107.0, -6.8, np.array([107.0, 107.1]), np.array([-6.8, -6.8]))
    assert away[0] == 0
    assert away[1] == pytest.approx(11_053, abs=5)


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [(107.1, -6.8, False), (-6.8, 107.1, True), (95.0, 5.5, False), (-72.3, 18.5, False)],
)
def test_swapped_coordinates_are_seen(lon, lat, expected):
    assert crs.swapped(lon, lat) is expected


@pytest.mark.parametrize(("lon", "lat"), [(0, 0), (181, 0), (107, -91), (float("nan"), 1)])
def test_what_is_no_place(lon, lat):
    assert not crs.plausible_wgs84(lon, lat)
