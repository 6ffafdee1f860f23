"""Everybody at once, in processes that are killed: nothing is promised twice, and the checker would see it."""

import pytest

from bench.soak.broken import BUILDS
from bench.soak.run import soak

CONNECTIONS, SEED = 16, 11


def test_nothing_is_found_while_processes_are_killed(started, tmp_path):
    done = soak(started, tmp_path, seconds=8, connections=CONNECTIONS, seed=SEED, build=None)
    assert [one.explained() for one in done.findings] == []
    assert [one["trace"] for one in done.surprises] == []
    assert done.kills
    assert done.cut
    assert done.acts["accept"]["done"]


@pytest.mark.parametrize("build", BUILDS)
def test_what_is_broken_on_purpose_is_found(started, tmp_path, build):
    done = soak(started, tmp_path, seconds=60, connections=CONNECTIONS, seed=SEED, build=build)
    assert done.is_as_it_should_be
    assert all(one.history for one in done.findings if one.check in BUILDS[build].seen_by)
