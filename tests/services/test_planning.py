"""Plans: worked out over all verified needs, approved under locks, never over-promised."""

import threading

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.permissions import ANYONE, SYSTEM, Actor, Grant
from server.services import assignments, plan_figures, planning, plans
from server.services.inputs_dispatch import AssignIn, PlanIn
from tests.services.world import CIANJUR, COORDINATOR

FAR = (107.60, -6.91)


def test_a_plan_matches_needs_with_stock_and_says_why(world):
    near, far = world.site(), world.site(at=FAR)
    lot, _ = world.stock(near, "blanket", 100), world.stock(far, "blanket", 100)
    case_id = world.case({"blanket": 60})
    shown = world.shown(world.plan())
    (match,) = shown["matches"]
    assert (match["case_id"], match["lot_id"], match["quantity"]) == (case_id, lot, 60)
    assert match["why"]["terms"]["minutes"] >= 0
    assert match["why"]["next"][0]["lacks"][0]["code"] == "farther"
    assert shown["state"] == "ready"
    assert shown["gap"] == 0
    assert shown["unmet"] == []
    (used,) = shown["sites"]
    assert (used["site_id"], used["matches"], used["units"]) == (near, 1, 60)
    assert (used["lon"], used["lat"]) == (match["lon"], match["lat"]) == CIANJUR


def test_what_lacks_is_listed_with_its_reason(world):
    site = world.site()
    world.stock(site, "blanket", 10)
    world.case({"blanket": 60, "tent": 2})
    unmet = {one["item"]: one for one in world.shown(world.plan())["unmet"]}
    assert unmet["blanket"]["quantity"] == 50
    assert unmet["blanket"]["why"]["code"] == "all_taken"
    assert unmet["tent"]["why"]["code"] == "no_stock"


def test_unverified_cases_wait_for_a_person(world):
    world.stock(world.site(), "blanket", 100)
    world.case({"blanket": 10}, verified=False)
    shown = world.shown(world.plan())
    assert shown["matches"] == []
    assert shown["unmet"] == []
    assert shown["waiting_for_verification"] == 1


def test_a_service_goes_to_somebody_with_the_skill(world):
    world.volunteer(skills=("cooking",))
    medic = world.volunteer(skills=("medical", "cooking"))
    world.case({"medical": 2})
    shown = world.shown(world.plan())
    assert [match["volunteer_id"] for match in shown["matches"]] == [medic]
    assert (shown["volunteers"][medic]["lon"], shown["volunteers"][medic]["lat"]) == CIANJUR
    assert shown["unmet"][0]["quantity"] == 1


def test_approval_makes_assignments_that_hold_the_stock(world):
    site = world.site()
    water, rice = world.stock(site, "water", 5_000), world.stock(site, "rice", 500)
    case_id = world.case({"water": 1_680, "rice": 96})
    world.volunteer(vehicle="truck")
    made = world.approve(world.plan())
    (assignment_id,) = made["approved"]
    assert made["dropped"] == []
    assert world.lot(water)["free"] == 5_000 - 1_680
    assert world.lot(rice)["free"] == 500 - 96
    assert world.needs(case_id)["water"]["covered"] == 1_680
    row = world.state(assignment_id)
    assert (row["state"], row["kind"], row["site_id"]) == ("proposed", "goods", site)
    assert world.balance(water) == {"outside": -5_000, "site": 5_000}


def test_a_load_larger_than_the_largest_vehicle_here_is_split(world):
    world.stock(world.site(), "water", 5_000)
    world.volunteer(vehicle="pickup")
    _, made = world.approved({"water": 2_500})
    assert len(made) == 3


def test_two_plans_that_want_the_same_last_lot_never_promise_it_twice(world):
    lot = world.stock(world.site(), "blanket", 50)
    world.case({"blanket": 50})
    first, second = world.plan(), world.plan(Actor("lain", grants=(Grant("coordinator", "32"),)))
    with world.system.writing() as tx:
        tx.plans.change(first, state="ready")
    answers, start = [], threading.Barrier(2)

    def approve(plan_id):
        start.wait()
        answers.append(world.approve(plan_id))

    threads = [threading.Thread(target=approve, args=(plan_id,)) for plan_id in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(answer["approved"]) for answer in answers) == [0, 1]
    loser = next(answer for answer in answers if not answer["approved"])
    assert loser["dropped"] == [{"n": 1, "reason": "already_covered"}]
    assert world.lot(lot)["free"] == 0
    assert world.faults() == []


