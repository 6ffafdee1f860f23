"""What the services around plans accept: rulings on matches and new hands for an assignment."""

from typing import Literal
from uuid import UUID

from server.services.inputs import Input, Quantity
from server.services.inputs_dispatch import NeedId, Reason, StepIn


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


class ReasonIn(Input):
    """Why."""

    reason: Reason


class ReassignIn(StepIn):
    """Another lot or another volunteer for an assignment, and why."""

    lot_id: UUID | None = None
    volunteer_id: UUID | None = None
    reason: Reason
