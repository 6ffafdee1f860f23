/** What of a plan is looked at: how it is narrowed, which line is open, and the lines that remain. */
import { word } from "../../words";
import type { Model } from "../model";
import { placeName } from "../places";
import { TIERS, type Tier } from "../rows";
import type { Gone, Match, Plan, Unmet, Village } from "./detail";

export type Tab = "matches" | "villages" | "sites" | "unmet" | "changes" | "proof";
export const TABS: readonly Tab[] = ["matches", "villages", "sites", "unmet", "changes", "proof"];

/** Where the lines of services come from, among the sites. */
export const SERVICES = "services";

export interface View {
  tab: Tab;
  text: string;
  item: string;
  tiers: ReadonlySet<Tier>;
  /** Lines that were picked together on the map. */
  only: { label: string; matches: ReadonlySet<number>; needs: ReadonlySet<number> } | null;
  site: string | null;
  area: string | null;
  /** The row of the present table that is open. */
  opened: string | null;
}

export const EVERYTHING: View = {
  tab: "matches",
  text: "",
  item: "",
  tiers: new Set(TIERS),
  only: null,
  site: null,
  area: null,
  opened: null,
};

export const matchKey = (match: Match): string => `m${match.n}`;
export const unmetKey = (one: Unmet): string => `u${one.need_id}`;
export const siteOf = (match: { site_id: string | null }): string => match.site_id ?? SERVICES;

/** The names and places that a plan speaks of by id; what the plan does not tell is taken from the board. */
export class Places {
  private sites = new Map<string, { name: string; at: Point | null }>();
  private suppliers: Map<string, string>;
  private areas: Map<string, Point>;

  constructor(
    readonly plan: Plan,
    readonly model: Model,
  ) {
    for (const { site_id, name } of Object.values(plan.sources)) this.sites.set(site_id, { name, at: null });
    for (const site of plan.sites) {
      const name = site.name ?? this.sites.get(site.site_id)?.name ?? "";
      this.sites.set(site.site_id, { name, at: pointOf(site) });
    }
    this.suppliers = supplierNames(plan, model);
    this.areas = middles(
      [...plan.matches, ...plan.unmet].flatMap((one): [string, Point | null][] => {
        const at = this.ofCase(one);
        return [
          [one.area, at],
          [above(one.area), at],
        ];
      }),
    );
  }

  supplier = (id: string): string => this.suppliers.get(id) ?? word("plan.other_supply");
  get names(): Map<string, string> {
    return this.suppliers;
  }

  siteName(site: string): string {
    if (site === SERVICES) return word("plan.services");
    return this.sites.get(site)?.name || this.model.board.tables.sites.get(site)?.name || word("plan.other_supply");
  }

  /** Who or what a line comes from, in words. */
  source(match: { site_id: string | null; volunteer_id: string | null }): string {
    return match.volunteer_id ? this.supplier(match.volunteer_id) : this.siteName(siteOf(match));
  }

  siteAt = (site: string): Point | null =>
    this.sites.get(site)?.at ?? pointOf(this.model.board.tables.sites.get(site) ?? {});

  from(match: { site_id: string | null; volunteer_id: string | null }): Point | null {
    if (match.site_id) return this.siteAt(match.site_id);
    const id = match.volunteer_id ?? "";
    return pointOf(this.plan.volunteers?.[id] ?? this.model.board.tables.volunteers.get(id) ?? {});
  }

  ofCase = (one: { case_id: number; lon?: number | null; lat?: number | null }): Point | null =>
    pointOf(one) ?? pointOf(this.model.board.case(one.case_id) ?? {});

  /** The site that lies nearest to a case, of those that the plan names; the lot that its reason names may be there. */
  nearestSite(one: Unmet): string | null {
    const lot = one.why.nearest && this.plan.sources[one.why.nearest.supply_id];
    if (lot) return lot.site_id;
    const at = this.ofCase(one);
    if (!at) return null;
    const away = [...this.sites.keys()].flatMap((site): [number, string][] => {
      const there = this.siteAt(site);
      return there ? [[Math.hypot(there[0] - at[0], there[1] - at[1]), site]] : [];
    });
    return away.sort((a, b) => a[0] - b[0])[0]?.[1] ?? null;
  }

  /** Where the nearest supply that a reason names is. */
  ofNearest(one: Unmet): Point | null {
    const id = one.why.nearest?.supply_id ?? "";
    const lot = this.plan.sources[id];
    return this.from({ site_id: lot?.site_id ?? null, volunteer_id: lot ? null : id });
  }

  /** The middle of all that a plan says of an area. */
  ofArea = (area: string): Point | null => this.areas.get(area) ?? null;
}

const above = (area: string): string => area.split(".").slice(0, -1).join(".");

export type Point = [number, number];

function pointOf(one: { lon?: number | null; lat?: number | null }): Point | null {
  return typeof one.lon === "number" && typeof one.lat === "number" ? [one.lon, one.lat] : null;
}

function middles(points: [string, Point | null][]): Map<string, Point> {
  const sums = new Map<string, [number, number, number]>();
  for (const [area, point] of points) {
    if (!point) continue;
    const [lon, lat, count] = sums.get(area) ?? [0, 0, 0];
    sums.set(area, [lon + point[0], lat + point[1], count + 1]);
  }
  return new Map([...sums].map(([area, [lon, lat, count]]) => [area, [lon / count, lat / count]]));
}

