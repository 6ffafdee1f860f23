"""Passwords that guessers try first are refused: common ones, rows of keys, repetitions, words of this place."""

from server.domain.errors import Invalid, Problem

LEAST_GUESSES = 1e8
"""What zxcvbn calls safe against guessing at a door; ours takes five tries an hour."""
LOOKED_AT = 72
"""Characters; its time grows with their square."""
OUR_WORDS = (
    "tanggap", "bpbd", "pmi", "pusdalops", "jabar", "jawabarat", "jawa", "barat", "bandung", "cianjur", "bencana",
    "darurat", "relawan", "posko", "koordinator", "petugas", "admin", "sandi", "rahasia", "password",
)  # fmt: skip
"""Words that somebody who guesses here would begin with."""


def refuse_guessable(password: str, name: str, field: str) -> None:
    """Raises Invalid naming the field when the password of this user is among the first 10^8 that are tried."""
    # Late: its lists take 14 MB of a process, which most never need.
    from zxcvbn import zxcvbn  # noqa: PLC0415 - see above

    found = zxcvbn(password[:LOOKED_AT], user_inputs=[name, *OUR_WORDS])
    if found["guesses"] < LEAST_GUESSES:
        raise Invalid({field: Problem("password_guessable")})
