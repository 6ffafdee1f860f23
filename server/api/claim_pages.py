"""What anybody reads and asks about rumours: verdicts, a form to ask, one's own question, and cards to send on.

All of it works without a script.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from server.api import claim_cards, forms
from server.api.claims import followed, taken
from server.api.contract import system
from server.api.errors import body_of, status_of
from server.api.html import Pages, public_url, show, to_code_page
from server.api.words import word
from server.domain.errors import Conflict, Invalid, NotFound, TooMany
from server.services import asks, publishing
from server.services.inputs import parse
from server.services.inputs_supply import AskIn

pages = Pages()
install = pages.install
CLAIM_CODE_LENGTH = 12
CARD_KEPT_S = 300


@pages.route("GET", "/kabar", guard="public")
def claims_page() -> Any:
    """Claims with their verdicts, a form to ask about another, and the way to one's own question."""
    if (there := to_code_page("/kabar")) is not None:
        return there
    wrong = {"code": word("errors.required")} if "code" in request.args else None
    return _shown(MultiDict({"text": request.args.get("text", "")}), wrong)


@pages.route("POST", "/kabar", guard="public")
def ask() -> Any:
    """Ask about a rumour, by the plain form."""
    form = request.form
    try:
        done = taken(parse(AskIn, forms.ask(form)))
    except (Invalid, Conflict, TooMany) as error:
        return _shown(**forms.refused(error, form, word("claims.ask.sent_before"))), status_of(error)
    return redirect(f"{done.answer['url']}?new=1", 303)


@pages.route("GET", "/kabar/<code>", guard="public")
def answer_page(code: str) -> Any:
    """The verdict on a claim, by its public code; or what became of one's own question, by that one's code."""
    if len(code) == CLAIM_CODE_LENGTH:
        return show("claim.html", claim=_public(code), card=public_url(f"/kabar/{code.upper()}/kartu.png"))
    try:
        found = followed(code)
    except (NotFound, TooMany) as error:
        problem = str(body_of(error)["error"]["message"])
        return _shown(MultiDict({"code": code}), {"code": problem}), status_of(error)
    page = make_response(show("ask.html", ask=found, is_new=bool(request.args.get("new"))))
    page.headers["Cache-Control"] = "no-store"
    return page


@pages.route("GET", "/kabar/<code>/kartu.svg", guard="public")
def card(code: str) -> Any:
    """The verdict as a picture to send on."""
    return _kept(Response(claim_cards.svg(_public(code)), mimetype="image/svg+xml"))


@pages.route("GET", "/kabar/<code>/kartu.png", guard="public")
def card_picture(code: str) -> Any:
    """The same for what takes no SVG."""
    return _kept(Response(claim_cards.png(_public(code)), mimetype="image/png"))


def _kept(picture: Response) -> Response:
    """A verdict does not change; its words may."""
    picture.headers["Cache-Control"] = f"public, max-age={CARD_KEPT_S}"
    return picture


def _public(code: str) -> dict[str, Any]:
    with system().reading() as tx:
        return asks.public_answer(tx, code.upper())


def _shown(values: MultiDict[str, str], wrong: Mapping[str, str] | None = None, message: str = "") -> str:
    with system().reading() as tx:
        claims = publishing.claims_shown(tx)
    return show(
        "claims.html", claims=claims, values=values, wrong=wrong or {}, message=message,
        client_id=values.get("client_id") or str(uuid4()),
    )  # fmt: skip
