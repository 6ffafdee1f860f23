"""Colours: each stands once, among the tokens, by day and by night, and words can be read on every ground."""

import re

import pytest

from tests.browser import ROOT

CSS = ROOT / "web" / "css"
TOKENS = (CSS / "parts" / "tokens.css").read_text("utf-8")
DAY, NIGHT = TOKENS.split("@media screen")
WORDS = ["ink", "muted", "brand-bright", "good", "info", "warn", "bad", "t2", "t3"]
GROUNDS = ["ground", "paper", "raised"]
OWN_GROUND = [("good", "good-soft"), ("info", "info-soft"), ("warn", "warn-soft"), ("bad", "bad-soft")]
OWN_GROUND += [(word, "brand-soft") for word in ("ink", "muted", "brand-bright")] + []
OWN_GROUND += [("ink", f"{kind}-soft") for kind in ("good", "info", "warn", "bad")]
SOLID = ["bar", "brand", "brand-hover", "bad-solid", "bad-deep", "t0", "t1", "toast", "toast-bad"]
EDGES = ["line-strong", "amber", "t0-edge", "t1-edge", "t2", "t3", "focus", "brand-bright", "good", "bad"]
"""WCAG 2.2: 1.4.3 asks 4.5:1 of words, 1.4.11 asks 3:1 of what has to be seen."""


def colours(night):
    found = dict(re.findall(r"--([\w-]+): (#\w+);", DAY))
    return found | dict(re.findall(r"--([\w-]+): (#\w+);", NIGHT)) if night else found


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:4])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("night", [False, True])
def test_words_and_edges_are_seen_on_every_ground(night):
    of = colours(night)
    pairs = [(word, ground, 4.5) for word in WORDS for ground in GROUNDS]
    pairs += [(word, ground, 4.5) for word, ground in OWN_GROUND]
    pairs += [("on-solid", ground, 4.5) for ground in SOLID]
    pairs += [(edge, "paper", 3) for edge in EDGES]
    dim = [(front, back, contrast(of[front], of[back])) for front, back, least in pairs]
    assert [found for found, (*_, least) in zip(dim, pairs, strict=True) if found[2] < least] == []


def test_every_colour_of_the_day_that_words_stand_on_has_one_for_the_night():
    by_night = set(re.findall(r"--([\w-]+): #", NIGHT))
    assert {*WORDS, *GROUNDS, *(ground for _, ground in OWN_GROUND)} <= by_night


def test_no_other_style_names_a_colour():
    named = re.compile(r"(?i)#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b|\b(?:rgb|hsl)a?\(|:\s*(?:white|black)\b")
    found = []
    for path in sorted(CSS.rglob("*.css")):
        if path.name != "tokens.css":
            lines = (line for line in path.read_text("utf-8").splitlines() if "data:image" not in line)
            found += [f"{path.relative_to(CSS)}: {line.strip()}" for line in lines if named.search(line)]
    assert found == []


def test_every_token_that_is_asked_for_is_there():
    there = set(re.findall(r"--([\w-]+):", "".join(path.read_text("utf-8") for path in CSS.rglob("*.css"))))
    asked = {name for path in CSS.rglob("*.css") for name in re.findall(r"var\(--([\w-]+)", path.read_text("utf-8"))}
    assert asked - there == set()


def test_every_colour_is_shown_among_the_components():
    page = (ROOT / "web" / "templates" / "style.html").read_text("utf-8")
    shown = set(re.search(r'set tokens = "([^"]+)"', page).group(1).split())
    assert shown == set(colours(night=False))
    painted = set(re.findall(r"\.of-([\w-]+) \{\s*background: var\(--\1\)", (CSS / "style.css").read_text("utf-8")))
    assert painted == shown
