/** What components share: redrawing on change, a clock, and calls under way. */
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import type { Refusal } from "../api";
import type { Result } from "./calls";
import { serverNow } from "./setup";

/** Draw again whenever `subscribe` calls back. */
export function useChanges(subscribe: (listener: () => void) => () => void): void {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => subscribe(() => again(undefined)), [subscribe]);
}

const ticking = new Map<number, Set<() => void>>();

/** The present time, drawn again every `everyMs`; all clocks of one pace move together. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(serverNow());
  useEffect(() => {
    const listener = () => setNow(serverNow());
    const listeners = ticking.get(everyMs) ?? begin(everyMs);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, [everyMs]);
  return now;
}

function begin(everyMs: number): Set<() => void> {
  const listeners = new Set<() => void>();
  ticking.set(everyMs, listeners);
  setInterval(() => {
    for (const listener of listeners) listener();
  }, everyMs);
  return listeners;
}

export interface Doing {
  busy: boolean;
  refusal: Refusal | null;
  /** Run a call; what it refuses stays visible until the next one. */
  run: <T>(work: () => Promise<Result<T>>) => Promise<T | null>;
  clear: () => void;
}

export function useDoing(): Doing {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const isThere = useRef(true);
  const isRunning = useRef(false);
  useEffect(() => () => void (isThere.current = false), []);
  const run = async <T>(work: () => Promise<Result<T>>): Promise<T | null> => {
    // Pressed again before the page could show that it is under way.
    if (isRunning.current) return null;
    isRunning.current = true;
    setBusy(true);
    setRefusal(null);
    const result = await work();
    isRunning.current = false;
    if (isThere.current) {
      setBusy(false);
      if (!result.ok) setRefusal(result.refusal);
    }
    return result.ok ? result.value : null;
  };
  return { busy, refusal, run, clear: () => setRefusal(null) };
}

export interface Loaded<T> {
  value: T | null;
  refusal: Refusal | null;
  loading: boolean;
  again: () => void;
}

/** What a call answers, asked anew when `key` changes or `again` is called; the old answer stays until then. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<Result<T>>): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; refusal: Refusal | null }>({
    key,
    value: null,
    refusal: null,
  });
  const [turn, again] = useReducer((n: number) => n + 1, 0);
  const [loading, setLoading] = useState(true);
  useEffect(() => {
    const stop = new AbortController();
    setLoading(true);
    void load(stop.signal).then((result) => {
      if (stop.signal.aborted) return;
      setLoading(false);
      if (result.ok) setState({ key, value: result.value, refusal: null });
      else setState((old) => ({ key, value: old.key === key ? old.value : null, refusal: result.refusal }));
    });
    return () => stop.abort();
  }, [key, turn]);
  const value = state.key === key ? state.value : null;
  return { value, refusal: state.key === key ? state.refusal : null, loading, again: () => again(undefined) };
}

const WIDE = "(min-width: 60rem)";

/** Whether there is room for things side by side. */
export function useWide(): boolean {
  const query = useMemo(() => matchMedia(WIDE), []);
  const [isWide, setWide] = useState(query.matches);
  useEffect(() => {
    const listener = () => setWide(query.matches);
    query.addEventListener("change", listener);
    return () => query.removeEventListener("change", listener);
  }, [query]);
  return isWide;
}
