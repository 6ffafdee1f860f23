"""Too many reports: what is over a limit waits for a person, nothing is lost, T0 never waits; blocks and appeals."""

import uuid
from dataclasses import replace

import pytest

from server.app import create_app
from server.commands import people
from server.config import REPORT_LIMITS
from server.services import screening

PLACE = {"lon": 107.139, "lat": -6.822, "accuracy_m": 30}
LIMITS = {**REPORT_LIMITS, "device": 4, "phone": 3, "words": 5, "doubtful_here": 2, "doubtful": 6}
SPAM = "Menang hadiah jutaan, daftar sekarang juga di sini"


@pytest.fixture
def app(started):
    """An application with limits that a test reaches in a second."""
    app = create_app(replace(started, report_limits=LIMITS))
    yield app
    app.extensions["tanggap"].engine.dispose()


@pytest.fixture
def staff(app):
    """Headers of a verifier and a coordinator of Cianjur, a coordinator of Bandung and of the province."""
    system = app.extensions["tanggap"]

    def token(name, role, area):
        people.add_user(system, name, role, area)
        return {"Authorization": f"Bearer {people.token(system, name)}"}

    return {
        "verifier": token("pemeriksa", "verifier", "32.03"),
        "coordinator": token("koordinator", "coordinator", "32.03"),
        "elsewhere": token("lain", "coordinator", "32.04"),
        "above": token("provinsi", "coordinator", "32"),
    }


def body(text="Butuh air bersih", **more):
    return {"client_id": str(uuid.uuid4()), "text": text, "place": PLACE, **more}


def send(app, data, address="36.68.1.1", client=None):
    client = client or app.test_client(use_cookies=False)
    return client.post("/api/reports", json=data, headers={"X-Forwarded-For": address})


def test_scripts_on_the_machine_itself_are_not_counted_unless_they_speak_for_others(app):
    def sent(n, headers):
        client = app.test_client(use_cookies=False)
        return [client.post("/api/reports", json=body(f"{SPAM} {k}"), headers=headers).status_code for k in range(n)]

    assert set(sent(20, {})) == {201}
    assert 202 in sent(20, {"X-Forwarded-For": "36.70.1.9"})
    assert 202 in sent(20, {"X-Forwarded-For": "36.70.1.9, 127.0.0.1"})


def flood(app, n=20, text=SPAM, **more):
    """The same text from ever new phones and addresses; the answers."""
    phones = (f"0813-{uuid.uuid4().int % 10**8:08d}" for _ in range(n))
    return [
        send(app, body(f"{text} {k}", contact={"phone": phone}, **more), f"36.70.{k}.9")
        for k, phone in enumerate(phones)
    ]


def on_board(app, staff):
    board = app.test_client().get("/api/board", headers=staff["above"]).json["reports"]
    return {row[board["columns"].index("id")]: dict(zip(board["columns"], row, strict=True)) for row in board["rows"]}


def queue(app, who):
    return app.test_client().get("/api/moderation", headers=who).json


def post(app, who, path, data):
    return app.test_client().post(path, headers=who, json=data)


def test_what_is_over_a_limit_is_stored_and_waits_and_its_reporter_hears_no_more_than_that(app, staff):
    answers = flood(app, people=3)
    assert [answer.status_code for answer in answers] == [201] * 5 + [202] * 15
    held = answers[-1].json
    assert set(held) == set(answers[0].json)
    assert held["state"] == "received"
    assert held["id"] not in on_board(app, staff)
    told = app.test_client().get(f"/api/track/{held['code']}").json
    assert (told["state"], told["next"], told["block"]) == ("received", "read_first", None)
    assert told["clock"]["due_at"] == held["clock"]["due_at"]
    assert "quarantine" not in str(told)
    assert "repeated" not in str(told)
    page = app.test_client().get(f"/lacak/{held['code']}")
    assert page.status_code == 200
    assert "petugas membaca" in page.get_data(as_text=True).lower()


