"""Phone numbers in every spelling become one; sealed ones open with their own key only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import Invalid
from server.services.contacts import Keys, normalise_phone, open_sealed, phone_index, seal_phone, seal_text

KEYS = Keys.from_secret("a secret of the test")
OTHER = Keys.from_secret("another secret")


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
    [
        "",
        "   ",
        "0812",
        "12345",
        "nomor saya",
        "0812345678901234567",
        "+62",
        "++",
        "112",
        "08" * 30,
        "0812;DROP",
        "<b>",
    ],
)
def test_a_wrong_number_names_its_field(spelling: str) -> None:
    with pytest.raises(Invalid) as caught:
        normalise_phone(spelling, name="contact.phone")
    assert set(caught.value.fields) == {"contact.phone"}
    assert caught.value.fields["contact.phone"].code == "phone_wrong"


@given(st.integers(10**7, 10**8 - 1))
def test_a_normal_number_stays_itself(digits: int) -> None:
    once = normalise_phone(f"0812{digits}")
    assert normalise_phone(once) == once
    assert once == f"+62812{digits}"


def test_a_sealed_phone_opens_with_its_key_only() -> None:
    sealed = seal_phone("+6281234567890", KEYS)
    assert sealed.last3 == "890"
    assert b"812" not in sealed.enc
    assert open_sealed(sealed.enc, KEYS) == "+6281234567890"
    with pytest.raises(ValueError, match="another key"):
        open_sealed(sealed.enc, OTHER)


def test_a_changed_seal_does_not_open() -> None:
    enc = bytearray(seal_text("Ibu Sari", KEYS))
    enc[-1] ^= 1
    with pytest.raises(ValueError, match="changed"):
        open_sealed(bytes(enc), KEYS)
    with pytest.raises(ValueError, match="changed"):
        open_sealed(b"short", KEYS)


def test_the_index_finds_the_same_number_and_the_seal_does_not_show_it() -> None:
    one, two = seal_phone("+6281234567890", KEYS), seal_phone("+6281234567890", KEYS)
    assert one.index == two.index == phone_index("+6281234567890", KEYS)
    assert one.enc != two.enc
    assert phone_index("+6281234567891", KEYS) != one.index
    assert phone_index("+6281234567890", OTHER) != one.index


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    sealable = text.encode("utf-8", "ignore").decode()
    assert open_sealed(seal_text(sealable, KEYS), KEYS) == sealable


def test_keys_differ_by_purpose_and_are_not_shown() -> None:
    assert len({KEYS.sealing, KEYS.phones, KEYS.codes, OTHER.sealing}) == 4
    assert repr(KEYS) == "Keys()"
    assert Keys.from_secret("a secret of the test") == KEYS
