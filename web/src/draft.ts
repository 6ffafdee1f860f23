/**
 * The report that is being written, as this phone keeps it: what was typed in localStorage, at every key, and
 * photos, made small as they are chosen, in IndexedDB. It goes when the report is sent or thrown away; the client
 * id stays with it, so that two pages with the same draft send one report.
 */
import { fieldsOf, fill, type Fields } from "./form";
import { kept } from "./store";

const NAME = "draft";
const PHOTOS = "draft_photos";
const NOT_TYPED = new Set(["client_id", "csrf"]);

export interface Draft {
  id: string;
  at: number;
  fields: Fields;
}

interface Photos {
  id: string;
  files: Blob[];
}

export const idField = (form: HTMLFormElement) => form.elements.namedItem("client_id") as HTMLInputElement;

export function draftOf(): Draft | null {
  try {
    const found = JSON.parse(localStorage.getItem(NAME) ?? "null") as Draft | Fields | null;
    return found && !Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

export function keepDraft(form: HTMLFormElement): void {
  try {
    const fields = fieldsOf(form).filter(([name]) => !NOT_TYPED.has(name));
    localStorage.setItem(NAME, JSON.stringify({ id: idField(form).value, at: Date.now(), fields }));
  } catch {
    // A full or forbidden storage only means that a closed page is typed again.
  }
}

export function takeDraft(form: HTMLFormElement, draft: Draft): void {
  idField(form).value = draft.id;
  fill(form, draft.fields);
}

export function forgetDraft(): void {
  localStorage.removeItem(NAME);
  // Without IndexedDB there were none.
  kept.remove(PHOTOS).catch(() => undefined);
}

/** Photos chosen for the report of that id. */
export async function photosOf(id: string): Promise<Blob[]> {
  const found = await kept.get<Photos>(PHOTOS).catch(() => undefined);
  return found?.id === id ? found.files : [];
}

/** Rejects when this phone cannot keep them. */
export const keepPhotos = (id: string, files: Blob[]): Promise<void> => kept.put(PHOTOS, { id, files } satisfies Photos);
