"""What happens because of what happened: every reaction of the system, on one screen.

Each event goes to the staff's rooms of its area and of those above. Besides, by class: the volunteer
whom it names may hear of it in their own room, and jobs may follow. What anybody may hear of an
event is its `public()` form. A batch of events becomes a set of jobs: 200 reports make one plan.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from server.domain import events
from server.domain.events import Event
from server.domain.rooms import PUBLIC, rooms_above, volunteer_room
from workers.queues import Job

Follows = Callable[[Event], tuple[Job, ...]]
LET_GO = ("failed", "cancelled", "expired", "withdrawn")
"""Assignment states in which what was held is free again."""
FREES_A_VOLUNTEER = (*LET_GO, "delivered")


@dataclass(frozen=True)
class Reaction:
    """Whether the volunteer whom the event names is told alone, and which jobs follow."""

    volunteer: bool = False
    follows: tuple[Follows, ...] = ()


def replan(event: Event) -> tuple[Job, ...]:
    """A new plan for the incident."""
    return (Job("replan", (event.incident_id,)),)


def replan_served(event: Event) -> tuple[Job, ...]:
    """New plans for every incident that the incident's sites and volunteers serve."""
    return (Job("replan_served", (event.incident_id,)),)


def make_plan(event: Event) -> tuple[Job, ...]:
    """Work out the plan that was asked for."""
    return (Job("make_plan", (event.plan_id,)),) if isinstance(event, events.PlanRequested) else ()


def make_offers(event: Event) -> tuple[Job, ...]:
    """Ask the next volunteers for the assignment."""
    if isinstance(event, events.AssignmentProposed | events.OfferClosed):
        return (Job("make_offers", (event.assignment_id,)),)
    return ()


def offer_waiting(event: Event) -> tuple[Job, ...]:
    """Try again for assignments for which nobody was there."""
    return (Job("offer_waiting", (event.incident_id,)),)


def compare_cases(event: Event) -> tuple[Job, ...]:
    """See which of the new cases may be the same as others."""
    return (Job("compare_cases", (event.incident_id,)),)


def when_let_go(event: Event) -> tuple[Job, ...]:
    """What was held is free again: plan anew."""
    return replan(event) if isinstance(event, events.AssignmentChanged) and event.state in LET_GO else ()


def when_freed(event: Event) -> tuple[Job, ...]:
    """A volunteer is free again: there may be something for them."""
    freed = isinstance(event, events.AssignmentChanged) and event.state in FREES_A_VOLUNTEER
    return offer_waiting(event) if freed else ()


TOLD = Reaction()
ROUTES: Mapping[type[Event], Reaction] = {
    events.ReportReceived: Reaction(follows=(compare_cases,)),
    events.ReportChanged: TOLD,
    events.CaseChanged: TOLD,
    events.ClockChanged: TOLD,
    events.CaseEscalated: TOLD,
    events.CaseReferred: TOLD,
    events.NeedsOpened: Reaction(follows=(replan,)),
    events.NeedsSettled: TOLD,
    events.PlanRequested: Reaction(follows=(make_plan,)),
    events.PlanReady: TOLD,
    events.PlanChanged: TOLD,
    events.PlanApproved: Reaction(follows=(replan,)),
    events.RulingChanged: Reaction(follows=(replan,)),
    events.AssignmentProposed: Reaction(follows=(make_offers,)),
    events.OfferMade: Reaction(volunteer=True),
    events.OfferClosed: Reaction(volunteer=True, follows=(make_offers,)),
    events.AssignmentChanged: Reaction(volunteer=True, follows=(when_let_go, when_freed)),
    events.VolunteerChanged: Reaction(volunteer=True, follows=(replan_served, offer_waiting)),
    events.DistressChanged: Reaction(volunteer=True),
    events.AccessLent: TOLD,
    events.SiteChanged: Reaction(follows=(replan_served,)),
    events.StockChanged: Reaction(follows=(replan_served,)),
    events.GiftReceived: TOLD,
    events.GiftPledged: TOLD,
    events.ClaimChanged: TOLD,
    events.HazardChanged: Reaction(follows=(replan_served,)),
    events.PhotoAdded: TOLD,
    events.FiguresPublished: TOLD,
}


def staff_rooms(event: Event) -> list[str]:
    """The rooms in which staff hear of the event."""
    return rooms_above(event.incident_id, event.area)


def own_room(event: Event) -> str | None:
    """The room of the volunteer who is told alone, or None."""
    volunteer_id = getattr(event, "volunteer_id", None)
    return volunteer_room(volunteer_id) if ROUTES[type(event)].volunteer and volunteer_id else None


def public_room(event: Event) -> str | None:
    """The room of everybody, for what everybody may hear of."""
    return PUBLIC if event.public() is not None else None


def jobs_for(batch: Iterable[Event]) -> list[Job]:
    """The jobs that follow a batch of events, each once, in the order in which they were first wanted."""
    wanted = (job for event in batch for follows in ROUTES[type(event)].follows for job in follows(event))
    return list(dict.fromkeys(wanted))
