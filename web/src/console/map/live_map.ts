/** A MapLibre map of the console: shows what it is given and tells what was picked. */
import type { Feature, Point } from "geojson";
import type { GeoJSONSource, Map, MapMouseEvent } from "maplibre-gl";
import { newMap, pointAt } from "./base_map";
import type { LiveMap, MapStart, Picked } from "./contract";
import { APART_FROM_ZOOM, layers, sources } from "./layers";

const PICKABLE = ["cases", "clusters", "sites", "volunteers"];
const MOST_AT_ONE_POINT = 200;
const NEAR_ZOOM = 11;
const WIDEST_ZOOM = 7;
/** Of the equator on a pixel at zoom 0, where the world is a square of 512 pixels. */
const METRES_A_PIXEL = 78_271.5;
const SAME_PLACE_DEGREES = 0.0001;

export function open(container: HTMLElement, start: MapStart): LiveMap {
  const map = newMap(container, start, { sources, layers: layers() });
  map.on("click", (event) => void pick(map, event).then((what) => start.onPick(what)));
  pointAt(map, PICKABLE);
  return {
    show: (name, features) => void map.getSource<GeoJSONSource>(name)?.setData(features),
    look: (lon, lat, accuracyM, coveredRight) => look(map, lon, lat, accuracyM, coveredRight),
    fit: (bounds) => map.fitBounds(bounds, { padding: 24, duration: 400 }),
    resize: () => map.resize(),
    remove: () => map.remove(),
  };
}

function look(map: Map, lon: number, lat: number, accuracyM: number, coveredRight: number): void {
  const padding = { top: 0, bottom: 0, left: 0, right: coveredRight };
  const zoom = Math.min(Math.max(map.getZoom(), NEAR_ZOOM), surestZoom(map, lat, accuracyM));
  map.easeTo({ center: [lon, lat], zoom, padding, duration: 350 });
}

/** The zoom at which all of where the place may be takes half of the map: nearer there is nothing to see by. */
function surestZoom(map: Map, lat: number, accuracyM: number): number {
  const { clientWidth, clientHeight } = map.getContainer();
  const pixels = Math.min(clientWidth, clientHeight) / 4;
  const metresAtZoom0 = METRES_A_PIXEL * Math.cos((lat * Math.PI) / 180) * pixels;
  return Math.max(WIDEST_ZOOM, Math.log2(metresAtZoom0 / Math.max(accuracyM, 1)));
}

async function pick(map: Map, event: MapMouseEvent): Promise<Picked> {
  const found = map.queryRenderedFeatures(event.point, { layers: PICKABLE });
  const [first] = found;
  if (!first) return null;
  if (first.layer.id === "sites") return { site: String(first.properties.id) };
  if (first.layer.id === "volunteers") return { volunteer: String(first.properties.id) };
  if (first.layer.id === "clusters") return openCluster(map, Number(first.properties.cluster_id), event);
  const here = found.filter((feature) => feature.layer.id === "cases").map((feature) => Number(feature.properties.id));
  return { cases: [...new Set(here)] };
}

/** Go nearer until the cluster falls apart; cases of one place never do, so they are picked together. */
async function openCluster(map: Map, cluster: number, event: MapMouseEvent): Promise<Picked> {
  const source = map.getSource<GeoJSONSource>("cases");
  if (!source) return null;
  const zoom = await source.getClusterExpansionZoom(cluster);
  const leaves = zoom < APART_FROM_ZOOM ? [] : await source.getClusterLeaves(cluster, MOST_AT_ONE_POINT, 0);
  if (leaves.length && atOnePlace(leaves)) return { cases: leaves.map((leaf) => Number(leaf.properties?.id)) };
  map.easeTo({ center: event.lngLat, zoom: zoom + 0.5, duration: 350 });
  return null;
}

function atOnePlace(features: Feature[]): boolean {
  const places = features.map((feature) => (feature.geometry as Point).coordinates);
  return [0, 1].every((axis) => {
    const values = places.map((place) => place[axis] ?? 0);
    return Math.max(...values) - Math.min(...values) < SAME_PLACE_DEGREES;
  });
}
