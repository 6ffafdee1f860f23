/** A plan as the map's features. Every feature has a key; what it stands for is kept beside, for when it is clicked. */
import type { Feature, FeatureCollection } from "geojson";
import type { Bounds } from "../map/contract";
import { iconOf } from "../map/icon_names";
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
  far: FeatureCollection;
  near: FeatureCollection;
  ends: FeatureCollection;
  openFar: FeatureCollection;
  openNear: FeatureCollection;
  gone: FeatureCollection;
  sites: FeatureCollection;
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
  const far = flows(lines.matches, places, members, "far");
  const near = flows(lines.matches, places, members, "near");
  const openFar = openSigns(lines.unmet, places, members, "far");
  const openNear = openSigns(lines.unmet, places, members, "near");
  const ends = near.flatMap((one) =>
    one.geometry.type === "LineString" ? [point(one.geometry.coordinates[1] as Point, {})] : [],
  );
  return {
    far: collection(far),
    near: collection(near),
    ends: collection(ends),
    openFar: collection(openFar),
    openNear: collection(openNear),
    gone: collection(withGone ? goneLines(lines.gone, places) : []),
    sites: collection(sources(lines.matches, places)),
    members,
    bounds: boundsOf([...near, ...openNear]),
  };
}

const originOf = (match: Match): string => match.volunteer_id ?? siteOf(match);

/** One line from a source to a village (far) or to a case (near). */
function flows(matches: Match[], places: Places, members: Map<string, Member>, range: "far" | "near"): Feature[] {
  const size = sizes(matches);
  const target = (match: Match) => (range === "far" ? match.area : String(match.case_id));
  const features: Feature[] = [];
  for (const [key, those] of groups(matches, (match) => `${range} ${originOf(match)} ${target(match)}`)) {
    const first = those[0] as Match;
    const from = places.from(first);
    const to = range === "far" ? places.ofArea(first.area) : places.ofCase(first);
    if (!from || !to) continue;
    const total = those.reduce((sum, match) => sum + (size.get(match.n) ?? 0), 0);
    features.push(line(from, to, { key, tier: worst(those), size: total }));
    members.set(key, { label: `${places.source(first)} → ${placeName(first.area)}`, matches: those, unmet: [] });
  }
  return features;
}

function openSigns(unmet: Unmet[], places: Places, members: Map<string, Member>, range: "far" | "near"): Feature[] {
  const features: Feature[] = [];
  const place = (one: Unmet) => (range === "far" ? one.area : String(one.case_id));
  for (const [key, those] of groups(unmet, (one) => `open ${range} ${place(one)}`)) {
    const first = those[0] as Unmet;
    const at = range === "far" ? places.ofArea(first.area) : places.ofCase(first);
    if (!at) continue;
    const tier = worst(those);
    features.push(point(at, { key, tier, count: those.length, icon: iconOf(tier, false) }));
    members.set(key, { label: placeName(first.area), matches: [], unmet: those });
  }
  return features;
}

const goneLines = (gone: Gone[], places: Places): Feature[] =>
  gone.flatMap((one) => {
    const [from, to] = [places.from(one), places.ofCase(one)];
    return from && to ? [line(from, to, {})] : [];
  });

function sources(matches: Match[], places: Places): Feature[] {
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
  return collection([...paths, ...spots]);
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
