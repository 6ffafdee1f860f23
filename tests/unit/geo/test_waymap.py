"""The map of a gift's way: plain SVG with nothing that runs or comes from elsewhere."""

import re

from defusedxml.ElementTree import fromstring
from shapely import Polygon

from geo.areas import Area
from geo.outlines import rectangle
from geo.waymap import Stop, draw, ground

EVIL = '<script>alert(1)</script>"'


def area(code, lon, lat, wkb=None):
    return Area(code, "district", code, code[:5], lon, lat, 5000, wkb, approximate=wkb is None)


STORE, NEAR, FAR = area("32.03", 107.1, -6.8), area("32.03.05", 107.2, -6.9), area("32.73.02", 107.6, -6.9)
SHAPED = area("32.03.06", 107.3, -6.8, Polygon([(107.2, -6.9), (107.4, -6.9), (107.4, -6.7)]).wkb)
BELOW = ground([rectangle((100, -9, 120, -5))], [rectangle((106, -8, 109, -6))])


def drawn(*stops, ways=()):
    text = draw(BELOW, stops, ways, EVIL)
    assert "<script" not in text
    assert "href" not in text
    assert "style" not in text
    return fromstring(text)


def named(root, tag):
    return list(root.iter("{http://www.w3.org/2000/svg}" + tag))


def test_stores_districts_and_ways_are_drawn_within_the_window():
    arrivals = [Stop(NEAR, "Ciranjang: 15", is_store=False), Stop(FAR, "F", is_store=False)]
    root = drawn(Stop(STORE, EVIL, is_store=True), *arrivals, ways=[(STORE, NEAR), (STORE, FAR)])
    assert len(named(root, "circle")) == 2
    assert len(named(root, "line")) == 2
    assert {text.text for text in named(root, "text")} == {EVIL, "Ciranjang: 15", "F"}
    x, y, wide, high = map(int, root.get("viewBox").split())
    for circle in named(root, "circle"):
        assert x < float(circle.get("cx")) < x + wide
        assert y < float(circle.get("cy")) < y + high
    assert abs(wide / high - 1.2) < 0.01


def test_a_district_with_a_border_is_filled_and_one_place_alone_makes_a_map():
    plain = drawn(Stop(NEAR, "a", is_store=False))
    shaped = drawn(Stop(SHAPED, "a", is_store=False))
    assert len(named(shaped, "path")) == len(named(plain, "path")) + 1
    assert all(re.fullmatch(r"[MLZ\d -]+", path.get("d")) for path in named(shaped, "path"))
