"""What the services of sites, stock, volunteers, gifts, claims, hazards and photos accept."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, AwareDatetime, Field

from server.domain.solo import MOST_TOGETHER
from server.services.inputs import AreaCode, Input, Line, PlaceIn, Quantity, Text
from server.services.inputs_dispatch import Reason, Version

Name = Annotated[Line, Field(min_length=2, max_length=120)]
Note = Annotated[Text | None, Field(max_length=400)]
Reasoned = Annotated[Note, Field(validation_alias=AliasChoices("note", "reason"))]
"""A note on a change of stock whose reason is plain already; who writes `reason` means the same."""
Link = Annotated[Line, Field(pattern=r"^https?://[^\s]{3,}$")]
SiteKind = Literal["warehouse", "post", "health_centre", "clinic", "hospital", "shelter"]
HazardKind = Literal["flood", "landslide", "earthquake", "eruption", "fire", "other"]
Skill = Literal["ambulance", "cooking", "driving", "evacuation", "medical", "psychosocial", "search_and_rescue"]
Skills = Annotated[list[Skill], Field(max_length=20)]
Vehicle = Literal["foot", "motorcycle", "car", "boat", "pickup", "truck"]
Team = Annotated[int | None, Field(strict=True, ge=1, le=MOST_TOGETHER)]
"""How many people go together."""


class ListIn(Input):
    """Which part of a list: an incident's slug, an area, a state, beyond which entry, how many."""

    incident: Line | None = None
    area: AreaCode | None = None
    state: Line | None = None
    cursor: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class SiteIn(Input):
    """A new site, at a point or somewhere in an area; `declared_area` is where others say it lies."""

    incident: Line | None = None
    name: Name
    kind: SiteKind
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    declared_area: AreaCode | None = None
    address: Annotated[Text | None, Field(max_length=400)] = None
    is_public: bool = False


class SiteChangeIn(Input):
    """What changes of a site; what is left out stays. `version` is the one that was looked at."""

    version: Version = None
    name: Name | None = None
    kind: SiteKind | None = None
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    address: Annotated[Text | None, Field(max_length=400)] = None
    is_public: bool | None = None
    is_open: bool | None = None


class OnceIn(Input):
    """A change of stock; the same `client_id` again is the same change and gets the same answer."""

    client_id: UUID | None = None


class ReceiveIn(OnceIn):
    """Goods that came to a site."""

    site_id: UUID
    item: Line
    quantity: Quantity
    expiry: date | None = None
    note: Reasoned = None


class AdjustIn(OnceIn):
    """A count: the lot really holds `counted`; why it differs is written down.

    `on_hand` is what the ledger said when it was counted: what came and went since then, as a count that is sent later
    finds it, stays as it is.
    """

    lot_id: UUID
    counted: Annotated[int, Field(strict=True, ge=0, le=100_000_000)]
    on_hand: Annotated[int | None, Field(strict=True, ge=0, le=100_000_000)] = None
    reason: Reason


class TransferIn(OnceIn):
    """Goods that go from one site to another."""

    lot_id: UUID
    to_site_id: UUID
    quantity: Quantity
    note: Reasoned = None


class WriteOffIn(OnceIn):
    """Goods that cannot be given to anybody any more."""

    lot_id: UUID
    quantity: Quantity
    reason: Literal["expired", "damaged", "lost"]
    note: Note = None


class BreakIn(OnceIn):
    """Kits that are opened, so that what they hold can be given out in parts."""

    lot_id: UUID
    quantity: Quantity
    reason: Reason


class GiftIn(OnceIn):
    """What a donor gave, and where; `donor` is kept sealed, `shown_as` is what the public page says.

    `pledge` is the code under which it was promised: the gift keeps it.
    """

    incident: Line | None = None
    donor: Annotated[Line | None, Field(max_length=120)] = None
    shown_as: Annotated[Line | None, Field(max_length=60)] = None
    item: Line
    quantity: Quantity
    site_id: UUID
    expiry: date | None = None
    pledge: Annotated[Line | None, Field(max_length=40)] = None


