/** A volunteer's work as this phone knows it: from the API, else as it was last seen, with the steps that wait to be sent. */
import { ask, change, type Answer } from "./api";
import { enqueue, flush } from "./offline";
import { kept, waiting, type Waiting } from "./store";
import { forgetTyped } from "./typed";

interface Point {
  lon: number;
  lat: number;
  accuracy_m?: number;
}

export interface Job {
  id: string;
  /** What goes from one site by several stops is one trip: taken, refused and begun as one. */
  trip_id: string;
  stop: number;
  state: string;
  kind: "goods" | "service";
  version: number;
  tier: number;
  people: number | null;
  area: string;
  place: Point | null;
  site: { name: string; address: string | null; place: Point | null } | null;
  items: { need_id: number; item: string; quantity: number; unit: string; expiry: string | null }[];
  weight_kg: number;
  overdue?: boolean;
  road_closed?: boolean;
  /** By when the next step should come; a coordinator is called when it does not. */
  expected_at?: string | null;
}

/** Why an offer was put to this volunteer: see `offers.Reasons` of the server. */
export interface Why {
  minutes?: number | null;
  planned?: boolean;
  nearer?: number;
  asked?: number;
  by_hand?: boolean;
}

export interface Offer extends Job {
  offer_id: string;
  deadline_at: string;
  why: Why;
}

/** A call for help that is not over. */
export interface Call {
  id: string;
  state: "open" | "answered";
  called_at: string;
  answered_by: string | null;
}

export interface CheckIn {
  area: string;
  place: Point;
  until: string;
  skills: string[];
  vehicle: string | null;
  team: number | null;
}

export interface Work {
  /** Whose work it is: a phone may have several users. */
  volunteer: string;
  seen_at: number;
  offers: Offer[];
  jobs: Job[];
  checkin: CheckIn | null;
  call: Call | null;
  areas: Record<string, string>;
  /** How far the server's clock, by which deadlines are judged, is ahead of this phone's, in ms. */
  ahead_ms: number;
}

const KEPT = "work";
/** The cache in which the service worker keeps pages of the signed-in person. */
export const OWN_PAGES = "own-pages";
const NOTHING: Work = { volunteer: "", seen_at: 0, offers: [], jobs: [], checkin: null, call: null, areas: {}, ahead_ms: 0 };
const AFTER: Record<string, string> = { depart: "en_route", deliver: "delivered" };
/** What steps that this page has sent have made of their jobs, until the server is asked again. */
const made = new Map<string, string>();
/** States in which a step has been taken already. */
const PAST: Record<string, string[]> = {
  depart: ["en_route", "delivered", "confirmed"],
  deliver: ["delivered", "confirmed"],
  all_well: ["delivered", "confirmed", "failed", "cancelled"],
};

const volunteer = () => document.getElementById("work")?.dataset.volunteer ?? "";

/** What was last seen by this volunteer; works without a network. */
export async function lastSeen(): Promise<Work> {
  const work = await kept.get<Work>(KEPT).catch(() => undefined);
  return work?.volunteer === volunteer() ? work : NOTHING;
}

/** Removes what this phone remembers of a person's work; steps that wait to be sent stay. */
export async function forget(): Promise<void> {
  for (const name of [KEPT, "near", "history"]) await kept.remove(name);
  await forgetTyped();
  await kept.removeUnder("site/");
  if (typeof caches !== "undefined") await caches.delete(OWN_PAGES);
}

export type News = "fresh" | "offline" | "signed_out";

/** Asks the server, and keeps what it says for a time without network. */
export async function refresh(): Promise<News> {
  const asked_at = Date.now();
  const answers = await Promise.all(["/api/me/offers", "/api/me/assignments", "/api/checkins/current", "/api/me/distress"].map((path) => ask(path)));
  const [offers, jobs, checkin, distress] = answers as [Answer, Answer, Answer, Answer];
  if (answers.some(({ status }) => status === 401)) return "signed_out";
  if (answers.some(({ status, json }) => status !== 200 || json === null)) return "offline";
  const before = await lastSeen();
  const work: Work = {
    volunteer: volunteer(),
    seen_at: Date.now(),
    offers: offers.json!.offers as Offer[],
    jobs: jobs.json!.assignments as Job[],
    checkin: checkin.json!.checkin as CheckIn | null,
    call: distress.json!.call as Call | null,
    areas: before.areas,
    ahead_ms: new Date(offers.json!.now as string).getTime() - (asked_at + Date.now()) / 2,
  };
  await nameAreas(work);
  await kept.put(KEPT, work);
  made.clear();
  return "fresh";
}

