"""The closed loop: who is asked to carry an assignment, who takes it, and what follows a refusal.

An assignment is offered and taken with all of its trip: what goes from one site by several stops is one job.

Deadlines are judged by the database's clock: by the sweeper, and again at the acceptance.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from geo import travel
from geo.closures import Closures
from server.domain import events, offering
from server.domain.carrying import CAPACITY, can_carry, load_of
from server.domain.catalogue import ITEMS
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import SYSTEM, Actor
from server.domain.solo import team_of
from server.services import moves, overdue, pressing, queries, solo
from server.services.inputs_dispatch import DeclineIn, OfferIn, StepIn
from server.services.moves import Row
from server.store.unit_of_work import Tx

WAITING = ("proposed", "offered")
NEAR_DEGREES, NEAR_MIN = 0.3, 110.0
"""Where the nearest are looked for first, and how soon they must be there: no vehicle from outside is sooner."""
UNKNOWN_MIN = 24 * 60.0
"""Minutes that stand for a way whose beginning or end nobody knows: last, but not left out."""


def make_round(tx: Tx, assignment_id: str) -> int:
    """Ask the next volunteers for the trip of an assignment, as many as the rules of its most urgent stop's tier say.

    Returns how many were asked. Does nothing when nothing of the trip waits for a volunteer any more. A stop whose
    goods nobody wants any more is withdrawn.
    """
    trip = _waiting(tx, assignment_id)
    asked = tx.assignments.offers_of([row["id"] for row in trip], lock=True)
    trip = _kept(tx, _still_wanted(tx, trip, asked), asked)
    if not trip:
        return 0
    rules, here = _rules(tx, trip), [offer for offer in asked if offer["assignment_id"] == trip[0]["id"]]
    still_open = [offer for offer in here if offer["state"] == "open"]
    since = [offer["state"] for offer in here if offer["closed_at"] and offer["closed_at"] >= trip[0]["asking_since"]]
    more, person = offering.next_step(rules, len(still_open), offering.refused(since))
    found = _candidates(tx, trip, rules, more) if more else _Found()
    _ask(tx, SYSTEM, trip, _reasons(found), rules)
    lacking = None if found.chosen or still_open or not more else found.alone or "nobody"
    _call_a_person(tx, trip, lacking or _attention(rules, person=person))
    return len(found.chosen)


def _waiting(tx: Tx, assignment_id: str) -> list[Row]:
    """What of the assignment's trip waits for a volunteer, by stop, held."""
    seen = tx.assignments.get(assignment_id)
    trip = tx.assignments.of_trips([seen["trip_id"]], lock=True) if seen else []
    return moves.in_order(row for row in trip if row["state"] in WAITING)


def _still_wanted(tx: Tx, trip: Sequence[Row], asked: Sequence[Row]) -> list[Row]:
    """The stops with a need that is open; the others are withdrawn."""
    wanted = []
    for row in trip:
        needs = (tx.cases.need(line["need_id"]) for line in tx.assignments.lines(row["id"]))
        if any(need is not None and need["state"] == "open" for need in needs):
            wanted.append(row)
        else:
            moves.move(tx, row, "withdraw")
            moves.close_offers(tx, row, _offers_of(row, asked), "withdrawn")
            moves.told(tx, SYSTEM, row, "withdraw", back=True)
    return wanted


def _offers_of(row: Row, asked: Iterable[Row]) -> list[Row]:
    return [offer for offer in asked if offer["assignment_id"] == row["id"]]


def _kept(tx: Tx, trip: list[Row], asked: Sequence[Row]) -> list[Row]:
    """The stops, without the driver whom the plan had in mind once that one has refused.

    So they count as free when the next trips are planned.
    """
    refused = {offer["volunteer_id"] for offer in asked if offer["state"] in ("declined", "expired")}
    if not any(row["kind"] == "goods" and row["wanted_volunteer_id"] in refused for row in trip):
        return trip
    for row in trip:
        tx.assignments.mark(row["id"], wanted_volunteer_id=None)
    return [{**row, "wanted_volunteer_id": None} for row in trip]


def _lines(tx: Tx, trip: Sequence[Row]) -> list[Row]:
    return [line for row in trip for line in tx.assignments.lines(row["id"])]


