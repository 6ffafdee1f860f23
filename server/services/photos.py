"""Photos: taken in as new images without anything but the picture, hidden until somebody has looked.

The image is on disk, whole and under its name, before its row commits; a row without a file cannot be.
A file whose row never came is swept up later (`sweep`).
"""

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image, ImageOps

from server.domain import events
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, may, require
from server.services import codes, contacts, moves, tracking
from server.store.unit_of_work import Tx

BYTES_MAX = 8 * 1024 * 1024
LONGEST_SIDE = 1280
QUALITY = 80
MOST_PHOTOS = 10
"""Of one report, or of one hand-over."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
PIXELS_MAX = {"JPEG": 120_000_000}
"""Pixels of the image sent: a JPEG is decoded at a fraction of its size, others in full."""
OTHER_PIXELS_MAX = 25_000_000
STRAY_AFTER_S = 3600
HASH_SIDE = 8
FLAT, LEAST_STEPS = 2, 16
"""Steps of grey (of 255) that noise makes, too; a picture with fewer larger steps than this is known by nothing."""

# Refused below by its size before a pixel is decoded, instead of by a warning.
Image.MAX_IMAGE_PIXELS = None

_UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, struct.error, OverflowError)
"""What the image library raises for what is no image, or a broken one."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class StoredImage:
    """An image on disk: the photo's id, which names the file, the digest of what was sent, width and height.

    dhash: by which the same picture is known again (`dhash_of`).
    """

    id: str
    sha256: bytes
    width: int
    height: int
    dhash: int | None = None


@dataclass(frozen=True)
class Owner:
    """What a photo belongs to: a report, or an assignment whose hand-over it shows."""

    incident_id: str
    area: str
    report_id: str | None = None
    assignment_id: str | None = None


@dataclass(frozen=True)
class Added:
    """A photo as it is answered; `is_new` is false when it was here before."""

    photo: Mapping[str, Any]
    is_new: bool = True


