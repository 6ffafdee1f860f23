"""A true "bridge cut" closes the place, and exactly the work that used it is taken back and planned anew.

Who used it is told by a way of our own here (planar segments, one at a time); where it goes instead is compared with
a plan of everything from the beginning.
"""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from math import cos, radians

import pytest
import shapely

from geo.closures import METRES_PER_DEGREE, Closures
from server.domain.errors import Invalid
from server.domain.events import from_data
from server.domain.lifecycle import LIVE
from server.domain.permissions import Actor, Grant
from server.services import blocked, claims, hazards, planning, plans
from server.services.assignments import depart
from server.services.inputs import parse
from server.services.inputs_dispatch import PlanIn, StepIn
from server.services.inputs_supply import ClaimIn, EndIn, VerdictIn
from tests.services.world import COORDINATOR, volunteer_actor
from workers.queues import Job
from workers.routes import jobs_for

VERIFIER = Actor("vina", grants=(Grant("verifier", "32"),))
SECOND = Actor("wati", grants=(Grant("verifier", "32"),))
STRANGER = Actor("beni", grants=(Grant("verifier", "32.73"),))
MIDDLE = (107.139, -6.822)
HERE = {"lon": MIDDLE[0], "lat": MIDDLE[1]}
SOUTH, NORTH, FAR_NORTH = (107.139, -6.862), (107.139, -6.782), (107.139, -6.682)
CASES, SITES = 30, 6


def judged(world, finding, *, kind="bridge_cut", place=MIDDLE, **fields):
    """A claim at the place with a verdict by two people; what staff see of it then."""
    gazetteer = world.system.gazetteer()
    where = {"lon": place[0], "lat": place[1], "accuracy_m": 20}
    with world.system.writing() as tx:
        body = parse(ClaimIn, {"text": "Jembatan putus total", "place": where, "kind": kind})
        claim_id = claims.add(tx, VERIFIER, body, gazetteer)["id"]
    closing = {"hours": 12, "radius_m": 400} if finding == "find_true" and kind else {}
    for action, actor, more in (
        ("check", VERIFIER, {}),
        (finding, VERIFIER, {"verdict": "Dilihat petugas di tempat.", **closing, **fields}),
        ("confirm", SECOND, {}),
    ):
        with world.system.writing() as tx:
            claims.act(tx, actor, claim_id, action, parse(VerdictIn, more), gazetteer)
    return shown(world, claim_id)


def shown(world, claim_id, actor=VERIFIER):
    with world.system.reading() as tx:
        return claims.show(tx, actor, claim_id)


def used(claim):
    """Assignment id -> what became of it."""
    return {one["id"]: one["done"] for one in claim["used"]["assignments"]}


def closures(world):
    with world.system.reading() as tx:
        return tx.hazards.not_over([world.incident["id"]], tx.now)


def test_a_true_cut_closes_the_place_for_its_time_and_names_what_used_it(world):
    south = world.stock(world.site(at=SOUTH), "blanket", 10)
    north = world.stock(world.site(at=FAR_NORTH), "blanket", 10)
    case_id, (assignment_id,) = world.approved({"blanket": 5}, at=NORTH)
    plan_id = world.state(assignment_id)["plan_id"]
    claim = judged(world, "find_true")
    (closure,) = closures(world)
    assert (claim["closure_id"], closure["radius_m"]) == (closure["id"], 400)
    assert closure["ends_at"] - closure["begins_at"] == timedelta(hours=12)
    ring = shapely.LinearRing(closure["shape"]["coordinates"])
    assert metres(ring.centroid.coords[0]) == pytest.approx(metres(MIDDLE), abs=1)
    assert used(claim) == {assignment_id: "planned_anew"}
    assert claim["used"]["assignments"][0]["case_id"] == case_id
    assert claim["used"]["plans"] == [plan_id]
    assert world.state(assignment_id)["state"] == "withdrawn"
    assert world.lot(south)["free"] == 10
    plan = world.shown(world.plan())
    assert (plan["closures"], [match["lot_id"] for match in plan["matches"]]) == (1, [north])
    assert world.faults() == []


