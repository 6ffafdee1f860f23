"""A rejects file gives every row back as it was, harmless in a spreadsheet, and reads again as the first file."""

import json
import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from server.imports.entries import mapped
from server.imports.mapping import parse
from server.imports.readers import open_table, read_table
from server.imports.rejects import Rejects

MAPPING = parse("fields: {text: a}", "own", "reports")
cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
    st.sampled_from(["=1+1", "+62812", "@x", "'=x", "-6.9", "a\nb", 'say "x"; y,z', "'"]),
)


def test_without_rejected_rows_there_is_no_file(tmp_path: Path) -> None:
    with Rejects(tmp_path, "x", ["a"]) as rejects:
        pass
    assert rejects.path is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_being_mended_is_never_written_over(tmp_path: Path) -> None:
    (entry,) = mapped(read_table(b"a,b\nx,=2\n"), MAPPING).entries()
    for expected in ("haiti-rejects.csv", "haiti-rejects-2.csv"):
        with Rejects(tmp_path, "haiti-rejects", ["a", "b"], ";") as rejects:
            rejects.add(entry, "-why; because")
        assert rejects.path is not None
        assert rejects.path.name == expected
        assert stat.S_IMODE(rejects.path.stat().st_mode) == 0o600
    lines = (tmp_path / "haiti-rejects.csv").read_text("utf-8-sig").splitlines()
    assert lines == ["_row;_reason;a;b", "2;\"'-why; because\";x;'=2"]


@given(
    rows=st.lists(
        st.fixed_dictionaries({"a": cells, "b": cells, "n": st.fixed_dictionaries({"c": cells})}),
        min_size=1,
        max_size=5,
    )
)
def test_rejected_json_rows_keep_their_identity_through_csv(
    tmp_path_factory: object, rows: list[dict[str, object]]
) -> None:
    folder = tmp_path_factory.mktemp("rejects")  # type: ignore[attr-defined]
    table = read_table(json.dumps(rows).encode(), ".json")
    first = list(mapped(table, MAPPING).entries())
    with Rejects(folder, "x", table.columns) as rejects:
        for entry in first:
            rejects.add(entry, "why")
    assert rejects.path is not None
    assert rejects.count == len(first)
    again = list(mapped(open_table(rejects.path), MAPPING).entries())
    assert [entry.reference for entry in again] == [entry.reference for entry in first]
