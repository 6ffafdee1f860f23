"""Who is asking: a server-side session by cookie with a CSRF header, or a bearer token.

Cookies are `__Host-` ones when the public address is https; on plain http (a phone on the same
network, a test) the browser would refuse that name, so it is left off there.
"""

import hmac
import re

from flask import Response, current_app, g, request

from server.bootstrap import System
from server.domain.errors import Forbidden, NotSignedIn
from server.domain.permissions import ANYONE, Actor
from server.services import accounts

COOKIE = "tanggap_session"
DEVICE = "tanggap_device"
"""The cookie by which a device is known again on which its owner signed in: guessers elsewhere do not shut it out."""
SENDER, SENDER_KEPT_S = "tanggap_sender", 30 * 24 * 3600
"""The cookie by which the reports of one browser are known to be of one device; it says nothing of the person."""
CSRF_HEADER = "X-CSRF-Token"
BROWSERS = ("Edg", "OPR", "SamsungBrowser", "Firefox", "Chrome", "Safari", "curl", "python")
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "CrOS", "Linux")


def cookie_name() -> str:
    """The session cookie's name."""
    return _named(COOKIE)


def _named(cookie: str) -> str:
    return f"__Host-{cookie}" if is_https() else cookie


def page_cookie(cookie: str) -> str:
    """The name of a cookie for one page of ours; over https it comes from us alone."""
    return f"__Secure-{cookie}" if is_https() else cookie


def is_https() -> bool:
    """Whether people reach us by https, so that cookies are for that only."""
    return bool(current_app.config["PUBLIC_URL"].startswith("https://"))


def secret_of_request() -> str | None:
    """The session or token secret that the request carries."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    return secret_of_browser()


def secret_of_browser() -> str | None:
    """The session secret in the request's cookie."""
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
                g.signed_in = accounts.who_is(tx, secret, totp_required=found.settings.require_totp)
    return g.signed_in  # type: ignore[no-any-return]


def ask_anew() -> None:
    """What is known of the person changed in this request."""
    g.pop("signed_in", None)


def actor() -> Actor:
    """Who acts in this request."""
    signed_in = current()
    return signed_in.actor if signed_in else ANYONE


def actor_with_token(token: str) -> Actor:
    """Who a token given by a socket stands for."""
    found: System = current_app.extensions["tanggap"]
    with found.reading() as tx:
        signed_in = accounts.who_is(tx, token, totp_required=found.settings.require_totp)
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


def refuse_other_sites() -> None:
    """Raises Forbidden when a browser says that a page of somebody else's sends this, to sign a person in unasked."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden("csrf")


def whence() -> accounts.Whence:
    """Where this request comes from, as far as guessing passwords is concerned."""
    return accounts.Whence(request.cookies.get(_named(DEVICE), ""), request.remote_addr or "")


def device_words() -> str:
    """The browser and the system that the request says it is from, to know a session by: `Firefox, Android`."""
    agent = request.headers.get("User-Agent", "")
    found = [next((one for one in names if re.search(rf"\b{one}", agent)), "") for names in (BROWSERS, SYSTEMS)]
    return ", ".join(one for one in found if one)


def know_device(response: Response, user_id: str) -> Response:
    """Let the device be known again as one of this person's."""
    found: System = current_app.extensions["tanggap"]
    value = accounts.device_after(whence().device, user_id, found.keys)
    response.set_cookie(
        _named(DEVICE), value, max_age=int(accounts.DEVICE_KEPT.total_seconds()), httponly=True, secure=is_https(),
        samesite="Lax", path="/",
    )  # fmt: skip
    return response


def keep(response: Response, secret: str, max_age_s: int) -> Response:
    """Put the session's cookie on an answer."""
    response.set_cookie(
        cookie_name(), secret, max_age=max_age_s, httponly=True, secure=is_https(), samesite="Lax", path="/"
    )
    return response


def forget(response: Response) -> Response:
    """Take the session's cookie away."""
    response.delete_cookie(cookie_name(), path="/", secure=is_https(), httponly=True, samesite="Lax")
    return response


def is_own_machine() -> bool:
    """Whether the request comes from the machine itself, through no proxy but ours: from whoever runs it."""
    return request.remote_addr in ("127.0.0.1", "::1") and len(request.access_route) < 2


def sender() -> str | None:
    """The device's mark that the request carries."""
    return request.cookies.get(_named(SENDER))


def mark_sender(response: Response, mark: str) -> Response:
    """Put a device's mark on an answer; only calls that take reports get it back."""
    response.set_cookie(
        _named(SENDER), mark, max_age=SENDER_KEPT_S, httponly=True, secure=is_https(), samesite="Strict", path="/"
    )
    return response
