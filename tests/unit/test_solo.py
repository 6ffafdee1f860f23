"""Night by the clock of West Java, and who goes alone."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import tuning
from server.domain.days import WIB
from server.domain.solo import night_of, team_of


def at(clock):
    return datetime.fromisoformat(f"2026-11-25T{clock}").replace(tzinfo=WIB)


@pytest.mark.parametrize(
    ("since", "until", "dark"),
    [
        ("12:00", "17:59", False),
        ("12:00", "18:00", False),
        ("12:00", "18:01", True),
        ("19:00", "19:05", True),
        ("00:10", "00:20", True),
        ("05:29", "05:40", True),
        ("05:30", "05:40", False),
        ("05:30", "05:30", False),
    ],
)
def test_night_is_from_dusk_to_dawn(since, until, dark):
    assert night_of().touches(at(since), at(until)) is dark


def test_a_way_of_a_day_always_meets_the_night():
    assert night_of().touches(at("08:00"), at("08:00") + timedelta(days=1))


def test_hours_are_settings_and_the_same_twice_is_no_night():
    early = night_of({"night": {"begins": "01:00", "ends": "02:00"}})
    assert early.touches(at("00:30"), at("01:10"))
    assert not early.touches(at("19:00"), at("23:00"))
    never = night_of({"night": {"begins": "00:00", "ends": "00:00"}})
    assert not never.touches(at("00:00"), at("00:00") + timedelta(days=2))


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_a_moment_is_dark_exactly_between_dusk_and_dawn(begins, ends, now):
    def clock(minute):
        return f"{minute // 60:02d}:{minute % 60:02d}"

    inside = begins <= now < ends if begins <= ends else now >= begins or now < ends
    night = night_of({"night": {"begins": clock(begins), "ends": clock(ends)}})
    moment = at(clock(now)) + timedelta(seconds=1)
    assert night.touches(moment, moment + timedelta(seconds=1)) is inside


@pytest.mark.parametrize(
    ("team", "vehicle", "people"),
    [(None, None, 1), (None, "motorcycle", 1), (None, "truck", 2), (1, "truck", 1), (3, "foot", 3), (None, "boat", 2)],
)
def test_who_does_not_say_goes_with_the_crew_of_the_vehicle(team, vehicle, people):
    assert team_of({"team": team, "vehicle": vehicle}) == people


def test_own_figures_lie_over_the_defaults_and_can_be_taken_back():
    own = tuning.joined({}, {"offers": {"0": {"seconds": 60}}, "plan": {"fairness": 2}})
    found = tuning.effective(own)
    assert found["offers"]["0"] == {"size": 5, "seconds": 60}
    assert found["offers"]["1"] == {"size": 2, "seconds": 300}
    assert found["plan"]["fairness"] == 2
    assert tuning.joined(own, {"offers": {"0": {"seconds": None}}, "plan": None}) == {}
