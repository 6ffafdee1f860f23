"""An incident that is over still takes reports, and says who reads them."""

import uuid

import pytest

from server.domain.permissions import SYSTEM
from server.services import incidents
from server.services.inputs import IncidentIn, parse

PLACE = {"lon": 107.139, "lat": -6.822, "accuracy_m": 30}


@pytest.fixture
def client(app):
    """A client, with the incidents `cianjur` and, for training, `latihan`."""
    system = app.extensions["tanggap"]
    for slug, training in (("cianjur", False), ("latihan", True)):
        body = parse(IncidentIn, {"slug": slug, "name": f"Gempa {slug}", "areas": ["32.03"], "training": training})
        with system.writing() as tx:
            incidents.add(tx, SYSTEM, body, system.gazetteer())
    return app.test_client()


def report(**more):
    return {"client_id": str(uuid.uuid4()), "text": "Butuh air bersih", "place": PLACE, "incident": "cianjur", **more}


def closed(client, token_of, slug="cianjur"):
    return client.post(f"/api/incidents/{slug}/close", headers=token_of("admin", "", f"admin-{slug}"), json={})


def test_a_report_to_a_closed_incident_lands_with_those_on_standby_and_says_so(client, token_of):
    before = report()
    assert "read_by" not in client.post("/api/reports", json=before).json
    assert closed(client, token_of).json["open"] is False
    data = report()
    answer = client.post("/api/reports", json=data)
    assert (answer.status_code, answer.json["read_by"]) == (201, "Kabupaten Cianjur")
    assert client.post("/api/reports", json=data).json == answer.json
    told = client.get(f"/api/track/{answer.json['code']}").json
    assert (told["state"], told["read_by"], told["clock"]["running"]) == ("received", "Kabupaten Cianjur", True)
    assert "Kabupaten Cianjur" in client.get(f"/lacak/{answer.json['code']}").get_data(as_text=True)
    board = client.get("/api/board", headers=token_of("coordinator", "32.03")).json["reports"]
    rows = [dict(zip(board["columns"], row, strict=True)) for row in board["rows"]]
    assert [row["flags"] for row in rows if row["id"] == answer.json["id"]] == [["incident_closed"]]
    # What came before goes on where it was.
    assert client.post("/api/reports", json=before).status_code == 200


def test_the_form_says_so_before_and_takes_it_without_a_script(client, token_of):
    closed(client, token_of)
    page = client.get("/lapor?incident=cianjur").get_data(as_text=True)
    assert "Gempa cianjur" in page
    assert "sudah ditutup" in page
    form = {"client_id": str(uuid.uuid4()), "text": "Butuh air", "place_text": "Cugenang", "incident": "cianjur"}
    answer = client.post("/lapor", data=form)
    assert answer.status_code == 201
    assert "dibaca petugas siaga" in answer.get_data(as_text=True)
    assert "sudah ditutup" not in client.get("/lapor?incident=tidak-ada").get_data(as_text=True)


def test_a_drill_that_is_over_takes_none_and_the_standing_incident_never_ends(client, token_of):
    closed(client, token_of, "latihan")
    refused = client.post("/api/reports", json=report(incident="latihan"))
    assert refused.json["error"]["fields"].keys() == {"incident"}
    assert closed(client, token_of, "jabar").json["error"]["code"] == "standing_incident"


def test_it_can_be_opened_again(client, token_of):
    closed(client, token_of)
    admin = token_of("admin", "", "admin2")
    assert client.post("/api/incidents/cianjur/open", headers=admin, json={}).json["open"] is True
    assert "read_by" not in client.post("/api/reports", json=report()).json
    coordinator = token_of("coordinator", "32.03")
    assert client.post("/api/incidents/cianjur/close", headers=coordinator, json={}).status_code == 403
