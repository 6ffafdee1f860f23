"""The Socket.IO edge: who is listening, to which rooms. It emits nothing by itself.

Events reach the rooms from `workers/relay.py` through the queue. A client that was away asks
`/api/events?after=` for what it missed. The rooms' names stand in `domain/rooms.py`.
A socket lives no longer than the session behind it, nor than the right to see the area that it listens to.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from flask import Flask, current_app, request
from flask_socketio import Namespace, SocketIO, join_room, leave_room, rooms
from redis.backoff import NoBackoff
from redis.retry import Retry
from socketio import RedisManager
from sqlalchemy.exc import SQLAlchemyError

from server.api import identity
from server.api.errors import body_of
from server.bootstrap import System
from server.config import Settings
from server.domain.errors import DomainError, Invalid, Problem
from server.domain.permissions import Actor, Permission, may
from server.domain.rooms import PUBLIC, area_room, volunteer_room
from server.services import accounts, queries
from server.services.intake import incident_for

log = structlog.get_logger()
HEAR_AGAIN_S = 0.25
LOOK_AGAIN_S = 2.0
"""How long a socket may outlive its session: one question to the database for all sockets of a process."""


@dataclass(frozen=True)
class Listener:
    """A socket of somebody: the session or token behind it (`digest`), and the area that it listens to, if any."""

    behind: bytes
    area: str | None = None


class Live(Namespace):  # type: ignore[misc]  # flask_socketio has no types
    """What a socket may ask for."""

    def on_connect(self, auth: Any = None) -> None:
        """Anybody hears the public room; a volunteer also their own."""
        join_room(PUBLIC)
        actor = self._actor(auth)
        self._note(auth)
        if actor.volunteer_id:
            join_room(volunteer_room(actor.volunteer_id))

    def on_subscribe(self, wanted: Any = None) -> dict[str, Any]:
        """Listen to an incident's area: `{incident?, area?, cursor?, token?}` -> `{ok, cursor, area}` or `{error}`.

        A subscription takes the place of the one before.
        """
        try:
            return self._subscribe(wanted if isinstance(wanted, dict) else {})
        except DomainError as error:
            return body_of(error)

    def _subscribe(self, wanted: dict[str, Any]) -> dict[str, Any]:
        for name in ("incident", "area", "token"):
            if not isinstance(wanted.get(name, ""), str | None):
                raise Invalid({name: Problem("text_wanted")})
        actor = self._actor(wanted)
        found = _system()
        with found.reading() as tx:
            cursor = tx.outbox.cursor()
            if actor.volunteer_id:
                join_room(volunteer_room(actor.volunteer_id))
            if wanted.get("me") or (actor.volunteer_id and "area" not in wanted and "incident" not in wanted):
                return {"ok": True, "cursor": cursor, "room": "me"}
            area = queries.board_area(actor, wanted.get("area"))
            incident = incident_for(tx, wanted.get("incident"))
        for room in rooms():
            if room.startswith("i:"):
                leave_room(room)
        join_room(area_room(incident["id"], area))
        self._note(wanted, area)
        return {"ok": True, "cursor": cursor, "area": area, "incident": incident["slug"]}

    @staticmethod
    def _actor(given: Any) -> Actor:
        """The person of the handshake's cookie or bearer header, or of a token given as `token`."""
        token = _token(given)
        return identity.actor_with_token(token) if token else identity.actor()

    @staticmethod
    def _note(given: Any, area: str | None = None) -> None:
        """Keep in mind whose socket this is, for `sweep`."""
        secret = _token(given) or identity.secret_of_request()
        if secret:
            sid = request.sid  # type: ignore[attr-defined]
            listeners_of(current_app)[sid] = Listener(accounts.digest(secret), area)


def _token(given: Any) -> str | None:
    token = given.get("token") if isinstance(given, dict) else None
    return token if isinstance(token, str) and token else None


def listeners_of(app: Flask) -> dict[str, Listener]:
    """The sockets of somebody in this process, by their ids."""
    found: dict[str, Listener] = app.extensions.setdefault("listeners", {})
    return found


def watch(app: Flask) -> None:
    """Begin to end sockets whose session is over; returns at once."""
    socketio: SocketIO = app.extensions["socketio"]

    def look() -> None:
        while True:
            socketio.sleep(LOOK_AGAIN_S)
            try:
                sweep(app)
            except (SQLAlchemyError, OSError) as error:
                log.warning("sockets_not_looked_at", kind=type(error).__name__)

    socketio.start_background_task(look)


def sweep(app: Flask) -> int:
    """End the sockets whose session is over, or who may see their area no longer; returns how many."""
    server, listeners = app.extensions["socketio"].server, listeners_of(app)
    for sid in [sid for sid in list(listeners) if not server.manager.is_connected(sid, "/")]:
        listeners.pop(sid, None)
    # Who comes after this is looked at the next time: their session may be younger than what the database is asked.
    there, ended = dict(listeners), 0
    if not there:
        return 0
    system: System = app.extensions["tanggap"]
    with system.reading() as tx:
        behind = accounts.actors_behind(tx, {one.behind for one in there.values()})
    for sid, one in there.items():
        actor = behind.get(one.behind)
        if actor is None or (one.area is not None and not may(actor, Permission.BOARD_READ, one.area)):
            listeners.pop(sid, None)
            server.disconnect(sid, namespace="/")
            ended += 1
    return ended


class Ear(RedisManager):  # type: ignore[misc]  # socketio has no types
    """Hears what the relay says to the rooms, and after the queue was away soon hears again.

    The library's own waits up to a minute; what is said meanwhile would reach no socket.
    """

    def _redis_listen_with_retries(self) -> Iterator[Any]:
        heard = True
        while True:
            try:
                self._redis_connect()
                self.pubsub.subscribe(self.channel)
                heard = True
                yield from self.pubsub.listen()
            except (redis.RedisError, OSError) as error:
                if heard:
                    log.warning("nothing_heard_of_the_relay", kind=type(error).__name__)
                heard = False
                time.sleep(HEAR_AGAIN_S)


def ear(settings: Settings) -> Ear:
    """The ear of a web process."""
    return Ear(settings.redis_url, channel=settings.channel, redis_options={"retry": Retry(NoBackoff(), 0)})


def _system() -> System:
    found: System = current_app.extensions["tanggap"]
    return found


def origin_checker(public_url: str) -> Callable[[str, Mapping[str, Any]], bool]:
    """A check for python-engineio: only pages of our own address may open a socket."""

    def allowed(origin: str, environ: Mapping[str, Any]) -> bool:
        host = environ.get("HTTP_X_FORWARDED_HOST") or environ.get("HTTP_HOST", "")
        scheme = environ.get("HTTP_X_FORWARDED_PROTO") or environ.get("wsgi.url_scheme", "http")
        return origin in (public_url, f"{scheme}://{host}")

    return allowed
