"""What an incident may set for itself. Everywhere null takes a figure of its own back to the default."""

from typing import Annotated

from pydantic import Field

from server.services.inputs import Input

Size = Annotated[int | None, Field(strict=True, ge=1, le=50)]
Seconds = Annotated[int | None, Field(strict=True, ge=1, le=86_400)]
Number = Annotated[int | None, Field(strict=True, ge=1, le=1_000)]
Minutes = Annotated[int | None, Field(strict=True, ge=1, le=100_000)]
TimeOfDay = Annotated[str | None, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


def _figure(least: float, most: float) -> object:
    return Field(ge=least, le=most, allow_inf_nan=False)


class RoundIn(Input):
    """How many volunteers are asked at once, and for how many seconds."""

    size: Size = None
    seconds: Seconds = None


class OffersIn(Input):
    """The closed loop of offers, by tier and for all."""

    t0: RoundIn | None = Field(None, alias="0")
    t1: RoundIn | None = Field(None, alias="1")
    t2: RoundIn | None = Field(None, alias="2")
    t3: RoundIn | None = Field(None, alias="3")
    ask_a_person_after: Number = None
    most_per_hour: Number = None
    give_up_after_hours: Annotated[float | None, _figure(0.01, 720)] = None


class NightIn(Input):
    """When nobody is asked to go alone, in WIB; the same twice: there is no night."""

    begins: TimeOfDay = None
    ends: TimeOfDay = None


class OverdueIn(Input):
    """How long after they were expected the alarm about a volunteer is raised."""

    slack_minutes: Annotated[float | None, _figure(0, 1_440)] = None


class PlanningIn(Input):
    """Seconds for a plan, and how much fairness between villages counts (0: not at all)."""

    seconds: Annotated[float | None, _figure(0.1, 600)] = None
    fairness: Annotated[float | None, _figure(0, 100)] = None


class ClockIn(Input):
    """Minutes from a report to the first answer, to the first offer and until it is settled."""

    seen: Minutes = None
    offer: Minutes = None
    settled: Minutes = None


class ClocksIn(Input):
    """The clocks by tier."""

    t0: ClockIn | None = Field(None, alias="0")
    t1: ClockIn | None = Field(None, alias="1")
    t2: ClockIn | None = Field(None, alias="2")
    t3: ClockIn | None = Field(None, alias="3")


class SettingsIn(Input):
    """What changes of an incident's settings; what is left out stays."""

    offers: OffersIn | None = None
    night: NightIn | None = None
    overdue: OverdueIn | None = None
    plan: PlanningIn | None = None
    clocks: ClocksIn | None = None
