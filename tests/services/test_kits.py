"""Which kits to open for what a plan leaves open: told, and true once it is done."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from geo import fairness
from server.domain.catalogue import KITS
from server.services import opening, supply
from server.services.inputs import parse
from server.services.inputs_supply import BreakIn
from server.services.situations import Problem, lot_row
from tests.services.test_case_reasons import told
from tests.services.world import COORDINATOR

FAR = (107.60, -6.91)
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def open_kits(world, plan, item):
    """Do what the plan says for an item; how many kits that were."""
    for one in plan["kits"][item]:
        fields = {"lot_id": one["lot_id"], "quantity": one["quantity"], "reason": "sesuai rencana"}
        with world.system.writing() as tx:
            supply.break_kit(tx, COORDINATOR, parse(BreakIn, fields))
    return sum(one["quantity"] for one in plan["kits"][item])


def missing(plan):
    return {(one["case_id"], one["item"]): one["quantity"] for one in plan["unmet"]}


def test_kits_beside_the_need_are_named_and_serve_it_once_they_are_open(world):
    site = world.site()
    lot = world.stock(site, "family_kit", 50)
    case_id = world.case({"blanket": 30})
    plan_id = world.plan()
    plan = world.shown(plan_id)
    (one,) = plan["unmet"]
    assert (one["why"]["code"], one["why"]["kits"]) == ("no_stock", 30)
    assert plan["kits"] == {
        "blanket": [{"lot_id": lot, "site_id": site, "kit": "family_kit", "quantity": 8, "brings": 32}]
    }
    assert plan["sources"][lot]["site_id"] == site
    part = told(world, case_id)["plan"]
    assert (part["kits"], part["unmet"][0]["why"]["kits"]) == (plan["kits"], 30)
    open_kits(world, plan, "blanket")
    then = world.shown(world.plan())
    assert then["unmet"] == []
    assert then["kits"] == {}
    assert world.faults() == []


def test_kits_that_are_asked_for_whole_stay_whole(world):
    world.stock(world.site(), "family_kit", 10)
    world.case({"family_kit": 8, "blanket": 30})
    plan = world.shown(world.plan())
    assert [(match["item"], match["quantity"]) for match in plan["matches"]] == [("family_kit", 8)]
    assert [(one["item"], one["why"]["kits"]) for one in plan["unmet"]] == [("blanket", 8)]
    assert plan["kits"]["blanket"][0]["quantity"] == 2


def test_what_is_held_is_not_counted_on(world):
    lot = world.stock(world.site(), "family_kit", 10)
    world.approved({"family_kit": 10})
    world.case({"blanket": 30})
    plan = world.shown(world.plan())
    assert plan["kits"] == {}
    assert "kits" not in plan["unmet"][0]["why"]
    assert world.lot(lot)["free"] == 0


def test_the_more_urgent_get_what_is_in_the_kits(world):
    world.stock(world.site(), "family_kit", 5)
    light, urgent = world.case({"blanket": 20}, tier=3), world.case({"blanket": 12}, tier=1)
    plan = world.shown(world.plan())
    in_kits = {one["case_id"]: one["why"].get("kits") for one in plan["unmet"]}
    assert in_kits == {urgent: 12, light: 8}
    open_kits(world, plan, "blanket")
    assert missing(world.shown(world.plan())) == {(light, "blanket"): 12}


def test_stock_that_is_there_is_given_before_kits_are_opened(world):
    world.stock(world.site(at=FAR), "blanket", 30)
    world.stock(world.site(), "family_kit", 50)
    world.case({"blanket": 30})
    plan = world.shown(world.plan())
    assert plan["unmet"] == []
    assert plan["kits"] == {}


SPOTS = [(107.1, -6.8), (107.2, -6.9), (107.3, -6.7)]
ITEMS = ("blanket", "sleeping_mat", "jerrycan")
needs = st.builds(
    lambda spot, item, quantity, tier, weight: {
        "area": f"32.03.{spot:02}", "kind": "goods", "item": item, "quantity": quantity, "tier": tier,
        "weight": weight, "skills": [], "lon": SPOTS[spot][0], "lat": SPOTS[spot][1],
    },
    st.integers(0, 2), st.sampled_from((*ITEMS, "family_kit")), st.integers(1, 7), st.integers(0, 3),
    st.sampled_from((0.5, 1.0, 3.0)),
)  # fmt: skip
lots = st.builds(
    lambda spot, item, free: {"item": item, "free": free, "expiry": None, "lon": SPOTS[spot][0], "lat": SPOTS[spot][1]},
    st.integers(0, 2), st.sampled_from((*ITEMS, "family_kit", "family_kit")), st.integers(1, 3),
)  # fmt: skip


def solve(problem, strength=0.0):
    return problem.solve(strength, 60.0, explain=False)


def opened(problem, counts):
    """The problem with so many kits of each lot opened, as stock."""
    inside = [
        lot_row({**lot, "id": f"{lot['id']}-{item}", "item": item, "free": each * count})
        for lot, count in counts
        for item, each in KITS[lot["item"]].holds.items()
        if count
    ]
    taken = {lot["id"]: count for lot, count in counts}
    left = [{**row, "quantity": row["quantity"] - taken.get(row["supply_id"], 0)} for row in problem.supplies]
    return replace(problem, supplies=[*(row for row in left if row["quantity"]), *inside])


def open_units(plan, problem, item=None):
    tiers = {row["need_id"]: row["tier"] for row in problem.needs if item in (None, row["item"])}
    return [sum(one.quantity for one in plan.unmet if tiers.get(one.need_id) == tier) for tier in range(4)]


@settings(max_examples=150, deadline=None)
@given(st.lists(needs, min_size=1, max_size=4), st.lists(lots, max_size=4), st.sampled_from((0.0, 1.0)))
def test_what_is_told_is_what_comes_of_it_and_no_other_opening_serves_more(asked, stock, strength):
    rows = [{**row, "need_id": str(n)} for n, row in enumerate(asked)]
    held = [{**lot, "id": f"lot{n}", "site_id": "s"} for n, lot in enumerate(stock)]
    problem = Problem(rows, [lot_row(lot) for lot in held], fairness.Villages(), (), NOW)
    plan = solve(problem, strength)
    kits = [lot for lot in held if lot["item"] == "family_kit"]
    found = opening.found(problem, plan, kits, lambda other: solve(other, strength))
    left = opening._left(kits, plan)

    for item, counts in found.kits.items():
        assert all(0 < count <= left[lot_id] for lot_id, count in counts.items())
        done = opened(problem, [(lot, counts.get(lot["id"], 0)) for lot in kits])
        then = solve(done, strength)
        was, now = opening._units(plan, "need_id"), opening._units(then, "need_id")
        told_of = {row["need_id"]: found.serves.get(row["need_id"], 0) for row in rows if row["item"] == item}
        assert sum(told_of.values()) == sum(now[need_id] - was[need_id] for need_id in told_of)
        assert {row["need_id"]: now[row["need_id"]] for row in rows if row["item"] == "family_kit"} == {
            row["need_id"]: was[row["need_id"]] for row in rows if row["item"] == "family_kit"
        }

    everything = [range(left[lot["id"]] + 1) for lot in kits]
    for item in ITEMS:
        best = min(
            (open_units(solve(opened(problem, list(zip(kits, counts, strict=True))), strength), problem, item))
            for counts in product(*everything)
        )
        mine = found.kits.get(item, {})
        after = solve(opened(problem, [(lot, mine.get(lot["id"], 0)) for lot in kits]), strength)
        assert open_units(after, problem, item) == best


def test_without_time_nothing_is_told():
    row = {"need_id": "0", "area": "32.03", "kind": "goods", "item": "blanket", "quantity": 5, "tier": 1, "weight": 1.0}
    problem = Problem([{**row, "skills": [], "lon": 107.1, "lat": -6.8}], [], fairness.Villages(), (), NOW)
    kits = [{"id": "k", "item": "family_kit", "free": 5, "expiry": None, "lon": 107.1, "lat": -6.8}]
    assert opening.found(problem, solve(problem), kits, lambda _: None) == opening.NOTHING
    assert opening.found(problem, solve(problem), kits, solve).serves == {"0": 5}
