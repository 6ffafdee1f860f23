/** The photos of the report form: chosen ones are made small at once and kept with the draft. */
import { idField, keepDraft, keepPhotos, photosOf } from "./draft";
import { element } from "./dom";
import { showProblems } from "./form";
import { shrunk } from "./photos";
import { word } from "./words";

const PHOTOS_MOST = 5;
let taking: Promise<unknown> = Promise.resolve();

/** Takes over what is chosen in `#photo`, and shows what is kept, in `#photos`. */
export async function startPhotos(form: HTMLFormElement): Promise<void> {
  const input = form.elements.namedItem("photo") as HTMLInputElement;
  input.multiple = true;
  input.addEventListener("change", () => (taking = take(form, input)));
  await draw(form);
}

/** The photos of the report of that id, also those that are still in the field. */
export async function chosen(form: HTMLFormElement, id: string): Promise<Blob[]> {
  await taking;
  const left = Array.from((form.elements.namedItem("photo") as HTMLInputElement).files ?? []);
  return [...(await photosOf(id)), ...(await readable(left))].slice(0, PHOTOS_MOST);
}

async function readable(files: File[]): Promise<Blob[]> {
  const small = await Promise.all(files.map((file) => shrunk(file).catch(() => null)));
  return small.filter((photo): photo is Blob => photo !== null);
}

async function take(form: HTMLFormElement, input: HTMLInputElement): Promise<void> {
  const id = idField(form).value;
  const before = await photosOf(id);
  const files = Array.from(input.files ?? []);
  const read = await readable(files);
  try {
    await keepPhotos(id, [...before, ...read].slice(0, PHOTOS_MOST));
  } catch {
    // This phone keeps nothing: they stay in the field and go with the form.
    return;
  }
  input.value = "";
  keepDraft(form);
  await draw(form);
  const tooMany = before.length + read.length > PHOTOS_MOST;
  const problem = read.length < files.length ? "photo_refused" : tooMany ? "photos_most" : "";
  showProblems(form, problem ? { photo: word(`report.script.${problem}`, { most: PHOTOS_MOST }) } : {});
}

export async function draw(form: HTMLFormElement): Promise<void> {
  const id = idField(form).value;
  const files = await photosOf(id);
  const list = form.querySelector<HTMLElement>("#photos")!;
  for (const image of Array.from(list.querySelectorAll("img"))) URL.revokeObjectURL(image.src);
  list.replaceChildren(...files.map((file, n) => shown(form, id, files, file, n)));
  list.hidden = files.length === 0;
}

function shown(form: HTMLFormElement, id: string, files: Blob[], file: Blob, n: number): HTMLElement {
  const image = element("img", { src: URL.createObjectURL(file), alt: word("report.script.photo_n", { n: n + 1 }) });
  const away = element("button", { type: "button", className: "button quiet" }, word("report.script.photo_away"));
  away.setAttribute("aria-label", word("report.script.photo_away_n", { n: n + 1 }));
  away.onclick = () => void keepPhotos(id, files.filter((other) => other !== file)).then(() => draw(form));
  return element("li", {}, image, away);
}
