/** The rows of the board, as server/services/boardrows.py shapes them. Times are ISO 8601. */

export type Tier = 0 | 1 | 2 | 3;
export const TIERS: readonly Tier[] = [0, 1, 2, 3];

export interface ReportRow {
  id: string;
  case_id: number;
  state: "received" | "verified" | "duplicate" | "needs_info" | "rejected";
  tier: Tier;
  channel: string;
  received_at: string;
  due_at: string;
  flags: string[];
}

export interface CaseRow {
  id: number;
  area: string;
  lon: number | null;
  lat: number | null;
  accuracy_m: number | null;
  people: number | null;
  tier: Tier;
  verified: boolean;
  merged_into: number | null;
  /** Others may be the same. */
  alike: boolean;
  opened_at: string;
  /** What everybody waits for now, and by when; null when all is done. */
  stage: "answer" | "offer" | "settle" | null;
  stage_due_at: string | null;
  /** Since when the clock stands still. */
  paused_at: string | null;
  /** The highest area that was told because a clock ran out. */
  raised_to: string | null;
  /** The area or agency that accepted it, when it is not the one of its own area. */
  holder: string | null;
  version: number;
}

export interface NeedRow {
  id: number;
  case_id: number;
  item: string;
  quantity: number;
  tier: Tier;
  state: "open" | "closed" | "cancelled";
  covered: number;
  delivered: number;
  fill: "unmet" | "partly_met" | "met";
  due_at: string;
}

export interface AssignmentLine {
  need_id: number;
  item: string;
  quantity: number;
}

export interface AssignmentRow {
  id: string;
  case_id: number;
  site_id: string | null;
  volunteer_id: string | null;
  kind: "goods" | "service";
  state: string;
  changed_at: string;
  attention: string | null;
  expected_at: string | null;
  trip_id: string;
  stop: number;
  version: number;
  lines: AssignmentLine[];
}

export interface VolunteerRow {
  id: string;
  alias: string;
  state: "pending" | "accepted" | "refused";
  home_area: string;
  skills: string[];
  vehicle: string | null;
  area: string | null;
  lon: number | null;
  lat: number | null;
  until: string | null;
  team: number | null;
  busy: boolean;
  /** A call for help that is not over: "answered" when a person is seeing to it. */
  distress: "open" | "answered" | null;
}

export interface SiteRow {
  id: string;
  name: string;
  kind: string;
  area: string;
  lon: number | null;
  lat: number | null;
  open: boolean;
  flags: string[];
  stock: Record<string, number>;
}

export interface Rows {
  reports: ReportRow;
  cases: CaseRow;
  needs: NeedRow;
  assignments: AssignmentRow;
  volunteers: VolunteerRow;
  sites: SiteRow;
}

export type Noun = keyof Rows;
export const NOUNS: readonly Noun[] = ["reports", "cases", "needs", "assignments", "volunteers", "sites"];

/** A noun of a snapshot: the names once, then the values of each row in their order. */
export interface Columns {
  columns: string[];
  rows: unknown[][];
}

export type Snapshot = { cursor: number; incident: string; area: string } & Record<Noun, Columns>;

export interface EventMessage {
  id: number;
  type: string;
  at: string;
  area: string;
  data: { rows?: Partial<{ [N in Noun]: Rows[N][] }> } & Record<string, unknown>;
}

/** Assignments that somebody still works on or has to confirm. */
export const RUNNING: ReadonlySet<string> = new Set(["proposed", "offered", "accepted", "en_route", "delivered"]);
