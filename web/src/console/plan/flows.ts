/** A plan as the map's features. Every feature has a key; what it stands for is kept beside, for when it is clicked. */
import type { Feature, FeatureCollection } from "geojson";
import { RANGES, type Bounds, type PlanSource, type Range } from "../map/contract";
import { caseIconOf, openIconOf } from "../map/icon_names";
import { placeName } from "../places";
import type { Tier } from "../rows";
import type { Gone, Match, Unmet } from "./detail";
import { groups, siteOf, type Narrowed, type Places, type Point } from "./view";

export const collection = (features: Feature[]): FeatureCollection => ({ type: "FeatureCollection", features });

/** What a sign on the map stands for. */
export interface Member {
  label: string;
  matches: Match[];
  unmet: Unmet[];
}

export interface Drawn {
  sources: Partial<Record<PlanSource, FeatureCollection>>;
  members: Map<string, Member>;
  bounds: Bounds | null;
}

const point = (at: Point, properties: Record<string, unknown>): Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: at },
  properties,
});

const line = (from: Point, to: Point, properties: Record<string, unknown>): Feature => ({
  type: "Feature",
  geometry: { type: "LineString", coordinates: [from, to] },
  properties,
});

const worst = (lines: { tier: Tier }[]): Tier => Math.min(...lines.map((one) => one.tier)) as Tier;

/** How much a quantity is of its item: in middle loads of that item, so that litres and tents can be compared. */
function sizes(matches: Match[]): Map<number, number> {
  const middle = new Map<string, number>();
  for (const [item, those] of groups(matches, (match) => match.item)) {
    const sorted = those.map((match) => match.quantity).sort((a, b) => a - b);
    middle.set(item, sorted[sorted.length >> 1] ?? 1);
  }
  return new Map(matches.map((match) => [match.n, match.quantity / (middle.get(match.item) ?? 1)]));
}

export function drawn(lines: Narrowed, places: Places, withGone: boolean): Drawn {
  const members = new Map<string, Member>();
  const sources: Drawn["sources"] = {
    gone: collection(withGone ? goneLines(lines.gone, places) : []),
    sites: collection(origins(lines.matches, places)),
  };
  for (const range of RANGES) {
    sources[`flows-${range}`] = collection(flows(lines.matches, places, members, range));
    sources[`open-${range}`] = collection(openSigns(lines.unmet, places, members, range));
  }
  const near = sources["flows-case"]?.features ?? [];
  sources.ends = collection(
    near.flatMap(({ geometry }) => (geometry.type === "LineString" ? [point(geometry.coordinates[1] as Point, {})] : [])),
  );
  return { sources, members, bounds: boundsOf([...near, ...(sources["open-case"]?.features ?? [])]) };
}

const originOf = (match: Match): string => match.volunteer_id ?? siteOf(match);

const DISTRICT_PARTS = 3;

/** What a line ends in, seen from this far. */
function targetOf(one: { area: string; case_id: number }, range: Range): string {
  if (range === "case") return String(one.case_id);
  return range === "village" ? one.area : one.area.split(".").slice(0, DISTRICT_PARTS).join(".");
}

function placeOf(one: Match | Unmet, places: Places, range: Range): Point | null {
  return range === "case" ? places.ofCase(one) : places.ofArea(targetOf(one, range));
}

function flows(matches: Match[], places: Places, members: Map<string, Member>, range: Range): Feature[] {
  const size = sizes(matches);
  const features: Feature[] = [];
  let largest = 0;
  for (const [key, those] of groups(matches, (match) => `${range} ${originOf(match)} ${targetOf(match, range)}`)) {
    const first = those[0] as Match;
    const [from, to] = [places.from(first), placeOf(first, places, range)];
    if (!from || !to) continue;
    const total = those.reduce((sum, match) => sum + (size.get(match.n) ?? 0), 0);
    largest = Math.max(largest, total);
    features.push(line(from, to, { key, tier: worst(those), size: total }));
    members.set(key, { label: `${places.source(first)} → ${labelOf(first, range)}`, matches: those, unmet: [] });
  }
  // Against the largest one, so that a plan of any size shows which lines carry the most.
  return features.map((one) => ({ ...one, properties: { ...one.properties, size: one.properties?.size / largest } }));
}

const labelOf = (one: Match | Unmet, range: Range): string =>
  placeName(range === "district" ? targetOf(one, range) : one.area);

function openSigns(unmet: Unmet[], places: Places, members: Map<string, Member>, range: Range): Feature[] {
  const features: Feature[] = [];
  for (const [key, those] of groups(unmet, (one) => `open ${range} ${targetOf(one, range)}`)) {
    const first = those[0] as Unmet;
    const at = placeOf(first, places, range);
    if (!at) continue;
    const tier = worst(those);
    const icon = range === "case" ? caseIconOf(tier) : openIconOf(tier);
    features.push(point(at, { key, tier, count: those.length, icon }));
    members.set(key, { label: labelOf(first, range), matches: [], unmet: those });
  }
  return features;
}

const goneLines = (gone: Gone[], places: Places): Feature[] =>
  gone.flatMap((one) => {
    const [from, to] = [places.from(one), places.ofCase(one)];
    return from && to ? [line(from, to, {})] : [];
  });

function origins(matches: Match[], places: Places): Feature[] {
  return [...groups(matches, originOf)].flatMap(([id, those]) => {
    const first = those[0] as Match;
    const at = places.from(first);
    const icon = first.volunteer_id ? "volunteer" : "site";
    return at ? [point(at, { id: siteOf(first), name: places.source(first), icon, origin: id })] : [];
  });
}

/** What is picked, drawn over all the rest. */
export function pickedFeatures(lines: { matches: Match[]; unmet: Unmet[] }, places: Places): FeatureCollection {
  const paths = lines.matches.flatMap((match) => {
    const [from, to] = [places.from(match), places.ofCase(match)];
    return from && to ? [line(from, to, {})] : [];
  });
  const spots = lines.unmet.flatMap((one) => {
    const at = places.ofCase(one);
    return at ? [point(at, {})] : [];
  });
  return collection([...paths, ...spots, ...wayToNearest(lines.unmet, places)]);
}

/** Of one need alone: the way from the nearest that there is, which its reason speaks of. */
function wayToNearest(unmet: Unmet[], places: Places): Feature[] {
  const [one, ...others] = unmet;
  if (!one || others.length) return [];
  const [from, to] = [places.ofNearest(one), places.ofCase(one)];
  return from && to ? [line(from, to, { isIdea: true })] : [];
}

export function boundsOf(features: Feature[]): Bounds | null {
  const all = features.flatMap(({ geometry }) =>
    geometry.type === "LineString"
      ? (geometry.coordinates as Point[])
      : geometry.type === "Point"
        ? [geometry.coordinates as Point]
        : [],
  );
  if (!all.length) return null;
  const bounds: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of all) {
    bounds[0] = Math.min(bounds[0], lon);
    bounds[1] = Math.min(bounds[1], lat);
    bounds[2] = Math.max(bounds[2], lon);
    bounds[3] = Math.max(bounds[3], lat);
  }
  return bounds;
}