class PledgeIn(Input):
    """What a donor says they will give: goods, or money in whole rupiah. Who pledges money leaves a phone number.

    `client_id` is made before the first try: the same pledge sent twice is one.
    """

    client_id: UUID
    incident: Line | None = None
    kind: Literal["goods", "money"]
    item: Line | None = None
    quantity: Quantity | None = None
    rupiah: Annotated[int | None, Field(strict=True, ge=1, le=1_000_000_000_000)] = None
    donor: Annotated[Line | None, Field(max_length=120)] = None
    phone: Annotated[Line | None, Field(max_length=40)] = None
    shown_as: Annotated[Line | None, Field(max_length=60)] = None


class VolunteerIn(Input):
    """Somebody who wants to help; without `consent` nothing is kept."""

    incident: Line | None = None
    name: Name
    phone: Annotated[Line, Field(max_length=40)]
    home_area: AreaCode
    skills: Skills = Field(default_factory=list)
    vehicle: Vehicle | None = None
    consent: bool = False


class CheckinIn(Input):
    """Where a volunteer is and until when they help; skills and vehicle as they signed up if left out.

    Without `team` the vehicle tells how many go together (`solo.CREWS`).
    """

    incident: Line | None = None
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    until: AwareDatetime
    skills: Skills | None = None
    vehicle: Vehicle | None = None
    team: Team = None


class CheckinChangeIn(Input):
    """What changes of the current check-in; what is left out stays."""

    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    until: AwareDatetime | None = None
    skills: Skills | None = None
    vehicle: Vehicle | None = None
    team: Team = None


Wording = Annotated[Text, Field(min_length=5, max_length=500)]
CutKind = Literal["road_cut", "bridge_cut"]


class ClaimIn(Input):
    """A rumour, where it is about, and where it was seen; the address is stored, never fetched.

    `kind`: that a road or a bridge is cut, which closes it when it turns out to be true.
    """

    incident: Line | None = None
    text: Annotated[Text, Field(min_length=5)]
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    source_url: Link | None = None
    kind: CutKind | None = None


class VerdictIn(Input):
    """A step of a claim's check; a finding says in `verdict` what is known, and waits for a second person.

    `text`: the claim as everybody will read it, without names and numbers of people. Of a true one that a road or a
    bridge is cut (`kind`): the `place`, the metres around it that are closed, and for how many hours. `reason`: why a
    finding is given back.
    """

    version: Version = None
    verdict: Annotated[Text | None, Field(max_length=2000)] = None
    source_url: Link | None = None
    text: Wording | None = None
    kind: CutKind | None = None
    place: PlaceIn | None = None
    radius_m: Annotated[int | None, Field(strict=True, ge=50, le=5_000)] = None
    hours: Annotated[int | None, Field(strict=True, ge=1, le=720)] = None
    reason: Annotated[Text | None, Field(max_length=400)] = None


class EvidenceIn(Input):
    """What somebody found about a claim, and where; the address is stored, never fetched."""

    found: Annotated[Text, Field(min_length=3, max_length=2000)]
    source_url: Link | None = None


class JoinIn(Input):
    """The claim that another one is the same as."""

    into: UUID


class AskIn(Input):
    """A rumour that somebody heard and asks about; who leaves a phone may be told by it.

    `client_id` is made before the first try: the same question sent twice is one.
    """

    client_id: UUID
    incident: Line | None = None
    text: Wording
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    place_text: Line | None = None
    source_url: Link | None = None
    phone: Annotated[Line | None, Field(max_length=40)] = None


class ClosureIn(Input):
    """A road that cannot be used: its line as GeoJSON, from when and until when (open if left out)."""

    incident: Line | None = None
    shape: dict[str, Any]
    note: Note = None
    begins_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class HazardIn(ClosureIn):
    """A dangerous area or line as GeoJSON, from when and until when."""

    kind: HazardKind


class EndIn(Input):
    """The end of something that holds."""

    version: Version = None
