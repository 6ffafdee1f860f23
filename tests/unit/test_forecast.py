"""Who will breach, at a pace."""

from datetime import UTC, datetime, timedelta

from server.domain.forecast import Waiting, will_breach

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def waiting(case_id, tier, minutes, stage="answer"):
    return Waiting(case_id, tier, stage, NOW + timedelta(minutes=minutes))


def test_the_urgent_come_first_and_who_comes_too_late_is_named():
    queue = [waiting(1, 2, 50), waiting(2, 1, 30), waiting(3, 2, 70), waiting(4, 1, -10)]
    found = will_breach(queue, {"answer": 2.0}, NOW)
    # Turns at 30 (4, late already), 60 (2), 90 (1), 120 (3): each after its time.
    assert [(one.case_id, one.expected_at - NOW) for one in found] == [
        (2, timedelta(minutes=60)),
        (1, timedelta(minutes=90)),
        (3, timedelta(minutes=120)),
    ]
    assert will_breach(queue, {"answer": 60.0}, NOW) == []


def test_at_no_pace_all_that_is_due_within_two_hours_breaches_and_nothing_after():
    found = will_breach([waiting(1, 3, 121), waiting(2, 3, 120), waiting(3, 0, 5, "offer")], {"answer": 0.0}, NOW)
    assert [(one.case_id, one.expected_at) for one in found] == [(3, None), (2, None)]


def test_each_stage_has_a_queue_of_its_own():
    queue = [waiting(n, 0, 40, "offer") for n in range(100)] + [waiting(200, 3, 40)]
    assert [one.case_id for one in will_breach(queue, {"answer": 2.0, "offer": 1000.0}, NOW)] == []
