/** How the live map looks: on the base map sites, volunteers, assignments and cases. */
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";
import { BOLD, EMPTY, NAME_PAINT, NAMED } from "./base_map";
import { TIER_COLOURS } from "./icon_names";

const INK = "#14232b";
const PAPER = "#ffffff";

/** The zoom from which cases stand alone; clusters that hold together beyond it are at one point. */
export const APART_FROM_ZOOM = 13;

export const sources: Record<string, SourceSpecification> = {
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

export function layers(): LayerSpecification[] {
  return [
    ...assignments(),
    ...things(),
    ...cases(),
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
      ...(text ? NAMED : {}),
    },
    paint: NAME_PAINT,
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
