"""The list of calls: how a handler says its path, guard, input and answers, and the OpenAPI made of it.

Every route names its guard: `public` (anybody), `signed_in` (a session or token) or `loopback`
(this machine, or a token of an admin). What the person may do is decided by the service.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import structlog
from flask import Flask, current_app, request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from server.api import errors, identity
from server.bootstrap import System, met_head_on
from server.domain.errors import Invalid, Problem
from server.services.inputs import parse

Guard = Literal["public", "signed_in"]
Handler = TypeVar("Handler", bound=Callable[..., Any])
BODY_MAX = 256 * 1024
"""Bytes of a JSON body; photos have their own limit."""


DEADLOCKS = 4
"""Times that a transaction is tried when it meets others head-on."""
log = structlog.get_logger()


@dataclass(frozen=True)
class Call:
    """One method on one path."""

    method: str
    path: str
    guard: Guard
    summary: str
    handler: Callable[..., Any]
    answers: Mapping[int, str]
    body: type[BaseModel] | None = None
    read: Callable[[object], BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    raw: str | None = None

    @property
    def endpoint(self) -> str:
        """The name under which Flask knows it."""
        return f"{self.handler.__module__.rsplit('.', 1)[-1]}.{self.handler.__name__}"


CALLS: list[Call] = []


def route(
    method: str,
    path: str,
    *,
    guard: Guard,
    answers: Mapping[int, str],
    body: type[BaseModel] | None = None,
    read: Callable[[object], BaseModel] | None = None,
    query: Mapping[str, str] | None = None,
    raw: str | None = None,
) -> Callable[[Handler], Handler]:
    """Put a handler into the list.

    `answers` maps status to its meaning; `query` maps parameter to meaning, `raw` is the media type of
    a body that is not JSON. The handler gets the path's variables, and the parsed body as `body`: read
    by `read` where the form alone does not tell everything that is wrong.
    """

    def register(handler: Handler) -> Handler:
        summary = (handler.__doc__ or "").strip().splitlines()[0]
        CALLS.append(Call(method, path, guard, summary, handler, answers, body, read, query or {}, raw))
        return handler

    return register


def system() -> System:
    """The system of this application."""
    found: System = current_app.extensions["tanggap"]
    return found


def json_body() -> Any:
    """The request's JSON; no body at all says nothing, like `{}`. Raises Invalid for broken JSON, 413, 415."""
    if request.content_length is not None and request.content_length > BODY_MAX:
        raise RequestEntityTooLarge
    if not request.content_length and not request.get_data():
        return {}
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        return request.get_json()
    except (BadRequest, RecursionError):
        raise Invalid({"body": Problem("broken_json")}) from None


def whole(name: str, default: int, most: int) -> int:
    """A whole number of the query string, 0..most. Raises Invalid naming it."""
    text = request.args.get(name)
    if text is None or text == "":
        return default
    if not re.fullmatch(r"\d{1,18}", text):
        raise Invalid({name: Problem("whole_number")})
    return min(int(text), most)


def _serve(call: Call) -> Callable[..., Any]:
    @functools.wraps(call.handler)
    def view(**kwargs: Any) -> Any:
        if call.guard == "signed_in":
            identity.need_signed_in()
            # What anybody may do needs no proof of who does it: no page elsewhere gains by it.
            if request.method not in ("GET", "HEAD"):
                identity.check_csrf()
        if call.body is not None:
            kwargs["body"] = call.read(json_body()) if call.read else parse(call.body, json_body())
        return again_after_deadlock(call.handler, **kwargs)

    return view


def again_after_deadlock(handler: Callable[..., Any], **kwargs: Any) -> Any:
    """The handler's answer; of two transactions that wait for each other the one that was ended is done again."""
    for left in reversed(range(DEADLOCKS)):
        try:
            return handler(**kwargs)
        except OperationalError as error:
            if not left or not met_head_on(error):
                raise
            log.warning("transaction_again", kind=type(error.orig).__name__, call=errors.asked_for())
    raise AssertionError("unreachable")


def install(app: Flask) -> None:
    """Bind every call of the list to the application."""
    for call in CALLS:
        app.add_url_rule(call.path, call.endpoint, _serve(call), methods=[call.method])


def openapi(version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the list."""
    bodies = sorted({call.body for call in CALLS if call.body}, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(b, "validation") for b in bodies], ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        path, variables = _template(call.path)
        paths.setdefault(path, {})[call.method.lower()] = _operation(call, variables)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tanggap", "version": version},
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Error": _ERROR},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": identity.COOKIE},
            },
        },
    }


_ERROR: Mapping[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "fields": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    },
}


def _template(path: str) -> tuple[str, list[tuple[str, str]]]:
    variables = [(name, kind or "string") for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", path)]
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), variables


def _operation(call: Call, variables: list[tuple[str, str]]) -> dict[str, Any]:
    kinds = {"int": "integer", "string": "string", "uuid": "string"}
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": kinds[kind], **({"format": "uuid"} if kind == "uuid" else {})},
        }
        for name, kind in variables
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in call.query.items()
    ]
    answers: dict[int, str] = {**call.answers, 422: "Input is wrong; every wrong field is named", 429: "Too many tries"}
    if call.guard == "signed_in":
        answers |= {401: "Not signed in", 403: "No right to do this here"}
    if call.method != "GET":
        answers |= {403: "CSRF header missing, or no right", 409: "Moved on", 413: "Too large", 415: "Not JSON"}
    answers |= {404: "No such thing", 503: "Database away; try again"}
    operation: dict[str, Any] = {
        "operationId": call.endpoint,
        "summary": call.summary,
        "parameters": parameters,
        "responses": {str(status): _answer(status, meaning) for status, meaning in sorted(answers.items())},
    }
    if call.guard == "signed_in":
        operation["security"] = [{"bearer": []}, {"session": []}]
    if call.body is not None:
        schema = {"$ref": f"#/components/schemas/{call.body.__name__}"}
        required = any(one.is_required() for one in call.body.model_fields.values())
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}
    if call.raw is not None:
        content = {call.raw: {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _answer(status: int, meaning: str) -> dict[str, Any]:
    if status < 400:
        return {"description": meaning}
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": meaning, "content": {"application/json": {"schema": schema}}}