def check_size(size: int | None) -> None:
    """Refuse more bytes than a photo may have. Raises Invalid naming `photo`, the size and the limit."""
    if size is not None and size > BYTES_MAX:
        mega = 1024 * 1024
        raise Invalid({"photo": Problem("photo_too_large", {"mb": -(-size // mega), "most_mb": BYTES_MAX // mega})})


def store_image(data: bytes, folder: Path, photo_id: str) -> StoredImage:
    """Decode what was sent, and write it as a new JPEG named by the id: whole, and on disk.

    Raises Invalid naming `photo` for what is too large, or no image.
    """
    check_size(len(data))
    image = _decoded(data)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{photo_id}.part"
    with part.open("wb") as file:
        image.save(file, "JPEG", quality=QUALITY, optimize=True)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path_of(folder, photo_id))
    _sync_folder(folder)
    return StoredImage(photo_id, sha256(data).digest(), image.width, image.height, dhash_of(image))


def dhash_of(image: Image.Image) -> int | None:
    """64 bits, signed as the database has them: of 8 x 9 grey fields, which are lighter than the next one.

    They stay nearly the same when a picture is saved anew, made smaller, lighter or darker. None for a picture with
    too little in it to be known again, as a dark or foggy one.
    """
    fields = image.convert("L").resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.LANCZOS)
    grey = fields.tobytes()
    rows = [grey[n : n + HASH_SIDE + 1] for n in range(0, len(grey), HASH_SIDE + 1)]
    steps = [right - left for row in rows for left, right in pairwise(row)]
    if sum(abs(step) > FLAT for step in steps) < LEAST_STEPS:
        return None
    bits = sum((step > 0) << n for n, step in enumerate(steps))
    return bits - (1 << 64) if bits >> 63 else bits


def path_of(folder: Path, photo_id: str) -> Path:
    """Where the image of a photo lies."""
    return folder / f"{photo_id}.jpg"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _decoded(data: bytes) -> Image.Image:
    """The picture alone: upright, in plain colours, at most LONGEST_SIDE, without a word beside it."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _check_pixels(image)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            return _plain(upright)
    except _UNREADABLE:
        raise Invalid({"photo": Problem("photo_unreadable", {"formats": ", ".join(FORMATS)})}) from None


def _check_pixels(image: Image.Image) -> None:
    most = PIXELS_MAX.get(image.format or "", OTHER_PIXELS_MAX)
    if image.width * image.height > most:
        raise Invalid({"photo": Problem("photo_too_many_pixels", {"most_million": most // 1_000_000})})


def _plain(image: Image.Image) -> Image.Image:
    """The picture on white where it was see-through, and nothing that came with it."""
    clear = image.convert("RGBA")
    plain = Image.new("RGB", clear.size, "white")
    plain.paste(clear, mask=clear.getchannel("A"))
    return plain


def report_for(tx: Tx, client_id: str, code: str, n: int, address: str, keys: contacts.Keys) -> Owner:
    """The report that a photo is sent for, by its client id and the tracking code.

    Raises NotFound alike for unknown and wrong ones, TooMany, Invalid naming `n`.
    """
    tracking.limit_wrong_codes(tx, address)
    plain = codes.normalised(code)
    report = tx.reports.by_code_index(codes.index_of(plain, keys)) if plain else None
    if report is None or report["client_id"] != client_id:
        raise NotFound("unknown_code")
    check_number(n)
    return Owner(report["incident_id"], report["area"], report_id=report["id"])


def assignment_for(tx: Tx, actor: Actor, assignment_id: str, n: int) -> Owner:
    """The assignment that a photo of the hand-over is sent for, by who carries or manages it.

    Raises NotFound, Forbidden, Invalid naming `n`.
    """
    row = tx.assignments.get(assignment_id)
    if row is None:
        raise NotFound
    moves.require_carrier_or_manager(actor, row)
    check_number(n)
    return Owner(row["incident_id"], row["area"], assignment_id=row["id"])


def check_number(n: int) -> None:
    """Refuse one photo too many. Raises Invalid naming `n`."""
    if n >= MOST_PHOTOS:
        raise Invalid({"n": Problem("too_large", {"most": MOST_PHOTOS - 1})})


def known(tx: Tx, owner: Owner, data: bytes, n: int) -> Added | None:
    """The photo of that number, if these very bytes came before. Raises Conflict when others did."""
    row = tx.photos.numbered(n, report_id=owner.report_id, assignment_id=owner.assignment_id)
    if row is None:
        return None
    if bytes(row["sha256"]) != sha256(data).digest():
        raise Conflict("photo_taken", n=n)
    return Added(shown(row), is_new=False)


def add(tx: Tx, actor: Actor, owner: Owner, n: int, stored: StoredImage) -> Added | None:
    """The row of an image that is on disk; None when another photo of that number came in between.

    The caller has seen, by `report_for` or `assignment_for`, that the actor may.
    """
    row = {
        "id": stored.id,
        "report_id": owner.report_id,
        "assignment_id": owner.assignment_id,
        "n": n,
        "sha256": stored.sha256,
        "width": stored.width,
        "height": stored.height,
        "dhash": stored.dhash,
        "added_at": tx.now,
    }
    if not tx.photos.add(row):
        return None
    tx.record(events.PhotoAdded(incident_id=owner.incident_id, area=owner.area, photo_id=stored.id))
    belongs = {"report_id": owner.report_id} if owner.report_id else {"assignment_id": owner.assignment_id}
    tx.audit(actor, "photo:add", owner.area, f"photo:{stored.id}", n=n, **belongs)
    return Added(shown({**row, "is_shown": False}))


def moderate(tx: Tx, actor: Actor, photo_id: str, *, is_shown: bool) -> dict[str, Any]:
    """Let a photo be seen beyond the staff, or hide it again. Raises NotFound, Forbidden."""
    row = _photo_for(tx, actor, photo_id)
    require(actor, Permission.PHOTO_MODERATE, row["area"])
    tx.photos.show(photo_id, tx.now, is_shown=is_shown)
    tx.audit(actor, f"photo:{'show' if is_shown else 'hide'}", row["area"], f"photo:{photo_id}")
    return shown({**row, "is_shown": is_shown})


def image_of(tx: Tx, actor: Actor, photo_id: str, folder: Path) -> bytes:
    """The image of a photo, for staff who see its area. Raises NotFound."""
    return bytes_of(folder, _photo_for(tx, actor, photo_id)["id"])


def bytes_of(folder: Path, photo_id: str) -> bytes:
    """The image that is kept for a photo; the caller has seen that the reader may. Raises NotFound."""
    try:
        return path_of(folder, photo_id).read_bytes()
    except FileNotFoundError:
        raise NotFound from None


def _photo_for(tx: Tx, actor: Actor, photo_id: str) -> Row:
    row = tx.photos.get(photo_id)
    if row is None or not may(actor, Permission.BOARD_READ, row["area"]):
        raise NotFound
    return row


def shown(row: Row) -> dict[str, Any]:
    """A photo as it is told of."""
    return {name: row[name] for name in ("id", "n", "width", "height", "is_shown")}


def sweep(tx: Tx, folder: Path) -> int:
    """Remove files whose row never came; returns how many. Those of the last hour may still get theirs."""
    before = tx.now.timestamp() - STRAY_AFTER_S
    old = {path: path.stem for path in folder.glob("*") if _is_ours(path) and path.stat().st_mtime < before}
    kept = tx.photos.known(list(old.values()))
    strays = [path for path, photo_id in old.items() if path.suffix == ".part" or photo_id not in kept]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)


def _is_ours(path: Path) -> bool:
    try:
        return str(UUID(path.stem)) == path.stem and path.suffix in (".jpg", ".part")
    except ValueError:
        return False
