"""Rows of a file become reports once, and every row is accounted for."""

import random
from pathlib import Path

import pytest
from sqlalchemy import func, select

from server.bootstrap import System
from server.commands import imports
from server.domain.errors import Invalid
from server.domain.permissions import SYSTEM
from server.services import incidents
from server.services.inputs import IncidentIn, parse
from server.store import tables

DATA = Path(__file__).parents[3] / "shared" / "data"
HEADER = "id,lat,lon,text,people,rising,needs,contact_phone,happened_at"
ROWS = [
    "1,-6.9175,107.6191,Banjir di RW 05,120,ya,,0812-3456-7890,2026-11-20T07:00:00+07:00",
    "2,-6.9200,107.6200,Butuh selimut,12,,blanket: 12,,",
    "3,-6.9210,107.6210,Longsor,40,ya,tent,,",
]
WRONG = [
    "4,107.6191,-6.9175,tertukar,,,,,",
    "5,-6.9,107.6,,,,,,",
    "6,-6.9,107.6,x,0,,,,",
    "7,-6.9,107.6,x,,,unicorn: 3,,",
    '8,-6.9,107.6,x,,,"blanket: 2,5",,',
    "9,-6.9,107.6,x,,,,12345,",
    f"10,-6.9,107.6,{'x' * 20_000},,,,,",
    "11,,,x,,,,,",
    "12,-6.9,107.6,x,banyak,mungkin,,,kemarin",
    "13,1,2,3,4,5,6,7,8,9,10",
]
ODD = [
    '20,-6.9,107.6,"<script>alert(1)</script>\'; DROP TABLE reports; --",,,,,',
    "21,-6.9,107.6,🌊 ᮘᮔ᮪ᮏᮤᮁ,,,,,",
    "22,48.85,2.35,Paris,,,,,",
]


