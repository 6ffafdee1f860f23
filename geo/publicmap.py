"""The public map as one HTML document made by folium, with nothing from other hosts.

For workers: folium loads pandas, and the web process must not. Values in, a document out; every
text is escaped here, whoever wrote it.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from geo.outlines import Geometry, around, collection, corners, point
from geo.palette import HELPED, colour, radius

SCRIPTS: Final = [("leaflet", "/static/leaflet/leaflet.js")]
STYLES: Final = [("leaflet_css", "/static/leaflet/leaflet.css")]
"""Where the gateway serves Leaflet, from its package; folium would load it from elsewhere."""

ROOM_DEGREES: Final = 0.05
LEAST_DEGREES: Final = 1.6
"""What a map shows at least, about 180 km: a single place says nothing without the coasts around it."""
CSS: Final = (
    ".folium-map.leaflet-container{background:#dfe9ec;font:16px/1.4 system-ui,sans-serif;color:#14232b}"
    ".leaflet-popup-content{margin:12px 14px}.foliumpopup table{border-collapse:collapse}"
    ".foliumpopup th{font-weight:400;color:#465862}.foliumpopup td{font-weight:600;text-align:right;white-space:nowrap}"
    ".foliumpopup tr:first-child{display:block}.foliumpopup tr:first-child th{display:none}"
    ".foliumpopup tr:first-child td{text-align:left;font-size:1.1em;white-space:nowrap}"
    ".leaflet-tooltip.place-name{padding:0;background:none;border:0;box-shadow:none}"
    ".leaflet-tooltip.place-name{color:#2c3e46;font-size:12px}"
    ".leaflet-tooltip.place-name{font-weight:600;text-shadow:0 0 2px #fff,0 0 2px #fff,0 0 3px #fff,0 0 4px #fff}"
    ".leaflet-tooltip.place-name::before{display:none}"
    "noscript{display:block;padding:1rem}"
    ".leaflet-control-layers{font-size:16px}.leaflet-control-layers label{padding:6px 2px}"
    ".leaflet-touch .leaflet-bar a{width:44px;height:44px;line-height:44px}"
)


@dataclass(frozen=True)
class Place:
    """One area on the map: its shape, the point that stands for it, counts, and the lines of its popup.

    waiting, helped: people; None is hidden. lines: label and value, as a person reads them. A vague
    place is somewhere in its shape and no more is known: what lies below shows through.
    """

    code: str
    name: str
    shape: Geometry | None
    lon: float | None
    lat: float | None
    waiting: int | None
    helped: int | None
    lines: Sequence[tuple[str, str]]
    is_vague: bool = False


@dataclass(frozen=True)
class Name:
    """A name written on the map, where a town or regency is."""

    text: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Look:
    """What a map says and shows besides its places.

    land, borders: shapes drawn below everything. bounds: west, south, east, north to show when there
    are no places. names: what is written on it. tiles: URL template of a tile server, or nothing.
    """

    language: str
    title: str
    waiting: str
    helped: str
    zoom_in: str
    zoom_out: str
    without_script: str
    land: Sequence[Geometry]
    borders: Sequence[Geometry]
    bounds: Sequence[float]
    names: Sequence[Name] = ()
    tiles: str = ""
    tiles_from: str = ""


@dataclass(frozen=True)
class Page:
    """A whole HTML document, and the content security policy under which it works."""

    html: str
    policy: str


class _Map(folium.Map):
    """folium's map with Leaflet alone, from our own address."""

    default_js = SCRIPTS
    default_css = STYLES