def test_two_cases_that_want_the_same_last_lot_share_what_there_is(world):
    lot = world.stock(world.site(), "blanket", 50)
    one = world.case({"blanket": 50})
    first = world.plan()
    other = world.case({"blanket": 50})
    with world.system.writing() as tx:
        need = tx.cases.needs_of(other)[0]
        match = {"plan_id": first, "n": 2, "need_id": need["id"], "lot_id": lot}
        tx.plans.add_matches([{**match, "quantity": 50, "minutes": 1.0, "why": {}}])
    made = world.approve(first)
    assert len(made["approved"]) == 1
    assert made["dropped"] == [{"n": 2, "reason": "stock_gone"}]
    assert world.needs(one)["blanket"]["covered"] == 50
    assert world.faults() == []


def test_what_is_left_of_a_lot_is_still_sent(world):
    site = world.site()
    lot = world.stock(site, "blanket", 50)
    world.case({"blanket": 40})
    plan_id = world.plan()
    with world.system.writing() as tx:
        entry = {"transfer_id": tx.new_id(), "lot_id": lot, "reason": "write_off", "by": "test", "at": tx.now}
        entry |= {"note": None, "assignment_id": None}
        tx.stock.post([{**entry, "account": "site", "quantity": -30}, {**entry, "account": "loss", "quantity": 30}])
    made = world.approve(plan_id)
    assert made["reduced"] == [{"n": 1, "quantity": 20, "reason": "stock_gone"}]
    assert len(made["approved"]) == 1


def test_a_plan_is_approved_once(world):
    world.stock(world.site(), "blanket", 50)
    world.case({"blanket": 5})
    plan_id = world.plan()
    world.approve(plan_id)
    with pytest.raises(Conflict) as refused:
        world.approve(plan_id)
    assert refused.value.state["state"] == "approved"


def test_some_matches_may_be_left_out_and_unknown_ones_are_named(world):
    site = world.site()
    for item in ("blanket", "tent"):
        world.stock(site, item, 50)
    world.case({"blanket": 5})
    world.case({"tent": 1})
    plan_id = world.plan()
    with pytest.raises(Invalid) as refused:
        world.approve(plan_id, only=[1, 9])
    assert list(refused.value.fields) == ["only"]
    assert len(world.approve(plan_id, only=[1])["approved"]) == 1


def test_who_may_plan_look_and_approve(world):
    world.stock(world.site(), "blanket", 50)
    world.case({"blanket": 5})
    plan_id = world.plan()
    elsewhere = Actor("lain", grants=(Grant("coordinator", "32.04"),))
    keeper = Actor("gudang", grants=(Grant("keeper", "32"),))
    with pytest.raises(NotFound):
        world.shown(plan_id, elsewhere)
    with pytest.raises(Forbidden):
        world.approve(plan_id, actor=keeper)
    with pytest.raises(Forbidden), world.system.writing() as tx:
        plans.request(tx, keeper, PlanIn(area="32"))
    assert world.shown(plan_id, keeper)["state"] == "ready"


def test_a_new_plan_takes_the_place_of_the_older_ones_of_its_area(world):
    world.stock(world.site(), "blanket", 50)
    world.case({"blanket": 5})
    first, second = world.plan(), world.plan()
    assert world.shown(first)["state"] == "superseded"
    with world.system.reading() as tx:
        assert [row["id"] for row in plans.latest(tx, COORDINATOR, None)] == [second, first]


def automatic(world):
    """The plan that is asked for because something changed, the planner being rested."""
    with world.system.writing() as tx:
        tx.conn.exec_driver_sql("update plans set ready_at = ready_at - interval '1 minute'")
        assert planning.replan(tx, world.incident["id"]) == 0
        return [row["id"] for row in tx.plans.in_state(world.incident["id"], "requested")]