def test_the_verdict_asks_for_a_new_plan_by_what_it_tells_of(world):
    world.stock(world.site(at=SOUTH), "blanket", 10)
    world.approved({"blanket": 5}, at=NORTH)
    judged(world, "find_true")
    told = world.events("HazardChanged", "AssignmentChanged")
    assert {row["type"] for row in told} == {"HazardChanged", "AssignmentChanged"}
    batch = [from_data(row["type"], world.incident["id"], row["area"], row["data"]) for row in told]
    assert {Job(name, (world.incident["id"],)) for name in ("replan", "replan_served")} <= set(jobs_for(batch))
    with world.system.writing() as tx:
        assert planning.replan(tx, world.incident["id"]) >= 0
        assert tx.plans.in_state(world.incident["id"], "requested")


@pytest.mark.parametrize("finding", ["find_false", "find_false_on_purpose", "clarify", "give_up"])
def test_one_that_is_not_true_closes_nothing(world, finding):
    world.stock(world.site(at=SOUTH), "blanket", 10)
    _, (assignment_id,) = world.approved({"blanket": 5}, at=NORTH)
    before = world.state(assignment_id)
    claim = judged(world, finding, hours=12, radius_m=400)
    assert (claim["closure_id"], used(claim), closures(world)) == (None, {}, [])
    assert world.state(assignment_id) == before


def test_a_true_one_that_nothing_is_cut_closes_nothing(world):
    assert (judged(world, "find_true", kind=None)["closure_id"], closures(world)) == (None, [])


def test_a_proposed_finding_closes_nothing_yet_and_one_given_back_never_does(world):
    gazetteer = world.system.gazetteer()
    where = {"lon": MIDDLE[0], "lat": MIDDLE[1], "accuracy_m": 20}
    with world.system.writing() as tx:
        claim_id = claims.add(
            tx, VERIFIER, parse(ClaimIn, {"text": "Jalan putus", "place": where, "kind": "road_cut"}), gazetteer
        )["id"]
    steps = [
        ("check", VERIFIER, {}),
        ("find_true", VERIFIER, {"verdict": "Putus.", "hours": 5}),
        ("give_back", SECOND, {"reason": "Foto lama."}),
        ("find_false", VERIFIER, {"verdict": "Utuh."}),
        ("confirm", SECOND, {}),
    ]
    for action, actor, more in steps:
        with world.system.writing() as tx:
            claims.act(tx, actor, claim_id, action, parse(VerdictIn, more), gazetteer)
        assert closures(world) == []


@pytest.mark.parametrize(
    ("where", "fields", "lacking"),
    [
        ({"area_code": "32.03.20"}, {}, {"hours": "required", "place": "exact_place_wanted"}),
        ({"area_code": "32.03.20"}, {"hours": 3}, {"place": "exact_place_wanted"}),
        ({"place": {**HERE, "accuracy_m": 5000}}, {"hours": 3}, {"place": "exact_place_wanted"}),
        ({"place": HERE}, {}, {"hours": "required"}),
    ],
)
def test_a_cut_needs_its_exact_place_and_an_end(world, where, fields, lacking):
    gazetteer = world.system.gazetteer()
    with world.system.writing() as tx:
        claim = claims.add(tx, VERIFIER, parse(ClaimIn, {"text": "Jalan putus", **where}), gazetteer)
    with world.system.writing() as tx:
        claims.act(tx, VERIFIER, claim["id"], "check", VerdictIn(), gazetteer)
    body = parse(VerdictIn, {"verdict": "Putus.", "kind": "road_cut", **fields})
    with pytest.raises(Invalid) as refused, world.system.writing() as tx:
        claims.act(tx, VERIFIER, claim["id"], "find_true", body, gazetteer)
    assert {name: problem.code for name, problem in refused.value.fields.items()} == lacking


