"""Which question decides, and why."""

import itertools

import pytest

from server.domain.catalogue import needs_for
from server.services import askback

EXACT, ROUGH, NOWHERE = (107.1, 50), (107.1, 3000), (None, None)


def decisive(text="", danger=(), people=None, at=EXACT, asked=(), vulnerable=None, tier=None):
    flags = danger if isinstance(danger, dict) else dict.fromkeys(danger, True)
    lines = needs_for(people, vulnerable or {}, flags, [(item, None) for item in asked])
    needs = [{"item": line.item, "quantity": line.quantity, "basis": line.basis} for line in lines]
    least = 0 if any(flags.values()) else min((line.tier for line in lines), default=3)
    case = {"tier": least if tier is None else tier, "lon": at[0], "accuracy_m": at[1], "people": people}
    case["vulnerable"] = vulnerable or {}
    return askback.decisive(case, {"text": text, "danger": flags}, needs)


@pytest.mark.parametrize(
    ("said", "about", "because"),
    [
        ({"text": "Sekolah ambruk, anak2 kejebak"}, "danger", "danger"),
        ({"text": "Sekolah ambruk, anak2 kejebak", "at": NOWHERE}, "danger", "danger"),
        ({"text": "Sekolah ambruk", "danger": ("trapped",), "at": NOWHERE, "people": 20}, "place", "no_place"),
        ({"text": "Sekolah ambruk", "danger": ("trapped",)}, "people", "people"),
        ({"text": "Butuh bantuan", "at": NOWHERE}, "place", "no_place"),
        ({"asked": ("rice", "water"), "people": 30, "at": ROUGH}, "place", "rough_place"),
        ({"asked": ("rice", "water")}, "people", "people"),
        ({"text": "somebody is injured and bleeding", "asked": ("rice",), "people": 3}, "danger", "danger"),
    ],
)
def test_the_question_that_decides_is_chosen_and_says_why(said, about, because):
    found = decisive(**said)
    assert (found.about, found.because) == (about, because)


def test_nothing_is_asked_that_changes_nothing_or_was_said():
    assert decisive(text="Butuh beras", asked=("rice",), people=20) is None
    assert decisive(text="Anak kejebak", danger={"trapped": False}, people=5) is None
    assert decisive(text="Halo") is None


def test_a_danger_that_the_text_tells_of_says_how_far_the_tier_would_rise():
    found = decisive(text="Rumah roboh, ada yang tertimbun", people=20)
    assert (found.danger, found.tier, found.tier_then) == ("trapped", 3, 0)
    assert found.needs == len(needs_for(20, {}, {"trapped": True}, []))


def test_no_other_question_would_have_changed_more():
    """Against every answer tried by hand: tiers first, then needs that come, change, or can be planned."""
    texts = ("", "Rumah roboh, ada yang tertimbun", "kebakaran besar")
    dangers = ((), ("medical",))
    asked = ((), ("rice",), ("rice", "water", "tent"))
    for text, danger, people, at, items in itertools.product(texts, dangers, (None, 8), (EXACT, ROUGH, NOWHERE), asked):
        found = decisive(text, danger, people, at, items)
        worth = _worth(text, danger, people, at, items)
        best = max(worth.values(), default=(0, 0))
        got = (0, 0) if found is None else (found.tier - found.tier_then, found.needs)
        assert got == best, (text, danger, people, at, items)


def _worth(text, danger, people, at, items):
    """What each open question could change, by the needs and tiers before and after."""
    tier = 0 if danger else min((line.tier for line in _lines(people, danger, items)), default=3)
    found = {}
    hint = {"Rumah": "trapped", "kebakaran": "rising"}.get(text.split()[0] if text else "")
    if hint and not danger:
        found["danger"] = (tier, _new(_lines(people, danger, items), _lines(people, (hint,), items)))
    wanted = _lines(people, danger, items)
    if at == NOWHERE:
        found["place"] = (0, max(1, len(wanted)))
    elif at == ROUGH and wanted:
        found["place"] = (0, len(wanted))
    if people is None:
        found["people"] = (0, _new(wanted, _lines(askback.MANY, danger, items)))
    return found


def _lines(people, danger, items):
    return needs_for(people, {}, dict.fromkeys(danger, True), [(item, None) for item in items])


def _new(before, after):
    known = {(line.item, line.quantity) for line in before}
    return sum((line.item, line.quantity) not in known for line in after)
