/** What the server says of plans. */
import type { Result } from "../calls";
import { get, post, withQuery } from "../calls";
import type { Tier } from "../rows";
import type { Why, WhyOpen } from "../why";

export interface PlanBrief {
  id: string;
  incident: string;
  area: string;
  state: "requested" | "ready" | "failed" | "approved" | "superseded";
  by: string;
  automatic: boolean;
  version: number;
  requested_at: string;
  ready_at: string | null;
  approved_at: string | null;
  cost?: number;
  lower_bound?: number;
  gap?: number;
  seconds?: number;
  needs?: number;
  matched?: number;
  waiting_for_verification?: number;
  waiting_for_place?: number;
}

export interface Match {
  n: number;
  need_id: number;
  case_id: number;
  item: string;
  tier: Tier;
  area: string;
  lot_id: string | null;
  site_id: string | null;
  volunteer_id: string | null;
  quantity: number;
  minutes: number;
  why: Why;
}

export interface Unmet {
  need_id: number;
  case_id: number;
  item: string;
  tier: Tier;
  area: string;
  quantity: number;
  why: WhyOpen;
}

export interface Plan extends PlanBrief {
  matches: Match[];
  unmet: Unmet[];
  /** Where each lot lies that the plan or its reasons name. */
  sources: Record<string, { site_id: string; name: string }>;
  villages: { area: string; needs: number; left_open: number }[];
}

export interface Approved {
  approved: string[];
  dropped: { n: number; reason: string }[];
  reduced: { n: number; quantity: number; reason: string }[];
}

export const loadPlans = (incident: string, signal: AbortSignal): Promise<Result<{ plans: PlanBrief[] }>> =>
  get(withQuery("/api/plans", { incident }), signal);
export const loadPlan = (id: string, signal: AbortSignal): Promise<Result<Plan>> => get(`/api/plans/${id}`, signal);
export const askForPlan = (incident: string, area: string | null): Promise<Result<PlanBrief>> =>
  post("/api/plans", { incident, ...(area ? { area } : {}) });
export const approve = (id: string, version: number, only: number[] | null): Promise<Result<Approved>> =>
  post(`/api/plans/${id}/approve`, { version, ...(only ? { only } : {}) });
