"""What a plain form sends, as the inputs that services accept; and their problems by the form's own names."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from werkzeug.datastructures import MultiDict

from geo.areas import Gazetteer
from server.api.errors import body_of, sentence
from server.api.words import word
from server.domain import catalogue, priority
from server.domain.errors import Conflict, Invalid, Problem, TooMany
from server.services.inputs import VulnerableIn

Form = MultiDict[str, str]
DANGERS = priority.DANGERS
GROUPS = tuple(VulnerableIn.model_fields)
COMMON_ITEMS = (
    "water",
    "ready_meal",
    "medicine_kit",
    "infant_food",
    "tarpaulin",
    "blanket",
    "rice",
    "diapers",
    "hygiene_kit",
    "clothing",
    "evacuation",
    "medical",
)
OTHER_ITEMS = tuple(code for code in catalogue.ITEMS if code not in COMMON_ITEMS)

_RECOVERY = re.compile(r"^[a-zA-Z0-9]{5}-?[a-zA-Z0-9]{5}$")
"""How a recovery code looks, which may stand where the six digits do."""
_THOUSANDS = re.compile(r"^\d{1,3}([. ]\d{3})+$")
POINT_M = 50
"""How well a point is known that somebody wrote down in degrees: an assumption of ours."""
_FIELD_OF = {
    "place": "place_text",
    "place.lon": "place_text",
    "place.lat": "place_text",
    "place.accuracy_m": "place_text",
    "area_code": "place_text",
    "same_as": "same_as_code",
    "home_area": "home_text",
    "until": "hours",
    "recovery": "totp",
}


def report(form: Form) -> dict[str, Any]:
    """The report form of /lapor as the body of POST /api/reports; web/src/report.ts does the same in the browser."""
    place, area_code = _place(form), form.get("area_code") or None
    landmark, place_text = _text(form, "landmark"), _text(form, "place_text")
    text = _text(form, "text")
    if landmark and not (place or area_code):
        text = "\n".join(part for part in (text, word("report.landmark_note", landmark=landmark)) if part)
        landmark = None
    body: dict[str, Any] = {
        "client_id": form.get("client_id") or str(uuid4()),
        "incident": _text(form, "incident"),
        "text": text,
        "place": place,
        "area_code": None if place else area_code,
        "place_text": ", ".join(part for part in (landmark, place_text) if part) or None,
        "people": number(form, "people"),
        "vulnerable": {group: number(form, group) for group in GROUPS if form.get(group, "").strip()} or None,
        "danger": dict.fromkeys(form.getlist("danger"), True) or None,
        "needs": [_wanted(form, item) for item in form.getlist("need")] or None,
        "contact": {key: _text(form, key) for key in ("name", "phone") if _text(form, key)} or None,
        "on_behalf": form.get("on_behalf") == "yes",
        "same_as": _text(form, "same_as") or _text(form, "same_as_code"),
        "consent": _text(form, "consent"),
    }
    return {name: value for name, value in body.items() if value is not None}


def tracked_action(form: Form, gazetteer: Gazetteer) -> dict[str, Any]:
    """A form of /lacak/CODE as the body of POST /api/track/CODE; a chosen area is told in words as well."""
    chosen = gazetteer.get(form.get("area_code", ""))
    text = _text(form, "text")
    if chosen is not None:
        names = ", ".join(area.name for area in reversed(gazetteer.chain(chosen.code)))
        text = text or word("track.place_is", place=names)
    body = {
        "action": form.get("action", ""),
        "text": text,
        "rating": number(form, "rating"),
        "area_code": chosen.code if chosen else None,
        # What was asked for and left empty is named where it was asked for.
        "place_text": form.get("place_text"),
        "people": number(form, "people") or form.get("people"),
        "danger": {form[name]: name == "danger_yes" for name in ("danger_yes", "danger_no") if form.get(name)} or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def own_data(form: Form) -> dict[str, Any]:
    """A form of /lacak/CODE/data as the body of POST /api/track/CODE/data."""
    body = {name: _text(form, name) for name in ("phone", "name", "new_phone")}
    return {"action": form.get("action", ""), **{name: value for name, value in body.items() if value is not None}}


def volunteer(form: Form, home_area: str | None) -> dict[str, Any]:
    """The sign-up form of /relawan as the body of POST /api/volunteers."""
    body = {
        "name": form.get("name", ""),
        "phone": form.get("phone", ""),
        "home_area": home_area,
        "skills": form.getlist("skills"),
        "vehicle": form.get("vehicle") or None,
        "consent": form.get("consent") == "yes",
    }
    return {name: value for name, value in body.items() if value is not None}


def pledge(form: Form) -> dict[str, Any]:
    """The form of /donasi as the body of POST /api/pledges; only the fields of the chosen kind count."""
    kind = form.get("kind", "")
    own = {"goods": ("item", "quantity"), "money": ("rupiah",)}.get(kind, ())
    texts = {name: _text(form, name) for name in ("incident", "donor", "phone", "shown_as")}
    numbers = {name: number(form, name) for name in own if name != "item"}
    body = {"client_id": form.get("client_id") or str(uuid4()), "kind": kind, **texts, **numbers}
    body |= {"item": _text(form, "item")} if "item" in own else {}
    return {name: value for name, value in body.items() if value is not None}


def ask(form: Form) -> dict[str, Any]:
    """The form of /kabar as the body of POST /api/asks."""
    texts = {name: _text(form, name) for name in ("incident", "text", "place_text", "source_url", "phone")}
    return {"client_id": form.get("client_id") or str(uuid4()), "text": "", **{k: v for k, v in texts.items() if v}}


def claim(form: Form, gazetteer: Gazetteer) -> dict[str, Any]:
    """The form of /konsol/kabar as the body of POST /api/claims; the place is `latitude, longitude` or a name.

    Raises Invalid naming `place_text` for a name that nothing or several areas have.
    """
    body: dict[str, Any] = {name: _text(form, name) for name in ("text", "source_url", "kind")}
    where = form.get("place_text", "").strip()[:200]
    if point := _point(where):
        body["place"] = point
    elif where:
        found = gazetteer.search(where, limit=5)
        if not len(found) or found.ambiguous:
            choices = ", ".join(f"{one.area.name} ({', '.join(one.parents)})" for one in found)
            raise Invalid({"place_text": Problem("choose_area", {"choices": choices or "-"})})
        body["area_code"] = found[0].area.code
    return {name: value for name, value in body.items() if value is not None} | {"text": body["text"] or ""}


def _point(text: str) -> dict[str, float] | None:
    """`latitude, longitude` in degrees as a place; None for what is no such pair."""
    found = re.fullmatch(r"(-?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)", text.strip())
    return {"lon": float(found[2]), "lat": float(found[1]), "accuracy_m": POINT_M} if found else None


def evidence(form: Form) -> dict[str, Any]:
    """A form of the rumour desk as the body of POST /api/claims/ID/evidence."""
    body = {"found": form.get("found", "").strip(), "source_url": _text(form, "source_url")}
    return {name: value for name, value in body.items() if value is not None}


def verdict(form: Form) -> dict[str, Any]:
    """A form of the rumour desk as the body of POST /api/claims/ID/ACTION; the point is `latitude, longitude`.

    Raises Invalid naming `place` for what is no such pair.
    """
    body: dict[str, Any] = {name: _text(form, name) for name in ("text", "verdict", "source_url", "reason", "kind")}
    body |= {name: number(form, name) for name in ("version", "radius_m", "hours")}
    kept = {name: value for name, value in body.items() if value is not None}
    if "kind" in form:
        kept["kind"] = body["kind"]
    if where := _text(form, "place_text"):
        point = _point(where)
        if point is None:
            raise Invalid({"place": Problem("point_wanted")})
        kept["place"] = point
    return kept


def gift(form: Form) -> dict[str, Any]:
    """The form of /posko/donasi as the body of POST /api/gifts."""
    texts = {name: _text(form, name) for name in ("client_id", "pledge", "item", "site_id", "donor", "shown_as")}
    body = {**texts, "quantity": number(form, "quantity")}
    return {name: value for name, value in body.items() if value is not None}


def session(form: Form) -> dict[str, Any]:
    """The sign-in form as the body of POST /api/session."""
    body = {"name": form.get("name", ""), "password": form.get("password", "")}
    code = re.sub(r"\s", "", form.get("totp", ""))
    if not code:
        return body
    return {**body, "recovery" if _RECOVERY.match(code) else "totp": code}


def refused(error: Invalid | Conflict | TooMany, form: Form, sent_before: str) -> dict[str, Any]:
    """How a refused form is shown again: `values`, with what is `wrong` beside its fields or a `message` above them.

    `sent_before` is said where something else went under the form's id: sent anew, it is a thing of its own.
    """
    if isinstance(error, Invalid):
        return {"values": form, "wrong": problems(error, form)}
    if error.code != "client_id_taken":
        return {"values": form, "message": body_of(error)["error"]["message"]}
    return {"values": MultiDict([pair for pair in form.items() if pair[0] != "client_id"]), "message": sent_before}


def problems(error: Invalid, form: Form) -> dict[str, str]:
    """What is wrong, in words, by the name of the form's field; the first problem of a field counts."""
    needs = form.getlist("need")
    found: dict[str, str] = {}
    for name, problem in error.fields.items():
        found.setdefault(_field(name, needs), sentence(problem))
    return found


