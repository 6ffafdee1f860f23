/** How the live map looks: on the base map sites, volunteers, assignments and the chosen case. */
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";
import { EMPTY, NAME_PAINT, NAMED } from "./base_map";

export const sources: Record<string, SourceSpecification> = {
  lines: { type: "geojson", data: EMPTY },
  sites: { type: "geojson", data: EMPTY },
  volunteers: { type: "geojson", data: EMPTY },
  chosen: { type: "geojson", data: EMPTY },
};

export function layers(): LayerSpecification[] {
  return [...assignments(), ...things(), chosen()];
}

/** Hidden until there are any. */
export const LINES = ["lines-asked", "lines-going"] as const;

function assignments(): LayerSpecification[] {
  const line = (id: string, dashed: boolean): LayerSpecification => ({
    id,
    type: "line",
    source: "lines",
    filter: ["==", ["get", "dashed"], dashed],
    layout: { visibility: "none", "line-cap": dashed ? "butt" : "round" },
    paint: {
      "line-color": ["case", ["get", "trouble"], "#a3121c", "#0a4fa3"],
      "line-width": 2.2,
      "line-opacity": 0.85,
      ...(dashed ? { "line-dasharray": [2, 2] } : {}),
    },
  });
  return [line(LINES[0], true), line(LINES[1], false)];
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

/** A ring about the case that is open; its sign is drawn above the map. */
function chosen(): LayerSpecification {
  return {
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
  };
}
