"""Role x area x route: every cell is tried by HTTP against the real application; `policy.py` says what must come.

The thing that a call is about lies in 32.03. Who may not know of it must get, byte for byte and by the same
questions to the database, the answer of a thing that does not exist.
"""

import re
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import event

from server.api import contract
from server.app import create_app
from server.domain.permissions import ROLES, Permission, may, within
from server.live import Live
from server.services import accounts
from tests.access import world
from tests.access.policy import NOUNS, POLICY, SOCKET
from tests.access.world import ABOVE, ELSEWHERE, HERE, LINE, PLACE

IN, STRANGER, REFUSED, UNKNOWN = "in", 401, 403, 404
WHO = [(role, area) for role in ROLES for area in (HERE, ELSEWHERE, ABOVE)] + [("admin", ""), ("auditor", "")]
REASON = {"reason": "uji hak akses"}
LAST = ("/api/cases/<int:case_id>/reject", "merge", "/cancel", "/fail", "/distress/<uuid:call_id>/end")
"""What changes its thing so that other calls find it gone comes after them."""
ENDS_SESSION = ("DELETE /api/session", "POST /keluar")
WORDS = {"slug": "jabar", "code": "ABCD-EFGH", "n": "1", "client_id": str(uuid.uuid4()), "session_id": "0" * 32,
         "secret": "x" * 43}  # fmt: skip
ACTIONS = {"own": "decline", "claim": "check", "referral": "kembalikan", "user": "end_sessions",
           "somewhere": "loloskan", "block": "cabut", "photo": "sembunyikan",
           "POST /petugas/<uuid:user_id>/<action>": "keluarkan"}  # fmt: skip
NOUN_OF = {"call_id": "distress", "plan_id": "plan"}


