"""A rumour's way by the plain pages: asked by a stranger, judged by two people, answered, and sent on as a card."""

import io
import re
import uuid

import pytest
from PIL import Image

from server.commands import people

PHONE = "0812-9973-4561"


@pytest.fixture(scope="module")
def client(module_app):
    return module_app.test_client(use_cookies=False)


@pytest.fixture(scope="module")
def who(module_app):
    system = module_app.extensions["tanggap"]

    def header(name, role="verifier"):
        people.add_user(system, name, role, "32")
        return {"Authorization": f"Bearer {people.token(system, name)}"}

    return {name: header(name) for name in ("vina", "wati")} | {"ayu": header("ayu", "auditor")}


def asked(client, text, **more):
    """Ask by the form; the path of the asker's page."""
    answer = client.post("/kabar", data={"client_id": str(uuid.uuid4()), "text": text, **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def desk_path(client, who, text):
    """The page on which staff check the claim with that text."""
    page = client.get("/konsol/kabar", headers=who["vina"]).text
    return re.search(rf'href="(/konsol/kabar/[0-9a-f-]+)"><b>{re.escape(text)}', page)[1]


def step(client, path, header, name, **form):
    return client.post(f"{path}/langkah/{name}", data=form, headers=header)


def test_from_the_question_to_the_answer_without_a_script(client, who):
    text = "Waduk Cirata jebol malam ini"
    mine = asked(client, f"Apakah benar {text}?", phone=PHONE, place_text="Kabupaten Purwakarta")
    first = client.get(mine)
    assert "Pertanyaan Anda sudah kami simpan" in first.text
    assert first.headers["Cache-Control"] == "no-store"
    assert "4561" not in first.text
    path = desk_path(client, who, "Apakah benar Waduk")
    assert step(client, path, who["vina"], "periksa").status_code == 303
    found = {"found": "Petugas bendungan: air biasa", "source_url": "https://example.org/siaga"}
    assert client.post(f"{path}/bukti", data=found, headers=who["vina"]).status_code == 303
    finding = {"finding": "find_false", "verdict": "Tidak ada retakan & tinggi air biasa.", "text": text}
    assert step(client, path, who["vina"], "usul", **finding).status_code == 303
    alone = step(client, path, who["vina"], "sahkan")
    assert alone.status_code == 403
    assert "orang lain" in alone.text
    assert "Sahkan" not in client.get(path, headers=who["vina"]).text
    assert "Sahkan" in client.get(path, headers=who["wati"]).text
    assert client.get(mine).text.count("Tidak ada retakan") == 0
    assert text not in client.get("/kabar").text
    assert step(client, path, who["wati"], "sahkan").status_code == 303
    told = client.get(mine).text
    assert "Tidak ada retakan &amp; tinggi air biasa." in told
    public = re.search(r'src="(/kabar/[0-9A-F]{12})/kartu', told)[1]
    assert f'href="{public}"' in client.get("/kabar").text
    page = client.get(public).text
    assert "https://example.org/siaga" in page
    assert "vina" not in page
    assert "wati" not in page
    desk = client.get(path, headers=who["wati"]).text
    assert "dikabari" in desk
    assert "99734561" not in desk
    number = re.search(rf'action="{path}/nomor/([0-9a-f-]+)"', desk)[1]
    assert "+6281299734561" in client.post(f"{path}/nomor/{number}", headers=who["wati"]).text
    assert client.post(f"{path}/dikabari/{number}", headers=who["wati"]).status_code == 303
    assert "ditelepon oleh wati" in client.get(path, headers=who["ayu"]).text


@pytest.fixture(scope="module")
def public(client, who):
    """The public page of a rumour that was found false."""
    asked(client, "Gas akan langka besok")
    path = desk_path(client, who, "Gas akan langka")
    step(client, path, who["vina"], "periksa")
    verdict = "Stok <cukup> untuk 20 hari – kata Pertamina. " * 20
    step(client, path, who["vina"], "usul", finding="find_false_on_purpose", verdict=verdict)
    step(client, path, who["wati"], "sahkan")
    return re.search(r'href="(/kabar/[0-9A-F]{12})">“Gas', client.get("/kabar").text)[1]


@pytest.mark.parametrize(("language", "words"), [("id", "Disinformasi"), ("en", "Disinformation")])
def test_the_card_is_a_picture_in_the_reader_s_language(client, public, language, words):
    drawn = client.get(f"{public}/kartu.svg?lang={language}")
    assert drawn.mimetype == "image/svg+xml"
    assert words in drawn.text
    assert "Gas akan langka besok" in drawn.text
    assert "&lt;cukup&gt;" in drawn.text
    picture = client.get(f"{public}/kartu.png?lang={language}")
    assert picture.mimetype == "image/png"
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.size == (1080, 1080)
    assert len(picture.data) < 150_000
    page = client.get(f"{public}?lang={language}").text
    assert 'og:image" content="' in page
    assert f"{public}/kartu.png" in page


def test_cards_in_two_languages_differ(client, public):
    both = [client.get(f"{public}/kartu.png?lang={language}").data for language in ("id", "en")]
    assert both[0] != both[1]


def test_what_is_wrong_with_a_question_stands_beside_its_field_and_nothing_typed_is_lost(client):
    client_id = str(uuid.uuid4())
    wrong = {
        "client_id": client_id,
        "text": "abc",
        "phone": "12",
        "source_url": "bukan alamat",
        "place_text": "Cianjur",
    }
    answer = client.post("/kabar", data=wrong)
    assert answer.status_code == 422
    for name in ("text", "source_url"):
        assert f'id="{name}-problem"' in answer.text
    more = client.post("/kabar", data={"client_id": client_id, "text": "Harga minyak naik", "phone": "12"})
    assert 'id="phone-problem"' in more.text
    for typed in (client_id, "abc", "bukan alamat", "Cianjur"):
        assert typed in answer.text


@pytest.mark.parametrize("code", ["SALAH", "0000000000000", "000000000000", "FFFFFFFFFFFF"])
def test_a_code_that_nothing_has_is_not_found(client, code):
    answer = client.get(f"/kabar/{code}")
    assert answer.status_code == 404
    assert client.get(f"/kabar/{code}/kartu.png").status_code == 404


def test_one_s_own_code_is_found_as_people_type_it(client):
    code = asked(client, "Pasar Ciroyom terbakar lagi").split("/")[2].split("?")[0]
    answer = client.get(f"/kabar?code={code[:4].lower()}-{code[4:]}")
    assert answer.status_code == 303
    assert "Pasar Ciroyom" in client.get(answer.headers["Location"]).text


def test_a_claim_of_the_desk_is_proposed_given_back_and_closes_its_place(client, who):
    taken = {"text": "Jembatan Cugenang ambruk", "place_text": "-6.822, 107.139", "kind": "bridge_cut"}
    path = client.post("/konsol/kabar", data=taken, headers=who["vina"]).headers["Location"]
    step(client, path, who["vina"], "periksa")
    empty = step(client, path, who["vina"], "usul", finding="", verdict="Ambruk.")
    assert empty.status_code == 422
    assert "Ambruk." in empty.text
    finding = {"finding": "find_true", "verdict": "Ambruk.", "kind": "bridge_cut", "hours": "12", "radius_m": "400"}
    wrong = step(client, path, who["vina"], "usul", **finding, place_text="di sana")
    assert wrong.status_code == 422
    assert 'id="place_text-problem"' in wrong.text
    assert step(client, path, who["vina"], "usul", **finding, place_text="-6.8221, 107.1391").status_code == 303
    assert step(client, path, who["wati"], "kembalikan", reason="").status_code == 422
    assert step(client, path, who["wati"], "kembalikan", reason="Belum dilihat").status_code == 303
    assert "Belum dilihat" in client.get(path, headers=who["vina"]).text
    step(client, path, who["vina"], "usul", **finding)
    assert step(client, path, who["wati"], "sahkan").status_code == 303
    page = client.get(path, headers=who["ayu"]).text
    assert "Dalam 400 m, sampai" in page
    (closure,) = client.get("/api/roads/closures", headers=who["vina"]).json["closures"]
    assert closure["note"] == "Jembatan Cugenang ambruk"
    assert step(client, path, who["ayu"], "sahkan").status_code == 403


def test_a_place_that_several_have_is_asked_about(client, who):
    taken = {"text": "Jalan desa longsor", "place_text": "Antah Berantah Sekali"}
    answer = client.post("/konsol/kabar", data=taken, headers=who["vina"])
    assert answer.status_code == 422
    assert 'id="place_text-problem"' in answer.text
    assert "Jalan desa longsor" in answer.text
