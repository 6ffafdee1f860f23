"""The public map as one HTML document made by folium, with nothing from other hosts.

For workers: folium loads pandas, and the web process must not. Values in, a document out; every
text is escaped here, whoever wrote it.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from geo.outlines import Geometry, around, collection, corners, point
from geo.palette import GROWTH, HELPED, HIDDEN, LEAST_RADIUS, MEASURES, MOST_RADIUS, NOBODY, colour, radius

SCRIPTS: Final = [("leaflet", "/static/leaflet/leaflet.js")]
CONTROL_SCRIPT: Final = "/static/publicmap.js"
"""web/src/publicmap.ts, which moves the map through its measures and times."""
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
    ".foliumpopup tr:first-child td{text-align:left;font-size:1.1em;white-space:normal}"
    ".leaflet-tooltip.place-name{padding:0;background:none;border:0;box-shadow:none}"
    ".leaflet-tooltip.place-name{color:#2c3e46;font-size:12px}"
    ".leaflet-tooltip.place-name{font-weight:600;text-shadow:0 0 2px #fff,0 0 2px #fff,0 0 3px #fff,0 0 4px #fff}"
    ".leaflet-tooltip.place-name::before{display:none}"
    ":root{color-scheme:light dark}"
    "body{display:flex;flex-direction:column;font:16px/1.4 system-ui,sans-serif;background:Canvas;color:CanvasText}"
    "body>.folium-map{order:-1;flex:1;min-height:0}"
    "noscript{display:block;padding:1rem}noscript img{max-width:100%;height:auto}"
    ".control{display:flex;flex-wrap:wrap;gap:2px 16px;align-items:center;padding:4px 10px;font-size:14px}"
    ".control[hidden],.control [hidden]{display:none}"
    ".control label{display:flex;flex:1 1 270px;gap:8px;align-items:center;min-width:0;white-space:nowrap}"
    ".control select,.control input{flex:1;min-width:0;min-height:44px;font:inherit}"
    ".control ul{display:flex;flex:1 1 100%;flex-wrap:wrap;gap:0 10px;margin:0;padding:0;list-style:none}"
    ".control ul{font-size:13px}"
    ".control svg{width:14px;height:14px;margin-right:4px;vertical-align:-2px}"
    ".foot{margin:0;padding:2px 10px 6px;font-size:13px}.foot a{color:inherit}"
    ".leaflet-control-layers{font-size:16px}.leaflet-control-layers label{padding:6px 2px}"
    ".leaflet-touch .leaflet-bar a{width:44px;height:44px;line-height:44px}"
)


@dataclass(frozen=True)
class Place:
    """One area on the map: its shape, the point that stands for it, counts, and the lines of its popup.

    waiting, helped: people; None is hidden. lines: label and value, as a person reads them. steps: by
    measure, its number at each time of the map. A vague place is somewhere in its shape and no more is
    known: what lies below shows through.
    """

    code: str
    name: str
    shape: Geometry | None
    lon: float | None
    lat: float | None
    waiting: int | None
    helped: int | None
    lines: Sequence[tuple[str, str]]
    steps: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    is_vague: bool = False


@dataclass(frozen=True)
class Name:
    """A name written on the map, where a town or regency is."""

    text: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Measure:
    """Something that the map's colours can show: what it is called, and what each of its classes means."""

    key: str
    label: str
    meanings: Sequence[str]


@dataclass(frozen=True)
class Control:
    """What the reader can choose: a measure, and one of the times, of which the last is now.

    line_keys: the measure of each line of a popup, "" for one that is known only now. fewer, nobody: the
    words for what is withheld and for nought. group: what stands between thousands.
    """

    measures: Sequence[Measure]
    times: Sequence[str]
    line_keys: Sequence[str]
    show: str
    time: str
    fewer: str
    nobody: str
    group: str


