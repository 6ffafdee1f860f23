"""What a text says however it is spelt, and the rule on pairs of real reports that were labelled by hand."""

import pytest

from bench.duplicates import DATA, LABELS, by_file, counted, is_near, labels, signals
from server.services import likeness
from server.services.wordings import heard, overlap


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sekolah ambruk, anak2 kejebak", "School collapsed, children trapped"),
        ("bajir dmn2, rumah kerendem", "Banjir, rumah kerendam"),
        ("tolongggg pak, imah rugrug", "Tolong rumah saya runtuh"),
        ("kebakaran di pasar", "Fire at the market"),
        ("air nya blm surut2", "air belum surut"),
        ("we need drinking water", "butuh air bersih"),
    ],
)
def test_the_same_trouble_is_heard_in_slang_with_typos_and_in_english(one, other):
    assert heard(one).troubles & heard(other).troubles
    assert heard(one).places == heard(other).places


@pytest.mark.parametrize(
    ("text", "troubles"),
    [
        ("air naik terus", {"flood"}),
        ("kami kehabisan air", {"thirst"}),
        ("butuh air minum", {"thirst"}),
        ("no water for three days", {"thirst"}),
        ("tanah longsor menutup jalan", {"slide"}),
    ],
)
def test_water_of_a_flood_is_not_water_to_drink(text, troubles):
    assert heard(text).troubles == troubles


def test_names_count_though_mistyped_and_numbers_only_as_part_of_a_name():
    share, words = overlap(heard("Pesantren Sukamanaah RT 03"), heard("pesantren sukamanah, rt 3"))
    assert (share, words) == (1.0, ["3", "sukamanaah", "worship"])
    assert heard("ada 40 orang di RT 4").own == {"4"}
    assert heard("tolong segera pak, kami butuh bantuan").own == set()


if DATA.is_dir():

    def test_on_labelled_pairs_the_rule_beats_distance_and_time():
        """The half of the pairs that the rule was not made with; `python -m bench duplicates` has the whole table."""
        pairs, rows = [pair for pair in labels() if pair.is_held_out], by_file(DATA)
        ours = counted(pairs, lambda pair: bool(likeness.reasons(signals(rows, pair))))
        near = counted(pairs, lambda pair: is_near(signals(rows, pair)))
        assert ours.precision >= 0.75
        assert ours.recall >= 0.75
        assert ours.precision > near.precision + 0.2
        assert ours.recall >= near.recall - 0.05


def test_the_labels_are_enough_and_hold_nobody_s_words():
    assert len(labels()) >= 200
    assert {pair.is_held_out for pair in labels()} == {pair.same for pair in labels()} == {True, False}
    assert set(LABELS.read_text("utf-8")) <= set("0123456789abcdefghijklmnopqrstuvwxyz_#,\n")
