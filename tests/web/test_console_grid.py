"""Marks on the map, and lists beside it, stay as if they were made anew, whatever comes, moves and goes."""

import json
import random
import subprocess

import pytest

from tests.browser import ROOT, node

# A page's worth of globals, then the module as it is shipped, then what each step of each run leaves.
LOAD = """
import { build } from "esbuild";
globalThis.document = {
  documentElement: { lang: "id" },
  getElementById: (id) => id === "setup" ? { textContent: JSON.stringify(
    { workplace: { rights: {}, items: [], incidents: [{ slug: "jabar", clocks: {} }] } }) } : null,
};
async function load(path) {
  const { outputFiles } = await build({ entryPoints: [path], bundle: true, format: "esm", write: false });
  return import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));
}
let input = "";
for await (const part of process.stdin) input += part;
const runs = JSON.parse(input);
"""
MARKS = """
const { Grid } = await load("web/src/console/map/grid.ts");
console.log(JSON.stringify(runs.map(({ steps, looks }) => {
  const grid = new Grid();
  const found = [];
  for (const { put, remove } of steps) {
    for (const point of put) grid.put(point);
    for (const id of remove) grid.remove(id);
    found.push(looks.map(({ bounds, zoom }) => grid.marks(bounds, zoom).map((mark) => ({
      ...mark, point: mark.point?.id ?? null,
      members: mark.point ? [mark.point.id] : grid.members(mark.key).map((point) => point.id).sort((a, b) => a - b),
    }))));
  }
  return found;
})));
"""
LISTS = """
globalThis.module = await build({
  stdin: {
    contents: 'export { Board } from "./board"; export { Lister, EVERYTHING } from "./lists";',
    resolveDir: "web/src/console",
  },
  bundle: true, format: "esm", write: false,
});
const source = Buffer.from(module.outputFiles[0].contents).toString("base64");
const { Board, Lister, EVERYTHING } = await import("data:text/javascript;base64," + source);
const told = (lists) => ({
  review: lists.review.map((one) => one.row.id), waiting: lists.waiting.map((one) => one.row.id),
  done: lists.done.map((one) => one.row.id), running: lists.running.map((one) => one.row.id),
  alarms: lists.alarms.map((one) => one.row.id), shown: [...lists.shown.keys()].sort((a, b) => a - b),
});
console.log(JSON.stringify(runs.map(({ snapshot, steps, tiers }) => {
  const filter = { ...EVERYTHING, tiers: new Set(tiers) };
  const board = new Board();
  board.load(snapshot);
  const kept = new Lister(board);
  kept.lists(filter);
  return steps.map((events) => {
    board.apply(events);
    const mended = told(kept.lists(filter));
    board.tables = { ...board.tables };
    const anew = told(new Lister(board).lists(filter));
    return { mended, anew };
  });
})));
"""
WORLD, ZOOMS = [106.0, -8.0, 109.0, -5.5], (5, 8, 11, 12, 14, 17)


