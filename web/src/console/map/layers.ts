/** How the map looks: our own base map, and on it sites, volunteers, assignments and cases. */
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";

const FONT = ["Noto Sans", "Liberation Sans", "Arial", "sans-serif"];
const BOLD = ["Noto Sans Bold", "Liberation Sans Bold", "Arial Bold", "sans-serif"];
export const TIER_COLOURS = ["#a3121c", "#9a3b00", "#b07d00", "#0e6274"] as const;
const INK = "#14232b";
const PAPER = "#ffffff";

/** The zoom from which cases stand alone; clusters that hold together beyond it are at one point. */
export const APART_FROM_ZOOM = 13;

const EMPTY = { type: "FeatureCollection" as const, features: [] };

export function sources(incident: string, tiles: string): Record<string, SourceSpecification> {
  const own = (name: string): SourceSpecification => ({ type: "geojson", data: `/api/basemap/${name}` });
  const found: Record<string, SourceSpecification> = {
    land: own(`land.geojson?incident=${encodeURIComponent(incident)}`),
    regencies: own("areas.geojson?level=regency"),
    districts: own("areas.geojson?level=district"),
    roads: own("roads.geojson"),
    names: own("names.geojson"),
    lines: { type: "geojson", data: EMPTY },
    sites: { type: "geojson", data: EMPTY },
    volunteers: { type: "geojson", data: EMPTY },
    chosen: { type: "geojson", data: EMPTY },
    cases: {
      type: "geojson",
      data: EMPTY,
      cluster: true,
      clusterRadius: 44,
      clusterMaxZoom: APART_FROM_ZOOM - 1,
      clusterProperties: { worst: ["min", ["get", "tier"]] },
    },
  };
  if (tiles) found.tiles = { type: "raster", tiles: [tiles], tileSize: 256 };
  return found;
}

export function layers(tiles: string): LayerSpecification[] {
  return [
    { id: "sea", type: "background", paint: { "background-color": "#d3e3e8" } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": "#f3f4ef" } },
    { id: "regency-ground", type: "fill", source: "regencies", paint: { "fill-color": "#f3f4ef" } },
    ...(tiles ? [{ id: "tiles", type: "raster", source: "tiles" } as LayerSpecification] : []),
    {
      id: "district-borders",
      type: "line",
      source: "districts",
      minzoom: 8,
      paint: { "line-color": "#b7c3c6", "line-width": 0.8, "line-dasharray": [3, 2] },
    },
    {
      id: "regency-borders",
      type: "line",
      source: "regencies",
      paint: { "line-color": "#8ba0a6", "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 11, 1.8] },
    },
    ...roads(),
    ...names(),
    ...assignments(),
    ...things(),
    ...cases(),
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

function assignments(): LayerSpecification[] {
  const line = (id: string, dashed: boolean): LayerSpecification => ({
    id,
    type: "line",
    source: "lines",
    filter: ["==", ["get", "dashed"], dashed],
    layout: { "line-cap": dashed ? "butt" : "round" },
    paint: {
      "line-color": ["case", ["get", "trouble"], "#a3121c", "#0a4fa3"],
      "line-width": 2.2,
      "line-opacity": 0.85,
      ...(dashed ? { "line-dasharray": [2, 2] } : {}),
    },
  });
  return [line("lines-asked", true), line("lines-going", false)];
}

function things(): LayerSpecification[] {
  const icon = (id: string, minzoom: number, image: ExpressionSpecification, text: boolean): LayerSpecification => ({
    id,
    type: "symbol",
    source: id,
    minzoom,
    layout: {
      "icon-image": image,
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      ...(text
        ? {
            "text-field": ["step", ["zoom"], "", 11, ["get", "name"]],
            "text-font": FONT,
            "text-size": 11,
            "text-offset": [0, 1.1],
            "text-anchor": "top",
            "text-optional": true,
          }
        : {}),
    },
    paint: { "text-color": "#0b3d4a", "text-halo-color": PAPER, "text-halo-width": 1.4 },
  });
  return [
    icon("sites", 0, ["case", ["get", "open"], "site", "site-closed"], true),
    icon("volunteers", 9, ["case", ["get", "busy"], "volunteer-busy", "volunteer"], false),
  ];
}

function cases(): LayerSpecification[] {
  const isCluster: ExpressionSpecification = ["has", "point_count"];
  const worst: ExpressionSpecification = [
    "match",
    ["get", "worst"],
    0,
    TIER_COLOURS[0],
    1,
    TIER_COLOURS[1],
    2,
    TIER_COLOURS[2],
    TIER_COLOURS[3],
  ];
  return [
    {
      id: "chosen",
      type: "circle",
      source: "chosen",
      paint: {
        "circle-radius": 19,
        "circle-color": "#0b5cd5",
        "circle-opacity": 0.18,
        "circle-stroke-color": "#0b5cd5",
        "circle-stroke-width": 3,
      },
    },
    {
      id: "clusters",
      type: "circle",
      source: "cases",
      filter: isCluster,
      paint: {
        "circle-color": worst,
        "circle-radius": ["step", ["get", "point_count"], 15, 10, 18, 100, 22, 1000, 27],
        "circle-stroke-color": PAPER,
        "circle-stroke-width": 2.5,
      },
    },
    {
      id: "cluster-counts",
      type: "symbol",
      source: "cases",
      filter: isCluster,
      layout: {
        "text-field": ["concat", "T", ["to-string", ["get", "worst"]], "\n", ["get", "point_count_abbreviated"]],
        "text-font": BOLD,
        "text-size": 11,
        "text-line-height": 1.05,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": PAPER },
    },
    {
      id: "cases",
      type: "symbol",
      source: "cases",
      filter: ["!", isCluster],
      layout: {
        "icon-image": ["get", "icon"],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "symbol-sort-key": ["-", 10, ["get", "tier"]],
        "symbol-z-order": "source",
      },
      paint: { "text-color": INK },
    },
  ];
}
