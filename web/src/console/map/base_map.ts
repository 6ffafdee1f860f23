/** What lies under every map of ours: land, borders, roads, names; and how such a map behaves under the hand. */
import {
  AttributionControl,
  type GeoJSONSource,
  type ExpressionSpecification,
  type LayerSpecification,
  Map,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type SourceSpecification,
  type SymbolLayerSpecification,
} from "maplibre-gl";
import { coarseWhileMoved } from "./coarse";
import { addIcons } from "./icons";
import type { BaseStart } from "./contract";

export const FONT = ["Noto Sans", "Liberation Sans", "Arial", "sans-serif"];
export const BOLD = ["Noto Sans Bold", "Liberation Sans Bold", "Arial Bold", "sans-serif"];
/** The name below a sign, from near by. */
export const NAMED: SymbolLayerSpecification["layout"] = {
  "text-field": ["step", ["zoom"], "", 11, ["get", "name"]],
  "text-font": FONT,
  "text-size": 11,
  "text-offset": [0, 1.1],
  "text-anchor": "top",
  "text-optional": true,
};
export const NAME_PAINT = { "text-color": "#0b3d4a", "text-halo-color": "#ffffff", "text-halo-width": 1.4 };
export const EMPTY = { type: "FeatureCollection" as const, features: [] };

const AGAIN_MS = 3_000;

interface Drawing {
  sources: Record<string, SourceSpecification>;
  layers: LayerSpecification[];
}

/** A map in `container` with our base map and, on it, what is drawn; `ready` is called once features can be shown. */
export function newMap(container: HTMLElement, start: BaseStart, drawing: Drawing): Map {
  setWorkerUrl(start.worker);
  const map = new Map({
    container,
    style: {
      version: 8,
      sources: { ...baseSources(start.incident, start.tiles), ...drawing.sources },
      layers: [...baseLayers(start.layers, start.tiles), ...drawing.layers],
    },
    bounds: start.bounds,
    fitBoundsOptions: { padding: 24 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 18,
    fadeDuration: 0,
    locale: {
      "Map.Title": start.labels.title,
      "NavigationControl.ZoomIn": start.labels.zoomIn,
      "NavigationControl.ZoomOut": start.labels.zoomOut,
      "AttributionControl.ToggleAttribution": start.labels.sources,
    },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ unit: "metric" }), "bottom-right");
  map.addControl(new AttributionControl({ compact: true, customAttribution: start.labels.sources }), "bottom-left");
  fillLater(map);
  coarseWhileMoved(map);
  // All of it is there and drawn: what a picture of the page waits for.
  map.once("idle", () => (container.dataset.drawn = "yes"));
  map.once("style.load", () => {
    // Sources are told on request: on a phone they would cover the map.
    container.querySelector(".maplibregl-ctrl-attrib")?.classList.remove("maplibregl-compact-show");
    addIcons(map);
    start.onReady();
  });
  return map;
}

/** What of the base map did not come for want of a network is asked for again when there is one. */
function fillLater(map: Map): void {
  const missing = new Set<string>();
  let timer = 0;
  map.on("error", (event) => {
    const { sourceId, error } = event as { sourceId?: string; error: { status?: number } };
    if (error.status || !sourceId) return console.error(error);
    missing.add(sourceId);
    // A network that has come back meanwhile does not say so again.
    clearTimeout(timer);
    if (navigator.onLine) timer = window.setTimeout(fill, AGAIN_MS);
  });
  const fill = () => {
    for (const id of missing) {
      const source = map.getSource<GeoJSONSource>(id);
      const data = source?.serialize().data;
      if (data) source.setData(data);
    }
    missing.clear();
  };
  addEventListener("online", fill);
  map.once("remove", () => {
    clearTimeout(timer);
    removeEventListener("online", fill);
  });
}

/** Show by the pointer where a click does something. */
export function pointAt(map: Map, layers: string[]): void {
  for (const layer of layers) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
}

function baseSources(incident: string, tiles: string): Record<string, SourceSpecification> {
  const own = (name: string): SourceSpecification => ({ type: "geojson", data: `/api/basemap/${name}` });
  const found: Record<string, SourceSpecification> = {
    land: own(`land.geojson?incident=${encodeURIComponent(incident)}`),
    regencies: own("areas.geojson?level=regency"),
    districts: own("areas.geojson?level=district"),
    roads: own("roads.geojson"),
    names: own("names.geojson"),
  };
  if (tiles) found.tiles = { type: "raster", tiles: [tiles], tileSize: 256 };
  return found;
}

/** Layers of one source stand side by side: between two sources the whole map is masked anew. */
function baseLayers(there: string[], tiles: string): LayerSpecification[] {
  return [
    { id: "sea", type: "background", paint: { "background-color": "#d3e3e8" } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": "#f3f4ef" } },
    ...(there.includes("regencies") ? regencies(tiles) : tilesLayer(tiles)),
    ...(there.includes("districts") ? districts() : []),
    ...(there.includes("roads") ? roads() : []),
    ...names(),
  ];
}

function tilesLayer(tiles: string): LayerSpecification[] {
  return tiles ? [{ id: "tiles", type: "raster", source: "tiles" }] : [];
}

function regencies(tiles: string): LayerSpecification[] {
  return [
    { id: "regency-ground", type: "fill", source: "regencies", paint: { "fill-color": "#f3f4ef" } },
    ...tilesLayer(tiles),
    {
      id: "regency-borders",
      type: "line",
      source: "regencies",
      paint: { "line-color": "#8ba0a6", "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 11, 1.8] },
    },
  ];
}

function districts(): LayerSpecification[] {
  return [
    {
      id: "district-borders",
      type: "line",
      source: "districts",
      minzoom: 8,
      paint: { "line-color": "#b7c3c6", "line-width": 0.8, "line-dasharray": [3, 2] },
    },
  ];
}

function roads(): LayerSpecification[] {
  const isLarge: ExpressionSpecification = ["in", ["get", "class"], ["literal", ["motorway", "trunk", "primary"]]];
  const width: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 8, 0.6, 12, 2, 16, 6];
  return [
    {
      id: "small-roads",
      type: "line",
      source: "roads",
      minzoom: 11,
      filter: ["!", isLarge],
      paint: { "line-color": "#d8d2c4", "line-width": width },
    },
    {
      id: "large-roads",
      type: "line",
      source: "roads",
      minzoom: 7,
      filter: isLarge,
      paint: { "line-color": "#dfae72", "line-width": width },
    },
  ];
}

/** Most regencies begin with the same word; cities keep theirs, as both may bear one name. */
const SHORT_NAME: ExpressionSpecification = [
  "case",
  ["==", ["slice", ["get", "name"], 0, 10], "Kabupaten "],
  ["slice", ["get", "name"], 10],
  ["get", "name"],
];

function names(): LayerSpecification[] {
  const named = (
    level: string,
    minzoom: number,
    maxzoom: number,
    size: number,
    colour: string,
  ): LayerSpecification => ({
    id: `names-${level}`,
    type: "symbol",
    source: "names",
    minzoom,
    maxzoom,
    filter: ["==", ["get", "level"], level],
    layout: {
      "text-field": SHORT_NAME,
      "text-font": level === "regency" ? BOLD : FONT,
      "text-size": size,
      "text-max-width": 8,
      "text-padding": 4,
    },
    paint: { "text-color": colour, "text-halo-color": "#f8f9f5", "text-halo-width": 1.4 },
  });
  return [
    named("village", 12, 24, 11, "#5a6b72"),
    named("district", 9.5, 24, 12, "#465862"),
    named("regency", 6.5, 11, 13, "#2c3f48"),
  ];
}
