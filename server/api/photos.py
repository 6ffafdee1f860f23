"""Photos in, one at a time as plain bytes, and out for staff.

The image is on disk before its row commits; no transaction is open while it is decoded.
"""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from server.api.contract import route, system
from server.api.identity import actor
from server.domain.errors import NotFound
from server.services import photos, tracking
from server.services.photos import Added, Owner

IMAGE = "image/*"
ANSWERS = {201: "On disk, hidden until moderated", 200: "These very bytes came before: the same answer"}
CHUNK = 64 * 1024


@route("PUT", "/api/reports/<uuid:client_id>/photos/<int:n>", guard="public", raw=IMAGE, answers=ANSWERS)
def of_report(client_id: UUID, n: int) -> Any:
    """Add a photo to a report, with its code in `X-Tracking-Code`."""
    return _answer(_report(str(client_id), n, request.headers.get("X-Tracking-Code", "")), n)


@route("PUT", "/api/assignments/<uuid:assignment_id>/photos/<int:n>", guard="signed_in", raw=IMAGE, answers=ANSWERS)
def of_assignment(assignment_id: UUID, n: int) -> Any:
    """Add a photo of a hand-over, before it is told of."""
    with system().reading() as tx:
        owner = photos.assignment_for(tx, actor(), str(assignment_id), n)
    return _answer(owner, n)


@route("GET", "/api/photos/<uuid:photo_id>", guard="signed_in", answers={200: "The image, a JPEG"})
def show(photo_id: UUID) -> Any:
    """A photo, for staff who see its area."""
    with system().reading() as tx:
        image = photos.image_of(tx, actor(), str(photo_id), system().settings.photo_dir)
    return Response(image, mimetype="image/jpeg")


@route("POST", "/api/photos/<uuid:photo_id>/show", guard="signed_in", answers={200: "The photo now"})
def let_show(photo_id: UUID) -> Any:
    """Let a photo be seen beyond the staff."""
    with system().writing() as tx:
        return jsonify(photos.moderate(tx, actor(), str(photo_id), is_shown=True))


@route("POST", "/api/photos/<uuid:photo_id>/hide", guard="signed_in", answers={200: "The photo now"})
def hide(photo_id: UUID) -> Any:
    """Hide a photo again."""
    with system().writing() as tx:
        return jsonify(photos.moderate(tx, actor(), str(photo_id), is_shown=False))


def keep_for_report(client_id: str, code: str, n: int, data: bytes) -> None:
    """Store a photo that came with a report's plain form. Raises Invalid, Conflict."""
    photos.check_size(len(data))
    _taken(_report(client_id, n, code), n, data)


def _report(client_id: str, n: int, code: str) -> Owner:
    """The report that the code opens; a wrong code is counted for good. Raises NotFound, TooMany."""
    address = request.remote_addr or "unknown"
    try:
        with system().reading() as tx:
            return photos.report_for(tx, client_id, code, n, address, system().keys)
    except NotFound:
        with system().writing() as tx:
            tracking.count_wrong_code(tx, address)
        raise


def _answer(owner: Owner, n: int) -> Any:
    added = _taken(owner, n, _body())
    return jsonify(added.photo), 201 if added.is_new else 200


def _body() -> bytes:
    """What was sent, refused as soon as it is too much, whatever its announced length."""
    photos.check_size(request.content_length)
    data = bytearray()
    while chunk := request.stream.read(CHUNK):
        data += chunk
        photos.check_size(len(data))
    return bytes(data)


def _taken(owner: Owner, n: int, data: bytes) -> Added:
    with system().reading() as tx:
        before = photos.known(tx, owner, data, n)
    if before is not None:
        return before
    folder = system().settings.photo_dir
    stored = photos.store_image(data, folder, system().new_id())
    with system().writing() as tx:
        added = photos.add(tx, actor(), owner, n, stored)
    if added is not None:
        return added
    photos.path_of(folder, stored.id).unlink(missing_ok=True)
    return _taken(owner, n, data)
