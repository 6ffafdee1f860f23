/** /lacak/CODE: a running clock, and news without loading the page again. */
import { ask } from "./api";
import { start } from "./offline";
import { span, word } from "./words";

const LOOK_AGAIN_MS = 20_000;
const box = document.getElementById("track")!;
let known = "";
/** How far the server's clock, by which everything is due, is ahead of this phone's, in ms. */
const ahead = Date.parse(box.dataset.now!) - Date.now();

function tick(): void {
  const now = Date.now() + ahead;
  for (const clock of Array.from(box.querySelectorAll<HTMLElement>("[data-countdown]"))) {
    // A clock that stands still shows what was left when it stopped.
    const until = clock.dataset.stopped ? Date.parse(clock.dataset.stopped) : now;
    const left = Date.parse(clock.dataset.countdown!) - until;
    clock.textContent = word(left >= 0 ? "track.script.left" : "track.script.late", { span: span(left) });
    clock.classList.toggle("late", left < 0);
  }
}

const isTyping = () => Array.from(box.querySelectorAll("textarea")).some((field) => field.value !== "");

/** Takes the new page's content in place of the old, unless somebody is writing. */
async function renew(): Promise<void> {
  const response = await fetch(location.pathname, { cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("track");
  if (!fresh || isTyping()) return;
  box.replaceChildren(...Array.from(fresh.childNodes));
  tick();
}

async function look(): Promise<void> {
  if (document.visibilityState !== "visible") return;
  const answer = await ask(`/api/track/${box.dataset.code}`, { anonymous: true });
  const status = document.getElementById("fresh");
  if (answer.status === 0 && status) status.textContent = word("track.script.offline");
  if (answer.status !== 200) return;
  const found = JSON.stringify(answer.json);
  if (known && found !== known) await renew().catch(() => undefined);
  known = found;
}

tick();
setInterval(tick, 1000);
void look();
setInterval(() => void look(), LOOK_AGAIN_MS);
document.addEventListener("visibilitychange", () => void look());
void start();
