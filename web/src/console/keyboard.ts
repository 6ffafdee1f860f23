/** Keys: j and k walk through the list, enter opens, v verifies, escape closes, / searches, 1 to 4 change the list. */
import { useEffect } from "preact/hooks";
import { word } from "../words";
import { boardPath, go, readAddress } from "./address";
import { actOn } from "./case/detail";
import { TABS, type Model } from "./model";
import { may } from "./setup";
import { say } from "./toasts";

export function useKeyboard(model: Model, isOn: boolean, open: (caseId: number) => void): void {
  useEffect(() => {
    if (!isOn) return;
    const listener = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) {
        if (event.key === "Escape") (event.target as HTMLElement).blur();
        return;
      }
      if (act(model, event, open)) event.preventDefault();
    };
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, [model, isOn]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
}

/** True when the key meant something here. */
function act(model: Model, event: KeyboardEvent, open: (caseId: number) => void): boolean {
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

async function verify(model: Model, caseId: number): Promise<void> {
  const summary = model.summary(caseId);
  if (!summary || summary.group !== "review" || summary.paused || !may("case:verify", summary.row.area)) {
    say(word("console.cannot_verify", { id: caseId }), { bad: true });
    return;
  }
  const answer = await actOn(caseId, "verify", { version: summary.row.version });
  if (answer.ok) say(word("case.done.verify", { id: caseId }));
  else say(answer.refusal.message, { bad: true, again: () => void verify(model, caseId) });
}
