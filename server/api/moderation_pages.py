"""The moderation queue as a page that needs no script: reports in quarantine, new photos, blocked senders."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import redirect, request

from server.api import forms, identity
from server.api.contract import system
from server.api.errors import body_of, status_of
from server.api.html import Pages, denied, show, typed
from server.domain.errors import DomainError, Invalid, NotFound
from server.domain.permissions import Permission, areas_for
from server.services import moderation, photos, units
from server.services.inputs import ReasonIn, parse
from server.services.inputs_moderation import AppealAnswerIn, BlockIn, ChoiceIn

pages = Pages()
HOME = "/konsol/moderasi"
KEPT = frozenset({"of", "reason", "hours", "kind"})


@pages.route("GET", HOME, guard="signed_in")
def queue() -> Any:
    """What waits for a person's eyes."""
    if not areas_for(identity.actor(), Permission.CASE_VERIFY):
        return denied("moderation")
    return _queue(typed())


@pages.route("POST", f"{HOME}/laporan/<action>", guard="signed_in", home=HOME, keeps=KEPT)
def decide(action: str) -> Any:
    """Let a report or a whole group in (`loloskan`), or turn it down (`tolak`)."""

    def do(tx: Any) -> None:
        names = ("group", "until", "reason")
        given: dict[str, Any] = {name: request.form[name].strip() for name in names if request.form.get(name)}
        chosen = request.form.getlist("report")
        body = parse(ChoiceIn, given | ({"reports": chosen} if chosen else {}))
        if action == "loloskan":
            moderation.let_in(tx, identity.actor(), body)
        elif action == "tolak":
            moderation.reject(tx, identity.actor(), body, system().gazetteer())
        else:
            raise NotFound

    return _done(do)


@pages.route("POST", f"{HOME}/foto/<uuid:photo_id>/<action>", guard="signed_in", home=HOME)
def look(photo_id: UUID, action: str) -> Any:
    """Let a photo be seen (`tampilkan`), or leave it hidden (`sembunyikan`): it was looked at."""

    def do(tx: Any) -> None:
        if action not in ("tampilkan", "sembunyikan"):
            raise NotFound
        photos.moderate(tx, identity.actor(), str(photo_id), is_shown=action == "tampilkan")

    return _done(do)


@pages.route("POST", f"{HOME}/pengirim/<report_id>", guard="signed_in", home=HOME, keeps=KEPT)
def block(report_id: str) -> Any:
    """Block who sent a report, from a plain form."""

    def do(tx: Any) -> None:
        form = request.form
        fields = {"kind": form.get("kind", ""), "reason": form.get("reason", "").strip()}
        body = parse(BlockIn, fields | {"hours": forms.number(form, "hours")})
        moderation.block(tx, identity.actor(), report_id, body)

    return _done(do)


@pages.route("POST", f"{HOME}/blokir/<uuid:block_id>/<action>", guard="signed_in", home=HOME, keeps=KEPT)
def answer(block_id: UUID, action: str) -> Any:
    """Take a block back (`cabut`), or answer an appeal: lift the block (`kabulkan`) or let it stand (`tetap`)."""

    def do(tx: Any) -> None:
        reason = {"reason": request.form.get("reason", "").strip()}
        if action == "cabut":
            moderation.end_block(tx, identity.actor(), str(block_id), parse(ReasonIn, reason).reason)
        elif action in ("kabulkan", "tetap"):
            body = parse(AppealAnswerIn, {**reason, "lift": action == "kabulkan"})
            moderation.answer_appeal(tx, identity.actor(), str(block_id), body)
        else:
            raise NotFound

    return _done(do)


def _done(do: Callable[[Any], None]) -> Any:
    try:
        with system().writing() as tx:
            do(tx)
    except Invalid as error:
        found = forms.problems(error, request.form)
        of = request.form.get("of", "")
        return _queue(request.form, {f"{name}-{of}": sentence for name, sentence in found.items()}), 422
    except NotFound:
        raise
    except DomainError as error:
        return _queue(request.form, message=str(body_of(error)["error"]["message"])), status_of(error)
    return redirect(HOME, 303)


def _queue(values: Mapping[str, str], wrong: Mapping[str, str] | None = None, message: str = "") -> str:
    with system().reading() as tx:
        found = moderation.queue(tx, identity.actor())
        listed = [one for group in found["groups"] for one in group["samples"]]
        codes = {one["area"] for one in [*listed, *found["photos"], *found["blocks"]]}
        names = {code: units.name_of(tx, code) for code in codes}
    return show(
        "moderation.html", queue=found, names=names, values=values, wrong=wrong or {}, message=message
    )
