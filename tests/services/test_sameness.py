"""What is suggested to a person as the same thing, and what becomes of those who reported it."""

import random
import uuid
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from server.domain import events
from server.domain.errors import Forbidden, Invalid
from server.domain.permissions import ANYONE, SYSTEM, Actor, Grant
from server.services import cases, intake, photos, queries, tracking
from server.services.inputs import CaseActionIn, ReportIn, parse
from tests.services.world import CIANJUR
from workers import comparing, jobs, routes
from workers.queues import Job

SCHOOL = [
    "Tolong!! SDN Sukamaju ambruk, anak2 kejebak di dalam",
    "sekolah roboh kena gempa, banyak murid tertimbun. cepetan pak",
    "SD Sukamaju 2 rubuh, ada yg ketimpa tembok",
    "School collapsed, children trapped inside",
    "the elementary school in Sukamaju has colapsed, kids are stuck under the rubble",
    "sakola rugrug, budak kajebak, tulungan",
    "Gedung SDN runtuhh, murid blm bs keluar, terjebak",
    "Sekolah ambrukk tolongggg",
    "madrasah sebelah masjid hancur anak anak tertimpa",
    "sklh sukamaju roboh, org2 pada nangis, byk yg ketimbun",
]
OTHERS = [
    "Rumah saya retak, butuh tenda untuk 4 orang",
    "Warung kebakaran di pinggir jalan",
    "Tolong, masjid Al Hidayah ambruk, ada jemaah tertimbun",
]


def send(world, text, at=CIANJUR, accuracy=30, phone=None, **more):
    """A report; returns its answer with its case's id."""
    body = {"client_id": str(uuid.uuid4()), "text": text, **more}
    body |= {"place": {"lon": at[0], "lat": at[1], "accuracy_m": accuracy}} if at else {}
    body |= {"contact": {"phone": phone}} if phone else {}
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        answer = intake.receive(tx, ANYONE, parse(ReportIn, body), gazetteer=gazetteer, keys=world.system.keys).answer
        return {**answer, "case_id": tx.reports.get(answer["id"])["case_id"]}


def act(world, case_id, action, actor=SYSTEM, **body):
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        return cases.act(tx, actor, case_id, action, parse(CaseActionIn, body), gazetteer)


def suggested(world, case_id, actor=SYSTEM):
    """What is suggested for a case, by the other case's id."""
    with world.system.reading() as tx:
        return {one["case_id"]: one for one in cases.detail(tx, actor, case_id)["possible_duplicates"]}


def open_cases(world):
    with world.system.reading() as tx:
        query = "select id from cases where merged_into is null order by id"
        return [row[0] for row in tx.conn.exec_driver_sql(query)]


def beside(metres_east, metres_north=0, at=CIANJUR):
    return at[0] + metres_east / 110_400, at[1] + metres_north / 111_195


def test_fifty_people_report_one_collapsed_school_one_case_fifty_told(world):
    dice = random.Random(2022)
    spots = [beside(dice.gauss(0, 45), dice.gauss(0, 45)) for _ in range(50)]
    sent = [send(world, SCHOOL[n % len(SCHOOL)], spots[n], danger={"trapped": True}) for n in range(50)]
    apart = [send(world, text, beside(900 + 400 * n)) for n, text in enumerate(OTHERS)]
    first = sent[0]["case_id"]
    assert len(open_cases(world)) == 53, "nothing is merged by itself"
    found = suggested(world, first)
    assert set(found) == {one["case_id"] for one in sent[1:]}
    assert len(open_cases(world)) == 53, "nor by looking"
    act(world, first, "merge", take=sorted(found))
    assert open_cases(world) == sorted([first, *(one["case_id"] for one in apart)])
    with world.system.reading() as tx:
        attached = tx.reports.of_case(first)
        assert {row["id"] for row in attached} == {one["id"] for one in sent}
        told = [[step["step"] for step in tx.reports.history(row["id"])] for row in attached]
        pages = [tracking.track(tx, one["code"], world.system.keys) for one in sent]
    assert sorted(told) == [["joined"]] + [["merged"]] * 49
    assert len(pages) == 50
    assert all(page["clock"]["running"] and page["needs"] == pages[0]["needs"] for page in pages)
    wanted = [need for need in world.needs(first).values() if need["state"] == "open"]
    assert [need["item"] for need in wanted] == list({need["item"] for need in wanted}), "each is asked for once"
    act(world, first, "verify")
    with world.system.reading() as tx:
        assert len(list(tx.conn.exec_driver_sql("select 1 from audit where action = 'case:merge'"))) == 1
    assert suggested(world, first) == {}


