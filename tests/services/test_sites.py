"""Sites: a doubtful place is flagged and never hidden; many come in at once, each row by itself."""

import csv
import itertools
from pathlib import Path

import pytest

from server.bootstrap import System
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.permissions import SYSTEM, Actor, Grant
from server.services import queries, supply
from server.services.areas import replace as replace_areas
from server.services.inputs import parse
from server.services.inputs_supply import ListIn, SiteChangeIn, SiteIn

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
BANDUNG = {"lon": 107.6191, "lat": -6.9175}
NUMBERS = itertools.count(1)
KEEPER = Actor("dewi", grants=(Grant("keeper", "32.03"),))


@pytest.fixture(scope="module")
def system(module_started):
    """One system for the file: each test has sites of its own."""
    found = System(module_started)
    yield found
    found.engine.dispose()


def add(system, actor=SYSTEM, **more):
    fields = {"name": f"Posko {next(NUMBERS)}", "kind": "post", "area_code": "32.03.01", **more}
    body = parse(SiteIn, {name: value for name, value in fields.items() if value is not None})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return supply.add_site(tx, actor, body, gazetteer)


def change(system, site_id, actor=SYSTEM, **fields):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return supply.change_site(tx, actor, site_id, parse(SiteChangeIn, fields), gazetteer)


def get(system, site_id, actor=SYSTEM):
    with system.reading() as tx:
        return supply.site(tx, actor, site_id)


def spot():
    """A place in Cianjur where no other test has a site."""
    return {"lon": round(107.14 + next(NUMBERS) / 1000, 5), "lat": -6.82}


def bring_in(system, rows, incident="jabar"):
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return supply.add_sites(tx, SYSTEM, tx.incidents.by_slug(incident), rows, gazetteer)


def codes(error):
    return {name: problem.code for name, problem in error.value.fields.items()}


def test_a_site_has_a_place_by_its_point_or_by_its_area(system):
    by_point = add(system, area_code=None, place=spot())
    by_area = add(system, area_code="32.03.02")
    assert by_point["accuracy_m"] == 100
    assert by_point["area"].startswith("32.03")
    assert by_point["flags"] == []
    assert by_area["area"] == "32.03.02"
    assert by_area["accuracy_m"] > 1000
    assert by_area["flags"] == ["place_from_area"]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"area_code": None}, "place", "place_wanted"),
        ({"area_code": "32.99.99"}, "area_code", "unknown_area"),
        ({"place": {"lon": -6.9, "lat": 107.6}}, "place.lat", "swapped_lat_lon"),
        ({"place": {"lon": 107.0, "lat": -9.5}}, "place", "place_in_sea"),
        ({"kind": "castle"}, "kind", "not_one_of"),
        ({"name": "x"}, "name", "too_short"),
        ({"incident": "nowhere"}, "incident", "unknown_incident"),
    ],
)
def test_a_wrong_site_names_the_field(system, change, field, code):
    with pytest.raises(Invalid) as refused:
        add(system, **change)
    assert codes(refused) == {field: code}


def test_a_site_outside_the_province_is_kept_and_flagged(system):
    found = add(system, area_code=None, place={"lon": 110.37, "lat": -7.8})
    assert found["flags"] == ["outside"]


def test_two_sites_at_one_place_are_both_flagged(system):
    place = spot()
    first = add(system, area_code=None, place=place)
    assert first["flags"] == []
    second = add(system, area_code=None, place={**place, "lon": place["lon"] + 0.00001})
    near = add(system, area_code=None, place={**place, "lon": place["lon"] + 0.0001})
    assert second["flags"] == ["doubled_place"]
    assert get(system, first["id"])["flags"] == ["doubled_place"]
    assert near["flags"] == []


def test_a_site_far_from_where_it_is_said_to_lie_is_flagged(system):
    """Without boundaries, only what is far from an area is surely not in it."""
    far = add(system, area_code=None, place=BANDUNG, declared_area="32.09")
    near = add(system, area_code=None, place=spot(), declared_area="32.03.01")
    assert far["flags"] == ["other_area"]
    assert near["flags"] == []
    assert near["area"] == "32.03.01"


def test_what_is_left_out_of_a_change_stays(system):
    before = add(system, address="Jl. Siliwangi 1", is_public=True)
    after = change(system, before["id"], name="Posko Baru", version=before["version"])
    assert after == {**before, "name": "Posko Baru", "version": before["version"] + 1}
    moved = change(system, before["id"], place=spot(), is_open=False)
    assert (moved["address"], moved["is_public"], moved["open"], moved["flags"]) == ("Jl. Siliwangi 1", True, False, [])
    with pytest.raises(Conflict) as late:
        change(system, before["id"], name="Terlambat", version=before["version"])
    assert late.value.state["name"] == "Posko Baru"