def played(script, runs):
    done = subprocess.run(
        [node(), "--input-type=module", "-e", LOAD + script],
        cwd=ROOT,
        input=json.dumps(runs),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def point(dice, case_id):
    # Half of them lie in one village, some at the very same place.
    spread = 1.0 if dice.random() < 0.5 else 0.01
    lon, lat = 107.0 + round(dice.random() * spread, 3), -7.0 + round(dice.random() * spread, 3)
    return {"id": case_id, "lon": lon, "lat": lat, "tier": dice.randint(0, 3), "verified": False}


def comings_and_goings(seed):
    """Steps, and the points that there are after each."""
    dice, now, steps, after = random.Random(seed), {}, [], []
    for _ in range(12):
        put = [point(dice, dice.randint(1, 400)) for _ in range(dice.randint(0, 60))]
        # Most changes of a case leave it where it is.
        put += [{**one, "tier": dice.randint(0, 3)} for one in now.values() if dice.random() < 0.2]
        remove = [dice.randint(1, 400) for _ in range(dice.randint(0, 30))]
        now = now | {one["id"]: one for one in put}
        now = {case_id: one for case_id, one in now.items() if case_id not in remove}
        steps.append({"put": put, "remove": remove})
        after.append(now)
    return steps, after


@pytest.fixture(scope="module")
def drawn():
    plays = [comings_and_goings(seed) for seed in range(8)]
    looks = [{"bounds": WORLD, "zoom": zoom} for zoom in ZOOMS]
    found = played(MARKS, [{"steps": steps, "looks": looks} for steps, _ in plays])
    return [
        (marks, now)
        for run, (_, after) in zip(found, plays, strict=True)
        for marks, now in zip(run, after, strict=True)
    ]


def test_every_point_is_behind_exactly_one_mark(drawn):
    for looks, now in drawn:
        for marks in looks:
            members = sorted(case_id for mark in marks for case_id in mark["members"])
            assert members == sorted(now)
            assert all(mark["count"] == len(mark["members"]) for mark in marks)


def test_a_mark_is_as_urgent_as_its_most_urgent_point(drawn):
    for looks, now in drawn:
        for mark in (mark for marks in looks for mark in marks):
            assert mark["worst"] == min(now[case_id]["tier"] for case_id in mark["members"])
            lons = [now[case_id]["lon"] for case_id in mark["members"]]
            assert min(lons) - 1e-9 <= mark["lon"] <= max(lons) + 1e-9


def test_from_far_there_are_few_marks_and_from_near_each_stands_alone(drawn):
    for looks, now in drawn:
        far, near = looks[0], looks[-1]
        assert len(far) <= 2
        assert len(near) == len(now)


def test_too_many_points_for_a_near_view_are_drawn_together():
    crowd = [{"id": n, "lon": 107.0 + n * 1e-6, "lat": -7.0, "tier": 2, "verified": False} for n in range(1, 3001)]
    ((marks,),) = [
        run[0]
        for run in played(MARKS, [{"steps": [{"put": crowd, "remove": []}], "looks": [{"bounds": WORLD, "zoom": 16}]}])
    ]
    assert len(marks) < 20
    assert sum(mark["count"] for mark in marks) == 3000


NOUNS = ("reports", "cases", "needs", "assignments", "volunteers", "sites")
CASE = {"area": "32.03.01", "lon": None, "lat": None, "accuracy_m": None, "people": 1, "version": 1}
CLOCK = {"stage": "settle", "paused_at": None, "raised_to": None, "holder": None}


def rows_of(dice, case_id, number):
    """A case as it may be after any change."""
    row = {
        **CASE,
        "id": case_id,
        "tier": dice.randint(0, 3),
        "verified": dice.random() < 0.5,
        "merged_into": 1 if dice.random() < 0.1 else None,
        "opened_at": f"2026-11-25T0{dice.randint(0, 9)}:00:00+00:00",
        **CLOCK,
        "stage_due_at": f"2026-11-25T1{dice.randint(0, 9)}:00:00+00:00",
    }
    times = {"received_at": row["opened_at"], "due_at": row["opened_at"]}
    state = dice.choice(("received", "verified", "needs_info", "rejected"))
    report = {
        "id": f"r{case_id}",
        "case_id": case_id,
        "state": state,
        "tier": row["tier"],
        "channel": "web",
        "flags": [],
    }
    need = {
        "id": 10 * case_id + dice.randint(0, 2),
        "case_id": case_id,
        "item": "water",
        "quantity": 10,
        "covered": dice.choice((0, 5, 10)),
        "delivered": 0,
        "tier": row["tier"],
        "state": dice.choice(("open", "closed")),
        "fill": "unmet",
        "due_at": f"2026-11-25T1{dice.randint(0, 9)}:00:00+00:00",
    }
    job = {
        "id": f"a{case_id}",
        "case_id": case_id,
        "state": dice.choice(("proposed", "accepted", "confirmed")),
        "attention": dice.choice((None, "overdue")),
        "lines": [],
    }
    found = {"cases": [row], "reports": [report | times]}
    if number % 2:
        found |= {"needs": [need], "assignments": [job]}
    return found


def test_lists_that_are_mended_are_as_lists_made_anew():
    runs = []
    for seed in range(10):
        dice = random.Random(seed)
        start = [rows_of(dice, case_id, case_id) for case_id in range(1, 61)]
        merged = {noun: [row for rows in start for row in rows.get(noun, [])] for noun in NOUNS}
        snapshot = {"cursor": 0, "incident": "jabar", "area": "32"}
        for noun, rows in merged.items():
            columns = list(rows[0]) if rows else ["id"]
            snapshot[noun] = {"columns": columns, "rows": [[row[name] for name in columns] for row in rows]}
        steps, number = [], 0
        for _ in range(20):
            events = []
            for _ in range(dice.randint(1, 6)):
                number += 1
                rows = rows_of(dice, dice.randint(1, 70), number)
                events.append({"id": number, "type": "CaseChanged", "data": {"rows": rows}})
            steps.append(events)
        runs.append({"snapshot": snapshot, "steps": steps, "tiers": dice.choice(([0, 1, 2, 3], [0, 2]))})
    found = [step for run in played(LISTS, runs) for step in run]
    assert len(found) == 200
    for step in found:
        assert step["mended"] == step["anew"]
    assert any(step["anew"]["running"] for step in found)
