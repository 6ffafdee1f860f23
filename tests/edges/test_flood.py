"""The flood of bench/flood.py, small: the same junk and true reports, limits lowered alike, no network."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from bench.flood_made import KINDS, play
from server.app import create_app
from server.commands import people
from server.config import REPORT_LIMITS

JUNK, TRUE, TRUE_T0 = 900, 50, 5
SMALLER = {"words": 8, "doubtful": 9, "doubtful_here": 3, "everyone": 135, "address": 27}
"""A tenth of the junk, and about a tenth of the limits that count junk."""


@pytest.fixture(scope="module")
def flooded(module_started):
    """An application after the flood; the kind of every report by id, and by what status it was answered."""
    app = create_app(replace(module_started, report_limits={**REPORT_LIMITS, **SMALLER}))
    client, kinds, statuses = app.test_client(use_cookies=False), {}, Counter()
    for one in play(random.Random(7), JUNK, TRUE, TRUE_T0):
        answer = client.post("/api/reports", json=one.body, headers={"X-Forwarded-For": one.address})
        assert answer.status_code in (201, 202), answer.text
        kinds[answer.json["id"]] = one.kind
        statuses[one.kind, answer.status_code] += 1
    people.add_user(app.extensions["tanggap"], "banjir", "coordinator", "32")
    who = {"Authorization": f"Bearer {people.token(app.extensions['tanggap'], 'banjir')}"}
    yield app, who, kinds, statuses
    app.extensions["tanggap"].engine.dispose()


def test_every_true_report_is_stored_and_on_the_board(flooded):
    app, who, kinds, _ = flooded
    board = app.test_client().get("/api/board", headers=who).json["reports"]
    shown = {row[board["columns"].index("id")] for row in board["rows"]}
    true = {report_id for report_id, kind in kinds.items() if kind.startswith("true")}
    assert len(true) == TRUE
    assert true <= shown
    held = {report_id for report_id in kinds if report_id not in shown}
    with app.extensions["tanggap"].reading() as tx:
        found = dict(tx.conn.exec_driver_sql("select id, state from reports").fetchall())
    assert set(found) == set(kinds)
    assert {found[report_id] for report_id in held} == {"quarantined"}


def test_most_junk_is_in_quarantine_and_none_of_t0(flooded):
    _, _, _, statuses = flooded
    held = {kind: statuses[kind, 202] / max(statuses[kind, 202] + statuses[kind, 201], 1) for kind in KINDS}
    assert statuses["claims_t0", 202] == statuses["true_t0", 202] == 0
    assert min(held[kind] for kind in ("same_text", "template", "gibberish", "link", "chatter")) > 0.6, held
    junk = sum(statuses[kind, status] for kind in KINDS for status in (201, 202))
    assert sum(statuses[kind, 202] for kind in KINDS) > 0.65 * junk, held


def test_the_queue_is_short_enough_to_read_and_goes_in_a_few_presses(flooded):
    app, who, kinds, _ = flooded
    groups = app.test_client().get("/api/moderation", headers=who).json["groups"]
    assert app.test_client().get("/konsol/moderasi", headers=who).status_code == 200
    largest = [group for group in groups if group["n"] > 1][:20]
    for group in largest:
        choice = {"group": group["group"], "until": group["last_at"], "reason": "kiriman sampah"}
        left = app.test_client().post("/api/moderation/reject", headers=who, json=choice).json["left"]
    assert left < 0.1 * len(kinds)
