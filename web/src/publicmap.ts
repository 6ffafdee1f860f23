/** The public map's choices: which measure the colours show, and at which of the published times. */

type Values = (number | null)[] | number | null;
interface Figures {
  times: string[];
  lines: string[];
  measures: { key: string; classes: [number, string][]; meanings: string[] }[];
  codes: string[];
  /** By measure, of each place in the order of the codes. */
  values: Record<string, Values[]>;
  colours: { hidden: string; nobody: string };
  words: { fewer: string; nobody: string; group: string };
  radius: [number, number, number];
}
/** Leaflet's own, as much of it as is asked here; folium made the layers. */
interface Shape {
  feature?: { id: string; properties: Record<string, string> };
  setStyle(style: Record<string, unknown>): void;
  setRadius?(pixels: number): void;
}
interface Layer {
  eachLayer(each: (shape: Shape) => void): void;
}
declare global {
  interface Window {
    tanggapLayers?: { areas?: Layer; circles?: Layer };
  }
}
export {};

const figures = JSON.parse(document.getElementById("figures")?.textContent ?? "null") as Figures | null;
const control = document.querySelector<HTMLElement>(".control");
const choice = document.querySelector<HTMLSelectElement>("#measure");
const slider = document.querySelector<HTMLInputElement>("#time");
const UNITS: Record<string, string> = { unmet_share: " %" };

/** What is known of a place only now, as folium wrote it: kept while the map shows another time. */
const known = new Map<string, string>();
const places = new Map(figures?.codes.map((code, n) => [code, n]));

/** A published number of a place at one of the times; null is withheld. */
function numberOf(all: Figures, code: string, key: string, step: number): number | null {
  const values = all.values[key]?.[places.get(code) ?? -1];
  return Array.isArray(values) ? values[step] ?? null : values ?? null;
}

/** A figure as people write it; a share that nothing is known of is no small count. */
function written(key: string, value: number | null, { fewer, group }: Figures["words"]): string {
  if (value === null) return key.startsWith("people") ? fewer : "–";
  return String(value).replace(/\B(?=(\d{3})+$)/g, group) + (UNITS[key] ?? "");
}

function colourOf(value: number | null, classes: [number, string][], { colours }: Figures): string {
  if (value === null) return colours.hidden;
  return [...classes].reverse().find(([least]) => value >= least)?.[1] ?? colours.nobody;
}

function show(all: Figures, key: string, step: number): void {
  const measure = all.measures.find((one) => one.key === key);
  if (!measure) return;
  const [least, most, growth] = all.radius;
  window.tanggapLayers?.areas?.eachLayer((shape) => {
    const code = shape.feature?.id ?? "";
    shape.setStyle({ fillColor: colourOf(numberOf(all, code, key, step), measure.classes, all) });
    if (shape.feature) tell(all, code, shape.feature.properties, step);
  });
  window.tanggapLayers?.circles?.eachLayer((shape) => {
    const helped = numberOf(all, shape.feature?.id ?? "", "people_helped", step) ?? 0;
    shape.setRadius?.(Math.min(most, Math.max(least, growth * Math.sqrt(helped))));
    shape.setStyle(helped ? { opacity: 1, fillOpacity: 0.85 } : { opacity: 0, fillOpacity: 0 });
  });
  drawLegend(measure, all);
  const at = document.getElementById("at");
  if (at) at.textContent = all.times[step] ?? "";
  slider?.setAttribute("aria-valuetext", all.times[step] ?? "");
}

/** Write what a place's popup says at a time. */
function tell(all: Figures, code: string, properties: Record<string, string>, step: number): void {
  const now = step === all.times.length - 1;
  all.lines.forEach((line, n) => {
    const name = `v${n + 1}`;
    if (!line && !known.has(code + name)) known.set(code + name, properties[name] ?? "");
    const only = now ? known.get(code + name) ?? "" : "–";
    properties[name] = line ? written(line, numberOf(all, code, line, step), all.words) : only;
  });
}

function drawLegend({ key, classes, meanings }: Figures["measures"][number], { colours, words }: Figures): void {
  const ways = classes.map(([, fill], n): [string, string] => [fill, meanings[n] ?? ""]);
  const [nobody, withheld] = key.startsWith("people") ? [words.nobody, words.fewer] : ["0", "–"];
  const rows = [[colours.nobody, nobody], ...ways, [colours.hidden, withheld]].map(([fill, meaning]) => {
    const row = document.createElement("li");
    const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const square = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ width: "14", height: "14", fill: fill ?? "", stroke: "#465862" })) {
      square.setAttribute(name, value);
    }
    box.setAttribute("aria-hidden", "true");
    box.append(square);
    row.append(box, meaning ?? "");
    return row;
  });
  document.getElementById("legend")?.replaceChildren(...rows);
}

if (figures && control && choice && slider) {
  const again = () => show(figures, choice.value, Number(slider.value));
  choice.addEventListener("change", again);
  slider.addEventListener("input", again);
  control.hidden = false;
  // The map's box got smaller by the control.
  window.dispatchEvent(new Event("resize"));
  if (document.readyState === "complete") again();
  else window.addEventListener("load", again);
}
