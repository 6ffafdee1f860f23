"""A backup holds everything, and a restore brings it back, all or nothing."""

import stat
import subprocess
import uuid
from datetime import UTC, datetime

import psycopg
import pytest

from server.bootstrap import System
from server.commands import backup
from server.domain.permissions import ANYONE
from server.services import intake
from server.services.inputs import ReportIn, parse

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def report(settings, text):
    """Store a report; the system is gone afterwards."""
    system = System(settings)
    body = parse(ReportIn, {"client_id": str(uuid.uuid4()), "text": text, "area_code": "32.03"})
    with system.writing() as tx:
        intake.receive(tx, ANYONE, body, gazetteer=system.gazetteer(), keys=system.keys)
    system.engine.dispose()


def texts(settings):
    with psycopg.connect(settings.database_url) as connection:
        return {row[0] for row in connection.execute("select text from reports")}


def test_what_was_backed_up_comes_back(started):
    report(started, "sebelum")
    file = backup.backup(started, NOW)
    report(started, "sesudah")
    backup.restore(started, file)
    assert texts(started) == {"sebelum"}
    report(started, "lagi")
    assert texts(started) == {"sebelum", "lagi"}


def test_nobody_else_reads_a_backup_even_while_it_grows(started, monkeypatch):
    seen = []

    def watched(command, **more):
        folder = started.data_dir / "backups"
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir()))
        return run(command, **more)

    run = subprocess.run
    monkeypatch.setattr(backup.subprocess, "run", watched)
    file = backup.backup(started, NOW)
    assert seen == [0o700, 0o600]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_restore_is_refused_while_somebody_is_connected(started):
    file = backup.backup(started, NOW)
    with psycopg.connect(started.database_url), pytest.raises(backup.CannotRestoreError):
        backup.restore(started, file)


def test_a_file_that_is_no_backup_changes_nothing(started, tmp_path):
    report(started, "tetap")
    (tmp_path / "x.dump").write_text("not a backup")
    with pytest.raises(backup.CannotRestoreError):
        backup.restore(started, tmp_path / "x.dump")
    assert texts(started) == {"tetap"}


def test_only_the_last_two_weeks_are_kept(started):
    for day in range(1, 17):
        backup.backup(started, NOW.replace(day=day))
    names = sorted(path.name for path in (started.data_dir / "backups").iterdir())
    assert len(names) == backup.KEPT
    assert names[0].startswith("tanggap-20261103")
