"""Who is asking: a server-side session by cookie with a CSRF header, or a bearer token.

Cookies are `__Host-` ones when the public address is https; on plain http (a phone on the same
network, a test) the browser would refuse that name, so it is left off there.
"""

import hmac

from flask import Response, current_app, g, request

from server.bootstrap import System
from server.domain.errors import Forbidden, NotSignedIn
from server.domain.permissions import ANYONE, Actor
from server.services import accounts

COOKIE = "tanggap_session"
CSRF_HEADER = "X-CSRF-Token"


def cookie_name() -> str:
    """The session cookie's name."""
    return f"__Host-{COOKIE}" if _is_https() else COOKIE


def _is_https() -> bool:
    return bool(current_app.config["PUBLIC_URL"].startswith("https://"))


def secret_of_request() -> str | None:
    """The session or token secret that the request carries."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    return request.cookies.get(cookie_name())


def current() -> accounts.SignedIn | None:
    """The signed-in person, or None; looked up once per request."""
    if "signed_in" not in g:
        secret = secret_of_request()
        found: System = current_app.extensions["tanggap"]
        if secret is None:
            g.signed_in = None
        else:
            with found.reading() as tx:
                g.signed_in = accounts.who_is(tx, secret)
    return g.signed_in  # type: ignore[no-any-return]


def actor() -> Actor:
    """Who acts in this request."""
    signed_in = current()
    return signed_in.actor if signed_in else ANYONE


def actor_with_token(token: str) -> Actor:
    """Who a token given by a socket stands for."""
    found: System = current_app.extensions["tanggap"]
    with found.reading() as tx:
        signed_in = accounts.who_is(tx, token)
    return signed_in.actor if signed_in else ANYONE


def need_signed_in() -> None:
    """Raises NotSignedIn when nobody is."""
    if current() is None:
        raise NotSignedIn


def check_csrf() -> None:
    """Raises Forbidden when a change comes by cookie without the session's CSRF token in the header or form."""
    signed_in = current()
    if signed_in is None or signed_in.by_token:
        return
    given = request.headers.get(CSRF_HEADER) or request.form.get("csrf") or ""
    if not hmac.compare_digest(given.encode(), signed_in.csrf.encode()):
        raise Forbidden("csrf")


def keep(response: Response, secret: str, max_age_s: int) -> Response:
    """Put the session's cookie on an answer."""
    response.set_cookie(
        cookie_name(), secret, max_age=max_age_s, httponly=True, secure=_is_https(), samesite="Lax", path="/"
    )
    return response


def forget(response: Response) -> Response:
    """Take the session's cookie away."""
    response.delete_cookie(cookie_name(), path="/", secure=_is_https(), httponly=True, samesite="Lax")
    return response