def test_who_was_asked_is_told_and_who_is_under_way_goes_on_with_more_time(world):
    world.stock(world.site(at=SOUTH), "blanket", 30)
    made = {}
    for state in ("offered", "accepted", "en_route"):
        volunteer_id = world.volunteer(vehicle="pickup", at=SOUTH)
        _, (made[state],) = world.approved({"blanket": 5}, at=NORTH)
        world.offer(made[state], volunteer_id)
        if state != "offered":
            world.accept(made[state], volunteer_id)
        if state == "en_route":
            world.do(depart, volunteer_actor(volunteer_id), made[state], StepIn())
    before = {state: world.state(one) for state, one in made.items()}
    claim = judged(world, "find_true")
    assert used(claim) == {
        made["offered"]: "planned_anew", made["accepted"]: "under_way", made["en_route"]: "under_way",
    }  # fmt: skip
    assert set(world.offers_of(made["offered"]).values()) == {"withdrawn"}
    for state in ("accepted", "en_route"):
        now = world.state(made[state])
        assert (now["state"], now["attention"]) == (state, "road_closed")
        # Ten kilometres more by pickup, 1.43 x 3 minutes each.
        more = now["expected_at"] - before[state]["expected_at"]
        assert more / timedelta(minutes=1) == pytest.approx(42.9, abs=0.1)
    assert world.faults() == []


def test_the_mark_goes_when_the_last_road_that_the_way_needs_is_open_again(world):
    world.stock(world.site(at=SOUTH), "blanket", 30)
    going = {}
    for name, place in (("one", NORTH), ("both", FAR_NORTH)):
        volunteer_id = world.volunteer(vehicle="pickup", at=SOUTH)
        _, (going[name],) = world.approved({"blanket": 5}, at=place)
        world.offer(going[name], volunteer_id)
        world.accept(going[name], volunteer_id)
    near, far = judged(world, "find_true"), judged(world, "find_true", place=(MIDDLE[0], NORTH[1] + 0.05))
    assert set(used(far)) == {going["both"]}

    def marks():
        with world.system.writing() as tx:
            blocked.open_again(tx)
        return {name: world.state(one)["attention"] for name, one in going.items()}

    assert marks() == {"one": "road_closed", "both": "road_closed"}
    for claim, left in ((near, "road_closed"), (far, None)):
        with world.system.writing() as tx:
            hazards.end(tx, COORDINATOR, claim["closure_id"], EndIn(), closures=True)
        assert marks() == {"one": None, "both": left}
    told = [event["data"]["rows"]["assignments"][0] for event in world.events("AssignmentChanged")[-2:]]
    assert {row["id"]: row["attention"] for row in told} == dict.fromkeys(going.values())


def test_a_boat_passes_and_what_was_handed_over_lies_behind(world):
    world.stock(world.site(at=SOUTH), "blanket", 30)
    _, (by_boat,) = world.approved({"blanket": 5}, at=NORTH)
    skipper = world.volunteer(vehicle="boat", at=SOUTH)
    world.offer(by_boat, skipper)
    world.accept(by_boat, skipper)
    assert used(judged(world, "find_true")) == {}


def test_work_of_other_areas_is_a_number_for_who_may_not_know_it(world):
    bandung = (107.61, -6.92)
    # As far on the other side that the straight way leads through the middle.
    west = [middle - 0.2 * (far - middle) for middle, far in zip(MIDDLE, bandung, strict=True)]
    world.stock(world.site(at=west), "blanket", 10)
    world.approved({"blanket": 5}, at=bandung)
    claim = judged(world, "find_true")
    assert not claim["used"]["assignments"][0]["area"].startswith("32.03")
    seen = shown(world, claim["id"], Actor("dina", grants=(Grant("verifier", "32.03"),)))
    assert (seen["used"]["assignments"], seen["used"]["elsewhere"]) == ([], 1)


def metres(place):
    """Metres to the east and north of the middle, on the plane that touches the earth there."""
    lon, lat = place
    return ((lon - MIDDLE[0]) * METRES_PER_DEGREE * cos(radians(MIDDLE[1])), (lat - MIDDLE[1]) * 110_574)


def scattered(world, dice):
    """Sites with plenty of everything, and cases around them; some trucks, so that there are trips."""
    for _ in range(SITES):
        site_id = world.site(at=somewhere(dice))
        for item in ("blanket", "rice", "water"):
            world.stock(site_id, item, 10_000)
    for _ in range(3):
        world.volunteer(vehicle="truck", at=somewhere(dice))
    for _ in range(CASES):
        world.case({dice.choice(("blanket", "rice", "water")): dice.randint(1, 40)}, at=somewhere(dice), tier=2)


