/** What the console's screen shows: the board of one incident, the lists made of it, and what is chosen. */
import { keep, readKept } from "./address";
import { Board } from "./board";
import { EVERYTHING, Lister, noLists, type Filter, type Lists } from "./lists";
import { Live } from "./live";
import { loadNames, whenNamed } from "./places";
import type { EventMessage } from "./rows";
import { setup } from "./setup";
import type { Summary } from "./summary";

declare global {
  interface Window {
    tanggapBoard?: Board;
  }
}

export type Tab = "review" | "waiting" | "running" | "done";
export const TABS: readonly Tab[] = ["review", "waiting", "running", "done"];

/** Working the lists out may take at most about a fifth of the time, however fast events come. */
const REST = 4;
const SHORTEST_REST_MS = 60;
const KEEP_MS = 300;

export class Model {
  board = new Board();
  lists: Lists = noLists();
  filter: Filter = EVERYTHING;
  tab: Tab = "review";
  /** The row that the keyboard stands on. */
  marked: string | null = null;
  link: Live;
  private lister: Lister;
  private pending = 0;
  private keeping = 0;
  private took = 0;
  private refreshedAt = 0;
  /** The cases that changed since the map last asked; null: all may have. */
  private moved: Set<number> | null = null;
  private listeners = new Set<() => void>();
  private eventListeners = new Set<(events: EventMessage[]) => void>();

  constructor(
    readonly incident: string,
    readonly area: string | null,
  ) {
    const kept = readKept();
    this.filter = { ...EVERYTHING, area: kept.within, tiers: new Set(kept.tiers), text: kept.text };
    this.tab = TABS.find((tab) => tab === kept.list) ?? "review";
    this.lister = new Lister(this.board);
    this.link = new Live(this.board, { incident, area }, () => this.tell());
    this.board.subscribe((events) => {
      for (const listener of this.eventListeners) listener(events);
      this.refreshSoon();
    });
    whenNamed(() => this.refreshSoon());
  }

  start(): void {
    // Benchmarks compare what is held here with the database.
    window.tanggapBoard = this.board;
    void loadNames();
    void this.link.start();
  }

  stop(): void {
    clearTimeout(this.pending);
    clearTimeout(this.keeping);
    this.link.stop();
  }

  summary = (caseId: number): Summary | undefined => this.lister.of(caseId);

  set(change: Partial<Pick<Model, "tab" | "marked">>): void {
    Object.assign(this, change);
    this.keepSoon();
    this.tell();
  }

  narrow(change: Partial<Filter>): void {
    this.filter = { ...this.filter, ...change };
    this.keepSoon();
    this.refresh();
  }

  /** Into the address; while somebody types, not at every letter, which browsers refuse. */
  private keepSoon(): void {
    clearTimeout(this.keeping);
    this.keeping = window.setTimeout(() => {
      const { area, tiers, text } = this.filter;
      keep({ within: area, tiers: [...tiers].sort(), text, list: this.tab === TABS[0] ? "" : this.tab });
    }, KEEP_MS);
  }

  /** The rows of the present tab, by what the keyboard calls them. */
  rowKeys(): string[] {
    if (this.tab === "running") return this.lists.running.map((job) => job.row.id);
    return this.lists[this.tab].map((summary) => String(summary.row.id));
  }

  /** The case of a row of the present tab. */
  caseOf(key: string): number | null {
    if (this.tab !== "running") return Number(key);
    return this.board.tables.assignments.get(key)?.case_id ?? null;
  }

  /** The cases that changed since the last call; null where all may have. */
  takeMoved(): ReadonlySet<number> | null {
    const { moved } = this;
    this.moved = new Set();
    return moved;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Be told of events as they come, without the rest that the lists take. */
  onEvents(listener: (events: EventMessage[]) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  private refreshSoon(): void {
    if (this.pending) return;
    const restsUntil = this.refreshedAt + Math.max(SHORTEST_REST_MS, REST * this.took);
    this.pending = window.setTimeout(() => this.refresh(), Math.max(0, restsUntil - performance.now()));
  }

  private refresh(): void {
    clearTimeout(this.pending);
    this.pending = 0;
    const began = performance.now();
    if (this.board.ready) this.take(this.lister.lists(this.filter));
    this.tell();
    this.refreshedAt = performance.now();
    this.took = this.refreshedAt - began;
  }

  private take(lists: Lists): void {
    if (lists === this.lists) return;
    if (!lists.changed) this.moved = null;
    else for (const caseId of lists.changed) this.moved?.add(caseId);
    this.lists = lists;
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** The area that the board is asked for: the only one held, or the first of several; null lets the server choose. */
export function areaToAsk(wanted: string | null): string | null {
  const held = setup.workplace.rights["board:read"] ?? [];
  if (wanted !== null && held.includes(wanted)) return wanted;
  return held.length > 1 ? (held[0] ?? null) : null;
}