def test_a_site_that_moves_is_told_where_it_was_and_where_it_is(system):
    site = add(system, area_code="32.03.01")
    change(system, site["id"], area_code="32.04.05")
    with system.reading() as tx:
        query = "select area from outbox where type = 'SiteChanged' and data->>'site_id' = %(id)s order by id"
        areas = [row["area"] for row in tx.conn.exec_driver_sql(query, {"id": site["id"]}).mappings()]
    assert areas == ["32.03.01", "32.03.01", "32.04.05"]


def test_keepers_work_in_their_own_area(system):
    with pytest.raises(Forbidden):
        add(system, KEEPER, area_code="32.73.01")
    mine, other = add(system, KEEPER), add(system, area_code="32.73.01")
    with pytest.raises(NotFound):
        get(system, other["id"], KEEPER)
    with pytest.raises(NotFound):
        change(system, other["id"], KEEPER, name="Diambil alih")
    with pytest.raises(Forbidden):
        change(system, mine["id"], KEEPER, area_code="32.73.01")
    with pytest.raises(Forbidden):
        change(system, mine["id"], Actor("ayu", grants=(Grant("auditor", "32"),)), name="Diubah")


def test_a_list_of_sites_comes_in_parts_and_only_of_ones_own_area(system):
    mine = {add(system)["id"] for _ in range(5)}
    add(system, area_code="32.73.01")
    found, cursor = [], None
    while True:
        with system.reading() as tx:
            part = supply.sites(tx, KEEPER, ListIn(limit=2, cursor=cursor))
        found += part["sites"]
        cursor = part["next"]
        if cursor is None:
            break
    assert mine <= {site["id"] for site in found}
    assert len(found) == len({site["id"] for site in found})
    assert all(site["area"].startswith("32.03") for site in found)
    assert [site["name"] for site in found] == sorted(site["name"] for site in found)


def test_many_sites_come_in_once_and_a_place_that_cannot_be_gives_way_to_the_area(system):
    place = spot()
    rows = [
        ("faskes:1", {"name": "Puskesmas Satu", "kind": "health_centre", "place": place, "declared_area": "32.03"}),
        ("faskes:2", {"name": "Klinik Dua", "kind": "clinic", "place": place, "declared_area": "32.03"}),
        (
            "faskes:3",
            {"name": "Klinik Laut", "kind": "clinic", "place": {"lon": 107, "lat": -9.5}, "declared_area": "32.03"},
        ),
        ("faskes:4", {"name": "Tanpa tempat", "kind": "clinic"}),
        ("faskes:5", {"name": "Laut saja", "kind": "clinic", "place": {"lon": 107, "lat": -9.5}}),
        ("faskes:6", {"name": "Kantor", "kind": "office", "area_code": "32.03"}),
    ]
    found = bring_in(system, rows)
    assert [row.state for row in found] == ["stored", "stored", "stored", "rejected", "rejected", "rejected"]
    assert [row.flags for row in found[:3]] == [(), ("doubled_place",), ("place_from_area", "place_wrong")]
    assert [set(row.problems) for row in found[3:]] == [{"place"}, {"place"}, {"kind"}]
    assert [row.state for row in bring_in(system, rows)][:3] == ["known"] * 3


def receive_rows(system, rows):
    with system.writing() as tx:
        return supply.receive_many(tx, SYSTEM, tx.incidents.by_slug("jabar"), rows, system.keys)


