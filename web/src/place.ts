/** Saying where: the phone's location, or an area found by its name. */
import { ask } from "./api";
import { element } from "./dom";
import { word } from "./words";

export interface Area {
  code: string;
  name: string;
  level: string;
  parents: string[];
}

const WAIT_TO_TYPE_MS = 300;
const AGAIN_MS = 2_000;
const TRIES = 5;
const LOCATION_PATIENCE_MS = 60_000;

/** An area with the names above it. */
export const nameOf = (area: Area) => [area.name, ...area.parents].slice(0, 3).join(", ");

/** `Kecamatan Cugenang`; the names of regencies say what they are. */
const titleOf = (area: Area) => (/district|village/.test(area.level) ? `${word(`levels.${area.level}`)} ${area.name}` : area.name);

/** The phone's location; null when it cannot be had. */
export function locate(): Promise<GeolocationCoordinates | null> {
  return new Promise((resolve) => {
    const options = { enableHighAccuracy: true, timeout: LOCATION_PATIENCE_MS, maximumAge: 60_000 };
    navigator.geolocation.getCurrentPosition(({ coords }) => resolve(coords), () => resolve(null), options);
  });
}

/** Offers areas while a name is typed; `code` keeps the chosen one until the text changes. */
export function startAreaSearch(text: HTMLInputElement, code: HTMLInputElement, list: HTMLElement, onChoice: () => void): void {
  let asking: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function choose(area: Area): void {
    code.value = area.code;
    text.value = nameOf(area);
    list.replaceChildren(element("p", { className: "chosen" }, word("common.script.area_chosen")));
    onChoice();
  }

  function option(area: Area): HTMLButtonElement {
    const parents = element("span", { className: "muted" }, area.parents.join(", "));
    const made = element("button", { type: "button", className: "button area" }, titleOf(area), parents);
    made.onclick = () => choose(area);
    return made;
  }

  async function search(tries = TRIES): Promise<void> {
    asking?.abort();
    const query = text.value.trim();
    if (query.length < 3) return list.replaceChildren();
    asking = new AbortController();
    const { signal } = asking;
    const answer = await ask(`/api/areas?limit=5&q=${encodeURIComponent(query)}`, { anonymous: true, signal });
    if (signal.aborted) return;
    if (answer.json?.areas) list.replaceChildren(...(answer.json.areas as Area[]).map(option));
    else if (tries > 1) timer = setTimeout(() => void search(tries - 1), AGAIN_MS);
  }

  // Not in the markup: without a script, a browser that goes back would leave such a field empty.
  text.autocomplete = "off";
  text.addEventListener("input", () => {
    code.value = "";
    clearTimeout(timer);
    timer = setTimeout(() => void search(), WAIT_TO_TYPE_MS);
  });
  // What was typed before this script had come.
  if (!code.value) void search();
}

/** What else may set the place of a form. */
export interface PlaceSetters {
  area: (code: string, name: string) => void;
  point: (point: Point) => void;
}

type Point = Pick<GeolocationCoordinates, "longitude" | "latitude" | "accuracy">;

/** The report form's place: `#locate` fills the hidden fields, `#place_text` searches for areas. */
export function startPlace(form: HTMLFormElement, onChange: () => void): PlaceSetters {
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  const button = form.querySelector<HTMLButtonElement>("#locate")!;
  const status = form.querySelector<HTMLElement>("#located")!;

  function say(sentence: string, ...more: Node[]): void {
    status.replaceChildren(`${sentence} `, ...more);
    status.hidden = false;
  }

  function setPoint(point: Point | null): void {
    field("lon").value = point ? point.longitude.toFixed(6) : "";
    field("lat").value = point ? point.latitude.toFixed(6) : "";
    field("accuracy_m").value = point ? String(Math.round(point.accuracy)) : "";
    onChange();
  }

  function showPoint(): void {
    const forget = element("button", { type: "button", className: "button quiet" }, word("common.script.forget_place"));
    forget.onclick = () => {
      setPoint(null);
      status.hidden = true;
      button.hidden = false;
    };
    say(word("common.script.located", { metres: field("accuracy_m").value }), forget);
    button.hidden = true;
  }

  async function find(): Promise<void> {
    say(word("common.script.locating"));
    const point = await locate();
    if (!point) return say(word("common.script.not_located"));
    setPoint(point);
    showPoint();
  }

  startAreaSearch(field("place_text"), field("area_code"), form.querySelector<HTMLElement>("#areas")!, onChange);
  if ("geolocation" in navigator) {
    button.hidden = false;
    button.onclick = () => void find();
    if (field("lat").value) showPoint();
  }
  return {
    point: (point) => {
      setPoint(point);
      showPoint();
    },
    // What is chosen last counts: a point would beat the area.
    area: (code, name) => {
      setPoint(null);
      status.hidden = true;
      button.hidden = !("geolocation" in navigator);
      field("area_code").value = code;
      field("place_text").value = name;
      onChange();
    },
  };
}