async function nameAreas(work: Work): Promise<void> {
  const codes = [...work.offers, ...work.jobs, ...(work.checkin ? [work.checkin] : [])].map(({ area }) => area);
  await learnNames(codes, work.areas);
}

/** Asks for the names of those areas that are not known yet. */
async function learnNames(codes: string[], areas: Record<string, string>): Promise<void> {
  for (const code of new Set(codes.filter((code) => code && !areas[code]))) {
    const { json } = await ask(`/api/areas/${code}`, { anonymous: true });
    if (json) areas[code] = [json.name, ...(json.parents as { name: string }[]).map(({ name }) => name).reverse()].slice(0, 3).join(", ");
  }
}

/** A list of `near` or `history` with the names of its areas: from the server, else as it was kept, else null. */
export async function listOf<T extends { area: string }>(name: "near" | "history", rows: string): Promise<Listed<T> | null> {
  const { status, json } = await ask(`/api/me/${name}`);
  if (status !== 200 || json === null) return (await kept.get<Listed<T>>(name).catch(() => undefined)) ?? null;
  const found = (json[rows] ?? []) as T[];
  const areas = (await lastSeen()).areas;
  await learnNames(found.map(({ area }) => area), areas);
  const listed = { rows: found, areas, seen_at: Date.now(), whole: json };
  await kept.put(name, listed).catch(() => undefined);
  return listed;
}

export interface Listed<T> {
  rows: T[];
  areas: Record<string, string>;
  seen_at: number;
  whole: Record<string, unknown>;
}

/** Jobs or offers by trip, in the order of their first stops. */
export function byTrip<T extends Job>(jobs: T[]): T[][] {
  const trips = new Map<string, T[]>();
  for (const job of jobs) trips.set(job.trip_id, [...(trips.get(job.trip_id) ?? []), job]);
  return [...trips.values()];
}

/** A step that may be taken without a network: kept on the phone, sent once. `together`: the stops that it is for. */
export async function step(job: Job, action: "depart" | "deliver" | "all_well", body: Record<string, unknown>, together = [job]): Promise<void> {
  const id = `${job.id}/${action}`;
  const after = AFTER[action];
  for (const one of together) if (after) made.set(one.id, after);
  await enqueue({ id, kind: "step", path: `/api/assignments/${job.id}/${action}`, body, past: PAST[action] });
  await flush(true);
}

/** The photo of a hand-over, sent before the hand-over is told of; one taken anew gets the next number. */
export async function photo(job: Job, image: Blob): Promise<void> {
  const name = `photos/${job.id}`;
  const n = ((await kept.get<number>(name)) ?? 0) + 1;
  await kept.put(name, n);
  await enqueue({ id: `${job.id}/photo`, kind: "step", method: "PUT", path: `/api/assignments/${job.id}/photos/${n}`, body: image });
}

/** A step that only the server can decide. */
export const act = (job: Job, action: string, body: Record<string, unknown> = {}) =>
  change(`/api/assignments/${job.id}/${action}`, { body: { version: job.version, ...body } });

/** Steps of a job that have not reached the server, or were refused by it. */
export async function stepsOf(): Promise<Waiting[]> {
  return (await waiting.all()).filter(({ kind }) => kind === "step").sort((a, b) => a.made_at - b.made_at);
}

/** The job as it will be once its waiting steps, and the departure of its trip, are sent, or is now that they were. */
export function ahead(job: Job, steps: Waiting[], trip: Job[]): Job {
  const departures = new Set(trip.map(({ id }) => `${id}/depart`));
  const own = steps.filter(({ id }) => id.startsWith(`${job.id}/`) || (job.state === "accepted" && departures.has(id)));
  if (own.some(({ refused }) => refused)) made.delete(job.id);
  const taken = own.filter(({ refused }) => !refused).map(({ id }) => AFTER[id.split("/")[1]!]);
  const state = taken.filter(Boolean).pop() || made.get(job.id);
  return state ? { ...job, state } : job;
}
