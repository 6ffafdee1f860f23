"""The base map over HTTP: for the staff, kept by the browser, the same until the areas change."""

from dataclasses import replace

import pytest
import shapely

from server.app import create_app
from server.bootstrap import System
from server.domain.permissions import SYSTEM
from server.services import basemap

LAYERS = ("areas.geojson", "areas.geojson?level=regency", "names.geojson", "land.geojson", "roads.geojson")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_is_sent_once_and_kept(app, token_of, layer):
    client, staff = app.test_client(), token_of("verifier", "32")
    first = client.get(f"/api/basemap/{layer}", headers=staff)
    assert first.status_code == 200
    assert first.mimetype == "application/geo+json"
    assert first.json["type"] == "FeatureCollection"
    again = client.get(f"/api/basemap/{layer}", headers={**staff, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_a_layer_is_packed_for_who_can_unpack_it(app, token_of):
    headers = {**token_of("verifier", "32"), "Accept-Encoding": "gzip"}
    answer = app.test_client().get("/api/basemap/names.geojson", headers=headers)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < 300_000


def test_a_level_that_is_not_drawn_is_named(app, token_of):
    answer = app.test_client().get("/api/basemap/areas.geojson?level=village", headers=token_of("verifier", "32"))
    assert answer.status_code == 422
    assert "level" in answer.json["error"]["fields"]


def test_new_roads_are_seen_at_once(started, token_of, app, monkeypatch):
    client, staff = app.test_client(), token_of("verifier", "32")
    monkeypatch.setattr("server.bootstrap.GAZETTEER_FRESH_S", 0.0)
    assert client.get("/api/basemap/roads.geojson", headers=staff).json["features"] == []
    system: System = app.extensions["tanggap"]
    line = bytes(shapely.to_wkb(shapely.LineString([(107.0, -6.9), (107.1, -6.9)])))
    with system.writing() as tx:
        assert basemap.replace_roads(tx, SYSTEM, [(line, "primary", "Raya")]) == 1
    assert len(client.get("/api/basemap/roads.geojson", headers=staff).json["features"]) == 1


def test_a_tile_server_is_allowed_only_when_it_was_chosen(started):
    tiles = "https://tiles.example.org/{z}/{x}/{y}.png"
    for settings, is_allowed in ((started, False), (replace(started, tile_url=tiles), True)):
        app = create_app(settings)
        policy = app.test_client().get("/healthz").headers["Content-Security-Policy"]
        assert ("https://tiles.example.org" in policy) is is_allowed
        assert "{z}" not in policy
        app.extensions["tanggap"].engine.dispose()
