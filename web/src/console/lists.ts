/** The four lists of the console, from the board and what the person wants to see of it. */
import type { Board } from "./board";
import { namesVersion, placeName } from "./places";
import type { AssignmentRow, Tier } from "./rows";
import { within } from "./setup";
import { summarize, type Summary } from "./summary";
import { word } from "../words";

export interface Filter {
  /** An area code; "" is everything on the board. */
  area: string;
  tiers: ReadonlySet<Tier>;
  text: string;
  /** Only these cases, picked on the map. */
  only: ReadonlySet<number> | null;
}

export const EVERYTHING: Filter = { area: "", tiers: new Set([0, 1, 2, 3]), text: "", only: null };

export interface Job {
  row: AssignmentRow;
  case: Summary;
  dueAt: number | null;
}

export interface Lists {
  review: Summary[];
  waiting: Summary[];
  running: Job[];
  done: Summary[];
  /** Unverified or unserved cases in danger of life, whatever is filtered. */
  alarms: Summary[];
  /** What the map shows, by the case's number; the same map as before where only some cases changed. */
  shown: Map<number, Summary>;
  /** The cases that are other than in the lists before; null where all of them may be. */
  changed: ReadonlySet<number> | null;
}

export const noLists = (): Lists => ({
  review: [],
  waiting: [],
  running: [],
  done: [],
  alarms: [],
  shown: new Map(),
  changed: null,
});

/**
 * Keeps the summary of every case and the lists in their order, and works out anew only what changed: of a
 * board of 100,000 cases a few change every second.
 */
export class Lister {
  private summaries = new Map<number, Summary>();
  private haystacks = new Map<number, string>();
  private names = -1;
  private loaded: unknown = null;
  private kept: Lists | null = null;
  private keptFor: Filter | null = null;

  constructor(private board: Board) {}

  of = (caseId: number): Summary | undefined => this.summaries.get(caseId);

  lists(filter: Filter): Lists {
    const touched = this.refresh();
    const isWhole = !touched || !this.kept || this.keptFor !== filter;
    if (isWhole) this.kept = this.whole(filter);
    else if (touched.size) this.kept = this.mended(this.kept as Lists, filter, touched);
    this.keptFor = filter;
    return this.kept as Lists;
  }

  private whole(filter: Filter): Lists {
    return this.sorted(this.summaries.values(), filter);
  }

  /** The lists with some cases taken out and put in again where they belong now. */
  private mended(old: Lists, filter: Filter, touched: ReadonlySet<number>): Lists {
    const fresh = [...touched].flatMap((caseId) => this.summaries.get(caseId) ?? []);
    const now = this.sorted(fresh, filter);
    const stays = (summary: Summary) => !touched.has(summary.row.id);
    for (const caseId of touched) {
      const summary = now.shown.get(caseId);
      if (summary) old.shown.set(caseId, summary);
      else old.shown.delete(caseId);
    }
    return {
      review: merged(old.review.filter(stays), now.review, byUrgency),
      waiting: merged(old.waiting.filter(stays), now.waiting, byUrgency),
      alarms: merged(old.alarms.filter(stays), now.alarms, byUrgency),
      running: merged(
        old.running.filter((job) => stays(job.case)),
        now.running,
        byTrouble,
      ),
      done: merged(old.done.filter(stays), now.done, byNewest),
      shown: old.shown,
      changed: touched,
    };
  }

