"""The answer to a rumour as a picture to send on: an SVG, and a PNG for what takes no SVG. Words are the reader's."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

from server.api.html import moment, public_url
from server.api.words import word

SIDE: Final = 1080
MARGIN: Final = 72
HEAD: Final = 150
FOOT: Final = 150
INK, PAPER, QUIET = "#14232b", "#fbfaf6", "#4a5c66"
COLOURS: Final = {"benar": "#12693e", "misinformasi": "#a3231f", "disinformasi": "#a3231f", "klarifikasi": "#7a4b00"}
"""Of the band with the verdict; white reads on each at 5:1 and more."""
LARGEST, SMALLEST = 54, 24
_PLAIN: Final = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\u00a0": " "})
"""What the font that comes with the image library does not have."""


@dataclass(frozen=True)
class _Line:
    """A line of text: the left end of its base line in pixels, and how it looks."""

    text: str
    left: float
    base: float
    size: int
    colour: str = INK
    bold: bool = False


def svg(answer: Mapping[str, Any]) -> str:
    """The card as SVG, text as text."""
    lines = "".join(
        f'<text x="{line.left:.0f}" y="{line.base:.0f}" font-size="{line.size}" fill="{line.colour}" '
        f'font-weight="{"bold" if line.bold else "normal"}" {_as_wide(line)}>{escape(line.text)}</text>'
        for line in _lines(answer)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" '
        f'role="img" font-family="Helvetica, Arial, sans-serif"><title>{escape(_title(answer))}</title>'
        f'<rect width="{SIDE}" height="{SIDE}" fill="{PAPER}"/>'
        f'<rect width="{SIDE}" height="{HEAD}" fill="{COLOURS[answer["state"]]}"/>{lines}</svg>'
    )


def _as_wide(line: _Line) -> str:
    """As wide as it was measured, whatever fonts the reader has."""
    width = ImageFont.load_default(line.size).getlength(line.text)
    return f'textLength="{width:.0f}" lengthAdjust="spacingAndGlyphs"'


def png(answer: Mapping[str, Any]) -> bytes:
    """The same card as PNG."""
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, SIDE, HEAD), COLOURS[answer["state"]])
    for line in _lines(answer):
        stroke = 1 if line.bold else 0
        at, font = (line.left, line.base), ImageFont.load_default(line.size)
        pen.text(at, line.text, line.colour, font, anchor="ls", stroke_width=stroke, stroke_fill=line.colour)
    out = io.BytesIO()
    image.quantize(32, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _title(answer: Mapping[str, Any]) -> str:
    return f"{word('states.claim.' + answer['state'])}: {answer['text']}"


def _lines(answer: Mapping[str, Any]) -> Iterator[_Line]:
    """The verdict in the band, the rumour and what was found below it, and at the foot where to read on."""
    state = word("states.claim." + answer["state"])
    size = _largest([state], SIDE - 2 * MARGIN, 60)
    yield _Line(_plain(state), MARGIN, HEAD / 2 + size / 3, size, "#ffffff", bold=True)
    yield from _body(answer)
    foot, address = SIDE - FOOT + 56, public_url(answer["url"])
    checked = word("claims.card.foot", at=moment(answer["judged_at"] or answer["received_at"]))
    yield _Line(_plain(checked), MARGIN, foot, 26, QUIET)
    yield _Line(address, MARGIN, foot + 44, _largest([address], SIDE - 2 * MARGIN, 30))


def _body(answer: Mapping[str, Any]) -> Iterator[_Line]:
    """Rumour and finding, as large as both fit; a finding that is too long even small is cut."""
    quoted = _plain(f'"{answer["text"]}"')
    found = _plain(f"{word('public.claims.found')}: {answer['verdict']}" if answer["verdict"] else "")
    room = SIDE - HEAD - FOOT - MARGIN
    for size in range(LARGEST, SMALLEST - 1, -2):
        parts = [_wrapped(quoted, size), _wrapped(found, size - 4)]
        if _height(parts, size) <= room or size == SMALLEST:
            break
    most = int(room / (size * 1.35)) - len(parts[0]) - 1
    if len(parts[1]) > most:
        parts[1] = [*parts[1][: max(0, most - 1)], "..."]
    top = HEAD + MARGIN * 0.6
    for part, (bold, smaller) in zip(parts, ((True, 0), (False, 4)), strict=True):
        for line in part:
            top += (size - smaller) * 1.35
            yield _Line(line, MARGIN, top, size - smaller, bold=bold)
        top += size * 0.9


def _height(parts: Sequence[Sequence[str]], size: int) -> float:
    return sum(len(part) for part in parts) * size * 1.35 + size * 0.9 + MARGIN * 0.6


def _wrapped(text: str, size: int) -> list[str]:
    """The text in lines that fit between the margins; a word that is too long is cut."""
    font, width = ImageFont.load_default(size), SIDE - 2 * MARGIN
    lines: list[str] = []
    for whole in text.split():
        for piece in _pieces(whole, font, width):
            if lines and font.getlength(f"{lines[-1]} {piece}") <= width:
                lines[-1] += f" {piece}"
            else:
                lines.append(piece)
    return lines


def _pieces(text: str, font: Any, width: float) -> Iterator[str]:
    start = 0
    for end in range(1, len(text) + 1):
        if font.getlength(text[start:end]) > width:
            yield text[start : end - 1]
            start = end - 1
    yield text[start:]


def _largest(lines: Sequence[str], width: float, most: int) -> int:
    for size in range(most, 12, -2):
        if all(ImageFont.load_default(size).getlength(line) <= width for line in lines):
            return size
    return 12


def _plain(text: str) -> str:
    return " ".join(text.translate(_PLAIN).encode("latin-1", "ignore").decode("latin-1").split())