def test_changes_ask_for_one_plan_and_leave_the_one_that_a_person_asked_for(world):
    world.stock(world.site(), "blanket", 50)
    world.case({"blanket": 5})
    mine = world.plan()
    (first,) = automatic(world)
    assert world.shown(first)["automatic"]
    assert automatic(world) == [first]
    world.work_out(first)
    (second,) = automatic(world)
    world.work_out(second)
    with world.system.reading() as tx:
        assert tx.plans.get(first)["state"] == "superseded"
        assert tx.plans.matches(first) == []
        assert tx.plans.get(mine)["state"] == "ready"


def test_a_planner_that_worked_long_rests_as_long(world):
    world.stock(world.site(), "blanket", 50)
    world.case({"blanket": 5})
    plan_id = world.plan()
    with world.system.writing() as tx:
        tx.plans.change(plan_id, result={"seconds": 60.0})
        assert planning.replan(tx, world.incident["id"]) == planning.LONGEST_REST_S
        assert tx.plans.in_state(world.incident["id"], "requested") == []


def test_nothing_verified_asks_for_nothing(world):
    world.case({"blanket": 5}, verified=False)
    assert automatic(world) == []


def test_a_plan_is_written_once_whatever_is_retried(world):
    world.stock(world.site(), "blanket", 50)
    world.case({"blanket": 5})
    with world.system.writing() as tx:
        plan_id = plans.request(tx, COORDINATOR, PlanIn())["id"]
    with world.system.reading() as tx:
        situation = planning.read(tx, plan_id)
    solved = planning.solve(situation)
    with world.system.writing() as tx:
        assert planning.write(tx, situation, solved)
    with world.system.writing() as tx:
        assert not planning.write(tx, situation, solved)
    with world.system.reading() as tx:
        assert planning.read(tx, plan_id) is None


def test_the_same_situation_gives_the_same_plan(world):
    for n in range(5):
        world.stock(world.site(at=(CIANJUR[0] + n / 50, CIANJUR[1])), "blanket", 40)
        world.case({"blanket": 30}, at=(CIANJUR[0], CIANJUR[1] + n / 50))
    first, second = (world.shown(world.plan()) for _ in range(2))
    assert first["matches"] == second["matches"]
    assert first["cost"] == second["cost"]


NORTH, SOUTH = (107.139, -6.70), (107.139, -7.1)
"""Places in two regencies of the built-in map; the stock of these tests lies nearer to the northern one."""


def two_villages(world):
    """Two villages that ask for 100 blankets each, and 100 there are, nearer to one of them."""
    world.stock(world.site(at=(107.139, -6.72)), "blanket", 100)
    return [world.case({"blanket": 100}, at=at, people=100) for at in (NORTH, SOUTH)]


def shares(shown):
    return sorted(village["share"] for village in shown["villages"])


def test_without_fairness_the_nearest_village_gets_everything_and_with_it_both_get_half(world):
    two_villages(world)
    world.settings(plan={"fairness": 0})
    shown = world.shown(world.plan())
    assert shares(shown) == [0, 1]
    assert shown["fairness"]["gini"] == 0.5
    assert (shown["fairness"]["price"], shown["fairness"]["no_price"]) == (None, "off")
    world.settings(plan={"fairness": 10})
    shown = world.shown(world.plan())
    assert shares(shown) == [0.5, 0.5]
    fairness = shown["fairness"]
    assert fairness["gini"] == 0
    assert fairness["worst"]["share"] == 0.5
    assert fairness["price"]["gini_without"] == 0.5
    assert fairness["price"]["worst_without"]["share"] == 0
    farther = {match["case_id"]: match["minutes"] for match in shown["matches"]}
    assert fairness["price"]["minutes"] == pytest.approx(fairness["price"]["way_minutes"], abs=1)
    assert fairness["price"]["minutes"] > 0.8 * 50 * (max(farther.values()) - min(farther.values()))


