/** What the server says of plans. */
import type { Result } from "../calls";
import { get, post, withQuery } from "../calls";
import type { Tier } from "../rows";
import type { Why, WhyOpen } from "../why";
import type { KitsToOpen } from "./kits";

export type PlanState = "requested" | "ready" | "failed" | "approved" | "superseded";

export interface PlanBrief {
  id: string;
  incident: string;
  area: string;
  kind: "live" | "wave" | "what_if";
  /** What was asked for besides a plan: of a wave its name and departure, of a trial its changes. */
  asked: { name?: string; departs_at?: string; changes?: Change[]; base_plan_id?: string | null };
  state: PlanState;
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
  /** Closed roads that its ways go around. */
  closures?: number;
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
  lon: number | null;
  lat: number | null;
  /** Left out of a wave by hand. */
  taken_out: boolean;
  ruling: "pin" | null;
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

export interface Village {
  area: string;
  needs: number;
  left_open: number;
  /** People, so that litres and blankets can be added up; after the plan is carried out. */
  asked: number;
  covered: number;
  share: number;
  longest_wait_min: number | null;
}

export interface Fairness {
  strength: number;
  gini: number;
  worst: { area: string; share: number } | null;
  price: {
    minutes: number;
    share: number;
    gini_without: number;
    worst_without: { area: string; share: number } | null;
  } | null;
}

export interface Ruling {
  id: string;
  kind: "pin" | "forbid";
  need_id: number;
  case_id: number;
  item: string;
  area: string;
  lot_id: string | null;
  volunteer_id: string | null;
  quantity: number | null;
  reason: string;
  by: string;
  at: string;
  ended_by: string | null;
  /** What the plan would have saved without it; null when there was no time to tell. */
  cost_minutes?: number | null;
  cost_units?: number | null;
  state?: "followed" | "done" | "fallen";
  because?: string | null;
}

export type Gone = Pick<
  Match,
  "need_id" | "case_id" | "item" | "tier" | "area" | "lot_id" | "site_id" | "volunteer_id" | "quantity" | "minutes"
>;

export interface Difference {
  against: string | null;
  new: number[];
  gone: Gone[];
  changed: { n: number; before: number }[];
}

export type Change =
  | { kind: "add_stock"; site_id: string; item: string; quantity: number }
  | { kind: "close_site"; site_id: string }
  | { kind: "add_vehicle"; site_id: string; vehicle: string; count: number }
  | { kind: "add_volunteer"; site_id: string; skills: string[]; count: number };

/** The figures of a plan that a trial is held against. */
export interface Standing {
  plan_id?: string | null;
  cost: number;
  unmet_units: number;
  open_needs: number;
  /** When a load arrives on average, by urgency; one without a vehicle counts as a day. Older plans lack it. */
  mean_minutes?: number | null;
  last_minutes: number | null;
  /** Loads that no vehicle brings. */
  loads_left: number;
  gini: number;
}

export interface Served {
  need_id: number;
  case_id: number;
  item: string;
  area: string;
  quantity: number;
}

export interface WhatIf {
  changes: Change[];
  base: Standing;
  now: Standing;
  served_more: Served[];
  served_less: Served[];
}

export interface Carriers {
  loads: number;
  vehicles: Record<string, number>;
  /** When a load arrives on average, by urgency; one without a vehicle counts as a day. Older plans lack it. */
  mean_minutes?: number | null;
  last_minutes: number | null;
  left: { case_id: number; site_id: string; matches: number[]; why: string }[];
}

/** One way of one vehicle from a site by its stops; times in minutes from the plan. */
export interface Trip {
  n: number;
  /** The how manieth of this vehicle. */
  turn: number;
  site_id: string;
  vehicle: string;
  volunteer_id: string | null;
  minutes: number;
  km: number;
  weight_kg: number;
  stops: { case_id: number; matches: number[]; lines: { n: number; quantity: number }[]; minutes: number }[];
}

export interface Plan extends PlanBrief {
  matches: Match[];
  unmet: Unmet[];
  /** Where each lot lies that the plan or its reasons name. */
  sources: Record<string, { site_id: string; name: string }>;
  sites: { site_id: string; name?: string; lon?: number | null; lat?: number | null; matches: number }[];
  volunteers?: Record<string, { alias: string; lon: number | null; lat: number | null }>;
  /** By item, the kits that would serve more of it when they are all opened. */
  kits: Record<string, KitsToOpen[]>;
  villages: Village[];
  fairness?: Fairness;
  rulings?: Ruling[];
  trips: Trip[];
  carriers?: Carriers;
  difference?: Difference;
  what_if?: WhatIf;
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
export const askWhatIf = (incident: string, area: string | null, changes: Change[]): Promise<Result<PlanBrief>> =>
  post("/api/plans/what-if", { incident, ...(area ? { area } : {}), changes });

export interface NewRuling {
  kind: "pin" | "forbid";
  need_id: number;
  lot_id?: string;
  volunteer_id?: string;
  quantity?: number;
  reason: string;
}

export const rule = (ruling: NewRuling): Promise<Result<Ruling>> => post("/api/rulings", ruling);
export const endRuling = (id: string, reason: string): Promise<Result<Ruling>> =>
  post(`/api/rulings/${id}/end`, { reason });

export const loadWaves = (incident: string, signal: AbortSignal): Promise<Result<{ waves: PlanBrief[] }>> =>
  get(withQuery("/api/waves", { incident }), signal);
export const draftWave = (
  incident: string,
  area: string | null,
  name: string,
  departsAt: string,
): Promise<Result<PlanBrief>> =>
  post("/api/waves", { incident, ...(area ? { area } : {}), name, departs_at: departsAt });

export interface WaveEdit {
  version: number;
  take_out: number[];
  put_back: number[];
  quantities: Record<number, number>;
  reason: string;
}

export const editWave = (id: string, edit: WaveEdit): Promise<Result<Plan>> => post(`/api/waves/${id}/edit`, edit);