def test_what_speaks_for_it_is_shown_with_its_values(world):
    one = send(world, "SDN Sukamaju ambruk, anak kejebak", danger={"trapped": True}, phone="0812 3456 7890")
    other = send(world, "school Sukamaju collapsed", beside(80), danger={"trapped": True}, phone="+62 812-3456-7890")
    found = suggested(world, one["case_id"])[other["case_id"]]
    signals = found["signals"]
    assert 75 <= signals.pop("metres") <= 85
    assert signals.pop("minutes") == 0
    assert signals.pop("words_share") == 1.0
    assert signals == {
        "rough": False,
        "words": ["school", "sukamaju"],
        "troubles": ["collapse", "trapped"],
        "items": ["search_and_rescue"],
        "phone": True,
        "photo_bits": None,
        "said": False,
        "other": False,
    }
    assert found["reasons"] == ["phone", "words", "spot", "danger", "names"]


@pytest.mark.parametrize(
    ("text", "metres"),
    [("Kami kebanjiran, butuh selimut", 40), ("Masjid roboh, ada yang tertimbun", 60), ("SDN Sukamaju roboh", 6000)],
)
def test_another_trouble_another_building_and_another_place_are_not_the_same(world, text, metres):
    one = send(world, "SDN Sukamaju ambruk, anak kejebak")
    send(world, text, beside(metres))
    assert suggested(world, one["case_id"]) == {}


def test_the_same_phone_is_the_same_person_elsewhere_too_until_it_is_far_or_long_ago(world):
    one = send(world, "Butuh beras", phone="081234567890")
    near = send(world, "Anak saya sakit", beside(1500), phone="0812 3456 7890")
    send(world, "Anak saya sakit", beside(4000), phone="0812 3456 7890")
    placeless = send(world, "Butuh popok", None, place_text="Cibeureum", phone="62812-3456-7890")
    old = send(world, "Butuh selimut", beside(10), phone="081234567890")
    with world.system.writing() as tx:
        tx.reports.change(old["id"], received_at=tx.now - timedelta(days=4))
    found = suggested(world, one["case_id"])
    assert {key: one["reasons"] for key, one in found.items()} == {
        near["case_id"]: ["phone"],
        placeless["case_id"]: ["phone"],
    }


def test_what_a_person_keeps_apart_is_not_suggested_again(world):
    one, other = send(world, SCHOOL[0]), send(world, SCHOOL[1], beside(20))
    assert other["case_id"] in suggested(world, one["case_id"])
    for _ in range(2):
        assert act(world, one["case_id"], "keep_apart", into=other["case_id"])["possible_duplicates"] == []
    assert suggested(world, other["case_id"]) == {}
    assert len(open_cases(world)) == 2


def test_what_is_split_off_has_needs_again_and_is_not_suggested_at_once(world):
    one, other = send(world, SCHOOL[0], danger={"trapped": True}), send(world, SCHOOL[1], danger={"trapped": True})
    act(world, one["case_id"], "merge", take=[other["case_id"]])
    act(world, one["case_id"], "split", report_ids=[other["id"]])
    _, new = open_cases(world)
    assert {item for item, need in world.needs(new).items() if need["state"] == "open"} == {"search_and_rescue"}
    assert suggested(world, one["case_id"]) == suggested(world, new) == {}
    with world.system.reading() as tx:
        assert [step["step"] for step in tx.reports.history(other["id"])] == ["merged", "split"]
        assert tx.cases.get(new)["tier"] == 0


def test_cases_of_an_area_that_is_not_ones_own_are_not_told_of(world):
    at = (107.6191, -6.9175)
    one, other = send(world, SCHOOL[0], at), send(world, SCHOOL[1], beside(30, at=at))
    with world.system.writing() as tx:
        for sent, area in ((one, "32.73.01"), (other, "32.04.01")):
            tx.cases.change(sent["case_id"], area=area)
            tx.reports.change(sent["id"], area=area)
    narrow = Actor(name="v", user_id=None, grants=(Grant("verifier", "32.73"),))
    assert set(suggested(world, one["case_id"])) == {other["case_id"]}
    assert suggested(world, one["case_id"], narrow) == {}
    with pytest.raises(Invalid) as refused:
        act(world, one["case_id"], "merge", actor=narrow, take=[other["case_id"]])
    assert {name: found.code for name, found in refused.value.fields.items()} == {"take.0": "unknown_case"}
    auditor = Actor(name="a", user_id=None, grants=(Grant("auditor", "32"),))
    with pytest.raises(Forbidden):
        act(world, one["case_id"], "keep_apart", actor=auditor, into=other["case_id"])


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "into"), ({"take": []}, "take"), ({"take": [1]}, "take.0"), ({"into": 7, "take": [7]}, "into")],
)
def test_a_merge_that_is_none_names_what_is_wrong(world, body, field):
    one = send(world, SCHOOL[0])
    with pytest.raises(Invalid) as refused:
        act(world, one["case_id"], "merge", **body)
    assert set(refused.value.fields) == {field}


