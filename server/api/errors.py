"""Errors to HTTP: the only place that knows status codes and the envelope.

`{"error": {"code", "message", "fields": {name: message}, "state"?}}`, in the reader's language.
"""

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from server.api.words import word
from server.domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    NotSignedIn,
    Problem,
    TooMany,
)

log = structlog.get_logger()

STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (Invalid, 422),
    (NotSignedIn, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Gone, 410),
    (TooMany, 429),
    (DomainError, 400),
)


TOLD = (NotSignedIn, Forbidden, TooMany)
"""Refusals that the log tells of: somebody tried what they may not, or too often."""
FOR_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics")
"""Paths whose errors are the envelope; all others are people's pages."""


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def sentence(problem: Problem) -> str:
    """A problem in words."""
    return word(f"errors.{problem.code}", **problem.params)


def envelope(code: str, message: str, fields: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """The one form of an error."""
    return {"error": {"code": code, "message": message, "fields": fields or {}, **more}}


def body_of(error: DomainError) -> dict[str, Any]:
    """A refusal in the envelope."""
    fields = {name: sentence(p) for name, p in error.fields.items()} if isinstance(error, Invalid) else {}
    more = {"state": error.state} if isinstance(error, Conflict) and error.state is not None else {}
    return envelope(error.code, word(f"errors.{error.code}", **error.params), fields, **more)


def _answer(body: dict[str, Any], status: int) -> Response:
    """The envelope for programs; for people on a page, the same as a page."""
    if request.path.startswith(FOR_PROGRAMS):
        answer = jsonify(body)
    else:
        answer = make_response(render_template("error.html", status=status, error=body["error"]))
    answer.status_code = status
    return answer


def asked_for() -> str:
    """The call by its rule: an address itself may hold a tracking code."""
    return f"{request.method} {request.url_rule.rule}" if request.url_rule else request.method


def tell(error: DomainError) -> None:
    """Tell the log of a refusal that it should know of."""
    if isinstance(error, TOLD):
        person = g.get("signed_in")
        log.warning("refused", code=error.code, call=asked_for(), user=person.actor.user_id if person else None)


def _refused(error: DomainError) -> Response:
    tell(error)
    answer = _answer(body_of(error), status_of(error))
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(int(error.params.get("retry_after_s", 60)))
    return answer


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST:
        return error
    code = HTTPStatus(status).name.lower()
    answer = _answer(envelope(code, word(f"errors.{code}")), status)
    if allowed := getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def _database_away(error: Exception) -> Response:
    log.error("database_away", kind=type(getattr(error, "orig", None) or error).__name__)
    answer = _answer(envelope("service_unavailable", word("errors.service_unavailable")), 503)
    answer.headers["Retry-After"] = "5"
    return answer


def _bad_data(error: DataError) -> Response:
    log.warning("data_refused", kind=type(error.orig).__name__)
    return _answer(envelope("invalid", word("errors.invalid")), 422)


def _taken(error: IntegrityError) -> Response:
    """Somebody else was a moment quicker with the same."""
    log.warning("taken", kind=type(error.orig).__name__)
    return _refused(Conflict())


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(PoolTimeoutError, _database_away)
    app.register_error_handler(DataError, _bad_data)
    app.register_error_handler(IntegrityError, _taken)
