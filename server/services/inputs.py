"""What services accept: the shapes of input, and one way to turn wrong input into named problems.

`parse` reports every wrong field at once as `Invalid`, with codes whose sentences stand in web/i18n
under `errors.*`; pydantic's own sentences never reach a person.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from server.domain.errors import Invalid, Problem

TEXT_MAX = 4000
PEOPLE_MAX = 100_000
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(value: str) -> str:
    """The text without outer space. Raises ValueError for characters that no text has."""
    if _FORBIDDEN.search(value):
        raise ValueError("bad_character")
    return value.strip()


Text = Annotated[str, AfterValidator(clean), Field(max_length=TEXT_MAX)]
Line = Annotated[str, AfterValidator(clean), Field(max_length=200)]
AreaCode = Annotated[str, Field(pattern=r"^\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?$")]
Count = Annotated[int, Field(strict=True, ge=0, le=PEOPLE_MAX)]
Quantity = Annotated[int, Field(strict=True, ge=1, le=100_000_000)]
Channel = Literal["web", "phone", "sms", "whatsapp", "social", "field", "import", "api"]


class Input(BaseModel):
    """Base of all inputs: unknown fields are named, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaceIn(Input):
    """A point in WGS84 degrees, with the radius in metres within which the true place lies.

    A latitude beyond 90 is let through here: `places` sees whether the two were swapped.
    """

    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    accuracy_m: Annotated[float | None, Field(ge=0, le=1_000_000, allow_inf_nan=False)] = None


class VulnerableIn(Input):
    """Counts of people per group of UU 24/2007 art. 55; never names."""

    infants: Count = 0
    children: Count = 0
    pregnant: Count = 0
    elderly: Count = 0
    disabled: Count = 0


class DangerIn(Input):
    """The four questions that make a report T0."""

    trapped: bool = False
    medical: bool = False
    rising: bool = False
    vital: bool = False


class WantedIn(Input):
    """An item that is asked for; without a quantity the norm for the people decides."""

    item: Line
    quantity: Quantity | None = None


class ContactIn(Input):
    """How to reach the reporter; both may be left out."""

    name: Annotated[str, AfterValidator(clean), Field(max_length=120)] | None = None
    phone: Annotated[str, AfterValidator(clean), Field(max_length=40)] | None = None


class ReportIn(Input):
    """What one person tells us: at least a place of any kind, and a text, a need or a danger."""

    client_id: UUID
    incident: Line | None = None
    text: Text | None = None
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    place_text: Annotated[str, AfterValidator(clean), Field(max_length=300)] | None = None
    people: Annotated[int, Field(strict=True, ge=1, le=PEOPLE_MAX)] | None = None
    vulnerable: VulnerableIn | None = None
    danger: DangerIn | None = None
    needs: Annotated[list[WantedIn], Field(max_length=50)] | None = None
    contact: ContactIn | None = None
    on_behalf: bool = False
    same_as: Line | None = None
    channel: Channel = "web"
    consent: Annotated[str, Field(max_length=20)] | None = None


class TrackIn(Input):
    """What a reporter adds to their own report, by its tracking code; of a danger also that there is none."""

    action: Literal["add_info", "answer", "confirm", "not_yet", "reopen", "rate", "cancel", "appeal"]
    text: Text | None = None
    rating: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    area_code: AreaCode | None = None
    place: PlaceIn | None = None
    place_text: Annotated[str, AfterValidator(clean), Field(max_length=300)] | None = None
    people: Annotated[int, Field(strict=True, ge=1, le=PEOPLE_MAX)] | None = None
    danger: dict[Literal["trapped", "medical", "rising", "vital"], bool] | None = None
    phone_last4: Annotated[str, Field(pattern=r"^\d{4}$")] | None = None


Six = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Password = Annotated[str, Field(min_length=15, max_length=500)]


class SessionIn(Input):
    """Name and password, and the six digits of an authenticator (or a recovery code) when the account has one."""

    name: Line
    password: Annotated[str, Field(max_length=500)]
    totp: Six | None = None
    recovery: Annotated[str, Field(max_length=40)] | None = None


class OwnDataIn(Input):
    """What a person asks for about themselves, by their code and phone: all of it, corrected, or deleted."""

    action: Literal["give", "correct", "erase"]
    phone: Annotated[str, AfterValidator(clean), Field(max_length=40)] | None = None
    name: Annotated[str, AfterValidator(clean), Field(max_length=120)] | None = None
    new_phone: Annotated[str, AfterValidator(clean), Field(max_length=40)] | None = None


class PasswordIn(Input):
    """A change of one's own password; the new one has at least 15 characters (NIST SP 800-63B-4)."""

    old: Annotated[str, Field(max_length=500)]
    new: Password


