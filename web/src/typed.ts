/** What was typed or photographed and is not sent yet: it outlives a reload, an empty battery and an ended session. */
import { fieldsOf, fill, type Fields } from "./form";
import { kept } from "./store";

const TYPED = "typed";
const PICTURES = "pictures";
const FORM = "form";
let texts: Record<string, string> = {};
let pictures: Record<string, Blob> = {};

/** Reads what is kept; to be awaited before fields are drawn. */
export async function load(): Promise<void> {
  texts = (await kept.get<typeof texts>(TYPED).catch(() => undefined)) ?? {};
  pictures = (await kept.get<typeof pictures>(PICTURES).catch(() => undefined)) ?? {};
}

/** Fills a field with what was typed into it before (else with `otherwise`), and keeps what is typed from now on. */
export function remember(field: HTMLInputElement, otherwise = ""): void {
  field.value = texts[field.id] ?? otherwise;
  field.addEventListener("input", () => {
    texts[field.id] = field.value;
    void kept.put(TYPED, texts).catch(() => undefined);
  });
}

export const picture = (name: string): Blob | undefined => pictures[name];

export async function keepPicture(name: string, image: Blob): Promise<void> {
  pictures[name] = image;
  await kept.put(PICTURES, pictures).catch(() => undefined);
}

/** What belonged to these fields is on its way, or not wanted any more. */
export function drop(...names: string[]): void {
  for (const name of names) {
    delete texts[name];
    delete pictures[name];
  }
  void kept.put(TYPED, texts).catch(() => undefined);
  void kept.put(PICTURES, pictures).catch(() => undefined);
}

/** Not kept: where the phone was then is not where it is now. */
const OF_THE_MOMENT = new Set(["csrf", "lon", "lat", "accuracy_m"]);

/** Fills a whole form with what was typed into it before; keeps what is typed from now on, and when the result is called. */
export async function rememberForm(form: HTMLFormElement): Promise<() => void> {
  const name = `${FORM}/${form.id}`;
  const before = await kept.get<Fields>(name).catch(() => undefined);
  if (before) fill(form, before);
  const keep = () => void kept.put(name, fieldsOf(form).filter(([field]) => !OF_THE_MOMENT.has(field))).catch(() => undefined);
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  return keep;
}

export const dropForm = (id: string): Promise<void> => kept.remove(`${FORM}/${id}`).catch(() => undefined);

/** Removes everything that a person typed and did not send. */
export async function forgetTyped(): Promise<void> {
  for (const name of [TYPED, PICTURES, `${FORM}/check-in`]) await kept.remove(name);
}
