/** What the console and its map say to each other; the map's own script loads when it is first looked at. */
import type { FeatureCollection } from "geojson";

export interface MapFiles {
  script: string;
  worker: string;
  style: string;
}

export interface BaseStart {
  incident: string;
  tiles: string;
  worker: string;
  /** What the base map has besides land and names. */
  layers: string[];
  bounds: [number, number, number, number];
  labels: { title: string; zoomIn: string; zoomOut: string; sources: string };
  onReady: () => void;
}

export interface MapStart extends BaseStart {
  onPick: (what: Picked) => void;
}

/** Cases at one place (one, or several that lie together), or a site or volunteer. */
export type Picked = { cases: number[] } | { site: string } | { volunteer: string } | null;

export type MapSource = "sites" | "volunteers" | "lines" | "chosen";

export interface CasePoint {
  id: number;
  lon: number;
  lat: number;
  tier: 0 | 1 | 2 | 3;
  verified: boolean;
}

export interface LiveMap {
  /** All cases there are. */
  showCases(points: Iterable<CasePoint>): void;
  /** Some cases anew, and some that are no more to be seen. */
  changeCases(there: CasePoint[], gone: number[]): void;
  show(source: MapSource, features: FeatureCollection): void;
  /** Bring a place into view, as near as it is sure (metres), beside what covers the right edge (pixels). */
  look(lon: number, lat: number, accuracyM: number, coveredRight: number): void;
  /** `isLed`: the eye is led there from where it is. */
  fit(bounds: Bounds, isLed: boolean): void;
  remove(): void;
}

/** West, south, east, north. */
export type Bounds = [number, number, number, number];

/** Said to the window when cases have been drawn; `detail` names them. Benchmarks and tests listen. */
export const DRAWN = "tanggap:drawn";
/** How closely a plan is drawn: by district, by village, by case. */
export const RANGES = ["district", "village", "case"] as const;
export type Range = (typeof RANGES)[number];
export type PlanSource = `flows-${Range}` | `open-${Range}` | "gone" | "ends" | "sites" | "picked";

/** Where a plan's map is clicked: the keys of the flows and open needs there, the uppermost first, or a site. */
export type PlanPick = { keys: string[] } | { site: string } | null;

export interface PlanMapStart extends BaseStart {
  onPick: (what: PlanPick) => void;
}

export interface PlanMap {
  show(source: PlanSource, features: FeatureCollection): void;
  /** Draw all flows but the picked ones faintly. */
  dim(isOn: boolean): void;
  /** Bring all of it into view, unless it is in view already and large enough to see. */
  reveal(bounds: Bounds): void;
  fit(bounds: Bounds): void;
  remove(): void;
}

declare global {
  interface Window {
    tanggapPlanMap?: (container: HTMLElement, start: PlanMapStart) => PlanMap;
    tanggapMap?: (container: HTMLElement, start: MapStart) => LiveMap;
  }
}