def _field(name: str, needs: list[str]) -> str:
    found = re.fullmatch(r"needs\.(\d+)\.(item|quantity)", name)
    if found:
        item = needs[int(found[1])] if int(found[1]) < len(needs) else ""
        return f"amount_{item}" if found[2] == "quantity" else "need"
    head, _, tail = name.partition(".")
    if head in ("vulnerable", "contact"):
        return tail
    return _FIELD_OF.get(name, "skills" if head == "skills" else name)


def _text(form: Form, name: str) -> str | None:
    return form.get(name, "").strip() or None


def number(form: Form, name: str) -> int | str | None:
    """A whole number as people write it (`1.200`); what is none stays a text, to be named as wrong."""
    text = form.get(name, "").strip()
    if _THOUSANDS.match(text):
        text = re.sub(r"[. ]", "", text)
    return int(text) if re.fullmatch(r"\d{1,12}", text) else text or None


def _wanted(form: Form, item: str) -> Mapping[str, Any]:
    quantity = number(form, f"amount_{item}")
    return {"item": item} if quantity is None else {"item": item, "quantity": quantity}


def _place(form: Form) -> dict[str, float | str] | None:
    if not (form.get("lon") and form.get("lat")):
        return None
    names = [name for name in ("lon", "lat", "accuracy_m") if form.get(name)]
    return {name: _decimal(form[name]) for name in names}


def _decimal(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
