/** The four lists of the console, from the board and what the person wants to see of it. */
import type { Board } from "./board";
import { namesVersion, placeName } from "./places";
import type { AssignmentRow, Tier } from "./rows";
import { incidentOf, within } from "./setup";
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
  /** What the map shows. */
  shown: Summary[];
}

/** Keeps the summary of every case, and works out anew only those of cases that changed. */
export class Lister {
  private summaries = new Map<number, Summary>();
  private haystacks = new Map<number, string>();
  private names = -1;
  private loaded: unknown = null;

  constructor(
    private board: Board,
    private incident: () => string,
  ) {}

  of = (caseId: number): Summary | undefined => this.summaries.get(caseId);

  lists(filter: Filter): Lists {
    this.refresh();
    const found: Lists = { review: [], waiting: [], running: [], done: [], alarms: [], shown: [] };
    const words = filter.text.trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const summary of this.summaries.values()) {
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

  private refresh(): void {
    const touched = this.board.takeTouched();
    if (this.loaded !== this.board.tables) {
      this.summaries.clear();
      this.haystacks.clear();
      this.loaded = this.board.tables;
    }
    if (this.names !== namesVersion()) {
      this.haystacks.clear();
      this.names = namesVersion();
    }
    const incident = incidentOf(this.incident());
    for (const caseId of touched) {
      const row = this.board.case(caseId);
      if (row) this.summaries.set(caseId, summarize(this.board, row, incident));
      this.haystacks.delete(caseId);
    }
  }

  private passes(summary: Summary, filter: Filter, words: string[]): boolean {
    if (summary.group === "gone" || !filter.tiers.has(summary.tier) || !within(summary.row.area, filter.area))
      return false;
    if (filter.only && !filter.only.has(summary.row.id)) return false;
    return words.every((wanted) => this.haystack(summary).includes(wanted));
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

function place(lists: Lists, summary: Summary): void {
  if (summary.group === "review") lists.review.push(summary);
  else if (summary.group === "waiting") lists.waiting.push(summary);
  else if (summary.group === "done") lists.done.push(summary);
  for (const row of summary.running) lists.running.push({ row, case: summary, dueAt: summary.dueAt });
  if (summary.group !== "done") lists.shown.push(summary);
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

function byUrgency(a: Summary, b: Summary): number {
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
