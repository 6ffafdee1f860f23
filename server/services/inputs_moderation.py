"""Inputs of the moderation queue."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from server.services.inputs import Input, Line, clean

Reason = Annotated[str, AfterValidator(clean), Field(min_length=3, max_length=400)]


class ChoiceIn(Input):
    """Which waiting reports: these, or all of a group that had come by `until` (what was seen, not what came since)."""

    reports: Annotated[list[Line], Field(min_length=1, max_length=2000)] | None = None
    group: Annotated[str, Field(max_length=200)] | None = None
    until: AwareDatetime | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.reports is None) == (self.group is None):
            raise ValueError("reports_or_group")
        return self


class BlockIn(Input):
    """By what the sender of a report is blocked, for how many hours, and why; the sender reads the reason."""

    kind: Literal["device", "phone", "address"]
    hours: Annotated[int, Field(strict=True, ge=1, le=720)]
    reason: Reason


class AppealAnswerIn(Input):
    """Whether a block that was objected to is lifted, and what its sender is told."""

    lift: bool
    reason: Reason


