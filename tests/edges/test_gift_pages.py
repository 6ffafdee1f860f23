"""The donors' pages without a script: giving, wrong input, a gift's way with its photos, and the CSV of it."""

import csv
import io
import re
import uuid

import pytest
from PIL import Image
from sqlalchemy import insert

from server.app import create_app
from server.domain.permissions import SYSTEM
from server.services import assignments, gifts, handovers, photos, publishing, supply
from server.services.inputs import parse
from server.services.inputs_dispatch import DeliverIn, StepIn
from server.services.inputs_supply import GiftIn, TransferIn
from server.store import tables
from tests.services.holding import hold
from tests.services.world import World

GOODS = {"kind": "goods", "item": "blanket", "quantity": "1.200", "shown_as": "Keluarga <b>S.</b>"}


@pytest.fixture(scope="module")
def app(module_started):
    app = create_app(module_started)
    yield app
    app.extensions["tanggap"].engine.dispose()


@pytest.fixture
def stranger(app):
    return app.test_client(use_cookies=False)


@pytest.fixture(scope="module")
def gift(app):
    """A gift of 100 blankets: 60 went on to another store, 15 of these were handed over with a photo."""
    world = World(app.extensions["tanggap"])
    with world.system.writing() as tx:
        here = {"site_id": world.site(name="Gudang Rahasia"), "item": "blanket", "quantity": 100}
        done = gifts.receive(tx, SYSTEM, parse(GiftIn, here), world.system.keys).answer
        there = world.site(name="Posko Umum", area="32.73")
        tx.sites.change(there, is_public=True)
        body = TransferIn(lot_id=done["lot_id"], to_site_id=there, quantity=60)
        moved = supply.transfer(tx, SYSTEM, body).answer["lots"][1]["id"]
    case_id = world.case({"blanket": 1000})
    assignment_id = hold(world.system, world.needs(case_id)["blanket"]["id"], moved, 15, area="32.03.05.2001")
    world.do(assignments.depart, SYSTEM, assignment_id, StepIn())
    done["photos"] = [photo_of(world, assignment_id, n) for n in (0, 1)]
    at = {"place": {"lon": 107.13, "lat": -6.82, "accuracy_m": 9}}
    world.do(handovers.deliver, SYSTEM, assignment_id, parse(DeliverIn, {"client_id": str(uuid.uuid4()), **at}))
    with world.system.writing() as tx:
        photos.moderate(tx, SYSTEM, done["photos"][0], is_shown=True)
        publishing.publish(tx, tx.now)
    return done


def photo_of(world, assignment_id, n):
    """A photo of a hand-over; returns its id."""
    out, folder, photo_id = io.BytesIO(), world.system.settings.photo_dir, str(uuid.uuid4())
    Image.new("RGB", (40, 30), "purple").save(out, "JPEG")
    stored = photos.store_image(out.getvalue(), folder, photo_id)
    with world.system.writing() as tx:
        row = {"id": photo_id, "assignment_id": assignment_id, "n": n, "sha256": stored.sha256}
        tx.conn.execute(insert(tables.photos).values(**row, width=40, height=30, added_at=tx.now))
    return photo_id


def test_a_gift_s_page_tells_its_way_lot_by_lot(stranger, gift):
    page = stranger.get(f"/donasi/{gift['code']}").text
    assert "Lot 2: 60 buah" in page
    assert "dari lot 1" in page
    assert "15 buah diserahkan di Ciranjang" in page
    assert "45 buah masih di sini" in page
    assert "60 buah dipindahkan ke gudang lain" in page
    assert "40 buah masih tersimpan di Kabupaten Cianjur, belum sampai ke warga" in page
    assert "Posko Umum" in page
    assert "Rahasia" not in page
    assert "2001" not in page


