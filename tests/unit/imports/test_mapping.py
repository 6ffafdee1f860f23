"""A mapping that is wrong says everything that is wrong with it, before a row is read."""

from pathlib import Path

import pytest

from server.domain.errors import Invalid
from server.imports.mapping import bind, load, nearest, parse, presets
from server.imports.rows import FileProblem

GOOD = """
kind: reports
fields:
  text: Uraian
  place.lat: Lintang
  place.lon: Bujur
"""


def problems(text: str, kind: str = "reports") -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse(text, "own", kind)
    return {path: problem.code for path, problem in caught.value.fields.items()}


def test_every_preset_loads_for_its_own_kind_only() -> None:
    kinds = {"sites": "sites", "faskes": "sites", "stock": "stock", "volunteers": "volunteers"}
    assert {"ushahidi", "petabencana", "harvey", "generic", *kinds} == set(presets())
    for name in presets():
        kind = kinds.get(name, "reports")
        assert load(name, kind).name == name
        with pytest.raises(Invalid) as caught:
            load(name, "stock" if kind != "stock" else "sites")
        assert caught.value.fields["kind"].code == "mapping_wrong_kind"


def test_a_file_of_ones_own_is_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "desa.yaml"
    path.write_text(GOOD)
    mapping = load(str(path), "reports")
    assert mapping.name == "desa"
    assert mapping.local.utcoffset(None) is not None


def test_no_such_mapping_names_the_presets() -> None:
    with pytest.raises(FileProblem) as caught:
        load("ushahid", "reports")
    assert caught.value.code == "mapping_no_file"
    assert "ushahidi" in caught.value.params["presets"]


@pytest.mark.parametrize("text", ["{", "- a\n- b", "", "a: [", "kind: !!python/object:os.system x"])
def test_what_is_no_mapping_at_all(text: str) -> None:
    with pytest.raises(FileProblem) as caught:
        parse(text, "own", "reports")
    assert caught.value.code == "mapping_broken"


def test_all_that_is_wrong_is_named_at_once() -> None:
    found = problems(
        """
        timezone: Mars/Base
        fields:
          txt: Uraian
          people: {column: Orang, constant: 3}
          place.lat: {}
        classify:
          - columns: Kategori
            vocabulary: [sunda]
            rules:
              - {match: [air], needs: [watr]}
              - {match: ["!"], danger: [flood]}
        """
    )
    assert found == {
        "timezone": "mapping_wrong_timezone",
        "fields.txt": "mapping_unknown_field",
        "fields.people": "mapping_one_source",
        "fields.place.lat": "mapping_one_source",
        "classify.0.vocabulary": "mapping_unknown_vocabulary",
        "classify.0.rules.0.needs": "mapping_unknown_item",
        "classify.0.rules.1.danger": "mapping_unknown_danger",
        "classify.0.rules.1.match": "mapping_no_words",
    }


def test_unknown_and_missing_keys_and_wrong_values() -> None:
    found = problems("field: {}\nfields: {text: {colum: x}, people: {column: a, type: whole}}")
    assert found == {
        "field": "mapping_unknown_key",
        "fields.text.colum": "mapping_unknown_key",
        "fields.people.type": "mapping_wrong_value",
    }
    assert problems("kind: reports") == {"fields": "mapping_missing_key"}


def test_columns_are_found_whatever_their_case_and_blanks() -> None:
    columns = bind(parse(GOOD, "own", "reports"), ["uraian ", "LINTANG", "bujur", "Lain"])
    assert columns.name("Uraian") == "uraian "
    assert columns.unused == ("Lain",)


def test_each_column_that_the_file_lacks_is_named_with_the_nearest() -> None:
    with pytest.raises(Invalid) as caught:
        bind(parse(GOOD, "own", "reports"), ["Urain", "lintang", "x"])
    assert {name: problem.code for name, problem in caught.value.fields.items()} == {
        "Uraian": "import_column_missing",
        "Bujur": "import_column_missing",
    }
    assert caught.value.fields["Uraian"].params["nearest"] == "Urain"


def test_columns_in_conditions_identity_parts_and_choices_are_needed_too() -> None:
    text = """
    identity: [a]
    skip_if: {b: [x]}
    fields:
      text: {parts: ["{c} und {d}"]}
      people: {any_of: [e, f]}
    classify:
      - {columns: g, when: {h: x}, unless: {i: x}, rules: [{match: x, needs: water}]}
    """
    with pytest.raises(Invalid) as caught:
        bind(parse(text, "own", "reports"), ["z"])
    assert set(caught.value.fields) == {"a", "b", "c", "d", "e / f", "g", "h", "i"}


def test_optional_columns_may_be_lacking() -> None:
    bind(parse(GOOD + "optional: [Bujur]\n", "own", "reports"), ["Uraian", "Lintang"])
    bind(parse(GOOD + "optional: all\n", "own", "reports"), [])


def test_generic_needs_a_place_and_something_said() -> None:
    with pytest.raises(Invalid) as caught:
        bind(load("generic", "reports"), ["Kolom A", "Kolom B"])
    assert len(caught.value.fields) == 2
    assert all(problem.code == "import_columns_missing" for problem in caught.value.fields.values())


def test_nearest_falls_back_on_all_names() -> None:
    assert nearest("lattitude", ["LAT", "Latitude"]) == "Latitude"
    assert nearest("zzz", ["a", "b"]) == "a, b"
