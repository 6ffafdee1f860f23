"""Suggestions of the same thing on real reports: precision and recall on pairs that were labelled by hand.

Haiti 2010 and PetaBencana are imported into a system of their own, as anybody would; what is suggested for the labelled
pairs is compared with their labels and, in the same run, with distance and time alone. When the rule was made, its
mistakes were looked at in one half of the pairs only (`tuned on`); the figures of the other half (`held out`) are the
ones to go by. Then the time that looking for suggestions takes among 100,000 open cases, and what the index for it
costs intake. How the sample was drawn and labelled: docs/decisions/duplicates.md.
"""

import csv
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.audit import sent
from bench.harness import Line, percentile, repeated, show
from server import embedded
from server.bootstrap import System
from server.commands.imports import import_file, prepared
from server.commands.migrate import migrate
from server.commands.places import add_incident
from server.config import Settings, from_env
from server.domain.permissions import SYSTEM
from server.first_start import prepare
from server.services import likeness
from server.services.likeness import Signals
from server.services.sameness import suggestions

LABELS = Path(__file__).parent / "labels" / "duplicates.csv"
STRATA = Path(__file__).parent / "labels" / "strata.csv"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "requests"
FILES = {
    "haiti_2010_a.csv": ("haiti", "ushahidi"),
    "petabencana_jbd_reports_2017-02-20.geojson": ("petabencana", "petabencana"),
    "petabencana_jbd_reports_2017-02-22.geojson": ("petabencana", "petabencana"),
}
NEAR_M, WITHIN_MIN = 300, 24 * 60
"""Distance and time alone: the rule that was there before."""
OPEN, LOOKED_AT, TURNS = 100_000, 300, 7
_FILL = """
insert into cases (id, incident_id, area, lon, lat, accuracy_m, tier, opened_at, delivery_code)
select 1000000 + n, i.id, '32.03', 107, -7, 20, n %% 4, now() - n * interval '1 second', '0000'
from generate_series(1, %(open)s) n, incidents i where i.slug = 'jabar';
insert into reports (id, client_id, content_hash, code_index, incident_id, case_id, state, tier, text, area, lon, lat,
                     accuracy_m, channel, received_at, due_at)
select 'B' || c.id, gen_random_uuid(), 'x', decode(md5(c.id::text), 'hex'), c.incident_id, c.id, 'received', c.tier,
       (array['Rumah roboh, butuh tenda', 'Banjir di gang ' || c.id %% 400, 'Butuh beras untuk RT ' || c.id %% 9,
              'Anak sakit, obat habis di kampung ' || c.id %% 97])[1 + c.id %% 4],
       c.area, c.lon, c.lat, c.accuracy_m, 'web', c.opened_at, now()
from cases c where c.id > 1000000;
insert into needs (id, incident_id, case_id, item, quantity, tier, basis, state, opened_at, due_at)
select 5000000 + c.id, c.incident_id, c.id, (array['tent', 'water', 'rice', 'medicine_kit'])[1 + c.id %% 4], 5, c.tier,
       'bench', 'open', now(), now() from cases c where c.id > 1000000
"""
FIRST = 1_000_000
_WHERE = "lon = {} + (case_id * 7919 % 100000) / {}, lat = {} + (case_id * 10473 % 100000) / {}"
PLACES = {
    "spread over the province": _WHERE.format(106.4, 41_000.0, -7.7, 55_000.0),
    "all within 11 km": _WHERE.format(107.1, 1_000_000.0, -6.9, 1_000_000.0),
}


@dataclass(frozen=True)
class Label:
    """A pair of reports by their references, the stratum that it was drawn from, and whether they are the same.

    is_held_out: of the half that the rule was not made with; chance decided, by a hash of the references.
    """

    source: str
    a: str
    b: str
    stratum: str
    is_held_out: bool
    same: bool