def write(folder: Path, *lines: str, name: str = "posko.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path


def bring_in(system: System, path: Path, kind: str = "reports", **more) -> imports.Tally:
    options = {"incident": "jabar", "dry_run": False, "language": "en", "mapping": None} | more
    file = imports.prepared(kind, path, options.pop("mapping"))
    tally = imports.import_file(system, kind, path, file, **options)
    counts = tally.counts
    assert counts.total() == counts["stored"] + counts["known"] + counts["changed"] + counts["rejected"]
    assert counts.total() == sum(1 for _ in file.table.rows())
    assert (tally.rejects is not None) == (counts["rejected"] > 0)
    return tally


def count(system: System, table) -> int:
    with system.reading() as tx:
        return tx.conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_rows_become_reports_with_needs_and_an_outside_identity(system, tmp_path):
    tally = bring_in(system, write(tmp_path, *ROWS))
    assert tally.counts == {"stored": 3}
    with system.reading() as tx:
        incident = tx.incidents.by_slug("jabar")
        report = tx.reports.by_external_ref(incident["id"], "generic:1")
        needs = {need["item"]: need["quantity"] for need in tx.cases.needs_of(report["case_id"])}
    assert (report["channel"], report["phone_last3"], report["people"]) == ("import", "890", 120)
    assert report["happened_at"].isoformat().startswith("2026-11-20T00:00:00")
    assert (needs["water"], needs["rice"]) == (1680, 96)


def test_the_same_file_twice_in_any_order_adds_nothing(system, tmp_path):
    lines = [*ROWS, *(f"{n},-6.9,107.6,Banjir {n},,,,," for n in range(100, 330))]
    assert bring_in(system, write(tmp_path, *lines)).counts == {"stored": len(lines)}
    events = count(system, tables.outbox)
    random.Random(3).shuffle(lines)
    assert bring_in(system, write(tmp_path, *lines)).counts == {"known": len(lines)}
    assert count(system, tables.outbox) == events


def test_each_rejected_row_says_why_and_comes_in_once_it_is_mended(system, tmp_path):
    tally = bring_in(system, write(tmp_path, *ROWS, *WRONG, *ODD))
    assert tally.counts == {"stored": len(ROWS) + len(ODD), "rejected": len(WRONG)}
    lines = tally.rejects.read_text("utf-8-sig").splitlines()
    assert lines[0] == f"_row,_reason,{HEADER}"
    reasons = {line.split(",", 1)[0]: line for line in lines[1:]}
    for number, told in {
        "5": "lat",
        "6": "text",
        "7": "people",
        "8": "needs",
        "9": "needs",
        "10": "contact_phone",
    }.items():
        assert told in reasons[number]
    assert all(name in reasons["13"] for name in ("people: ", "rising: ", "happened_at: "))
    mended = [line for line in lines if not line.startswith("5,")]
    swapped = f'5,"why",{WRONG[0]}'.replace("107.6191,-6.9175", "-6.9175,107.6191")
    path = write(tmp_path, *mended[1:], swapped, name="posko-rejects.csv", header=mended[0])
    again = bring_in(system, path)
    assert again.counts == {"stored": 1, "rejected": len(WRONG) - 1}
    assert again.rejects.name == "posko-rejects-2.csv"


def test_a_place_outside_is_stored_and_flagged(system, tmp_path):
    bring_in(system, write(tmp_path, *ODD))
    with system.reading() as tx:
        incident = tx.incidents.by_slug("jabar")
        flags = tx.reports.by_external_ref(incident["id"], "generic:22")["flags"]
    assert "outside" in flags


def test_a_row_twice_is_stored_once_and_a_clash_is_rejected(system, tmp_path):
    clash = ROWS[0].replace("RW 05", "RW 06")
    tally = bring_in(system, write(tmp_path, ROWS[0], ROWS[0], clash))
    assert tally.counts == {"stored": 1, "known": 1, "rejected": 1}
    assert "Row 2 of this file" in tally.rejects.read_text("utf-8-sig")


def test_a_row_that_changed_in_its_file_keeps_what_was_stored(system, tmp_path):
    bring_in(system, write(tmp_path, *ROWS))
    tally = bring_in(system, write(tmp_path, ROWS[0].replace("RW 05", "RW 06"), *ROWS[1:]))
    assert tally.counts == {"changed": 1, "known": 2}
    with system.reading() as tx:
        incident = tx.incidents.by_slug("jabar")
        assert tx.reports.by_external_ref(incident["id"], "generic:1")["text"] == "Banjir di RW 05"


def test_a_dry_run_says_the_same_and_stores_nothing(system, tmp_path):
    tally = bring_in(system, write(tmp_path, *ROWS, ROWS[0], WRONG[0]), dry_run=True)
    assert tally.counts == {"stored": 3, "known": 1, "rejected": 1}
    assert count(system, tables.reports) == count(system, tables.outbox) == 0


def test_a_row_that_the_database_refuses_does_not_take_its_batch_along(system, tmp_path, monkeypatch):
    """No input is known to get that far; a number too large for its column stands for it."""
    real = imports.importing.intake.needed

    def needed(body):
        lines = real(body)
        return (
            [line.__class__(line.item, 2**40, line.tier, line.basis) for line in lines] if body.people == 12 else lines
        )

    monkeypatch.setattr(imports.importing.intake, "needed", needed)
    tally = bring_in(system, write(tmp_path, *ROWS, *ODD))
    assert tally.counts == {"stored": len(ROWS) + len(ODD) - 1, "rejected": 1}
    assert count(system, tables.reports) == tally.counts["stored"]


def test_an_unknown_incident_is_said_before_a_row_is_read(system, tmp_path):
    path = write(tmp_path, *ROWS)
    with pytest.raises(Invalid) as refused:
        imports.import_file(
            system,
            "reports",
            path,
            imports.prepared("reports", path, None),
            incident="nowhere",
            dry_run=False,
            language="en",
        )
    assert set(refused.value.fields) == {"incident"}


def test_reasons_are_told_in_indonesian_too(system, tmp_path):
    tally = bring_in(system, write(tmp_path, WRONG[8]), language="id")
    assert "banyak bukan bilangan bulat" in tally.rejects.read_text("utf-8-sig")


def test_the_counts_are_told_as_one_sum(system, tmp_path):
    lines = list(bring_in(system, write(tmp_path, *ROWS, ROWS[0], WRONG[0])).lines(["x"]))
    assert lines[0] == "5 rows in = 3 stored + 1 already stored + 1 rejected"
    assert lines[-1].endswith("x")


SITES = [
    "1,Posko A,posko,-6.9175,107.6191,",
    "2,Posko B,gudang,-6.9175,107.6191,",
    "3,Jauh,posko,48.85,2.35,",
    "4,Kantor,posko,,,32.03.05",
    "5,,posko,-6.9,107.6,",
    "6,Aneh,istana,-6.9,107.6,",
]
SITES_HEADER = "id,nama,jenis,lintang,bujur,kode_wilayah"


def test_sites_are_flagged_and_not_hidden(system, tmp_path):
    path = write(tmp_path, *SITES, name="sites.csv", header=SITES_HEADER)
    tally = bring_in(system, path, "sites")
    assert tally.counts == {"stored": 4, "rejected": 2}
    assert tally.flags["doubled_place"] >= 1
    assert tally.flags["outside"] == 1
    assert any(line.startswith("flagged: ") for line in tally.lines([]))
    assert bring_in(system, path, "sites").counts == {"known": 4, "rejected": 2}
    reasons = tally.rejects.read_text("utf-8-sig")
    assert "nama: " in reasons
    assert "jenis: " in reasons


def test_stock_comes_in_by_the_ledger_once(system, tmp_path):
    bring_in(system, write(tmp_path, *SITES[:2], name="sites.csv", header=SITES_HEADER), "sites")
    lines = [
        "a,Posko A,selimut,1.200,31/12/2030,Bu Sari",
        'b,sites:2,water,"2,5",,',
        "c,Posko C,selimut,5,,",
        'd,Posko A,selimut,"2,5",,',
        "e,Posko A,selimut,5,01/01/2020,",
        "f,Posko A,dokter,5,,",
    ]
    path = write(tmp_path, *lines, name="stock.csv", header="id,posko,barang,jumlah,kedaluwarsa,donatur")
    tally = bring_in(system, path, "stock")
    assert tally.counts == {"stored": 2, "rejected": 4}
    assert bring_in(system, path, "stock").counts == {"known": 2, "rejected": 4}
    with system.reading() as tx:
        query = select(tables.lots.c.item, func.sum(tables.ledger.c.quantity)).join(tables.ledger)
        query = query.where(tables.ledger.c.account == "site").group_by(tables.lots.c.item)
        assert dict(tx.conn.execute(query).all()) == {"blanket": 1200, "water": 3}
    assert count(system, tables.gifts) == 1


def test_volunteers_come_in_with_consent_and_one_phone_once(system, tmp_path):
    lines = [
        "Asep Sunandar,0812-3456-7890,32.03.05,medis;sopir,motor,ya",
        "Asep S.,+62 812 3456 7890,32.03.05,,,ya",
        "Tanpa Izin,0812-3456-7891,32.03.05,,,",
        "Salah Nomor,0812,32.03.05,,,ya",
        "Salah Wilayah,0812-3456-7892,32.99.99,,,ya",
    ]
    path = write(tmp_path, *lines, name="v.csv", header="nama,hp,kode_wilayah,keahlian,kendaraan,setuju")
    tally = bring_in(system, path, "volunteers")
    assert tally.counts == {"stored": 1, "known": 1, "rejected": 3}
    with system.reading() as tx:
        (row,) = tx.conn.execute(select(tables.volunteers)).mappings().all()
    assert (row["skills"], row["vehicle"], row["state"]) == (["driving", "medical"], "motorcycle", "pending")
    assert b"Asep" not in bytes(row["name_sealed"])


SAMPLE = [
    (
        "haiti.csv",
        "ushahidi",
        "haiti",
        (-75, 17.5, -71.5, 20.5),
        (
            "Serial,INCIDENT TITLE,INCIDENT DATE,LOCATION,CATEGORY,LATITUDE,LONGITUDE,APPROVED,VERIFIED\n"
            '1,Food needed,17/01/2010 06:29,Jacmel,"2a. Penurie | Food Shortage, ",18.3,-72.5,YES,NO\n'
            '2,Airport status,17/01/2010 06:29,Santo Domingo,"8. Autre | Other, ",18.5,-69.9,YES,NO\n'
        ),
        (2, 0),
    )
]
REAL = [
    ("requests/haiti_2010_a.csv", "ushahidi", "haiti", (-75, 17.5, -71.5, 20.5), (1795, 1)),
    ("requests/petabencana_jbd_reports_2017-02-20.geojson", "petabencana", "banjir", (106, -7, 108, -5), (69, 0)),
    ("requests/petabencana_jbd_reports_2017-02-22.geojson", "petabencana", "banjir", (106, -7, 108, -5), (78, 0)),
    ("requests/harvey_needs_2017_scrubbed.json", "harvey", "harvey", (-98, 27, -93, 32), (90, 2)),
]
FILES = [
    *SAMPLE,
    *(
        (Path(name).name, preset, slug, bounds, DATA / name, counts)
        for name, preset, slug, bounds, counts in REAL
        if (DATA / name).exists()
    ),
]


@pytest.mark.parametrize(
    ("name", "preset", "slug", "bounds", "source", "counts"), FILES, ids=[case[0] for case in FILES]
)
def test_whole_archives(system, tmp_path, name, preset, slug, bounds, source, counts):
    with system.writing() as tx:
        incidents.add(tx, SYSTEM, parse(IncidentIn, {"slug": slug, "name": slug, "bounds": bounds}), system.gazetteer())
    path = source if isinstance(source, Path) else write(tmp_path, name=name, header=source.rstrip("\n"))
    stored, rejected = counts
    first = bring_in(system, path, mapping=preset, incident=slug)
    assert (first.counts["stored"], first.counts["rejected"]) == (stored, rejected)
    again = bring_in(system, path, mapping=preset, incident=slug)
    assert (again.counts["stored"], again.counts["known"], again.counts["rejected"]) == (0, stored, rejected)