@dataclass(frozen=True)
class Look:
    """What a map says and shows besides its places.

    land, borders: shapes drawn below everything. bounds: west, south, east, north to show when there
    are no places. names: what is written on it. tiles: URL template of a tile server, or nothing.
    picture: address of the same map as a picture, for who has no scripts. foot: what the map is of, as HTML;
    picture_foot: the same as text.
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
    control: Control | None = None
    picture: str = ""
    foot: str = ""
    picture_foot: str = ""


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


class _Handles(MacroElement):
    """Where the script of our own finds the layers that it colours: areas, circles."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "window.tanggapLayers = {};"
        "{% for role, name in this.roles %}window.tanggapLayers.{{ role }} = {{ name }};{% endfor %}"
        "{% endmacro %}"
    )

    def __init__(self, layers: Mapping[str, folium.GeoJson]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Handles"
        self.roles = [(role, layer.get_name()) for role, layer in layers.items()]


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
    data_layers = _data_layers(shown, look)
    for layer in (*_ground_layers(look), *data_layers.values(), *map(_name_layer, look.names)):
        layer.add_to(figure_map)
    if look.control:
        _Handles(data_layers).add_to(figure_map)
    folium.LayerControl(position="bottomleft", collapsed=True).add_to(figure_map)
    _Zoom(look.zoom_in, look.zoom_out).add_to(figure_map)
    west, south, east, north = to_show(shown, look)
    figure_map.fit_bounds([[south, west], [north, east]], padding=(12, 12))
    return _page(figure_map, look, shown)


def _ground_layers(look: Look) -> list[folium.GeoJson]:
    ground = collection((f"land-{n}", shape, {}) for n, shape in enumerate(look.land))
    borders = collection((f"border-{n}", shape, {}) for n, shape in enumerate(look.borders))
    return [
        folium.GeoJson(data, control=False, style_function=style, interactive=False)
        for data, style in ((ground, _land_style), (borders, _border_style))
        if data["features"]
    ]


def _data_layers(places: Sequence[Place], look: Look) -> dict[str, folium.GeoJson]:
    """The layers with figures, by role; one with nothing in it is left out. A press goes through a circle."""
    areas = collection((p.code, p.shape, _popup_of(p, look)) for p in places if p.shape is not None)
    circles = collection((p.code, shape, {}) for p in places if p.helped and (shape := _standing(p)))
    by_code = {p.code: p for p in places}
    layers = {}
    if areas["features"]:
        layers["areas"] = folium.GeoJson(
            areas, name=html.escape(look.waiting), style_function=lambda f: _area_style(by_code[f["id"]]),
            marker=folium.CircleMarker(radius=10), popup=_popup(places),
        )  # fmt: skip
    if circles["features"]:
        layers["circles"] = folium.GeoJson(
            circles, name=html.escape(look.helped), style_function=lambda f: _circle_style(by_code[f["id"]]),
            marker=folium.CircleMarker(), interactive=False,
        )  # fmt: skip
    return layers


def _name_layer(name: Name) -> folium.GeoJson:
    """A label beside a small dot; a layer for each, since Leaflet keeps one label of a layer open."""
    data = collection([("name", point(name.lon, name.lat), {"name": html.escape(name.text)})])
    label = folium.GeoJsonTooltip(
        fields=["name"], labels=False, localize=False, sticky=False, permanent=True, direction="bottom",
        class_name="place-name",
    )  # fmt: skip
    dot = folium.CircleMarker(radius=2, color="#465862", fill=True, fill_opacity=1)
    return folium.GeoJson(data, control=False, interactive=False, marker=dot, tooltip=label)


def _popup_of(place: Place, look: Look) -> dict[str, str]:
    """The popup's values as properties, the name first; what they are called stands once, in the popup's own words.

    A line with a measure is empty: the script that moves through the times fills it from the figures.
    """
    filled = look.control.line_keys if look.control else [""] * len(place.lines)
    values = ("" if key else value for (_, value), key in zip(place.lines, filled, strict=True))
    return {f"v{n}": html.escape(text) for n, text in enumerate([place.name, *values])}


def _popup(places: Sequence[Place]) -> folium.GeoJsonPopup:
    """A popup of label and value; every place has the same lines in the same order, the name has no label."""
    labels = ["", *(html.escape(label) for label, _ in places[0].lines)]
    fields = [f"v{n}" for n in range(len(labels))]
    return folium.GeoJsonPopup(fields=fields, aliases=labels, localize=False, max_width=300)


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


def to_show(places: Sequence[Place], look: Look) -> tuple[float, float, float, float]:
    """West, south, east, north of what a map of the places shows."""
    found = [corner for place in places for corner in corners(place.shape)]
    west, south, east, north = around(found) if found else look.bounds
    room_x, room_y = (max(ROOM_DEGREES, (LEAST_DEGREES - span) / 2) for span in (east - west, north - south))
    return west - room_x, south - room_y, east + room_x, north + room_y


def _middle(bounds: Sequence[float]) -> list[float]:
    west, south, east, north = bounds
    return [(south + north) / 2, (west + east) / 2]


def _page(figure_map: folium.Map, look: Look, places: Sequence[Place]) -> Page:
    """Render, name the language, and allow by hash exactly the scripts and styles that are in the page."""
    root: Any = figure_map.get_root()
    root.title = html.escape(look.title)
    root.header.add_child(Element(f"<style>{CSS}</style>"), name="own_style")
    root.html.add_child(Element(_without_script(look)), name="without_script")
    if look.control:
        root.header.add_child(Element(f'<script src="{CONTROL_SCRIPT}" defer></script>'), name="control_script")
        root.html.add_child(Element(_control(look.control, places)), name="control")
    root.html.add_child(Element(f'<p class="foot">{look.foot}</p>' if look.foot else ""), name="foot")
    whole = root.render().replace("<html>", f'<html lang="{html.escape(look.language)}">', 1)
    return Page(whole, policy(whole, look.tiles))


def _without_script(look: Look) -> str:
    say = html.escape(look.without_script)
    picture = f'<img src="{html.escape(look.picture)}" alt="{html.escape(look.title)}">' if look.picture else ""
    return f"<noscript>{say}{picture}</noscript>"


def _control(control: Control, places: Sequence[Place]) -> str:
    """What the reader can choose, hidden until the script is there, and the figures that it moves through."""
    options = "".join(f'<option value="{m.key}">{html.escape(m.label)}</option>' for m in control.measures)
    last = len(control.times) - 1
    hidden, show, time = "" if last else " hidden", html.escape(control.show), html.escape(control.time)
    return (
        f'<div class="control" hidden><label>{show} <select id="measure">{options}</select></label>'
        f'<label{hidden}>{time} <input id="time" type="range" min="0" max="{last}" value="{last}">'
        f'<output id="at" for="time">{html.escape(control.times[last])}</output></label><ul id="legend"></ul></div>'
        f'<script type="application/json" id="figures">{_figures(control, places)}</script>'
    )


def _figures(control: Control, places: Sequence[Place]) -> str:
    """The figures by measure, of each place at each time; one number where it never changed.

    By measure, because numbers of one kind beside each other are a third lighter on the wire.
    """
    keys = list(places[0].steps) if places else []
    whole = {
        "times": control.times,
        "lines": control.line_keys,
        "measures": [
            {"key": m.key, "classes": MEASURES[m.key], "meanings": m.meanings} for m in control.measures
        ],
        "codes": [p.code for p in places],
        "values": {key: [_same(p.steps[key]) for p in places] for key in keys},
        "colours": {"hidden": HIDDEN, "nobody": NOBODY},
        "words": {"fewer": control.fewer, "nobody": control.nobody, "group": control.group},
        "radius": [LEAST_RADIUS, MOST_RADIUS, GROWTH],
    }
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def _same(steps: Sequence[int | None]) -> Sequence[int | None] | int | None:
    return steps[0] if len(set(steps)) == 1 else steps


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