def test_a_gift_s_map_shows_its_stores_and_districts(stranger, gift):
    answer = stranger.get(f"/donasi/{gift['code']}/peta.svg?lang=id")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    labels = re.findall(r"<text[^>]*>([^<]+)<", answer.text)
    assert sorted(labels) == ["Ciranjang: 15", "Kabupaten Cianjur: 40", "Kota Bandung: 45"]
    assert answer.text.count("<line") == 1
    assert f"/donasi/{gift['code']}/peta.svg" in stranger.get(f"/donasi/{gift['code']}").text
    assert stranger.get("/donasi/NOPE/peta.svg").status_code == 404


def test_only_photos_that_were_let_through_are_shown(stranger, gift):
    shown, hidden = gift["photos"]
    page = stranger.get(f"/donasi/{gift['code']}").text
    assert shown in page
    assert hidden not in page
    answer = stranger.get(f"/donasi/{gift['code']}/foto/{shown}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert stranger.get(f"/donasi/{gift['code']}/foto/{hidden}").status_code == 404
    assert stranger.get(f"/donasi/NOPE/foto/{shown}").status_code == 404


def test_the_csv_of_a_gift_adds_up_to_what_was_given(stranger, gift):
    answer = stranger.get(f"/api/public/gifts/{gift['code']}.csv?lang=en")
    assert answer.mimetype == "text/csv"
    header, tags, *rows = csv.reader(io.StringIO(answer.text))
    assert all(tag.startswith("#") for tag in tags)
    assert len(set(tags)) == len(tags)
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert sum(int(row["Quantity"]) for row in table) == 100
    (handed,) = (row for row in table if row["Standing"] == "Delivered")
    assert (handed["District code"], handed["Lot"], handed["Proof"]) == ("32.03.05", "2", "photo")
    assert stranger.get("/api/public/gifts/NOPE.csv").status_code == 404


def test_a_pledge_is_noted_without_a_script_and_its_page_says_that_it_has_not_come(stranger):
    answer = stranger.post("/donasi", data=GOODS)
    assert answer.status_code == 303
    page = stranger.get(answer.headers["Location"]).text
    assert "1.200 buah" in page
    assert "Simpan kode ini" in page
    assert "Belum kami terima" in page
    assert "<b>S." not in page


def test_the_same_form_sent_twice_is_one_pledge_and_a_changed_one_asks(stranger):
    once = {"client_id": str(uuid.uuid4())}
    first, again = (stranger.post("/donasi", data={**GOODS, **once}) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    changed = stranger.post("/donasi", data={**GOODS, **once, "quantity": "7"})
    assert changed.status_code == 409
    assert "sudah tercatat" in changed.text
    assert 'value="7"' in changed.text
    fresh = re.search(r'name="client_id" value="([^"]+)"', changed.text)[1]
    assert fresh != once["client_id"]


@pytest.mark.parametrize(
    ("form", "field", "language", "sentence"),
    [
        ({"kind": "goods", "item": "blanket", "quantity": "banyak"}, "quantity", "id", "angka"),
        ({"kind": "goods", "item": "", "quantity": "5"}, "item", "en", "required"),
        ({"kind": "money", "rupiah": "", "phone": "0812"}, "rupiah", "id", ""),
        ({"kind": "money", "rupiah": "500000", "phone": "abc"}, "phone", "en", ""),
        ({"quantity": "5"}, "kind", "id", ""),
    ],
)
def test_wrong_input_is_named_beside_its_field_and_kept(stranger, form, field, language, sentence):
    answer = stranger.post(f"/donasi?lang={language}", data={**form, "donor": "Ibu Sri"})
    assert answer.status_code == 422
    problem = re.search(rf'id="{field}-problem">([^<]+)<', answer.text)
    assert problem, answer.text
    assert sentence in problem[1]
    assert f'href="#{field}"' in answer.text
    assert 'value="Ibu Sri"' in answer.text
    if field != "kind":
        assert re.search(rf'id="{field}"[^>]* autofocus', answer.text)


def test_what_lacks_is_offered_to_be_given(stranger):
    page = stranger.get("/donasi?item=rice").text
    assert '<option value="rice" selected>' in page
    assert '<option value="medical"' not in page