def test_what_is_on_its_way_counts_for_a_village_and_who_got_nothing_comes_first(world):
    first, second = two_villages(world)
    world.settings(plan={"fairness": 0})
    world.approve(world.plan())
    world.stock(world.site(at=(107.139, -6.72)), "blanket", 60)
    world.case({"blanket": 100}, at=NORTH, people=100)
    world.settings(plan={"fairness": 10})
    shown = world.shown(world.plan())
    got = {match["case_id"]: match["quantity"] for match in shown["matches"]}
    assert got[second] >= 50
    assert sum(got.values()) == 60
    assert first not in got


def test_no_time_for_a_second_plan_is_said(world):
    two_villages(world)
    world.settings(plan={"fairness": 1, "seconds": 0})
    fairness = world.shown(world.plan())["fairness"]
    assert (fairness["price"], fairness["no_price"]) == (None, "no_time")


def test_a_plan_says_what_it_changes_against_the_one_that_waits(world):
    near = world.site()
    lot = world.stock(near, "blanket", 10)
    world.case({"blanket": 10})
    first = world.plan()
    assert world.shown(first)["difference"] == {"against": None, "new": [1], "gone": [], "changed": []}
    second = world.plan()
    assert world.shown(second)["difference"] == {"against": first, "new": [], "gone": [], "changed": []}
    world.case({"blanket": 10}, tier=0)
    third = world.shown(world.plan())["difference"]
    assert (third["against"], third["new"]) == (second, [1])
    assert [(one["lot_id"], one["quantity"], one["site_id"]) for one in third["gone"]] == [(lot, 10, near)]


@pytest.fixture
def proposed(world):
    """An assignment of 50 blankets from far away that a plan proposed while nobody was there: (id, lot, case)."""
    lot = world.stock(world.site(at=FAR), "blanket", 50)
    case_id, (assignment_id,) = world.approved({"blanket": 50})
    return assignment_id, lot, case_id


def test_what_is_proposed_stays_and_is_no_match_again(world, proposed):
    assignment_id, _, _ = proposed
    shown = world.shown(world.plan())
    assert (shown["matches"], shown["moved"], shown["kept"], shown["unmet"]) == ([], [], 1, [])
    assert [village["share"] for village in shown["villages"]] == [1]
    assert world.approve(shown["id"])["approved"] == []
    assert world.state(assignment_id)["state"] == "proposed"


def test_proposed_work_moves_when_that_is_much_better_and_the_plan_says_so(world, proposed):
    assignment_id, lot, _ = proposed
    near = world.stock(world.site(), "blanket", 80)
    shown = world.shown(world.plan())
    assert [(match["lot_id"], match["quantity"]) for match in shown["matches"]] == [(near, 50)]
    (gone,) = shown["difference"]["gone"]
    assert (gone["assignment_id"], gone["lot_id"], gone["quantity"]) == (assignment_id, lot, 50)
    assert world.state(assignment_id)["state"] == "proposed"
    assert world.lot(lot)["free"] == 0
    made = world.approve(shown["id"])
    assert (len(made["approved"]), made["dropped"]) == (1, [])
    assert world.state(assignment_id)["state"] == "withdrawn"
    assert (world.lot(lot)["free"], world.lot(near)["free"]) == (50, 30)
    assert [one["data"]["state"] for one in world.events("AssignmentChanged")] == ["withdrawn"]
    assert world.faults() == []


def test_proposed_work_moves_so_that_more_is_served(world, proposed):
    assignment_id, lot, case_id = proposed
    tent = world.stock(world.site(), "blanket", 50)
    need_id = world.needs(case_id)["blanket"]["id"]
    other = world.case({"blanket": 50})
    world.rule("forbid", world.needs(other)["blanket"]["id"], lot_id=tent)
    shown = world.shown(world.plan())
    assert {(match["need_id"], match["lot_id"]) for match in shown["matches"]} == {
        (need_id, tent),
        (world.needs(other)["blanket"]["id"], lot),
    }
    assert len(world.approve(shown["id"])["approved"]) == 2
    assert world.state(assignment_id)["state"] == "withdrawn"
    assert world.faults() == []