class ReasonIn(Input):
    """Why a person does something that is written down."""

    reason: Annotated[str, AfterValidator(clean), Field(min_length=3, max_length=400)]


class CaseActionIn(Input):
    """What a verifier or coordinator does with a case; `reason` where a person overrides the system.

    `into` is another case, which this one joins; `take` are cases that join this one; `about` is what is asked about.
    """

    version: int | None = None
    reason: Text | None = None
    text: Text | None = None
    about: Literal["place", "people", "danger"] | None = None
    into: Annotated[int, Field(strict=True, ge=1, le=2**62)] | None = None
    take: Annotated[list[Annotated[int, Field(strict=True, ge=1, le=2**62)]], Field(max_length=200)] | None = None
    report_ids: Annotated[list[Line], Field(max_length=200)] | None = None
    tier: Annotated[int, Field(strict=True, ge=0, le=3)] | None = None
    people: Annotated[int, Field(strict=True, ge=1, le=PEOPLE_MAX)] | None = None
    place: PlaceIn | None = None
    area_code: AreaCode | None = None
    needs: Annotated[list[WantedIn], Field(max_length=50)] | None = None


class LookIn(Input):
    """Whether one looks at a case, or does so no more."""

    away: bool = False


class IncidentIn(Input):
    """A new incident with its operating area: bounds (west, south, east, north) or area codes."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,40}$")]
    name: Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=200)]
    kind: Line = "other"
    bounds: tuple[float, float, float, float] | None = None
    areas: list[AreaCode] | None = None
    training: bool = False
    opened_at: datetime | None = None


T = TypeVar("T", bound=BaseModel)

_CODES: Mapping[str, str] = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_many_entries",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "int_type": "whole_number",
    "int_from_float": "whole_number",
    "int_parsing": "whole_number",
    "int_parsing_size": "too_large",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "bool_type": "yes_or_no",
    "bool_parsing": "yes_or_no",
    "string_type": "text_wanted",
    "literal_error": "not_one_of",
    "enum": "not_one_of",
    "uuid_parsing": "uuid_wanted",
    "uuid_type": "uuid_wanted",
    "string_pattern_mismatch": "wrong_form",
    "model_type": "object_wanted",
    "model_attributes_type": "object_wanted",
    "dict_type": "object_wanted",
    "list_type": "list_wanted",
    "datetime_parsing": "time_wanted",
    "datetime_from_date_parsing": "time_wanted",
    "datetime_type": "time_wanted",
    "timezone_aware": "time_offset_wanted",
    "date_parsing": "date_wanted",
    "date_from_datetime_parsing": "date_wanted",
    "date_type": "date_wanted",
    "string_unicode": "bad_character",
}
_PARAMS: Mapping[str, str] = {
    "ge": "least",
    "le": "most",
    "max_length": "most",
    "min_length": "least",
    "expected": "choices",
}


def parse(model: type[T], data: object) -> T:
    """The input as `model`. Raises Invalid with a problem for every wrong field."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid(problems(error)) from None


def problems(error: ValidationError) -> dict[str, Problem]:
    """pydantic's findings as our codes, by dotted field name; the whole body is `body`."""
    found: dict[str, Problem] = {}
    for item in error.errors(include_url=False):
        name = ".".join(str(part) for part in item["loc"]) or "body"
        context: Mapping[str, Any] = item.get("ctx", {})
        if item["type"] == "value_error":
            found[name] = Problem(str(context["error"]))
            continue
        params = {ours: context[theirs] for theirs, ours in _PARAMS.items() if theirs in context}
        # A length that is checked after a check of ours is called too_long, like a list's.
        is_length = isinstance(item["input"], str) and item["type"] in ("too_long", "too_short")
        kind = f"string_{item['type']}" if is_length else item["type"]
        found.setdefault(name, Problem(_CODES.get(kind, "wrong_form"), params))
    return found


UNIT = r"^(\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?|[a-z][a-z0-9-]{1,39})$"


class PassIn(Input):
    """A unit that is to take a case over, or one need of it: an area's code or an agency's."""

    to: Annotated[str, Field(pattern=UNIT)]
    reason: Annotated[Line, Field(min_length=1)]
    need_id: Annotated[int, Field(strict=True, ge=1, le=2**62)] | None = None


class AnswerIn(Input):
    """Why a referral is given back; else a remark."""

    reason: Line | None = None


class AgencyIn(Input):
    """An agency: its short code, what people call it, and the area that it answers for."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    name: Annotated[Line, Field(min_length=1)]
    kind: Literal["bpbd", "dinas", "pmi", "ngo"]
    area: AreaCode
