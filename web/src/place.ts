/** Where the report is about: the phone's location, or an area chosen by name. */
import { ask } from "./api";
import { word } from "./words";

interface Area {
  code: string;
  name: string;
  level: string;
  parents: string[];
}

const WAIT_TO_TYPE_MS = 300;
const LOCATION_PATIENCE_MS = 60_000;

export function startPlace(form: HTMLFormElement, onChange: () => void): void {
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  const button = form.querySelector<HTMLButtonElement>("#locate")!;
  const status = form.querySelector<HTMLElement>("#located")!;
  const list = form.querySelector<HTMLElement>("#areas")!;
  const text = field("place_text");
  let asking: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function say(sentence: string): void {
    status.textContent = sentence;
    status.hidden = false;
  }

  function setPoint(point: GeolocationCoordinates | null): void {
    field("lon").value = point ? point.longitude.toFixed(6) : "";
    field("lat").value = point ? point.latitude.toFixed(6) : "";
    field("accuracy_m").value = point ? String(Math.round(point.accuracy)) : "";
    onChange();
  }

  function showPoint(metres: string): void {
    say(`${word("report.script.located", { metres })} `);
    const forget = Object.assign(document.createElement("button"), {
      type: "button",
      className: "button quiet",
      textContent: word("report.script.forget_place"),
    });
    forget.onclick = () => {
      setPoint(null);
      status.hidden = true;
      button.hidden = false;
    };
    status.append(forget);
    button.hidden = true;
  }

  function locate(): void {
    say(word("report.script.locating"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setPoint(coords);
        showPoint(field("accuracy_m").value);
      },
      () => say(word("report.script.not_located")),
      { enableHighAccuracy: true, timeout: LOCATION_PATIENCE_MS, maximumAge: 60_000 },
    );
  }

  function choose(area: Area): void {
    field("area_code").value = area.code;
    text.value = [area.name, ...area.parents].slice(0, 3).join(", ");
    list.replaceChildren();
    list.append(Object.assign(document.createElement("p"), { className: "chosen", textContent: `✓ ${word("report.script.area_chosen")}` }));
    onChange();
  }

  function show(areas: Area[]): void {
    list.replaceChildren(
      ...areas.map((area) => {
        const option = document.createElement("button");
        option.type = "button";
        option.className = "button area";
        const parents = Object.assign(document.createElement("span"), { className: "muted", textContent: area.parents.join(", ") });
        option.append(`${word(`levels.${area.level}`)} ${area.name}`, parents);
        option.onclick = () => choose(area);
        return option;
      }),
    );
  }

  async function search(): Promise<void> {
    asking?.abort();
    const query = text.value.trim();
    if (query.length < 3) return list.replaceChildren();
    asking = new AbortController();
    const { signal } = asking;
    const answer = await ask(`/api/areas?limit=5&q=${encodeURIComponent(query)}`, { anonymous: true, signal });
    if (!signal.aborted) show((answer.json?.areas ?? []) as Area[]);
  }

  text.addEventListener("input", () => {
    field("area_code").value = "";
    clearTimeout(timer);
    timer = setTimeout(() => void search(), WAIT_TO_TYPE_MS);
  });
  if ("geolocation" in navigator) {
    button.hidden = false;
    button.onclick = locate;
    if (field("lat").value) showPoint(field("accuracy_m").value);
  }
}
