"""Volunteers: signing up, being accepted by a coordinator of their area, and checking in.

Screens know a volunteer by first name and an initial; name and phone are sealed. Where somebody is, is kept while they
are checked in, and exact only for the coordinators there (`queries` rounds it for everybody else).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from geo.areas import Gazetteer
from server.domain import consent, events, lifecycle
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn, Problem, WrongTransition
from server.domain.permissions import ANYONE, Actor, Permission, areas_for, may, require
from server.services import accounts, bulk, contacts, intake, listing, moves, places, queries
from server.services.bulk import RowResult
from server.services.inputs import PlaceIn, parse
from server.services.inputs_supply import CheckinChangeIn, CheckinIn, ListIn, VolunteerIn
from server.store.unit_of_work import Tx

LONGEST_CHECKIN = timedelta(hours=24)
Row = Mapping[str, Any]


def sign_up(tx: Tx, actor: Actor, body: VolunteerIn, gazetteer: Gazetteer, keys: contacts.Keys) -> dict[str, Any]:
    """Keep who wants to help until a coordinator of their area accepts them. Anybody may.

    The same phone again gets the same answer, and changes nothing: nobody learns who is known here.
    Raises Invalid naming every wrong field.
    """
    incident = intake.incident_for(tx, body.incident)
    _add(tx, actor, incident["id"], body, gazetteer, keys)
    return {"state": lifecycle.FIRST["volunteer"], "name": body.name, "home_area": body.home_area}


def add_many(
    tx: Tx,
    actor: Actor,
    incident: Row,
    rows: Sequence[bulk.Entry],
    gazetteer: Gazetteer,
    keys: contacts.Keys,
) -> list[RowResult]:
    """Many volunteers, each with an identity outside; a phone that is known already counts as known.

    Rows have the fields of `VolunteerIn`; without consent a row is refused.
    """

    def take(reference: str, fields: Mapping[str, Any]) -> RowResult:
        body = parse(VolunteerIn, fields)
        require(actor, Permission.VOLUNTEER_ACCEPT, body.home_area)
        is_new = _add(tx, actor, incident["id"], body, gazetteer, keys, reference)
        return RowResult("stored") if is_new else bulk.KNOWN

    return bulk.each(rows, take)


def record_for_user(tx: Tx, actor: Actor, name: str, area: str, keys: contacts.Keys) -> str:
    """The volunteer that an account of the command line stands for: accepted, known by the account's name."""
    user = tx.accounts.user_by_name(name)
    if user is None:
        raise NotFound("unknown_user", name=name)
    require(actor, Permission.VOLUNTEER_ACCEPT, area)
    row = {
        **_new_row(tx, intake.incident_for(tx, None)["id"], area),
        "alias": name,
        "user_id": user["id"],
        "state": "accepted",
        "name_sealed": contacts.seal_text(name, keys),
        "skills": [],
    }
    tx.volunteers.add(row)
    _tell(tx, actor, row, "accept", area)
    return str(row["id"])


def _add(
    tx: Tx,
    actor: Actor,
    incident_id: str,
    body: VolunteerIn,
    gazetteer: Gazetteer,
    keys: contacts.Keys,
    reference: str | None = None,
) -> bool:
    """Store a volunteer; False when the phone or the identity is known."""
    sealed = contacts.seal_phone(_checked_phone(body, gazetteer), keys)
    row = {
        **_new_row(tx, incident_id, body.home_area),
        "alias": alias_of(body.name),
        "state": lifecycle.FIRST["volunteer"],
        "name_sealed": contacts.seal_text(body.name, keys),
        "phone_sealed": sealed.enc,
        "phone_index": sealed.index,
        "phone_last3": sealed.last3,
        "skills": sorted(set(body.skills)),
        "vehicle": body.vehicle,
        "external_ref": reference,
    }
    if not tx.volunteers.add(row):
        return False
    _tell(tx, actor, row, "sign_up", body.home_area)
    return True