def test_a_report_sent_again_gets_the_same_answer_and_is_counted_once(app):
    data = body()
    answers = [send(app, data) for _ in range(30)]
    assert {answer.status_code for answer in answers[1:]} == {200}
    assert all(answer.json == answers[0].json for answer in answers)
    assert send(app, body()).status_code == 201


def test_t0_is_on_the_board_at_once_however_many_came(app, staff):
    flood(app, people=3)
    urgent = send(app, body(SPAM, danger={"trapped": True}))
    assert urgent.status_code == 201
    row = on_board(app, staff)[urgent.json["id"]]
    assert row["flags"] == ["quarantined"]
    group = next(one for one in queue(app, staff["verifier"])["groups"] if one["t0"])
    assert group["kind"] == "words"
    assert "repeated" in group["samples"][0]["signals"]


def test_what_is_let_in_is_on_the_board_with_the_clock_of_when_it_came(app, staff):
    held = flood(app, needs=[{"item": "rice", "quantity": 7}])[-1].json
    let = post(app, staff["verifier"], "/api/moderation/let_in", {"reports": [held["id"]]})
    assert (let.status_code, let.json["decided"]) == (200, 1), let.json
    row = on_board(app, staff)[held["id"]]
    assert (row["state"], row["flags"]) == ("received", [])
    assert row["due_at"][:19] == held["clock"]["due_at"][:19]
    case = app.test_client().get(f"/api/cases/{row['case_id']}", headers=staff["verifier"]).json
    assert [(need["item"], need["quantity"]) for need in case["needs"]] == [("rice", 7)]
    told = app.test_client().get(f"/api/track/{held['code']}").json
    assert (told["next"], told["clock"]["running"], told["position"]) == ("check", True, 6)
    again = post(app, staff["verifier"], "/api/moderation/let_in", {"reports": [held["id"]]})
    assert again.json["error"]["fields"].keys() == {"reports"}


def test_a_group_is_turned_down_at_one_go_but_for_what_came_since(app, staff):
    answers = flood(app, people=3)
    (group,) = queue(app, staff["verifier"])["groups"]
    assert (group["n"], group["t0"]) == (15, 0)
    later = flood(app, 1, people=3)[0]
    assert later.status_code == 202
    choice = {"group": group["group"], "until": group["last_at"]}
    assert post(app, staff["verifier"], "/api/moderation/reject", choice).json["error"]["fields"].keys() == {"reason"}
    done = post(app, staff["verifier"], "/api/moderation/reject", {**choice, "reason": "iklan"})
    assert done.json == {"decided": 15, "left": 1}
    told = app.test_client().get(f"/api/track/{answers[-1].json['code']}").json
    assert (told["state"], told["history"][-1]) == (
        "rejected",
        {"at": told["history"][-1]["at"], "step": "rejected", "params": {"reason": "iklan"}},
    )
    assert queue(app, staff["verifier"])["groups"][0]["n"] == 1


def test_who_is_in_danger_later_is_on_the_board_at_once(app, staff):
    held = flood(app, needs=[{"item": "rice", "quantity": 7}])[-1].json
    worse = {"action": "add_info", "danger": {"trapped": True}}
    told = app.test_client().post(f"/api/track/{held['code']}", json=worse)
    assert (told.status_code, told.json["tier"], told.json["clock"]["running"]) == (200, 0, True), told.json
    row = on_board(app, staff)[held["id"]]
    assert (row["tier"], row["flags"]) == (0, ["quarantined"])
    assert queue(app, staff["verifier"])["groups"][0]["t0"] == 1
    refused = app.test_client().post(f"/api/track/{held['code']}", json={"action": "reopen", "text": "lagi"})
    assert refused.status_code == 409


def test_what_who_is_in_danger_later_tells_besides_is_kept(app, staff):
    held = flood(app, people=3)[-1].json
    worse = {"action": "add_info", "danger": {"trapped": True}, "text": "di atap rumah RT 3"}
    assert app.test_client().post(f"/api/track/{held['code']}", json=worse).status_code == 200
    case = app.test_client().get(f"/api/cases/{on_board(app, staff)[held['id']]['case_id']}", headers=staff["verifier"])
    assert "di atap rumah RT 3" in case.get_data(as_text=True)


