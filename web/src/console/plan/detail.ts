/** What the server says of plans. */
import type { Result } from "../calls";
import { get, post, withQuery } from "../calls";
import type { Tier } from "../rows";

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

export interface Lacking {
  code: string;
  [name: string]: unknown;
}

export interface Next {
  supply_id: string;
  minutes: number;
  free: number;
  left: number;
  lacks: Lacking[];
}

export interface Why {
  terms?: { minutes: number; keeps_minutes: number; weight: number; cost: number };
  price?: number;
  next?: Next[];
  /** When the way takes so much longer, a unit goes to another supply, or stays open (null). */
  flip?: { minutes_longer: number; goes_to: string | null; out_of_time: boolean };
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
  why: { code: string; nearest?: Next; would_serve?: { units: number; ahead: number } } & Record<string, unknown>;
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
