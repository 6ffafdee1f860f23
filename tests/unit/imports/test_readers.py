"""Every kind of file is read as it is really written, and a broken one says how to mend it."""

import datetime as dt
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from server.imports.readers import open_table, read_table
from server.imports.rows import WHOLE_ROW, FileProblem, Table, harmless, plain


def rows(table: Table) -> list[dict[str, object]]:
    return [dict(row.values) for row in table.rows()]


def code_of(content: bytes, suffix: str = "") -> str:
    with pytest.raises(FileProblem) as caught:
        list(read_table(content, suffix).rows())
    return caught.value.code


def workbook(*lines: list[object], sheets: int = 1) -> bytes:
    book = Workbook()
    for _ in range(sheets - 1):
        book.create_sheet("Empty", 0)
    sheet = book.worksheets[-1]
    for line in lines:
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_csv_in_every_dress(delimiter: str, encoding: str, ending: str) -> None:
    lines = ['"nama"{0}teks{0}orang', '"Ibu "" Sari"{0}"Café; banjir,\tdi desa"{0}12', "{0}kosong{0}"]
    table = read_table(ending.join(line.format(delimiter) for line in lines).encode(encoding), ".csv")
    assert table.delimiter == delimiter
    assert table.columns == ("nama", "teks", "orang")
    assert rows(table) == [
        {"nama": 'Ibu " Sari', "teks": "Café; banjir,\tdi desa", "orang": "12"},
        {"nama": "", "teks": "kosong", "orang": ""},
    ]


def test_a_quoted_line_break_stays_in_its_cell_and_rows_keep_their_number() -> None:
    table = read_table(b'a,b\n1,"x\ny"\n\n2,z\n')
    assert [(row.number, row.values["b"]) for row in table.rows()] == [(2, "x\ny"), (4, "z")]
    assert table.count == 2


def test_excels_own_first_line_names_the_delimiter() -> None:
    assert rows(read_table(b"sep=;\r\na;b\r\n1,5;2\r\n")) == [{"a": "1,5", "b": "2"}]


def test_a_csv_of_one_column_is_a_table() -> None:
    assert rows(read_table(b"teks\nbanjir, air naik\nlongsor\n")) == [{"teks": "banjir"}, {"teks": "longsor"}]


def test_letters_of_sunda_and_emoji_survive() -> None:
    text = "ᮘᮔ᮪ᮏᮤᮁ 🌊 é"
    assert rows(read_table(f"teks,b\n{text},1\n".encode())) == [{"teks": text, "b": "1"}]


def test_a_row_with_more_cells_than_the_header_is_a_problem_of_that_row_only() -> None:
    first, second = read_table(b"a,b\n1,2,3\n1,2,\n").rows()
    assert first.problems[WHOLE_ROW].code == "import_too_many_cells"
    assert not second.problems


@pytest.mark.parametrize(
    ("content", "suffix", "code"),
    [
        (b"", ".csv", "import_empty"),
        (b" \r\n\r\n", ".csv", "import_empty"),
        (b"\xef\xbb\xbf", ".json", "import_empty"),
        (b"[]", ".json", "import_empty"),
        (b",,\n , \n", ".csv", "import_empty"),
        (b'a,b\n1,"open\n2,3\n', ".csv", "import_open_quote"),
        (b"a,b,a\n1,2,3\n", ".csv", "import_column_twice"),
        (b"a,b\x81\n1,2\n", ".csv", "import_encoding"),
        (b'[{"a": 1,]', ".json", "import_broken_json"),
        (b'{"a": 1}\n{"a": \n', ".jsonl", "import_broken_json"),
        (b'[{"a": NaN}]', ".json", "import_broken_json"),
        (b"[" * 100_000, ".json", "import_broken_json"),
        (b"12", ".json", "import_json_no_list"),
        (b'{"type": "FeatureCollection", "features": 3}', ".geojson", "import_json_no_list"),
        (b"%PDF-1.7 ...", ".csv", "import_wrong_kind"),
        (b"\xff\xd8\xff\xe0 picture", ".csv", "import_wrong_kind"),
        (b"\x00\x01\x02binary", ".csv", "import_wrong_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls", "import_old_excel"),
        (b"\x1f\x8b\x08", ".csv", "import_packed"),
        (b"PK\x03\x04 not really", ".xlsx", "import_broken_xlsx"),
        (b"a,b\n1,2\n", ".xlsx", "import_broken_xlsx"),
        (workbook(), ".xlsx", "import_empty"),
    ],
)
def test_a_broken_file_says_what_is_wrong(content: bytes, suffix: str, code: str) -> None:
    assert code_of(content, suffix) == code


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FileProblem) as caught:
            open_table(path)
        assert caught.value.code == "import_no_file"


def test_xlsx_cells_keep_their_kind_and_blank_rows_are_passed_over() -> None:
    at = dt.datetime(2026, 1, 5, 7, 30)
    content = workbook(["teks", "orang", "waktu"], ["banjir", 12.0, at], [None, None, None], ["longsor", 2.5, None])
    table = read_table(content, ".xlsx")
    assert [(row.number, dict(row.values)) for row in table.rows()] == [
        (2, {"teks": "banjir", "orang": 12, "waktu": at}),
        (4, {"teks": "longsor", "orang": 2.5, "waktu": None}),
    ]