def test_a_neighbour_s_code_of_a_held_report_costs_nobody_a_report(app):
    held = flood(app, people=3)[-1].json
    assert "case_id" not in held
    joined = send(app, body("Rumah kami roboh, butuh tenda", same_as=held["code"]), "36.99.2.2")
    assert joined.status_code == 201, joined.json


def test_a_heap_is_not_turned_down_with_a_t0_on_which_others_reports_hang(app, staff):
    flood(app, people=3)
    urgent = send(app, body(SPAM, danger={"trapped": True})).json
    other = send(app, body("Sekolah runtuh, anak terjebak", danger={"trapped": True}), "36.99.3.3").json
    board = on_board(app, staff)
    into, taken = board[urgent["id"]]["case_id"], board[other["id"]]["case_id"]
    assert post(app, staff["verifier"], f"/api/cases/{taken}/merge", {"into": into}).status_code == 200
    group = queue(app, staff["verifier"])["groups"][0]["group"]
    post(app, staff["verifier"], "/api/moderation/reject", {"group": group, "reason": "sampah"})
    assert on_board(app, staff)[urgent["id"]]["state"] == "received"


def test_a_t0_that_is_let_in_is_like_any_other(app, staff):
    flood(app, people=3)
    urgent = send(app, body(SPAM, danger={"trapped": True})).json
    assert post(app, staff["verifier"], "/api/moderation/let_in", {"reports": [urgent["id"]]}).status_code == 200
    assert on_board(app, staff)[urgent["id"]]["flags"] == []
    events = app.test_client().get("/api/events?after=0", headers=staff["verifier"]).json["events"]
    assert [event["data"].get("action") for event in events][-1:] in ([], ["let_in"])


def test_turning_a_group_down_takes_its_t0_from_the_board_too(app, staff):
    flood(app, people=3)
    urgent = send(app, body(SPAM, danger={"trapped": True})).json
    (group,) = queue(app, staff["verifier"])["groups"]
    choice = {"group": group["group"], "until": group["last_at"], "reason": "iklan"}
    assert post(app, staff["verifier"], "/api/moderation/reject", choice).json == {"decided": 16, "left": 0}
    assert on_board(app, staff)[urgent["id"]]["state"] == "rejected"


def test_a_verdict_on_the_board_settles_what_waits_of_a_t0(app, staff):
    flood(app, people=3)
    urgent = send(app, body(SPAM, danger={"trapped": True})).json
    case_id = on_board(app, staff)[urgent["id"]]["case_id"]
    assert post(app, staff["verifier"], f"/api/cases/{case_id}/verify", {}).status_code == 200
    (group,) = queue(app, staff["verifier"])["groups"]
    assert group["t0"] == 0


def test_each_moderates_their_own_area(app, staff):
    held = flood(app, people=3)[-1].json
    assert queue(app, staff["elsewhere"])["groups"] == []
    refused = post(app, staff["elsewhere"], "/api/moderation/let_in", {"reports": [held["id"]]})
    unknown = post(app, staff["elsewhere"], "/api/moderation/let_in", {"reports": ["ZZZZZZZZZZZZ"]})
    assert (refused.status_code, refused.json) == (unknown.status_code, unknown.json)
    assert app.test_client().get("/api/moderation").status_code == 401


def test_gibberish_links_and_reports_that_ask_for_nothing_wait_when_they_are_many(app):
    for text in ("asdfgh qwerty zxcvbnm", "lihat www.hadiah-gratis.xyz", "halo apa kabar semuanya"):
        answers = [send(app, body(text), f"36.{71 + k}.3.3").status_code for k in range(10)]
        assert 202 in answers
    mine = send(app, body("Atap ambruk, butuh terpal untuk 12 orang di RT 4"), "36.71.3.3")
    assert mine.status_code == 201