  private sorted(summaries: Iterable<Summary>, filter: Filter): Lists {
    const found = noLists();
    const words = filter.text.trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const summary of summaries) {
      if (isAlarm(summary)) found.alarms.push(summary);
      if (this.passes(summary, filter, words)) place(found, summary);
    }
    found.review.sort(byUrgency);
    found.waiting.sort(byUrgency);
    found.alarms.sort(byUrgency);
    found.running.sort(byTrouble);
    found.done.sort(byNewest);
    return found;
  }

  /** Sums up anew what changed, and tells which cases that were; null is all of them. */
  private refresh(): ReadonlySet<number> | null {
    const touched = this.board.takeTouched();
    const isAnother = this.loaded !== this.board.tables;
    if (isAnother) {
      this.summaries.clear();
      this.haystacks.clear();
      this.loaded = this.board.tables;
    }
    const isRenamed = this.names !== namesVersion();
    if (isRenamed) {
      this.haystacks.clear();
      this.names = namesVersion();
    }
    for (const caseId of isAnother ? this.board.tables.cases.keys() : touched) {
      const row = this.board.case(caseId);
      if (row) this.summaries.set(caseId, summarize(this.board, row));
      this.haystacks.delete(caseId);
    }
    return isAnother || isRenamed ? null : touched;
  }

  private passes(summary: Summary, filter: Filter, words: string[]): boolean {
    if (summary.group === "gone" || !filter.tiers.has(summary.tier) || !within(summary.row.area, filter.area))
      return false;
    if (filter.only && !filter.only.has(summary.row.id)) return false;
    return words.length === 0 || words.every((wanted) => this.haystack(summary).includes(wanted));
  }

  private haystack(summary: Summary): string {
    const known = this.haystacks.get(summary.row.id);
    if (known !== undefined) return known;
    const items = summary.needs.map((need) => word(`items.${need.item}`));
    const made = [`#${summary.row.id}`, placeName(summary.row.area), ...items].join(" ").toLowerCase();
    this.haystacks.set(summary.row.id, made);
    return made;
  }
}

/** Two lists in order as one. */
function merged<T>(many: T[], few: T[], order: (a: T, b: T) => number): T[] {
  if (!few.length) return many;
  const found: T[] = [];
  let from = 0;
  for (const one of few) {
    const to = firstAfter(many, one, order, from);
    for (let n = from; n < to; n += 1) found.push(many[n] as T);
    found.push(one);
    from = to;
  }
  for (let n = from; n < many.length; n += 1) found.push(many[n] as T);
  return found;
}

function firstAfter<T>(rows: T[], one: T, order: (a: T, b: T) => number, from: number): number {
  let [low, high] = [from, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(rows[middle] as T, one) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function place(lists: Lists, summary: Summary): void {
  if (summary.group === "review") lists.review.push(summary);
  else if (summary.group === "waiting") lists.waiting.push(summary);
  else if (summary.group === "done") lists.done.push(summary);
  for (const row of summary.running) lists.running.push({ row, case: summary, dueAt: summary.dueAt });
  if (summary.group !== "done") lists.shown.set(summary.row.id, summary);
}

/** A life in danger that nobody has looked at or nobody goes to. */
function isAlarm(summary: Summary): boolean {
  if (summary.tier !== 0 || summary.paused) return false;
  const isHandled = summary.running.some((row) => row.state !== "proposed" && row.state !== "offered");
  return summary.group === "review" || (!isHandled && (summary.group === "waiting" || summary.group === "running"));
}

function byNewest(a: Summary, b: Summary): number {
  if (a.row.opened_at === b.row.opened_at) return b.row.id - a.row.id;
  return a.row.opened_at < b.row.opened_at ? 1 : -1;
}

const FAR = Number.MAX_SAFE_INTEGER;

/** What must be looked at first. */
export function byUrgency(a: Summary, b: Summary): number {
  return (
    Number(a.paused) - Number(b.paused) || a.tier - b.tier || (a.dueAt ?? FAR) - (b.dueAt ?? FAR) || a.row.id - b.row.id
  );
}

function byTrouble(a: Job, b: Job): number {
  const calm = (job: Job) => Number(job.row.attention === null);
  return (
    calm(a) - calm(b) ||
    a.case.tier - b.case.tier ||
    (a.dueAt ?? FAR) - (b.dueAt ?? FAR) ||
    (a.row.id < b.row.id ? -1 : 1)
  );
}
