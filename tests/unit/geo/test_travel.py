import numpy as np
import pytest

from geo import travel

CIANJUR, CUGENANG = (107.139, -6.822), (107.079, -6.794)


def test_a_motorcycle_is_quicker_than_a_truck_and_feet():
    times = [float(travel.minutes(CIANJUR, CUGENANG, by)) for by in ("motorcycle", "truck", "foot")]
    assert times == sorted(times)


def test_one_to_many_and_tables_broadcast():
    places = np.array([CIANJUR, CUGENANG])
    table = travel.minutes(places[:, None], places[None], "car")
    assert table.shape == (2, 2)
    assert table[0, 0] == travel.VEHICLES["car"].start_min
    assert table[0, 1] == pytest.approx(float(travel.minutes(CIANJUR, CUGENANG, "car")))


def test_terrain_slows_the_way_but_not_the_start():
    plain, flooded = (travel.minutes_for(10_000, "car", kind) for kind in ("plain", "flooded"))
    start = travel.VEHICLES["car"].start_min
    assert float(flooded - start) == pytest.approx(2 * float(plain - start))


@pytest.mark.parametrize("by", [None, "", "helicopter"])
def test_without_a_known_vehicle_one_walks(by):
    assert travel.vehicle(by) is travel.VEHICLES["foot"]