@pytest.mark.usefixtures("proposed")
def test_a_little_nearer_moves_nothing(world):
    world.stock(world.site(at=(FAR[0] - 0.002, FAR[1])), "blanket", 50)
    shown = world.shown(world.plan())
    assert (shown["matches"], shown["moved"], shown["kept"]) == ([], [], 1)


@pytest.mark.parametrize("step", ["offered", "accepted", "by_hand", "refused"])
def test_what_people_were_asked_or_decided_is_never_moved(world, step):
    lot = world.stock(world.site(at=FAR), "blanket", 50)
    if step == "by_hand":
        need_id = world.needs(world.case({"blanket": 50}))["blanket"]["id"]
        body = AssignIn(need_id=need_id, lot_id=lot, reason="sudah dijanjikan")
        with world.system.writing() as tx:
            job = assignments.assign(tx, COORDINATOR, body)["id"]
    else:
        _, (job,) = world.approved({"blanket": 50})
        person = world.volunteer()
        world.offer(job, person)
        if step == "accepted":
            world.accept(job, person)
        elif step == "refused":
            world.late(job)
            world.sweep()
    before = world.state(job)
    world.stock(world.site(), "blanket", 80)
    shown = world.shown(world.plan())
    assert (shown["matches"], shown["moved"]) == ([], [])
    assert world.state(job) == before


def test_what_was_offered_meanwhile_stays_and_its_goods_are_not_promised_twice(world, proposed):
    assignment_id, lot, _ = proposed
    near = world.stock(world.site(), "blanket", 80)
    plan_id = world.plan()
    world.offer(assignment_id, world.volunteer())
    made = world.approve(plan_id)
    assert (made["approved"], made["dropped"]) == ([], [{"n": 1, "reason": "already_covered"}])
    assert world.state(assignment_id)["state"] == "offered"
    assert (world.lot(lot)["free"], world.lot(near)["free"]) == (0, 80)


def test_a_part_of_a_plan_moves_only_what_it_needs(world, proposed):
    assignment_id, _, _ = proposed
    near = world.site()
    world.stock(near, "blanket", 80)
    world.stock(near, "tent", 5)
    world.case({"tent": 2})
    plan_id = world.plan()
    tents = [match["n"] for match in world.shown(plan_id)["matches"] if match["item"] == "tent"]
    assert len(world.approve(plan_id, only=tents)["approved"]) == 1
    assert world.state(assignment_id)["state"] == "proposed"


def test_a_wave_s_work_is_not_taken_up_by_a_live_plan(world):
    lot = world.stock(world.site(at=FAR), "blanket", 50)
    world.case({"blanket": 50})
    with world.system.writing() as tx:
        wave = plans.request_for(tx, COORDINATOR, world.incident, "32", kind="wave", asked={"name": "Pagi"})["id"]
    world.work_out(wave)
    world.approve(wave)
    world.stock(world.site(), "blanket", 80)
    assert world.shown(world.plan())["matches"] == []
    assert world.lot(lot)["free"] == 0


def test_nobody_sees_nothing(world):
    with world.system.reading() as tx, pytest.raises(NotFound):
        plans.show(tx, ANYONE, tx.new_id())
    assert SYSTEM.name == "system"


@pytest.mark.parametrize(("lines", "left"), [((3, 2), 0), ((3, 1), 1), ((3, 3), None), ((6,), None)])
def test_lines_of_one_lot_for_one_need_are_taken_off_a_plan_together(lines, left):
    pair = {"need_id": 1, "lot_id": "a", "volunteer_id": None}
    rows = [{**pair, "quantity": 2}, {**pair, "need_id": 2, "quantity": 9}, {**pair, "quantity": 3}]
    taken = [{**pair, "quantity": quantity} for quantity in lines]
    has_all = plan_figures._used_up(plan_figures._by_source(rows), taken)
    assert has_all is (left is not None)
    assert sum(row["quantity"] for row in rows) == 9 + (5 if left is None else left)
    assert min(row["quantity"] for row in rows) >= 0
