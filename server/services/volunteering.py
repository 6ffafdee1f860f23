"""Volunteers: signing up, being accepted, and checking in with place, skills, vehicle and time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from geo.areas import Gazetteer
from server.domain import catalogue, events
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require
from server.services import accounts, contacts, queries
from server.services.inputs_supply import CheckinChangeIn, CheckinIn, VolunteerIn
from server.services.intake import STANDING, incident_for
from server.services.supply import site_place
from server.store.unit_of_work import Tx

MOST = 10_000
"""Volunteers in one list."""
LONGEST = timedelta(hours=24)
"""A check-in reaches at most this far ahead: who is still there says so again."""


def sign_up(
    tx: Tx,
    actor: Actor,
    body: VolunteerIn,
    gazetteer: Gazetteer,
    keys: contacts.Keys,
    *,
    external_ref: str | None = None,
) -> dict[str, Any]:
    """Somebody wants to help; a coordinator of their area decides. Anybody may sign up.

    The same phone again gets the same kind of answer, so that nobody learns who is here.
    Raises Invalid naming consent, phone, home_area or skills.
    """
    phone = _checked(body, gazetteer)
    incident = incident_for(tx, STANDING)
    sealed = contacts.seal_phone(phone, keys)
    volunteer_id = tx.new_id()
    is_new = tx.volunteers.add(
        {
            "id": volunteer_id,
            "incident_id": incident["id"],
            "state": "pending",
            "name_sealed": contacts.seal_text(body.name, keys),
            "alias": alias_of(body.name),
            "phone_sealed": sealed.enc,
            "phone_index": sealed.index,
            "phone_last3": sealed.last3,
            "home_area": body.home_area,
            "skills": sorted(set(body.skills)),
            "vehicle": body.vehicle,
            "external_ref": external_ref,
            "consent_at": tx.now,
            "created_at": tx.now,
        }
    )
    if is_new:
        _changed(tx, volunteer_id, "sign_up")
        tx.audit(actor, "volunteer:sign_up", body.home_area, f"volunteer:{volunteer_id}")
    return {"state": "pending"}


def record_for_user(tx: Tx, actor: Actor, name: str, area: str, keys: contacts.Keys) -> str:
    """The volunteer's record of an account that was made by name; returns its id."""
    user = tx.accounts.user_by_name(name)
    if user is None:
        raise NotFound("unknown_user", name=name)
    volunteer_id = tx.new_id()
    tx.volunteers.add(
        {
            "id": volunteer_id,
            "incident_id": incident_for(tx, STANDING)["id"],
            "user_id": user["id"],
            "state": "accepted",
            "name_sealed": contacts.seal_text(name, keys),
            "alias": name,
            "home_area": area,
            "skills": [],
            "consent_at": tx.now,
            "created_at": tx.now,
        }
    )
    tx.audit(actor, "volunteer:accept", area, f"volunteer:{volunteer_id}")
    _changed(tx, volunteer_id, "accept")
    return volunteer_id


def listed(tx: Tx, actor: Actor, slug: str | None, area: str | None, state: str | None) -> list[dict[str, Any]]:
    """Volunteers whose home is in the area; of contacts only the phone's last three digits."""
    top = queries.board_area(actor, area)
    require(actor, Permission.VOLUNTEER_READ, top)
    pool = queries.pool_of(tx, incident_for(tx, slug))
    return [
        {
            **{name: row[name] for name in ("id", "alias", "state", "home_area", "skills", "vehicle", "phone_last3")},
            "created_at": row["created_at"].isoformat(),
        }
        for row in tx.volunteers.page(pool, [top], state, None, MOST)
    ]


def accept(tx: Tx, actor: Actor, volunteer_id: str) -> dict[str, Any]:
    """Take a volunteer on: an account with a one-time password, shown once to be handed over."""
    row = _pending(tx, actor, volunteer_id)
    name = _free_name(tx, row["alias"])
    once = accounts.add_user(tx, actor, name, "volunteer", row["home_area"])
    user = tx.accounts.user_by_name(name)
    assert user is not None
    tx.volunteers.change(volunteer_id, state="accepted", user_id=user["id"])
    tx.audit(actor, "volunteer:accept", row["home_area"], f"volunteer:{volunteer_id}")
    _changed(tx, volunteer_id, "accept")
    return {"id": volunteer_id, "name": name, "one_time_password": once}


def refuse(tx: Tx, actor: Actor, volunteer_id: str) -> dict[str, Any]:
    """Turn a volunteer down."""
    row = _pending(tx, actor, volunteer_id)
    tx.volunteers.change(volunteer_id, state="refused")
    tx.audit(actor, "volunteer:refuse", row["home_area"], f"volunteer:{volunteer_id}")
    _changed(tx, volunteer_id, "refuse")
    return {"id": volunteer_id, "state": "refused"}


