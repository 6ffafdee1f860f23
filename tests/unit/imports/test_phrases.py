"""Needs are found by whole words and the longest phrase, in both languages."""

import pytest

from server.domain.catalogue import ITEMS
from server.domain.priority import DANGERS
from server.imports.phrases import LANGUAGES, Meaning, Phrases, folded, item_names, plain_phrases, vocabulary


def found(text: str, *languages: str) -> tuple[list[str], list[str]]:
    phrases = Phrases(entry for language in languages for entry in vocabulary(language))
    meanings = phrases.found_in(text)
    return list(dict.fromkeys(code for m in meanings for code in m.needs)), [
        name for m in meanings for name in m.danger
    ]


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("Need food, water and baby food", ["rice", "water", "infant_food"]),
        ("dog food and pet supplies", []),
        ("Adult diapers; DIAPERS", ["adult_diapers", "diapers"]),
        ("waterfall at Waterloo", []),
        ("non-perishable foods", ["rice"]),
    ],
)
def test_english(text: str, needs: list[str]) -> None:
    assert found(text, "en")[0] == needs


@pytest.mark.parametrize(
    ("text", "needs", "danger"),
    [
        ("butuh selimut, susu bayi sama popok", ["blanket", "infant_formula", "diapers"], []),
        ("air belum surut, saluran air mampet", [], []),
        ("butuh air bersih 2 galon", ["water"], []),
        ("3 orang terjebak, air terus naik!", [], ["trapped", "rising"]),
        ("obat-obatan & makanan siap saji", ["medicine_kit", "ready_meal"], []),
    ],
)
def test_indonesian(text: str, needs: list[str], danger: list[str]) -> None:
    assert found(text, "id") == (needs, danger)


def test_accents_and_case_do_not_matter() -> None:
    assert folded("Pénurie d'EAU — №1_x") == "penurie d eau no1 x"
    assert plain_phrases(["penurie d'eau"]).any_in("2b. PÉNURIE D’EAU |")


def test_a_star_stands_for_any_ending_and_nothing_else_does() -> None:
    phrases = Phrases([("need*", Meaning(needs=("water",)))])
    assert phrases.any_in("needed")
    assert not phrases.any_in("unneeded")
    assert not plain_phrases(["a.c"]).any_in("abc")
    assert not plain_phrases([]).any_in("anything")


@pytest.mark.parametrize("language", LANGUAGES)
def test_vocabularies_name_only_what_exists_and_no_word_twice(language: str) -> None:
    words = [folded(word) + "*" * word.endswith("*") for word, _ in vocabulary(language)]
    assert sorted(word for word in set(words) if words.count(word) > 1) == []
    for word, meaning in vocabulary(language):
        assert folded(word), word
        assert set(meaning.needs) <= set(ITEMS)
        assert set(meaning.danger) <= set(DANGERS)


def test_every_item_has_a_name_in_both_languages() -> None:
    for language in LANGUAGES:
        named = {code for _, meaning in vocabulary(language) for code in meaning.needs}
        assert named == set(ITEMS), language
    assert item_names()["air"] == "water"
