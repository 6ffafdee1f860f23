"""Each preset gets the sensible needs out of files like the real ones, and out of the real ones where they are."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest

from server.domain.catalogue import ITEMS
from server.imports.entries import Entry, mapped
from server.imports.mapping import load
from server.imports.readers import read_table

DATA = Path(__file__).parents[4] / "shared" / "data"

FOOD, WATER = "2a. Penurie d'aliments | Food Shortage", "2b. Penurie d'eau | Water shortage"
SHELTER, TRAPPED = "2d. Refuge | Shelter needed", "1c. Personnes prises au piege | People trapped"
WASH = "4e. Assainissement eau et hygiene | Water sanitation and hygiene promotion"
POINT, NEWS = "7a. Distribution d'aliments | Food distribution point", "8e. Nouvelles de Personnes | Persons News"
RESCUE, MEDICAL = "8d. Recherche et sauvetage | Search and Rescue", "1b. Urgence medicale | Medical Emergency"
USHAHIDI = [
    ("120 people need food &amp; water", [FOOD, WATER], ["rice", "water"], [], 120),
    ("Tents needed in the field", [SHELTER], ["tent"], [], None),
    ("Shelter needed", [SHELTER], ["tarpaulin"], [], None),
    ("Aid needed in the valley", [POINT, WASH], ["rice", "water", "hygiene_kit"], [], None),
    ("Planned food distribution site 9", [POINT], [], [], None),
    ("Two trapped in the market", [RESCUE], [], ["trapped"], None),
    ("Collapsed school", [RESCUE], ["search_and_rescue"], [], None),
    ("People under the rubble", [TRAPPED, MEDICAL], [], ["medical", "trapped"], None),
    ("Looking for my uncle", [NEWS], [], [], None),
    ("Relief agency distributing food to 3500 people", [NEWS], [], [], 3500),
]


def ushahidi_csv() -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "Serial",
            "INCIDENT TITLE",
            "INCIDENT DATE",
            "LOCATION",
            "CATEGORY",
            "LATITUDE",
            "LONGITUDE",
            "APPROVED",
            "VERIFIED",
        ]
    )
    for serial, (title, categories, *_) in enumerate(USHAHIDI):
        writer.writerow(
            [serial, title, "05/02/2010 21:00", "Bourg", ", ".join(categories) + ", ", 18.5, -72.3, "YES", "NO"]
        )
    return out.getvalue().encode()


def entries(content: bytes, preset: str, kind: str = "reports") -> list[Entry]:
    return list(mapped(read_table(content), load(preset, kind)).entries())


def asked(entry: Entry) -> tuple[list[str], list[str]]:
    return [need["item"] for need in entry.body.get("needs", [])], sorted(entry.body.get("danger", {}))


@pytest.mark.parametrize("number", range(len(USHAHIDI)))
def test_ushahidi(number: int) -> None:
    entry = entries(ushahidi_csv(), "ushahidi")[number]
    _, _, items, danger, people = USHAHIDI[number]
    assert asked(entry) == (items, danger)
    assert entry.body.get("people") == people
    assert entry.body["place"] == {"lat": 18.5, "lon": -72.3}
    assert entry.body["happened_at"].isoformat() == "2010-02-05T21:00:00-05:00"
    assert entry.reference == f"ushahidi:{number}"
    assert "&amp;" not in entry.body["text"]


FLOODS = [
    ({"text": "Banjir semata kaki", "report_data": {"flood_depth": 20}}, [], []),
    ({"text": "", "title": None, "report_data": {"flood_depth": 80}}, ["evacuation"], []),
    ({"text": "tolong", "report_data": {"flood_depth": 150}}, ["evacuation"], ["rising"]),
    ({"text": "3 orang terjebak di atap", "report_data": None}, [], ["trapped"]),
    ({"text": "didepan komplek udah 2 meter", "report_data": None}, [], ["rising"]),
    ({"text": "200 meter dari kantor, 2 meter dari kali", "report_data": None}, [], []),
    ({"text": "tolong kirim pompa", "report_data": None}, ["water_pump"], []),
    ({"text": "saluran air mampet", "title": " ", "report_data": None}, [], []),
]


def floods_geojson() -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [106.9, -6.2]},
            "properties": {"created_at": "2017-02-20T07:58:22.26", "source": "grasp", "image_url": False} | properties,
        }
        for properties, *_ in FLOODS
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.mark.parametrize("number", range(len(FLOODS)))
def test_petabencana(number: int) -> None:
    entry = entries(floods_geojson(), "petabencana")[number]
    _, items, danger = FLOODS[number]
    assert asked(entry) == (items, danger)
    assert entry.problems == {}
    assert entry.body["text"]
    assert entry.body["happened_at"].isoformat() == "2017-02-20T07:58:22.260000+07:00"


SUPPLIES = [
    ("Need baby food, diapers & water", True, ["infant_food", "diapers", "water"]),
    ("No longer taking donations", True, []),
    ("Need blankets. They do NOT need any more food or clothing.", True, ["blanket"]),
    ("Anything but clothes, have enough food", True, []),
    ("food, water", False, []),
]


def supplies_json() -> bytes:
    place = {"location_name": "Hall", "location_address": "1 Street", "longitude": -95.3, "latitude": 29.7}
    rows = [
        place
        | {
            "timestamp": "2017-08-30 4:05 PM",
            "are_supplies_needed": wanted,
            "tell_us_about_the_supply_needs": text,
            "are_volunteers_needed": True,
            "tell_us_about_the_volunteer_needs": "",
        }
        for text, wanted, _ in SUPPLIES
    ]
    return json.dumps(rows).encode()


@pytest.mark.parametrize("number", range(len(SUPPLIES)))
def test_harvey(number: int) -> None:
    entry = entries(supplies_json(), "harvey")[number]
    assert asked(entry) == (SUPPLIES[number][2], [])
    assert entry.body["happened_at"].isoformat() == "2017-08-30T16:05:00-05:00"
    assert entry.body["place_text"] == "Hall, 1 Street"


def test_faskes() -> None:
    first, second = entries(FASKES, "faskes", "sites")
    assert first.body == {
        "name": "NANGGUNG",
        "kind": "health_centre",
        "place": {"lat": -6.59, "lon": 106.54},
        "address": "JL ACE, NANGGUNG, Kabupaten Bogor",
        "declared_area": "32.01",
        "is_public": True,
    }
    assert second.body["kind"] == "clinic"
    assert second.reference == "faskes:9"


def test_sites_stock_and_volunteers() -> None:
    (site,) = entries(b"nama;jenis;lintang;bujur;publik\nPosko A;posko;-6,9;107,6;ya\n", "sites", "sites")
    assert site.body == {"name": "Posko A", "kind": "post", "place": {"lat": -6.9, "lon": 107.6}, "is_public": True}
    (lot,) = entries(b"gudang;barang;jumlah;kedaluwarsa\nPosko A;selimut;1.200;31/12/2026\n", "stock", "stock")
    assert (lot.body["item"], lot.body["quantity"], lot.body["expiry"].isoformat()) == ("blanket", 1200, "2026-12-31")
    line = (
        b"nama,hp,kode_wilayah,keahlian,kendaraan,setuju\nAsep,0812 3456 7890,320305,Perawat; driving,Sepeda motor,ya\n"
    )
    (volunteer,) = entries(line, "volunteers", "volunteers")
    assert volunteer.body == {
        "name": "Asep",
        "phone": "0812 3456 7890",
        "home_area": "32.03.05",
        "skills": ["medical", "driving"],
        "vehicle": "motorcycle",
        "consent": True,
    }


FASKES = b"""id,kind,name,kab_code_spatial,kab_spatial,nama_kec,alamat,lat,lon
328,puskesmas,NANGGUNG,32.01,Kabupaten Bogor,NANGGUNG,JL ACE,-6.59,106.54
9,klinik,SEHAT,32.73,Kota Bandung,,JL ABC,-6.9,107.6
"""
SAMPLES = [
    (ushahidi_csv(), "ushahidi", "reports", len(USHAHIDI), 0),
    (floods_geojson(), "petabencana", "reports", len(FLOODS), 0),
    (supplies_json(), "harvey", "reports", len(SUPPLIES), 0),
    (FASKES, "faskes", "sites", 2, 0),
]
REAL = [
    ("requests/haiti_2010_a.csv", "ushahidi", "reports", 1796, 0),
    ("requests/petabencana_jbd_reports_2017-02-20.geojson", "petabencana", "reports", 69, 0),
    ("requests/petabencana_jbd_reports_2017-02-22.geojson", "petabencana", "reports", 78, 0),
    ("requests/harvey_needs_2017_scrubbed.json", "harvey", "reports", 92, 1),
    ("facilities/jabar_faskes_2020_clean.csv", "faskes", "sites", 2019, 0),
]
PRESENT = [((DATA / name).read_bytes(), *rest) for name, *rest in REAL if (DATA / name).exists()]


@pytest.mark.parametrize(
    ("content", "preset", "kind", "count", "wrong"),
    [*SAMPLES, *PRESENT],
    ids=[f"{case[1]}-{number}" for number, case in enumerate([*SAMPLES, *PRESENT])],
)
def test_whole_files(content: bytes, preset: str, kind: str, count: int, wrong: int) -> None:
    found = entries(content, preset, kind)
    assert len(found) == count == len({entry.reference for entry in found})
    assert sum(bool(entry.problems) for entry in found) == wrong
    needs = Counter(need["item"] for entry in found for need in entry.body.get("needs", []))
    assert set(needs) <= set(ITEMS)
    if preset == "ushahidi":
        categories = " ".join(str(entry.original["CATEGORY"]) for entry in found)
        assert needs["rice"] >= categories.count("Food Shortage")
        assert needs["water"] >= categories.count("Water shortage")
