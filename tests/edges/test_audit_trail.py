"""The audit trail: whoever changes it is found, by us and by the one file that anybody can run."""

import importlib.util
import json
import random
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from click.testing import CliRunner
from defusedxml import ElementTree
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.api.trail import VERIFIER
from server.bootstrap import System
from server.cli import cli
from server.domain.chain import GENESIS, canonical, entry_hash, exported
from server.domain.permissions import SYSTEM
from server.services import audit
from server.store.unit_of_work import Tx

TIMES, ENTRIES, HEAD_AT, SEED = 100, 60, 40, 7
DETAILS = [
    {}, {"reason": "jalan putus ✓ é \u0001"}, {"offers": ["a", "b"], "n": 3},
    {"x": 1.0, "y": 0.1, "z": -0.0, "big": 1e16},
    {"before": {"k": None, "aa": [1.5e-7, True]}, "b": "\"'\\/\u2028"},
]  # fmt: skip


def loaded_verifier():
    spec = importlib.util.spec_from_file_location("verify_audit", VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier = loaded_verifier()


@pytest.fixture(scope="module")
def system(module_started):
    found = System(module_started)
    for n in range(ENTRIES):
        note(found, n)
    yield found
    found.engine.dispose()


def note(system, n):
    with system.writing() as tx:
        tx.audit(SYSTEM, f"case:act{n % 7}", "32.03", f"case:{n}", **DETAILS[n % len(DETAILS)])


@pytest.fixture(scope="module")
def trail(system):
    """The lines of an export (without their ends) and a head in the middle of it and at its end, by position."""
    with system.reading() as tx:
        lines = [line.rstrip("\n") for line in audit.lines(tx)]
    return lines, {n: json.loads(lines[n - 1])["hash"] for n in (HEAD_AT, len(lines))}


@contextmanager
def forger(system):
    """A transaction of who owns the database and cares for no trigger; undone at the end."""
    with system.engine.connect() as conn:
        conn.execute(text("set local session_replication_role = replica"))
        yield Tx(conn, system.sources)
        conn.rollback()


def regrown(lines, first, **forged):
    """The lines with entry `first` forged and every hash from there on made to fit."""
    kept = lines[: first - 1]
    previous = bytes.fromhex(json.loads(kept[-1])["hash"]) if kept else GENESIS
    for line in lines[first - 1 :]:
        entry = {k: v for k, v in json.loads(line).items() if k != "hash"} | forged
        forged = {}
        previous = verifier.hashlib.sha256(previous + canonical(entry).encode()).digest()
        kept.append(canonical({**entry, "hash": previous.hex()}))
    return kept


def renumbered(lines):
    return [canonical({**json.loads(line), "position": n}) for n, line in enumerate(lines, start=1)]


def flip(lines, chance):
    data = bytearray(as_file(lines))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def delete(lines, chance):
    n = chance.randrange(len(lines) - 1)
    return [*lines[:n], *lines[n + 1 :]]


def swap(lines, chance):
    one, other = chance.sample(range(len(lines)), 2)
    swapped = list(lines)
    swapped[one], swapped[other] = lines[other], lines[one]
    return swapped


def insert(lines, chance):
    n, other = chance.sample(range(len(lines)), 2)
    return [*lines[:n], lines[other], *lines[n:]]


def cut(lines, chance):
    return lines[: chance.randrange(len(lines))]


def cut_and_regrow(lines, chance):
    first = chance.randrange(1, len(lines) + 1)
    return regrown(lines, first, actor="orang lain")


def longer_regrown(lines, chance):
    more = canonical({**json.loads(lines[-1]), "position": len(lines) + 1, "actor": "tambahan"})
    return regrown([*lines, more], chance.randrange(1, len(lines) + 1), action="case:forged")


FORGERIES = (flip, delete, swap, insert, cut, cut_and_regrow, longer_regrown)


def as_file(lines):
    return lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()


def is_whole(data, heads):
    try:
        verifier.check(data, heads)
    except verifier.BrokenError:
        return False
    return True


def test_an_untouched_export_is_whole(trail):
    lines, heads = trail
    assert verifier.check(as_file(lines), heads) == (len(lines), heads[len(lines)])
    assert len(lines) > ENTRIES


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_the_published_verifier_finds_every_forgery(trail, forge):
    lines, heads = trail
    chance = random.Random(SEED)
    for _ in range(TIMES):
        forged = forge(lines, chance)
        assert not is_whole(as_file(forged), heads)
        if forge in (delete, swap, insert):
            assert not is_whole(as_file(renumbered(forged)), heads)


def test_a_cut_and_a_regrown_trail_are_whole_to_who_kept_no_head(trail):
    lines, heads = trail
    for forged in (lines[:-5], regrown(lines, HEAD_AT + 1, actor="x")):
        assert is_whole(as_file(forged), {})
        assert is_whole(as_file(forged), {HEAD_AT: heads[HEAD_AT]})


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_the_verifier_runs_alone_with_nothing_but_python(trail, tmp_path, forge):
    lines, heads = trail
    script, export, saved = (tmp_path / name for name in ("alone.py", "export.jsonl", "heads.json"))
    script.write_bytes(VERIFIER.read_bytes())
    saved.write_text(json.dumps({"heads": [{"position": n, "hash": h, "at": "x"} for n, h in heads.items()]}))

    def run(content, *options):
        export.write_bytes(as_file(content))
        command = [sys.executable, "-I", "-S", str(script), str(export), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    forged = run(forge(lines, random.Random(SEED)), "--heads", str(saved))
    assert (forged.returncode, forged.stdout[:15]) == (1, "BROKEN at entry")
    assert forged.stderr == ""
    if forge is flip:
        whole = run(lines, "--heads", str(saved), "--head", f"{HEAD_AT}:{heads[HEAD_AT]}")
        assert (whole.returncode, whole.stdout.splitlines()[1]) == (0, "2 published heads fit")
        assert run(lines, "--head", "40:nonsense").returncode == 2


FLIPPED = [
    "update audit set actor = actor || ' ' where position = :n",
    "update audit set action = lower(action) || '.' where position = :n",
    "update audit set area = '32.04' || area where position = :n",
    "update audit set subject = overlay(subject placing 'x' from 1 for 1) where position = :n",
    "update audit set details = details || jsonb_build_object('', 0) where position = :n",
    "update audit set at = at + interval '1 microsecond' where position = :n",
    "update audit set hash = set_bit(hash, :n, 1 - get_bit(hash, :n)) where position = :n",
]
SWAPPED = [
    "update audit set position = -position where position in (:n, :other)",
    "update audit set position = :n + :other + position where position < 0",
]
MOVED_UP = [
    "update audit set position = -position where position > :n",
    "update audit set position = -position + :by where position < 0",
]
INSERTED = [
    """insert into audit (at, actor, action, area, subject, details, position, hash)
    select at, actor, action, area, subject, details, :n + 1, hash from audit where position = 1""",
]


def in_database(tx, forge, chance):
    """Do to the table what the forgery does to the lines."""
    n, other = sorted(chance.sample(range(2, tx.audit_log.length()), 2))
    if forge is cut_and_regrow:
        regrow(tx, n)
        return
    steps = {
        flip: [chance.choice(FLIPPED)],
        delete: ["delete from audit where position = :n", *chance.choice([[], MOVED_UP])],
        swap: SWAPPED,
        insert: [*MOVED_UP, *INSERTED],
        cut: ["delete from audit where position > :n", "delete from audit_heads where position > :n"],
    }[forge]
    for step in steps:
        tx.conn.execute(text(step), {"n": n, "other": other, "by": 1 if forge is insert else -1})


def regrow(tx, first):
    """Forge an entry and let every later one fit; the list of published heads is forged with them."""
    rows = list(tx.audit_log.walk())
    previous = bytes(rows[first - 2]["hash"]) if first > 1 else GENESIS
    rows[first - 1]["actor"] = "orang lain"
    for row in rows[first - 1 :]:
        previous = entry_hash(previous, row)
        values = {"p": row["position"], "h": previous, "a": row["actor"]}
        tx.conn.execute(text("update audit set hash = :h, actor = :a where position = :p"), values)
    tx.conn.execute(text("delete from audit_heads where position >= :first"), {"first": first})


@pytest.mark.parametrize("forge", FORGERIES[:-1], ids=lambda forge: forge.__name__)
def test_audit_verify_finds_what_the_owner_of_the_database_does(system, trail, forge):
    known = {position: bytes.fromhex(digest) for position, digest in trail[1].items()}
    chance = random.Random(SEED)
    for _ in range(TIMES):
        with forger(system) as tx:
            in_database(tx, forge, chance)
            assert audit.verify(tx, known)[1] is not None
    with system.reading() as tx:
        assert audit.verify(tx, known) == (len(trail[0]), None)


@pytest.mark.parametrize("table", ["audit", "audit_heads"])
@pytest.mark.parametrize("change", ["update {} set position = 1 where position = 1", "delete from {}", "truncate {}"])
def test_even_the_owner_of_the_database_is_refused(system, table, change):
    with pytest.raises(DBAPIError, match="is only added to"), system.writing() as tx:
        tx.conn.execute(text(change.format(table)))


def test_what_is_chained_is_what_the_database_gives_back(system):
    with system.reading() as tx:
        (row,) = [row for row in tx.audit_log.walk() if row["subject"] == "case:3"]
    assert row["details"] == {"x": 1, "y": 0.1, "z": 0, "big": 10**16}
    assert json.loads(exported(row))["details"] == row["details"]


@pytest.fixture
def own(started):
    found = System(started)
    yield found
    found.engine.dispose()


def test_everybody_at_once_makes_one_chain(own):
    threads = [threading.Thread(target=lambda: [note(own, n) for n in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with own.reading() as tx:
        length, found = audit.verify(tx, {})
    assert (length >= 160, found) == (True, None)


def test_what_is_rolled_back_leaves_no_gap(own):
    with own.engine.connect() as conn:
        tx = Tx(conn, own.sources)
        tx.audit(SYSTEM, "case:gone", "", "case:0")
        tx.flush()
        conn.rollback()
    note(own, 1)
    with own.reading() as tx:
        assert audit.verify(tx, {})[1] is None


def test_the_head_is_published_once_an_hour_when_there_is_something_new(started):
    at = [System(started).now()]
    system = System(started, now=lambda: at[0])

    def published():
        with system.writing() as tx:
            return audit.publish_head(tx)

    first = published()
    note(system, 1)
    assert published() is None
    at[0] += timedelta(hours=1)
    second = published()
    assert second["position"] == first["position"] + 1
    at[0] += timedelta(hours=1)
    assert published() is None
    with system.reading() as tx:
        assert audit.heads(tx, None, 1) == {"heads": [second], "next": second["position"]}
        assert audit.heads(tx, second["position"], 5) == {"heads": [first], "next": None}
    system.engine.dispose()


def test_a_stranger_gets_heads_feed_and_verifier_and_an_auditor_the_export(app, token_of, tmp_path):
    system, client = app.extensions["tanggap"], app.test_client()
    assert "Belum ada sidik" in client.get("/jejak").text
    with system.writing() as tx:
        head = audit.publish_head(tx)
    assert client.get("/api/public/audit").json == {"heads": [head], "next": None}
    assert head["hash"] in client.get("/jejak").text
    feed = ElementTree.fromstring(client.get("/jejak/umpan.xml").get_data())
    assert [entry.text for entry in feed.iter("{http://www.w3.org/2005/Atom}content")] == [
        f"{head['position']}:{head['hash']}"
    ]
    assert client.get("/jejak/verify_audit.py").get_data() == VERIFIER.read_bytes()
    assert client.get("/api/audit/export", headers=token_of("auditor", "32")).status_code == 403
    export = client.get("/api/audit/export", headers=token_of("auditor", "")).get_data()
    count, _ = verifier.check(export, {head["position"]: head["hash"]})
    assert json.loads(export.splitlines()[-1])["action"] == "audit:export"
    assert count > head["position"]


def test_the_commands_export_verify_and_tell_of_a_break(app, started, tmp_path):
    system = app.extensions["tanggap"]
    environment = {
        "DATABASE_URL": started.database_url,
        "REDIS_URL": started.redis_url,
        "DATA_DIR": str(started.data_dir),
        "SECRET_KEY": started.secret_key,
    }

    def run(*words):
        return CliRunner(env=environment).invoke(cli, ["audit", *map(str, words)])

    with system.writing() as tx:
        audit.publish_head(tx)
    heads, export = tmp_path / "audit.json", tmp_path / "jejak.jsonl"
    heads.write_bytes(app.test_client().get("/api/public/audit").get_data())
    assert run("verify", "--heads", heads).stdout.startswith("the audit trail is whole: ")
    assert run("export", export).exit_code == 0
    assert is_whole(export.read_bytes(), verifier.saved_heads([heads], []))
    assert "not a head" in run("verify", "--head", "1:zz").stderr
    with system.writing() as tx:
        tx.conn.execute(text("set local session_replication_role = replica"))
        tx.conn.execute(text("delete from audit where position = (select max(position) from audit)"))
        tx.conn.execute(text("delete from audit_heads"))
    assert run("verify").exit_code == 0
    broken = run("verify", "--heads", heads)
    assert broken.exit_code == 1
    assert "the end was cut off" in broken.stderr