@dataclass(frozen=True)
class Count:
    """How the suggestions of some pairs fare. `weighted`: each pair stands for its share of its stratum."""

    pairs: int
    same: int
    precision: float
    recall: float
    weighted_precision: float
    weighted_recall: float


def labels() -> list[Label]:
    """The labelled pairs."""
    with LABELS.open(newline="") as file:
        return [
            Label(row["source"], row["a"], row["b"], row["stratum"], row["half"] == "held_out", row["same"] == "1")
            for row in csv.DictReader(file)
        ]


def weights(pairs: Sequence[Label]) -> dict[tuple[str, str], float]:
    """For how many pairs of its stratum each of these stands."""
    drawn: dict[tuple[str, str], int] = {}
    for pair in pairs:
        drawn[pair.source, pair.stratum] = drawn.get((pair.source, pair.stratum), 0) + 1
    with STRATA.open(newline="") as file:
        sizes = {(row["source"], row["stratum"]): int(row["pairs"]) for row in csv.DictReader(file)}
    return {key: sizes[key] / n for key, n in drawn.items()}


def counted(pairs: Sequence[Label], is_suggested: Callable[[Label], bool]) -> Count:
    """Precision and recall of a way to suggest."""
    weight = weights(pairs)
    right = wrong = missed = 0
    heavy = {"right": 0.0, "wrong": 0.0, "missed": 0.0}
    for pair in pairs:
        found = is_suggested(pair)
        right, wrong, missed = (
            right + (found and pair.same),
            wrong + (found and not pair.same),
            missed + (pair.same and not found),
        )
        if found or pair.same:
            kind = "missed" if not found else "right" if pair.same else "wrong"
            heavy[kind] += weight[pair.source, pair.stratum]
    return Count(
        len(pairs),
        right + missed,
        right / max(1, right + wrong),
        right / max(1, right + missed),
        heavy["right"] / max(1, heavy["right"] + heavy["wrong"]),
        heavy["right"] / max(1, heavy["right"] + heavy["missed"]),
    )


def by_file(folder: Path = DATA) -> dict[tuple[str, str], dict[str, Any]]:
    """Every report of the files as the rule reads it, by source and reference, without a database."""
    found = {}
    for name, (source, mapping) in FILES.items():
        for entry in prepared("reports", folder / name, mapping).entries():
            body, reference = entry.body, entry.reference.partition(":")[2]
            if body.get("place") is None or body.get("happened_at") is None:
                continue
            row = {name: body.get(name) for name in ("text", "place_text", "happened_at")}
            row |= {**body["place"], "accuracy_m": None, "danger": body.get("danger") or {}, "phone_index": None}
            found[source, reference] = {**row, "items": [need["item"] for need in body.get("needs") or ()]}
    return found


def signals(rows: dict[tuple[str, str], dict[str, Any]], pair: Label) -> Signals:
    """What the rule compares of a pair."""
    one, other = (
        likeness.told(row, row["items"], ()) for row in (rows[pair.source, pair.a], rows[pair.source, pair.b])
    )
    return likeness.compared(one, other)


def is_near(found: Signals) -> bool:
    """Distance and time alone."""
    return found.metres is not None and found.metres <= NEAR_M and found.minutes <= WITHIN_MIN


def _imported(system: System) -> dict[tuple[str, str], int]:
    """The files' reports with the numbers of their cases."""
    for slug in {source for source, _ in FILES.values()}:
        add_incident(system, slug, slug, None, "32", "other", training=True)
    for name, (source, mapping) in FILES.items():
        file = prepared("reports", DATA / name, mapping)
        import_file(system, "reports", DATA / name, file, incident=source, dry_run=False, language="en")
    with system.reading() as tx:
        query = "select i.slug, r.external_ref, r.case_id from reports r join incidents i on i.id = r.incident_id"
        return {(slug, ref.partition(":")[2]): case for slug, ref, case in tx.conn.exec_driver_sql(query)}


