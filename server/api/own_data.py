"""What a person may ask about themselves: a page that says so, and all of it given, corrected or deleted."""

import json
import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Response, jsonify, make_response, request

from server import erasures
from server.api import forms, identity
from server.api.contract import route, system
from server.api.errors import body_of, status_of
from server.api.html import Pages, show
from server.api.words import word
from server.domain import consent
from server.domain.errors import Invalid, NotFound, TooMany
from server.services import own_data
from server.services.inputs import OwnDataIn, parse

pages = Pages()
install = pages.install


@route(
    "POST",
    "/api/track/<code>/data",
    guard="public",
    body=OwnDataIn,
    answers={200: "`give`: everything kept about the person; else `done`"},
)
def act(code: str, body: OwnDataIn) -> Any:
    """Give, correct or erase what is kept about a person, by the code and the phone that was given with it."""
    given, _ = _do(code, body)
    return jsonify(given if given is not None else {"done": body.action})


@pages.route("GET", "/privasi", guard="public")
def privacy() -> Any:
    """What is kept about people, why and for how long, and what they may ask."""
    return show("privacy.html", keep=system().settings, version=consent.VERSION)


@pages.route("GET", "/lacak/<code>/data", guard="public")
def page(code: str) -> Any:
    """The forms, whether there is such a code or not."""
    return _shown(code)


@pages.route("POST", "/lacak/<code>/data", guard="public")
def ask(code: str) -> Any:
    """Give as a file, correct or erase, from a plain form."""
    form = request.form
    try:
        given, images = _do(code, parse(OwnDataIn, forms.own_data(form)))
    except Invalid as error:
        return _shown(code, wrong=forms.problems(error, form), status=422)
    except (NotFound, TooMany) as error:
        return _shown(code, wrong={"phone": body_of(error)["error"]["message"]}, status=status_of(error))
    if given is None:
        return _shown(code, done=form["action"])
    answer = Response(_packed(given, images), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="tanggap-{given["code"]}.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@route("GET", "/api/me/data", guard="signed_in", answers={200: "`account`, and `volunteer` or null"})
def mine() -> Any:
    """Everything that is kept about me; the look is audited."""
    with system().writing() as tx:
        given = own_data.of_account(tx, identity.actor(), system().keys)
    answer = jsonify(given)
    answer.headers["Content-Disposition"] = 'attachment; filename="tanggap.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _do(code: str, body: OwnDataIn) -> tuple[dict[str, Any] | None, dict[str, bytes]]:
    """What was asked for; for `give` all the data and the photos. Raises NotFound, TooMany, Invalid."""
    keys, folder = system().keys, system().settings.photo_dir
    given: dict[str, Any] | None = None
    images: dict[str, bytes] = {}
    with system().writing() as tx:
        own = own_data.find(tx, code, body.phone, request.remote_addr or "unknown", keys)
        if own is not None and body.action == "give":
            given, images = own_data.give(tx, own, keys), own_data.images_of(tx, own, folder)
        elif own is not None and body.action == "correct":
            own_data.correct(tx, own, body, keys)
        elif own is not None:
            erasures.note(system().settings.data_dir, own.subject)
            own_data.erase(tx, own)
    if own is None:
        # Only now: the try is counted for good.
        raise NotFound("not_your_data")
    return given, images


def _packed(given: dict[str, Any], images: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.json", json.dumps(given, ensure_ascii=False, indent=2, default=_written))
        for name, image in images.items():
            file.writestr(name, image)
    return out.getvalue()


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _shown(code: str, *, wrong: dict[str, str] | None = None, done: str = "", status: int = 200) -> Any:
    said = word(f"privacy.own.done.{done}") if done else ""
    shown = show("own_data.html", code=code[:40], values=request.form, wrong=wrong or {}, done=said)
    answer = make_response(shown, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