def test_a_phone_and_a_device_have_limits_of_their_own(app):
    number = {"contact": {"phone": "0812-0000-1111"}}
    texts = ["butuh beras", "perlu terpal dua", "obat untuk lansia habis", "minta selimut anak", "air minum tidak ada"]
    sent = [send(app, body(text, **number), f"36.80.{n}.1").status_code for n, text in enumerate(texts)]
    assert sent == [201] * 3 + [202] * 2
    browser = app.test_client()
    found = [send(app, body(f"{t} {t[:4]}", needs=[{"item": "rice"}]), client=browser).status_code for t in texts * 2]
    assert found == [201] * 5 + [202] * 5


def test_a_phone_that_was_right_before_is_not_held_for_the_words_of_others(app, staff):
    number = {"contact": {"phone": "0812-0000-2222"}, "people": 3}
    first = send(app, body("Butuh perahu di RT 2", **number)).json
    case_id = on_board(app, staff)[first["id"]]["case_id"]
    post(app, staff["verifier"], f"/api/cases/{case_id}/verify", {})
    flood(app, people=3)
    assert send(app, body(SPAM, **number)).status_code == 201
    assert send(app, body(SPAM, contact={"phone": "0812-0000-3333"}, people=3)).status_code == 202


def test_staff_are_not_limited(app, staff):
    flood(app, people=3)
    entered = app.test_client().post("/api/reports", headers=staff["verifier"], json=body(SPAM, channel="phone"))
    assert entered.status_code == 201


def test_without_the_queue_reports_still_land(app, started):
    lost = create_app(replace(started, report_limits=LIMITS, redis_url="unix:///nowhere.sock"), None)
    answers = [send(lost, body(SPAM)).status_code for _ in range(20)]
    lost.extensions["tanggap"].engine.dispose()
    assert set(answers) == {201}


def blocked(app, staff, kind="phone", hours=5):
    first = send(app, body("Butuh perahu di RT 2", contact={"phone": "0812-0000-4444"})).json
    made = post(app, staff["coordinator"], f"/api/reports/{first['id']}/block",
                {"kind": kind, "hours": hours, "reason": "laporan palsu berkali-kali"})  # fmt: skip
    return first, made


@pytest.mark.parametrize("kind", ["phone", "device", "address"])
def test_a_blocked_sender_is_still_stored_told_why_and_heard_at_once_in_danger(app, staff, kind):
    browser = app.test_client()
    number = {"contact": {"phone": "0812-0000-4444"}}
    first = send(app, body("Butuh perahu di RT 2", **number), client=browser).json
    wanted = {"kind": kind, "hours": 5, "reason": "laporan palsu berkali-kali"}
    made = post(app, staff["coordinator"], f"/api/reports/{first['id']}/block", wanted)
    assert made.status_code == 201, made.json
    assert post(app, staff["above"], f"/api/reports/{first['id']}/block", wanted).status_code == 409
    second = send(app, body("Perlu tenda besar", **number), client=browser)
    assert second.status_code == 202
    assert send(app, body("Kami kejebak", danger={"trapped": True}, **number), client=browser).status_code == 201
    other = send(app, body("Perlu selimut tebal", contact={"phone": "0812-0000-5555"}), "36.99.1.1")
    assert other.status_code == 201
    told = app.test_client().get(f"/api/track/{second.json['code']}").json["block"]
    assert (told["kind"], told["reason"], told["appealed"]) == (kind, wanted["reason"], False)
    assert "koordinator" not in str(told)
    page = app.test_client().get(f"/lacak/{second.json['code']}").get_data(as_text=True)
    assert wanted["reason"] in page
    assert "appeal" in page


