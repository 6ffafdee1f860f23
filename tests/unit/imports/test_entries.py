"""Rows become the bodies of our services, with an identity that lasts."""

import json
import random
from typing import Any

import pytest

from server.imports.entries import Entry, Mapped, digest, mapped
from server.imports.mapping import load, parse
from server.imports.readers import read_table

OWN = """
name: desa
timezone: Asia/Jakarta
identity: [No]
skip_if: {Status: [selesai, batal]}
fields:
  text: {parts: ["{Uraian}", "Dusun {Dusun}"], join: "; "}
  place: {column: Titik, order: "lat,lon"}
  people: Jiwa
  vulnerable.infants: Bayi
  danger.rising: {column: Tinggi, at_least: 100}
  needs.water: Air
  needs: Minta
  contact.phone: HP
  channel: {column: Lewat, values: {WA: whatsapp, Telp: phone}, otherwise: import}
  happened_at: {column: Waktu, formats: ["%d/%m/%Y %H.%M"]}
classify:
  - columns: Uraian
    split: ".,;"
    vocabulary: id
    not_with: [tidak butuh, cukup]
    unless: {Status: uji}
"""
HEADER = "No;Status;Uraian;Dusun;Titik;Jiwa;Bayi;Tinggi;Air;Minta;HP;Lewat;Waktu"
ROW = (
    "7;baru;Butuh selimut, tidak butuh beras. 2 orang terjebak;"
    "Cikole;-6.8,107.6;120;3;150;40;popok 60;0812;WA;05/02/2026 21.30"
)


def entries(*lines: str, mapping: str = OWN, header: str = HEADER) -> list[Entry]:
    return list(mapped_file(*lines, mapping=mapping, header=header).entries())


def mapped_file(*lines: str, mapping: str = OWN, header: str = HEADER) -> Mapped:
    return mapped(read_table("\n".join([header, *lines]).encode()), parse(mapping, "own", "reports"))


def test_a_row_becomes_the_body_of_a_report() -> None:
    (entry,) = entries(ROW)
    happened_at = entry.body.pop("happened_at")
    assert happened_at.isoformat() == "2026-02-05T21:30:00+07:00"
    assert entry.body == {
        "text": "Butuh selimut, tidak butuh beras. 2 orang terjebak; Dusun Cikole",
        "place": {"lat": -6.8, "lon": 107.6},
        "people": 120,
        "vulnerable": {"infants": 3},
        "danger": {"rising": True, "trapped": True},
        "needs": [{"item": "water", "quantity": 40}, {"item": "diapers", "quantity": 60}, {"item": "blanket"}],
        "contact": {"phone": "0812"},
        "channel": "whatsapp",
    }
    assert (entry.number, entry.reference, entry.problems) == (2, "desa:7", {})


def test_blank_cells_are_left_out() -> None:
    (entry,) = entries("8;;Banjir;;;;;;;;;;")
    assert entry.body == {"text": "Banjir"}
    assert entry.problems == {}


def test_every_wrong_cell_of_a_row_is_named_by_its_column() -> None:
    (entry,) = entries("9;baru;x;;di sana;banyak;2,5;dalam;-4;unicorn;;SMS;kemarin")
    assert {column: problem.code for column, problem in entry.problems.items()} == {
        "Titik": "import_not_place",
        "Jiwa": "import_not_whole",
        "Bayi": "import_not_whole",
        "Tinggi": "import_not_number",
        "Air": "quantity_not_positive",
        "Minta": "import_unknown_item",
        "Waktu": "import_not_time",
    }
    assert entry.body["channel"] == "import"


def test_a_row_that_the_mapping_skips_says_why() -> None:
    (entry,) = entries(ROW.replace("baru", "Selesai"))
    assert entry.problems["Status"].code == "import_skipped"


def test_a_condition_on_another_column_silences_a_classifier() -> None:
    (entry,) = entries(ROW.replace("baru", "uji coba"))
    assert [need["item"] for need in entry.body["needs"]] == ["water", "diapers"]
    assert entry.body["danger"] == {"rising": True}


def test_a_yes_column_of_an_item_leaves_the_quantity_to_the_norm() -> None:
    mapping = "fields: {text: a, needs.tent: {column: b, type: yes_no}, needs.rice: {column: c, at_least: 5}}"
    yes, no = entries("x;ya;7", "x;tidak;2", mapping=mapping, header="a;b;c")
    assert yes.body["needs"] == [{"item": "tent"}, {"item": "rice"}]
    assert no.body.get("needs", []) == []


def test_identity_does_not_depend_on_order_or_file_kind() -> None:
    lines = [ROW, *(f"{n};baru;Banjir {n};;;;;;;;;;" for n in range(20, 40))]
    first = [entry.reference for entry in entries(*lines)]
    random.Random(1).shuffle(lines)
    assert sorted(entry.reference for entry in entries(*lines)) == sorted(first)


def test_without_an_identity_the_content_is_it() -> None:
    mapping = "fields: {text: a, people: b}"
    references = [entry.reference for entry in entries("x;1", "x;2", "x;1", mapping=mapping, header="a;b")]
    assert references[0] == references[2] != references[1]
    assert references[0].startswith("own:#")


def test_a_row_whose_identity_is_blank_is_known_by_its_content() -> None:
    (entry,) = entries(ROW.replace("7;", ";", 1))
    assert entry.reference == f"desa:#{entry.digest}"


@pytest.mark.parametrize(
    ("value", "written"), [(True, "true"), (-6.27, "-6.27"), (3, "3"), (["a", 1], '["a", 1]'), (" x ", "x")]
)
def test_a_digest_is_the_same_for_json_and_its_csv(value: Any, written: str) -> None:
    assert digest({"a": value, "b": None}) == digest({"b": "", "a": written, "c": "  "})
    assert digest({"a": value}) != digest({"b": value})


def test_problems_of_cells_count_only_in_columns_that_are_used() -> None:
    content = json.dumps([{"a": "x\x00", "unused": "y\x00"}, {"a": "x", "unused": "y\x00"}]).encode()
    first, second = mapped(read_table(content), parse("fields: {text: a}", "own", "reports")).entries()
    assert set(first.problems) == {"a"}
    assert second.problems == {}


def test_a_problem_of_a_field_is_told_of_its_column() -> None:
    file = mapped_file(ROW)
    assert file.column_of("contact.phone") == "HP"
    assert file.column_of("place.lat") == file.column_of("place") == "Titik"
    assert file.column_of("danger") == "Tinggi"
    assert file.column_of("needs.0.item") == "Minta"
    assert file.column_of("text") == "Uraian + Dusun"
    assert file.column_of("incident") == "incident"


def test_generic_takes_english_and_indonesian_columns() -> None:
    mapping = load("generic", "reports")
    english = (
        b"id,lat,lon,text,people,trapped,needs,contact_phone,on_behalf\n1,-6.9,107.6,flood,12,yes,water:5,0812,no\n"
    )
    local = b"id;lintang;bujur;laporan;jiwa;terjebak;kebutuhan;hp;mewakili\n1;-6,9;107,6;flood;12;ya;air 5;0812;tidak\n"
    (first,) = mapped(read_table(english), mapping).entries()
    (second,) = mapped(read_table(local), mapping).entries()
    assert first.body == second.body
    assert first.reference == second.reference == "generic:1"
    assert not first.problems
