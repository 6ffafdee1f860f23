/**
 * Everything of an incident in an area as the server last told it: a snapshot with its cursor, and the
 * events after it. Events at or below the cursor are dropped; the rows they carry replace older ones.
 */
import {
  NOUNS,
  type AssignmentRow,
  type CaseRow,
  type Columns,
  type EventMessage,
  type NeedRow,
  type Noun,
  type ReportRow,
  type Rows,
  type Snapshot,
} from "./rows";

type Tables = { [N in Noun]: Map<Rows[N]["id"], Rows[N]> };
type OfCase = { reports: ReportRow; needs: NeedRow; assignments: AssignmentRow };
/** A case's rows by its number; a case has few. */
type Index = { [N in keyof OfCase]: Map<number, OfCase[N][]> };

const emptyTables = (): Tables => ({
  reports: new Map(),
  cases: new Map(),
  needs: new Map(),
  assignments: new Map(),
  volunteers: new Map(),
  sites: new Map(),
});

const emptyIndex = (): Index => ({ reports: new Map(), needs: new Map(), assignments: new Map() });
const NONE: never[] = [];

export class Board {
  cursor = 0;
  /** Counts up with every change, so that what was worked out from the board knows its age. */
  version = 0;
  /** Whether a snapshot is there at all. */
  ready = false;
  tables = emptyTables();
  /** Counts up with every change to a noun's rows. */
  changes: Record<Noun, number> = { reports: 0, cases: 0, needs: 0, assignments: 0, volunteers: 0, sites: 0 };
  private index = emptyIndex();
  /** Cases whose rows changed since somebody last took them away. */
  private touched = new Set<number>();
  private listeners = new Set<(events: EventMessage[]) => void>();

  /** Put a snapshot in place of everything. */
  load(snapshot: Snapshot): void {
    this.tables = emptyTables();
    this.index = emptyIndex();
    for (const noun of NOUNS) this.fill(noun, snapshot[noun]);
    this.touched = new Set();
    this.cursor = snapshot.cursor;
    this.ready = true;
    this.changed([]);
  }

  /** Take what is new of these events. `cursor` is how far they reach, when that is beyond the last one. */
  apply(events: EventMessage[], cursor = 0): void {
    const fresh = events.filter((event) => event.id > this.cursor).sort((a, b) => a.id - b.id);
    for (const event of fresh) this.take(event);
    this.cursor = Math.max(this.cursor, cursor);
    if (fresh.length) this.changed(fresh);
  }

  reportsOf = (caseId: number): readonly ReportRow[] => this.index.reports.get(caseId) ?? NONE;
  needsOf = (caseId: number): readonly NeedRow[] => this.index.needs.get(caseId) ?? NONE;
  assignmentsOf = (caseId: number): readonly AssignmentRow[] => this.index.assignments.get(caseId) ?? NONE;
  case = (caseId: number): CaseRow | undefined => this.tables.cases.get(caseId);

  /** The cases that changed since the last call; after a snapshot that is all of them, and they are not named. */
  takeTouched(): Set<number> {
    const touched = this.touched;
    this.touched = new Set();
    return touched;
  }

  /** Be told of changes, with the events that made them; a new snapshot has none. */
  subscribe(listener: (events: EventMessage[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private take(event: EventMessage): void {
    // Two events of one batch may carry the same number only if one was sent twice.
    if (event.id <= this.cursor) return;
    this.cursor = event.id;
    for (const noun of NOUNS) for (const row of event.data.rows?.[noun] ?? []) this.put(noun, row);
  }

  /** Rows of a snapshot: many, and none of them there before. */
  private fill(noun: Noun, compact: Columns): void {
    const table = this.tables[noun] as Map<unknown, object>;
    const index = noun in this.index ? (this.index[noun as keyof OfCase] as Map<number, object[]>) : null;
    for (const row of expanded(compact)) {
      table.set(row.id, row);
      if (index) hang(index, row.case_id as number, row);
    }
    this.changes[noun] += 1;
  }

  private put<N extends Noun>(noun: N, row: Rows[N]): void {
    const table = this.tables[noun] as Map<Rows[N]["id"], Rows[N]>;
    const old = table.get(row.id);
    table.set(row.id, row);
    this.changes[noun] += 1;
    if (noun === "cases") this.touched.add(row.id as number);
    else if (noun in this.index)
      this.reindex(noun as keyof OfCase, old as OfCase[keyof OfCase] | undefined, row as OfCase[keyof OfCase]);
  }

  private reindex(noun: keyof OfCase, old: OfCase[keyof OfCase] | undefined, row: OfCase[keyof OfCase]): void {
    const index = this.index[noun] as Map<number, OfCase[keyof OfCase][]>;
    // New arrays: what was made of the old ones still holds them.
    if (old) {
      index.set(old.case_id, (index.get(old.case_id) ?? []).filter((one) => one !== old));
      this.touched.add(old.case_id);
    }
    index.set(row.case_id, [...(index.get(row.case_id) ?? []), row]);
    this.touched.add(row.case_id);
  }

  private changed(events: EventMessage[]): void {
    this.version += 1;
    for (const listener of this.listeners) listener(events);
  }
}

function hang<Row>(index: Map<number, Row[]>, caseId: number, row: Row): void {
  const there = index.get(caseId);
  if (there) there.push(row);
  else index.set(caseId, [row]);
}

/** Rows as objects: copies of one empty row, so that they share its shape, which 300,000 of them have to. */
function* expanded({ columns, rows }: Columns): Generator<Record<string, unknown>> {
  const blank = Object.fromEntries(columns.map((name) => [name, null]));
  for (const values of rows) {
    const row: Record<string, unknown> = { ...blank };
    for (let n = 0; n < columns.length; n += 1) row[columns[n] as string] = values[n];
    yield row;
  }
}