def body_of(name, ids):
    """A body that gets as far as the question who asks."""
    method, path = name.split(" ", 1)
    if method in ("GET", "DELETE"):
        return None
    later = "2030-01-01T00:00:00+07:00"
    wanted = {
        "/api/me/tokens": {"label": "uji"},
        "/api/me/totp": {"password": "x"},
        "/api/me/totp/confirm": {"code": "000000"},
        "/api/me/recovery": {"password": "x"},
        "/api/users": {"name": "undangan-uji", "role": "keeper", "area": HERE},
        "/petugas": {"name": "undangan-uji-2", "role": "keeper", "area": HERE},
        "/api/access": {"to": "tidak-ada", "role": "coordinator", "area": HERE, "ends_at": later, **REASON},
        "/akses/wakil": {"to": "tidak-ada", "held": f"coordinator@{HERE}", "ends_at": "2030-01-01T00:00", **REASON},
        "/api/access/emergency": {"area": "32.99", "hours": 1, **REASON},
        "/akses/darurat": {"area": "32.99", "hours": "1", "why": "uji hak akses"},
        "/api/me/password": {"old": "x", "new": "x" * 20},
        "/api/me/distress": {"client_id": str(uuid.uuid4())},
        "/api/checkins": {"place": PLACE, "until": later},
        "/api/checkins/current": {"vehicle": "car"},
        "/api/plans": {"area": HERE},
        "/api/plans/what-if": {"area": HERE, "changes": [{"kind": "close_site", "site_id": ids["site"]}]},
        "/api/waves": {"area": HERE, "name": "Uji", "departs_at": later},
        "/api/claims": {"text": "Kabar uji", "area_code": HERE},
        "/api/asks": {"client_id": str(uuid.uuid4()), "text": "Kabar uji"},
        "/api/claims/<uuid:claim_id>/evidence": {"found": "Bukti uji"},
        "/api/claims/<uuid:claim_id>/join": {"into": str(uuid.UUID(int=0))},
        "/konsol/kabar": {"text": "Kabar uji", "place_text": f"{PLACE['lat']}, {PLACE['lon']}"},
        "/konsol/kabar/<uuid:claim_id>/bukti": {"found": "Bukti uji"},
        "/konsol/kabar/<uuid:claim_id>/gabung": {"into": str(uuid.UUID(int=0))},
        "/api/hazards": {"kind": "flood", "shape": LINE},
        "/api/roads/closures": {"shape": LINE},
        "/api/sites": {"name": "Posko uji", "kind": "post", "place": PLACE},
        "/api/sites/<uuid:site_id>": {"address": "Jalan uji"},
        "/api/incidents/<slug>/settings": {},
        "/api/assignments": {"need_id": ids["need"], "lot_id": ids["lot"], "quantity": 1, **REASON},
        "/api/rulings": {"need_id": ids["need"], "kind": "forbid", "lot_id": ids["lot"], **REASON},
        "/api/stock/receive": {"site_id": ids["site"], "item": "rice", "quantity": 5},
        "/api/gifts": {"site_id": ids["site"], "item": "rice", "quantity": 5},
        "/api/stock/adjust": {"lot_id": ids["lot"], "counted": 400, **REASON},
        "/api/stock/break_kit": {"lot_id": ids["lot"], "quantity": 1, **REASON},
        "/api/stock/transfer": {"lot_id": ids["lot"], "quantity": 1, "to_site_id": ids["site"]},
        "/api/stock/write_off": {"lot_id": ids["lot"], "quantity": 1, "reason": "damaged"},
        "/api/cases/<int:case_id>/ask": {"text": "Berapa orang?"},
        "/api/cases/<int:case_id>/note": {"text": "Catatan uji"},
        "/api/cases/<int:case_id>/merge": {"into": ids["other_case"], **REASON},
        "/api/cases/<int:case_id>/set_tier": {"tier": 2, **REASON},
        "/api/cases/<int:case_id>/split": {"report_ids": [ids["report"]], **REASON},
        "/api/waves/<uuid:plan_id>/edit": {"version": 1, **REASON},
        "/api/agencies": {"code": "bpbd-uji", "name": "BPBD uji", "kind": "bpbd", "area": HERE},
        "/api/cases/<int:case_id>/pass": {"to": ABOVE, **REASON},
        "/konsol/kasus/<int:case_id>/oper": {"to": ABOVE, **REASON},
        "/api/referrals/<uuid:referral_id>/return": REASON,
        "/konsol/masuk/<uuid:referral_id>/<action>": REASON,
        "/api/assignments/<uuid:assignment_id>/fail": REASON,
        "/api/assignments/<uuid:assignment_id>/cancel": REASON,
        "/api/assignments/<uuid:assignment_id>/reassign": REASON,
        "/api/moderation/let_in": {"reports": [ids["report"]]},
        "/api/moderation/reject": {"reports": [ids["report"]], **REASON},
        "/konsol/moderasi/laporan/<action>": {"report": ids["report"]},
        "/api/reports/<report_id>/block": {"kind": "phone", "hours": 1, **REASON},
        "/konsol/moderasi/pengirim/<report_id>": {"kind": "phone", "hours": "1", **REASON},
        "/api/blocks/<uuid:block_id>/appeal": {"lift": False, **REASON},
        "/api/blocks/<uuid:block_id>/end": REASON,
        "/konsol/moderasi/blokir/<uuid:block_id>/<action>": REASON,
        "/posko/donasi": {"site_id": ids["site"], "item": "rice", "quantity": "5"},
        "/posko/donasi/<uuid:pledge_id>": REASON,
    }.get(path)
    if wanted is None and path.endswith(("/reveal", "/rulings/<uuid:ruling_id>/end")) and "distress" not in path:
        return REASON
    return wanted or {}


def path_of(name, ids):
    """The address with the variables filled, and the area where a call asks for one."""
    path, rule = name.split(" ", 1)[1], POLICY[name]
    for variable in world.blanks(path):
        noun = rule.where if variable in ("plan_id", "hazard_id") and rule.where in ids else None
        noun = noun or NOUN_OF.get(variable, variable.removesuffix("_id"))
        word = ids[noun] if noun in ids else WORDS.get(variable) or ACTIONS.get(name) or ACTIONS[rule.where]
        path = re.sub(rf"<(?:\w+:)?{variable}>", str(word), path)
    asks = rule.where == "asked" and name.startswith("GET ")
    return f"{path}?area={HERE}" if asks else path