def test_an_appeal_goes_to_another_person_than_who_blocked(app, staff):
    first, made = blocked(app, staff)
    address = f"/api/blocks/{made.json['id']}/appeal"
    answer = {"lift": True, "reason": "nomor ini milik posko"}
    assert post(app, staff["above"], address, answer).status_code == 409
    objected = {"action": "appeal", "text": "Saya ketua RT"}
    assert app.test_client().post(f"/api/track/{first['code']}", json={"action": "appeal"}).status_code == 422
    for _ in range(2):
        told = app.test_client().post(f"/api/track/{first['code']}", json=objected)
        assert told.json["block"]["appealed"]
    (shown,) = queue(app, staff["verifier"])["blocks"]
    assert (shown["appeal"], shown["is_open"]) == ("Saya ketua RT", True)
    assert post(app, staff["elsewhere"], address, answer).status_code == 404
    assert post(app, staff["coordinator"], address, answer).json["error"]["code"] == "another_person"
    assert post(app, staff["verifier"], address, answer).status_code == 200
    assert post(app, staff["above"], address, answer).status_code == 409
    assert send(app, body("Perlu tenda besar", contact={"phone": "0812-0000-4444"})).status_code == 201


def test_a_block_ends_by_itself_and_a_network_is_blocked_for_hours_only(app, staff):
    first, made = blocked(app, staff, "address", 7)
    assert made.json["error"]["fields"]["hours"]
    _, made = blocked(app, staff, "address", 1)
    assert send(app, body("Perlu tenda besar")).status_code == 202
    with app.extensions["tanggap"].writing() as tx:
        tx.conn.exec_driver_sql("update blocks set until = now()")
    assert send(app, body("Perlu selimut tebal")).status_code == 201
    again = post(app, staff["above"], f"/api/reports/{first['id']}/block",
                 {"kind": "address", "hours": 1, "reason": "masih juga"})  # fmt: skip
    assert again.status_code == 201
    ended = post(app, staff["verifier"], f"/api/blocks/{again.json['id']}/end", {"reason": "keliru"})
    assert ended.status_code == 200
    assert send(app, body("Minta beras sekarung")).status_code == 201


def test_what_was_done_stands_in_the_audit_trail(app, staff):
    held = flood(app, people=3)[-1].json
    post(app, staff["verifier"], "/api/moderation/reject", {"reports": [held["id"]], "reason": "iklan"})
    blocked(app, staff)
    with app.extensions["tanggap"].reading() as tx:
        query = "select action, actor, details from audit where actor in ('pemeriksa', 'koordinator') order by position"
        rows = [dict(row) for row in tx.conn.exec_driver_sql(query).mappings()]
    rows = [row for row in rows if row["action"].startswith(("quarantine", "sender"))]
    done = [("quarantine:rejected", "pemeriksa"), ("sender:block", "koordinator")]
    assert [(row["action"], row["actor"]) for row in rows] == done
    assert rows[0]["details"] == {"reports": [held["id"]], "reason": "iklan"}


def test_senders_are_forgotten_and_a_held_report_can_be_taken_back(app, staff):
    from server.services import moderation

    held = flood(app, people=3)[-1].json
    told = app.test_client().post(f"/api/track/{held['code']}", json={"action": "cancel"})
    assert told.json["state"] == "rejected"
    system = app.extensions["tanggap"]
    with system.writing() as tx:
        tx.conn.exec_driver_sql("update reports set received_at = received_at - interval '8 days'")
    with system.writing() as tx:
        assert moderation.forget_senders(tx) == 20
    with system.writing() as tx:
        assert moderation.forget_senders(tx) == 0


@pytest.mark.parametrize(("hops", "counted"), [(0, "10.0.0.2"), (1, "36.68.1.1")])
def test_only_proxies_that_are_ours_say_where_a_report_comes_from(started, hops, counted):
    app = create_app(replace(started, report_limits=LIMITS, proxy_hops=hops))
    system = app.extensions["tanggap"]
    answer = send(app, body(), "9.9.9.9, 36.68.1.1, 10.0.0.2" if hops else "36.68.1.1, 10.0.0.2")
    with system.reading() as tx:
        stored = tx.reports.get(answer.json["id"])
    mark = screening.Mark("", is_new=True)
    assert bytes(stored["address_key"]) == screening.sender_of(counted, mark, system.keys).address
    system.engine.dispose()
