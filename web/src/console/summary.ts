/** What a case comes to: which list it belongs to, which clock runs, what is still missing. */
import type { Board } from "./board";
import type { AssignmentRow, CaseRow, NeedRow, Tier } from "./rows";
import { RUNNING } from "./rows";

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

export function summarize(board: Board, row: CaseRow): Summary {
  const reports = board.reportsOf(row.id);
  const needs = inOrder(board.needsOf(row.id));
  const running = some(board.assignmentsOf(row.id), (one) => RUNNING.has(one.state));
  const open = some(needs, (need) => need.state === "open");
  const missing = some(open, (need) => need.covered < need.quantity);
  const isNew = reports.some((report) => report.state === "received");
  const asked = reports.some((report) => report.state === "needs_info");
  const rejected = !row.verified && !isNew && !asked && reports.some((report) => report.state === "rejected");
  const group = groupOf(row, { isNew, asked, rejected, open, missing, needs, running });
  const paused = row.paused_at !== null;
  return {
    row,
    tier: row.tier,
    group,
    paused,
    dueAt: paused ? null : dueAt(row, group),
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

/** By when what is waited for now is due: the reporter's page shows the same. */
function dueAt(row: CaseRow, group: Group): number | null {
  if (group === "done" || group === "gone" || row.stage_due_at === null) return null;
  return Date.parse(row.stage_due_at);
}