class _Zoom(MacroElement):
    """Buttons to zoom, with titles in the reader's language; folium's own are English."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "L.control.zoom({{ this.options | tojson }}).addTo({{ this._parent.get_name() }});"
        "{% endmacro %}"
    )

    def __init__(self, zoom_in: str, zoom_out: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Zoom"
        self.options = {"zoomInTitle": zoom_in, "zoomOutTitle": zoom_out, "position": "bottomright"}


def draw(places: Iterable[Place], look: Look) -> Page:
    """The map: areas coloured by people waiting, circles by people helped, a popup for each."""
    shown = list(places)
    figure_map = _Map(
        location=_middle(look.bounds),
        tiles=look.tiles or None,
        attr=html.escape(look.tiles_from) or " ",
        zoom_control=False,
        attribution_control=bool(look.tiles),
        max_zoom=14,
        zoom_snap=0.25,
    )
    for layer in _layers(shown, look):
        layer.add_to(figure_map)
    folium.LayerControl(position="bottomleft", collapsed=True).add_to(figure_map)
    _Zoom(look.zoom_in, look.zoom_out).add_to(figure_map)
    figure_map.fit_bounds(_to_show(shown, look), padding=(12, 12))
    return _page(figure_map, look)


def _layers(places: Sequence[Place], look: Look) -> list[folium.GeoJson]:
    ground = collection((f"land-{n}", shape, {}) for n, shape in enumerate(look.land))
    borders = collection((f"border-{n}", shape, {}) for n, shape in enumerate(look.borders))
    areas = collection((p.code, p.shape, _popup_of(p)) for p in places if p.shape is not None)
    circles = collection((p.code, shape, _popup_of(p)) for p in places if p.helped and (shape := _standing(p)))
    by_code = {p.code: p for p in places}
    layers = [
        folium.GeoJson(data, control=False, style_function=style, interactive=False)
        for data, style in ((ground, _land_style), (borders, _border_style))
        if data["features"]
    ]
    for data, name, style, marker in (
        (areas, look.waiting, lambda f: _area_style(by_code[f["id"]]), folium.CircleMarker(radius=10)),
        (circles, look.helped, lambda f: _circle_style(by_code[f["id"]]), folium.CircleMarker()),
    ):
        if data["features"]:
            popup = _popup(data["features"])
            layers.append(
                folium.GeoJson(data, name=html.escape(name), style_function=style, marker=marker, popup=popup)
            )
    return [*layers, *map(_name_layer, look.names)]


def _name_layer(name: Name) -> folium.GeoJson:
    """A label beside a small dot; a layer for each, since Leaflet keeps one label of a layer open."""
    data = collection([("name", point(name.lon, name.lat), {"name": html.escape(name.text)})])
    label = folium.GeoJsonTooltip(
        fields=["name"], labels=False, localize=False, sticky=False, permanent=True, direction="bottom",
        class_name="place-name",
    )  # fmt: skip
    dot = folium.CircleMarker(radius=2, color="#465862", fill=True, fill_opacity=1)
    return folium.GeoJson(data, control=False, interactive=False, marker=dot, tooltip=label)


def _popup_of(place: Place) -> dict[str, str]:
    """The popup's lines as properties; the first is the name, which has no label."""
    values = [place.name, *(value for _, value in place.lines)]
    labels = ["", *(label for label, _ in place.lines)]
    return {
        f"{kind}{n}": html.escape(text)
        for n, pair in enumerate(zip(labels, values, strict=True))
        for kind, text in zip(("l", "v"), pair, strict=True)
    }


def _popup(features: Sequence[Mapping[str, Any]]) -> folium.GeoJsonPopup:
    """A popup of label and value; every place has the same lines in the same order."""
    first = features[0]["properties"]
    lines = range(len(first) // 2)
    return folium.GeoJsonPopup(
        fields=[f"v{n}" for n in lines], aliases=[first[f"l{n}"] for n in lines], localize=False, max_width=250
    )


def _standing(place: Place) -> Geometry | None:
    if place.lon is None or place.lat is None:
        return None
    return {"type": "Point", "coordinates": [round(place.lon, 3), round(place.lat, 3)]}


def _land_style(_feature: Any) -> dict[str, Any]:
    return {"stroke": False, "fillColor": "#f2f0e9", "fillOpacity": 1}


def _border_style(_feature: Any) -> dict[str, Any]:
    return {"color": "#8a9ba3", "weight": 1, "fillColor": "#fbfaf6", "fillOpacity": 1}


def _area_style(place: Place) -> dict[str, Any]:
    opacity = 0.45 if place.is_vague else 0.85
    return {
        "color": "#465862",
        "weight": 1,
        "fill": True,
        "fillColor": colour(place.waiting),
        "fillOpacity": opacity,
    }


def _circle_style(place: Place) -> dict[str, Any]:
    return {
        "radius": radius(place.helped or 0),
        "color": "#ffffff",
        "weight": 2,
        "fill": True,
        "fillColor": HELPED,
        "fillOpacity": 0.85,
    }


def _to_show(places: Sequence[Place], look: Look) -> list[list[float]]:
    """Corners for Leaflet, latitude first."""
    found = [corner for place in places for corner in corners(place.shape)]
    west, south, east, north = around(found) if found else look.bounds
    room_x, room_y = (max(ROOM_DEGREES, (LEAST_DEGREES - span) / 2) for span in (east - west, north - south))
    return [[south - room_y, west - room_x], [north + room_y, east + room_x]]


def _middle(bounds: Sequence[float]) -> list[float]:
    west, south, east, north = bounds
    return [(south + north) / 2, (west + east) / 2]


def _page(figure_map: folium.Map, look: Look) -> Page:
    """Render, name the language, and allow by hash exactly the scripts and styles that are in the page."""
    root: Any = figure_map.get_root()
    root.title = html.escape(look.title)
    root.header.add_child(Element(f"<style>{CSS}</style>"), name="own_style")
    root.html.add_child(Element(f"<noscript>{html.escape(look.without_script)}</noscript>"), name="without_script")
    whole = root.render().replace("<html>", f'<html lang="{html.escape(look.language)}">', 1)
    return Page(whole, policy(whole, look.tiles))


def policy(document: str, tiles: str = "") -> str:
    """A content security policy that runs the document's own scripts and styles by their hashes, and no others."""
    scripts = _hashes(document, "script")
    styles = _hashes(document, "style")
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' {styles}; "
        f"img-src 'self' data:{_tile_host(tiles)}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def _hashes(document: str, tag: str) -> str:
    bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", document, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies)
    return " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(digests))


def _tile_host(tiles: str) -> str:
    parts = urlsplit(re.sub(r"\{[^}]*\}", "*", tiles))
    return f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
