"""Photos: nothing but the picture is kept, what is no picture is refused, and a row always has its file."""

import struct
import zlib
from datetime import UTC, datetime, timedelta
from io import BytesIO
from os import utime
from uuid import uuid4

import pytest
from PIL import Image, ImageDraw

from server.bootstrap import System
from server.domain.errors import Invalid
from server.domain.permissions import ANYONE
from server.services import photos

SECRET = "Jl. Rahasia 17"
MB = 1024 * 1024


def picture(width=400, height=300, kind="JPEG", mode="RGB", **more):
    """A picture whose left half is red and right half blue."""
    image = Image.new(mode, (width, height), "blue")
    ImageDraw.Draw(image).rectangle((0, 0, width // 2 - 1, height), fill="red")
    out = BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def with_exif(orientation=1):
    """A JPEG with a place, words and an orientation in its EXIF."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET
    exif.get_ifd(0x8825).update({1: "S", 2: (6.0, 49.0, 19.2), 3: "E", 4: (107.0, 8.0, 20.4)})
    return picture(exif=exif, comment=SECRET.encode())


def stored(tmp_path, data):
    found = photos.store_image(data, tmp_path, str(uuid4()))
    with Image.open(photos.path_of(tmp_path, found.id)) as image:
        image.load()
        return found, image.copy()


def code(tmp_path, data):
    """What is wrong with it; and that nothing of it is on disk."""
    with pytest.raises(Invalid) as refused:
        photos.store_image(data, tmp_path, str(uuid4()))
    assert list(tmp_path.iterdir()) == []
    return refused.value.fields["photo"].code


def is_red(pixel):
    return pixel[0] > 180 and pixel[2] < 90


def test_exif_is_gone_and_its_orientation_applied(tmp_path):
    data = with_exif(orientation=6)
    assert SECRET.encode() in data
    found, image = stored(tmp_path, data)
    raw = photos.path_of(tmp_path, found.id).read_bytes()
    assert SECRET.encode() not in raw
    assert b"Exif" not in raw
    assert dict(image.getexif()) == {}
    assert "comment" not in image.info
    # Turned by a quarter to the right, the left half is above.
    assert (found.width, found.height) == image.size == (300, 400)
    assert is_red(image.getpixel((150, 50)))
    assert not is_red(image.getpixel((150, 350)))


def test_a_large_picture_is_made_small_and_a_small_one_stays(tmp_path):
    large, image = stored(tmp_path, picture(4000, 3000))
    assert (large.width, large.height) == image.size == (1280, 960)
    small, _ = stored(tmp_path, picture(80, 60))
    assert (small.width, small.height) == (80, 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_kind_becomes_a_jpeg(tmp_path, kind):
    _, image = stored(tmp_path, picture(kind=kind))
    assert image.format in ("JPEG", None)
    assert image.mode == "RGB"
    assert is_red(image.getpixel((50, 150)))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1"])
def test_every_mode_becomes_plain_colours(tmp_path, mode):
    out, kind = BytesIO(), "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (40, 30)).save(out, kind)
    _, image = stored(tmp_path, out.getvalue())
    assert image.mode == "RGB"


def test_what_is_see_through_is_white(tmp_path):
    out = BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(out, "PNG")
    _, image = stored(tmp_path, out.getvalue())
    assert min(image.getpixel((20, 15))) > 240


def png_that_claims(width, height):
    """The head of a PNG of that size, without its pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    whole = struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    body = zlib.compress(b"\0" * 1000)
    data = struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    return b"\x89PNG\r\n\x1a\n" + whole + data


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "photo_unreadable"),
        (b"Ini bukan foto, hanya teks bernama .jpg", "photo_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo_unreadable"),
        (b"%PDF-1.7 " + b"x" * 200, "photo_unreadable"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 200, "photo_unreadable"),
        (picture()[:900], "photo_unreadable"),
        (picture(kind="PNG")[:200], "photo_unreadable"),
        (picture(kind="BMP"), "photo_unreadable"),
        (picture(kind="TIFF"), "photo_unreadable"),
        (png_that_claims(60_000, 60_000), "photo_too_many_pixels"),
        (png_that_claims(5_001, 5_000), "photo_too_many_pixels"),
        (png_that_claims(5_000, 5_000), "photo_unreadable"),
        (b"\xff" * (8 * MB + 1), "photo_too_large"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused_by_name(tmp_path, data, wrong):
    assert code(tmp_path, data) == wrong


def test_the_error_names_the_size_and_the_limit():
    with pytest.raises(Invalid) as refused:
        photos.check_size(15 * MB)
    assert refused.value.fields["photo"].params == {"mb": 15, "most_mb": 8}
    photos.check_size(8 * MB)
    photos.check_size(None)


def test_what_a_crash_left_behind_is_swept_up_and_the_rest_stays(started, tmp_path):
    now = datetime.now(UTC)
    system, old = System(started), (now - timedelta(hours=2)).timestamp()
    kept, stray, fresh, half = (str(uuid4()) for _ in range(4))
    for name in (f"{kept}.jpg", f"{stray}.jpg", f"{fresh}.jpg", f"{half}.part", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
        if not name.startswith(fresh):
            utime(tmp_path / name, (old, old))
    with system.writing() as tx:
        image = photos.StoredImage(kept, b"digest", 4, 3)
        owner = photos.Owner(tx.incidents.by_slug("jabar")["id"], "32.03")
        photos.add(tx, ANYONE, owner, 0, image)
    with system.reading() as tx:
        assert photos.sweep(tx, tmp_path) == 2
    assert {path.name for path in tmp_path.iterdir()} == {f"{kept}.jpg", f"{fresh}.jpg", "notes.txt"}
    system.engine.dispose()
