"""Pages: how a page says its path and guard, and what every template is given.

Every page names its guard: `public` (anybody) or `signed_in` (a session; others are sent to sign in).
What the person may do is decided by the service behind the page.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict

from server.api import identity
from server.api.contract import system
from server.api.words import DRAFTS, LANGUAGE_COOKIES, LANGUAGES, NAMES, dictionary, language, spoken, word
from server.domain.errors import Forbidden
from server.domain.permissions import Permission, areas_for

READING = ("GET", "HEAD")
LONGEST_CODE = 40
"""Letters of what is typed in as a code that are looked at: more than any of ours has."""
Guard = Literal["public", "signed_in"]
Handler = TypeVar("Handler", bound=Callable[..., Any])
BUILT = Path(__file__).resolve().parents[2] / "web" / "dist"
WIB = timezone(timedelta(hours=7), "WIB")
LANGUAGE_KEPT_S = 365 * 24 * 3600
TYPED, TYPED_KEPT_S = "typed", 3600
"""The cookie with what was typed into a form whose session was over, for the form's page alone; no log has it."""
AGAIN = "ulang"
"""In the address of a form's page: what was typed was not taken, and is to be sent again."""


@dataclass(frozen=True)
class Page:
    """One method on one path; a form's `home` is its page, which gets the fields it `keeps` back by `typed`.

    A home may have the path's own variables in it, like `/konsol/kasus/{case_id}/oper`.
    """

    method: str
    path: str
    guard: Guard
    handler: Callable[..., Any]
    home: str = "/"
    keeps: frozenset[str] = frozenset()

    @property
    def endpoint(self) -> str:
        """The name under which Flask knows it."""
        return f"{self.handler.__module__.rsplit('.', 1)[-1]}.{self.handler.__name__}"


@dataclass
class Pages:
    """The pages of one module; `install` binds them to the application."""

    listed: list[Page] = field(default_factory=list)

    def route(
        self, method: str, path: str, *, guard: Guard, home: str = "/", keeps: frozenset[str] = frozenset()
    ) -> Callable[[Handler], Handler]:
        """Put a handler into the list; it gets the path's variables and answers as a Flask view does."""

        def register(handler: Handler) -> Handler:
            self.listed.append(Page(method, path, guard, handler, home, keeps))
            return handler

        return register

    def install(self, app: Flask) -> None:
        """Bind every page, and give templates what they all use."""
        for page in self.listed:
            app.add_url_rule(page.path, page.endpoint, _serve(page), methods=[page.method])
        app.jinja_env.globals.update(
            static=static,
            script_words=script_words,
            moment=moment,
            grouped=grouped,
            now=now,
            in_language=in_language,
            known=known,
            spoken=spoken,
            language_names=NAMES,
            drafts=DRAFTS,
        )


def _serve(page: Page) -> Callable[..., Any]:
    @functools.wraps(page.handler)
    def view(**kwargs: Any) -> Any:
        if page.guard == "signed_in" and identity.current() is None:
            return _keeping(page, "/masuk?" + urlencode({"next": _after_signing_in(page)}))
        if request.method in READING:
            return _finished(make_response(page.handler(**kwargs)))
        if not _has_proof(page):
            return _keeping(page, _again(page))
        return _no_longer_kept(page, _finished(make_response(page.handler(**kwargs))))

    view.guard = page.guard  # type: ignore[attr-defined]
    return view


def _after_signing_in(page: Page) -> str:
    """Where a person goes on: to the page they asked for, or for a form to its page, with what was typed."""
    return request.full_path.rstrip("?") if request.method in READING else _again(page)


def _again(page: Page) -> str:
    return f"{_home(page)}?{AGAIN}=1"


def _home(page: Page) -> str:
    return page.home.format(**(request.view_args or {}))


def _keeping(page: Page, where: str) -> Response:
    """To another page, after which what was typed is still there."""
    answer = make_response(redirect(where, 303))
    fields = [(name, value) for name, value in request.form.items(multi=True) if name in page.keeps]
    if fields:
        text = urlencode(fields)
        secure = identity.is_https()
        answer.set_cookie(
            identity.page_cookie(TYPED), text, max_age=TYPED_KEPT_S, httponly=True, secure=secure, samesite="Lax",
            path=_home(page),
        )  # fmt: skip
    return answer


def _no_longer_kept(page: Page, answer: Response) -> Response:
    name = identity.page_cookie(TYPED)
    if name in request.cookies:
        answer.delete_cookie(name, path=_home(page), httponly=True, secure=identity.is_https(), samesite="Lax")
    return answer


def typed() -> MultiDict[str, str]:
    """What was typed into a form of this page while the session was over, for the page to show it again."""
    if AGAIN not in request.args:
        return MultiDict()
    return MultiDict(parse_qsl(request.cookies.get(identity.page_cookie(TYPED), "")))


def _has_proof(page: Page) -> bool:
    """Whether the form is of this session; a public one of another is taken as a stranger's: no report is lost."""
    try:
        identity.check_csrf()
    except Forbidden:
        if page.guard != "public":
            return False
        g.signed_in = None
    return True


