"""The simulation, its measures, the bound and what is kept of runs."""

import json

import pytest

from bench.drill import runs
from bench.drill.answers import Answers
from bench.drill.case import Case, Closure, Need, Report, Site, Stock, Village, Volunteer, random_case
from bench.drill.hindsight import weighted_wait_bound
from bench.drill.measures import curve, interval, measured, saved_share, wait_min
from bench.drill.policies import POLICIES
from bench.drill.simulate import BEAT_MIN, play
from bench.drill.ways import AROUND, Ways
from geo import travel

STARTS = random_case(1, "scarce", "cluster").starts
SITE = Site("Gudang", "warehouse", 107.10, -6.80)
YES = Answers(1, 1.0)


def _case(**changes):
    """One blanket need, one lot, one pickup at the site, for four hours."""
    whole = {
        "name": "small",
        "starts": STARTS,
        "hours": 4,
        "villages": (Village("Desa", 107.14, -6.82, 100),),
        "sites": (SITE,),
        "stock": (Stock(0, "blanket", 40),),
        "reports": (Report(0, 0, 107.14, -6.82, 2, 40, (Need("blanket", 40),)),),
        "volunteers": (Volunteer(0, 600, 107.10, -6.80, (), "pickup"),),
    }
    return Case(**{**whole, **changes})


def _small(seed):
    """A random case cut down: few reports, stock and volunteers."""
    case = random_case(seed, "scarce", "cluster")
    return Case(
        case.name, case.starts, 8, case.villages, case.sites, case.stock, case.reports[:14], case.volunteers[:30],
        case.closures,
    )  # fmt: skip


def test_a_volunteer_fetches_the_goods_and_brings_them():
    played = play(_case(), POLICIES["tanggap"], YES)
    (need,) = played.needs
    (minute, quantity) = need.handed_over[0]
    begun = BEAT_MIN + YES.of(0, "0/blanket", 15).minutes
    way = travel.minutes([(107.10, -6.80)], [(107.10, -6.80), (107.14, -6.82)], "pickup").sum()
    assert quantity == 40
    assert minute == pytest.approx(begun + way)
    assert measured(played).weighted_wait_min == pytest.approx(minute, abs=1e-3)


def test_a_closure_on_the_way_makes_it_longer_for_everybody():
    way = {"lon": 107.12, "lat": -6.81, "radius_m": 500}
    ways = Ways(_case(closures=(Closure(60, 60, **way),)))
    start, end = ways.site[0], ways.report[0]
    before, during = ways.trip(start, end, "car", 59), ways.trip(start, end, "car", 60)
    rolling = before[0] - travel.vehicle("car").start_min
    assert during == pytest.approx((travel.vehicle("car").start_min + AROUND * rolling, AROUND * before[1]))
    assert ways.trip(start, end, "car", 120) == before


def test_what_is_larger_than_any_vehicle_here_takes_more_than_one_trip():
    case = _case(
        stock=(Stock(0, "water", 2_500),),
        reports=(Report(0, 0, 107.14, -6.82, 2, 200, (Need("water", 2_500),)),),
    )
    (need,) = play(case, POLICIES["priority_nearest"], YES).needs
    assert [quantity for _, quantity in need.handed_over] == [1_000, 1_000, 500]
    assert need.handed_over[1][0] > need.handed_over[0][0]


def test_nobody_goes_alone_at_night():
    night = STARTS.replace(hour=20)
    assert not play(
        _case(starts=night, volunteers=(Volunteer(0, 600, 107.1, -6.8, (), "car"),)), POLICIES["first_come"], YES
    ).needs[0].handed_over
    assert play(_case(starts=night), POLICIES["first_come"], YES).needs[0].handed_over


def test_after_three_silences_somebody_is_called():
    case = _case(volunteers=(Volunteer(0, 600, 107.10, -6.80, (), "pickup"),) * 9)
    played = play(case, POLICIES["first_come"], Answers(3, 0.0))
    assert played.offers == 3
    assert played.calls >= 1
    assert played.needs[0].handed_over


def test_stock_that_comes_later_is_given_later():
    case = _case(stock=(Stock(0, "blanket", 40, at_min=100),))
    assert play(case, POLICIES["tanggap"], YES).needs[0].handed_over[0][0] > 100


