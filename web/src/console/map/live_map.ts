/** A MapLibre map of the console: shows what it is given and tells what was picked. */
import type { FeatureCollection } from "geojson";
import type { GeoJSONSource, Map, MapMouseEvent } from "maplibre-gl";
import { newMap } from "./base_map";
import { CaseMarks } from "./case_marks";
import type { Bounds, CasePoint, LiveMap, MapSource, MapStart, Picked } from "./contract";
import { layers, LINES, sources } from "./layers";

const THINGS = ["sites", "volunteers"];
const MOST_AT_ONE_POINT = 200;
const NEAR_ZOOM = 11;
const NEAREST_ZOOM = 17;
const WIDEST_ZOOM = 7;
/** Of the equator on a pixel at zoom 0, where the world is a square of 512 pixels. */
const METRES_A_PIXEL = 78_271.5;
const SAME_PLACE_DEGREES = 0.0001;
const ROOM_PX = 80;

export function open(container: HTMLElement, start: MapStart): LiveMap {
  const map = newMap(container, start, { sources, layers: layers() });
  const cases = new CaseMarks(map);
  map.on("click", (event) => start.onPick(pick(map, cases, event)));
  map.on("mousemove", (event) => {
    const isPickable = cases.at(event.point).length > 0 || thingsAt(map, event).length > 0;
    map.getCanvas().style.cursor = isPickable ? "pointer" : "";
  });
  return {
    show: (name, features) => show(map, name, features),
    showCases: (points) => cases.replace(points),
    changeCases: (there, gone) => cases.change(there, gone),
    look: (lon, lat, accuracyM, coveredRight) => look(map, lon, lat, accuracyM, coveredRight),
    fit: (bounds, isLed) => map.fitBounds(bounds, { padding: 24, duration: isLed ? 400 : 0 }),
    remove: () => map.remove(),
  };
}

/** Lines cost a map time even where there are none. */
function show(map: Map, name: MapSource, features: FeatureCollection): void {
  map.getSource<GeoJSONSource>(name)?.setData(features);
  if (name !== "lines") return;
  for (const layer of LINES) map.setLayoutProperty(layer, "visibility", features.features.length ? "visible" : "none");
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

function pick(map: Map, cases: CaseMarks, event: MapMouseEvent): Picked {
  const marks = cases.at(event.point);
  const alone = marks.flatMap((mark) => mark.point?.id ?? []);
  if (alone.length) return { cases: alone };
  if (marks[0]) return openCluster(map, cases.members(marks[0].key));
  const [first] = thingsAt(map, event);
  if (!first) return null;
  const id = String(first.properties.id);
  return first.layer.id === "sites" ? { site: id } : { volunteer: id };
}

const thingsAt = (map: Map, event: MapMouseEvent) => map.queryRenderedFeatures(event.point, { layers: THINGS });

/** Go nearer until the cluster falls apart; cases of one place never do, so they are picked together. */
function openCluster(map: Map, points: CasePoint[]): Picked {
  if (!points.length) return null;
  const bounds = boundsOf(points);
  if (Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1]) < SAME_PLACE_DEGREES) {
    return { cases: points.slice(0, MOST_AT_ONE_POINT).map((point) => point.id) };
  }
  map.fitBounds(bounds, { padding: ROOM_PX, maxZoom: NEAREST_ZOOM, duration: 350 });
  return null;
}

function boundsOf(points: CasePoint[]): Bounds {
  const found: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { lon, lat } of points) {
    found[0] = Math.min(found[0], lon);
    found[1] = Math.min(found[1], lat);
    found[2] = Math.max(found[2], lon);
    found[3] = Math.max(found[3], lat);
  }
  return found;
}
