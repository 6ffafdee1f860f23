import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.candidates import GoodsNeed, Lot, People, Person, ServiceNeed, Stock
from geo.travel import minutes


def ids(candidates):
    return [candidate.supply_id for candidate in candidates]


def codes(candidate):
    return [lack.code for lack in candidate.lacks]


NEED = GoodsNeed("blanket", 120, 107.1, -6.8)


def test_the_nearest_lot_that_is_enough_comes_first():
    stock = Stock([
        Lot("far", "blanket", 500, 107.3, -6.8), Lot("near", "blanket", 500, 107.12, -6.8),
        Lot("nearest-but-small", "blanket", 3, 107.11, -6.8), Lot("tent", "tent", 500, 107.1, -6.8),
    ])  # fmt: skip
    ranked = stock.rank(NEED)
    assert ids(ranked) == ["near", "nearest-but-small", "far"]
    assert codes(ranked[1]) == ["too_little"]
    assert ranked[1].lacks[0].numbers == {"free": 3, "wanted": 120}
    assert (ranked[0].quantity, ranked[1].quantity) == (120, 3)


def test_a_lot_that_expires_on_the_way_comes_last_and_says_so():
    stock = Stock([
        Lot("gone", "blanket", 500, 107.1, -6.8, minutes_left=5), Lot("ok", "blanket", 500, 107.4, -6.8),
    ])  # fmt: skip
    ranked = stock.rank(NEED)
    assert ids(ranked) == ["ok", "gone"]
    assert not ranked[1].possible
    assert codes(ranked[1]) == ["expires_first"]


def test_of_equals_the_one_that_expires_first_and_then_the_lower_id():
    lots = [Lot(name, "blanket", 500, 107.1, -6.8, left) for name, left in (("b", None), ("c", 9000.0), ("a", None))]
    assert ids(Stock(lots).rank(NEED)) == ["c", "a", "b"]


def test_people_need_every_skill_and_time_left():
    people = People([
        Person("walks", frozenset({"medis"}), None, 107.12, -6.8),
        Person("rides", frozenset({"medis", "perahu"}), "motorcycle", 107.14, -6.8),
        Person("goes-home", frozenset({"medis"}), "motorcycle", 107.1, -6.8, minutes_left=31),
        Person("cooks", frozenset({"dapur"}), "motorcycle", 107.1, -6.8),
    ])  # fmt: skip
    ranked = people.rank(ServiceNeed(frozenset({"medis"}), 1, 107.1, -6.8))
    assert ids(ranked) == ["rides", "walks", "cooks", "goes-home"]
    assert [codes(candidate) for candidate in ranked] == [[], [], ["skills_missing"], ["shift_ends"]]
    assert people.rank(ServiceNeed(frozenset({"nobody has it"}), 1, 107.1, -6.8))[0].possible is False


def test_nothing_to_rank():
    assert Stock([]).rank(NEED) == []
    assert People([]).rank(ServiceNeed(frozenset(), 1, 107.1, -6.8)) == []


@given(st.integers(0, 10_000))
def test_it_agrees_with_looking_at_every_lot(seed):
    rng = np.random.default_rng(seed)
    lots = [
        Lot(f"l{n}", "blanket", int(free), lon, lat)
        for n, (free, lon, lat) in enumerate(
            zip(rng.integers(0, 200, 40), rng.uniform(107, 107.5, 40), rng.uniform(-7, -6.5, 40), strict=True)
        )
    ]
    costs = {
        lot.supply_id: float(minutes((lot.lon, lot.lat), (NEED.lon, NEED.lat))) + 30 * (1 - min(lot.free, 120) / 120)
        for lot in lots
        if lot.free
    }
    best = sorted(costs, key=costs.__getitem__)[:5]
    assert ids(c for c in Stock(lots).rank(NEED, limit=5) if c.possible) == best


def test_the_web_process_does_not_load_geopandas_for_it():
    script = "import sys, geo.candidates, geo.areas; sys.exit('geopandas' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
