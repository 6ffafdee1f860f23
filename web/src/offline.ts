/**
 * The queue of this phone: store first, then send until the server has it.
 *
 * Only an answer that proves the server has it removes an entry. A refusal (4xx) stays, to be put right
 * by a person. Sending starts on load, when the network or the page comes back, and by a timer.
 */
import { ask, change, refusalOf, type Answer } from "./api";
import { kept, sent, waiting, type Kind, type Sent, type Waiting } from "./store";
import { keepPages } from "./worker";

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;
const ORDER: Record<Kind, number> = { distress: 0, report: 1, step: 2, photo: 3 };
/** Refused now, but not for what it says: signed out, too slow, too many. */
const TEMPORARY = new Set([401, 408, 425, 429]);

type Listener = () => void;
const listeners = new Set<Listener>();
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("queue");
if (channel) channel.onmessage = () => listeners.forEach((listener) => listener());
let timer: ReturnType<typeof setTimeout> | undefined;

/** Calls back whenever something was sent, refused or put off, here or by another page; the result ends that. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function changed(): void {
  listeners.forEach((listener) => listener());
  channel?.postMessage("changed");
}

/** A random id, also where the page is not https and `crypto.randomUUID` is missing. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Keeps an entry on disk and tries to send it. Rejects when this phone cannot keep it. */
export async function enqueue(entry: Omit<Waiting, "made_at" | "tries" | "next_at">): Promise<void> {
  await waiting.put({ ...entry, made_at: Date.now(), tries: 0, next_at: 0 });
  changed();
  await askForBackgroundSync();
}

/** Sends what was refused once more: what stood against it may be over. */
export async function sendAgain({ refused: _, ...entry }: Waiting): Promise<void> {
  await waiting.put({ ...entry, tries: 0, next_at: 0 });
  changed();
  await flush(true);
}

/** The pause before the next try: 2 s doubling to 5 min, each 50 to 100 % of that, so that phones spread out. */
export function pauseMs(tries: number, random = Math.random()): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 10));
  return Math.max(FIRST_PAUSE_MS, longest * (0.5 + random / 2));
}

/** Sends what is due; `now` also sends what waits for its next try. */
export async function flush(now = false): Promise<void> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks) {
    await locks.request("queue", { ifAvailable: true }, async (lock) => {
      if (lock) await sendAll(now);
    });
  } else {
    await sendAll(now);
  }
  await plan();
}

async function sendAll(now: boolean): Promise<void> {
  const entries = (await waiting.all()).filter((entry) => !entry.refused);
  entries.sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || a.made_at - b.made_at);
  const held = new Set<string>();
  for (const entry of entries) {
    const chain = chainOf(entry);
    if (held.has(chain)) continue;
    const answer = now || entry.next_at <= Date.now() ? await send(entry) : null;
    if (!answer || !(await settle(entry, answer))) held.add(chain);
    if (answer?.status === 0) break;
  }
}

/** What must reach the server in order: the steps of one job. A hand-over ahead of its departure is refused. */
const chainOf = (entry: Waiting): string =>
  entry.kind === "step" || entry.kind === "distress" ? entry.id.split("/")[0]! : entry.id;

/** The server's answer; null when the entry has to wait for another one. */
async function send(entry: Waiting): Promise<Answer | null> {
  if (entry.kind === "report") return ask(entry.path, { method: "POST", body: entry.body, anonymous: true });
  if (entry.kind === "step" || entry.kind === "distress") return change(entry.path, { method: entry.method ?? "POST", body: entry.body, timeoutMs: 120_000 });
  const report = await sent.get(entry.report ?? "");
  if (!report) return null;
  const headers = { "X-Tracking-Code": report.code };
  return ask(entry.path, { method: "PUT", body: entry.body, headers, anonymous: true, timeoutMs: 180_000 });
}

/** Puts an entry where its answer sends it; whether nothing of it waits any longer. */
async function settle(entry: Waiting, answer: Answer): Promise<boolean> {
  const stored = isStored(entry, answer);
  const refused = !stored && isRefused(answer);
  if ((await waiting.get(entry.id))?.made_at !== entry.made_at) return stored || refused;
  if (stored) {
    if (entry.kind === "report") await sent.put(sentOf(entry, answer));
    await waiting.remove(entry.id);
  } else if (refused) {
    await waiting.put({ ...entry, refused: refusalOf(answer) });
  } else {
    const pause = Math.max(answer.retryAfterMs, pauseMs(entry.tries));
    // Without a network nobody was asked: the first try with one comes soon.
    const tries = navigator.onLine ? entry.tries + 1 : entry.tries;
    await waiting.put({ ...entry, tries, next_at: Date.now() + pause });
  }
  changed();
  return stored || refused;
}

/** Whether this answer can only have come from our server, with the thing on its disk. */
function isStored(entry: Waiting, answer: Answer): boolean {
  if (entry.kind === "report") return [200, 201, 202].includes(answer.status) && typeof answer.json?.code === "string";
  if (entry.kind === "step" && answer.status === 409) return isPast(entry, answer);
  return answer.status >= 200 && answer.status < 300 && (answer.json !== null || answer.status === 204);
}

/** A step that was taken before, by a try whose answer got lost, is done. */
function isPast(entry: Waiting, answer: Answer): boolean {
  const state = (refusalOf(answer).state as { state?: string } | undefined)?.state ?? "";
  return entry.past?.includes(state) ?? false;
}

function isRefused(answer: Answer): boolean {
  const ours = answer.status >= 400 && answer.status < 500 && answer.json?.error !== undefined;
  return ours && !TEMPORARY.has(answer.status) && refusalOf(answer).code !== "csrf";
}

function sentOf({ id, body }: Waiting, answer: Answer): Sent {
  const { code, tier, clock, received_at, place_candidates } = answer.json as unknown as Sent & { clock: { due_at: string } };
  return { id, code, tier, received_at, due_at: clock.due_at, content: JSON.stringify(body), place_candidates };
}

/** Sets the timer for the entry that is due next. */
async function plan(): Promise<void> {
  if (typeof document === "undefined") return;
  clearTimeout(timer);
  const due = (await waiting.all()).filter((entry) => !entry.refused).map((entry) => entry.next_at);
  if (due.length) timer = setTimeout(() => void flush(), Math.max(FIRST_PAUSE_MS, Math.min(...due) - Date.now()));
}

async function askForBackgroundSync(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration?.();
  const sync = (registration as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync;
  // A bonus that browsers may deny; the timer does the work.
  await sync?.register("queue").catch(() => undefined);
}

/** Starts sending, and the service worker; called by every page with a script for phones. */
export async function start(): Promise<void> {
  addEventListener("online", () => void flush(true));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void flush(true);
  });
  // First: the service worker keeps the pages in this language.
  await kept.put("language", document.documentElement.lang).catch(() => undefined);
  keepPages();
  // Without IndexedDB nothing is kept, so nothing waits.
  await flush(true).catch(() => undefined);
}
