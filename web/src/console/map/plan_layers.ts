/**
 * How a plan looks on the map. Far away one line stands for all that goes from a site to a village; near by, one
 * line for each case. Each tier has its own colour and its own dashes; what stays open is a hollow sign.
 */
import type {
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from "maplibre-gl";
import { BOLD, EMPTY, FONT } from "./base_map";
import { TIER_COLOURS } from "./icon_names";

const PAPER = "#ffffff";
const INK = "#14232b";
const PICKED = "#0b5cd5";
/** The zoom from which every case has its own line. */
const NEAR_ZOOM = 11.5;
const TIERS = [3, 2, 1, 0] as const;
/** Lengths in line widths; the most urgent is drawn through. */
const DASHES: Record<number, number[]> = { 1: [6, 1], 2: [3, 1.2], 3: [1, 1] };

const RANGES = { far: { maxzoom: NEAR_ZOOM }, near: { minzoom: NEAR_ZOOM } } as const;
type Range = keyof typeof RANGES;

export const FLOW_LAYERS = (["far", "near"] as const).flatMap((range) => TIERS.map((tier) => `flow-${range}-${tier}`));
export const OPEN_LAYERS = ["open-far", "open-near"];

const empty = (): SourceSpecification => ({ type: "geojson", data: EMPTY });

export const sources: StyleSpecification["sources"] = {
  "flows-far": empty(),
  "flows-near": empty(),
  gone: empty(),
  ends: empty(),
  "open-far": empty(),
  "open-near": empty(),
  sites: empty(),
  picked: empty(),
};

export function layers(): LayerSpecification[] {
  return [
    gone(),
    ...flows("far"),
    ...flows("near"),
    ends(),
    ...picked(),
    ...openFar(),
    openNear(),
    sites(),
  ];
}

/** The square root keeps one large load from hiding the many small ones. */
const WIDTH: ExpressionSpecification = ["min", 10, ["+", 1.4, ["*", 1.1, ["sqrt", ["get", "size"]]]]];
const FLOW_OPACITY = 0.8;

const flows = (range: Range): LayerSpecification[] =>
  TIERS.map((tier) => ({
    id: `flow-${range}-${tier}`,
    type: "line",
    source: `flows-${range}`,
    ...RANGES[range],
    filter: ["==", ["get", "tier"], tier],
    layout: { "line-cap": "butt", "line-sort-key": ["-", ["get", "size"]] },
    paint: {
      "line-color": TIER_COLOURS[tier],
      "line-width": WIDTH,
      "line-opacity": FLOW_OPACITY,
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
  minzoom: NEAR_ZOOM,
  paint: { "circle-radius": 3, "circle-color": INK, "circle-stroke-color": PAPER, "circle-stroke-width": 1 },
});

const picked = (): LayerSpecification[] => [
  {
    id: "picked-lines",
    type: "line",
    source: "picked",
    filter: ["==", ["geometry-type"], "LineString"],
    layout: { "line-cap": "round" },
    paint: { "line-color": PICKED, "line-width": 4, "line-opacity": 0.9 },
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

const TIER_COLOUR: ExpressionSpecification = [
  "match",
  ["get", "tier"],
  0,
  TIER_COLOURS[0],
  1,
  TIER_COLOURS[1],
  2,
  TIER_COLOURS[2],
  TIER_COLOURS[3],
];
/** The tier's colour on white, dark enough to read. */
const TIER_INK: ExpressionSpecification = ["match", ["get", "tier"], 2, "#7a4b00", TIER_COLOUR];

const openFar = (): LayerSpecification[] => [
  {
    id: "open-far",
    type: "circle",
    source: "open-far",
    maxzoom: NEAR_ZOOM,
    paint: {
      "circle-color": PAPER,
      "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], 1, 10, 12, 20],
      "circle-stroke-color": TIER_COLOUR,
      "circle-stroke-width": 2.5,
    },
  },
  {
    id: "open-far-counts",
    type: "symbol",
    source: "open-far",
    maxzoom: NEAR_ZOOM,
    layout: {
      "text-field": ["to-string", ["get", "count"]],
      "text-font": BOLD,
      "text-size": 11,
      "symbol-sort-key": ["get", "tier"],
    },
    paint: { "text-color": TIER_INK },
  },
];

const openNear = (): LayerSpecification => ({
  id: "open-near",
  type: "symbol",
  source: "open-near",
  minzoom: NEAR_ZOOM,
  layout: {
    "icon-image": ["get", "icon"],
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
    "symbol-sort-key": ["-", 10, ["get", "tier"]],
  },
});

const sites = (): LayerSpecification => ({
  id: "plan-sites",
  type: "symbol",
  source: "sites",
  layout: {
    "icon-image": ["get", "icon"],
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
    "text-field": ["step", ["zoom"], "", 11, ["get", "name"]],
    "text-font": FONT,
    "text-size": 11,
    "text-offset": [0, 1.1],
    "text-anchor": "top",
    "text-optional": true,
  },
  paint: { "text-color": "#0b3d4a", "text-halo-color": PAPER, "text-halo-width": 1.4 },
});

type Paint = [layer: string, property: "line-opacity" | "circle-stroke-opacity" | "text-opacity" | "icon-opacity", value: number];

/** The paint that makes the picked stand out from the rest, or that takes this back. */
export const dimmed = (isOn: boolean): Paint[] => [
  ...FLOW_LAYERS.map((layer): Paint => [layer, "line-opacity", isOn ? 0.22 : FLOW_OPACITY]),
  ["open-far", "circle-stroke-opacity", isOn ? 0.4 : 1],
  ["open-far-counts", "text-opacity", isOn ? 0.5 : 1],
  ["open-near", "icon-opacity", isOn ? 0.4 : 1],
];
