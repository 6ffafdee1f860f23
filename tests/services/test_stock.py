"""Stock: every change is ledger rows, nothing falls below nought, and what is held stays."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from server.bootstrap import System
from server.domain.days import day_of
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from server.domain.permissions import ANYONE, SYSTEM, Actor, Grant
from server.services import intake, supply
from server.services.inputs import ReportIn, parse
from server.services.inputs_supply import AdjustIn, BreakIn, ReceiveIn, SiteIn, TransferIn, WriteOffIn
from server.store import tables
from tests.services.holding import hold

CIANJUR, BANDUNG = "32.03", "32.73"


@pytest.fixture(scope="module")
def system(module_started):
    """One system for the file: each test has a site of its own."""
    found = System(module_started)
    yield found
    found.engine.dispose()


def site(system, name="Gudang Cianjur", area="32.03.01", **more):
    body = parse(SiteIn, {"name": name, "kind": "warehouse", "area_code": area, **more})
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        return supply.add_site(tx, SYSTEM, body, gazetteer)["id"]


def receive(system, here, actor=SYSTEM, **more):
    body = parse(ReceiveIn, {"site_id": here, "item": "rice", "quantity": 100, **more})
    with system.writing() as tx:
        return supply.receive(tx, actor, body)


def do(system, verb, model, actor=SYSTEM, **fields):
    with system.writing() as tx:
        return verb(tx, actor, parse(model, fields))


def lot_of(done):
    return done.answer["lots"][0]["id"]


def state_of(system, lot_id):
    """On hand, held and free of a lot."""
    with system.reading() as tx:
        lot = tx.stock.lot(lot_id)
    return lot["on_hand"], lot["held"], lot["free"]


def rice_need(system):
    """A need of rice; returns its id."""
    report = {"client_id": str(uuid.uuid4()), "area_code": "32.03.01", "needs": [{"item": "rice", "quantity": 500}]}
    gazetteer = system.gazetteer()
    with system.writing() as tx:
        answer = intake.receive(tx, ANYONE, parse(ReportIn, report), gazetteer=gazetteer, keys=system.keys).answer
        return tx.cases.needs_of(tx.reports.get(answer["id"])["case_id"])[0]["id"]


def count(system, table):
    with system.reading() as tx:
        return tx.conn.execute(select(func.count()).select_from(table)).scalar_one()


def problem(verb, *args, **kwargs):
    """Field -> code and gaps of what is wrong."""
    with pytest.raises(Invalid) as refused:
        verb(*args, **kwargs)
    return {name: (found.code, dict(found.params)) for name, found in refused.value.fields.items()}


def assert_whole(system):
    with system.reading() as tx:
        assert tx.stock.unbalanced() == []
        assert tx.stock.below_zero() == []
        assert tx.assignments.over_promised() == []


def test_goods_that_come_in_are_a_lot_and_two_ledger_rows(system):
    here = site(system)
    done = receive(system, here, quantity=40, note="dari truk pertama")
    assert done.is_new
    assert state_of(system, lot_of(done)) == (40, 0, 40)
    with system.reading() as tx:
        rows = tx.stock.entries_of(done.answer["transfer_id"])
        stock = supply.stock_of(tx, SYSTEM, here)
    assert [(row["account"], row["quantity"]) for row in rows] == [("outside", -40), ("site", 40)]
    assert stock["site"]["stock"] == {"rice": 40}
    assert [(lot["item"], lot["unit"], lot["free"]) for lot in stock["lots"]] == [("rice", "kg", 40)]
    assert_whole(system)


def test_every_change_is_told_and_audited_in_its_transaction(system):
    here = site(system)
    done = receive(system, here)
    do(system, supply.write_off, WriteOffIn, lot_id=lot_of(done), quantity=30, reason="damaged")
    with system.reading() as tx:
        told = tx.conn.execute(select(tables.outbox.c.type, tables.outbox.c.data).order_by(tables.outbox.c.id)).all()
        audited = tx.conn.execute(select(tables.audit.c.action).order_by(tables.audit.c.id)).scalars().all()
    assert [row.type for row in told[-3:]] == ["SiteChanged", "StockChanged", "StockChanged"]
    assert told[-1].data["rows"]["sites"][0]["stock"] == {"rice": 70}
    assert audited[-3:] == ["site:add", "stock:receive", "stock:write_off"]


def test_more_of_an_item_than_a_small_number_holds_is_still_shown(system):
    here = site(system)
    for _ in range(22):
        receive(system, here, quantity=100_000_000)
    with system.reading() as tx:
        assert supply.site(tx, SYSTEM, here)["stock"] == {"rice": 2_200_000_000}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"item": "unicorn"}, "item", "unknown_item"),
        ({"item": "evacuation"}, "item", "item_is_service"),
        ({"quantity": 0}, "quantity", "too_small"),
        ({"quantity": -3}, "quantity", "too_small"),
        ({"quantity": 1.5}, "quantity", "whole_number"),
        ({"quantity": "ten"}, "quantity", "whole_number"),
        ({"quantity": 10**9}, "quantity", "too_large"),
        ({"expiry": "2020-01-01"}, "expiry", "expiry_past"),
        ({"expiry": "soon"}, "expiry", "date_wanted"),
        ({"site_id": "here"}, "site_id", "uuid_wanted"),
        ({"colour": "red"}, "colour", "unknown_field"),
    ],
)
def test_wrong_goods_are_named_and_nothing_is_stored(system, change, field, code):
    here = site(system)
    before = count(system, tables.lots), count(system, tables.ledger)
    found = problem(receive, system, here, **change)
    assert {name: told for name, (told, _) in found.items()} == {field: code}
    assert (count(system, tables.lots), count(system, tables.ledger)) == before


def test_goods_that_expire_today_still_come_in(system):
    here = site(system)
    today = day_of(system.now())
    assert receive(system, here, expiry=today.isoformat()).is_new
    assert "expiry" in problem(receive, system, here, expiry=(today - timedelta(days=1)).isoformat())


def test_a_move_between_sites_is_one_transfer_of_two_lots(system):
    here, there = site(system), site(system, "Posko Cugenang", "32.03.20")
    lot_id = lot_of(receive(system, here, expiry="2099-05-01"))
    done = do(system, supply.transfer, TransferIn, lot_id=lot_id, to_site_id=there, quantity=60)
    old, new = done.answer["lots"]
    assert (old["id"], old["on_hand"], new["on_hand"]) == (lot_id, 40, 60)
    assert (new["site_id"], new["item"], new["expiry"]) == (there, "rice", "2099-05-01")
    with system.reading() as tx:
        rows = tx.stock.entries_of(done.answer["transfer_id"])
    assert sum(row["quantity"] for row in rows) == 0
    assert {row["lot_id"] for row in rows} == {old["id"], new["id"]}
    assert_whole(system)


def test_opened_kits_are_one_change_of_several_lots(system):
    here = site(system)
    expiry = day_of(datetime.now(UTC)) + timedelta(days=90)
    kits = lot_of(receive(system, here, item="hygiene_kit", quantity=10, expiry=expiry.isoformat()))
    done = do(system, supply.break_kit, BreakIn, lot_id=kits, quantity=3, reason="dibagi per orang")
    assert [(lot["item"], lot["on_hand"]) for lot in done.answer["lots"]] == [
        ("hygiene_kit", 7), ("soap", 36), ("sanitary_pads", 90),
    ]  # fmt: skip
    assert {lot["site_id"] for lot in done.answer["lots"]} == {here}
    assert {lot["expiry"] for lot in done.answer["lots"]} == {expiry.isoformat()}
    with system.reading() as tx:
        rows = tx.stock.entries_of(done.answer["transfer_id"])
        assert tx.stock.unbalanced() == []
        assert {(row["reason"], row["note"]) for row in rows} == {("open_kit", "dibagi per orang")}


def test_opening_names_what_does_not_fit(system):
    here = site(system)
    rice, kits = lot_of(receive(system, here)), lot_of(receive(system, here, item="family_kit", quantity=5))
    hold(system, rice_need(system), kits, 2)
    with pytest.raises(Invalid) as error:
        do(system, supply.break_kit, BreakIn, lot_id=rice, quantity=1, reason="dibagi")
    assert error.value.fields["lot_id"].code == "not_a_kit"
    with pytest.raises(Invalid) as error:
        do(system, supply.break_kit, BreakIn, lot_id=kits, quantity=4, reason="dibagi")
    assert error.value.fields["quantity"].params == {"free": 3, "held": 2}
    many = lot_of(receive(system, here, item="hygiene_kit", quantity=100_000_000))
    with pytest.raises(Invalid) as error:
        do(system, supply.break_kit, BreakIn, lot_id=many, quantity=100_000_000, reason="dibagi")
    assert error.value.fields["quantity"].code == "too_large"
    assert state_of(system, kits) == (5, 2, 3)


def test_the_same_kits_are_opened_once(system):
    kits = lot_of(receive(system, site(system), item="family_kit", quantity=5))
    fields = {"client_id": str(uuid.uuid4()), "lot_id": kits, "quantity": 2, "reason": "dibagi"}
    first, again = (do(system, supply.break_kit, BreakIn, **fields) for _ in range(2))
    assert (first.is_new, again.is_new) == (True, False)
    assert [lot["id"] for lot in again.answer["lots"]] == [lot["id"] for lot in first.answer["lots"]]
    assert state_of(system, kits) == (3, 0, 3)
    with pytest.raises(Conflict):
        do(system, supply.break_kit, BreakIn, **fields | {"quantity": 1})


def test_of_many_who_open_the_last_kits_at_once_one_does(system):
    kits = lot_of(receive(system, site(system), item="family_kit", quantity=3))
    done, start = [], threading.Barrier(4)

    def work():
        start.wait()
        try:
            done.append(do(system, supply.break_kit, BreakIn, lot_id=kits, quantity=3, reason="dibagi").is_new)
        except Invalid as error:
            done.append(error.fields["quantity"].code)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done, key=str) == [True, *["more_than_free"] * 3]
    assert state_of(system, kits) == (0, 0, 0)


def test_a_move_names_what_does_not_fit(system):
    here, there = site(system), site(system, "Posko Cugenang", "32.03.20")
    lot_id = lot_of(receive(system, here))
    move = {"lot_id": lot_id, "to_site_id": there, "quantity": 101}
    assert problem(do, system, supply.transfer, TransferIn, **move) == {
        "quantity": ("more_than_free", {"free": 100, "held": 0})
    }
    back = {**move, "to_site_id": here, "quantity": 1}
    assert problem(do, system, supply.transfer, TransferIn, **back) == {"to_site_id": ("same_site", {})}


def test_what_is_held_is_neither_written_off_nor_moved_nor_counted_away(system):
    here, there = site(system), site(system, "Posko Cugenang", "32.03.20")
    lot_id = lot_of(receive(system, here))
    hold(system, rice_need(system), lot_id, 70)
    assert state_of(system, lot_id) == (100, 70, 30)
    short = {"quantity": ("more_than_free", {"free": 30, "held": 70})}
    off = {"lot_id": lot_id, "quantity": 31, "reason": "expired"}
    assert problem(do, system, supply.write_off, WriteOffIn, **off) == short
    move = {"lot_id": lot_id, "to_site_id": there, "quantity": 31}
    assert problem(do, system, supply.transfer, TransferIn, **move) == short
    counted = {"lot_id": lot_id, "counted": 69, "reason": "hitung ulang"}
    assert problem(do, system, supply.adjust, AdjustIn, **counted) == {"counted": ("less_than_held", {"held": 70})}
    do(system, supply.write_off, WriteOffIn, **{**off, "quantity": 30})
    assert state_of(system, lot_id) == (70, 70, 0)
    assert_whole(system)


@pytest.mark.parametrize(("state", "held"), [("proposed", 10), ("offered", 10), ("en_route", 0), ("cancelled", 0)])
def test_only_assignments_that_wait_hold(system, state, held):
    lot_id = lot_of(receive(system, site(system)))
    hold(system, rice_need(system), lot_id, 10, state=state)
    assert state_of(system, lot_id) == (100, held, 100 - held)


def test_a_count_up_and_down_ends_where_it_was(system):
    lot_id = lot_of(receive(system, site(system)))
    for counted in (93, 110, 100, 100):
        done = do(system, supply.adjust, AdjustIn, lot_id=lot_id, counted=counted, reason="hitung ulang")
        assert done.answer["lots"][0]["on_hand"] == counted
    entries = tables.ledger
    with system.reading() as tx:
        lost = select(func.sum(entries.c.quantity)).where(entries.c.lot_id == lot_id, entries.c.account == "loss")
        assert tx.conn.execute(lost).scalar_one() == 0
    assert_whole(system)


def test_a_count_that_is_sent_later_leaves_alone_what_came_and_went_meanwhile(system):
    lot_id = lot_of(receive(system, site(system)))
    do(system, supply.write_off, WriteOffIn, lot_id=lot_id, quantity=30, reason="damaged")
    counted = {"lot_id": lot_id, "counted": 95, "on_hand": 100, "reason": "hitung tanpa sinyal"}
    done = do(system, supply.adjust, AdjustIn, client_id=str(uuid.uuid4()), **counted)
    assert done.answer["lots"][0]["on_hand"] == 65
    too_few = {**counted, "counted": 34}
    assert problem(do, system, supply.adjust, AdjustIn, **too_few) == {"counted": ("less_than_held", {"held": 0})}
    assert_whole(system)


def test_the_same_client_id_is_the_same_change(system):
    here, there = site(system), site(system, "Posko Cugenang", "32.03.20")
    once = {"client_id": str(uuid.uuid4())}
    first, again = receive(system, here, **once), receive(system, here, **once)
    assert (first.is_new, again.is_new, first.answer) == (True, False, again.answer)
    lot_id = lot_of(first)
    changes = [
        (supply.write_off, WriteOffIn, {"lot_id": lot_id, "quantity": 5, "reason": "lost"}, {"quantity": 6}),
        (supply.transfer, TransferIn, {"lot_id": lot_id, "to_site_id": there, "quantity": 7}, {"quantity": 8}),
        (supply.adjust, AdjustIn, {"lot_id": lot_id, "counted": 80, "reason": "hitung"}, {"reason": "lain"}),
    ]
    for verb, model, fields, other in changes:
        fields |= {"client_id": str(uuid.uuid4())}
        before = do(system, verb, model, **fields)
        after = state_of(system, lot_id)
        repeated = do(system, verb, model, **fields)
        assert (before.is_new, repeated.is_new) == (True, False)
        assert before.answer == repeated.answer
        assert state_of(system, lot_id) == after
        with pytest.raises(Conflict):
            do(system, verb, model, **{**fields, **other})
    with pytest.raises(Conflict):
        receive(system, here, quantity=99, **once)
    assert state_of(system, lot_id) == (80, 0, 80)
    assert_whole(system)


def test_of_many_who_take_the_last_at_once_one_wins(system):
    here = site(system)
    lot_id = lot_of(receive(system, here, quantity=10))
    won, refused = [], []

    def take():
        try:
            won.append(do(system, supply.write_off, WriteOffIn, lot_id=lot_id, quantity=10, reason="lost"))
        except Invalid as error:
            refused.append(error.fields["quantity"].params["free"])

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), refused) == (1, [0] * 7)
    assert state_of(system, lot_id) == (0, 0, 0)
    assert_whole(system)


def test_the_same_goods_sent_many_times_at_once_come_in_once(system):
    here, once, done = site(system), {"client_id": str(uuid.uuid4())}, []
    threads = [threading.Thread(target=lambda: done.append(receive(system, here, **once))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.is_new for one in done) == 1
    assert len({lot_of(one) for one in done}) == 1
    with system.reading() as tx:
        assert len(tx.stock.lots_of_site(here)) == 1


def test_a_keeper_of_another_regency_learns_nothing_and_an_auditor_changes_nothing(system):
    here = site(system)
    lot_id = lot_of(receive(system, here))
    stranger = Actor("beni", grants=(Grant("keeper", BANDUNG),))
    auditor = Actor("ayu", grants=(Grant("auditor", CIANJUR),))
    off = {"lot_id": lot_id, "quantity": 1, "reason": "lost"}
    for actor, refusal in ((stranger, NotFound), (auditor, Forbidden)):
        with pytest.raises(refusal):
            receive(system, here, actor)
        with pytest.raises(refusal):
            do(system, supply.write_off, WriteOffIn, actor, **off)
    with system.reading() as tx:
        with pytest.raises(NotFound):
            supply.stock_of(tx, stranger, here)
        assert supply.stock_of(tx, auditor, here)["lots"]
    assert state_of(system, lot_id) == (100, 0, 100)


def test_a_move_needs_the_right_at_both_ends(system):
    here, there = site(system), site(system, "Gudang Bandung", "32.73.01")
    lot_id = lot_of(receive(system, here))
    keeper = Actor("dewi", grants=(Grant("keeper", CIANJUR), Grant("auditor", BANDUNG)))
    with pytest.raises(Forbidden):
        do(system, supply.transfer, TransferIn, keeper, lot_id=lot_id, to_site_id=there, quantity=1)


def test_what_is_free_leaves_out_the_expired_and_closed_sites(system):
    here = site(system)
    fresh = lot_of(receive(system, here, expiry="2099-01-01"))
    old = lot_of(receive(system, here, expiry="2098-01-01"))
    with system.reading() as tx:
        pool = [tx.incidents.by_slug("jabar")["id"]]
        find = tx.stock.free_lots
        later = day_of(tx.now).replace(year=2098, month=6)
        assert {fresh, old} <= {lot["id"] for lot in find(pool, ["rice"], day_of(tx.now))}
        assert {fresh, old} & {lot["id"] for lot in find(pool, ["rice"], later)} == {fresh}
        assert find(pool, ["tent"], day_of(tx.now)) == []
    with system.writing() as tx:
        tx.sites.change(here, is_open=False)
        assert not {fresh, old} & {lot["id"] for lot in tx.stock.free_lots(pool, ["rice"], day_of(tx.now))}


def test_the_history_of_a_site_comes_in_parts(system):
    here = site(system)
    lot_id = lot_of(receive(system, here))
    for quantity in (1, 2, 3):
        do(system, supply.write_off, WriteOffIn, lot_id=lot_id, quantity=quantity, reason="damaged")
    with system.reading() as tx:
        first = supply.history(tx, SYSTEM, here, None, 3)
        rest = supply.history(tx, SYSTEM, here, first["next"], 3)
    assert [row["quantity"] for row in first["entries"] + rest["entries"]] == [-3, -2, -1, 100]
    assert rest["next"] is None


def test_nobody_reads_or_changes_stock_without_signing_in(system):
    here = site(system)
    with pytest.raises((NotFound, NotSignedIn)):
        receive(system, here, ANYONE)
