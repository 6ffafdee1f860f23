/** What the server says of one case, and what can be done with it. */
import type { Result } from "../calls";
import { get, post } from "../calls";
import type { Match, Plan, PlanBrief, Ruling, Unmet } from "../plan/detail";
import type { AssignmentRow, CaseRow, NeedRow, ReportRow } from "../rows";
import type { Why } from "../why";

export interface Step {
  at: string;
  step: string;
  params: Record<string, string | number>;
}

export interface ReportDetail extends ReportRow {
  text: string | null;
  place_text: string | null;
  people: number | null;
  vulnerable: Record<string, number>;
  danger: Record<string, boolean>;
  on_behalf: boolean;
  phone_last3: string | null;
  question: string | null;
  asked_about: AskBack["about"] | null;
  asked_danger: AskBack["danger"];
  happened_at: string | null;
  history: Step[];
}

/** The question that decides, and what its answer can change: the tier to `tier_then`, and so many needs. */
export interface AskBack {
  about: "danger" | "place" | "people";
  because: "danger" | "no_place" | "rough_place" | "people";
  tier: number;
  tier_then: number;
  needs: number;
  danger: "trapped" | "medical" | "rising" | "vital" | null;
}

export interface Escalation {
  level: "district" | "regency" | "province";
  stage: string;
  due_at: string;
}

export interface Referral {
  id: string;
  state: "open" | "accepted" | "returned" | "withdrawn";
  to_name: string;
}

export interface Note {
  id: string;
  at: string;
  by: string;
  text: string;
}

export interface Photo {
  id: string;
  report_id: string | null;
  n: number;
  is_shown: boolean;
}

export interface Twin {
  id: string;
  case_id: number;
  received_at: string;
  tier: 0 | 1 | 2 | 3;
  state: string;
  /** Why it is suggested, the rule's reasons: never none. */
  reasons: ("said" | "photo" | "phone" | "words" | "spot" | "danger" | "names")[];
  signals: Signals;
}

/** What was compared of two reports; null where one of them does not say. */
export interface Signals {
  metres: number | null;
  rough: boolean;
  minutes: number;
  words_share: number;
  words: string[];
  troubles: string[];
  items: string[];
  phone: boolean | null;
  photo_bits: number | null;
}

/** How an assignment came to be. */
export interface Decided {
  by: string;
  at: string;
  by_hand: boolean;
  reason: string | null;
  instead_of: string | null;
  plan_id: string | null;
  lines: { need_id: number; item: string; quantity: number; supply_id: string | null; why: Why }[];
}

/** What the plan in force says of one case. */
export type CasePlan = Pick<PlanBrief, "id" | "state" | "ready_at" | "approved_at"> & {
  may_open: boolean;
  matches: Match[];
  unmet: Unmet[];
  kits: Plan["kits"];
};

export interface CaseDetail extends CaseRow {
  incident: string;
  vulnerable: Record<string, number>;
  tier_reason: string | null;
  score: { total: number; terms: Record<string, number>; version: number };
  reports: ReportDetail[];
  escalations: Escalation[];
  referrals: Referral[];
  needs: (NeedRow & { basis: string })[];
  assignments: AssignmentRow[];
  notes: Note[];
  ask_back: AskBack | null;
  possible_duplicates: Twin[];
  photos: Photo[];
  plan: CasePlan | null;
  /** By the assignment's id. */
  decided: Record<string, Decided>;
  rulings: Ruling[];
  /** Where the lots lie that the reasons name, and who the volunteers are. */
  sources: Plan["sources"];
  volunteers: Record<string, { alias: string }>;
}

export interface Lack {
  code: string;
  [number: string]: string | number;
}

export interface Candidate {
  kind: "goods" | "service";
  quantity: number;
  possible: boolean;
  terms: { minutes: number; trip_minutes: number; cost: number };
  minutes_left: number | null;
  lacks: Lack[];
  lot_id?: string;
  site_id?: string;
  site?: string;
  free?: number;
  expiry?: string | null;
  volunteer_id?: string;
  alias?: string;
  vehicle?: string | null;
  skills?: string[];
}

export const loadCase = (id: number, signal: AbortSignal): Promise<Result<CaseDetail>> =>
  get(`/api/cases/${id}`, signal);

export type CaseAction = "verify" | "reject" | "take_back" | "merge" | "split" | "keep_apart" | "ask" | "note" | "set_tier";

export const actOn = (id: number, action: CaseAction, body: unknown): Promise<Result<CaseDetail>> =>
  // A merge may be sent as the page is left: it was held back for a moment, to be undone.
  post(`/api/cases/${id}/${action}`, body, action === "merge");

export const loadCandidates = (needId: number, signal: AbortSignal): Promise<Result<{ candidates: Candidate[] }>> =>
  get(`/api/needs/${needId}/candidates`, signal);

/** The word of a question about one thing. */
export const askedAs = (about: AskBack["about"], danger: AskBack["danger"]): string =>
  about === "danger" ? `ask_back.danger.${danger ?? "trapped"}` : `ask_back.${about}`;
