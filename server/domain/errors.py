"""What can go wrong, as values: a code from web/i18n `errors.*` and the numbers its sentence needs.

The HTTP edge (`server/api/errors.py`) and the commands turn them into sentences in the reader's
language; nothing below the edges writes sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one field: `code` names the sentence, `params` fill it."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class DomainError(Exception):
    """Base of every refusal that a caller can understand and act on."""

    code = "error"

    def __init__(self, code: str | None = None, /, **params: Any) -> None:
        super().__init__(code or self.code)
        self.code = code or self.code
        self.params = params


class Invalid(DomainError):
    """The input is wrong; `fields` names every wrong field at once."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, Problem]) -> None:
        super().__init__("invalid")
        self.fields = dict(fields)

    def __str__(self) -> str:
        return "; ".join(f"{name}: {problem.code}" for name, problem in self.fields.items())


class NotSignedIn(DomainError):
    """Nobody is signed in and the call needs somebody."""

    code = "not_signed_in"


class Forbidden(DomainError):
    """Signed in, but without the permission for this area."""

    code = "forbidden"


class NotFound(DomainError):
    """No such thing, or none that the caller may know of: both look the same."""

    code = "not_found"


class Conflict(DomainError):
    """The thing has moved on; `state` is its present form, so that the caller can look and decide."""

    code = "conflict"

    def __init__(self, code: str | None = None, /, state: Any = None, **params: Any) -> None:
        super().__init__(code, **params)
        self.state = state


class WrongTransition(Conflict):
    """The lifecycle has no such step from the present state."""

    code = "wrong_transition"


class Gone(DomainError):
    """What is asked for was kept for its time only."""

    code = "gone"


class TooMany(DomainError):
    """A limit on tries was reached; `retry_after_s` seconds until the next one counts."""

    code = "too_many"
