"""Hazards and road closures: a shape is checked before it is kept, and holds from its beginning to its end."""

from datetime import UTC, datetime, timedelta

import pytest

from server.bootstrap import System
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.permissions import Actor, Grant
from server.services import hazards
from server.services.inputs import parse
from server.services.inputs_supply import ClosureIn, EndIn, HazardIn, ListIn

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COORDINATOR = Actor("kori", grants=(Grant("coordinator", "32.03"),))
STRANGER = Actor("beni", grants=(Grant("coordinator", "32.73"),))
AUDITOR = Actor("ayu", grants=(Grant("auditor", "32"),))
RING = [[107.13, -6.83], [107.15, -6.83], [107.15, -6.81], [107.13, -6.81], [107.13, -6.83]]
FLOOD = {"type": "Polygon", "coordinates": [RING]}
ROAD = {"type": "LineString", "coordinates": [[107.13, -6.82], [107.14, -6.82]]}


@pytest.fixture(scope="module")
def system(module_started):
    """One system for the file, whose clock the tests move: `system.time[0]`."""
    time = [NOON]
    found = System(module_started, now=lambda: time[0])
    found.time = time
    yield found
    found.engine.dispose()


@pytest.fixture(autouse=True)
def _noon(system):
    system.time[0] = NOON


def add(system, actor=COORDINATOR, **more):
    body = parse(HazardIn, {"kind": "flood", "shape": FLOOD, **more})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return hazards.add(tx, actor, body, gazetteer)


def close_road(system, actor=COORDINATOR, **more):
    body = parse(ClosureIn, {"shape": ROAD, **more})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return hazards.close_road(tx, actor, body, gazetteer)


def end(system, hazard_id, actor=COORDINATOR, *, closures=False, **fields):
    with system.writing() as tx:
        return hazards.end(tx, actor, hazard_id, parse(EndIn, fields), closures=closures)


def listed(system, actor=COORDINATOR, *, closures=False):
    noun = "closures" if closures else "hazards"
    with system.reading() as tx:
        return {row["id"] for row in hazards.listed(tx, actor, ListIn(), closures=closures)[noun]}


def active(system):
    with system.reading() as tx:
        return {row["id"] for row in tx.hazards.active([tx.incidents.by_slug("jabar")["id"]], tx.now)}


def test_a_hazard_holds_from_its_beginning_to_its_end(system):
    later = (NOON + timedelta(hours=1)).isoformat()
    now, coming = add(system), add(system, begins_at=later, ends_at=(NOON + timedelta(hours=2)).isoformat())
    assert now["area"].startswith("32.03")
    assert now["shape"]["type"] == "Polygon"
    assert {now["id"], coming["id"]} <= listed(system)
    assert coming["id"] not in active(system)
    system.time[0] += timedelta(hours=1)
    assert {now["id"], coming["id"]} <= active(system)
    system.time[0] += timedelta(hours=1)
    assert coming["id"] not in active(system) | listed(system)
    assert end(system, now["id"], version=1)["ends_at"] == system.time[0].isoformat()
    assert now["id"] not in active(system) | listed(system)
    with pytest.raises(Conflict):
        end(system, now["id"])


def test_closed_roads_and_hazards_are_two_lists(system):
    hazard, road = add(system), close_road(system, note="jembatan putus")
    assert road["kind"] == "road_closed"
    assert road["id"] in listed(system, closures=True)
    assert road["id"] not in listed(system)
    assert hazard["id"] not in listed(system, closures=True)
    with pytest.raises(NotFound):
        end(system, road["id"])
    assert end(system, road["id"], closures=True)["ends_at"]


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "LineString", "coordinates": [[107.13, -6.82, 700], [107.14, -6.82, 710.5]]},
        {"type": "MultiLineString", "coordinates": [[[107.13, -6.82], [107.14, -6.82]]]},
        {"type": "MultiPolygon", "coordinates": [[RING]]},
        {"type": "Polygon", "coordinates": [RING], "bbox": [1, 2, 3, 4]},
    ],
)
def test_lines_and_areas_of_every_kind_are_taken(system, shape):
    kept = add(system, shape=shape)["shape"]
    assert kept["type"] == shape["type"]
    assert "bbox" not in kept
    assert "700" not in str(kept)


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ({}, "shape_type"),
        ({"type": "Point", "coordinates": [107.1, -6.8]}, "shape_type"),
        ({"type": ["Polygon"], "coordinates": [RING]}, "shape_type"),
        ({"type": "Polygon"}, "shape_not_geojson"),
        ({"type": "Polygon", "coordinates": []}, "shape_not_geojson"),
        ({"type": "Polygon", "coordinates": [[]]}, "shape_not_geojson"),
        ({"type": "Polygon", "coordinates": RING}, "shape_not_geojson"),
        ({"type": "Polygon", "coordinates": [[[107.13, "x"], *RING[1:]]]}, "shape_not_geojson"),
        ({"type": "Polygon", "coordinates": [[[107.13, True], *RING[1:]]]}, "shape_not_geojson"),
        ({"type": "Polygon", "coordinates": [[[107.13, float("nan")], *RING[1:]]]}, "shape_not_geojson"),
        ({"type": "Polygon", "coordinates": [[[200, 10], [201, 10], [201, 11], [200, 10]]]}, "shape_not_geojson"),
        ({"type": "Polygon", "coordinates": [RING[:-1]]}, "shape_not_closed"),
        ({"type": "Polygon", "coordinates": [[RING[0], RING[1], RING[0]]]}, "shape_invalid"),
        ({"type": "Polygon", "coordinates": [[RING[0], RING[2], RING[1], RING[3], RING[0]]]}, "shape_invalid"),
        ({"type": "LineString", "coordinates": [RING[0], RING[0]]}, "shape_invalid"),
        ({"type": "LineString", "coordinates": [[-6.82, 107.13], [-6.82, 107.14]]}, "swapped_lat_lon"),
        ({"type": "LineString", "coordinates": [[107 + n / 10**5, -6.8] for n in range(2001)]}, "shape_too_large"),
    ],
)
def test_a_wrong_shape_is_named(system, shape, code):
    before = listed(system)
    with pytest.raises(Invalid) as refused:
        add(system, shape=shape)
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {"shape": code}
    assert listed(system) == before


def test_a_closed_road_is_a_line(system):
    with pytest.raises(Invalid) as refused:
        close_road(system, shape=FLOOD)
    assert refused.value.fields["shape"].code == "shape_type"


def test_a_hazard_cannot_end_before_it_begins(system):
    with pytest.raises(Invalid) as refused:
        add(system, begins_at=NOON.isoformat(), ends_at=NOON.isoformat())
    assert {name: problem.code for name, problem in refused.value.fields.items()} == {"ends_at": "ends_before_begin"}


def test_a_hazard_at_sea_belongs_to_the_incidents_home(system):
    everywhere = Actor("gita", grants=(Grant("coordinator", "32"),))
    ring = [[lon, lat - 3] for lon, lat in RING]
    assert add(system, everywhere, shape={"type": "Polygon", "coordinates": [ring]})["area"] == "32"


def test_only_coordinators_of_the_area_draw_and_end(system):
    found = add(system)
    for actor, refusal in ((STRANGER, Forbidden), (AUDITOR, Forbidden)):
        with pytest.raises(refusal):
            add(system, actor)
    for actor, refusal in ((STRANGER, NotFound), (AUDITOR, Forbidden)):
        with pytest.raises(refusal):
            end(system, found["id"], actor)
    assert found["id"] in listed(system, AUDITOR)
    assert found["id"] not in listed(system, STRANGER)