def on_the_board(world):
    """Case -> whether the board says that others may be the same."""
    with world.system.reading() as tx:
        rows = queries.board(tx, SYSTEM, None, "32")["cases"]
        at = {name: n for n, name in enumerate(rows["columns"])}
        return {row[at["id"]]: row[at["alike"]] for row in rows["rows"]}


def test_the_board_says_which_cases_have_others_like_them_until_a_person_has_looked(world):
    one, other, third = send(world, SCHOOL[0]), send(world, SCHOOL[1], beside(20)), send(world, OTHERS[0], beside(40))
    assert not any(on_the_board(world).values())
    jobs.use(world.system)
    before = len(world.events("CaseChanged"))
    for _ in range(2):
        jobs.compare_cases(world.incident["id"])
    alike = {one["case_id"]: True, other["case_id"]: True, third["case_id"]: False}
    assert on_the_board(world) == alike
    told = [event["data"]["rows"]["cases"][0] for event in world.events("CaseChanged")[before:]]
    assert {row["id"]: row["alike"] for row in told} == {one["case_id"]: True, other["case_id"]: True}
    assert {row["version"] for row in told} == {1}, "no form that is open goes out of date by it"
    later = send(world, SCHOOL[3], beside(30))
    jobs.compare_cases(world.incident["id"])
    assert on_the_board(world) == alike | {later["case_id"]: True}
    act(world, one["case_id"], "keep_apart", into=later["case_id"])
    assert on_the_board(world) == alike | {later["case_id"]: True}, "the other one is like both still"
    act(world, one["case_id"], "merge", take=[other["case_id"]])
    assert not on_the_board(world)[one["case_id"]]


def test_the_clock_compares_what_has_been_left_for_a_minute(world):
    one, other = send(world, SCHOOL[0]), send(world, SCHOOL[1], beside(20))
    comparing.compare_left(world.system)
    assert not any(on_the_board(world).values()), "the dispatcher is at these"
    with world.system.writing() as tx:
        tx.conn.exec_driver_sql("update cases set opened_at = opened_at - interval '61 seconds'")
    comparing.compare_left(world.system)
    assert on_the_board(world) == {one["case_id"]: True, other["case_id"]: True}


def test_every_new_report_lets_the_cases_be_compared():
    received = [
        events.ReportReceived(incident_id="i", area="32", report_id=str(n), case_id=n, tier=0) for n in range(200)
    ]
    assert routes.jobs_for(received) == [Job("compare_cases", ("i",))]


def picture(seed, size=(1600, 1200)):
    """A scene of shapes, as unlike another one as two photos are."""
    dice = random.Random(seed)
    image = Image.new("RGB", size, tuple(dice.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = dice.randrange(size[0]), dice.randrange(size[1])
        box = (x, y, x + dice.randrange(80, 500), y + dice.randrange(80, 400))
        draw.ellipse(box, fill=tuple(dice.randrange(256) for _ in range(3)))
    return image


def as_sent(image, form="JPEG", **options):
    data = BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def add_photo(world, report, data, folder):
    stored = photos.store_image(data, folder, str(uuid.uuid4()))
    with world.system.writing() as tx:
        row = tx.reports.get(report["id"])
        owner = photos.Owner(row["incident_id"], row["area"], report_id=row["id"])
        photos.add(tx, ANYONE, owner, 0, stored)
    return stored


def test_one_picture_that_goes_round_is_known_again_however_it_was_saved(world, tmp_path):
    image = picture(1)
    again = ImageEnhance.Brightness(image.resize((720, 540))).enhance(1.15)
    first, second = send(world, "Butuh air"), send(world, "Lihat ini", None, place_text="Cibeureum")
    other = send(world, "Lihat itu", None, place_text="Cibeureum")
    add_photo(world, first, as_sent(image, quality=92), tmp_path)
    add_photo(world, second, as_sent(again, quality=45), tmp_path)
    add_photo(world, other, as_sent(picture(2)), tmp_path)
    found = suggested(world, first["case_id"])
    assert set(found) == {second["case_id"]}
    assert found[second["case_id"]]["reasons"] == ["photo"]
    assert found[second["case_id"]]["signals"]["photo_bits"] <= 6


def test_pictures_of_unlike_scenes_differ_and_a_dark_one_is_like_none(tmp_path):
    hashes = [photos.dhash_of(picture(seed)) for seed in range(60)]
    mask = (1 << 64) - 1
    bits = [((a ^ b) & mask).bit_count() for n, a in enumerate(hashes) for b in hashes[:n]]
    assert min(bits) > 6
    assert photos.dhash_of(Image.new("RGB", (800, 600), (3, 3, 4))) is None
