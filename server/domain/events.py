"""What happened, as facts: one class per kind, written to the outbox in the transaction of the change.

Every event says where (`incident_id`, `area`) and carries `rows`: the board rows that changed, by
noun, in their present form, so that a screen puts them in place of the old ones. Rows never hold a
phone number, a name of a reporter or a text: those are asked for, and audited, one by one.
`public()` is what an anonymous reader may see of the event: nothing, unless the class says otherwise.
What happens next because of an event stands in `workers/routes.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
PLACE_DECIMALS = 4
"""Decimals of a degree in board rows: 11 m."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events; `type` is the class name."""

    incident_id: str
    area: str
    rows: Rows = field(default_factory=dict)
    REGISTRY: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls) -> None:
        Event.REGISTRY[cls.__name__] = cls

    @property
    def type(self) -> str:
        """The name under which the event travels."""
        return type(self).__name__

    def data(self) -> dict[str, Any]:
        """Everything but the place, as plain JSON values."""
        return {name: value for name, value in vars(self).items() if name not in {"incident_id", "area"}}

    def public(self) -> Mapping[str, Any] | None:
        """The form that anybody may see, or None."""
        return None


def from_data(type_: str, incident_id: str, area: str, data: Mapping[str, Any]) -> Event:
    """The event that a stored row tells of. Raises KeyError for a type that no class names."""
    cls = Event.REGISTRY[type_]
    known = {f.name for f in fields(cls)}
    return cls(incident_id=incident_id, area=area, **{k: v for k, v in data.items() if k in known})


@dataclass(frozen=True, kw_only=True)
class ReportReceived(Event):
    """A report is on disk, with its case and needs."""

    report_id: str
    case_id: int
    tier: int


@dataclass(frozen=True, kw_only=True)
class ReportChanged(Event):
    """A report was verified, rejected, asked about, answered or marked as a duplicate."""

    report_id: str
    case_id: int
    action: str


@dataclass(frozen=True, kw_only=True)
class CaseChanged(Event):
    """A case got another tier, note, verdict, merge or split."""

    case_id: int
    action: str


@dataclass(frozen=True, kw_only=True)
class ClockChanged(Event):
    """What a case waits for now, or by when, is another (`stage` is None when all is done)."""

    case_id: int
    stage: str | None


@dataclass(frozen=True, kw_only=True)
class CaseEscalated(Event):
    """A clock of a case ran out (`stage`, at `due_at`), and the level above was told (`level`, `told_area`)."""

    case_id: int
    stage: str
    level: str
    told_area: str
    due_at: str


@dataclass(frozen=True, kw_only=True)
class CaseReferred(Event):
    """A case or a need of it was passed to another unit, or such a referral was answered (`state`)."""

    case_id: int
    referral_id: str
    to_unit: str
    state: str


@dataclass(frozen=True, kw_only=True)
class NeedsOpened(Event):
    """Needs were opened or changed, so that candidates and plans are out of date."""

    case_id: int
    need_ids: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class NeedsSettled(Event):
    """Needs were closed or cancelled."""

    case_id: int
    need_ids: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class PlanRequested(Event):
    """Somebody asked for a plan over all open needs."""

    plan_id: str


@dataclass(frozen=True, kw_only=True)
class PlanReady(Event):
    """A plan was worked out and waits for approval."""

    plan_id: str


@dataclass(frozen=True, kw_only=True)
class PlanChanged(Event):
    """The draft of a wave was edited."""

    plan_id: str


@dataclass(frozen=True, kw_only=True)
class PlanApproved(Event):
    """A plan was approved; its matches that still held became assignments."""

    plan_id: str
    assignment_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class RulingChanged(Event):
    """Somebody pinned or forbade a match, or took that back (`action`: pin, forbid, end)."""

    ruling_id: str
    case_id: int
    need_id: int
    action: str


@dataclass(frozen=True, kw_only=True)
class AssignmentProposed(Event):
    """An assignment holds its lots and waits for somebody to carry it."""

    assignment_id: str
    case_id: int


@dataclass(frozen=True, kw_only=True)
class OfferMade(Event):
    """An assignment was put to a volunteer, with a deadline; also told to the volunteer alone."""

    assignment_id: str
    offer_id: str
    volunteer_id: str
    deadline_at: str


@dataclass(frozen=True, kw_only=True)
class OfferClosed(Event):
    """An offer was declined, expired or withdrawn; also told to the volunteer alone."""

    assignment_id: str
    offer_id: str
    volunteer_id: str
    state: str


@dataclass(frozen=True, kw_only=True)
class AssignmentChanged(Event):
    """An assignment was accepted, set off, delivered, confirmed, cancelled or failed."""

    assignment_id: str
    case_id: int
    state: str
    volunteer_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class VolunteerChanged(Event):
    """A volunteer signed up, was accepted, or checked in or out."""

    volunteer_id: str
    action: str


@dataclass(frozen=True, kw_only=True)
class DistressChanged(Event):
    """A volunteer called for help, a person answered, or it is over; also told to the volunteer alone."""

    call_id: str
    volunteer_id: str
    state: str


@dataclass(frozen=True, kw_only=True)
class AccessLent(Event):
    """Somebody holds a role for some hours: as a deputy, or taken in an emergency; or it ended early (`is_over`)."""

    loan_id: str
    kind: str
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class SiteChanged(Event):
    """A site was added or changed."""

    site_id: str


@dataclass(frozen=True, kw_only=True)
class StockChanged(Event):
    """Ledger rows changed what a site holds."""

    site_id: str
    lot_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class GiftReceived(Event):
    """A gift came in and became lots."""

    gift_id: str


@dataclass(frozen=True, kw_only=True)
class GiftPledged(Event):
    """A donor said what they will give."""

    pledge_id: str


@dataclass(frozen=True, kw_only=True)
class ClaimChanged(Event):
    """A claim was received, asked about, checked, or a verdict was proposed, given back or confirmed."""

    claim_id: str
    state: str


@dataclass(frozen=True, kw_only=True)
class HazardChanged(Event):
    """A hazard area or a road closure began, changed or ended."""

    hazard_id: str


@dataclass(frozen=True, kw_only=True)
class PhotoAdded(Event):
    """A photo was added to a report or a delivery, hidden until moderated."""

    photo_id: str


@dataclass(frozen=True, kw_only=True)
class FiguresPublished(Event):
    """The public figures were cut anew on the fixed clock."""

    cut_at: str

    def public(self) -> Mapping[str, Any] | None:
        """The time of the cut: readers fetch the aggregates themselves."""
        return {"cut_at": self.cut_at}