def test_many_lots_come_to_sites_by_name_or_reference(system):
    bring_in(system, [("sites:G7", {"name": "Gudang Tujuh", "kind": "warehouse", "area_code": "32.03"})])
    for _ in range(2):
        add(system, name="Gudang Kembar")
    rows = [
        ("stock:1", {"site": "gudang tujuh", "item": "rice", "quantity": 500.0}),
        ("stock:2", {"site": "G7", "item": "water", "quantity": 12.5, "expiry": "2099-01-31"}),
        ("stock:3", {"site": "sites:G7", "item": "blanket", "quantity": 20, "donor": "PT Hujan", "note": "bagus"}),
        ("stock:4", {"site": "Gudang Hilang", "item": "rice", "quantity": 1}),
        ("stock:5", {"site": "Gudang Kembar", "item": "rice", "quantity": 1}),
        ("stock:6", {"site": "G7", "item": "blanket", "quantity": 1.5}),
        ("stock:7", {"site": "G7", "item": "rice", "quantity": 0.0}),
        ("stock:8", {"site": "G7", "item": "evacuation", "quantity": 2}),
        ("stock:9", {"site": "G7", "item": "rice", "quantity": 3, "expiry": "2020-01-31"}),
        ("stock:10", {"site": "G7", "item": "rice"}),
        ("stock:11", {"item": "rice", "quantity": 1}),
    ]
    found = receive_rows(system, rows)
    assert [row.state for row in found] == ["stored"] * 3 + ["rejected"] * 8
    assert [{name: problem.code for name, problem in row.problems.items()} for row in found[3:]] == [
        {"site": "unknown_site"},
        {"site": "site_ambiguous"},
        {"quantity": "quantity_not_whole"},
        {"quantity": "quantity_not_positive"},
        {"item": "item_is_service"},
        {"expiry": "expiry_past"},
        {"quantity": "required"},
        {"site": "required"},
    ]
    with system.reading() as tx:
        site = tx.sites.by_external_ref(tx.incidents.by_slug("jabar")["id"], "sites:G7")
        assert queries.site_rows(tx, [site["id"]])[0]["stock"] == {"rice": 500, "water": 13, "blanket": 20}
        lots = {lot["item"]: lot for lot in tx.stock.lots_of_site(site["id"])}
        gift = tx.stock.gift(lots["blanket"]["gift_id"])
        assert lots["rice"]["gift_id"] is None
        assert (gift["item"], gift["quantity"], gift["shown_as"]) == ("blanket", 20, None)
        assert b"Hujan" not in bytes(gift["donor_sealed"])
    assert [row.state for row in receive_rows(system, rows)][:3] == ["known"] * 3
    with system.reading() as tx:
        assert queries.site_rows(tx, [site["id"]])[0]["stock"]["rice"] == 500


def square(code, parent, level, west, south, east, north):
    from shapely import box, to_wkb

    from geo.areas import Area

    wkb = to_wkb(box(west, south, east, north))
    return Area(code, level, f"Wilayah {code}", parent, (west + east) / 2, (south + north) / 2, 50_000.0, wkb)


@pytest.fixture
def bounded(started):
    """A system whose areas have boundaries: two regencies side by side."""
    found = System(started)
    with found.writing() as tx:
        areas = [
            square("32", None, "province", 106, -8, 109, -6),
            square("32.03", "32", "regency", 106, -8, 107.5, -6),
            square("32.04", "32", "regency", 107.5, -8, 109, -6),
        ]
        replace_areas(tx, SYSTEM, areas)
    yield found
    found.engine.dispose()


def test_with_boundaries_the_other_side_of_the_border_is_another_area(bounded):
    inside = {"name": "Dalam", "kind": "post", "place": {"lon": 107.45, "lat": -7}, "declared_area": "32.03"}
    beyond = {**inside, "name": "Luar", "place": {"lon": 107.55, "lat": -7}}
    found = bring_in(bounded, [("a:1", inside), ("a:2", beyond)])
    assert [row.flags for row in found] == [(), ("other_area",)]
    with bounded.reading() as tx:
        site = tx.sites.by_external_ref(tx.incidents.by_slug("jabar")["id"], "a:2")
    assert site["area"] == "32.04"


def health_centres():
    """Rows of the province's list where it is at hand, and always some like them."""
    made = [
        ("faskes:m1", {"name": "Puskesmas A", "kind": "health_centre", "place": {"lon": 107.3, "lat": -6.9}}),
        ("faskes:m2", {"name": "Klinik B", "kind": "clinic", "place": {"lon": 107.3, "lat": -6.9}}),
        ("faskes:m3", {"name": "Klinik C", "kind": "clinic", "place": {"lon": 110.4, "lat": -7.8}}),
    ]
    yield pytest.param(made, 3, 1, 1, id="made")
    path = DATA / "facilities" / "jabar_faskes_2020_clean.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = [
                (
                    f"faskes:{row['id']}",
                    {
                        "name": row["name"],
                        "kind": {"puskesmas": "health_centre"}.get(row["kind"], "clinic"),
                        "place": {"lon": float(row["lon"]), "lat": float(row["lat"])},
                        "declared_area": row["kab_code_spatial"],
                    },
                )
                for row in csv.DictReader(file)
            ]
        yield pytest.param(rows, 2019, 7, 0, id="province")


@pytest.mark.parametrize(("rows", "stored", "doubled", "outside"), list(health_centres()))
def test_health_centres_come_in_whole(started, rows, stored, doubled, outside):
    system = System(started)
    found = bring_in(system, rows)
    flags = [flag for row in found for flag in row.flags]
    assert sum(row.state == "stored" for row in found) == stored
    assert flags.count("doubled_place") >= doubled
    assert flags.count("outside") >= outside
    system.engine.dispose()
