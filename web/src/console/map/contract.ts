/** What the console and its map say to each other; the map's own script loads when it is first looked at. */
import type { FeatureCollection } from "geojson";

export interface MapFiles {
  script: string;
  worker: string;
  style: string;
}

export interface MapStart {
  incident: string;
  tiles: string;
  worker: string;
  bounds: [number, number, number, number];
  labels: { zoomIn: string; zoomOut: string; sources: string };
  onPick: (what: Picked) => void;
  onReady: () => void;
}

/** Cases at one place (one, or several that lie together), or a site or volunteer. */
export type Picked = { cases: number[] } | { site: string } | { volunteer: string } | null;

export type MapSource = "cases" | "sites" | "volunteers" | "lines" | "chosen";

export interface LiveMap {
  show(source: MapSource, features: FeatureCollection): void;
  /** Bring a place into view, as near as it is sure (metres), beside what covers the right edge (pixels). */
  look(lon: number, lat: number, accuracyM: number, coveredRight: number): void;
  fit(bounds: [number, number, number, number]): void;
  resize(): void;
  remove(): void;
}

declare global {
  interface Window {
    tanggapMap?: (container: HTMLElement, start: MapStart) => LiveMap;
  }
}
