/** The names of areas by code, read once from the base map. */
import { within } from "./setup";
export interface PlaceName {
  code: string;
  name: string;
  level: string;
  /** Longitude and latitude, where they are known. */
  point: [number, number] | null;
}

const ROOM_DEGREES = 0.03;

export type Bounds = [number, number, number, number];

const names = new Map<string, PlaceName>();
const listeners = new Set<() => void>();
let loading: Promise<void> | null = null;
let readings = 0;

interface Feature {
  id: string;
  properties: { name: string; level: string };
  geometry: { coordinates: [number, number] } | null;
}

/** How often names came in: what was made of them before is out of date. */
export const namesVersion = (): number => readings;

export function loadNames(): Promise<void> {
  loading ??= readNames().finally(() => {
    if (!names.size) loading = null;
  });
  return loading;
}

async function readNames(): Promise<void> {
  // The browser keeps them for an hour, as the answer says.
  const answer = await fetch("/api/basemap/names.geojson").catch(() => null);
  if (!answer?.ok) return;
  const layer = (await answer.json()) as { features: Feature[] };
  for (const { id, properties, geometry } of layer.features) {
    names.set(id, { code: id, ...properties, point: geometry?.coordinates ?? null });
  }
  readings += 1;
  for (const listener of listeners) listener();
}

export function whenNamed(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A code that nobody knows stands for itself, but not while the names are still on their way. */
const nameOf = (code: string): string => names.get(code)?.name ?? (names.size ? code : "…");

/** A place as people call it: village and district, or whatever is known above. */
export function placeName(area: string): string {
  const parts = area.split(".");
  if (parts.length <= 1) return nameOf(area);
  const above = parts.slice(0, -1).join(".");
  return parts.length === 2 ? nameOf(area) : `${nameOf(area)}, ${nameOf(above)}`;
}

/** The place with everything above it but the province. */
export function wholePlaceName(area: string): string {
  const parts = area.split(".");
  return (
    parts
      .map((_, n) => nameOf(parts.slice(0, n + 1).join(".")))
      .slice(1)
      .reverse()
      .join(", ") || nameOf(area)
  );
}

/** West, south, east, north of all that is known of an area, with some room; null where nothing is. */
export function boundsOf(area: string): Bounds | null {
  const points = [...names.values()]
    .filter((place) => within(place.code, area))
    .flatMap((place) => (place.point ? [place.point] : []));
  if (!points.length) return null;
  const edge = (axis: 0 | 1, pick: (...values: number[]) => number) => pick(...points.map((point) => point[axis]));
  return [
    edge(0, Math.min) - ROOM_DEGREES,
    edge(1, Math.min) - ROOM_DEGREES,
    edge(0, Math.max) + ROOM_DEGREES,
    edge(1, Math.max) + ROOM_DEGREES,
  ];
}

/** The areas directly below one, by name. */
export function below(top: string): PlaceName[] {
  const depth = top === "" ? 1 : top.split(".").length + 1;
  const found = [...names.values()].filter(
    (place) => place.code.split(".").length === depth && (top === "" || place.code.startsWith(`${top}.`)),
  );
  return found.sort((a, b) => a.name.localeCompare(b.name));
}
