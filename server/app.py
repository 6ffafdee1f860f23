"""The web application: the only place where a Flask object or a Socket.IO server is made."""

import importlib
import pkgutil
import traceback
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, current_app, request
from flask.json.provider import DefaultJSONProvider
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from server import api, frames, headers, live, plain
from server.api import contract, errors
from server.api.html import Page, Pages
from server.api.kept_boards import KeptBoards
from server.api.words import dictionary, language, word
from server.bootstrap import System
from server.config import Settings, from_env

EDGES = [importlib.import_module(f"server.api.{found.name}") for found in pkgutil.iter_modules(api.__path__)]
"""Every module of the HTTP edge; importing one puts its calls into the contract."""
WEB = Path(__file__).resolve().parents[1] / "web"
log = structlog.get_logger()
PROXIES = 1
"""Our gateway, whose word about the client's address counts; `proxy_hops` are those in front of it."""


def create_app(settings: Settings | None = None, system: System | None = None) -> Flask:
    """The application with every call, page and the Socket.IO server (`app.extensions["socketio"]`)."""
    settings = settings or from_env()
    app = Application("tanggap", static_folder=None, template_folder=str(WEB / "templates"))
    app.json = PlainJSON(app)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        PUBLIC_URL=settings.public_url,
        TILE_URL=settings.tile_url,
        STANDING_HEADERS=headers.standing(settings.public_url, settings.tile_url),
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
    )
    app.extensions["tanggap"] = system or System(settings)
    app.extensions["kept_boards"] = KeptBoards()
    hops = PROXIES + settings.proxy_hops
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=PROXIES, x_host=PROXIES)  # type: ignore[method-assign]
    errors.install(app)
    _install_edges(app)
    app.after_request(_headers)
    app.jinja_env.globals.update(word=word, language=language, dictionary=dictionary)
    _socket_server(app, settings)
    return app


class Application(Flask):
    """Flask, whose word about an accident tells where it was and what kind, and nothing that somebody sent."""

    def log_exception(self, exc_info: Any) -> None:
        """Called by Flask for what nobody handled: neither the address nor the exception's text is for the log."""
        kind, _, frames_of_it = exc_info
        where = "".join(traceback.format_tb(frames_of_it))
        log.error("accident", kind=getattr(kind, "__name__", ""), call=errors.asked_for(), where=where)


class PlainJSON(DefaultJSONProvider):
    """Answers by our one writer of JSON; what is sent to us is read as Flask does."""

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The answer with this value."""
        return current_app.response_class(
            plain.packed(self._prepare_response_obj(args, kwargs)), mimetype=self.mimetype
        )


def _install_edges(app: Flask) -> None:
    """Bind the calls that the modules of `server.api` put into the contract, and their pages."""
    for found in _lists():
        found.install(app)
    contract.install(app)


def pages() -> list[Page]:
    """Every page that the application has."""
    return [page for found in _lists() for page in found.listed]


def _lists() -> list[Pages]:
    listed = [found for module in EDGES if isinstance(found := getattr(module, "pages", None), Pages)]
    return list({id(found): found for found in listed}.values())


def _socket_server(app: Flask, settings: Settings) -> None:
    frames.install()
    socketio = SocketIO(
        app,
        async_mode="gevent" if settings.serving == "gevent" else "threading",
        # Named here because Flask-SocketIO takes a unix:// address for another kind of queue.
        client_manager=live.ear(settings) if settings.redis_url else None,
        cors_allowed_origins=live.origin_checker(settings.public_url),
        manage_session=False,
        json=plain,
        ping_interval=25,
        ping_timeout=20,
        http_compression=True,
        max_http_buffer_size=100_000,
    )
    socketio.on_namespace(live.Live("/"))
    prefix_session_ids(socketio, settings.web_number)


def prefix_session_ids(socketio: SocketIO, number: int) -> None:
    """Let every Socket.IO session id say which web process made it, so that the gateway sends polls there."""
    engine = socketio.server.eio
    plain = engine.generate_id
    engine.generate_id = lambda: f"w{number}-{plain()}"


def _headers(response: Response) -> Response:
    """What every answer says to browsers; a page that others may frame is said so by its policy alone."""
    for name, value in current_app.config["STANDING_HEADERS"].items():
        response.headers.setdefault(name, value)
    if "frame-ancestors *" in response.headers[headers.POLICY]:
        del response.headers["X-Frame-Options"]
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
