"""The clocks of cases against a model of them that was written from the design, over ten days with everything in it.

`CLOCK_CASES=10000 .venv/bin/python -m pytest tests/services/test_clocks.py -k ten_days` plays the whole number.
"""

import os
from contextlib import closing
from datetime import datetime

from sqlalchemy import select

from server.store import tables
from tests.services.clock_play import Play, shown_to_all

CASES = int(os.environ.get("CLOCK_CASES", "60"))


def check(play, one):
    """Page and board say the same, and it is what the model says."""
    on_page, on_board = shown_to_all(play, one)
    one.model.look(play.clock.at)
    wanted = one.model.shown(play.clock.at)
    assert on_page == on_board, one
    if wanted is None:
        assert on_page[0] is None, one
        return
    stage, left, stands = wanted
    due, stopped = (at and datetime.fromisoformat(at) for at in on_page[1:])
    assert (on_page[0], stopped is not None) == (stage, stands), one
    assert due - (stopped or play.clock.at) == left, one


def test_every_escalation_of_ten_days_comes_once_at_its_minute(started):
    with closing(Play(started, CASES, seed=7)) as play:
        _play(play)


def _play(play):
    play.run(check)
    with play.system.reading() as tx:
        rows = tx.conn.execute(select(tables.escalations)).mappings().all()
        told = tx.conn.execute(
            select(tables.report_history).where(tables.report_history.c.step.like("raised_%"))
        ).mappings().all()  # fmt: skip
        audited = tx.conn.exec_driver_sql("select count(*) from audit where action = 'case:escalate'").scalar()
    found = {(row["case_id"], row["number"], row["level"]): (row["stage"], row["due_at"]) for row in rows}
    wanted = {(one.id, run, level): (stage, at) for one in play.played for run, level, stage, at in one.model.told}
    assert found == wanted
    assert len(rows) == len(wanted) == audited == len(told)
    reports = {one.report_id: one.id for one in play.played}
    heard = {(reports[step["report_id"]], step["step"], step["at"]) for step in told}
    assert heard == {(case, f"raised_{level}", at) for (case, _, level), (_, at) in wanted.items()}
    for one in play.played:
        check(play, one)
    assert play.killed > 0
    assert len(wanted) > CASES
