/** "Ada yang sudah lapor?": open cases like the one being written, as far as everybody may know of them. */
import { ask } from "./api";
import { element } from "./dom";
import { word } from "./words";

interface Near {
  district: { code: string; name: string } | null;
  people_waiting: number | null;
  cases: { id: string; people_from: number; items: string[]; waiting: string }[];
}

const WAIT_MS = 800;
const NAMED_LEAST = 5;
/** Of the point only about a kilometre is told: the answer is that of the district. */
const DECIMALS = 2;

/** Looks again whenever the place or the needs of the form change; offers what it finds in `#near`. */
export function startNear(form: HTMLFormElement): void {
  const box = form.querySelector<HTMLElement>("#near")!;
  const folded = form.querySelector<HTMLDetailsElement>("#same")!;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = "";

  async function look(): Promise<void> {
    const query = queryOf(form);
    if (query === asked) return;
    asked = query;
    if (!query) return void box.replaceChildren();
    const answer = await ask(`/api/public/near?${query}`, { anonymous: true });
    // Asked again meanwhile, or no network: what is shown stays as it is.
    if (query !== asked || answer.status !== 200) return;
    const found = answer.json as unknown as Near;
    box.replaceChildren(...(found.cases.length ? choices(form, found) : []));
    if (found.cases.length) folded.open = true;
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), WAIT_MS);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("place", later);
  later();
}

function queryOf(form: HTMLFormElement): string {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? "").trim();
  const query = new URLSearchParams();
  if (text("lon")) {
    query.set("lon", Number(text("lon")).toFixed(DECIMALS));
    query.set("lat", Number(text("lat")).toFixed(DECIMALS));
  } else if (text("area_code")) {
    query.set("area", text("area_code"));
  } else if (text("place_text").length >= NAMED_LEAST) {
    query.set("q", text("place_text"));
  } else {
    return "";
  }
  const items = data.getAll("need").map(String);
  if (items.length) query.set("items", items.join(","));
  if (text("incident")) query.set("incident", text("incident"));
  return query.toString();
}

function choices(form: HTMLFormElement, found: Near): HTMLElement[] {
  const intro = word("report.script.near.intro", { district: found.district!.name });
  const waiting = found.people_waiting ? word("report.script.near.waiting", { people: found.people_waiting }) : "";
  const before = form.querySelector<HTMLInputElement>("input[name=same_as]:checked")?.value ?? "";
  const rows = found.cases.flatMap((one) => choice(one.id, titleOf(form, one), one.id === before));
  const none = choice("", word("report.script.near.none"), !found.cases.some(({ id }) => id === before));
  const legend = element("legend", {}, word("report.script.near.legend"));
  return [element("p", {}, `${intro} ${waiting}`), element("fieldset", {}, legend, element("div", { className: "pairs" }, ...rows, ...none))];
}

function choice(value: string, title: string, checked: boolean): [HTMLElement, HTMLElement] {
  const id = `same-${value || "none"}`;
  return [element("input", { type: "radio", name: "same_as", id, value, checked }), element("label", { htmlFor: id }, title)];
}

/** `25 orang atau lebih, menunggu 1 sampai 4 jam. Minta: air minum, terpal`. */
function titleOf(form: HTMLFormElement, one: Near["cases"][number]): string {
  const wait = word(`report.script.near.waits.${one.waiting}`);
  const names = one.items.map((item) => form.querySelector(`label[for="n-${item}"]`)?.textContent ?? "").filter(Boolean);
  const asks = names.length ? ` ${word("report.script.near.asks", { items: names.join(", ").toLowerCase() })}` : "";
  return word("report.script.near.group", { people: one.people_from, wait }) + asks;
}
