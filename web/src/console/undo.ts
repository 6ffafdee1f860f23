/** The last thing done, and how to take it back; offered for a minute. */
import { word } from "../words";
import { post, type Result } from "./calls";
import { actOn, type CaseDetail } from "./case/detail";
import type { AssignmentRow } from "./rows";
import { say } from "./toasts";

const OFFERED_MS = 60_000;
/** What cannot be taken back afterwards waits this long before it is sent. */
const HELD_MS = 6_000;

type Back = () => Promise<Result<unknown>>;

let last: { back: Back; at: number } | null = null;
let held: { timer: number; send: () => void } | null = null;

/** Say what was done, and offer to take it back. */
export function done(text: string, back: Back): void {
  last = { back, at: Date.now() };
  say(text, { undo });
}

/** Wait a moment before something that has no way back; leaving the page sends it at once. */
export function hold(text: string, send: () => void): void {
  sendHeld();
  last = null;
  held = { timer: window.setTimeout(sendHeld, HELD_MS), send };
  say(text, { undo });
}

export function undo(): void {
  if (held) {
    clearTimeout(held.timer);
    held = null;
    say(word("console.undo.done"));
  } else if (last && Date.now() - last.at < OFFERED_MS) {
    const { back } = last;
    last = null;
    void back().then((answer) => {
      if (answer.ok) say(word("console.undo.done"));
      else say(answer.refusal.message, { bad: true });
    });
  } else say(word("console.undo.nothing"));
}

function sendHeld(): void {
  if (!held) return;
  const { timer, send } = held;
  clearTimeout(timer);
  held = null;
  send();
}

addEventListener("pagehide", sendHeld);

/** How to take back what was done to a case; null where there is no way. */
export function backOf(action: string, before: CaseDetail, after: CaseDetail): Back | null {
  const { id } = before;
  const { version } = after;
  if (action === "verify" || action === "reject") return () => actOn(id, "take_back", { version });
  if (action === "set_tier")
    return () => actOn(id, "set_tier", { version, tier: before.tier, reason: word("console.undo.reason") });
  return null;
}

export const backOfAssignment =
  (row: AssignmentRow): Back =>
  () =>
    post(`/api/assignments/${row.id}/cancel`, { version: row.version, reason: word("console.undo.reason") });
