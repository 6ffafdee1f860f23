"""Passwords that are tried first are refused; what a person makes up of words of their own is taken."""

import pytest

from server.domain.errors import Invalid
from server.services import passwords

TAKEN = ["kuda lumping makan rumput", "correct horse battery staple", "x9-Kq_v7!mmPz2w", "sandi baru yang panjang"]
REFUSED = [
    "password123456789", "123456789012345", "qwertyuiopasdfgh", "aaaaaaaaaaaaaaaa", "iloveyouiloveyou",
    "abcdefghijklmnop", "passwordpassword", "a" * 500, "tanggaptanggap1", "koordinator12345", "bandung bandung bandung",
    "sitinurhaliza11", "SitiNurhaliza2026",
]  # fmt: skip


@pytest.mark.parametrize("password", TAKEN)
def test_words_of_ones_own_are_taken(password):
    passwords.refuse_guessable(password, "siti", "new")


@pytest.mark.parametrize("password", REFUSED)
def test_what_is_tried_first_is_refused_by_its_field(password):
    with pytest.raises(Invalid) as refusal:
        passwords.refuse_guessable(password, "sitinurhaliza", "new")
    assert {name: problem.code for name, problem in refusal.value.fields.items()} == {"new": "password_guessable"}
