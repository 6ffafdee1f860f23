"""What the services of sites, stock, volunteers, gifts, claims and hazards accept."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from server.services.inputs import AreaCode, Input, Line, PlaceIn, Quantity, Text, clean

SiteKind = Literal["warehouse", "post", "health_centre", "hospital", "shelter"]
Vehicle = Literal["foot", "motorcycle", "car", "pickup", "truck", "boat"]
Name = Annotated[str, AfterValidator(clean), Field(min_length=2, max_length=200)]


class SiteIn(Input):
    """A new site: by a point or an area code."""

    name: Name
    kind: SiteKind
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    address: Annotated[str, AfterValidator(clean), Field(max_length=400)] | None = None
    incident: Line | None = None
    public: bool = False


class ReceiveIn(Input):
    """Goods that arrive at a site."""

    site_id: UUID
    item: Line
    quantity: Quantity
    expiry: date | None = None
    note: Text | None = None


class AdjustIn(Input):
    """A count: the lot really holds `counted`; why it differs is written down."""

    lot_id: UUID
    counted: Annotated[int, Field(strict=True, ge=0, le=100_000_000)]
    reason: Annotated[str, AfterValidator(clean), Field(min_length=3, max_length=400)]


class TransferIn(Input):
    """Goods that go from one site to another."""

    lot_id: UUID
    to_site_id: UUID
    quantity: Quantity
    note: Text | None = None


class WriteOffIn(Input):
    """Goods that can no longer be given."""

    lot_id: UUID
    quantity: Quantity
    reason: Literal["expired", "damaged", "lost"]
    note: Text | None = None


class VolunteerIn(Input):
    """Somebody who wants to help; consent to keep their data is a must (UU PDP 27/2022)."""

    name: Name
    phone: Annotated[str, AfterValidator(clean), Field(max_length=40)]
    home_area: AreaCode
    skills: Annotated[list[Line], Field(max_length=30)] = []
    vehicle: Vehicle | None = None
    consent: bool


class CheckinIn(Input):
    """Where a volunteer is and until when they can help."""

    incident: Line | None = None
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    until: AwareDatetime
    skills: Annotated[list[Line], Field(max_length=30)] | None = None
    vehicle: Vehicle | None = None


class CheckinChangeIn(Input):
    """What changed since the check-in; what is left out stays."""

    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    until: AwareDatetime | None = None
    skills: Annotated[list[Line], Field(max_length=30)] | None = None
    vehicle: Vehicle | None = None


class GiftIn(Input):
    """A gift that arrives at a site and becomes a lot."""

    site_id: UUID
    item: Line
    quantity: Quantity
    expiry: date | None = None
    donor: Annotated[str, AfterValidator(clean), Field(max_length=200)] | None = None
    shown_as: Annotated[str, AfterValidator(clean), Field(max_length=80)] | None = None


class ClaimIn(Input):
    """A rumour to be checked. A URL is kept as text and never fetched."""

    text: Annotated[str, AfterValidator(clean), Field(min_length=3, max_length=4000)]
    area_code: AreaCode | None = None
    source_url: Annotated[str, AfterValidator(clean), Field(max_length=500)] | None = None
    incident: Line | None = None


class ClaimStepIn(Input):
    """The next step of a check, with the verdict in words where there is one."""

    action: Literal["check", "find_false_on_purpose", "find_false", "find_true", "clarify", "give_up"]
    verdict: Text | None = None
    version: int | None = None


class HazardIn(Input):
    """A dangerous area (GeoJSON Polygon) or a closed road (LineString) in WGS84."""

    kind: Line
    shape: dict[str, Any]
    note: Text | None = None
    ends_at: AwareDatetime | None = None
    incident: Line | None = None
