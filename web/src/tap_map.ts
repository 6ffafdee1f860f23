/** A map that is only lines and names: a tap says where, as precisely as a finger can. */
import { element } from "./dom";
import { word } from "./words";

type Ring = [number, number][];
interface Shape {
  type: "Polygon" | "MultiPolygon";
  coordinates: Ring[] | Ring[][];
}

export interface Map {
  areas: { code: string; name: string; lon: number; lat: number }[];
  shapes: Record<string, Shape>;
}

export interface Tap {
  longitude: number;
  latitude: number;
  /** Metres: half a fingertip on this map. */
  accuracy: number;
}

const SVG = "http://www.w3.org/2000/svg";
/** Units across; the map is as wide as the page. */
const WIDTH = 320;
const HEIGHT = 320;
const ROOM = 0.08;
/** Half of the 44 px that a finger needs (WCAG 2.5.5). */
const FINGER_PX = 22;
const METRES_PER_DEGREE = 111_320;
const DEEPEST = 32;
/** Size of the names in units, and half of a letter's width of that: enough to keep them apart. */
const LETTERS = 14;
const LETTER_WIDE = 0.3;

function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number>): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** Those names that have room beside the ones before them. */
function showNames(names: SVGTextElement[], size: number): void {
  const taken: { x: number; y: number; half: number }[] = [];
  for (const name of names) {
    const one = { x: Number(name.getAttribute("x")), y: Number(name.getAttribute("y")), half: name.textContent!.length * size * LETTER_WIDE };
    const isFree = taken.every(({ x, y, half }) => Math.abs(one.y - y) > size || Math.abs(one.x - x) > half + one.half);
    if (isFree) taken.push(one);
    name.setAttribute("font-size", String(size));
    name.setAttribute("visibility", isFree ? "visible" : "hidden");
  }
}

export function drawMap(map: Map, onTap: (tap: Tap) => void): HTMLElement {
  const rings = Object.values(map.shapes).flatMap((shape) => (shape.type === "Polygon" ? [shape.coordinates as Ring[]] : (shape.coordinates as Ring[][]))).flat();
  const places: Ring = [...rings.flat(), ...map.areas.map(({ lon, lat }): [number, number] => [lon, lat])];
  const [west, east] = [Math.min(...places.map(([lon]) => lon)), Math.max(...places.map(([lon]) => lon))];
  const [south, north] = [Math.min(...places.map(([, lat]) => lat)), Math.max(...places.map(([, lat]) => lat))];
  const narrower = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const degrees = Math.max((east - west) * narrower, north - south, 0.01) * (1 + 2 * ROOM);
  const scale = WIDTH / degrees;
  const middle = { lon: (west + east) / 2, lat: (south + north) / 2 };
  const x = (lon: number) => WIDTH / 2 + (lon - middle.lon) * narrower * scale;
  const y = (lat: number) => HEIGHT / 2 - (lat - middle.lat) * scale;

  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": word("report.script.map_label") });
  const line = (ring: Ring) => ring.map(([lon, lat], n) => `${n ? "L" : "M"}${x(lon).toFixed(1)} ${y(lat).toFixed(1)}`).join("") + "Z";
  picture.append(svg("path", { d: rings.map(line).join(""), class: "lines", "vector-effect": "non-scaling-stroke" }));
  const names = map.areas.map((area) => {
    const text = svg("text", { x: x(area.lon), y: y(area.lat), dy: "-0.5em", class: "name" });
    text.textContent = area.name;
    return text;
  });
  const dots = map.areas.map((area) => svg("circle", { cx: x(area.lon), cy: y(area.lat), class: "dot" }));
  const mark = svg("circle", { class: "mark", r: 0 });
  picture.append(...dots, ...names, mark);

  let zoom = 1;
  let at = { x: WIDTH / 2, y: HEIGHT / 2 };

  function show(): void {
    const [wide, high] = [WIDTH / zoom, HEIGHT / zoom];
    picture.setAttribute("viewBox", `${at.x - wide / 2} ${at.y - high / 2} ${wide} ${high}`);
    for (const dot of dots) dot.setAttribute("r", String(2.5 / zoom));
    showNames(names, LETTERS / zoom);
    if (mark.hasAttribute("cx")) mark.setAttribute("r", String(8 / zoom));
    closer.disabled = zoom >= DEEPEST;
    farther.disabled = zoom <= 1;
  }

  function zoomBy(times: number): void {
    zoom = Math.min(DEEPEST, Math.max(1, zoom * times));
    if (zoom === 1) at = { x: WIDTH / 2, y: HEIGHT / 2 };
    show();
  }

  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    const perPx = WIDTH / zoom / box.width;
    at = { x: at.x + (event.clientX - box.left - box.width / 2) * perPx, y: at.y + (event.clientY - box.top - box.height / 2) * perPx };
    mark.setAttribute("cx", String(at.x));
    mark.setAttribute("cy", String(at.y));
    show();
    onTap({
      longitude: middle.lon + (at.x - WIDTH / 2) / (narrower * scale),
      latitude: middle.lat - (at.y - HEIGHT / 2) / scale,
      accuracy: Math.ceil(((FINGER_PX * perPx) / scale) * METRES_PER_DEGREE),
    });
  });

  const closer = element("button", { type: "button", className: "button" }, word("report.script.map_closer"));
  const farther = element("button", { type: "button", className: "button" }, word("report.script.map_farther"));
  closer.onclick = () => zoomBy(2);
  farther.onclick = () => zoomBy(0.5);
  show();
  const made = element("div", { className: "stack" }, element("div", { className: "row" }, closer, farther));
  made.prepend(picture);
  return made;
}
