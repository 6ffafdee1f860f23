"""Photos by HTTP: with the code of the report, once, hidden until somebody has looked, for staff of the area alone."""

import threading
import uuid
from io import BytesIO, RawIOBase

import pytest
from PIL import Image

from server.commands import people

CODE = "X-Tracking-Code"
MB = 1024 * 1024


def picture(colour="red", size=(400, 300)):
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def client(module_app):
    return module_app.test_client()


@pytest.fixture(scope="module")
def token(module_app):
    """Header of a token, by role and area."""
    system, made = module_app.extensions["tanggap"], {}

    def header(role, area):
        if (role, area) not in made:
            name = f"{role}-{area}"
            people.add_user(system, name, role, area)
            made[role, area] = {"Authorization": f"Bearer {people.token(system, name)}"}
        return made[role, area]

    return header


@pytest.fixture
def report(client):
    """A report that was just sent: its client id and code."""
    client_id = str(uuid.uuid4())
    body = {"client_id": client_id, "area_code": "32.03.05", "text": "Rumah roboh"}
    answer = client.post("/api/reports", json=body)
    assert answer.status_code == 201
    return client_id, answer.json["code"]


def put(client, report, data, n=0, **headers):
    client_id, code = report
    return client.put(f"/api/reports/{client_id}/photos/{n}", data=data, headers={CODE: code, **headers})


def files(app):
    folder = app.extensions["tanggap"].settings.photo_dir
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_photo_is_on_disk_and_hidden_until_moderated(module_app, client, report, token):
    answer = put(client, report, picture())
    assert answer.status_code == 201
    photo = answer.json
    assert (photo["width"], photo["height"], photo["n"], photo["is_shown"]) == (400, 300, 0, False)
    assert any(path.stem == photo["id"] for path in files(module_app))
    url = f"/api/photos/{photo['id']}"
    coordinator = token("coordinator", "32.03")
    shown = client.get(url, headers=coordinator)
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"] == "no-store"
    assert client.post(f"{url}/show", headers=coordinator).json["is_shown"]
    assert not client.post(f"{url}/hide", headers=coordinator).json["is_shown"]


def test_photos_are_for_staff_of_the_area(client, report, token):
    url = f"/api/photos/{put(client, report, picture()).json['id']}"
    assert client.get(url).status_code == 401
    assert client.get(url, headers=token("coordinator", "32.73")).status_code == 404
    assert client.get(url, headers=token("volunteer", "32.03")).status_code == 404
    assert client.get(url, headers=token("auditor", "32.03")).status_code == 200
    assert client.post(f"{url}/show", headers=token("auditor", "32.03")).status_code == 403
    assert client.post(f"{url}/show", headers=token("coordinator", "32.73")).status_code == 404


def test_the_same_bytes_again_get_the_same_answer_and_others_a_conflict(module_app, client, report):
    first = put(client, report, picture())
    again = put(client, report, picture())
    before = files(module_app)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    other = put(client, report, picture("blue"))
    assert other.status_code == 409
    assert other.json["error"]["code"] == "photo_taken"
    assert put(client, report, picture("blue"), n=1).status_code == 201
    assert len(files(module_app)) == len(before) + 1


def test_the_same_photo_sent_many_times_at_once_is_one_file(module_app, report):
    before, answers = len(files(module_app)), []

    def send():
        answers.append(put(module_app.test_client(), report, picture("green")))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(files(module_app)) == before + 1


def test_wrong_code_and_unknown_report_look_the_same(module_app, client, report):
    before = len(files(module_app))
    client_id, code = report
    other = client.post("/api/reports", json={"client_id": str(uuid.uuid4()), "area_code": "32.03", "text": "Banjir"})
    answers = [
        put(client, (client_id, "7K2P9QWX5"), picture()),
        put(client, (client_id, other.json["code"]), picture()),
        put(client, (str(uuid.uuid4()), code), picture()),
        put(client, (client_id, ""), picture()),
        client.put(f"/api/reports/{client_id}/photos/0", data=picture()),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1
    assert len(files(module_app)) == before


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"x" * (15 * MB), ("15 MB", "8 MB")),
        (b"Ini hanya teks, bernama foto.jpg", ("JPEG, PNG",)),
        (b"", ("JPEG, PNG",)),
    ],
)
def test_what_is_no_photo_is_refused_in_words(module_app, client, report, data, words):
    before = len(files(module_app))
    answer = put(client, report, data)
    assert answer.status_code == 422
    assert all(word in answer.json["error"]["fields"]["photo"] for word in words)
    assert len(files(module_app)) == before


def test_a_photo_of_unknown_length_is_stopped_at_the_limit(client, report):
    client_id, code = report
    taken = []

    class Endless(RawIOBase):
        def readinto(self, buffer):
            taken.append(len(buffer))
            return len(buffer)

    answer = client.put(
        f"/api/reports/{client_id}/photos/0",
        headers={CODE: code},
        environ_overrides={
            "wsgi.input": Endless(),
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )
    assert answer.status_code == 422
    assert 8 * MB < sum(taken) < 9 * MB


def test_a_report_has_ten_photos_at_most(client, report):
    answer = put(client, report, picture(), n=10)
    assert answer.status_code == 422
    assert "n" in answer.json["error"]["fields"]
    assert put(client, report, picture(), n=9).status_code == 201


def test_a_hand_over_is_shown_by_who_carries_it(client, token):
    url = f"/api/assignments/{uuid.uuid4()}/photos/0"
    assert client.put(url, data=picture()).status_code == 401
    assert client.put(url, data=picture(), headers=token("coordinator", "32")).status_code == 404
