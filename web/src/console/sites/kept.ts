/** A keeper's work where there is no signal: lists as they were last seen, and changes that wait to be sent, once. */
import { useEffect, useState } from "preact/hooks";
import { change, refusalOf } from "../../api";
import { enqueue, flush, onChange } from "../../offline";
import { kept, waiting, type Effect, type Waiting } from "../../store";
import type { Result } from "../calls";
import type { Lot } from "./detail";

/** Under this beginning of a name lies what is forgotten when the keeper signs out. */
export const KEPT_SITES = "site/";
/** Refused now, but not for what it says: signed out, too slow, too many. */
const TEMPORARY = new Set([401, 408, 425, 429]);

let stale: number | null = null;
const listeners = new Set<() => void>();

function setStale(at: number | null): void {
  if (stale === at) return;
  stale = at;
  for (const listener of listeners) listener();
}

/** When what is shown was seen, if the server cannot be asked now; else null. */
export function useStale(): number | null {
  const [at, setAt] = useState(stale);
  useEffect(() => {
    const listener = () => setAt(stale);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return at;
}

/** What the server answers, kept for later; without an answer, what was kept. */
export async function orKept<T>(name: string, load: () => Promise<Result<T>>): Promise<Result<T>> {
  const result = await load();
  if (result.ok) {
    setStale(null);
    await kept.put(KEPT_SITES + name, { at: Date.now(), value: result.value }).catch(() => undefined);
    return result;
  }
  const isAway = result.status === 0 || result.status >= 500;
  const before = isAway ? await kept.get<{ at: number; value: T }>(KEPT_SITES + name).catch(() => undefined) : undefined;
  if (!before) return result;
  setStale(before.at);
  return { ok: true, value: before.value };
}

export interface Change {
  id: string;
  path: string;
  body: object;
  /** What it says in the list of what waits. */
  told: string;
  effects: Effect[];
  past?: string[];
}

/** Sends a change; kept on the phone when the server does not answer, in the order in which changes were made. */
export async function send<T>({ id, path, body, told, effects, past }: Change): Promise<Result<T | "kept">> {
  const isFirst = !(await waiting.all().catch(() => [])).some((entry) => entry.told && !entry.refused);
  const answer = isFirst ? await change(path, { body }) : null;
  const status = answer?.status ?? 0;
  if (answer?.json && status >= 200 && status < 300) return { ok: true, value: answer.json as T };
  // Signed out is not without a signal: who stands here can sign in, and then sees what the server says.
  if (answer && status === 401) return { ok: false, status, refusal: refusalOf(answer) };
  if (answer?.json?.error && status >= 400 && status < 500 && !TEMPORARY.has(status)) {
    const refusal = refusalOf(answer);
    const state = (refusal.state as { state?: string } | undefined)?.state ?? "";
    if (!(status === 409 && past?.includes(state))) return { ok: false, status, refusal };
    return { ok: true, value: "kept" };
  }
  await enqueue({ id, kind: "step", path, body, told, effects, past });
  void flush();
  return { ok: true, value: "kept" };
}

/** The changes of this keeper that the server does not have, or has refused. */
export function useWaiting(): Waiting[] {
  const [entries, setEntries] = useState<Waiting[]>([]);
  useEffect(() => {
    let isThere = true;
    const look = () =>
      void waiting.all().then(
        (all) => isThere && setEntries(all.filter(({ told }) => told).sort((a, b) => a.made_at - b.made_at)),
        () => undefined,
      );
    look();
    const stop = onChange(look);
    return () => {
      isThere = false;
      stop();
    };
  }, []);
  return entries;
}

export const dismiss = (entry: Waiting): Promise<void> => waiting.remove(entry.id);

/** The lots as they will be once what waits is sent. */
export function ahead(lots: Lot[], entries: Waiting[]): Lot[] {
  const effects = entries.filter(({ refused }) => !refused).flatMap((entry) => entry.effects ?? []);
  return lots.map((lot) => {
    const mine = effects.filter(({ lot_id }) => lot_id === lot.id);
    const sum = (part: "on_hand" | "held") => mine.reduce((total, effect) => total + effect[part], 0);
    const on_hand = lot.on_hand + sum("on_hand");
    const held = lot.held + sum("held");
    return { ...lot, on_hand, held, free: on_hand - held };
  });
}
