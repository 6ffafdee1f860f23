/** What a case comes to: which list it belongs to, which clock runs, what is still missing. */
import type { Board } from "./board";
import type { AssignmentRow, CaseRow, NeedRow, Tier } from "./rows";
import { RUNNING } from "./rows";
import type { Incident } from "./setup";

/** The lists of the console; "gone" are cases that were merged into others. */
export type Group = "review" | "waiting" | "running" | "done" | "gone";

export interface Summary {
  row: CaseRow;
  tier: Tier;
  group: Group;
  /** The clock stands still: somebody asked the reporter. */
  paused: boolean;
  /** When the running clock is over, in ms; null when none runs. */
  dueAt: number | null;
  /** Open needs that nothing covers in full. */
  missing: readonly NeedRow[];
  needs: readonly NeedRow[];
  running: readonly AssignmentRow[];
  reports: number;
  flagged: boolean;
  rejected: boolean;
}

const MINUTE = 60_000;

export function summarize(board: Board, row: CaseRow, incident: Incident | undefined): Summary {
  const reports = board.reportsOf(row.id);
  const needs = inOrder(board.needsOf(row.id));
  const running = some(board.assignmentsOf(row.id), (one) => RUNNING.has(one.state));
  const open = some(needs, (need) => need.state === "open");
  const missing = some(open, (need) => need.covered < need.quantity);
  const isNew = reports.some((report) => report.state === "received");
  const asked = reports.some((report) => report.state === "needs_info");
  const rejected = !row.verified && !isNew && !asked && reports.some((report) => report.state === "rejected");
  const group = groupOf(row, { isNew, asked, rejected, open, missing, needs, running });
  const paused = group === "review" && !isNew;
  return {
    row,
    tier: row.tier,
    group,
    paused,
    dueAt: paused ? null : dueAt(row, group, open, missing, reports, incident),
    missing,
    needs,
    running,
    reports: reports.length,
    flagged: reports.some((report) => report.flags.length > 0),
    rejected,
  };
}

/** What passes the test: the same array where all of it does, as a board of 100,000 has no room for copies. */
function some<Row>(rows: readonly Row[], test: (row: Row) => boolean): readonly Row[] {
  return rows.every(test) ? rows : rows.filter(test);
}

const inOrder = (needs: readonly NeedRow[]): readonly NeedRow[] =>
  needs.length < 2 ? needs : [...needs].sort((a, b) => a.id - b.id);

interface Facts {
  isNew: boolean;
  asked: boolean;
  rejected: boolean;
  open: readonly NeedRow[];
  missing: readonly NeedRow[];
  needs: readonly NeedRow[];
  running: readonly AssignmentRow[];
}

function groupOf(row: CaseRow, facts: Facts): Group {
  if (row.merged_into !== null) return "gone";
  if (facts.isNew || (facts.asked && !row.verified)) return "review";
  if (facts.rejected) return "done";
  if (!row.verified) return "review";
  // A verified case that asks for nothing yet must not slip away: somebody has to say what it needs.
  if (facts.missing.length || !facts.needs.length) return "waiting";
  return facts.open.length || facts.running.length ? "running" : "done";
}

/** Until verified, by when somebody must have looked; afterwards, by when the most urgent need must be met. */
function dueAt(
  row: CaseRow,
  group: Group,
  open: readonly NeedRow[],
  missing: readonly NeedRow[],
  reports: readonly { state: string; received_at: string }[],
  incident: Incident | undefined,
): number | null {
  if (group === "done" || group === "gone") return null;
  if (group === "review") {
    const clock = incident?.clocks[row.tier]?.seen ?? 1440;
    const waiting = reports
      .filter((report) => report.state === "received")
      .map((report) => Date.parse(report.received_at));
    return Math.min(...waiting, ...(waiting.length ? [] : [Date.parse(row.opened_at)])) + clock * MINUTE;
  }
  const needs = missing.length ? missing : open;
  if (!needs.length) return Date.parse(row.opened_at) + (incident?.clocks[row.tier]?.settled ?? 4320) * MINUTE;
  return Math.min(...needs.map((need) => Date.parse(need.due_at)));
}
