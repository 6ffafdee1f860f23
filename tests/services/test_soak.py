"""Everybody at once, in processes that are killed: nothing is promised twice, and the checker would see it."""

import psycopg
import pytest

from bench.soak import checker
from bench.soak.broken import BUILDS
from bench.soak.run import soak

CONNECTIONS, SEED, PATIENCE_S = 16, 11, 600
ENOUGH = {"accept": 3, "depart": 1, "approve": 1, "assign": 3, "expire": 1, "receive": 1}
ALL_PROPOSED = "update assignments set state = 'proposed', volunteer_id = null"
TOO_MUCH = "update assignment_lines set quantity = 100000"
BOOKED = """
insert into ledger (transfer_id, lot_id, account, quantity, reason, by, at)
select '00000000-0000-4000-8000-000000000000', (select min(id::text)::uuid from lots), account, quantity, 'receive',
       'test', now() from (values ('site', -1000000), ('{}', 1000000)) moved (account, quantity)
"""
UNGUARDED = "set session_replication_role = replica"
DAMAGE = {
    "over_promised": [ALL_PROPOSED, TOO_MUCH],
    "below_zero": [BOOKED.format("loss")],
    "unbalanced": ["update ledger set quantity = 7 where id = (select min(id) from ledger)"],
    "received_once": ["delete from ledger where account = 'outside'"],
    "carried": [
        "update ledger set assignment_id = (select min(id::text)::uuid from assignments) where account = 'site'"
    ],
    "steps": [UNGUARDED, "delete from audit where action = 'assignment:propose'"],
    "told": ["update assignments set state = 'declined'"],
    "two_winners": [
        "update assignments set state = 'declined', volunteer_id = (select min(id::text)::uuid from volunteers)"
    ],
    "double_booked": [
        "alter table assignments drop constraint one_trip_at_a_time",
        "update assignments set state = 'accepted', volunteer_id = (select min(id::text)::uuid from volunteers)",
    ],
    "offers": ["update assignments set state = 'declined'", "update offers set state = 'open', closed_at = null"],
    "over_covered": [ALL_PROPOSED, TOO_MUCH],
    "closed_early": ["update needs set state = 'closed', quantity = 100000"],
    "handed_over_once": ["update assignments set state = 'delivered'", "delete from deliveries"],
    "approved_once": [
        "update assignments set plan_id = (select min(id::text)::uuid from plans)",
        "update plans set state = 'ready'",
    ],
    "astray": ["update cases set merged_into = id"],
    "boards": ["update needs set state = 'cancelled'"],
    "sealed": [
        UNGUARDED,
        "delete from audit where position = 2",
    ],
}


@pytest.fixture(scope="module")
def soaked(module_started, tmp_path_factory):
    """A soak of the product as it is, and its database afterwards."""
    folder = tmp_path_factory.mktemp("soak")
    return soak(module_started, folder, PATIENCE_S, connections=CONNECTIONS, seed=SEED, enough=ENOUGH), module_started


def test_nothing_is_found_while_processes_are_killed(soaked):
    done, _ = soaked
    assert [one.explained() for one in done.findings] == []
    assert [one["trace"] for one in done.surprises] == []
    assert done.kills
    assert done.cut
    assert {name: min(done.acts[name]["done"], times) for name, times in ENOUGH.items()} == ENOUGH


@pytest.mark.parametrize("name", checker.CHECKS)
def test_every_check_sees_what_it_is_for(soaked, name):
    _, settings = soaked
    with psycopg.connect(settings.database_url) as connection:
        assert checker.findings(connection) == []
        for statement in DAMAGE[name]:
            connection.execute(statement)
        found = [one for one in checker.findings(connection) if one.check == name]
        connection.rollback()
    assert found
    assert checker.CHECKS[name][0] in found[0].explained()


@pytest.mark.parametrize("build", BUILDS)
def test_what_is_broken_on_purpose_is_found(started, tmp_path, build):
    done = soak(started, tmp_path, PATIENCE_S, connections=CONNECTIONS, seed=SEED, build=build)
    assert done.is_as_it_should_be
    assert all(one.history for one in done.findings if one.check in BUILDS[build].seen_by)
