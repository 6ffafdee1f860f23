"""The rules of the clocks against the model of tests/services/clock_model.py: 10,000 cases, each as often looked at."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.domain import sla
from tests.services.clock_model import CaseModel

BEGINS = datetime(2026, 11, 25, tzinfo=UTC)
PLACES = ("32.03.11.2001", "32.03.11", "32.04", "32")
CASES = 10_000


def take_breaches(run, at, told):
    while (coming := sla.next_breach(run)) is not None and coming[0] <= at:
        run, area = sla.breach(run, sla.clock_for(run.tier))
        if area is not None:
            told.append((run.number, sla.level_of(area), coming[1], coming[0]))
    return run


def steps(dice, facts, model):
    """What may happen to a case that stands so: name, value for the model, facts afterwards."""
    tier = dice.choice([t for t in range(4) if t != facts.tier])
    place = dice.choice(PLACES)
    yield "set_tier", tier, replace(facts, tier=tier)
    yield "hand_over", place, replace(facts, holder=place)
    yield "verify", None, replace(facts, answered=True)
    yield "offer", None, replace(facts, offered=True)
    if not facts.asked and not model._is_settled():
        yield "ask", None, replace(facts, answered=True, asked=True)
    if facts.asked:
        yield "answer", None, replace(facts, asked=False)
    if not model._is_settled():
        yield "reject", None, replace(facts, answered=True, asked=False, settled=True)
    elif model.turned_down:
        yield "take_back", None, replace(facts, settled=False)
        yield "reopen", None, sla.Facts(facts.tier, facts.holder, reopened=True)


def play(seed):
    """One case over ten days; what the rules told and what the model says, and both clocks at the end."""
    dice = random.Random(seed)
    tier, place, at = dice.randrange(4), dice.choice(PLACES), BEGINS
    run, told = sla.begin(tier, place, at, sla.clock_for(tier)), []
    model, facts = CaseModel(tier, place, at), sla.Facts(tier, place)
    for _ in range(dice.randrange(12)):
        # Mostly later; now and then somebody has set the clock back.
        later, back = dice.randrange(dice.choice((3_600, 86_400))), dice.choice((0,) * 9 + (3_600,))
        at += timedelta(seconds=later - back)
        run = take_breaches(run, at, told)
        if dice.random() < 0.2:
            model.look(at)
            continue
        name, value, facts = dice.choice(list(steps(dice, facts, model)))
        run = sla.follow(run, facts, at, sla.clock_for(facts.tier))
        facts = replace(facts, reopened=False)
        model.happens(name, at, value)
        told_now = seen_of(run, at)
        assert told_now == model.shown(at), (seed, name)
    end = BEGINS + timedelta(days=20)
    run = take_breaches(run, end, told)
    model.look(end)
    return told, model.told


def seen_of(run, at):
    stage = sla.running_stage(run)
    if stage is None:
        return None
    return stage, run.due[stage] - (run.paused_at or at), run.paused_at is not None


def test_every_escalation_of_ten_thousand_cases_comes_once_at_its_minute():
    levels = 0
    for seed in range(CASES):
        told, wanted = play(seed)
        assert told == wanted, seed
        assert len({(run, level) for run, level, _, _ in told}) == len(told), seed
        levels += len(told)
    assert levels > CASES


@pytest.mark.parametrize(
    ("holder", "reached", "told"),
    [
        ("32.03.11.2001", None, "32.03.11"),
        ("32.03.11.2001", "32.03.11", "32.03"),
        ("32.03", "32.03", "32"),
        ("32.04.01", "32.03", "32"),
        ("32", None, None),
        ("32.03.11", "32", None),
        ("", None, None),
    ],
)
def test_one_level_above_whoever_has_been_told(holder, reached, told):
    assert sla.level_above(holder, reached) == told
