"""Tracking codes: the same for the same report, readable in any spelling, and telling of a slip."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from server.services import codes
from server.services.contacts import Keys

KEYS = Keys.from_secret("a secret of the tests")
uuids = st.uuids().map(str)


@given(uuids, st.integers(0, 9))
def test_a_code_is_the_same_for_the_same_report_and_reads_back(client_id, salt):
    code = codes.tracking_code(client_id, salt, KEYS)
    assert code == codes.tracking_code(client_id, salt, KEYS)
    assert codes.normalised(code) == code
    assert len(code) == 9
    assert code.isalnum()


@given(uuids)
def test_people_may_write_it_their_way(client_id):
    code = codes.tracking_code(client_id, 0, KEYS)
    spoken = f" {code[:4].lower()}-{code[4:8]} {code[8]} ".replace("0", "o").replace("1", "l")
    assert codes.normalised(spoken) == code


@given(uuids, st.integers(0, 8), st.sampled_from(codes.ALPHABET))
def test_one_wrong_character_is_noticed(client_id, place, letter):
    code = codes.tracking_code(client_id, 0, KEYS)
    slipped = code[:place] + letter + code[place + 1 :]
    assert slipped == code or codes.normalised(slipped) is None


def test_another_key_or_salt_gives_another_code():
    client_id = str(UUID(int=7))
    assert codes.tracking_code(client_id, 0, KEYS) != codes.tracking_code(client_id, 1, KEYS)
    other = Keys.from_secret("another secret")
    assert codes.tracking_code(client_id, 0, KEYS) != codes.tracking_code(client_id, 0, other)
    assert codes.index_of("ABC", KEYS) != codes.index_of("ABC", other)


def test_gift_codes_read_back():
    for _ in range(50):
        assert codes.normalised(codes.random_code())