@pytest.mark.parametrize("policy", POLICIES)
def test_a_run_is_the_same_every_time_and_never_gives_more_than_there_is(policy):
    case = _small(4)
    first, second = (play(case, POLICIES[policy], Answers(4, 0.2)) for _ in range(2))
    assert [need.handed_over for need in first.needs] == [need.handed_over for need in second.needs]
    for need in first.needs:
        assert sum(quantity for _, quantity in need.handed_over) <= need.quantity
    for item in {lot.item for lot in case.stock}:
        given = sum(q for need in first.needs if need.item == item for _, q in need.handed_over)
        assert given <= sum(lot.quantity for lot in case.stock if lot.item == item)


def test_a_volunteer_answers_alike_whichever_policy_asks():
    asked = [Answers(5, 0.2).of(volunteer, "3/water", 15) for volunteer in range(2_000)]
    assert asked == [Answers(5, 0.2).of(volunteer, "3/water", 15) for volunteer in range(2_000)]
    accepted = {n for n, one in enumerate(asked) if one.says == "accept"}
    assert 0.17 < len(accepted) / 2_000 < 0.23
    more = {n for n in range(2_000) if Answers(5, 0.6).of(n, "3/water", 15).says == "accept"}
    assert accepted < more


def test_waits_count_units_and_what_stays_open_waits_to_the_end():
    (need,) = play(_case(stock=(Stock(0, "blanket", 10),)), POLICIES["first_come"], YES).needs
    minute = need.handed_over[0][0]
    assert wait_min(need, 240) == pytest.approx((10 * minute + 30 * 240) / 40)
    assert curve([need], [0, minute, 240]) == [0, 0.25, 0.25]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("policy", POLICIES)
def test_no_policy_waits_less_than_the_bound(policy, seed):
    case = _small(seed)
    played = play(case, POLICIES[policy], Answers(seed, 0.9))
    assert weighted_wait_bound(case, played.needs) <= measured(played).weighted_wait_min + 1e-6


def test_the_bound_is_reached_when_nothing_is_in_the_way():
    case = _case(volunteers=(), stock=(Stock(0, "blanket", 10, at_min=30),))
    needs = play(case, POLICIES["first_come"], YES).needs
    assert weighted_wait_bound(case, needs) == pytest.approx(240)
    with_car = _case(stock=(Stock(0, "blanket", 10, at_min=30),))
    way = float(travel.minutes([(107.10, -6.80)], (107.14, -6.82), "pickup")[0])
    assert weighted_wait_bound(with_car, needs) == pytest.approx((10 * (30 + way) + 30 * 240) / 40)


def test_intervals_are_of_pairs():
    assert interval([2.0] * 5).low == interval([2.0] * 5).high == 2.0
    found = interval([1.0, 2.0, 3.0, 4.0])
    assert found.mean == 2.5
    assert 1.0 <= found.low < 2.5 < found.high <= 4.0
    assert saved_share([90, 180], [100, 200]).low == pytest.approx(0.1)


def test_what_was_played_is_kept_and_not_played_again(tmp_path, monkeypatch):
    file, wanted = tmp_path / "runs.jsonl", runs.own(["first_come"], 3, 0.2, _case())
    first = runs.play_all(wanted[:2], file, workers=1)
    file.write_text(file.read_text() + '{"key": "cut o')
    asked = []
    monkeypatch.setattr(runs, "played", lambda run, real=runs.played: asked.append(run) or real(run))
    again = runs.play_all(wanted, file, workers=1)
    assert asked == wanted[2:]
    assert {run: again[run] for run in first} == first
    assert runs.kept(file, wanted) == again


def test_results_of_other_code_are_not_mixed_in(tmp_path, monkeypatch):
    file, wanted = tmp_path / "runs.jsonl", runs.own(["first_come"], 1, 0.2, _case())
    runs.play_all(wanted, file, workers=1)
    monkeypatch.setattr(runs, "state", lambda: "other")
    assert not runs.kept(file, wanted)
    assert json.loads(file.read_text())["done"]["measures"]
