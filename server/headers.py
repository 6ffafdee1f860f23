"""What every answer tells browsers for everybody's safety, whoever gives it: application, sockets or gateway."""

from collections.abc import Mapping
from urllib.parse import urlsplit

POLICY = "Content-Security-Policy"


def standing(public_url: str, tiles: str = "") -> Mapping[str, str]:
    """Header by name: load from us only, be framed by us only, tell no referrer; by https for a year, where we have it.

    `tiles` is the tile server's address, if there is one.
    """
    found = {
        POLICY: content_security_policy(public_url, tiles),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
    }
    if public_url.startswith("https://"):
        found["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return found


def content_security_policy(public_url: str, tiles: str = "") -> str:
    """Own files only; scripts by file; blobs for the map's workers and chosen photos; the tile server, if any.

    Our sockets are named by the public address too: to older browsers 'self' is no address of a socket.
    """
    parts, own = urlsplit(tiles), urlsplit(public_url)
    host = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    socket = f"{'wss' if own.scheme == 'https' else 'ws'}://{own.netloc}"
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{host}; "
        f"connect-src 'self' {socket}{host}; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'self'; form-action 'self'"
    )
