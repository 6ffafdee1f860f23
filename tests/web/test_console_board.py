"""Law 3 in the console: snapshot and cursor, then events in whatever order and however often they come."""

import json
import random
import subprocess

import pytest

from tests.browser import ROOT, node

# Builds the board as it is shipped, plays every run on a board of its own, and prints what each holds.
PLAY = """
import { build } from "esbuild";
const { outputFiles } = await build({
  entryPoints: ["web/src/console/board.ts"], bundle: true, format: "esm", write: false,
});
const source = Buffer.from(outputFiles[0].contents).toString("base64");
const { Board } = await import("data:text/javascript;base64," + source);
let input = "";
for await (const part of process.stdin) input += part;
const held = JSON.parse(input).map(({ snapshot, steps }) => {
  const board = new Board();
  board.load(snapshot);
  for (const step of steps) board.apply(step.events, step.cursor);
  const cases = [...board.tables.cases.values()].sort((a, b) => a.id - b.id);
  const needs = Object.fromEntries(cases.map((row) => [row.id, board.needsOf(row.id).map((need) => need.id).sort()]));
  return { cursor: board.cursor, cases, needs };
});
console.log(JSON.stringify(held));
"""
NOUNS = ("reports", "cases", "needs", "assignments", "volunteers", "sites")
EVENTS = 60


def play(runs):
    done = subprocess.run(
        [node(), "--input-type=module", "-e", PLAY],
        cwd=ROOT,
        input=json.dumps(runs),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def history(dice):
    """Events with growing numbers, some for others' eyes only, each with the row as it was then."""
    events, number = [], 0
    for version in range(1, EVENTS + 1):
        number += dice.randint(1, 3)
        case_id = dice.randint(1, 5)
        rows = {"cases": [{"id": case_id, "version": version, "merged_into": None}]}
        if dice.random() < 0.5:
            # A need may move to another case, by a merge.
            rows["needs"] = [{"id": dice.randint(10, 15), "case_id": case_id}]
        events.append({"id": number, "type": "CaseChanged", "data": {"rows": rows}})
    return events


def after(events):
    """What a board holds that took every event in order."""
    cases, needs = {}, {}
    for event in events:
        cases |= {row["id"]: row for row in event["data"]["rows"]["cases"]}
        needs |= {row["id"]: row["case_id"] for row in event["data"]["rows"].get("needs", [])}
    of_case = {str(n): sorted(need for need, case_id in needs.items() if case_id == n) for n in sorted(cases)}
    return {"cases": [cases[n] for n in sorted(cases)], "needs": of_case}


def snapshot_after(events):
    rows = {noun: {} for noun in NOUNS}
    for event in events:
        for noun, changed in event["data"]["rows"].items():
            rows[noun] |= {row["id"]: row for row in changed}
    compact = {}
    for noun, found in rows.items():
        columns = list(next(iter(found.values()))) if found else ["id"]
        compact[noun] = {"columns": columns, "rows": [[row[name] for name in columns] for row in found.values()]}
    return {"cursor": events[-1]["id"] if events else 0, "incident": "jabar", "area": "32", **compact}


def deliveries(dice, events, cursor):
    """Steps as a bad network makes them: parts in order, some twice, some shuffled, some from long ago."""
    steps, at = [], 0
    fresh = [event for event in events if event["id"] > cursor]
    while at < len(fresh):
        size = dice.randint(1, 12)
        part = fresh[at : at + size]
        at += size
        old = dice.sample(events, dice.randint(0, 5))
        old = [event for event in old if event["id"] <= part[-1]["id"]]
        batch = part + old + dice.sample(part, dice.randint(0, len(part)))
        dice.shuffle(batch)
        steps.append({"events": batch, "cursor": part[-1]["id"] if dice.random() < 0.5 else 0})
        if dice.random() < 0.3:
            steps.append(dice.choice(steps))
    return steps


@pytest.fixture(scope="module")
def played():
    runs, wanted = [], []
    for seed in range(150):
        dice = random.Random(seed)
        events = history(dice)
        known = dice.randint(0, EVENTS)
        snapshot = snapshot_after(events[:known])
        runs.append({"snapshot": snapshot, "steps": deliveries(dice, events, snapshot["cursor"])})
        wanted.append({"cursor": events[-1]["id"], **after(events)})
    return play(runs), wanted


def test_every_delivery_ends_in_the_same_board(played):
    held, wanted = played
    assert held == wanted


def test_what_is_at_or_below_the_cursor_is_dropped():
    events = [
        {"id": 5, "type": "CaseChanged", "data": {"rows": {"cases": [{"id": 1, "version": 1}]}}},
        {"id": 6, "type": "CaseChanged", "data": {"rows": {"cases": [{"id": 2, "version": 9}]}}},
    ]
    snapshot = snapshot_after([{"id": 5, "type": "x", "data": {"rows": {"cases": [{"id": 1, "version": 3}]}}}])
    (held,) = play([{"snapshot": snapshot, "steps": [{"events": events, "cursor": 0}]}])
    assert [row["version"] for row in held["cases"]] == [3, 9]
    assert held["cursor"] == 6


def test_a_page_without_anything_for_us_still_moves_the_cursor():
    (held,) = play([{"snapshot": snapshot_after([]), "steps": [{"events": [], "cursor": 70}]}])
    assert held["cursor"] == 70