def _rules(tx: Tx, trip: Sequence[Row]) -> offering.Rules:
    incident = tx.incidents.get(trip[0]["incident_id"]) or {}
    return offering.rules_for(min(line["tier"] for line in _lines(tx, trip)), incident.get("settings"))


def _attention(rules: offering.Rules, *, person: bool) -> str | None:
    """Why a person must look though somebody could be asked: a key of web/i18n `attention.*`."""
    if rules.is_urgent:
        return "urgent"
    return "refused" if person else None


def _call_a_person(tx: Tx, trip: Sequence[Row], attention: str | None) -> None:
    for row in trip:
        if attention != row["attention"]:
            tx.assignments.mark(row["id"], attention=attention)
            moves.tell(tx, row, needs=False)


Reasons = Mapping[str, Mapping[str, Any]]
"""Volunteers to ask, each with why it is them, as `offers.why` keeps it and the volunteer reads it."""


def _reasons(found: "_Found") -> Reasons:
    """Minutes to where the work begins, whether the plan has them in mind, and how many who can are nearer."""
    return {
        one.volunteer_id: {
            "minutes": None if one.minutes == UNKNOWN_MIN else round(one.minutes),
            "planned": not one.is_other,
            "nearer": sum(other.minutes < one.minutes for other in found.able),
            "asked": len(found.chosen),
        }
        for one in found.chosen
    }


def _ask(tx: Tx, actor: Actor, trip: Sequence[Row], reasons: Reasons, rules: offering.Rules) -> None:
    """Offer all stops of a trip, all with the same deadline."""
    if reasons:
        deadline = tx.assignments.clock() + rules.round.lasts
        for row in trip:
            _ask_for(tx, actor, row, reasons, deadline)


def _ask_for(tx: Tx, actor: Actor, row: Row, reasons: Reasons, deadline: datetime) -> None:
    if row["state"] == "proposed":
        moves.move(tx, row, "offer")
        tx.reports.note_case(row["case_id"], tx.now, "offered")
    offers = [_offer_row(tx, row, volunteer_id, why, deadline) for volunteer_id, why in reasons.items()]
    tx.assignments.add_offers(offers)
    tx.audit(actor, "offer:make", row["area"], f"assignment:{row['id']}", offers=[offer["id"] for offer in offers])
    rows = {"assignments": queries.assignment_rows(tx, [row["id"]])}
    for offer in offers:
        tx.record(
            events.OfferMade(
                incident_id=row["incident_id"],
                area=row["area"],
                rows=rows,
                assignment_id=row["id"],
                offer_id=offer["id"],
                volunteer_id=offer["volunteer_id"],
                deadline_at=deadline.isoformat(),
            )
        )


def _offer_row(tx: Tx, row: Row, volunteer_id: str, why: Mapping[str, Any], deadline: datetime) -> dict[str, Any]:
    return {
        "id": tx.new_id(),
        "assignment_id": row["id"],
        "volunteer_id": volunteer_id,
        "state": "open",
        "why": dict(why),
        "made_at": tx.now,
        "deadline_at": deadline,
    }


@dataclass(frozen=True)
class _Found:
    """Whom to ask, of whom; `alone`: why somebody who is there may not go alone, if somebody is."""

    chosen: Sequence["_Candidate"] = ()
    able: Sequence["_Candidate"] = ()
    alone: str | None = None


def _candidates(tx: Tx, trip: Sequence[Row], rules: offering.Rules, most: int) -> _Found:
    """Able volunteers who are free and were not asked yet: the planned one first, then the nearest.

    First those near by; who is farther is looked for only when too few of them are there soon.
    """
    row = trip[0]
    place, way = _begins_at(tx, row), solo.way_of(tx, trip, rules.round.lasts)
    everywhere = _search(tx, trip, rules, place)
    if place["lon"] is not None and row["wanted_volunteer_id"] is None:
        near = _able(_ranked(tx, row, place, way, replace(everywhere, within=NEAR_DEGREES)))
        if len(near) >= most and near[most - 1].minutes <= NEAR_MIN:
            return _Found(near[:most], near)
    found = _ranked(tx, row, place, way, everywhere)
    able = _able(found)
    return _Found(able[:most], able, next((one.alone for one in found if one.alone), None))


