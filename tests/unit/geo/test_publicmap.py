"""The public map's document: nothing from elsewhere, nothing unescaped, no script that the policy does not name."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from geo.outlines import point, rectangle
from geo.palette import CLASSES, HELPED, HIDDEN, NOBODY, colour, radius
from geo.publicmap import Look, Place, draw, policy

CSS = Path(__file__).resolve().parents[3] / "web" / "css" / "parts" / "tokens.css"
EVIL = '</script><img src=x onerror="alert(1)">${alert(1)}`'
LOOK = Look(
    language="id", title=EVIL, waiting="Menunggu", helped="Terbantu", zoom_in="Perbesar", zoom_out="Perkecil",
    without_script=EVIL, land=[rectangle((100, -9, 120, -5))], borders=[rectangle((106, -8, 109, -6))],
    bounds=(106.0, -8.0, 109.0, -6.0),
)  # fmt: skip
BOX = rectangle((107, -7, 107.5, -6.5))
PLACES = [
    Place("32.01.01", EVIL, BOX, 107.25, -6.75, 120, 45, [("Menunggu", "120"), (EVIL, EVIL)]),
    Place("32.01.02", "B", point(107.9, -7.2), 107.9, -7.2, None, None, [("Menunggu", "kurang dari 5"), ("x", "y")]),
    Place("elsewhere", "C", None, None, None, 30, 30, [("Menunggu", "30"), ("x", "y")]),
]


@pytest.fixture(scope="module")
def page():
    return draw(PLACES, LOOK)


def test_nothing_comes_from_elsewhere(page):
    assert "http://" not in page.html.replace("http-equiv", "")
    assert "https://" not in page.html
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.html)
    assert loaded == ["/static/leaflet/leaflet.js", "/static/leaflet/leaflet.css"]


def test_every_script_and_style_is_named_by_its_hash(page):
    assert "unsafe" not in page.policy
    for tag in ("script", "style"):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", page.html, re.DOTALL)
        assert bodies
        for body in bodies:
            assert base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() in page.policy
    markup = " ".join(re.findall(r"<[^>]*>", re.sub(r"<(script|style)>.*?</\1>", "", page.html, flags=re.DOTALL)))
    assert not re.search(r"\s(on\w+|style)=", markup)


def test_what_people_wrote_is_never_markup(page):
    assert EVIL not in page.html
    assert "<img" not in page.html
    assert page.html.count("</script>") == len(re.findall(r"<script[ >]", page.html))
    assert '"v0": "\\u0026lt;/script\\u0026gt;' in page.html


def test_the_page_names_its_language_and_says_what_to_do_without_scripts(page):
    assert '<html lang="id">' in page.html
    assert "<noscript>" in page.html
    assert "Perbesar" in page.html


def test_figures_only_of_the_places_given(page):
    assert "kurang dari 5" in page.html
    # An area and its circle; only the area says anything.
    assert page.html.count('"id": "32.01.01"') == 2
    assert page.html.count('"v1": "120"') == 1
    assert page.html.count('"id": "32.01.02"') == 1


def test_no_places_still_make_a_map():
    empty = draw([], LOOK)
    assert "fitBounds" in empty.html
    assert "bindPopup" not in empty.html


def test_tiles_are_allowed_by_their_host_only():
    tiles = "https://{s}.tile.example.org/{z}/{x}/{y}.png"
    tiled = draw(PLACES, replace(LOOK, tiles=tiles, tiles_from="tile.example.org"))
    assert "img-src 'self' data: https://*.tile.example.org;" in tiled.policy
    assert "tile.example.org" in tiled.html
    assert "tile" not in policy("<html></html>")


@pytest.mark.parametrize(
    ("waiting", "fill"),
    [(None, HIDDEN), (0, NOBODY), (5, "#fff3b8"), (20, "#fff3b8"), (25, "#fdd27a"), (10_000, "#9c1f3f")],
)
def test_colours_by_people_waiting(waiting, fill):
    assert colour(waiting) == fill


def test_circles_grow_and_stay_small():
    sizes = [radius(people) for people in (5, 50, 500, 5000, 50_000)]
    assert sizes == sorted(sizes)
    assert sizes[-1] <= 11


def test_the_legend_has_the_colours_of_the_map():
    css = CSS.read_text("utf-8")
    for n, (_, fill) in enumerate(CLASSES):
        assert re.findall(rf"--fill-{n}: (.+);", css) == [fill]
    assert re.findall(r"--fill-hidden: (.+);", css) == [HIDDEN]
    assert re.findall(r"--fill-none: (.+);", css) == [NOBODY]
    assert re.findall(r"--fill-helped: (.+);", css) == [HELPED]
