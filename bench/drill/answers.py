"""Who says yes: the same volunteer gives the same answer to the same work whichever policy asks."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

DECLINES: Final = 0.5
"""Of those who do not accept, how many say so; the others stay silent until the deadline."""
WITHIN_MIN: Final = 10.0
"""Who answers does so within this, or within the offer's deadline where that is sooner; any moment is as likely."""
YES_ON_THE_PHONE: Final = 0.5
"""How many say yes to a coordinator who calls them. These three are assumptions of ours."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`says` to an offer and after how many `minutes`, and whether they say yes `on_the_phone`."""

    says: str
    minutes: float
    on_the_phone: bool


@dataclass(frozen=True)
class Answers:
    """The answers of one run: `acceptance` is the share of offers that are accepted."""

    seed: int
    acceptance: float

    def of(self, volunteer: int, work: str, deadline_min: float) -> Answer:
        """What a volunteer answers to an offer of that work."""
        digest = blake2b(f"{self.seed}/{volunteer}/{work}".encode(), digest_size=16).digest()
        parts = (int.from_bytes(digest[n : n + 4], "big") / 2**32 for n in (0, 4, 8, 12))
        first, second, when, phone = parts
        says = "accept" if first < self.acceptance else "decline" if second < DECLINES else "silence"
        return Answer(says, when * min(deadline_min, WITHIN_MIN), phone < YES_ON_THE_PHONE)
