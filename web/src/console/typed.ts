/** What is typed into a form and not sent yet, as this tab keeps it: it outlives a reload and an ended session. */
import { useState } from "preact/hooks";
import { setup } from "./setup";

/** Under this beginning of a name lies what is forgotten when somebody signs out. */
const KEPT = "tanggap-typed/";
const nameOf = (form: string): string => `${KEPT}${setup.me.name}/${form}`;

function kept(form: string): Record<string, unknown> {
  try {
    return JSON.parse(sessionStorage.getItem(nameOf(form)) ?? "{}") as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** A field's value as `useState` gives it, begun with what was typed into that field of that form before. */
export function useTyped<T>(form: string, field: string, otherwise: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => (kept(form)[field] as T | undefined) ?? otherwise);
  const set = (next: T) => {
    setValue(next);
    try {
      sessionStorage.setItem(nameOf(form), JSON.stringify({ ...kept(form), [field]: next }));
    } catch {
      // A full or forbidden storage only means that a closed page is typed again.
    }
  };
  return [value, set];
}

/** What was typed into the form is sent. */
export const forgetTyped = (form: string): void => sessionStorage.removeItem(nameOf(form));
