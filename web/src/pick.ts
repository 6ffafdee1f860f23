/** Saying where without a location of the phone's: lists from the regency down, and a tap on a light map. */
import { ask } from "./api";
import { element } from "./dom";
import { drawMap, type Map, type Tap } from "./tap_map";
import { word } from "./words";

interface Child {
  code: string;
  name: string;
  level: string;
}

interface Answers {
  /** An area was chosen, with the names above it. */
  area: (code: string, name: string) => void;
  tap: (tap: Tap) => void;
}

const LEVELS = ["regency", "district", "village"];
/** With fewer names and no border a map says nothing. */
const NAMES_LEAST = 3;

/** Fills `box`, a <details>, once it is opened. */
export function startPick(box: HTMLDetailsElement, answers: Answers): void {
  const lists = element("div", { className: "stack" });
  const map = element("div", { className: "tap-map", hidden: true });
  box.append(lists, map);
  box.hidden = false;
  box.addEventListener("toggle", () => {
    if (box.open && !lists.firstChild) void addList("", []);
  });

  /** The list of what lies in an area; without one that of the regencies. */
  async function addList(parent: string, above: string[]): Promise<void> {
    const level = LEVELS[above.length];
    if (!level) return;
    const wait = element("p", { className: "muted" }, word("report.script.pick_loading"));
    lists.append(wait);
    const found = await children(parent);
    wait.remove();
    if (!found) {
      const again = element("button", { type: "button", className: "button" }, word("report.script.pick_again"));
      const failed = element("div", { className: "notice warn" }, element("p", {}, word("report.script.pick_failed")), again);
      again.onclick = () => {
        failed.remove();
        void addList(parent, above);
      };
      lists.append(failed);
      return;
    }
    if (found.length) lists.append(list(level, found, above));
  }

  function list(level: string, found: Child[], above: string[]): HTMLElement {
    const id = `pick-${level}`;
    const empty = element("option", { value: "" }, word("report.script.pick_choose"));
    const select = element("select", { id }, empty, ...found.map((area) => element("option", { value: area.code }, area.name)));
    const field = element("div", { className: "field" }, element("label", { htmlFor: id }, word(`levels.${level}`)), select);
    select.onchange = () => {
      while (field.nextSibling) field.nextSibling.remove();
      const area = found.find(({ code }) => code === select.value);
      if (!area) return;
      const names = [area.name, ...above];
      answers.area(area.code, names.join(", "));
      void addList(area.code, names);
      if (level !== "village") void showMap(area);
    };
    return field;
  }

  async function showMap(area: Child): Promise<void> {
    const answer = await ask(`/api/areas/${area.code}/map`, { anonymous: true, cache: "default" });
    const found = answer.json as unknown as Map | null;
    const isUseful = answer.status === 200 && found && (found.areas.length >= NAMES_LEAST || Object.keys(found.shapes).length > 0);
    if (!isUseful) return;
    map.hidden = false;
    map.replaceChildren(element("p", { className: "hint" }, word("report.script.map_how", { area: area.name })), drawMap(found, answers.tap));
  }
}

/** What lies in an area; the regencies of the one province that we know without one. Null without a network. */
async function children(parent: string): Promise<Child[] | null> {
  const answer = await ask(`/api/areas?parent=${parent}`, { anonymous: true });
  if (answer.status !== 200) return null;
  const found = (answer.json?.areas ?? []) as Child[];
  const [only] = found;
  return only?.level === "province" && found.length === 1 ? children(only.code) : found;
}
