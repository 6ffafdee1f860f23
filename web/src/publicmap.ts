/** The public map's choices: which measure the colours show, and at which of the published times. */

type Values = (number | null)[] | number | null;
interface Figures {
  times: string[];
  lines: string[];
  measures: { key: string; classes: [number, string][]; meanings: string[] }[];
  values: Record<string, Record<string, Values>>;
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

function numberAt(values: Values | undefined, step: number): number | null {
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
  const now = step === all.times.length - 1;
  const [least, most, growth] = all.radius;
  const tell = (shape: Shape) => {
    const values = all.values[shape.feature?.id ?? ""];
    all.lines.forEach((line, n) => {
      if (!shape.feature || !(line || !now)) return;
      shape.feature.properties[`v${n + 1}`] = line ? written(line, numberAt(values?.[line], step), all.words) : "–";
    });
    return values;
  };
  window.tanggapLayers?.areas?.eachLayer((shape) => {
    const values = tell(shape);
    shape.setStyle({ fillColor: colourOf(numberAt(values?.[key], step), measure.classes, all) });
  });
  window.tanggapLayers?.circles?.eachLayer((shape) => {
    const helped = numberAt(tell(shape)?.people_helped, step) ?? 0;
    shape.setRadius?.(Math.min(most, Math.max(least, growth * Math.sqrt(helped))));
    shape.setStyle(helped ? { opacity: 1, fillOpacity: 0.85 } : { opacity: 0, fillOpacity: 0 });
  });
  drawLegend(measure, all);
  const at = document.getElementById("at");
  if (at) at.textContent = all.times[step] ?? "";
  slider?.setAttribute("aria-valuetext", all.times[step] ?? "");
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