def test_the_first_sheet_with_anything_on_it_is_read() -> None:
    assert rows(read_table(workbook(["a"], [1], sheets=3))) == [{"a": 1}]


def test_a_formula_is_never_a_value() -> None:
    content = workbook(["teks", "orang"], ["banjir", "=1+1"], ['=HYPERLINK("http://example.invalid")', 3])
    first, second = read_table(content).rows()
    assert (first.values["orang"], first.problems["orang"].code) == (None, "import_formula")
    assert (second.values["teks"], second.problems["teks"].code) == (None, "import_formula")
    assert "=" not in "".join(plain(value) for value in (*first.values.values(), *second.values.values()))


def test_a_formula_counts_by_the_value_that_was_saved_with_it() -> None:
    content = _with_cached_value(workbook(["orang"], ["=1+1"]), "1+1", "2")
    (row,) = read_table(content).rows()
    assert (row.values["orang"], dict(row.problems)) == (2, {})


def _with_cached_value(content: bytes, formula: str, value: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            data = old.read(part)
            for blank in (b"<v></v>", b"<v />", b"<v/>"):
                data = data.replace(f"<f>{formula}</f>".encode() + blank, f"<f>{formula}</f><v>{value}</v>".encode())
            new.writestr(part, data)
    return out.getvalue()


def test_an_error_in_a_cell_is_a_problem_of_that_cell() -> None:
    book = Workbook()
    book.active.append(["orang"])  # type: ignore[union-attr]
    cell = book.active.cell(2, 1, "#DIV/0!")  # type: ignore[union-attr]
    assert cell.data_type == "e"
    out = io.BytesIO()
    book.save(out)
    (row,) = read_table(out.getvalue()).rows()
    assert row.problems["orang"].code == "import_cell_error"


def test_a_zip_bomb_is_refused_unopened() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"<" + b"a" * (8 * 2**20))
    assert code_of(out.getvalue(), ".xlsx") == "import_too_large_unpacked"


def test_entities_in_a_workbook_are_not_expanded() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook>&b;</workbook>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["a"], [1]))) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, bomb if part == "xl/workbook.xml" else old.read(part))
    assert code_of(out.getvalue(), ".xlsx") == "import_broken_xlsx"


@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_table_or_a_clear_problem(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"{", b"[{"):
        with suppress(FileProblem):
            list(read_table(start + content).rows())


@given(st.integers(0, 4000))
def test_a_workbook_cut_anywhere_is_refused_or_read(cut: int) -> None:
    content = workbook(["a", "b"], ["x", 1])
    with suppress(FileProblem):
        list(read_table(content[: min(cut, len(content) - 1)], ".xlsx").rows())


@pytest.mark.parametrize(
    "content",
    [
        b'[{"a": 1, "n": {"x": null}}, {"a": "2", "n": {"x": 3}}]',
        b'{"needs": [{"a": 1, "n": {"x": null}}, {"a": "2", "n": {"x": 3}}], "total": 2}',
        b'{"a": 1, "n": {"x": null}}\n\n{"a": "2", "n": {"x": 3}}\n',
    ],
)
def test_json_lists_and_lines_become_dotted_columns(content: bytes) -> None:
    table = read_table(content, ".json")
    assert table.columns == ("a", "n.x")
    assert rows(table) == [{"a": 1, "n.x": None}, {"a": "2", "n.x": 3}]


def test_an_entry_that_is_no_object_is_a_problem_of_that_row() -> None:
    first, second = read_table(b'[{"a": 1}, "x"]').rows()
    assert not first.problems
    assert second.problems[WHOLE_ROW].code == "import_not_an_object"


def test_geojson_points_give_their_place_and_other_shapes_none() -> None:
    features = [
        {
            "type": "Feature",
            "id": 7,
            "geometry": {"type": "Point", "coordinates": [107.6, -6.9, 3]},
            "properties": {"t": 1},
        },
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "properties": None},
        {"type": "Feature", "geometry": None, "properties": {"t": 2}},
    ]
    table = read_table(json.dumps({"type": "FeatureCollection", "features": features}).encode(), ".geojson")
    places = [(row.values["geometry.lon"], row.values["geometry.lat"]) for row in table.rows()]
    assert places == [(107.6, -6.9), (None, None), (None, None)]
    assert next(iter(table.rows())).values["id"] == 7


def test_a_null_character_is_a_problem_of_its_cell() -> None:
    (row,) = read_table(b'[{"a": "x\\u0000y"}]').rows()
    assert row.problems["a"].code == "import_unprintable"


def test_a_mended_rejects_file_reads_like_the_first_file(tmp_path: Path) -> None:
    path = tmp_path / "x-rejects.csv"
    path.write_text("_row,_reason,phone,note,lat\n7,why,'+62812,'=1+1,-6.9\n", "utf-8-sig")
    table = open_table(path)
    assert table.columns == ("phone", "note", "lat")
    assert rows(table) == [{"phone": "+62812", "note": "=1+1", "lat": "-6.9"}]


@given(st.text())
def test_what_is_made_harmless_comes_back_and_is_no_formula(text: str) -> None:
    made = harmless(text)
    assert made[:1] not in {"=", "@", "\t"} or made != text
    assert made in (text, f"'{text}")
    if made[:1] in "+-" and made:
        assert float(made.replace(",", ".")) == float(text.replace(",", "."))