def _checked_phone(body: VolunteerIn, gazetteer: Gazetteer) -> str:
    wrong: dict[str, Problem] = {}
    phone = ""
    try:
        phone = contacts.normalise_phone(body.phone)
    except Invalid as error:
        wrong |= error.fields
    if gazetteer.get(body.home_area) is None:
        wrong["home_area"] = Problem("unknown_area", {"code": body.home_area})
    if not body.consent:
        wrong["consent"] = Problem("consent_wanted")
    if wrong:
        raise Invalid(wrong)
    return phone


def _new_row(tx: Tx, incident_id: str, area: str) -> dict[str, Any]:
    return {
        "id": tx.new_id(),
        "incident_id": incident_id,
        "home_area": area,
        "consent_at": tx.now,
        "consent": consent.VERSION,
        "created_at": tx.now,
    }


def alias_of(name: str) -> str:
    """What others call a volunteer: the first name and the initial of the next."""
    first, *others = name.split()
    return f"{first} {others[0][0]}." if others else first


def _free_name(tx: Tx, alias: str) -> str:
    """A name to sign in with that nobody has yet: the alias in plain small letters, and a number."""
    plain = "".join(letter for letter in alias.lower() if letter.isalnum())[:40]
    for end in count(1):
        name = f"{plain or 'relawan'}{'' if end == 1 and len(plain) > 1 else end}"
        if tx.accounts.user_by_name(name) is None:
            return name
    raise AssertionError("a count without an end has ended")


def listed(tx: Tx, actor: Actor, asked: ListIn, keys: contacts.Keys) -> dict[str, Any]:
    """Volunteers at home in the area, in the order in which they signed up.

    Names for those who may accept them; of phones the last three digits.
    """
    if asked.state is not None and asked.state not in lifecycle.states("volunteer"):
        choices = ", ".join(sorted(lifecycle.states("volunteer")))
        raise Invalid({"state": Problem("not_one_of", {"choices": choices})})
    areas = listing.areas_asked(actor, Permission.VOLUNTEER_READ, asked.area)
    pool = queries.pool_of(tx, intake.incident_for(tx, asked.incident))
    after = str(asked.cursor) if asked.cursor else None
    rows = tx.volunteers.page(pool, areas, asked.state, after, asked.limit + 1)
    return listing.part("volunteers", rows, asked.limit, lambda row: _staff_view(actor, row, keys))


def _staff_view(actor: Actor, row: Row, keys: contacts.Keys) -> dict[str, Any]:
    named = may(actor, Permission.VOLUNTEER_ACCEPT, row["home_area"])
    return {
        "id": row["id"],
        "alias": row["alias"],
        "name": contacts.open_sealed(row["name_sealed"], keys) if named else None,
        "phone_last3": row["phone_last3"],
        "state": row["state"],
        "home_area": row["home_area"],
        "skills": list(row["skills"]),
        "vehicle": row["vehicle"],
        "created_at": row["created_at"].isoformat(),
    }


def reveal_contact(tx: Tx, actor: Actor, volunteer_id: str, reason: str, keys: contacts.Keys) -> dict[str, Any]:
    """A volunteer's name and phone in clear, for a reason that is written down."""
    row = _volunteer_for(tx, actor, volunteer_id)
    require(actor, Permission.CONTACT_REVEAL, row["home_area"])
    tx.audit(actor, "contact:reveal", row["home_area"], f"volunteer:{volunteer_id}", reason=reason)
    return {
        "name": contacts.open_sealed(row["name_sealed"], keys),
        "phone": contacts.open_sealed(row["phone_sealed"], keys) if row["phone_sealed"] else None,
    }


def accept(tx: Tx, actor: Actor, volunteer_id: str) -> dict[str, Any]:
    """Accept a volunteer: an account under their alias, with a password to hand over once.

    Raises NotFound, Forbidden, Conflict with the present state.
    """
    row = _decided(tx, actor, volunteer_id, "accept")
    name = _free_name(tx, row["alias"])
    once = accounts.add_user(tx, actor, name, "volunteer", row["home_area"])
    user = tx.accounts.user_by_name(name)
    tx.volunteers.change(volunteer_id, user_id=user["id"] if user else None)
    _tell(tx, actor, row, "accept", row["home_area"])
    return {"name": name, "one_time_password": once}


