/** Keys for everything that is done often; what each does stands in `help.tsx`. */
import { useEffect, useRef } from "preact/hooks";
import { word } from "../words";
import { boardPath, go, readAddress } from "./address";
import { actOn } from "./case/detail";
import { TABS, type Model } from "./model";
import { may } from "./setup";
import { say } from "./toasts";
import { done, undo } from "./undo";

export interface Keys {
  open: (caseId: number) => void;
  help: () => void;
  enter: () => void;
  wall: () => void;
}

export function useKeyboard(model: Model, isOn: boolean, keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    if (!isOn) return;
    const listener = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) {
        if (event.key === "Escape") (event.target as HTMLElement).blur();
        return;
      }
      if (document.querySelector("dialog[open]")) return;
      if (act(model, event, latest.current)) event.preventDefault();
    };
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, [model, isOn]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
}

/** True when the key meant something here. */
function act(model: Model, event: KeyboardEvent, { open, help, enter, wall }: Keys): boolean {
  const opened = readAddress().caseId;
  const marked = model.marked === null ? null : model.caseOf(model.marked);
  switch (event.key) {
    case "j":
    case "k":
      return step(model, event.key === "j" ? 1 : -1, opened === null ? null : open);
    case "Enter":
      // A button that has the focus keeps its own Enter.
      if (marked === null || event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement)
        return false;
      open(marked);
      return true;
    case "n":
      return nextUrgent(model, opened, open);
    case "m":
      return into(".twins .button", "console.no_twins", opened);
    case "a":
      return into(".needs .who-can", "console.nothing_missing", opened);
    case "u":
      undo();
      return true;
    case "?":
      help();
      return true;
    case "c":
      enter();
      return true;
    case "w":
      wall();
      return true;
    case "v":
      if (opened !== null || marked !== null) void verify(model, opened ?? (marked as number));
      return true;
    case "Escape":
      if (opened !== null) go(boardPath());
      return opened !== null;
    case "/":
      document.getElementById("search")?.focus();
      return true;
    default: {
      const tab = TABS[Number(event.key) - 1];
      if (tab) model.set({ tab, marked: null });
      return tab !== undefined;
    }
  }
}

/** To the next or the previous row; with a case open, its case too. */
function step(model: Model, by: number, open: ((caseId: number) => void) | null): boolean {
  const keys = model.rowKeys();
  const at = model.marked === null ? -1 : keys.indexOf(model.marked);
  const next = keys[at < 0 ? 0 : Math.min(keys.length - 1, Math.max(0, at + by))];
  if (next === undefined) return true;
  model.set({ marked: next });
  const caseId = model.caseOf(next);
  if (open && caseId !== null) open(caseId);
  return true;
}

/** The most urgent case of the list that is not the one that is open. */
function nextUrgent(model: Model, opened: number | null, open: (caseId: number) => void): boolean {
  const keys = model.rowKeys();
  const at = opened === null ? -1 : keys.findIndex((key) => model.caseOf(key) === opened);
  const key = keys[at + 1] ?? keys[0];
  const caseId = key === undefined ? null : model.caseOf(key);
  if (key === undefined || caseId === null) return true;
  model.set({ marked: key });
  open(caseId);
  return true;
}

/** To a button of the open case, which Enter then presses: what others feel is not done by one stray key. */
function into(selector: string, none: string, opened: number | null): boolean {
  if (opened === null) return false;
  const button = document.querySelector<HTMLButtonElement>(selector);
  if (button?.matches(".who-can[aria-expanded=false]")) button.click();
  if (button) button.focus();
  else say(word(none));
  return true;
}

async function verify(model: Model, caseId: number): Promise<void> {
  const summary = model.summary(caseId);
  if (!summary || summary.group !== "review" || summary.paused || !may("case:verify", summary.row.area)) {
    say(word("console.cannot_verify", { id: caseId }), { bad: true });
    return;
  }
  const answer = await actOn(caseId, "verify", { version: summary.row.version });
  if (answer.ok) {
    const { version } = answer.value;
    done(word("case.done.verify", { id: caseId }), () => actOn(caseId, "take_back", { version }));
  }
  else say(answer.refusal.message, { bad: true, again: () => void verify(model, caseId) });
}