def _suggested(system: System, case_ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Pairs of cases: one that is looked at, and one that is suggested."""
    for case_id in case_ids:
        with system.reading() as tx:
            for one in suggestions(tx, SYSTEM, tx.reports.of_case(case_id)):
                yield case_id, one["case_id"]


def _merged(system: System) -> int:
    with system.reading() as tx:
        return int(tx.conn.exec_driver_sql("select count(*) from cases where merged_into is not null").scalar_one())


def quality(system: System) -> tuple[list[Line], dict[str, Any]]:
    """Import, look at the case of every labelled report, and count."""
    cases, pairs, rows = _imported(system), labels(), by_file()
    looked = {cases[pair.source, key] for pair in pairs for key in (pair.a, pair.b)}
    found = set(_suggested(system, looked))

    def is_suggested(pair: Label) -> bool:
        a, b = cases[pair.source, pair.a], cases[pair.source, pair.b]
        return (a, b) in found or (b, a) in found

    lines = []
    notes: dict[str, Any] = {}
    for which, chosen in _groups(pairs).items():
        ours, near = counted(chosen, is_suggested), counted(chosen, lambda pair: is_near(signals(rows, pair)))
        for name in ("precision", "recall", "weighted_precision", "weighted_recall"):
            values = [getattr(ours, name)], [getattr(near, name)]
            lines.append(Line(f"{which}: {name.replace('_', ' ')}", "", *values, "distance and time alone"))
        notes[which] = f"{ours.pairs} pairs, {ours.same} of them the same"
    notes["merged by itself"] = _merged(system)
    notes["reports imported"] = len(cases)
    return lines, notes


def _groups(pairs: list[Label]) -> dict[str, list[Label]]:
    sources = sorted({pair.source for pair in pairs})
    held_out = [pair for pair in pairs if pair.is_held_out]
    return {
        "held out": held_out,
        **{f"held out, {source}": [pair for pair in held_out if pair.source == source] for source in sources},
        "tuned on": [pair for pair in pairs if not pair.is_held_out],
        "all": pairs,
    }


def fill(settings: Settings) -> None:
    """Put OPEN open cases on the board, each with a report and a need."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        for statement in _FILL.split(";"):
            connection.execute(statement.encode(), {"open": OPEN})


def speed(settings: Settings, system: System, place: str) -> dict[str, float]:
    """Milliseconds that looking for suggestions takes among them, when they lie at such places."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(f"update reports set {place} where id like 'B%'".encode())
        connection.execute("vacuum analyze")
    took = []
    for n in range(LOOKED_AT):
        with system.reading() as tx:
            reports = tx.reports.of_case(FIRST + 1 + n * (OPEN // LOOKED_AT))
            began = time.perf_counter()
            suggestions(tx, SYSTEM, reports)
            took.append(1000 * (time.perf_counter() - began))
    return {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99)}


def intake_cost(settings: Settings) -> dict[str, float]:
    """Reports a second with the index of places and without it."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        with_index, _ = sent(settings)
        connection.execute("drop index ix_reports_point")
        without, _ = sent(settings)
        connection.execute("create index ix_reports_point on reports using gist (point(lon, lat))")
    return {"with": with_index, "without": without}


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="tanggap-bench-") as folder:
        settings = from_env({"DATA_DIR": str(Path(folder).resolve()), "SECRET_KEY": "x" * 64})
        with embedded.servers(settings) as filled:
            migrate(filled)
            prepare(filled)
            system = System(filled)
            lines, notes = quality(system) if DATA.is_dir() else ([], {"quality": "no data here"})
            rates = repeated(lambda: intake_cost(filled), TURNS)
            fill(filled)
            for name, place in PLACES.items():
                took = speed(filled, system, place)
                lines += [Line(f"{OPEN:,} open, {name}, {at}", "ms", [took[at]]) for at in ("p50", "p99")]
            system.engine.dispose()
    lines.append(Line("intake with the index of places", "/s", rates["with"], rates["without"], "without it"))
    show("Duplicates: what is suggested as the same thing", lines, notes)


if __name__ == "__main__":
    main()