@dataclass(frozen=True, order=True)
class _Candidate:
    """A volunteer in the order of asking; `alone`: why they may not be asked as they go alone."""

    is_other: bool
    minutes: float
    volunteer_id: str
    alone: str | None = field(compare=False)


def _able(found: Iterable[_Candidate]) -> list[_Candidate]:
    return [one for one in found if not one.alone]


def _ranked(tx: Tx, row: Row, place: Row, way: solo.Way, search: offering.Search) -> list[_Candidate]:
    """Whom the search finds and who is there before they stop; `is_other` than the planned one comes last."""
    found = tx.assignments.nearest_free(search, tx.now)
    return sorted(
        _Candidate(v["id"] != row["wanted_volunteer_id"], minutes, v["id"], _alone(way, v, minutes))
        for v, minutes in zip(found, _minutes(place, found, way.closed), strict=True)
        if _in_time(v, minutes, tx.now)
    )


def _alone(way: solo.Way, volunteer: Row, minutes: float) -> str | None:
    known = 0.0 if minutes == UNKNOWN_MIN else minutes
    return None if volunteer["team"] > 1 else solo.why_not_alone(way, volunteer, known)


def _begins_at(tx: Tx, row: Row) -> Row:
    """Where the work begins: at the site for goods, at the case for a service."""
    found = tx.sites.get(row["site_id"]) if row["site_id"] else tx.cases.get(row["case_id"])
    return found or {"lon": None, "lat": None}


def _search(tx: Tx, trip: Sequence[Row], rules: offering.Rules, place: Row) -> offering.Search:
    """Who can carry the goods of all stops in one go, or has the skills that the service takes."""
    row, lines = trip[0], _lines(tx, trip)
    vehicles, skills = list(CAPACITY), frozenset[str]()
    if row["kind"] == "goods":
        load = load_of((line["item"], line["quantity"]) for line in lines)
        vehicles = [vehicle for vehicle in CAPACITY if can_carry(vehicle, load)]
    else:
        skills = skills.union(*(ITEMS[line["item"]].skills for line in lines))
    return offering.Search(
        pool=queries.pool_for(tx, row),
        lon=place["lon"],
        lat=place["lat"],
        vehicles=vehicles,
        skills=sorted(skills),
        trip=row["trip_id"],
        whoever=rules.is_urgent,
        most_per_hour=rules.most_per_hour,
    )


def _minutes(place: Row, volunteers: list[Row], closed: Closures) -> list[float]:
    """Minutes of each volunteer to the place, by their own vehicle, around what is closed."""
    found = np.full(len(volunteers), UNKNOWN_MIN)
    for vehicle in {v["vehicle"] for v in volunteers} if place["lon"] is not None else ():
        mine = [n for n, v in enumerate(volunteers) if v["vehicle"] == vehicle and v["lon"] is not None]
        if mine:
            origins = [(volunteers[n]["lon"], volunteers[n]["lat"]) for n in mine]
            found[mine] = travel.minutes(origins, (place["lon"], place["lat"]), vehicle, closures=closed)
    return [float(minutes) for minutes in found]


def _in_time(volunteer: Row, minutes: float, now: datetime) -> bool:
    """Whether the volunteer is there before they stop; nobody knows is a yes."""
    return minutes == UNKNOWN_MIN or volunteer["until"] - now >= timedelta(minutes=minutes)


def offer(tx: Tx, actor: Actor, assignment_id: str, body: OfferIn) -> dict[str, Any]:
    """A coordinator asks one volunteer for the trip of an assignment, or lets the automatic round begin anew.

    Raises Invalid for an unknown volunteer, or one who would go alone at night or into danger when no `reason` says
    why that is right; Conflict when they are busy or were asked before.
    """
    moves.known(tx, assignment_id, lambda row: moves.require_manager(actor, row))
    row, trip = moves.held_trip(tx, assignment_id)
    moves.require_manager(actor, row)
    moves.check_version(tx, row, body.version)
    moves.check(tx, row, "offer")
    trip = _asked_anew(tx, actor, trip)
    if body.volunteer_id is None:
        make_round(tx, assignment_id)
    else:
        volunteer_id, rules = str(body.volunteer_id), _rules(tx, trip)
        _check_can_be_asked(tx, row, volunteer_id)
        why, alone = _chosen(tx, trip, volunteer_id, rules)
        if alone and body.reason is None:
            raise Invalid({"reason": Problem(alone)})
        _ask(tx, actor, trip, {volunteer_id: why}, rules)
    tx.audit(actor, "assignment:offer", row["area"], f"assignment:{assignment_id}", reason=body.reason)
    told = [moves.tell(tx, one, needs=False) for one in trip]
    return next(one for one in told if one["id"] == assignment_id)


