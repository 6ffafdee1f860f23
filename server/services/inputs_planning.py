"""What the services around plans accept: rulings on matches, new hands for an assignment, questions."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from server.services.inputs import Input, Line, Quantity, clean
from server.services.inputs_dispatch import NeedId, PlanIn, Reason, StepIn, Whole
from server.services.inputs_supply import Skills, Vehicle


class RulingIn(Input):
    """What a person decides about a match: that it is to be (`pin`), or not to be (`forbid`).

    A pin takes all that the source can give, or `quantity`.
    """

    need_id: NeedId
    kind: Literal["pin", "forbid"]
    lot_id: UUID | None = None
    volunteer_id: UUID | None = None
    quantity: Quantity | None = None
    reason: Reason


class ReassignIn(StepIn):
    """Another lot or another volunteer for an assignment, and why."""

    lot_id: UUID | None = None
    volunteer_id: UUID | None = None
    reason: Reason


class ChangeIn(Input):
    """One thing that might be otherwise; which fields it takes depends on its kind.

    add_stock: site_id, item, quantity. close_site: site_id. add_vehicle: site_id, vehicle, count. add_volunteer:
    site_id, skills, count. pin, forbid: need_id and lot_id or volunteer_id; a pin may say its quantity.
    """

    kind: Literal["add_stock", "close_site", "add_vehicle", "add_volunteer", "pin", "forbid"]
    site_id: UUID | None = None
    item: Line | None = None
    quantity: Quantity | None = None
    vehicle: Vehicle | None = None
    skills: Skills | None = None
    count: Annotated[int, Field(strict=True, ge=1, le=1_000)] | None = None
    need_id: NeedId | None = None
    lot_id: UUID | None = None
    volunteer_id: UUID | None = None


class WhatIfIn(PlanIn):
    """What a plan would be if things were otherwise."""

    changes: Annotated[list[ChangeIn], Field(min_length=1, max_length=20)]


class WaveIn(PlanIn):
    """A wave: what it is called, and when its vehicles leave."""

    name: Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=80)]
    departs_at: AwareDatetime


class WaveEditIn(Input):
    """What of a draft goes, comes back or changes, by the numbers of its matches; `version` is the one looked at."""

    version: Annotated[int, Field(strict=True, ge=1, le=2_000_000_000)]
    take_out: Annotated[list[Whole], Field(max_length=100_000, default_factory=list)]
    put_back: Annotated[list[Whole], Field(max_length=100_000, default_factory=list)]
    quantities: Annotated[dict[int, Quantity], Field(max_length=100_000, default_factory=dict)]
    reason: Reason
