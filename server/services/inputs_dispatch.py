"""What the services of planning and dispatch accept."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from server.services.inputs import AreaCode, Input, Line, PlaceIn, Quantity, Text

Whole = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Version = Annotated[int | None, Field(strict=True, ge=1, le=2_000_000_000)]
NeedId = Annotated[int, Field(strict=True, ge=1, le=2**62)]
Reason = Annotated[Text, Field(min_length=3, max_length=400)]


class PlanIn(Input):
    """A plan over all open needs of an incident (the standing one by default) in an area."""

    incident: Line | None = None
    area: AreaCode | None = None


class ApproveIn(Input):
    """Which matches of the plan to take, by number; all when not given."""

    only: Annotated[list[Whole], Field(max_length=100_000)] | None = None
    version: Version = None


class AssignIn(Input):
    """An assignment that a coordinator makes by hand: goods of a lot, or a volunteer for a service."""

    need_id: NeedId
    lot_id: UUID | None = None
    quantity: Quantity | None = None
    volunteer_id: UUID | None = None
    reason: Reason


class StepIn(Input):
    """A step of an assignment; `version` is the one that was looked at."""

    version: Version = None


class OfferIn(StepIn):
    """Whom to ask, and why although they go alone at night or into danger; nobody named begins the automatic round."""

    volunteer_id: UUID | None = None
    reason: Reason | None = None


class DeclineIn(StepIn):
    """Why not, if the volunteer cares to say."""

    reason: Annotated[Text, Field(max_length=400)] | None = None


class HandedIn(Input):
    """What was handed over of one need, when it was less than planned."""

    need_id: NeedId
    quantity: Annotated[int, Field(strict=True, ge=0, le=100_000_000)]


class DeliverIn(StepIn):
    """A hand-over: the recipient's four digits, or a photo with the place and time.

    Made offline and sent later, `client_id` makes it count once. The photo is sent before, by itself.
    """

    client_id: UUID | None = None
    code: Annotated[str | None, Field(pattern=r"^\d{4}$")] = None
    place: PlaceIn | None = None
    at: AwareDatetime | None = None
    lines: Annotated[list[HandedIn], Field(max_length=200)] | None = None


class FailIn(StepIn):
    """Why the assignment cannot be done, and whether its goods came back or are lost."""

    reason: Reason
    goods: Literal["returned", "lost"] = "returned"


class CancelIn(StepIn):
    """Why the assignment is called off."""

    reason: Reason


class DistressIn(Input):
    """A volunteer's call for help: when it was made on the phone, where, and a word on what is wrong.

    The same `client_id` again adds what was not known at once, such as the place.
    """

    client_id: UUID
    at: AwareDatetime | None = None
    place: PlaceIn | None = None
    note: Annotated[Text | None, Field(max_length=400)] = None