def _asked_anew(tx: Tx, actor: Actor, trip: Sequence[Row]) -> list[Row]:
    """What of the trip waits for a volunteer, counting refusals from now on; the actor must manage all of it."""
    waiting = [row for row in trip if row["state"] in WAITING]
    anew = {"asking_since": tx.now, "attention": None}
    for row in waiting:
        moves.require_manager(actor, row)
        tx.assignments.mark(row["id"], **anew)
    return [{**row, **anew} for row in waiting]


def _check_can_be_asked(tx: Tx, row: Row, volunteer_id: str) -> None:
    volunteer = tx.volunteers.get(volunteer_id)
    incident = tx.incidents.get(row["incident_id"]) or {}
    if volunteer is None or volunteer["incident_id"] not in queries.pool_of(tx, incident):
        raise Invalid({"volunteer_id": Problem("unknown_volunteer")})
    if volunteer["state"] != "accepted":
        raise Conflict("volunteer_not_accepted", state=moves.present(tx, row["id"]))
    if any(offer["volunteer_id"] == volunteer_id for offer in tx.assignments.offers(row["id"])):
        raise Conflict("asked_before", state=moves.present(tx, row["id"]))
    if volunteer_id != row["wanted_volunteer_id"] and volunteer_id in tx.assignments.engaged():
        raise Conflict("volunteer_busy", state=moves.present(tx, row["id"]))


def _chosen(tx: Tx, trip: Sequence[Row], volunteer_id: str, rules: offering.Rules) -> tuple[dict[str, Any], str | None]:
    """Why the offer, when a coordinator chose whom to ask: with their minutes, if it is known where they are. And why
    they may not go there alone, if they are checked in by themselves.
    """
    here = tx.volunteers.current_checkin(volunteer_id, tx.now)
    if here is None:
        return {"by_hand": True, "minutes": None}, None
    way = solo.way_of(tx, trip, rules.round.lasts)
    (minutes,) = _minutes(_begins_at(tx, trip[0]), [here], way.closed)
    why = {"by_hand": True, "minutes": None if minutes == UNKNOWN_MIN else round(minutes)}
    return why, _alone(way, {**here, "team": team_of(here)}, minutes)


def accept(tx: Tx, actor: Actor, assignment_id: str, body: StepIn) -> dict[str, Any]:
    """The volunteer takes the assignment with all of its trip: the first one wins, the others are told thank you.

    Raises NotFound without an offer, Conflict with the present state when it is too late, or when the
    volunteer carries another assignment.
    """
    volunteer_id = moves.working_as(actor)
    # Two acceptances of one volunteer wait for each other here, and not in the middle of their trips.
    tx.volunteers.get(volunteer_id, lock=True)
    row, trip, asked = _my_offer(tx, assignment_id, volunteer_id)
    mine = [offer for offer in asked if offer["volunteer_id"] == volunteer_id]
    (this,) = _offers_of(row, mine)
    moves.check_version(tx, row, body.version)
    if row["volunteer_id"] == volunteer_id and this["state"] == "accepted":
        return moves.present(tx, assignment_id)
    state = moves.check(tx, row, "accept")
    if this["state"] != "open" or this["deadline_at"] <= tx.assignments.clock():
        raise Conflict("offer_closed", state=moves.present(tx, assignment_id))
    offered = {offer["assignment_id"]: offer["id"] for offer in mine if offer["state"] == "open"}
    taken = [one for one in trip if one["state"] == row["state"] and one["id"] in offered]
    if not tx.assignments.take([one["id"] for one in taken], volunteer_id, state, tx.now):
        raise Conflict("already_carrying", state=moves.present(tx, assignment_id))
    tx.assignments.close_offers([offered[one["id"]] for one in taken], "accepted", tx.now)
    others = [offer for offer in asked if offer["volunteer_id"] != volunteer_id]
    _free_others(tx, volunteer_id, [one["id"] for one in taken])
    for one in taken:
        _taken(tx, actor, one, others)
    return moves.present(tx, assignment_id)