/** Lots and volunteers by the id that reasons name them by. */
export function supplierNames(plan: Plan, model: Model): Map<string, string> {
  const names = new Map(Object.entries(plan.sources).map(([lot, source]) => [lot, source.name]));
  for (const one of model.board.tables.volunteers.values()) names.set(one.id, one.alias);
  for (const [id, one] of Object.entries(plan.volunteers ?? {})) names.set(id, one.alias);
  return names;
}

export interface Narrowed {
  matches: Match[];
  unmet: Unmet[];
  villages: Village[];
  gone: Gone[];
}

interface Line {
  item: string;
  tier: Tier;
  area: string;
  case_id: number;
}

/** The lines that pass what the view asks for. */
export function narrowed(plan: Plan, places: Places, view: View): Narrowed {
  const text = view.text.trim().toLowerCase();
  const says = (line: Line, source: string) =>
    !text ||
    [word(`items.${line.item}`), placeName(line.area), source, `#${line.case_id}`].some((part) =>
      part.toLowerCase().includes(text),
    );
  const passes = (line: Line, source: string) =>
    view.tiers.has(line.tier) &&
    (!view.item || line.item === view.item) &&
    (!view.area || line.area === view.area) &&
    says(line, source);
  const fromSite = (line: { site_id: string | null }) => !view.site || siteOf(line) === view.site;
  const matches = plan.matches.filter(
    (match) => (view.only?.matches.has(match.n) ?? true) && fromSite(match) && passes(match, places.source(match)),
  );
  const unmet = plan.unmet.filter((one) => (view.only?.needs.has(one.need_id) ?? true) && passes(one, ""));
  const gone = (plan.difference?.gone ?? []).filter((line) => fromSite(line) && passes(line, places.source(line)));
  return { matches, unmet, villages: villagesOf(plan, matches, unmet, view), gone };
}

/** The villages of the lines that remain. */
function villagesOf(plan: Plan, matches: Match[], unmet: Unmet[], view: View): Village[] {
  if (!isNarrowed({ ...view, tab: "villages" })) return plan.villages;
  const areas = new Set([...matches, ...(view.site ? [] : unmet)].map((line) => line.area));
  return plan.villages.filter((one) => areas.has(one.area));
}

export const isNarrowed = (view: View): boolean =>
  Boolean(view.text || view.item || view.only || view.site || view.area) || view.tiers.size < TIERS.length;

export interface SiteLine {
  site: string;
  matches: Match[];
  cases: number;
  villages: number;
  farthest: number;
}

export function sitesOf(matches: Match[]): SiteLine[] {
  return [...groups(matches, siteOf)].map(([site, lines]) => ({
    site,
    matches: lines,
    cases: new Set(lines.map((line) => line.case_id)).size,
    villages: new Set(lines.map((line) => line.area)).size,
    farthest: Math.max(...lines.map((line) => line.minutes)),
  }));
}

export function groups<T>(lines: T[], keyOf: (line: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const line of lines) {
    const key = keyOf(line);
    const there = found.get(key);
    if (there) there.push(line);
    else found.set(key, [line]);
  }
  return found;
}

/** Units of each item in some lines, the most urgent items first. */
export function amounts(lines: { item: string; tier: Tier; quantity: number }[]): { item: string; quantity: number }[] {
  return [...groups(lines, (line) => line.item)]
    .map(([item, those]) => ({
      item,
      tier: Math.min(...those.map((line) => line.tier)),
      quantity: those.reduce((sum, line) => sum + line.quantity, 0),
    }))
    .sort((a, b) => a.tier - b.tier || a.item.localeCompare(b.item));
}

export type Mark = { kind: "new" } | { kind: "changed"; before: number };

/** How lines differ from the plan in force, by number. */
export function marks(plan: Plan): Map<number, Mark> {
  const found = new Map<number, Mark>();
  // Without a plan in force everything would be new, which says nothing.
  if (!plan.difference?.against) return found;
  for (const n of plan.difference.new) found.set(n, { kind: "new" });
  for (const { n, before } of plan.difference.changed) found.set(n, { kind: "changed", before });
  return found;
}

/** The lines that stand out: those of the open row, or else those that were picked or narrowed to a place. */
export function pickedOf(view: View, lines: Narrowed): { matches: Match[]; unmet: Unmet[] } {
  const { opened, tab } = view;
  if (opened === null) {
    if (!view.only && !view.site && !view.area) return { matches: [], unmet: [] };
    return tab === "unmet" ? { matches: [], unmet: lines.unmet } : { matches: lines.matches, unmet: [] };
  }
  if (tab === "sites") return { matches: lines.matches.filter((match) => siteOf(match) === opened), unmet: [] };
  if (tab === "villages")
    return {
      matches: lines.matches.filter((match) => match.area === opened),
      unmet: lines.unmet.filter((one) => one.area === opened),
    };
  return {
    matches: lines.matches.filter((match) => matchKey(match) === opened),
    unmet: tab === "unmet" ? lines.unmet.filter((one) => unmetKey(one) === opened) : [],
  };
}
