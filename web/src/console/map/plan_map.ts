/** The map of a plan: what goes from where to where, and what stays open. */
import type { GeoJSONSource, Map, MapMouseEvent } from "maplibre-gl";
import { newMap, pointAt } from "./base_map";
import type { Bounds, PlanMap, PlanMapStart, PlanPick } from "./contract";
import { dimmed, FLOW_LAYERS, layers, OPEN_LAYERS, sources } from "./plan_layers";

const PICKABLE = [...OPEN_LAYERS, ...FLOW_LAYERS, "plan-sites"];
/** How far beside a line a finger may land, in pixels. */
const REACH_PX = 6;
const PADDING = { top: 56, bottom: 40, left: 48, right: 56 };
const NEAREST_ZOOM = 12.2;
/** What takes a smaller part of the map than this is too small to see. */
const SMALL_PART = 0.05;

export function open(container: HTMLElement, start: PlanMapStart): PlanMap {
  const map = newMap(container, start, { sources, layers: layers() });
  map.on("click", (event) => start.onPick(pick(map, event)));
  pointAt(map, PICKABLE);
  const fit = (bounds: Bounds) => void map.fitBounds(bounds, { padding: PADDING, maxZoom: NEAREST_ZOOM, duration: 400 });
  return {
    show: (name, features) => void map.getSource<GeoJSONSource>(name)?.setData(features),
    dim: (isOn) => {
      for (const [layer, property, value] of dimmed(isOn)) map.setPaintProperty(layer, property, value);
    },
    reveal: (bounds) => {
      if (!isWellInSight(map, bounds)) fit(bounds);
    },
    fit,
    remove: () => map.remove(),
  };
}

function pick(map: Map, event: MapMouseEvent): PlanPick {
  const { x, y } = event.point;
  const around: [[number, number], [number, number]] = [
    [x - REACH_PX, y - REACH_PX],
    [x + REACH_PX, y + REACH_PX],
  ];
  const found = map.queryRenderedFeatures(around, { layers: PICKABLE });
  const site = found.find((feature) => feature.layer.id === "plan-sites");
  if (site) return { site: String(site.properties.id) };
  const open = found.filter((feature) => OPEN_LAYERS.includes(feature.layer.id));
  const keys = (open.length ? open : found).map((feature) => String(feature.properties.key));
  return keys.length ? { keys: [...new Set(keys)] } : null;
}

function isWellInSight(map: Map, [west, south, east, north]: Bounds): boolean {
  const view = map.getBounds();
  if (!view.contains([west, south]) || !view.contains([east, north])) return false;
  const part = Math.max(
    (east - west) / (view.getEast() - view.getWest()),
    (north - south) / (view.getNorth() - view.getSouth()),
  );
  return part > SMALL_PART;
}
