from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.areas import BadCode, Gazetteer, dotted, level_of, parent_of
from geo.boundaries import BadBoundaries, merged, read_boundaries
from geo.crs import metres
from geo.defaults import Place, default_areas


def test_codes():
    assert dotted("3203052001") == dotted("32.03.05.2001") == "32.03.05.2001"
    assert (level_of("32.03"), parent_of("32.03"), parent_of("32")) == ("regency", "32", None)
    with pytest.raises(BadCode):
        dotted("32.0")


def test_every_point_lies_in_its_area_and_its_accuracy_covers_it(gazetteer):
    for area in gazetteer:
        shape = shapely.from_wkb(area.wkb)
        assert shape.is_valid
        assert shape.intersects(shapely.Point(area.lon, area.lat)), area.code
        corners = shapely.get_coordinates(shape)
        assert metres(area.lon, area.lat, *corners.T).max() <= area.accuracy_m


def test_every_village_point_is_located_at_every_level(gazetteer):
    for area in gazetteer:
        if area.level == "village":
            located = gazetteer.locate(area.lon, area.lat)
            assert located.exact
            assert list(located.codes.values()) == [a.code for a in gazetteer.chain(located.code)]


def test_villages_nest_in_all_units_above(gazetteer):
    for area in gazetteer:
        if area.level in ("district", "village"):
            parent = gazetteer.get(area.parent)
            over = shapely.area(shapely.difference(shapely.from_wkb(area.wkb), shapely.from_wkb(parent.wkb)))
            assert over < 1e-9, area.code


def test_a_border_goes_to_the_lower_code(small):
    assert small.locate(107.05, -6.77).code == "32.03.01.2001"


def test_the_sea_is_outside_and_a_sliver_is_not(gazetteer, small):
    assert gazetteer.locate(107.0, -8.3).outside
    sliver = small.locate(107.0 - 0.001, -6.77)
    assert (sliver.code, sliver.exact) == ("32.03.01.2001", False)
    assert 100 < sliver.distance_m < 120


def test_a_code_alone_gives_a_point(small):
    lon, lat, accuracy_m = small.point("32.77.01.1002")
    assert small.locate(lon, lat).code == "32.77.01.1002"
    assert accuracy_m > 5_000
    assert small.point("99.99") is None
    assert small.chain("99.99") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Cimahi Utara", "32.77.01.1001"),
        ("kel. cimahiutara", "32.77.01.1001"),
        ("Ds. Gunungputri, Kec. Pacet", "32.03.02.2002"),
        ("Sindang Jaya", "32.03.01.2002"),
        ("sindangjya", "32.03.01.2002"),
        ("KAB CIANJUR", "32.03"),
        ("kp pasir rt 02/05 desa sukamaju kecamatan pacet", "32.03.02.2001"),
    ],
)
def test_texts_find_their_area(small, text, code):
    found = small.search(text)
    assert found[0].area.code == code
    assert not found.ambiguous


def test_a_shared_name_is_never_guessed(small):
    found = small.search("Sukamaju")
    assert found.ambiguous
    assert {c.area.code for c in found if c.score == 100} == {"32.03.01.2001", "32.03.02.2001"}
    assert found[0].parents == ("Cugenang", "Kabupaten Cianjur", "Jawa Barat")


def test_a_parent_settles_a_shared_name(small):
    found = small.search("Sukamaju Pacet")
    assert (found[0].area.code, found.ambiguous) == ("32.03.02.2001", False)
    assert small.search("Sukamaju", parent="32.03.01")[0].area.code == "32.03.01.2001"
    assert small.search("cimahi", level="regency")[0].area.code == "32.77"


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text):
    areas = default_areas([("32", "JAWA BARAT"), ("32.03", "KABUPATEN CIANJUR")], [])
    for candidate in Gazetteer(areas).search(text):
        assert 0 < candidate.score <= 100


