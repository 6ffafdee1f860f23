/** What the server says of sites, stock and volunteers. */
import type { Effect } from "../../store";
import { call, get, post, withQuery, type Result } from "../calls";
import type { AssignmentLine, SiteRow, Tier } from "../rows";
import { orKept, send } from "./kept";

export interface Site extends SiteRow {
  accuracy_m: number | null;
  address: string | null;
  is_public: boolean;
  version: number;
}

export interface Lot {
  id: string;
  site_id: string;
  item: string;
  unit: string;
  expiry: string | null;
  is_expired: boolean;
  gift_id: string | null;
  on_hand: number;
  held: number;
  free: number;
}

export interface Entry {
  id: number;
  item: string;
  quantity: number;
  reason: string;
  note: string | null;
  by: string;
  at: string;
}

export interface Pickup {
  id: string;
  case_id: number;
  state: string;
  tier: Tier;
  area: string;
  volunteer: string | null;
  vehicle: string | null;
  attention: string | null;
  changed_at: string;
  lines: AssignmentLine[];
  trip_id: string;
  wave: { id: string; name: string; departs_at: string } | null;
  lots: { lot_id: string; quantity: number }[];
}

export interface Volunteer {
  id: string;
  alias: string;
  name: string | null;
  phone_last3: string | null;
  state: "pending" | "accepted" | "refused";
  home_area: string;
  skills: string[];
  vehicle: string | null;
  created_at: string;
}

export const SITE_KINDS = ["post", "warehouse", "shelter", "health_centre", "clinic", "hospital"] as const;

const PAGE = 500;
/** Pages of a list beyond which nobody scrolls: the search on the page finds what is among them. */
const MOST_PAGES = 10;

/** The parts of a list, one after the other. */
async function whole<T>(
  noun: "sites" | "volunteers",
  asked: Record<string, string>,
  signal: AbortSignal,
): Promise<Result<T[]>> {
  const rows: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer: Result<Record<string, unknown>> = await get(
      withQuery(`/api/${noun}`, { ...asked, limit: PAGE, cursor }),
      signal,
    );
    if (!answer.ok) return answer;
    rows.push(...(answer.value[noun] as T[]));
    cursor = answer.value.next as string | null;
    if (cursor === null) break;
  }
  return { ok: true, value: rows };
}

export const loadSites = (signal: AbortSignal): Promise<Result<Site[]>> =>
  orKept("list", () => whole("sites", {}, signal));
export const loadSite = (id: string, signal: AbortSignal): Promise<Result<Site>> =>
  orKept(`${id}/site`, () => get(`/api/sites/${id}`, signal));
export const loadStock = (id: string, signal: AbortSignal): Promise<Result<{ lots: Lot[] }>> =>
  orKept(`${id}/stock`, () => get(`/api/sites/${id}/stock`, signal));
export const loadLedger = (id: string, signal: AbortSignal): Promise<Result<{ entries: Entry[] }>> =>
  orKept(`${id}/ledger`, () => get(withQuery(`/api/sites/${id}/ledger`, { limit: 50 }), signal));
export const loadPickups = (id: string, signal: AbortSignal): Promise<Result<{ pickups: Pickup[] }>> =>
  orKept(`${id}/pickups`, () => get(`/api/sites/${id}/pickups`, signal));
export const loadVolunteers = (state: string, signal: AbortSignal): Promise<Result<Volunteer[]>> =>
  whole("volunteers", { state }, signal);

export const addSite = (body: unknown): Promise<Result<Site>> => post("/api/sites", body);
export const changeSite = (id: string, body: unknown): Promise<Result<Site>> => call("PATCH", `/api/sites/${id}`, body);
export const changeStock = (action: StockAction, body: unknown): Promise<Result<{ lots: Lot[] }>> =>
  post(`/api/stock/${action}`, body);
/** A change of stock with its `client_id`; kept on the phone without a signal, where it says `told`. */
export const sendStock = (
  action: StockAction,
  body: { client_id?: string },
  told: string,
  effects: Effect[],
): Promise<Result<{ lots: Lot[] } | "kept">> =>
  send({ id: `stock/${body.client_id}`, path: `/api/stock/${action}`, body, told, effects });
export const acceptVolunteer = (id: string): Promise<Result<{ name: string; one_time_password: string }>> =>
  post(`/api/volunteers/${id}/accept`);
export const refuseVolunteer = (id: string): Promise<Result<unknown>> => post(`/api/volunteers/${id}/refuse`);

export type StockAction = "receive" | "adjust" | "transfer" | "write_off" | "break_kit";