def check_in(tx: Tx, actor: Actor, body: CheckinIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Say where one is and until when; the check-in before, if any, ends.

    Raises Invalid naming place, until or skills.
    """
    row = _own(tx, actor)
    incident = incident_for(tx, body.incident)
    place = site_place(incident, gazetteer, body.place, body.area_code)
    skills = row["skills"] if body.skills is None else sorted(set(body.skills))
    _check_time_and_skills(tx, body.until, skills)
    tx.volunteers.end_checkins(row["id"], tx.now)
    tx.volunteers.add_checkin(
        {
            "id": tx.new_id(),
            "volunteer_id": row["id"],
            "incident_id": incident["id"],
            "area": place.area,
            "lon": place.lon,
            "lat": place.lat,
            "accuracy_m": place.accuracy_m,
            "skills": skills,
            "vehicle": body.vehicle or row["vehicle"],
            "started_at": tx.now,
            "until": body.until,
        }
    )
    return _told(tx, actor, row, "check_in")


def change(tx: Tx, actor: Actor, body: CheckinChangeIn, gazetteer: Gazetteer) -> dict[str, Any]:
    """Set parts of the current check-in. Raises NotFound when there is none."""
    row = _own(tx, actor)
    current = tx.volunteers.current_checkin(row["id"], tx.now)
    if current is None:
        raise NotFound("not_checked_in")
    values: dict[str, Any] = {}
    if body.place is not None or body.area_code is not None:
        incident = tx.incidents.get(current["incident_id"])
        assert incident is not None
        place = site_place(incident, gazetteer, body.place, body.area_code)
        values |= {"area": place.area, "lon": place.lon, "lat": place.lat, "accuracy_m": place.accuracy_m}
    skills = current["skills"] if body.skills is None else sorted(set(body.skills))
    _check_time_and_skills(tx, body.until or current["until"], skills)
    values |= {"skills": skills, "until": body.until or current["until"]}
    values |= {"vehicle": body.vehicle or current["vehicle"]}
    tx.volunteers.change_checkin(current["id"], **values)
    return _told(tx, actor, row, "check_in")


def check_out(tx: Tx, actor: Actor) -> None:
    """End the current check-in, if any."""
    row = _own(tx, actor)
    tx.volunteers.end_checkins(row["id"], tx.now)
    _changed(tx, row["id"], "check_out")
    tx.audit(actor, "checkin:end", row["home_area"], f"volunteer:{row['id']}")


def current(tx: Tx, actor: Actor) -> dict[str, Any] | None:
    """One's own current check-in, or None."""
    found = tx.volunteers.current_checkin(_own(tx, actor)["id"], tx.now)
    return None if found is None else _checkin(found)


def alias_of(name: str) -> str:
    """What others call a volunteer: the first name and the initial of the next."""
    first, *others = name.split()
    return f"{first} {others[0][0]}." if others else first


def _checked(body: VolunteerIn, gazetteer: Gazetteer) -> str:
    """The phone in its one spelling, once everything else is right too."""
    wrong: dict[str, Problem] = {}
    if not body.consent:
        wrong["consent"] = Problem("consent_wanted")
    if gazetteer.get(body.home_area) is None:
        wrong["home_area"] = Problem("unknown_area", {"code": body.home_area})
    wrong |= _unknown_skills(body.skills)
    phone = ""
    try:
        phone = contacts.normalise_phone(body.phone)
    except Invalid as error:
        wrong |= error.fields
    if wrong:
        raise Invalid(wrong)
    return phone


def _unknown_skills(skills: list[str]) -> dict[str, Problem]:
    known = ", ".join(catalogue.SKILLS)
    return {
        f"skills.{n}": Problem("not_one_of", {"choices": known})
        for n, skill in enumerate(skills)
        if skill not in catalogue.SKILLS
    }


def _check_time_and_skills(tx: Tx, until: datetime, skills: list[str]) -> None:
    wrong = _unknown_skills(skills)
    if until <= tx.now:
        wrong["until"] = Problem("until_past")
    elif until > tx.now + LONGEST:
        wrong["until"] = Problem("until_far", {"hours": 24})
    if wrong:
        raise Invalid(wrong)


def _own(tx: Tx, actor: Actor) -> dict[str, Any]:
    """The person's own volunteer record, held until the transaction ends."""
    row = tx.volunteers.get(actor.volunteer_id, lock=True) if actor.volunteer_id else None
    require(actor, Permission.CHECKIN_OWN, row["home_area"] if row else "")
    if row is None:
        raise NotFound("no_volunteer")
    return row


def _pending(tx: Tx, actor: Actor, volunteer_id: str) -> dict[str, Any]:
    row = tx.volunteers.get(volunteer_id, lock=True)
    if row is None or not may(actor, Permission.VOLUNTEER_READ, row["home_area"]):
        raise NotFound
    require(actor, Permission.VOLUNTEER_ACCEPT, row["home_area"])
    if row["state"] != "pending":
        raise Conflict("not_pending", state={"state": row["state"]})
    return row


def _free_name(tx: Tx, alias: str) -> str:
    plain = "".join(letter for letter in alias.lower() if letter.isalnum()) or "relawan"
    name = plain
    for n in range(2, 10_000):
        if len(name) >= 2 and tx.accounts.user_by_name(name) is None:
            return name
        name = f"{plain}{n}"
    raise Conflict("name_taken", name=plain)


def _checkin(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "area": row["area"],
        "place": {name: row[name] for name in ("lon", "lat", "accuracy_m")},
        "until": row["until"].isoformat(),
        "skills": row["skills"],
        "vehicle": row["vehicle"],
    }


def _told(tx: Tx, actor: Actor, row: Mapping[str, Any], action: str) -> dict[str, Any]:
    found = tx.volunteers.current_checkin(row["id"], tx.now)
    assert found is not None
    _changed(tx, row["id"], action, area=found["area"], incident_id=found["incident_id"])
    tx.audit(actor, "checkin:set", found["area"], f"volunteer:{row['id']}", until=found["until"].isoformat())
    return _checkin(found)


def _changed(tx: Tx, volunteer_id: str, action: str, *, area: str | None = None, incident_id: str | None = None) -> None:
    row = tx.volunteers.get(volunteer_id)
    assert row is not None
    rows = {"volunteers": queries.volunteer_rows(tx, [volunteer_id])}
    tx.record(
        events.VolunteerChanged(
            incident_id=incident_id or row["incident_id"],
            area=area or row["home_area"],
            rows=rows,
            volunteer_id=volunteer_id,
            action=action,
        )
    )