def test_shp_and_gpkg_read_like_geojson(village_file, small_areas, tmp_path):
    frame = gpd.read_file(village_file).rename(columns={"kode": "KODE_KD"})
    frame["KODE_KD"] = frame["KODE_KD"].str.replace(".", "")
    for name in ("v.shp", "v.gpkg"):
        frame.to_crs(32748).to_file(tmp_path / name)
        again = read_boundaries(tmp_path / name)
        assert [a.code for a in again] == [a.code for a in small_areas]
        for before, after in zip(small_areas, again, strict=True):
            one, other = shapely.from_wkb([before.wkb, after.wkb])
            assert shapely.area(shapely.symmetric_difference(one, other)) < 1e-4 * one.area


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"kode": "unknown"}, "no column with official codes"),
        ({"nama": "code", "kode": "x"}, "no area codes"),
    ],
)
def test_a_file_without_codes_says_what_it_lacks(village_file, tmp_path, columns, message):
    gpd.read_file(village_file).rename(columns=columns).to_file(tmp_path / "bad.geojson")
    with pytest.raises(BadBoundaries, match=message):
        read_boundaries(tmp_path / "bad.geojson")


def test_no_file_and_no_shapes(tmp_path):
    with pytest.raises(BadBoundaries, match="no file"):
        read_boundaries(tmp_path / "none.geojson")
    (tmp_path / "text.geojson").write_text("hello")
    with pytest.raises(BadBoundaries, match="cannot be read"):
        read_boundaries(tmp_path / "text.geojson")


def test_a_broken_polygon_is_mended(tmp_path: Path):
    bow_tie = shapely.Polygon([(107, -7), (107.2, -6.8), (107.2, -7), (107, -6.8)])
    frame = gpd.GeoDataFrame({"code": ["32.03.01"]}, geometry=[bow_tie], crs=4326)
    frame.to_file(tmp_path / "tie.geojson")
    district = next(a for a in read_boundaries(tmp_path / "tie.geojson") if a.level == "district")
    assert shapely.from_wkb(district.wkb).is_valid


UNITS = [
    ("32", "JAWA BARAT"),
    ("32.03", "KABUPATEN CIANJUR"), ("32.03.01", "Cugenang"), ("32.03.02", "Naringgul"),
    ("32.03.01.2001", "Mangunkerta"), ("32.03.01.2002", "Sarampad"), ("32.03.02.2001", "Sukamaju"),
    ("32.73", "KOTA BANDUNG"), ("32.73.01", "Sukasari"), ("32.73.01.1001", "Sarijadi"),
]  # fmt: skip
PLACES = [
    Place("Cianjur", 107.139, -6.822, 110_000), Place("Cugenang", 107.08, -6.80),
    Place("Mangunkerta", 107.07, -6.81), Place("Sarampad", 107.06, -6.79),
    Place("Bandung", 107.607, -6.922, 2_000_000), Place("Bandung", 108.26, -7.40, 0),
]  # fmt: skip


def test_default_areas_put_a_unit_where_several_of_its_names_agree():
    areas = {area.code: area for area in default_areas(UNITS, reversed(PLACES))}
    assert areas["32.03.01"].own_point
    assert metres(areas["32.03.01"].lon, areas["32.03.01"].lat, 107.07, -6.80) < 3_000
    assert (areas["32.73"].lon, areas["32.73"].name) == (107.607, "Kota Bandung")


def test_default_areas_without_a_place_stand_at_the_parent():
    areas = {area.code: area for area in default_areas(UNITS, PLACES)}
    lost, parent = areas["32.03.02.2001"], areas["32.03"]
    assert not lost.own_point
    assert (lost.lon, lost.lat, lost.accuracy_m) == (parent.lon, parent.lat, parent.accuracy_m)


def test_default_areas_locate_a_regency_and_say_that_it_is_not_exact():
    gazetteer = Gazetteer(default_areas(UNITS, PLACES))
    located = gazetteer.locate(107.1, -6.81)
    assert (located.code, located.exact, located.outside) == ("32.03", False, False)
    assert gazetteer.locate(106.0, -8.5).outside


def test_boundaries_replace_the_approximate_areas(small_areas):
    loaded = [area for area in small_areas if area.level != "village"]
    kept = {area.code: area for area in merged(default_areas(UNITS, PLACES), loaded)}
    assert kept["32.03"].wkb
    assert kept["32.03"].name == "Kabupaten Cianjur"
    assert not kept["32.03.01.2001"].own_point  # Mangunkerta's place is outside the made-up box
    assert kept["32.03.01.2001"].lon == kept["32.03.01"].lon


def test_a_shallower_file_does_not_replace_what_villages_made(small_areas):
    coarse = [area for area in small_areas if area.level in ("province", "regency")]
    assert merged(small_areas, coarse) == sorted(small_areas, key=lambda area: area.code)
