"""Health, for supervisors and operators."""

import ipaddress
from typing import Any

import redis
from flask import Response, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

from server.api import identity
from server.api.contract import route, system
from server.domain.errors import Forbidden
from server.domain.permissions import Permission, may
from server.services import health


@route("GET", "/healthz", guard="public", answers={200: "This process is up"})
def healthz() -> Any:
    """Whether the process answers."""
    return jsonify({"ok": True})


@route("GET", "/readyz", guard="public", answers={200: "Ready; the queue may be down, reports still land"})
def readyz() -> Any:
    """Database, queue, relay lag. Reports land without the queue, so only the database decides the status."""
    queue = "up" if _queue_up() else "down"
    try:
        with system().reading() as tx:
            found = health.readiness(tx)
    except SQLAlchemyError:
        return jsonify({"ok": False, "database": "down", "queue": queue}), 503
    return jsonify({"ok": True, "database": "up", "queue": queue, **found})


@route("GET", "/metrics", guard="public", answers={200: "Prometheus text", 403: "Loopback or an admin's token only"})
def metrics() -> Any:
    """Figures for Prometheus."""
    if not (_from_loopback() or may(identity.actor(), Permission.AUDIT_READ, "")):
        raise Forbidden
    with system().reading() as tx:
        lines = health.figures(tx)
    lines["tanggap_queue_up"] = float(_queue_up())
    text = "".join(f"{name} {value:g}\n" for name, value in sorted(lines.items()))
    return Response(text, mimetype="text/plain; version=0.0.4")


def _queue_up() -> bool:
    url = system().settings.redis_url
    if not url:
        return False
    try:
        client = redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def _from_loopback() -> bool:
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