def somewhere(dice):
    return (MIDDLE[0] + dice.uniform(-0.09, 0.09), MIDDLE[1] + dice.uniform(-0.09, 0.09))


def of_plan(world, plan_id):
    """Need id -> the lots that serve it, of the plan's matches."""
    with world.system.reading() as tx:
        rows = tx.plans.matches(plan_id)
    return by_need((row["need_id"], row["lot_id"], row["quantity"]) for row in rows)


def by_need(lines):
    found = defaultdict(dict)
    for need_id, lot_id, quantity in lines:
        found[need_id][lot_id] = found[need_id].get(lot_id, 0) + quantity
    return dict(found)


def in_force(world):
    """Live assignments with their lines, places and trip, by id."""
    with world.system.reading() as tx:
        rows = tx.conn.exec_driver_sql("select id from assignments where state = any(%(live)s)", {"live": sorted(LIVE)})
        ids = [row.id for row in rows]
        return {
            str(one): {
                **tx.assignments.get(str(one)),
                "lines": tx.assignments.lines(str(one)),
                "from": spot(tx.sites.get(tx.assignments.get(str(one))["site_id"])),
                "to": spot(tx.cases.get(tx.assignments.get(str(one))["case_id"])),
            }
            for one in ids
        }


def spot(row):
    return metres((row["lon"], row["lat"]))


def ways_by_hand(live):
    """Assignment id -> the shapes of the straight ways that lead to it."""
    found = {}
    for row in live.values():
        trip = sorted((one for one in live.values() if one["trip_id"] == row["trip_id"]), key=lambda one: one["stop"])
        stops = [row["from"], *(one["to"] for one in trip if one["stop"] <= row["stop"])]
        found[row["id"]] = shapely.LineString(stops)
    return found


def full_plan(situation, closed):
    solved = planning.solve(replace(situation, closures=closed, earlier=None, loose=[]))
    return by_need((int(match.need_id), match.supply_id, match.quantity) for match in solved.plan.matches)


@pytest.mark.parametrize("seed", range(4))
def test_a_verdict_re_plans_exactly_what_used_the_place_as_a_plan_of_everything_does(world, seed):
    dice = random.Random(seed)
    scattered(world, dice)
    with world.system.writing() as tx:
        plan_id = plans.request(tx, COORDINATOR, PlanIn())["id"]
    with world.system.reading() as tx:
        situation = planning.read(tx, plan_id)
    world.work_out(plan_id)
    world.approve(plan_id)
    before = in_force(world)
    ways = ways_by_hand(before)
    radius, place = 700, dice.choice(sorted((way.interpolate(0.5, normalized=True).coords[0]) for way in ways.values()))
    away = {one: way.distance(shapely.Point(place)) for one, way in ways.items()}
    # The earth is no plane: what lies within a few metres of the edge is for neither side to say.
    while any(abs(far - radius) < 10 for far in away.values()):
        radius += 23
    expected = {one for one, far in away.items() if far <= radius}
    assert 0 < len(expected) < len(before)
    lon = MIDDLE[0] + place[0] / METRES_PER_DEGREE / cos(radians(MIDDLE[1]))
    lat = MIDDLE[1] + place[1] / 110_574
    claim = judged(world, "find_true", place=(lon, lat), radius_m=radius)
    assert set(used(claim)) == expected
    after = in_force(world)
    assert set(before) - set(after) == expected
    assert all(after[one] == before[one] for one in after)
    # What is in force now and the new plan are, need by need, what planning everything anew would have made.
    again = world.plan()
    result = world.shown(again)
    assert result["moved"] == []
    lines = (line for row in after.values() for line in row["lines"])
    stays = by_need((line["need_id"], line["lot_id"], line["quantity"]) for line in lines)
    anew = of_plan(world, again)
    needs = {line["need_id"] for one in expected for line in before[one]["lines"]}
    assert set(anew) == needs
    whole = full_plan(situation, Closures(places=[(lon, lat, radius)]))
    assert {**stays, **anew} == whole
    first = full_plan(situation, Closures())
    assert {need for need in whole if whole[need] != first[need]} <= needs
    assert world.faults() == []