def expected(rule, role, area):
    """What the table says for a role that is held in an area."""
    actor = accounts.Actor("uji", grants=(accounts.Grant(role, area),))
    if rule.where in ("anybody", "signed_in"):
        return IN
    if rule.where in ("volunteering", "own"):
        own = UNKNOWN if rule.where == "own" else IN
        return own if role == "volunteer" else REFUSED
    if rule.where in ("somewhere", "everywhere"):
        top = area if rule.where == "somewhere" else ""
        return IN if all(may(actor, right, top) for right in (rule.needs, rule.also) if right) else REFUSED
    if rule.first and not may(actor, rule.first, area):
        return REFUSED
    place = ABOVE if rule.where == "province" else HERE
    if may(actor, rule.needs, place):
        return IN
    return UNKNOWN if rule.sees and not may(actor, rule.sees, place) else REFUSED


@pytest.fixture(scope="module")
def made(module_app):
    """A caller and the world."""
    return world.made(module_app)


@pytest.fixture
def asked_of_database(module_app):
    """The statements that the database gets, as they come."""
    seen: list[str] = []
    engine = module_app.extensions["tanggap"].engine

    def note(_conn, _cursor, statement, _parameters, _context, _executemany):
        # Whoever asks: the gazetteer looks for new areas and the clock for the time now and then.
        if "FROM settings" not in statement and "clock_timestamp" not in statement:
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def routes(app):
    """Every method and path of the URL map but what Flask adds by itself."""
    for rule in app.url_map.iter_rules():
        yield from (f"{method} {rule.rule}" for method in rule.methods - {"HEAD", "OPTIONS"})


def test_the_policy_names_every_route_and_no_other(module_app):
    assert set(routes(module_app)) == set(POLICY)
    assert {rule.where for rule in POLICY.values()} >= set(NOUNS) - {"pledge"}


def test_the_policy_names_every_event_that_a_client_may_send():
    assert {name.removeprefix("on_") for name in dir(Live) if name.startswith("on_")} == set(SOCKET)


def test_a_route_without_a_policy_fails(module_app):
    assert set(routes(module_app)) - (set(POLICY) - {"GET /api/board"}) == {"GET /api/board"}


def test_guards_and_policy_agree(module_app):
    for call in contract.CALLS:
        assert (call.guard == "public") is (POLICY[f"{call.method} {call.path}"].where == "anybody"), call.path


def answered(call, name, ids, who):
    method, body = name.split(" ", 1)[0], body_of(name, ids)
    form = not name.split(" ", 1)[1].startswith("/api/")
    kind = {"data": body} if form else {"json": body}
    if name.startswith("PUT "):
        kind = {"data": b"x", "content_type": "image/jpeg"}
    return call.client.open(path_of(name, ids), method=method, headers=who, **kind)


def told(answer):
    """All that a stranger can tell answers apart by, but their time and the address that was asked for."""
    body = answer.get_data().replace(answer.request.path.encode(), b"PATH")
    body = re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"ID", body)
    headers = {name: value for name, value in answer.headers if name not in ("Date", "Content-Length")}
    return answer.status_code, body, headers


def leaked(there, name, answer):
    """What an answer tells of things in 32.03, but for ids that the caller named."""
    given = path_of(name, there.ids)
    return [secret for secret in there.secrets if secret in answer.text and secret not in given]


def is_in(name, rule, status):
    gone = status == UNKNOWN and rule.where in ("volunteering", "anybody")
    wrong_password = status == STRANGER and name == "POST /masuk"
    return gone or wrong_password or (status < 500 and status not in (STRANGER, REFUSED, UNKNOWN))


CELLS = sorted(POLICY, key=lambda name: (name.endswith(LAST), name))


