/** How the live map looks: on the base map sites, volunteers, assignments and cases. */
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";
import { BOLD, EMPTY, NAME_PAINT, NAMED } from "./base_map";

const INK = "#14232b";
const PAPER = "#ffffff";

export const sources: Record<string, SourceSpecification> = {
  lines: { type: "geojson", data: EMPTY },
  sites: { type: "geojson", data: EMPTY },
  volunteers: { type: "geojson", data: EMPTY },
  chosen: { type: "geojson", data: EMPTY },
  cases: { type: "geojson", data: EMPTY },
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
  const isCluster: ExpressionSpecification = ["has", "count"];
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
      type: "symbol",
      source: "cases",
      filter: isCluster,
      layout: {
        "icon-image": ["get", "icon"],
        "icon-size": ["step", ["get", "count"], 0.75, 10, 0.85, 100, 0.95, 1000, 1.1],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "text-field": ["concat", "T", ["to-string", ["get", "worst"]], "\n", ["get", "label"]],
        "text-font": BOLD,
        "text-size": 11,
        "text-line-height": 1.05,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
        // The most urgent on top.
        "symbol-sort-key": ["-", 10, ["get", "worst"]],
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
