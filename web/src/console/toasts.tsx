/** Short messages that pass: what was done, or what failed and can be tried again. */
import { useReducer, useEffect } from "preact/hooks";
import { word } from "../words";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
  again?: (() => void) | undefined;
  undo?: (() => void) | undefined;
}

const SHOWN_MS = 5_000;
const BAD_SHOWN_MS = 20_000;
let toasts: Toast[] = [];
let last = 0;
let redraw = (): void => undefined;

export function say(text: string, options: { bad?: boolean; again?: () => void; undo?: () => void } = {}): void {
  const toast = { id: (last += 1), text, bad: options.bad ?? false, again: options.again, undo: options.undo };
  toasts = [...toasts.slice(-3), toast];
  redraw();
  setTimeout(() => remove(toast.id), toast.bad ? BAD_SHOWN_MS : SHOWN_MS);
}

function remove(id: number): void {
  toasts = toasts.filter((toast) => toast.id !== id);
  redraw();
}

export function Toasts() {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    redraw = () => again(undefined);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} class={`toast ${toast.bad ? "bad" : ""}`}>
          <span>{toast.text}</span>
          {toast.again && (
            <button
              type="button"
              onClick={() => {
                remove(toast.id);
                toast.again?.();
              }}
            >
              {word("console.again")}
            </button>
          )}
          {toast.undo && (
            <button
              type="button"
              onClick={() => {
                remove(toast.id);
                toast.undo?.();
              }}
            >
              {word("console.undo.button")}
            </button>
          )}
          <button type="button" aria-label={word("console.close")} onClick={() => remove(toast.id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
