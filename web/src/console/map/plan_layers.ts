/**
 * How a plan looks on the map. From afar one line stands for all that goes from a site to a district, nearer by for
 * what goes to a village, and at last to a case. Each tier has its own colour and its own dashes; what stays open is a hollow sign.
 */
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import { BOLD, EMPTY, NAME_PAINT, NAMED } from "./base_map";
import { RANGES, type PlanSource, type Range } from "./contract";
import { TIER_COLOURS } from "./icon_names";

const PAPER = "#ffffff";
const INK = "#14232b";
const PICKED = "#0b5cd5";
/** The zooms from which every village, and every case, has its own line. */
const [VILLAGE_ZOOM, CASE_ZOOM] = [10.2, 12];
const TIERS = [3, 2, 1, 0] as const;
/** Lengths in line widths; the most urgent is drawn through. */
const DASHES: Record<number, number[]> = { 1: [6, 1], 2: [3, 1.2], 3: [1, 1] };

const ZOOMS: Record<Range, { minzoom?: number; maxzoom?: number }> = {
  district: { maxzoom: VILLAGE_ZOOM },
  village: { minzoom: VILLAGE_ZOOM, maxzoom: CASE_ZOOM },
  case: { minzoom: CASE_ZOOM },
};

const flowLayers = (range: Range): string[] => TIERS.map((tier) => `flow-${range}-${tier}`);
export const FLOW_LAYERS = RANGES.flatMap(flowLayers);
export const OPEN_LAYERS = RANGES.map((range) => `open-${range}`);

const SOURCES: PlanSource[] = [
  ...RANGES.flatMap((range): PlanSource[] => [`flows-${range}`, `open-${range}`]),
  "gone",
  "ends",
  "sites",
  "picked",
];

export const sources: StyleSpecification["sources"] = Object.fromEntries(
  SOURCES.map((name) => [name, { type: "geojson", data: EMPTY }]),
);

export function layers(): LayerSpecification[] {
  return [
    gone(),
    ...RANGES.flatMap(flows),
    ends(),
    ...picked(),
    openRing("district"),
    openRing("village"),
    openSign(),
    sites(),
  ];
}

/** By the share of the largest load; the square root keeps one large load from hiding the many small ones. */
const WIDTH: ExpressionSpecification = ["+", 1.2, ["*", 6.5, ["sqrt", ["get", "size"]]]];
/** The more lines there are, the fainter each: near by there is one for every case. */
const FLOW_OPACITY: Record<Range, number> = { district: 0.6, village: 0.5, case: 0.4 };
const DIMMED: Record<Range, number> = { district: 0.2, village: 0.12, case: 0.07 };

const flows = (range: Range): LayerSpecification[] =>
  TIERS.map((tier) => ({
    id: `flow-${range}-${tier}`,
    type: "line",
    source: `flows-${range}`,
    ...ZOOMS[range],
    filter: ["==", ["get", "tier"], tier],
    layout: { "line-cap": "butt", "line-sort-key": ["-", ["get", "size"]] },
    paint: {
      "line-color": TIER_COLOURS[tier],
      "line-width": WIDTH,
      "line-opacity": FLOW_OPACITY[range],
      ...(DASHES[tier] ? { "line-dasharray": DASHES[tier] } : {}),
    },
  }));

/** What the plan in force has and this one has not. */
const gone = (): LayerSpecification => ({
  id: "gone",
  type: "line",
  source: "gone",
  paint: { "line-color": "#5f7079", "line-width": 1.6, "line-dasharray": [1, 2.5], "line-opacity": 0.9 },
});

/** Where lines end, so that their direction can be seen: the site's end has a house. */
const ends = (): LayerSpecification => ({
  id: "ends",
  type: "circle",
  source: "ends",
  minzoom: CASE_ZOOM,
  paint: { "circle-radius": 3, "circle-color": INK, "circle-stroke-color": PAPER, "circle-stroke-width": 1 },
});

const picked = (): LayerSpecification[] => [
  {
    id: "picked-lines",
    type: "line",
    source: "picked",
    filter: ["all", ["==", ["geometry-type"], "LineString"], ["!", ["has", "isIdea"]]],
    layout: { "line-cap": "round" },
    paint: { "line-color": PICKED, "line-width": 4, "line-opacity": 0.9 },
  },
  {
    id: "picked-ideas",
    type: "line",
    source: "picked",
    filter: ["has", "isIdea"],
    paint: { "line-color": PICKED, "line-width": 2, "line-dasharray": [2, 2] },
  },
  {
    id: "picked-ends",
    type: "circle",
    source: "picked",
    filter: ["==", ["geometry-type"], "Point"],
    paint: {
      "circle-radius": 17,
      "circle-color": PICKED,
      "circle-opacity": 0.15,
      "circle-stroke-color": PICKED,
      "circle-stroke-width": 3,
    },
  },
];

/** The tiers' colours on white, dark enough to read. */
const TIER_INK: ExpressionSpecification = ["match", ["get", "tier"], 0, "#a3121c", 1, "#9a3b00", 2, "#7a4b00", "#0e6274"];

/** What stays open in an area: a ring with how many needs; what is more urgent lies above. */
const openRing = (range: Range): LayerSpecification => ({
  id: `open-${range}`,
  type: "symbol",
  source: `open-${range}`,
  ...ZOOMS[range],
  layout: {
    "icon-image": ["get", "icon"],
    "icon-size": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], 1, 0.55, 14, 0.95],
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
    "text-field": ["to-string", ["get", "count"]],
    "text-font": BOLD,
    "text-size": 11,
    "text-allow-overlap": true,
    "text-ignore-placement": true,
    "symbol-sort-key": ["-", 10, ["get", "tier"]],
  },
  paint: { "text-color": TIER_INK },
});

const openSign = (): LayerSpecification => ({
  id: "open-case",
  type: "symbol",
  source: "open-case",
  ...ZOOMS.case,
  layout: {
    "icon-image": ["get", "icon"],
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
    "symbol-sort-key": ["-", 10, ["get", "tier"]],
  },
});

/** From afar the people of services would hide everything else. */
const SITES_AND_NEAR_PEOPLE: ExpressionSpecification = [
  "step",
  ["zoom"],
  ["==", ["get", "icon"], "site"],
  VILLAGE_ZOOM,
  true,
];

const sites = (): LayerSpecification => ({
  id: "plan-sites",
  type: "symbol",
  source: "sites",
  filter: SITES_AND_NEAR_PEOPLE,
  layout: {
    "icon-image": ["get", "icon"],
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
    ...NAMED,
  },
  paint: NAME_PAINT,
});

type Paint = [layer: string, property: "line-opacity" | "text-opacity" | "icon-opacity", value: number];

/** The paint that makes the picked stand out from the rest, or that takes this back. */
export const dimmed = (isOn: boolean): Paint[] => [
  ...RANGES.flatMap((range) =>
    flowLayers(range).map((layer): Paint => [layer, "line-opacity", (isOn ? DIMMED : FLOW_OPACITY)[range]]),
  ),
  ...OPEN_LAYERS.map((layer): Paint => [layer, "icon-opacity", isOn ? 0.35 : 1]),
  ...OPEN_LAYERS.slice(0, 2).map((layer): Paint => [layer, "text-opacity", isOn ? 0.5 : 1]),
];