def knows(role, area):
    """Whether the role shows a person things of 32.03."""
    return within(HERE, area) and Permission.BOARD_READ in ROLES[role]


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_answers_as_the_table_says(made, asked_of_database, name):
    call, there = made
    rule, unknown = POLICY[name], world.nowhere()
    who = [(role, area, call.token(role, area)) for role, area in WHO]
    if name in ENDS_SESSION:
        who = [(role, area, call.another_token(role, area)) for role, area in WHO]
    for role, area, header in sorted(who, key=lambda one: expected(rule, *one[:2]) == IN):
        asked_of_database.clear()
        answer, wanted = answered(call, name, there.ids, header), expected(rule, role, area)
        questions = list(asked_of_database)
        is_right = is_in(name, rule, answer.status_code) if wanted == IN else answer.status_code == wanted
        assert is_right, (role, area, wanted, answer.status_code, answer.text[:300])
        if not knows(role, area):
            assert leaked(there, name, answer) == [], (role, area)
        if wanted == UNKNOWN:
            asked_of_database.clear()
            assert told(answer) == told(answered(call, name, unknown, header)), (role, area)
            assert asked_of_database == questions, (role, area)
    stranger = answered(call, name, there.ids, None)
    if rule.where == "anybody":
        assert is_in(name, rule, stranger.status_code)
    else:
        is_sent_to_sign_in = stranger.status_code == 303 and stranger.headers["Location"].startswith("/masuk?")
        assert stranger.status_code == STRANGER or is_sent_to_sign_in
    assert leaked(there, name, stranger) == []


@pytest.mark.parametrize(("role", "area"), [*WHO, (None, None)])
def test_a_socket_hears_an_area_as_the_table_says(made, module_started, role, area):
    call, there = made
    # Flask-SocketIO's test client works without a queue only.
    app = create_app(replace(module_started, redis_url=""), system=call.system)
    token = call.token(role, area)["Authorization"].removeprefix("Bearer ") if role else ""
    socket = app.extensions["socketio"].test_client(app, auth={"token": token})
    assert socket.is_connected()
    told = socket.emit("subscribe", {"incident": "jabar", "area": HERE, "token": token}, callback=True)
    unheard = socket.emit("subscribe", {"incident": "jabar", "area": "32.99", "token": token}, callback=True)
    if role and expected(SOCKET["subscribe"], role, area) == IN:
        assert told["ok"]
        assert told["area"] == HERE
    else:
        assert told["error"]["code"] == ("forbidden" if role else "not_signed_in")
        assert told == unheard or within("32.99", area)
    heard = f"{told} {socket.get_received()}"
    assert [secret for secret in there.secrets if secret in heard] == []
    socket.disconnect()


def test_a_second_thing_in_a_body_may_not_be_known_either(made):
    call, there = made
    header, unknown = call.token("coordinator", ELSEWHERE), world.nowhere()
    own = world.mine(call, header, "32.04.05")
    for path, body in (
        (f"/api/cases/{own['case']}/merge", lambda ids: {"into": ids["other_case"], **REASON}),
        ("/api/stock/transfer", lambda ids: {"lot_id": own["lot"], "quantity": 1, "to_site_id": ids["site"]}),
        ("/api/stock/transfer", lambda ids: {"lot_id": ids["lot"], "quantity": 1, "to_site_id": own["site"]}),
        (f"/api/cases/{own['case']}/split", lambda ids: {"report_ids": [ids["report"]], **REASON}),
        ("/api/assignments", lambda ids: {"need_id": ids["need"], "lot_id": own["lot"], "quantity": 1, **REASON}),
        ("/api/rulings", lambda ids: {"need_id": ids["need"], "kind": "forbid", "lot_id": own["lot"], **REASON}),
    ):
        known = call.client.post(path, json=body(there.ids), headers=header)
        assert known.status_code in (403, 404, 422), (path, known.text)
        other = call.client.post(path, json=body(unknown), headers=header)
        numbers = {str(ids["other_case"]) for ids in (there.ids, unknown)}
        words = [re.sub(rf"\b({'|'.join(numbers)})\b", "N", answer.text) for answer in (known, other)]
        assert (known.status_code, words[0]) == (other.status_code, words[1]), path
        assert leaked(there, "GET /api/me", known) == []
