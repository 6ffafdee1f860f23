/** The report form of /lapor: to and from the body of POST /api/reports (server/api/forms.py does the same). */
import { word } from "./words";

const GROUPS = ["infants", "children", "pregnant", "elderly", "disabled"];
const FIELD_OF: Record<string, string> = { place: "place_text", area_code: "place_text", same_as: "same_as_code" };
export type Fields = [string, string][];
export type Problems = Record<string, string>;

/** What was typed and ticked, without the files. */
export function fieldsOf(form: HTMLFormElement): Fields {
  return [...new FormData(form)].filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "");
}

/** Fills the form in again. */
export function fill(form: HTMLFormElement, fields: Fields): void {
  const values = new Map<string, string[]>();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const control of Array.from(form.elements)) {
    if (control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio")) {
      control.checked = values.get(control.name)?.includes(control.value) ?? false;
    } else if (control instanceof HTMLInputElement && control.type === "file") {
      continue;
    } else if (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement || control instanceof HTMLSelectElement) {
      const value = values.get(control.name)?.[0];
      if (value !== undefined) control.value = value;
    }
  }
  for (const details of Array.from(form.querySelectorAll("details"))) {
    const inputs = Array.from(details.querySelectorAll("input"));
    if (inputs.some((input) => input.checked || (input.type !== "checkbox" && input.value))) details.open = true;
  }
}

function number(text: string | undefined): number | string | undefined {
  const plain = (text ?? "").trim();
  const joined = /^\d{1,3}([. ]\d{3})+$/.test(plain) ? plain.replace(/[. ]/g, "") : plain;
  return /^\d{1,9}$/.test(joined) ? Number(joined) : joined || undefined;
}

/** The body of the report. */
export function reportOf(fields: Fields): Record<string, unknown> {
  const one = (name: string) => fields.find(([n]) => n === name)?.[1].trim() || undefined;
  const many = (name: string) => fields.filter(([n]) => n === name).map(([, value]) => value);
  const decimal = (name: string) => (one(name) === undefined ? undefined : Number(one(name)));
  const place = one("lon") && one("lat") ? { lon: decimal("lon"), lat: decimal("lat"), accuracy_m: decimal("accuracy_m") } : undefined;
  const placed = place !== undefined || one("area_code") !== undefined;
  const landmark = one("landmark");
  const note = landmark && !placed ? word("report.script.landmark_note", { landmark }) : undefined;
  const counts = GROUPS.filter(one).map((group) => [group, number(one(group))]);
  const body = {
    client_id: one("client_id"),
    incident: one("incident"),
    text: joined("\n", one("text"), note),
    place,
    area_code: place ? undefined : one("area_code"),
    place_text: joined(", ", placed ? landmark : undefined, one("place_text")),
    people: number(one("people")),
    vulnerable: counts.length ? Object.fromEntries(counts) : undefined,
    danger: many("danger").length ? Object.fromEntries(many("danger").map((name) => [name, true])) : undefined,
    needs: many("need").length ? many("need").map((item) => ({ item, quantity: number(one(`amount_${item}`)) })) : undefined,
    contact: one("phone") || one("name") ? { phone: one("phone"), name: one("name") } : undefined,
    on_behalf: one("on_behalf") === "yes" || undefined,
    same_as: one("same_as") ?? one("same_as_code"),
    consent: one("consent"),
  };
  return JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
}

function joined(by: string, ...parts: (string | undefined)[]): string | undefined {
  return parts.filter(Boolean).join(by) || undefined;
}

/** What is sure to be refused, found without the server, by field. */
export function problemsOf(fields: Fields, body: Record<string, unknown>): Problems {
  const found: Problems = {};
  if (!body.place && !body.area_code && !body.place_text) found.place_text = word("report.script.need_place");
  if (!body.text && !body.danger && !body.needs) found.text = word("report.script.need_content");
  for (const [name, value] of fields) {
    const counted = name === "people" || GROUPS.includes(name) || name.startsWith("amount_");
    if (counted && typeof number(value) === "string") found[name] = word("report.script.whole_number");
  }
  const digits = (fields.find(([name]) => name === "phone")?.[1] ?? "").replace(/[\s().-]/g, "");
  if (digits && !/^\+?\d{8,15}$/.test(digits)) found.phone = word("report.script.phone_wrong");
  return found;
}

/** The server's problems by the names of the form's fields. */
export function problemsByField(fields: Record<string, string>, body: Record<string, unknown>): Problems {
  const needs = (body.needs ?? []) as { item: string }[];
  return Object.fromEntries(
    Object.entries(fields).map(([name, sentence]) => {
      const [head = "", index = "", part] = name.split(".");
      if (head === "needs") return [part === "quantity" ? `amount_${needs[Number(index)]?.item}` : "need", sentence];
      if (head === "vulnerable" || head === "contact") return [index, sentence];
      return [FIELD_OF[head] ?? head, sentence];
    }),
  );
}

/** Says beside each field what is wrong with it, and goes to the first. */
export function showProblems(form: HTMLFormElement, problems: Problems): void {
  for (const old of Array.from(form.querySelectorAll(".problem"))) old.remove();
  for (const wrong of Array.from(form.querySelectorAll(".wrong"))) wrong.classList.remove("wrong");
  for (const wrong of Array.from(form.querySelectorAll("[aria-invalid]"))) {
    wrong.removeAttribute("aria-invalid");
    wrong.setAttribute("aria-describedby", wrong.getAttribute("aria-describedby")!.replace(/\S+-problem/, "").trim());
  }
  let first: HTMLElement | null = null;
  for (const [name, sentence] of Object.entries(problems)) {
    const control = form.querySelector<HTMLElement>(`#${CSS.escape(name)}`) ?? form.querySelector<HTMLElement>(".button.primary");
    if (!control) continue;
    const text = Object.assign(document.createElement("p"), { className: "problem", id: `${name}-problem`, textContent: sentence });
    control.before(text);
    (control.closest(".field, .chips > *, .counts > *, fieldset") ?? control).classList.add("wrong");
    control.setAttribute("aria-invalid", "true");
    const hint = document.getElementById(`${name}-hint`);
    control.setAttribute("aria-describedby", `${hint ? `${name}-hint ` : ""}${name}-problem`);
    const folded = control.closest("details");
    if (folded) folded.open = true;
    first ??= control;
  }
  first?.focus();
}
