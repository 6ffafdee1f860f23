"""The import commands: counts on success, one clear line and a non-zero end otherwise."""

import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from server.cli import cli

HEADER = "id,lat,lon,text,people,rising"


@pytest.fixture
def run(started):
    """Runs a command on the test's own servers."""
    environment = {
        "DATABASE_URL": started.database_url,
        "REDIS_URL": started.redis_url,
        "DATA_DIR": str(started.data_dir),
        "SECRET_KEY": started.secret_key,
    }
    return lambda *arguments: CliRunner(env=environment).invoke(cli, [str(argument) for argument in arguments])


def write(folder, *lines, header=HEADER):
    path = folder / "posko.csv"
    path.write_text("\n".join([header, *lines]), "utf-8")
    return path


def test_a_file_comes_in_once_and_its_rejects_are_named(run, tmp_path):
    path = write(tmp_path, "1,-6.9175,107.6191,Banjir,120,ya", "2,-6.9,107.6,x,0,", header=HEADER)
    first = run("import", "reports", path, "--incident", "jabar")
    assert (first.exit_code, first.stdout.splitlines()[0]) == (
        0,
        "2 rows in = 1 stored + 0 already stored + 1 rejected",
    )
    assert "posko-rejects.csv" in first.stdout
    again = run("import", "reports", path, "--incident", "jabar")
    assert again.stdout.splitlines()[0] == "2 rows in = 0 stored + 1 already stored + 1 rejected"


@pytest.mark.parametrize(
    ("lines", "header", "options", "told"),
    [
        (["1"], "Kolom", ["--incident", "jabar"], "needs at least one of these columns"),
        ([], "", ["--incident", "jabar"], "holds no rows"),
        (["1"], "Kolom", ["--incident", "jabar", "--mapping", "ushahidi"], "CATEGORY: "),
        (["1"], "Kolom", ["--incident", "jabar", "--mapping", "nope"], "no mapping nope"),
        (["1,-6.9,107.6,x,1,"], HEADER, ["--incident", "nowhere"], "incident: "),
        (["1,-6.9,107.6,x,1,"], HEADER, [], "--incident"),
    ],
)
def test_what_cannot_be_imported_is_said_in_one_line(run, tmp_path, lines, header, options, told):
    result = run("import", "reports", write(tmp_path, *lines, header=header), *options)
    assert result.exit_code != 0
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert told in last


def test_a_missing_file_is_said_in_one_line(run, tmp_path):
    result = run("import", "sites", tmp_path / "none.csv")
    assert result.exit_code == 1
    assert "no such file" in result.stderr


def test_files_as_offices_make_them(run, tmp_path):
    semicolons = tmp_path / "windows.csv"
    semicolons.write_bytes("id;lat;lon;text\n1;-6,9175;107,6191;Café “Banjir” – air naik\n".encode("cp1252"))
    result = run("import", "reports", semicolons, "--incident", "jabar")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "1 rows in = 1 stored + 0 already stored + 0 rejected",
    )
    book = Workbook()
    for row in (["id", "lat", "lon", "text", "people"], ["2", -6.9, 107.6, "Banjir", "=60*2"]):
        book.active.append(row)
    book.save(tmp_path / "rumus.xlsx")
    result = run("import", "reports", tmp_path / "rumus.xlsx", "--incident", "jabar")
    assert result.stdout.splitlines()[0] == "1 rows in = 0 stored + 0 already stored + 1 rejected"
    (rejects,) = tmp_path.rglob("rumus-rejects.csv")
    assert "people: This cell holds a formula" in rejects.read_text("utf-8-sig")
    empty = tmp_path / "kosong.csv"
    empty.touch()
    result = run("import", "reports", empty, "--incident", "jabar")
    assert result.exit_code != 0
    assert "holds no rows" in result.stderr