def _finished(response: Response) -> Response:
    """A page may be kept only by its reader's browser, and is asked for again each time."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.vary.update(("Cookie", "Accept-Language"))
    if request.args.get("lang") in LANGUAGES:
        chosen, secure = request.args["lang"], identity.is_https()
        name = LANGUAGE_COOKIES[0 if secure else 1]
        response.set_cookie(name, chosen, max_age=LANGUAGE_KEPT_S, httponly=True, secure=secure, samesite="Lax")
    return response


def to_code_page(folder: str) -> Any:
    """To the page in that folder of the code that was typed in (`?code=`), which may be anything; None without one."""
    code = request.args.get("code", "").strip()[:LONGEST_CODE].replace("/", "")
    return redirect(f"{folder}/{quote(code, safe='')}", 303) if code else None


def show(template: str, **values: Any) -> str:
    """A template with the person who reads it: `me`, `csrf` and the links of the top bar, `nav`."""
    person = None if g.get("anonymous_page") else identity.current()
    return render_template(
        template, me=person.me() if person else None, csrf=person.csrf if person else "", nav=_nav(), **values
    )


def denied(what: str) -> tuple[str, int]:
    """Who may see a page (a key under `denied`), and where the reader may go instead."""
    return show("denied.html", what=what), 403


def show_to_anyone(template: str, **values: Any) -> str:
    """The same page whoever asks, so that a browser may keep it for later and for others on the phone."""
    g.anonymous_page = True
    return show(template, **values)


def kept(page: str) -> Response:
    """A page of `show_to_anyone` for the service worker: it asks again by ETag, and gets 304 when nothing changed."""
    answer = make_response(page)
    answer.set_etag(hashlib.sha256(page.encode()).hexdigest()[:16], weak=True)
    answer.make_conditional(request)
    return answer


def _nav() -> list[tuple[str, str]]:
    """(path, key of the word) of the links for the roles that the reader holds."""
    person = None if g.get("anonymous_page") else identity.current()
    if person is None:
        return []
    links = []
    if areas_for(person.actor, Permission.BOARD_READ):
        links.append(("/konsol", "nav.console"))
    if areas_for(person.actor, Permission.CASE_EDIT):
        links.append(("/konsol/masuk", "nav.inbox"))
    if areas_for(person.actor, Permission.CASE_VERIFY):
        links.append(("/konsol/moderasi", "nav.moderation"))
    if areas_for(person.actor, Permission.CLAIM_EDIT):
        links.append(("/konsol/kabar", "nav.claims"))
    if areas_for(person.actor, Permission.SITE_READ):
        links.append(("/posko", "nav.sites"))
    if areas_for(person.actor, Permission.USER_EDIT):
        links.append(("/petugas", "nav.users"))
    if person.actor.volunteer_id:
        links.append(("/relawan/tugas", "nav.jobs"))
    return links


def home_of_person() -> str:
    """Where a person goes after signing in: the first page of their role."""
    links = _nav()
    return links[0][0] if links else "/akun"


@cache
def _hashes(changed_at: float) -> Mapping[str, str]:
    """What the front-end build made; a new build has a new `changed_at`."""
    found: dict[str, str] = json.loads((BUILT / "manifest.json").read_text("utf-8")) if changed_at else {}
    return found


def static(name: str) -> str:
    """The address of a built file, which changes with its content."""
    manifest = BUILT / "manifest.json"
    hashes = _hashes(manifest.stat().st_mtime if manifest.exists() else 0.0)
    return f"/static/{name}?v={hashes[name]}" if name in hashes else f"/static/{name}"


def script_words(*prefixes: str) -> dict[str, str]:
    """The words under dotted prefixes, flat, for a page's script to read from a JSON block."""
    found: dict[str, str] = {}
    for prefix in prefixes:
        node: Any = dictionary(language())
        for part in prefix.split("."):
            node = node.get(part, {}) if isinstance(node, dict) else {}
        found.update(_flat(prefix, node))
    return found


def _flat(prefix: str, node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield prefix, node
        return
    for key, value in node.items():
        yield from _flat(f"{prefix}.{key}", value)


def known(key: str) -> bool:
    """Whether there is a word under the key."""
    return word(key) != key


def moment(when: str | datetime) -> str:
    """A time as people here say it: `24 Nov 2026, 21.41 WIB`."""
    at = (datetime.fromisoformat(when) if isinstance(when, str) else when).astimezone(WIB)
    return f"{at.day} {word(f'common.months.m{at.month}')} {at.year}, {at:%H.%M} WIB"


def now() -> datetime:
    """The time of this answer."""
    return system().now()


def grouped(number: float) -> str:
    """A number with its thousands apart and what decimals it has, as the reader writes them."""
    written = f"{number:,}"
    return written.translate(str.maketrans(",.", ".,")) if language() != "en" else written


def in_language(code: str) -> str:
    """The address of the present page in another language."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{request.path}?{urlencode([*kept, ('lang', code)])}"


def public_url(path: str) -> str:
    """A path as a whole address that can be sent to somebody."""
    return f"{current_app.config['PUBLIC_URL']}{path}"
