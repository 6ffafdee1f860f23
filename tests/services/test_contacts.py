"""Phone numbers in every spelling become one; sealed ones open with their own key only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import Invalid
from server.services.contacts import normalise_phone, open_phone, open_text, phone_index, seal_phone, seal_text

KEY = "a secret of the test"


@pytest.mark.parametrize(
    "spelling",
    [
        "081234567890",
        "0812-3456-7890",
        "0812 3456 7890",
        "0812.3456.7890",
        "(0812) 3456-7890",
        "+62 812 3456 7890",
        "+62-812-3456-7890",
        "+62 (0)812 3456 7890",
        "+62 0812 3456 7890",
        "6281234567890",
        "62 812-3456-7890",
        "62081234567890",
        "81234567890",
        "812-3456-7890",
        "0062 812 3456 7890",
        "006281234567890",
        "tel:+6281234567890",
        "  0812\u00a03456\u00a07890 ",
        "٠٨١٢٣٤٥٦٧٨٩٠",
    ],
)
def test_one_number_in_every_spelling(spelling: str) -> None:
    assert normalise_phone(spelling) == "+6281234567890"


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("022-4203050", "+62224203050"),
        ("(022) 420 3050", "+62224203050"),
        ("+62 22 4203050", "+62224203050"),
        ("0263 261234", "+62263261234"),
        ("+65 6123 4567", "+6561234567"),
    ],
)
def test_fixed_lines_and_numbers_from_abroad(spelling: str, expected: str) -> None:
    assert normalise_phone(spelling) == expected


@pytest.mark.parametrize(
    "spelling",
    ["", "   ", "0812", "12345", "nomor saya", "0812345678901234567", "+62", "++", "112", "08" * 30, "0812;DROP", "<b>"],
)
def test_a_wrong_number_names_its_field(spelling: str) -> None:
    with pytest.raises(Invalid) as caught:
        normalise_phone(spelling, field="contact.phone")
    assert set(caught.value.fields) == {"contact.phone"}
    assert caught.value.fields["contact.phone"].code == "phone_wrong"


@given(st.integers(10**7, 10**8 - 1))
def test_a_normal_number_stays_itself(digits: int) -> None:
    once = normalise_phone(f"0812{digits}")
    assert normalise_phone(once) == once
    assert once == f"+62812{digits}"


def test_a_sealed_phone_opens_with_its_key_only() -> None:
    sealed = seal_phone("+6281234567890", KEY)
    assert sealed.last3 == "890"
    assert b"812" not in sealed.enc
    assert open_phone(sealed.enc, KEY) == "+6281234567890"
    with pytest.raises(ValueError, match="another key"):
        open_phone(sealed.enc, "another secret")
    with pytest.raises(ValueError, match="another key"):
        open_text(sealed.enc, KEY, "name")


def test_a_changed_seal_does_not_open() -> None:
    enc = bytearray(seal_text("Ibu Sari", KEY, "name"))
    enc[-1] ^= 1
    with pytest.raises(ValueError, match="changed"):
        open_text(bytes(enc), KEY, "name")
    with pytest.raises(ValueError, match="changed"):
        open_text(b"short", KEY, "name")


def test_the_index_finds_the_same_number_and_the_seal_does_not_show_it() -> None:
    one, two = seal_phone("+6281234567890", KEY), seal_phone("+6281234567890", KEY)
    assert one.index == two.index == phone_index("+6281234567890", KEY)
    assert one.enc != two.enc
    assert phone_index("+6281234567891", KEY) != one.index
    assert phone_index("+6281234567890", "another secret") != one.index


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    sealable = text.encode("utf-8", "ignore").decode()
    assert open_text(seal_text(sealable, KEY, "name"), KEY, "name") == sealable