def _taken(tx: Tx, actor: Actor, row: Row, others: Sequence[Row]) -> None:
    """What follows when a stop was taken: by when they should leave, the others' offers, and who hears of it."""
    volunteer_id = moves.working_as(actor)
    overdue.expect_departure(tx, row, volunteer_id)
    moves.close_offers(tx, row, _offers_of(row, others), "withdrawn")
    tx.audit(actor, "assignment:accept", row["area"], f"assignment:{row['id']}")
    tx.reports.note_case(row["case_id"], tx.now, "accepted")
    moves.tell(tx, row, volunteers=[volunteer_id], needs=False)


def _my_offer(tx: Tx, assignment_id: str, volunteer_id: str) -> tuple[Row, list[Row], list[Row]]:
    """The assignment, its trip and all offers of it, held; NotFound when it was not offered to the volunteer."""
    if not any(offer["volunteer_id"] == volunteer_id for offer in tx.assignments.offers(assignment_id)):
        raise NotFound
    row, trip = moves.held_trip(tx, assignment_id)
    return row, trip, tx.assignments.offers_of([one["id"] for one in trip], lock=True)


def _free_others(tx: Tx, volunteer_id: str, taken: Sequence[str]) -> None:
    """Whoever carries one trip is no longer asked for others."""
    others = tx.assignments.open_offers_of(volunteer_id)
    moves.withdraw(tx, [offer for offer in others if offer["assignment_id"] not in taken])


def decline(tx: Tx, actor: Actor, assignment_id: str, body: DeclineIn) -> Mapping[str, Any]:
    """The volunteer will not, for the whole trip; the next are asked by the job that the event starts."""
    volunteer_id = moves.working_as(actor)
    row, trip, asked = _my_offer(tx, assignment_id, volunteer_id)
    mine = [offer for offer in asked if offer["volunteer_id"] == volunteer_id]
    (this,) = _offers_of(row, mine)
    if this["state"] == "declined":
        return {"state": "declined"}
    if this["state"] != "open":
        raise Conflict("offer_closed", state={"state": this["state"]})
    for one in trip:
        moves.close_offers(tx, one, _offers_of(one, mine), "declined", body.reason)
    tx.audit(actor, "offer:decline", row["area"], f"assignment:{assignment_id}", reason=body.reason)
    return {"state": "declined"}


def expire_due(tx: Tx) -> int:
    """Close the offers whose deadline is over; returns how many."""
    due = tx.assignments.due_offers()
    for offer in due:
        moves.close_offers(tx, offer, [offer], "expired")
        tx.audit(SYSTEM, "offer:expire", offer["area"], f"assignment:{offer['assignment_id']}", offer=offer["id"])
    return len(due)


def offer_waiting(tx: Tx, incident_ids: list[str] | None, before: datetime | None = None) -> int:
    """Try again for the trips that nobody could be asked for, the most pressing first; of these incidents (None: all).

    Those that changed after `before` are left out. Returns how many volunteers were asked.
    """
    waiting = tx.assignments.idle(incident_ids, before or tx.now)
    # All of them before the first offer, in id order as everywhere: a round holds several assignments.
    held = tx.assignments.of_trips([row["trip_id"] for row in waiting], lock=True)
    order = pressing.order_of(tx, [row for row in held if row["state"] in WAITING])
    # What was taken while this waited for its lock has no place in the order.
    still = [row for row in waiting if row["trip_id"] in order]
    return sum(make_round(tx, row["id"]) for row in sorted(still, key=lambda row: order[row["trip_id"]]))


def give_up_untaken(tx: Tx) -> int:
    """Let go what nobody took for a day, or what the incident says; its goods are planned anew. Returns how many."""
    untaken = tx.assignments.untaken(tx.now)
    for assignment_id in untaken:
        row = tx.assignments.get(assignment_id, lock=True)
        if row is None or row["state"] not in WAITING:
            continue
        moves.close_offers(tx, row, tx.assignments.offers(assignment_id, lock=True), "expired")
        moves.move(tx, row, "expire" if row["state"] == "offered" else "withdraw")
        moves.told(tx, SYSTEM, row, "expire", back=True)
    return len(untaken)