def refuse(tx: Tx, actor: Actor, volunteer_id: str) -> dict[str, Any]:
    """Turn a volunteer down. Raises NotFound, Forbidden, Conflict with the present state."""
    row = _decided(tx, actor, volunteer_id, "refuse")
    _tell(tx, actor, row, "refuse", row["home_area"])
    return {"state": row["state"]}


def _decided(tx: Tx, actor: Actor, volunteer_id: str, action: str) -> Row:
    """The volunteer after a step of the lifecycle."""
    row = _volunteer_for(tx, actor, volunteer_id, lock=True)
    require(actor, Permission.VOLUNTEER_ACCEPT, row["home_area"])
    try:
        state = lifecycle.after("volunteer", row["state"], action)
    except WrongTransition as error:
        raise WrongTransition(state={"state": row["state"]}, **error.params) from None
    tx.volunteers.change(volunteer_id, state=state)
    return {**row, "state": state}


def _volunteer_for(tx: Tx, actor: Actor, volunteer_id: str, *, lock: bool = False) -> Row:
    row = tx.volunteers.get(volunteer_id, lock=lock)
    if row is None or not may(actor, Permission.VOLUNTEER_READ, row["home_area"]):
        raise NotFound
    return row


def check_in(tx: Tx, actor: Actor, body: CheckinIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """The volunteer is here and helps until then; a check-in that holds ends.

    Raises Invalid naming every wrong field.
    """
    volunteer = _acting(tx, actor)
    incident = intake.incident_for(tx, body.incident)
    if volunteer["incident_id"] not in queries.pool_of(tx, incident):
        raise Invalid({"incident": Problem("not_of_incident")})
    if body.place is None and body.area_code is None:
        raise Invalid({"place": Problem("place_wanted")} | _wrong_until(body.until, tx.now))
    place = _place(incident, gazetteer, body.place, body.area_code, body.until, tx.now)
    before = tx.volunteers.current_checkin(volunteer["id"], tx.now)
    tx.volunteers.end_checkins(volunteer["id"], tx.now)
    row = {
        "id": tx.new_id(),
        "volunteer_id": volunteer["id"],
        "incident_id": incident["id"],
        **place,
        "skills": sorted(set(volunteer["skills"] if body.skills is None else body.skills)),
        "vehicle": body.vehicle or volunteer["vehicle"],
        "team": body.team,
        "started_at": tx.now,
        "until": body.until,
    }
    tx.volunteers.add_checkin(row)
    _tell(tx, actor, volunteer, "check_in", row["area"], before=before, incident_id=incident["id"])
    return _shown(tx, row)


def change_checkin(tx: Tx, actor: Actor, body: CheckinChangeIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Set place, until, skills, vehicle or team of the check-in that holds. Raises NotFound without one."""
    volunteer = _acting(tx, actor)
    before = _current(tx, volunteer["id"])
    values = body.model_dump(include={"skills", "vehicle", "until", "team"}, exclude_none=True)
    if body.place is not None or body.area_code is not None:
        incident = tx.incidents.get(before["incident_id"]) or {}
        until = body.until or before["until"]
        values |= _place(incident, gazetteer, body.place, body.area_code, until, tx.now)
    elif body.until is not None and (wrong := _wrong_until(body.until, tx.now)):
        raise Invalid(wrong)
    if values:
        tx.volunteers.change_checkin(before["id"], **values)
        area = str(values.get("area", before["area"]))
        _tell(tx, actor, volunteer, "change_checkin", area, before=before, incident_id=before["incident_id"])
    return _shown(tx, {**before, **values})


def check_out(tx: Tx, actor: Actor) -> None:
    """The volunteer goes home, and others are asked in their place. Raises NotFound without a check-in that holds."""
    volunteer = _acting(tx, actor)
    before = _current(tx, volunteer["id"])
    tx.volunteers.end_checkins(volunteer["id"], tx.now)
    moves.withdraw(tx, tx.assignments.open_offers_of(volunteer["id"]))
    _tell(tx, actor, volunteer, "check_out", before["area"], before=before)


def current(tx: Tx, actor: Actor) -> dict[str, Any] | None:
    """One's own check-in that holds now, or None."""
    row = tx.volunteers.current_checkin(_own_id(actor), tx.now)
    return _shown(tx, row) if row else None


def _shown(tx: Tx, row: Row) -> dict[str, Any]:
    incident = tx.incidents.get(row["incident_id"]) or {}
    place = None if row["lon"] is None else {name: row[name] for name in ("lon", "lat", "accuracy_m")}
    return {
        "id": row["id"],
        "incident": incident.get("slug"),
        "area": row["area"],
        "place": place,
        "until": row["until"].isoformat(),
        "started_at": row["started_at"].isoformat(),
        "skills": list(row["skills"]),
        "vehicle": row["vehicle"],
        "team": row["team"],
    }


def _own_id(actor: Actor) -> str:
    """The volunteer who acts, wherever that is: helping away from home is what they came for."""
    if actor is ANYONE:
        raise NotSignedIn
    if actor.volunteer_id is None or not areas_for(actor, Permission.CHECKIN_OWN):
        raise Forbidden(permission=str(Permission.CHECKIN_OWN), area="")
    return actor.volunteer_id


def _acting(tx: Tx, actor: Actor) -> Row:
    """The volunteer who acts, held until the transaction ends, so that there is one check-in at a time."""
    row = tx.volunteers.get(_own_id(actor), lock=True)
    if row is None:
        raise NotFound
    if row["state"] != "accepted":
        raise Conflict("volunteer_not_accepted", state={"state": row["state"]})
    return row


def _current(tx: Tx, volunteer_id: str) -> Row:
    row = tx.volunteers.current_checkin(volunteer_id, tx.now)
    if row is None:
        raise NotFound("not_checked_in")
    return row


def _wrong_until(until: datetime, now: datetime) -> dict[str, Problem]:
    if until <= now:
        return {"until": Problem("time_past")}
    if until > now + LONGEST_CHECKIN:
        return {"until": Problem("time_too_far", {"hours": int(LONGEST_CHECKIN.total_seconds() // 3600)})}
    return {}


def _place(
    incident: Row,
    gazetteer: Gazetteer,
    place: PlaceIn | None,
    area_code: str | None,
    until: datetime,
    now: datetime,
) -> dict[str, Any]:
    """Area and point of a check-in. Raises Invalid naming what is wrong with the place, and with `until`."""
    wrong = _wrong_until(until, now)
    try:
        found = places.resolve(incident, gazetteer, place=place, area_code=area_code, place_text=None)
    except Invalid as error:
        raise Invalid({**error.fields, **wrong}) from None
    if wrong:
        raise Invalid(wrong)
    return {"area": found.area, "lon": found.lon, "lat": found.lat, "accuracy_m": found.accuracy_m}


def _tell(
    tx: Tx,
    actor: Actor,
    volunteer: Row,
    action: str,
    area: str,
    *,
    before: Row | None = None,
    incident_id: str | None = None,
) -> None:
    """Audit a step, and tell the area and incident; those that the volunteer left, too."""
    tx.audit(actor, f"volunteer:{action}", area, f"volunteer:{volunteer['id']}")
    rows = {"volunteers": queries.volunteer_rows(tx, [volunteer["id"]])}
    own = volunteer["incident_id"]
    told = {(own, area), (incident_id or own, area)}
    if before:
        told |= {(own, before["area"]), (before["incident_id"], before["area"])}
    for incident, where in sorted(told):
        tx.record(
            events.VolunteerChanged(
                incident_id=incident, area=where, rows=rows, volunteer_id=volunteer["id"], action=action
            )
        )
