"""The rule by which a report waits for a person: what it shows, what it is over, what T0 and the known are spared."""

import pytest

from server.config import REPORT_LIMITS, SettingError, from_env
from server.domain import abuse
from server.services import contacts, screening

LIMITS = abuse.Limits(**REPORT_LIMITS)
KEYS = contacts.Keys.from_secret("rahasia uji")


def seen(text, **more):
    return abuse.look(text, more.pop("told", []), **{"asks": True, "reachable": True, **more})


def weighed(look, *, used=1, **counts):
    return abuse.weigh(look, counts, [used] * (len(look.words) + len(look.pairs)), LIMITS)


@pytest.mark.parametrize(
    "text",
    [
        "Kami di Kp. Pasir RT 02/05 butuh air dan selimut, ada 2 lansia",
        "tlg bnjr dtg, khbsn mkn",
        "TOLOOOOOOOONGGGGG banjirrrrr",
        "Imah abdi rubuh, peryogi cai sareng simbut",
        "Longsor menutup jln, nyingkir! strukturnya roboh",
        "https://maps.app.goo.gl/abc123 lokasi kami",
        "Info dari www.jabarprov.go.id: posko penuh",
        "Flooded street, elderly couple upstairs needs insulin",
        "",
    ],
)
def test_what_people_write_shows_nothing(text):
    assert seen(text).signals == ()


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("asdfgh qwerty zxcvbnm", "gibberish"),
        ("xkqzjw vbtprn qlmxzk wrtpsd", "gibberish"),
        ("aaaaaaaaaaaaaaaa bbbbbbbbbbbbbb", "gibberish"),
        ("???!!! ... ---", "gibberish"),
        ("beli followers di www.murah.example.xyz/a", "link"),
        ("hadiah-gratis.com", "link"),
    ],
)
def test_what_nobody_needs_shows_it(text, signal):
    assert signal in seen(text).signals


def test_a_long_text_of_ones_own_is_not_doubtful_for_naming_no_need():
    assert "no_need" in seen("cuaca hari ini cerah", asks=False).signals
    assert seen("di belakang rumah pak haji ada suara aneh sejak magrib tadi", asks=False).signals == ()


def test_numbers_case_signs_and_links_do_not_make_a_text_another():
    one = seen("Kirim 5 selimut ke RT 07, lihat https://a.example.com/1")
    other = seen("kirim 31 SELIMUT ke rt 1 lihat https://b.example.com/2!!")
    assert (one.words, one.pairs) == (other.words, other.pairs)


def test_worn_words_hold_a_bare_report_and_a_full_one_only_with_its_pairs():
    bare, full = seen("butuh air dan selimut"), seen("butuh air dan selimut", is_full=True)
    assert weighed(bare, used=60).over == ()
    assert weighed(bare, used=61).over == ("words",)
    words_only = [61] * len(full.words) + [60] * len(full.pairs)
    assert abuse.weigh(full, {}, words_only, LIMITS).over == ()
    assert weighed(full, used=61).over == ("words",)


def test_a_report_without_a_text_is_known_by_what_its_form_tells():
    water = ["water", "12", "107.14,-6.82"]
    assert seen("", told=water).words == seen("", told=water).words != seen("", told=["rice", "12", ""]).words
    assert seen("", told=["", ""]).words == ()
    assert weighed(seen("", told=[""]), used=99).over == ()


def test_an_address_that_thousands_share_holds_only_what_is_doubtful_or_cannot_be_asked_back():
    crowd = {"address": LIMITS.address + 1, "everyone": LIMITS.everyone + 1}
    assert weighed(seen("butuh perahu di RW 4"), **crowd).over == ()
    assert weighed(seen("butuh perahu di RW 4", reachable=False), **crowd).over == ("address", "everyone")
    assert weighed(seen("halo semua", asks=False), **crowd).over == ("address", "everyone")


def test_a_few_doubtful_reports_pass_and_many_do_not():
    doubtful = seen("halo semua", asks=False)
    assert weighed(doubtful, doubtful_here=30, doubtful=100).over == ()
    assert weighed(doubtful, doubtful_here=31, doubtful=1).over == ("doubtful_here",)
    assert weighed(seen("butuh perahu"), doubtful_here=31, doubtful=101).over == ()


def test_who_was_right_before_only_has_limits_of_device_and_phone():
    assert not weighed(seen("butuh air"), used=99).is_doubted(is_known=True)
    assert weighed(seen("butuh air"), used=99).is_doubted(is_known=False)
    assert weighed(seen("butuh air"), device=21).is_doubted(is_known=True)
    assert not weighed(seen("butuh air")).is_doubted(is_known=False)


def test_what_is_alike_is_one_group():
    groups = [weighed(seen(f"menang hadiah {n} juta"), used=99).group for n in range(3)]
    assert len(set(groups)) == 1
    assert groups[0].startswith("words:")
    assert weighed(seen("ke www.spam.example.xyz/7"), doubtful=101).group == "link:spam.example.xyz"
    assert weighed(seen("asdfgh qwerty zxcvbnm"), doubtful=101).group == "gibberish"


def test_a_devices_mark_cannot_be_made_up():
    mark = screening.mark_of(None, KEYS)
    assert mark.is_new
    assert screening.mark_of(mark.text, KEYS) == screening.Mark(mark.text, is_new=False)
    for forged in ("a" * 32 + "." + "b" * 32, mark.text[:-1] + "x", "x", "é.é"):
        assert screening.mark_of(forged, KEYS).is_new


def test_an_address_of_version_six_is_that_of_a_household():
    def address(text):
        return screening.sender_of(text, screening.Mark("m", is_new=True), KEYS).address

    assert address("2404:8000:1:2::1") == address("2404:8000:1:2:ffff::9") != address("2404:8000:1:3::1")
    assert address("::ffff:36.68.1.1") == address("36.68.1.1") != address("36.68.1.2")


def test_the_limits_are_a_setting(tmp_path):
    def limits(text):
        return from_env({"DATA_DIR": str(tmp_path), "REPORT_LIMITS": text}).report_limits

    assert limits("") == REPORT_LIMITS
    assert limits("words=5 device=2") == {**REPORT_LIMITS, "words": 5, "device": 2}
    assert abuse.Limits(**limits("off")).is_off
    for wrong in ("word=5", "words=-1", "words", "words=many"):
        with pytest.raises(SettingError, match="REPORT_LIMITS"):
            limits(wrong)
